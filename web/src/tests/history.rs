//! Images, their history, and tags.

use super::*;

use proto::document::Template;

/// Image 1 with a tag, replaced by image 2 by another entry under the same tag.
fn replaced() -> Fake {
    let tags = vec!["stable".to_owned()];
    let old = Template { tags: tags.clone(), ..template(1) };
    let new = Template { tags, replaces: vec![old.identifier.to_string()], ..template(2) };
    Fake::holding([signed(&old, "2014-03-08T14:01:00Z"), signed(&new, "2014-03-08T14:02:00Z")])
}

fn identifiers(fake: &Fake) -> [String; 2] {
    let records = fake.records();
    [0, 1].map(|index: usize| records[index].summary.at.image.to_string())
}

#[tokio::test]
async fn an_image_is_shown_with_who_endorses_it_and_what_replaces_it() {
    let fake = replaced();
    let [old, new] = identifiers(&fake);
    let json = get(&fake, &format!("/images/{old}"), "application/json").await.json();
    assert_eq!(json["current"][0]["email"], "jane+tester@example.org");
    assert_eq!(json["timeline"].as_array().map(Vec::len), Some(1));
    assert_eq!((&json["replaced_by"][0]["identifier"], &json["replaces"][0]), (&new.clone().into(), &json["none"]));
    assert_eq!(json["tags"][0]["tag"], "stable");
    let json = get(&fake, &format!("/images/{new}"), "application/json").await.json();
    assert_eq!(json["replaces"][0]["identifier"], old.clone());
    let xml = get(&fake, &format!("/images/{old}"), "").await;
    assert_eq!(xml.header(header::CONTENT_TYPE), "application/xml; charset=utf-8");
    assert!(xml.text().contains(&format!("<replacedBy identifier=\"{new}\"")), "{}", xml.text());
    assert!(get(&fake, &format!("/images/{old}"), BROWSER).await.text().contains("Replaced by"));
}

#[tokio::test]
async fn an_image_is_shown_as_it_stood_at_a_moment() {
    let fake = replaced();
    let [old, _] = identifiers(&fake);
    let then = |at: &str| format!("/images/{old}?at={at}");
    assert_eq!(get(&fake, &then("2014-03-08T14:00:59Z"), "text/xml").await.status, StatusCode::NOT_FOUND);
    let json = get(&fake, &then("2014-03-08T14:01:00Z"), "application/json").await.json();
    assert_eq!((&json["at"], &json["current"][0]["state"]), (&"2014-03-08T14:01:00Z".into(), &"valid".into()));
    assert_eq!(get(&fake, &then("yesterday"), "").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(get(&fake, "/images/short", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn entries_at_one_address_are_shown_as_a_conflict() {
    let fake = Fake::holding([
        signed(&template(1), CREATED),
        signed(&Template { title: Some("Another".to_owned()), ..template(1) }, CREATED),
    ]);
    let image = fake.records()[0].summary.at.image;
    let json = get(&fake, &format!("/images/{image}"), "application/json").await.json();
    assert_eq!((&json["timeline"][0]["conflict"], &json["timeline"][1]["conflict"]), (&true.into(), &true.into()));
}

#[tokio::test]
async fn the_newest_image_under_a_tag_is_found_on_both_routes() {
    let fake = replaced();
    let raw = fake.records()[1].raw.clone();
    let endorser = "jane%2Btester%40example.org";
    for path in [format!("/tag/{endorser}/stable"), format!("/metadata/{endorser}?tag=%22stable%22")] {
        let answer = get(&fake, &path, "").await;
        assert_eq!((answer.status, answer.header(header::CONTENT_TYPE)), (StatusCode::OK, "application/rdf+xml"));
        assert_eq!(answer.body, raw, "{path}");
    }
    assert_eq!(get(&fake, &format!("/tag/{endorser}/other"), "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tags_of_an_endorser_are_results_xml_json_and_a_page() {
    let fake = replaced();
    let path = "/endorsers/jane+tester@example.org/tags";
    assert!(get(&fake, path, "").await.text().contains("<literal>stable</literal>"));
    let json = get(&fake, path, "application/json").await.json();
    assert_eq!(json["items"][0]["tag"], "stable");
    let address = json["items"][0]["url"].as_str().unwrap_or_default().replace("http://mp.example.org", "");
    assert_eq!(get(&fake, &address, "").await.status, StatusCode::OK);
    assert!(get(&fake, path, BROWSER).await.text().contains("stable"));
    let page = get(&fake, &format!("{path}?limit=1&after=stable"), "application/json").await.json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(0));
}
