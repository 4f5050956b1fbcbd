//! Where a request comes from: the word of its connection, and of the trusted proxies that brought it.

mod forwarded;
mod range;

use std::net::{IpAddr, Ipv4Addr};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::asked::is_authority;
use crate::bounds::{PROXIES_IN_A_ROW_MAX, REQUEST_ID_CHARACTERS_MAX};
use crate::settings::Settings;

pub use range::{AddressRange, NotAnAddressRange};

/// The connection that a request came by; the server notes it with every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connected {
    /// The other end.
    pub peer: IpAddr,
    /// Whether anybody in between could read it.
    pub transport: Transport,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Not at all.
    Plain,
    /// By TLS.
    Tls,
}

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The client's address; limits are counted by it, and it is neither logged nor kept.
    pub(crate) client: IpAddr,
    /// The scheme that the client used.
    pub(crate) scheme: &'static str,
}

impl Default for Connected {
    /// A request that came by no connection.
    fn default() -> Self {
        Self { peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED), transport: Transport::Plain }
    }
}

/// Where the request comes from. The host that a trusted proxy says the client named takes the place of `Host`, and a
/// request id counts only from a trusted proxy, so that nobody reads what others claim.
pub(crate) fn settle(parts: &mut Parts, settings: &Settings) -> Origin {
    let connected = parts.extensions.get::<Connected>().copied().unwrap_or_default();
    let is_trusted = |address: IpAddr| settings.trusted_proxies.iter().any(|range| range.contains(address));
    let own_scheme = if connected.transport == Transport::Tls { "https" } else { "http" };
    if !is_trusted(connected.peer) {
        parts.headers.remove(REQUEST_ID);
        return Origin { client: connected.peer, scheme: own_scheme };
    }
    let mut origin = Origin { client: connected.peer, scheme: own_scheme };
    let mut host = None;
    for hop in forwarded::hops(&parts.headers).take(PROXIES_IN_A_ROW_MAX) {
        origin.scheme = hop.scheme.unwrap_or(origin.scheme);
        host = hop.host.filter(|host| is_authority(host)).or(host);
        let Some(client) = hop.client else { break };
        origin.client = client;
        if !is_trusted(client) {
            break;
        }
    }
    if let Some(host) = host.and_then(|host| HeaderValue::from_str(&host).ok()) {
        parts.headers.insert(header::HOST, host);
    }
    origin
}

/// The header of a request's name in the logs, of this node and of the proxies in front of it.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// The name that a trusted proxy gave the request, where it can stand in a log and a header.
pub(crate) fn given_id(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = given.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    (is_plain && (1..=REQUEST_ID_CHARACTERS_MAX).contains(&given.len())).then(|| given.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn settled(peer: &str, headers: &[(&str, &str)]) -> (Origin, String) {
        let settings = Settings {
            trusted_proxies: vec!["10.0.0.0/8".parse().expect("the test's range is good")],
            ..Settings::default()
        };
        let peer = peer.parse().expect("the test's address is good");
        let builder = Request::builder().extension(Connected { peer, transport: Transport::Plain });
        let builder = headers
            .iter()
            .fold(builder.header("host", "node:8080"), |builder, (name, value)| builder.header(*name, *value));
        let (mut parts, ()) = builder.body(()).expect("the test's request is good").into_parts();
        let origin = settle(&mut parts, &settings);
        let host = parts.headers[header::HOST].to_str().expect("text").to_owned();
        (origin, host)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("the test's address is good")
    }

    #[test]
    fn a_stranger_is_not_believed_who_it_is() {
        let claims = [
            ("x-forwarded-for", "192.0.2.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.org"),
            ("forwarded", "for=192.0.2.9;proto=https;host=evil.org"),
        ];
        let (origin, host) = settled("192.0.2.1", &claims);
        assert_eq!(origin, Origin { client: address("192.0.2.1"), scheme: "http" });
        assert_eq!(host, "node:8080");
    }

    #[test]
    fn a_trusted_proxy_is_believed_who_its_client_is() {
        let older =
            [("x-forwarded-for", "192.0.2.9"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "mp.example.org")];
        let standard = [("forwarded", "for=\"192.0.2.9:4711\";proto=https;host=\"mp.example.org\"")];
        for headers in [older.as_slice(), standard.as_slice()] {
            let (origin, host) = settled("10.0.0.1", headers);
            assert_eq!(origin, Origin { client: address("192.0.2.9"), scheme: "https" });
            assert_eq!(host, "mp.example.org");
        }
    }

    #[test]
    fn what_a_client_wrote_before_the_proxy_is_not_believed() {
        let (origin, host) = settled(
            "10.0.0.1",
            &[(
                "forwarded",
                "for=198.51.100.1;proto=https;host=evil.org, for=192.0.2.9;proto=http;host=mp.example.org",
            )],
        );
        assert_eq!(origin, Origin { client: address("192.0.2.9"), scheme: "http" });
        assert_eq!(host, "mp.example.org");
        let (origin, _) = settled("10.0.0.1", &[("x-forwarded-for", "198.51.100.1, 192.0.2.9")]);
        assert_eq!(origin.client, address("192.0.2.9"));
    }

    #[test]
    fn a_row_of_trusted_proxies_is_followed_to_its_client() {
        let (origin, host) = settled(
            "10.0.0.1",
            &[(
                "forwarded",
                "for=\"[2001:db8::7]:1\";proto=https;host=mp.example.org, for=10.0.0.2;proto=http;host=inner",
            )],
        );
        assert_eq!(origin, Origin { client: address("2001:db8::7"), scheme: "https" });
        assert_eq!(host, "mp.example.org");
    }

    #[test]
    fn a_host_of_another_shape_is_not_taken_over() {
        let (_, host) = settled("10.0.0.1", &[("x-forwarded-host", "a\"><script>")]);
        assert_eq!(host, "node:8080");
    }

    #[test]
    fn a_request_id_is_plain_and_short() {
        let given = |id: &str| {
            given_id(&HeaderMap::from_iter([(REQUEST_ID.parse().expect("a name"), id.parse().expect("a value"))]))
        };
        assert_eq!(given("a-1.b_2").as_deref(), Some("a-1.b_2"));
        assert_eq!(given("a b"), None);
        assert_eq!(given(&"a".repeat(REQUEST_ID_CHARACTERS_MAX + 1)), None);
    }
}
