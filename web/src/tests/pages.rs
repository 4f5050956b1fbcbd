//! Pages.

use super::*;

const MARKUP: &str = "\"><script>alert('x')</script>&";

fn hostile() -> Fake {
    let text = || Some(MARKUP.to_owned());
    let template = proto::document::Template {
        title: text(),
        description: text(),
        os: text(),
        kind: text(),
        version: text(),
        publisher: text(),
        deprecated: text(),
        tags: vec![MARKUP.to_owned()],
        locations: vec!["javascript:alert(1)".to_owned(), "data:text/html,x".to_owned()],
        ..template(1)
    };
    Fake::holding([signed(&template, CREATED)])
}

#[tokio::test]
async fn markup_in_metadata_stays_text_on_every_page() {
    let fake = hostile();
    let summary = fake.records()[0].summary.clone();
    let entry = crate::urls::coordinates(&summary.at);
    let paths = [entry.as_str(), "/metadata?status=all", "/", "/endorsers"];
    for path in paths {
        let text = get(&fake, path, BROWSER).await.text();
        assert!(!text.contains("<script"), "{path}: {text}");
        assert!(!text.contains("href=\"javascript:") && !text.contains("href=\"data:"), "{path}");
    }
    let list = get(&fake, "/metadata?status=all", BROWSER).await.text();
    assert!(list.contains("&#60;script&#62;"), "{list}");
}

#[tokio::test]
async fn markup_in_a_request_stays_text_on_its_page() {
    let fake = Fake::default();
    for path in ["/metadata?limit=%3Cscript%3E", "/query?query=%3C/textarea%3E%3Cscript%3E", "/%3Cscript%3E"] {
        let text = get(&fake, path, BROWSER).await.text();
        assert!(!text.contains("<script") && text.contains("script"), "{path}: {text}");
    }
}

#[tokio::test]
async fn every_page_has_a_language_a_title_and_the_navigation() {
    let fake = several(2);
    let entry = crate::urls::entry(fake.records()[0].summary.entry);
    for path in ["/", "/metadata", &entry, "/endorsers", "/query", "/upload", "/federation", "/nowhere"] {
        let answer = get(&fake, path, BROWSER).await;
        let text = answer.text();
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8", "{path}");
        assert!(text.contains("<html lang=\"en\">") && text.contains("<title>"), "{path}");
        for section in ["metadata", "endorsers", "query", "upload", "federation"] {
            assert!(text.contains(&format!("href=\"/{section}\"")), "{path}");
        }
        assert!(!text.contains("<script") && !text.contains("style=\""), "{path}");
    }
}

#[tokio::test]
async fn the_list_page_keeps_the_filters_and_links_to_the_next_page() {
    let text = get(&several(3), "/metadata?limit=2&email=jane%2Btester@example.org&status=all", BROWSER).await.text();
    assert!(text.contains("value=\"jane+tester@example.org\""), "{text}");
    assert!(text.contains("<option selected>all</option>"), "{text}");
    assert!(
        text.contains("rel=\"next\" href=\"/metadata?email=jane%2Btester@example.org&#38;status=all&#38;limit=2"),
        "{text}"
    );
    assert!(text.contains("3 entries, newest first; 2 on this page."), "{text}");
}

#[tokio::test]
async fn the_federation_page_shows_peers_that_are_not_connected_and_why() {
    let text = get(&several(1), "/federation", BROWSER).await.text();
    for expected in ["athens", "orsay", "not connected", "connection &#60;refused&#62;", "endorser-denied", "12 ms"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let json = get(&several(1), "/federation/nodes", "").await.json();
    assert_eq!((json["nodes"][0]["name"].as_str(), json["nodes"][1]["name"].as_str()), (Some("athens"), Some("orsay")));
    assert_eq!(get(&several(1), "/federation", "application/json").await.json(), json);
    assert_eq!((json["refusals"]["endorser-denied"].as_u64(), json["in_sync"]["peers"].as_u64()), (Some(3), Some(0)));
    assert!(json["nodes"][1]["disconnected_since"].is_string());
}

#[tokio::test]
async fn a_conflict_is_marked_in_the_timeline() {
    let other = proto::document::Template { title: Some("Other".to_owned()), ..template(1) };
    let fake = Fake::holding([signed(&template(1), CREATED), signed(&other, CREATED)]);
    let entry = crate::urls::entry(fake.records()[0].summary.entry);
    let text = get(&fake, &entry, BROWSER).await.text();
    assert_eq!(text.matches("conflict: another entry").count(), 2, "{text}");
}

#[tokio::test]
async fn home_counts_as_json_too() {
    let json = get(&several(2), "/", "application/json").await.json();
    assert_eq!((json["entries"].as_u64(), json["valid"].as_u64()), (Some(2), Some(1)));
    assert!(get(&several(2), "/", "").await.text().contains("Newest entries"));
}
