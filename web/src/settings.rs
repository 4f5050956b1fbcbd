//! What the operator says about the face of the node.

use std::fmt;
use std::str::FromStr;

use crate::origin::AddressRange;

/// What the operator says about the face of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The path that all routes stand under.
    pub base_path: BasePath,
    /// Where people reach the node; where it is none, the `Host` of the request counts.
    pub public_url: Option<PublicUrl>,
    /// Largest document in bytes that is read from a client.
    pub document_bytes_max: usize,
    /// Whose word counts on where a request comes from.
    pub trusted_proxies: Vec<AddressRange>,
    /// What clients may take.
    pub limits: Limits,
    /// The version that pages show.
    pub version: String,
}

/// What clients may take of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; each holds some tens of kilobytes and a file descriptor.
    pub connections_max: usize,
    /// Connections of one address at once, but for this machine's and trusted proxies'.
    pub connections_of_address_max: usize,
    /// Largest head of a request in bytes.
    pub header_bytes_max: usize,
    /// Time in which a connection must send the head of its next request, or give its place to another.
    pub header_ms_max: u64,
    /// Longest time from the head of a request to the start of its answer, the reading of its body included.
    pub request_ms_max: u64,
    /// Longest time that a client may take no byte of its answer.
    pub stall_ms_max: u64,
    /// Requests of one address in a minute; 0 for any number.
    pub requests_per_minute: u32,
    /// Uploads of one address in a minute; 0 for any number.
    pub uploads_per_minute: u32,
    /// Clients that follow the changes at once.
    pub followers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            connections_of_address_max: 128,
            header_bytes_max: 32 * 1_024,
            header_ms_max: 30_000,
            request_ms_max: 60_000,
            stall_ms_max: 30_000,
            requests_per_minute: 6_000,
            uploads_per_minute: 600,
            followers_max: 256,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_path: BasePath::default(),
            public_url: None,
            document_bytes_max: proto::bounds::DOCUMENT_BYTES_MAX,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
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
