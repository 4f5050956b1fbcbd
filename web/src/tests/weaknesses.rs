//! Weaknesses of the original that its clients met: W6 to W9, as requests that no longer do harm.

use super::*;
use crate::fake::{TOKEN, signed_as};
use crate::registry::confirmation::Action;

/// Ends a string, a group or a comment of a query, or a statement of SQL.
const QUERY_TEXTS: [&str; 6] = [
    "x\"} UNION { ?s ?p ?o } #",
    "x') OR 1=1 --",
    "jane@example.org' OR 'a'='a",
    "*/ DROP ALL /*",
    "%00",
    "x\\\" . ?s ?p ?o . FILTER(\"",
];

fn encoded(text: &str) -> String {
    crate::urls::encode(text).to_string()
}

#[tokio::test]
async fn w6_a_path_in_an_address_names_no_file() {
    let fake = several(1);
    for path in [
        "/metadata/..%2F..%2Fetc%2Fpasswd",
        "/metadata/..%2F..%2Fx@y/2014-03-08T14:10:40Z/..",
        "/metadata/MMZu9WvwKIro-rtBQfDk4PsKO7_/..%2F..%2Fetc@passwd/2014-03-08T14:10:40Z",
        "/entries/..%2F..%2F..%2Fetc%2Fpasswd",
        "/metadata/%2Fetc%2Fpasswd/a@b/..",
        "//etc/passwd",
    ] {
        let answer = get(&fake, path, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text());
        assert!(!answer.text().contains("root:"), "{path}");
    }
}

#[tokio::test]
async fn w7_query_text_in_a_parameter_selects_nothing() {
    let fake = several(3);
    for text in QUERY_TEXTS.map(encoded) {
        for name in ["identifier", "email", "created", "standing", "limit", "after", "sort", "order", "at"] {
            let answer = get(&fake, &format!("/metadata?{name}={text}"), "application/json").await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}={text}: {}", answer.text());
        }
        for name in ["os", "os-version", "os-arch", "kind", "search"] {
            let answer = get(&fake, &format!("/metadata?{name}={text}"), "application/json").await;
            assert_eq!((answer.status, &answer.json()["total"]), (StatusCode::OK, &0.into()), "{name}={text}");
        }
        for path in [format!("/metadata/{text}"), format!("/metadata/jane@example.org/{text}")] {
            let answer = get(&fake, &path, "application/json").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text());
        }
    }
    assert!(fake.queries().is_empty(), "a list is no query");
}

#[tokio::test]
async fn w8_an_update_reaches_no_store() {
    let fake = several(1);
    for path in ["/sparql", "/query"] {
        let update = encoded("INSERT DATA { <a:a> <a:b> <a:c> }");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = post(&fake, path, &form, format!("update={update}")).await;
        assert!(fake.queries().is_empty(), "{path}: {}", answer.text());
    }
    let body = [("content-type", "application/sparql-update")];
    let answer = post(&fake, "/sparql", &body, "CLEAR ALL").await;
    assert!(answer.status.is_client_error() && fake.queries().is_empty());
}

#[tokio::test]
async fn w9_markup_and_script_addresses_in_metadata_do_nothing() {
    const MARKUP: &str = "'\"><img src=x onerror=alert(1)><svg/onload=alert(1)>{{7*7}}";
    let text = || Some(MARKUP.to_owned());
    let template = proto::document::Template {
        title: text(),
        description: text(),
        creator: text(),
        os: text(),
        os_version: text(),
        os_arch: text(),
        tags: vec![MARKUP.to_owned()],
        locations: ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"]
            .map(str::to_owned)
            .into(),
        deprecated: text(),
        ..template(1)
    };
    let fake = Fake::holding([signed(&template, CREATED)]);
    let entry = crate::urls::coordinates(&fake.records()[0].summary.at);
    for path in [entry.as_str(), "/metadata?status=all", "/endorsers", "/"] {
        let page = get(&fake, path, BROWSER).await.text();
        assert!(!page.contains("<img") && !page.contains("<svg"), "{path}: {page}");
        let lower = page.to_ascii_lowercase();
        for scheme in ["javascript:", "data:", "vbscript:"] {
            assert!(!lower.contains(&format!("href=\"{scheme}")), "{path}: {scheme}");
        }
    }
}

#[tokio::test]
async fn w9_markup_in_the_name_of_a_certificate_does_nothing() {
    const NAME: &str = "'><svg/onload=alert(1)><!--]]>&lt;";
    let document = signed_as(NAME, &template(1), CREATED);
    let fake = Fake::holding([document.clone()]);
    let entry = crate::urls::coordinates(&fake.records()[0].summary.at);
    let awaiting = Fake::asking();
    let answer = post(&awaiting, "/metadata", &[("content-type", "application/rdf+xml")], document).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let action = Action::Confirm.path(&TOKEN);
    for (fake, path) in [(&fake, entry.as_str()), (&fake, "/endorsers"), (&fake, "/metadata"), (&awaiting, &action)] {
        let page = get(fake, path, BROWSER).await.text();
        assert!(!page.contains("<svg") && !page.contains("<!--"), "{path}: {page}");
        let other = get(fake, path, "application/xml").await;
        let (kind, text) = (other.header(header::CONTENT_TYPE), other.text());
        // Plain text has no markup to escape.
        let is_harmless = kind.starts_with("text/plain") || (!text.contains("<svg") && !text.contains("<!--"));
        assert!(is_harmless && other.header("x-content-type-options") == "nosniff", "{path}: {kind}: {text}");
    }
    for path in ["/endorsers", entry.as_str()] {
        assert!(get(&fake, path, BROWSER).await.text().contains("alert(1)"), "{path} shows the name");
    }
}

#[tokio::test]
async fn w9_an_error_repeats_what_was_asked_as_text() {
    let fake = several(1);
    for (accept, escaped) in [(BROWSER, "&#60;x&#62;"), ("application/xml", "&lt;x&gt;"), ("application/json", "<x>")] {
        let answer = get(&fake, "/metadata?limit=%3Cx%3E", accept).await;
        let text = answer.text();
        assert!(text.contains(escaped), "{accept}: {text}");
        assert!(accept == "application/json" || !text.contains("<x>"), "{accept}: {text}");
        assert_ne!(answer.header(header::CONTENT_TYPE), "", "{accept}");
    }
}

#[test]
fn what_a_list_is_asked_for_is_read_without_a_registry() {
    for good in ["/metadata", "/metadata?limit=3\ntext/html", "/metadata/jane@example.org\napplication/json;q=0.1"] {
        assert!(crate::is_list_request(good.as_bytes()), "{good}");
    }
    for bad in ["", "/metadata?limit=x", "/metadata\nimage/png", "/metadata/x y", "/metadata?email=x"] {
        assert!(!crate::is_list_request(bad.as_bytes()), "{bad}");
    }
}
