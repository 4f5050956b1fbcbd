//! Uploads.

use std::collections::BTreeSet;

use super::*;
use crate::registry::{Scope, UploadRefusal};

const XML: (&str, &str) = ("content-type", "application/xml");
const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");

fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, content) in parts {
        body.extend_from_slice(format!("--b\r\ncontent-disposition: form-data; {disposition}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

#[tokio::test]
async fn a_raw_document_is_created_once_and_found_at_its_location() {
    let document = signed(&template(1), CREATED);
    let fake = Fake::default();
    let created = post(&fake, "/metadata", &[("content-type", "application/rdf+xml")], document.clone()).await;
    assert_eq!((created.status, created.text().as_str()), (StatusCode::CREATED, "metadata entry created\n"));
    let location = created.header(header::LOCATION).to_owned();
    let image = fake.records()[0].summary.at.image;
    assert_eq!(location, format!("http://mp.example.org/metadata/{image}/jane%2Btester@example.org/{CREATED}"));
    let path = location.trim_start_matches("http://mp.example.org");
    assert_eq!(get(&fake, path, "").await.body, document);
    let again = post(&fake, "/metadata/", &[XML], document).await;
    assert_eq!((again.status, again.header(header::LOCATION)), (StatusCode::OK, location.as_str()));
}

#[tokio::test]
async fn the_first_part_with_a_file_name_is_the_document() {
    let document = signed(&template(1), CREATED);
    let fake = Fake::default();
    let parts: [(&str, &[u8]); 3] = [
        ("name=\"note\"", b"hello"),
        ("name=\"Metadata File\"; filename=\"a.xml\"", &document),
        ("name=\"other\"; filename=\"b.xml\"", b"<b/>"),
    ];
    let answer = post(&fake, "/metadata?scope=local", &[FORM, ("accept", BROWSER)], form(&parts)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert!(answer.text().contains("What was checked"));
    assert_eq!(fake.records()[0].summary.scope, Scope::Local);
}

#[tokio::test]
async fn an_entry_that_does_not_leave_the_node_is_marked_wherever_it_is_shown() {
    let fake = Fake::default();
    for (number, path) in [(1, "/metadata"), (2, "/metadata?scope=local")] {
        post(&fake, path, &[XML], signed(&template(number), CREATED)).await;
    }
    let badges = |text: String| text.matches("class=\"state local\"").count();
    assert_eq!(badges(get(&fake, "/metadata", BROWSER).await.text()), 1);
    let json = get(&fake, "/metadata?media=json", "").await.json();
    let scopes: BTreeSet<&str> = (0..2).filter_map(|at| json["items"][at]["scope"].as_str()).collect();
    assert_eq!(scopes, ["federated", "local"].into());
    for (record, scope) in fake.records().iter().zip(["federated", "local"]) {
        let page = get(&fake, &crate::urls::entry(record.summary.entry), BROWSER).await.text();
        assert_eq!(badges(page), usize::from(scope == "local"), "{scope}");
        let image = get(&fake, &format!("/images/{}", record.summary.at.image), "text/xml").await.text();
        assert!(image.contains(&format!("scope=\"{scope}\"")), "{image}");
    }
}

#[tokio::test]
async fn json_clients_learn_identity_address_and_standing() {
    let fake = Fake::default();
    let answer = post(&fake, "/metadata", &[XML, ("accept", "application/json")], signed(&template(1), CREATED)).await;
    let json = answer.json();
    assert_eq!(json["entry"], fake.records()[0].summary.entry.to_string());
    assert_eq!(json["url"], answer.header(header::LOCATION));
    assert_eq!(json["standing"], "bare");
}

#[tokio::test]
async fn an_unsigned_document_is_refused_with_its_rule() {
    let fake = Fake::default();
    let answer = post(&fake, "/metadata", &[XML, ("accept", "application/xml")], template(1).to_xml()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("<error>invalid metadata: "), "{}", answer.text());
    let json = post(&fake, "/metadata", &[XML, ("accept", "application/json")], template(1).to_xml()).await;
    assert_eq!(json.header(header::CONTENT_TYPE), "application/problem+json");
    assert_eq!(json.json()["status"], 400);
    assert!(json.json()["rule"].as_str().is_some_and(|rule| !rule.is_empty()));
}

#[tokio::test]
async fn refusals_of_the_registry_have_their_statuses() {
    let (rule, reason) = ("endorser-denied".to_owned(), "jane is denied".to_owned());
    let latest = several(1).records()[0].summary.entry;
    let cases = [
        (UploadRefusal::Policy { rule, reason }, 403, "endorser-denied"),
        (UploadRefusal::Stale { reason: "made at noon".to_owned(), latest }, 409, "older than latest entry"),
        (UploadRefusal::TooLarge { bytes_max: 7 }, 413, "7 bytes"),
        (UploadRefusal::Overloaded, 429, "try again"),
        (UploadRefusal::Unavailable(crate::registry::RegistryError), 503, "cannot answer"),
    ];
    for (refusal, status, text) in cases {
        let answer = post(&Fake::refusing(refusal), "/metadata", &[XML], signed(&template(1), CREATED)).await;
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(text), "{}", answer.text());
        assert_eq!(answer.headers.contains_key(header::RETRY_AFTER), status == 429 || status == 503);
    }
}

#[tokio::test]
async fn a_body_over_the_bound_is_413_however_it_arrives() {
    let fake = Fake::default();
    let large = vec![b' '; proto::bounds::DOCUMENT_BYTES_MAX + 1];
    let chunks = large.chunks(8192).map(|chunk| Ok::<_, std::convert::Infallible>(chunk.to_vec())).collect::<Vec<_>>();
    let streamed = Body::from_stream(futures::stream::iter(chunks));
    assert_eq!(post(&fake, "/metadata", &[XML], streamed).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(post(&fake, "/metadata", &[XML], large.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let file: [(&str, &[u8]); 1] = [("name=\"f\"; filename=\"a.xml\"", &large)];
    assert_eq!(post(&fake, "/metadata", &[FORM], form(&file)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let larger = vec![b' '; 4 * proto::bounds::DOCUMENT_BYTES_MAX];
    let field: [(&str, &[u8]); 1] = [("name=\"f\"", &larger)];
    assert_eq!(post(&fake, "/metadata", &[FORM], form(&field)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn other_types_and_empty_bodies_are_refused() {
    let fake = Fake::default();
    assert_eq!(post(&fake, "/metadata", &[], "x").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let json = post(&fake, "/metadata", &[("content-type", "application/json")], "{}").await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let empty = post(&fake, "/metadata", &[XML], "").await;
    assert_eq!((empty.status, empty.text().as_str()), (StatusCode::BAD_REQUEST, "post with null entity\n"));
    for parts in [&[][..], &[("name=\"note\"", b"x".as_slice())], &[("name=\"f\"; filename=\"\"", b"")]] {
        let answer = post(&fake, "/metadata", &[FORM], form(parts)).await;
        assert_eq!((answer.status, answer.text().as_str()), (StatusCode::BAD_REQUEST, "no valid file uploaded\n"));
    }
    let scope = post(&fake, "/metadata?scope=moon", &[XML], "x").await;
    assert!(scope.status == 400 && scope.text().contains("moon"));
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let document = signed(&template(1), CREATED);
    let body = form(&[("name=\"f\"; filename=\"a.xml\"", &document)]);
    let fake = Fake::default();
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example.org")] {
        let answer = post(&fake, "/metadata", &[FORM, foreign], body.clone()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let own = [FORM, ("origin", "http://mp.example.org"), ("sec-fetch-site", "same-origin")];
    assert_eq!(post(&fake, "/metadata", &own, body).await.status, StatusCode::CREATED);
}
