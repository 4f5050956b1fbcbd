//! Media types and the choice between them (RFC 9110 section 12.5.1).

use std::cmp::Reverse;

use axum::http::{HeaderMap, header};

use crate::bounds::ACCEPT_RANGES_MAX;

/// A representation that a resource may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// A page.
    Html,
    /// The lists of the original.
    Xml,
    /// A signed document.
    RdfXml,
    /// Plain JSON, or RDF/JSON for an entry.
    Json,
    /// Turtle.
    Turtle,
    /// N-Triples.
    NTriples,
    /// JSON-LD 1.1.
    JsonLd,
    /// SPARQL Query Results XML.
    ResultsXml,
    /// SPARQL 1.1 Query Results JSON.
    ResultsJson,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// A sentence.
    Text,
    /// A feed for readers of news (RFC 4287).
    Atom,
    /// Events as they happen (the HTML standard's server-sent events).
    Events,
}

/// What a client accepts; empty where it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Accept(Vec<Range>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    kind: String,
    subtype: String,
    quality_thousandths: u16,
}

impl Media {
    /// The `Content-Type` of an answer in it.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Xml => "application/xml; charset=utf-8",
            Self::RdfXml => "application/rdf+xml",
            Self::Json => "application/json",
            Self::Turtle => "text/turtle; charset=utf-8",
            Self::NTriples => "application/n-triples",
            Self::JsonLd => "application/ld+json",
            Self::ResultsXml => "application/sparql-results+xml",
            Self::ResultsJson => "application/sparql-results+json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Tsv => "text/tab-separated-values; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Events => "text/event-stream",
        }
    }

    /// The media types that ask for it.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Html => &["text/html", "application/xhtml+xml"],
            Self::Xml => &["application/xml", "text/xml", "application/rdf+xml"],
            Self::RdfXml => &["application/rdf+xml", "application/xml", "text/xml"],
            Self::Json => &["application/json", "application/rdf+json"],
            Self::Turtle => &["text/turtle", "application/x-turtle"],
            Self::NTriples => &["application/n-triples"],
            Self::JsonLd => &["application/ld+json"],
            Self::ResultsXml => &["application/sparql-results+xml", "application/xml", "text/xml"],
            Self::ResultsJson => &["application/sparql-results+json", "application/json"],
            Self::Csv => &["text/csv"],
            Self::Tsv => &["text/tab-separated-values"],
            Self::Text => &["text/plain"],
            Self::Atom => &["application/atom+xml"],
            Self::Events => &["text/event-stream"],
        }
    }

    /// The values of `?media=` that ask for it; the first is its own.
    const fn short_names(self) -> &'static [&'static str] {
        match self {
            Self::Html => &["html"],
            Self::Xml | Self::ResultsXml => &["xml", "rdf"],
            Self::RdfXml => &["rdf", "xml"],
            Self::Json | Self::ResultsJson => &["json"],
            Self::Turtle => &["ttl"],
            Self::NTriples => &["nt"],
            Self::JsonLd => &["jsonld"],
            Self::Csv => &["csv"],
            Self::Tsv => &["tsv"],
            Self::Text => &["text"],
            Self::Atom => &["atom"],
            Self::Events => &["events"],
        }
    }

    /// Its own value of `?media=`.
    pub(crate) fn short_name(self) -> &'static str {
        self.short_names().first().copied().unwrap_or_default()
    }
}

impl Accept {
    /// What the headers accept; ranges that cannot be read are left out.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        Self(values.flat_map(|value| value.split(',')).take(ACCEPT_RANGES_MAX).filter_map(Range::read).collect())
    }

    /// The best of what is offered, the first where nothing is asked; none where nothing offered is accepted.
    pub(crate) fn choose(&self, offered: &[Media]) -> Option<Media> {
        if self.0.is_empty() {
            return offered.first().copied();
        }
        let ranked = offered.iter().enumerate().filter_map(|(place, media)| {
            let (quality, specificity, position) = self.rank(*media)?;
            Some(((quality, specificity, Reverse(position), Reverse(place)), *media))
        });
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, media)| media)
    }

    /// Quality, specificity and position of the range that decides about `media`; none where it is not accepted.
    fn rank(&self, media: Media) -> Option<(u16, u8, usize)> {
        let deciding = |name: &&str| {
            let matches = self.0.iter().enumerate();
            let matches = matches.filter_map(|(position, range)| Some((range.specificity(name)?, position, range)));
            let (specificity, position, range) =
                matches.max_by_key(|(specificity, position, _)| (*specificity, Reverse(*position)))?;
            (range.quality_thousandths > 0).then_some((range.quality_thousandths, specificity, position))
        };
        let ranks = media.names().iter().filter_map(deciding);
        ranks.max_by_key(|(quality, specificity, position)| (*quality, *specificity, Reverse(*position)))
    }
}

/// The media type of a body in lower case and without its parameters; empty where none is given.
pub(crate) fn of_body(headers: &HeaderMap) -> String {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The representation that `?media=` names among what is offered.
pub(crate) fn by_short_name(name: &str, offered: &[Media]) -> Option<Media> {
    let own = offered.iter().find(|media| media.short_name() == name);
    own.or_else(|| offered.iter().find(|media| media.short_names().contains(&name))).copied()
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality_thousandths = quality.map_or(Some(1000), read_quality)?;
        let (kind, subtype) = (kind.to_ascii_lowercase(), subtype.to_ascii_lowercase());
        Some(Self { kind, subtype, quality_thousandths })
    }

    /// How exactly the range names the media type: 3 by name, 2 by kind, 1 as anything.
    fn specificity(&self, name: &str) -> Option<u8> {
        let (kind, subtype) = name.split_once('/')?;
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => Some(1),
            (own, "*") if own == kind => Some(2),
            (own, own_subtype) if own == kind && own_subtype == subtype => Some(3),
            _ => None,
        }
    }
}

fn read_quality(text: &str) -> Option<u16> {
    let quality = text.trim().parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is between 0 and 1000")]
    let thousandths = (quality * 1000.0).round() as u16;
    Some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [Media; 3] = [Media::Xml, Media::Json, Media::Html];

    fn chosen(accept: &str) -> Option<Media> {
        let value = accept.parse().expect("the test's header is good");
        Accept::of(&HeaderMap::from_iter([(header::ACCEPT, value)])).choose(&OFFERED)
    }

    #[test]
    fn the_first_offer_is_given_where_nothing_is_asked() {
        assert_eq!(Accept::default().choose(&OFFERED), Some(Media::Xml));
        assert_eq!(chosen("*/*"), Some(Media::Xml));
    }

    #[test]
    fn a_browser_gets_the_page() {
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        assert_eq!(chosen(accept), Some(Media::Html));
    }

    #[test]
    fn the_greatest_quality_wins_and_zero_excludes() {
        assert_eq!(chosen("text/html;q=0.5, application/json;q=0.6"), Some(Media::Json));
        assert_eq!(chosen("*/*, application/xml;q=0, text/xml;q=0, application/rdf+xml;q=0"), Some(Media::Json));
        assert_eq!(chosen("image/png"), None);
    }

    #[test]
    fn a_named_type_is_preferred_to_anything() {
        assert_eq!(chosen("*/*, application/json"), Some(Media::Json));
        assert_eq!(chosen("application/*"), Some(Media::Xml));
    }

    #[test]
    fn a_short_name_finds_its_own_representation_first() {
        assert_eq!(by_short_name("xml", &[Media::RdfXml, Media::Xml]), Some(Media::Xml));
        assert_eq!(by_short_name("xml", &[Media::RdfXml]), Some(Media::RdfXml));
        assert_eq!(by_short_name("pdf", &OFFERED), None);
    }
}
