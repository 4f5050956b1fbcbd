//! Section 1.1: where links lead, behind proxies and below a base path.

use super::row::{get, get_json, hold, post};
use super::world::{A, WEB, WINDOW, by_jane, fill, node, of_jane, template, upload};

/// Believes what this machine's proxy says.
const TRUSTING: &str = "trusted_proxies = [\"127.0.0.1\"]\n";

#[test]
fn location_and_links_are_of_the_host_that_the_client_named() {
    let sites = node(WINDOW, "");
    let http = sites.http(A);
    let path = upload(&http, &by_jane(&template("web", "web"), WEB));
    let document = by_jane(&template("other", "other"), WEB);
    let unasked = "only from trusted_proxies (interfaces.md)";
    let url = |base: &str| format!("{base}{path}");
    hold(
        &http,
        [
            post("1.1: Location has the Host of the request", "/metadata", "application/xml", document)
                .with("host", "mp.example.org:8443")
                .is(201)
                .header("location", format!("http://mp.example.org:8443{}", of_jane("other", WEB))),
            get_json(
                "1.1: links have it too",
                "/metadata?identifier=".to_owned() + &super::world::identifier("web").to_string(),
            )
            .with("host", "mp.example.org")
            .json("/items/0/url", url("http://mp.example.org")),
            get_json("1.1: X-Forwarded-Proto is believed", "/metadata?search=web")
                .otherwise(unasked)
                .with("host", "mp.example.org")
                .with("x-forwarded-proto", "https")
                .json("/items/0/url", url("http://mp.example.org")),
            get_json("1.1: so is no Forwarded", "/metadata?search=web")
                .with("host", "mp.example.org")
                .with("forwarded", "proto=https;host=evil.example.org")
                .json("/items/0/url", url("http://mp.example.org")),
        ],
    );
}

#[test]
fn a_trusted_proxy_says_scheme_and_host() {
    let sites = node(WINDOW, TRUSTING);
    let http = sites.http(A);
    let path = upload(&http, &by_jane(&template("web", "web"), WEB));
    let other = by_jane(&template("other", "other"), WEB);
    hold(
        &http,
        [
            post("1.1: Location has the scheme of X-Forwarded-Proto", "/metadata", "application/xml", other)
                .with("host", "mp.example.org")
                .with("x-forwarded-proto", "https")
                .header("location", format!("https://mp.example.org{}", of_jane("other", WEB))),
            get_json("1.1: and the host of X-Forwarded-Host", "/metadata?search=web")
                .with("host", "inner:8080")
                .with("x-forwarded-proto", "https")
                .with("x-forwarded-host", "mp.example.org")
                .json("/items/0/url", format!("https://mp.example.org{path}")),
            get_json("RFC 7239: Forwarded says both", "/metadata?search=web")
                .with("host", "inner:8080")
                .with("forwarded", "for=192.0.2.1;proto=https;host=mp.example.org")
                .json("/items/0/url", format!("https://mp.example.org{path}")),
        ],
    );
}

#[test]
fn below_a_base_path_all_addresses_begin_with_it() {
    let sites = node(WINDOW, "base_path = \"/marketplace\"\n");
    let below = sites.http(A);
    fill(&below);
    let host = tests::http::Http::new(below.base().strip_suffix("/marketplace").expect("the node says where it is"));
    let web = of_jane("web", WEB);
    hold(
        &host,
        [
            get("1.1: the application is below /marketplace", "/marketplace/metadata").is(200).media("application/xml"),
            get("1.1: its root", "/marketplace/").accept("text/html").is(200).has("href=\"/marketplace/metadata\""),
            get("1.1: an entry", format!("/marketplace{web}")).is(200).media("application/rdf+xml"),
            get("1.1: with doubled slashes", "//marketplace//metadata//").is(200),
            get("1.1: nothing is outside", "/metadata").is(404).has("/marketplace"),
            get("1.1: the host leads there", "/").is(302).header("location", "/marketplace/"),
            get_json(
                "1.1: links are below it",
                format!("/marketplace/metadata?identifier={}", super::world::identifier("web")),
            )
            .with("host", "mp.example.org")
            .json("/items/0/url", format!("http://mp.example.org/marketplace{web}")),
        ],
    );
    let page = below.get("/metadata?limit=4", "application/json").json();
    let next = page["next"].as_str().expect("there are five");
    let rest = next.strip_prefix(below.base()).expect("below the base path");
    hold(&below, [get_json("1.1: a next page is below the base path", rest).is(200).lists(["web"])]);
}
