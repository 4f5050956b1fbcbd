//! What the operator says about the face of the node.

use std::fmt;
use std::str::FromStr;

/// What the operator says about the face of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The path that all routes stand under.
    pub base_path: BasePath,
    /// Where people reach the node; where it is none, the `Host` of the request counts.
    pub public_url: Option<PublicUrl>,
    /// Largest document in bytes that is read from a client.
    pub document_bytes_max: usize,
    /// Longest time from the request to the start of its answer, the reading of its body included.
    pub request_ms_max: u64,
    /// The version that pages show.
    pub version: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_path: BasePath::default(),
            public_url: None,
            document_bytes_max: proto::bounds::DOCUMENT_BYTES_MAX,
            request_ms_max: 60_000,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The path that all routes stand under: empty, or `/name/…` without a slash at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// The text is not a base path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a base path like /marketplace of letters, digits and - . _ ~ /")]
pub struct NotABasePath(String);

impl BasePath {
    /// The path, ready to be put in front of a route.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BasePath {
    type Err = NotABasePath;

    fn from_str(text: &str) -> Result<Self, NotABasePath> {
        let path = text.trim_end_matches('/');
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
        let is_path = path.is_empty() || path.starts_with('/');
        if is_path && !path.contains("//") && path.chars().all(is_allowed) {
            Ok(Self(path.to_owned()))
        } else {
            Err(NotABasePath(text.chars().take(80).collect()))
        }
    }
}

/// The URL of the home page as people type it, base path included, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// The text is not a public URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a URL like https://marketplace.example.org/path")]
pub struct NotAPublicUrl(String);

impl PublicUrl {
    /// The URL, ready to be put in front of a route.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host and port.
    pub(crate) fn authority(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }
}

impl FromStr for PublicUrl {
    type Err = NotAPublicUrl;

    fn from_str(text: &str) -> Result<Self, NotAPublicUrl> {
        let url = text.trim_end_matches('/');
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let is_plain = |rest: &str| rest.chars().all(|c| c.is_ascii_graphic() && !"\"'<>\\?#@".contains(c));
        match rest {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') && is_plain(rest) => Ok(Self(url.to_owned())),
            _ => Err(NotAPublicUrl(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_loses_its_last_slash() {
        assert_eq!("/".parse::<BasePath>().map(|path| path.0), Ok(String::new()));
        assert_eq!("/marketplace/".parse::<BasePath>().map(|path| path.0), Ok("/marketplace".to_owned()));
    }

    #[test]
    fn what_is_no_base_path_is_refused() {
        for text in ["marketplace", "/a b", "/a//b", "/a?b", "/<a>"] {
            assert!(text.parse::<BasePath>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_public_url_names_its_authority() {
        let url = "https://mp.example.org:8443/base/".parse::<PublicUrl>().expect("the test's URL is good");
        assert_eq!((url.as_str(), url.authority()), ("https://mp.example.org:8443/base", "mp.example.org:8443"));
    }

    #[test]
    fn what_is_no_public_url_is_refused() {
        for text in
            ["", "mp.example.org", "ftp://a", "https://", "https:///a", "http://a b", "http://a?b", "http://u@h"]
        {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }
}
