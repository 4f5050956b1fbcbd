//! What a request asks for, read once for every resource.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};

use crate::media::{self, Accept, Media};
use crate::problem::Problem;
use crate::router::Face;
use crate::settings::Settings;

/// What a request asks for, beside its path and body.
pub(crate) struct Asked {
    pub(crate) parameters: Parameters,
    accept: Accept,
    base_url: String,
    if_none_match: Option<String>,
}

/// The parameters of a request in their order; empty values count as absent, as forms send them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Asked {
    /// What a request asks for, given the URL of the home page.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap, base_url: String) -> Self {
        let if_none_match = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        Self {
            parameters: Parameters::of(uri),
            accept: Accept::of(headers),
            base_url,
            if_none_match: if_none_match.map(str::to_owned),
        }
    }

    /// The best representation of those offered; the first where nothing is asked.
    pub(crate) fn choose(&self, offered: &[Media]) -> Result<Media, Problem> {
        let chosen = match self.parameters.first("media") {
            Some(name) => media::by_short_name(name, offered),
            None => self.accept.choose(offered),
        };
        chosen.ok_or_else(|| Problem::not_acceptable(offered))
    }

    /// The best representation of those offered; the first where none is acceptable.
    pub(crate) fn choose_or_first(&self, offered: &[Media]) -> Media {
        self.choose(offered).ok().or(offered.first().copied()).unwrap_or(Media::Text)
    }

    /// The URL of `path` as the client reaches it.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Whether the client holds the representation with this tag already.
    pub(crate) fn holds(&self, etag: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let held = self.if_none_match.as_deref().unwrap_or_default();
        held.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
    }
}

impl Parameters {
    /// The parameters of the query part of `uri`.
    pub(crate) fn of(uri: &Uri) -> Self {
        Query::<Vec<(String, String)>>::try_from_uri(uri).map_or_else(|_| Self::default(), |Query(pairs)| Self(pairs))
    }

    /// These parameters and those of a posted form.
    pub(crate) fn and(mut self, form: Vec<(String, String)>) -> Self {
        self.0.extend(form);
        self
    }

    /// Every value under a name; "null" counts as absent, as the original's clients send it.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str());
        named.filter(|value| !value.is_empty() && *value != "null")
    }

    /// The first value under a name.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        named.into_iter().find(|value| !value.is_empty() && *value != "null")
    }

    /// Whether a parameter stands there, though it may be empty.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }
}

impl<R: Send + Sync> FromRequestParts<Face<R>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, face: &Face<R>) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers, base_url(&parts.headers, &parts.uri, &face.settings)))
    }
}

/// The URL of the home page without a slash at its end: the operator's word, else what the client and its proxy say.
fn base_url(headers: &HeaderMap, uri: &Uri, settings: &Settings) -> String {
    if let Some(public_url) = &settings.public_url {
        return public_url.to_string();
    }
    let scheme = match text(headers, "x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    let authority = authority(headers, uri).unwrap_or("localhost");
    format!("{scheme}://{authority}{}", settings.base_path.as_str())
}

/// The host and port that the client names, where they are of a harmless shape.
pub(crate) fn authority<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let named = text(headers, header::HOST.as_str()).or_else(|| uri.authority().map(|authority| authority.as_str()));
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-.:[]_".contains(c);
    named.filter(|named| !named.is_empty() && named.chars().all(is_host))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &str)], settings: &Settings) -> String {
        let pair = |(name, value): &(&'static str, &str)| {
            (header::HeaderName::from_static(name), value.parse().expect("the test's header is good"))
        };
        base_url(&pairs.iter().map(pair).collect(), &Uri::from_static("/metadata"), settings)
    }

    #[test]
    fn links_begin_with_the_host_that_the_client_named() {
        let headers = [("host", "mp.example.org:8080"), ("x-forwarded-proto", "https")];
        assert_eq!(of(&headers, &Settings::default()), "https://mp.example.org:8080");
    }

    #[test]
    fn the_public_url_of_the_operator_comes_before_the_host() {
        let public_url = "https://mp.example.org/base".parse().ok();
        let settings = Settings { public_url, ..Settings::default() };
        assert_eq!(of(&[("host", "evil.example.org")], &settings), "https://mp.example.org/base");
    }

    #[test]
    fn a_host_of_another_shape_is_not_repeated() {
        assert_eq!(of(&[("host", "a\"><script>")], &Settings::default()), "http://localhost");
    }

    #[test]
    fn empty_parameters_count_as_absent() {
        let parameters = Parameters::of(&Uri::from_static("/metadata?email=&email=a%40b&created=null"));
        assert_eq!(parameters.all("email").collect::<Vec<_>>(), ["a@b"]);
        assert_eq!(parameters.first("created"), None);
        assert!(parameters.names("created"));
    }
}
