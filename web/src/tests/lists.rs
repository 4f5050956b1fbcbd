//! Lists.

use super::*;

#[tokio::test]
async fn a_list_that_would_read_too_much_is_refused_and_says_what_to_add() {
    let fake = Fake::broad();
    for media in ["application/xml", "application/json", BROWSER] {
        let answer = get(&fake, "/metadata?created=2014-03-08T14:01:00Z", media).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains("ask for an identifier"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_list_is_xml_of_the_signed_documents_where_nothing_is_asked() {
    let fake = several(20);
    for accept in ["", "*/*", "application/xml", "text/xml"] {
        let answer = get(&fake, "/metadata", accept).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/xml; charset=utf-8");
        assert_eq!(answer.header(header::VARY), "accept");
        let text = answer.text();
        assert_eq!(text.matches("<?xml ").count(), 1);
        assert_eq!(text.matches("<rdf:RDF").count(), 20);
        assert!(text.contains("<metadata>") && text.ends_with("</metadata>\n"));
    }
}

#[tokio::test]
async fn a_list_without_entries_is_not_found_in_xml_and_empty_in_json() {
    let fake = Fake::default();
    let xml = get(&fake, "/metadata", "application/xml").await;
    assert_eq!(xml.status, StatusCode::NOT_FOUND);
    assert!(xml.text().contains("<error>no metadata matching query found</error>"));
    let json = get(&fake, "/metadata", "application/json").await;
    assert_eq!(json.json(), serde_json::json!({"total": 0, "items": [], "next": null}));
}

#[tokio::test]
async fn a_list_is_paged_by_its_next_links() {
    let fake = several(5);
    let mut path = "/metadata?limit=2".to_owned();
    let mut titles = Vec::new();
    loop {
        let answer = get(&fake, &path, "application/json").await;
        let json = answer.json();
        assert_eq!(json["total"], 5);
        let items = json["items"].as_array().cloned().unwrap_or_default();
        titles.extend(items.iter().map(|item| item["title"].as_str().unwrap_or_default().to_owned()));
        let Some(next) = json["next"].as_str() else { break };
        assert_eq!(answer.header(header::LINK), format!("<{next}>; rel=\"next\""));
        path = next.trim_start_matches("http://mp.example.org").to_owned();
    }
    assert_eq!(titles, ["Image 5", "Image 4", "Image 3", "Image 2", "Image 1"]);
}

#[tokio::test]
async fn a_list_is_narrowed_by_path_and_by_parameters() {
    let fake = several(3);
    let image = fake.records()[1].summary.at.image;
    let paths = [
        format!("/metadata/{image}"),
        format!("/metadata/{image}/jane%2Btester%40example.org"),
        format!("//metadata/jane+tester@example.org//{image}/"),
        format!("/metadata?identifier={image}"),
        "/metadata?created=2014-03-08T14:02:00Z".to_owned(),
    ];
    for path in paths {
        let answer = get(&fake, &path, "application/json").await;
        assert_eq!(answer.json()["items"][0]["identifier"], image.to_string(), "{path}");
        assert_eq!(answer.json()["total"], 1, "{path}");
    }
    assert_eq!(get(&fake, "/metadata?email=nobody@example.org", "text/xml").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn expired_and_deprecated_entries_are_listed_when_asked_for() {
    let expired = proto::document::Template { valid: "2014-09-10T00:00:00Z".parse().ok(), ..template(1) };
    let deprecated = proto::document::Template { deprecated: Some("hole".to_owned()), ..template(2) };
    let fake = Fake::holding([signed(&expired, CREATED), signed(&deprecated, CREATED)]);
    for (status, total) in [("valid", 0), ("expired", 1), ("deprecated", 1), ("all", 2), ("whatever", 2)] {
        let answer = get(&fake, &format!("/metadata?status={status}"), "application/json").await;
        assert_eq!(answer.json()["total"], total, "{status}");
    }
}

#[tokio::test]
async fn a_malformed_filter_is_named() {
    let fake = several(1);
    let cases = [
        ("/metadata?limit=many", 400, "limit"),
        ("/metadata?after=x", 400, "after"),
        ("/metadata?identifier=short", 400, "short"),
        ("/metadata?standing=royal", 400, "royal"),
        ("/metadata/a@b.org?email=c@d.org", 400, "c@d.org"),
        ("/metadata/nonsense", 404, "nonsense"),
    ];
    for (path, status, named) in cases {
        let answer = get(&fake, path, "text/plain").await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.text().contains(named), "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_registry_that_is_down_is_503_with_a_time_to_come_again() {
    let answer = get(&Fake::down(), "/metadata", "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.header(header::RETRY_AFTER).is_empty());
    assert_eq!(get(&Fake::down(), "/readyz", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&Fake::down(), "/healthz", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn endorsers_are_results_xml_json_and_a_page() {
    let fake = several(2);
    let xml = get(&fake, "/endorsers", "").await.text();
    assert!(xml.contains("<binding name=\"email\"><literal>jane+tester@example.org</literal></binding>"), "{xml}");
    let json = get(&fake, "/endorsers", "application/json").await.json();
    assert_eq!((json["items"][0]["name"].as_str(), json["next"].as_str()), (Some("Jane Tester"), None));
    let address = json["items"][0]["url"].as_str().unwrap_or_default().replace("http://mp.example.org", "");
    assert_eq!(get(&fake, &address, "application/json").await.json()["total"], 2);
    assert!(get(&fake, "/endorsers", BROWSER).await.text().contains("Jane Tester"));
}

/// Three entries of different systems, with texts of foreign letters.
fn different() -> Fake {
    let of = |image, os: &str, title: &str| proto::document::Template {
        os: Some(os.to_owned()),
        title: Some(title.to_owned()),
        ..template(image)
    };
    Fake::holding([
        signed(&of(1, "Debian", "Web server"), "2014-03-08T14:01:00Z"),
        signed(&of(2, "CentOS", "Web cache"), "2014-03-08T14:02:00Z"),
        signed(&of(3, "Debian", "Database"), "2014-03-08T14:03:00Z"),
    ])
}

/// The titles of a list, in its order.
async fn titles(fake: &Fake, query: &str) -> Vec<String> {
    let json = get(fake, &format!("/metadata?{query}"), "application/json").await.json();
    let items = json["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn filters_search_and_order_are_combined() {
    let fake = different();
    assert_eq!(titles(&fake, "os=debian").await, ["Database", "Web server"]);
    assert_eq!(titles(&fake, "search=WEB&os=debian").await, ["Web server"]);
    assert_eq!(titles(&fake, "search=web+cent").await, ["Web cache"]);
    assert_eq!(titles(&fake, "sort=title").await, ["Database", "Web cache", "Web server"]);
    assert_eq!(titles(&fake, "sort=title&order=desc&location=pdisk").await, [""; 0]);
}

#[tokio::test]
async fn a_next_link_keeps_what_was_asked_for() {
    let fake = different();
    let first = get(&fake, "/metadata?search=web&sort=title&limit=1", "application/json").await.json();
    let next = first["next"].as_str().unwrap_or_default().replace("http://mp.example.org", "");
    let second = get(&fake, &next, "application/json").await.json();
    assert_eq!(first["items"][0]["title"], "Web cache");
    assert_eq!((&second["items"][0]["title"], &second["next"]), (&"Web server".into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn a_list_in_the_form_of_data_tables_is_as_the_original_gave_it() {
    let fake = different();
    let path = "/metadata?sEcho=3&iDisplayStart=1&iDisplayLength=1&iSortCol_0=10&sSortDir_0=asc&sSearch=web";
    let answer = get(&fake, path, "").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    let json = answer.json();
    let figures = ["sEcho", "iTotalRecords", "iTotalDisplayRecords"].map(|name| json[name].as_u64());
    assert_eq!(figures, [Some(3), Some(3), Some(2)]);
    let rows = json["aaData"].as_array().cloned().unwrap_or_default();
    let row = rows[0].as_array().cloned().unwrap_or_default();
    assert_eq!((rows.len(), row.len()), (1, 11));
    let cells = [0, 1, 4, 6, 10].map(|index| row[index].as_str().unwrap_or_default());
    assert_eq!(cells, ["", "Debian", "jane+tester@example.org", "2014-03-08T14:01:00Z", "Web server"]);
    assert_eq!(row[2], "null");
}

#[tokio::test]
async fn a_posted_form_is_asked_for_in_its_body_and_never_not_found() {
    let fake = different();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let posted = post(&fake, "/metadata?sSearch=ignored", &form, "sEcho=1&sSearch_1=CENT").await.json();
    assert_eq!((&posted["iTotalDisplayRecords"], &posted["aaData"][0][10]), (&1.into(), &"Web cache".into()));
    let image = fake.records()[2].summary.at.image;
    let posted = post(&fake, &format!("/metadata/{image}"), &form, "sEcho=1").await.json();
    assert_eq!((&posted["iTotalRecords"], &posted["aaData"][0][10]), (&3.into(), &"Database".into()));
    let none = post(&fake, "/metadata", &form, "status=deprecated").await;
    assert_eq!((none.status, none.json()["aaData"].as_array().map(Vec::len)), (StatusCode::OK, Some(0)));
    assert_eq!(none.json()["rMsg"], "no metadata matching query found");
    assert_eq!(post(&fake, "/metadata", &form, "sEcho=x").await.status, StatusCode::BAD_REQUEST);
}
