//! Single entries.

use super::*;

fn one() -> (Fake, Vec<u8>, String, String) {
    let location = vec!["http://images.example.org/a.img".to_owned(), "pdisk:endpoint:1".to_owned()];
    let document = signed(&proto::document::Template { locations: location, ..template(1) }, CREATED);
    let fake = Fake::holding([document.clone()]);
    let summary = fake.records()[0].summary.clone();
    (fake, document, crate::urls::coordinates(&summary.at), crate::urls::entry(summary.entry))
}

#[tokio::test]
async fn an_entry_is_given_in_the_very_bytes_that_were_uploaded() {
    let (fake, document, address, exact) = one();
    for (path, accept) in [(&address, ""), (&address, "text/xml"), (&exact, "application/rdf+xml"), (&exact, "*/*")] {
        let answer = get(&fake, path, accept).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, document);
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/rdf+xml");
        let image = fake.records()[0].summary.at.image;
        assert_eq!(answer.header(header::CONTENT_DISPOSITION), format!("attachment; filename=\"{image}.xml\""));
    }
}

#[tokio::test]
async fn an_entry_is_given_as_rdf_json_and_turtle() {
    let (fake, _, address, _) = one();
    let subject = format!("http://mp.stratuslab.eu/#{}", fake.records()[0].summary.at.image);
    let json = get(&fake, &address, "application/json").await;
    assert_eq!(json.json()[&subject]["http://purl.org/dc/terms/title"][0]["value"], "Image 1");
    let turtle = get(&fake, &format!("{address}?media=ttl"), "").await;
    assert_eq!(turtle.header(header::CONTENT_TYPE), "text/turtle; charset=utf-8");
    assert!(turtle.text().contains(&format!("<{subject}>")) && turtle.text().contains("dcterms:title \"Image 1\""));
}

#[tokio::test]
async fn the_page_of_an_entry_says_how_well_its_endorser_is_known() {
    let (fake, _, address, _) = one();
    fake.change(|summary| summary.deprecated = Some("security hole".to_owned()));
    let answer = get(&fake, &address, BROWSER).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    let text = answer.text();
    let expected = [
        "Image 1",
        "security hole",
        "first key that was seen",
        "5.0 GiB",
        "href=\"http://images.example.org/a.img\"",
        "<code>pdisk:endpoint:1</code>",
        "SHA-1",
        "CN=Jane Tester",
        "Timeline of the image",
        "not confirmed",
    ];
    for expected in expected {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test]
async fn an_entry_that_the_client_holds_is_304() {
    let (fake, _, address, exact) = one();
    for path in [address, exact] {
        let etag = get(&fake, &path, "").await.header(header::ETAG).to_owned();
        let again = request("GET", &path, &[("if-none-match", &etag)], Body::empty());
        let again = send(app(&fake), again).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(again.header(header::ETAG), etag);
        let other = request("GET", &path, &[("if-none-match", &etag), ("accept", "text/turtle")], Body::empty());
        assert_eq!(send(app(&fake), other).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn only_the_exact_address_is_immutable() {
    let (fake, _, address, exact) = one();
    assert!(get(&fake, &exact, "").await.header(header::CACHE_CONTROL).contains("immutable"));
    assert_eq!(get(&fake, &address, "").await.header(header::CACHE_CONTROL), "no-cache");
}

#[tokio::test]
async fn what_names_no_entry_is_not_found() {
    let fake = several(1);
    let unknown = format!("/entries/{}", "ab".repeat(32));
    let paths = ["/metadata/x/y/z", "/metadata/AAAAAAAAAAAAAAAAAAAAAAAAAAA/a@b.org/2014-03-08T14:10:40Z", "/entries/x"];
    for path in paths.into_iter().chain([unknown.as_str()]) {
        let answer = get(&fake, path, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text().starts_with("metadata entry not found"), "{path}");
    }
}

#[tokio::test]
async fn admissions_are_json() {
    let (fake, _, _, exact) = one();
    let json = get(&fake, &format!("{exact}/admissions"), "").await.json();
    assert_eq!(json[0]["admitted"], "2015-01-01T00:00:00.000Z");
    assert_eq!(json[0]["confirmation"], "unconfirmed");
    assert!(json[0]["origin"].as_str().is_some_and(|origin| origin.starts_with("12D3KooW")));
}

#[tokio::test]
async fn an_explanation_says_why_an_entry_stands_where_it_does() {
    let (fake, _, address, exact) = one();
    let explained = get(&fake, &format!("{exact}/explanation"), "").await.json();
    assert_eq!(explained["reason"], "the operator of this node pinned the key to the address");
    assert_eq!(explained["listed"], false);
    assert_eq!(explained["listing"], "not listed: a newer entry supersedes it");
    let summary = &fake.records()[0].summary;
    assert_eq!(explained["superseded_by"], summary.entry.to_string());
    assert_eq!(explained["valid_at"], summary.at.created.to_string());
    assert!(explained["documents"][0]["no_chain"].is_string(), "{explained}");
    assert!(get(&fake, &address, "text/html").await.text().contains("pinned the key to the address"));
}

#[tokio::test]
async fn nothing_explains_an_entry_that_is_not_held() {
    let unknown = proto::digest::Sha256Digest::of(b"unknown");
    for entry in [unknown.to_string(), "short".to_owned()] {
        let answer = get(&Fake::default(), &format!("/entries/{entry}/explanation"), "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}
