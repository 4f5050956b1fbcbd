//! What a request asks for, read once for every resource.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::bounds::AUTHORITY_BYTES_MAX;
use crate::media::{self, Accept, Media};
use crate::origin::Origin;
use crate::problem::Problem;
use crate::router::Face;
use crate::settings::Settings;

/// What a request asks for, beside its path and body.
pub(crate) struct Asked {
    pub(crate) parameters: Parameters,
    accept: Accept,
    base_url: String,
}

/// The parameters of a request in their order; empty values count as absent, as forms send them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Asked {
    /// What a request asks for, given the URL of the home page.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap, base_url: String) -> Self {
        Self { parameters: Parameters::of(uri), accept: Accept::of(headers), base_url }
    }

    /// The best representation of those offered; the first where nothing is asked.
    pub(crate) fn choose(&self, offered: &[Media]) -> Result<Media, Problem> {
        let chosen = match self.parameters.first_word("media") {
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

    /// What `Link` says of the next page, at `path`.
    pub(crate) fn link_to_next(&self, path: &str) -> Option<HeaderValue> {
        format!("<{}>; rel=\"next\"", self.absolute(path)).parse().ok()
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

    /// The first word under a name that the original's clients do not send; "null" is a word like others.
    pub(crate) fn first_word(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, value)| own == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter stands there, though it may be empty.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }
}

impl<R: Send + Sync> FromRequestParts<Face<R>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, face: &Face<R>) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers, base_url(parts, &face.settings)))
    }
}

/// The URL of the home page without a slash at its end: the operator's word, else what the client and its proxy say.
fn base_url(parts: &Parts, settings: &Settings) -> String {
    if let Some(public_url) = &settings.public_url {
        return public_url.to_string();
    }
    let scheme = parts.extensions.get::<Origin>().map_or("http", |origin| origin.scheme);
    let authority = authority(&parts.headers, &parts.uri).unwrap_or("localhost");
    format!("{scheme}://{authority}{}", settings.base_path.as_str())
}

/// The host and port that the client names, where they are of a harmless shape.
pub(crate) fn authority<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let named = text(headers, header::HOST.as_str()).or_else(|| uri.authority().map(|authority| authority.as_str()));
    named.filter(|named| is_authority(named))
}

/// Whether the text has the shape of a host with or without a port.
pub(crate) fn is_authority(text: &str) -> bool {
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-.:[]_".contains(c);
    !text.is_empty() && text.len() <= AUTHORITY_BYTES_MAX && text.chars().all(is_host)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn of(host: &str, settings: &Settings) -> String {
        let builder = Request::builder().uri("/metadata").header("host", host);
        let (parts, ()) = builder.body(()).expect("the test's request is good").into_parts();
        base_url(&parts, settings)
    }

    #[test]
    fn links_begin_with_the_host_that_the_client_named() {
        assert_eq!(of("mp.example.org:8080", &Settings::default()), "http://mp.example.org:8080");
    }

    #[test]
    fn the_public_url_of_the_operator_comes_before_the_host() {
        let public_url = "https://mp.example.org/base".parse().ok();
        let settings = Settings { public_url, ..Settings::default() };
        assert_eq!(of("evil.example.org", &settings), "https://mp.example.org/base");
    }

    #[test]
    fn a_host_of_another_shape_is_not_repeated() {
        assert_eq!(of("a\"><script>", &Settings::default()), "http://localhost");
    }

    #[test]
    fn empty_parameters_count_as_absent() {
        let parameters = Parameters::of(&Uri::from_static("/metadata?email=&email=a%40b&created=null"));
        assert_eq!(parameters.all("email").collect::<Vec<_>>(), ["a@b"]);
        assert_eq!((parameters.first("created"), parameters.first_word("created")), (None, Some("null")));
        assert!(parameters.names("created"));
    }
}
