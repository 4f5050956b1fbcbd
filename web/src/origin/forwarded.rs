//! What proxies say of the clients before them: `Forwarded` (RFC 7239), else the older `X-Forwarded-*`.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use crate::bounds::PROXIES_IN_A_ROW_MAX;

/// What one proxy said of the request that it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// Who sent it; none where the proxy hides it.
    pub(super) client: Option<IpAddr>,
    /// By which scheme.
    pub(super) scheme: Option<&'static str>,
    /// To which host.
    pub(super) host: Option<String>,
}

/// What the proxies said, the last one first.
pub(super) fn hops(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    let standard = elements(headers, "forwarded");
    let hops: Vec<Hop> =
        if standard.is_empty() { older(headers) } else { standard.iter().map(|one| hop(one)).collect() };
    hops.into_iter()
}

/// The elements of a list that may stand on several lines, the last one first and no more than can count.
fn elements(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut elements = lines.iter().flat_map(|line| split(line, ',')).collect::<Vec<_>>();
    elements.reverse();
    elements.truncate(PROXIES_IN_A_ROW_MAX);
    elements.into_iter().map(|element| element.trim().to_owned()).collect()
}

/// The parts between `separator`, which does not count within quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted) = (Vec::new(), 0, false);
    for (at, character) in text.char_indices() {
        is_quoted ^= character == '"';
        if character == separator && !is_quoted {
            parts.push(&text[start..at]);
            start = at + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

fn hop(element: &str) -> Hop {
    let mut hop = Hop::default();
    for (name, value) in split(element, ';').iter().filter_map(|pair| pair.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.client = address(value),
            "proto" => hop.scheme = scheme(value),
            "host" => hop.host = Some(value.to_owned()),
            _ => {}
        }
    }
    hop
}

/// The addresses are a list; scheme and host are those that the last proxy saw, and concern the last client.
fn older(headers: &HeaderMap) -> Vec<Hop> {
    let last = |name| elements(headers, name).into_iter().next();
    let said = Hop {
        client: None,
        scheme: last("x-forwarded-proto").as_deref().and_then(scheme),
        host: last("x-forwarded-host"),
    };
    let mut hops: Vec<Hop> = elements(headers, "x-forwarded-for")
        .iter()
        .map(|client| Hop { client: address(client), ..Hop::default() })
        .collect();
    match hops.first_mut() {
        Some(first) => *first = Hop { client: first.client, ..said },
        None => hops.push(said),
    }
    hops
}

fn scheme(text: &str) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|scheme| text.eq_ignore_ascii_case(scheme))
}

/// An address as either header has it: with a port or without, that of IPv6 in brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let socket = || text.parse::<SocketAddr>().map(|socket| socket.ip());
    bare.parse().or_else(|_| socket()).ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_every_form() {
        for text in ["192.0.2.1", "192.0.2.1:80", "::ffff:192.0.2.1"] {
            assert_eq!(address(text), "192.0.2.1".parse().ok(), "{text}");
        }
        for text in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"] {
            assert_eq!(address(text), "2001:db8::1".parse().ok(), "{text}");
        }
        for text in ["unknown", "_hidden", "", "300.1.1.1"] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn a_comma_in_quotes_ends_no_element() {
        assert_eq!(split("a=\"1,2\", b", ','), ["a=\"1,2\"", " b"]);
        assert_eq!(split("a=\"1,2", ','), ["a=\"1,2"]);
    }
}
