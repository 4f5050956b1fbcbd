//! What clients and caches need not be sent again.

use super::*;

async fn get_with(fake: &Fake, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(app(fake), request("GET", path, headers, Body::empty())).await
}

#[tokio::test]
async fn what_a_client_holds_already_is_not_sent_again() {
    let fake = several(2);
    let entry = crate::urls::entry(fake.records()[0].summary.entry);
    let paths = [
        "/metadata",
        "/endorsers",
        "/federation/nodes",
        "/changes",
        "/openapi.json",
        "/docs",
        "/static/style.css",
        &entry,
    ];
    for path in paths {
        let headers = [("accept", "application/json, */*;q=0.1")];
        let whole = get_with(&fake, path, &headers).await;
        let tag = whole.header(header::ETAG).to_owned();
        assert!(tag.starts_with("W/\""), "{path}");
        let both = [headers[0], ("if-none-match", &format!("\"other\", {tag}"))];
        let again = get_with(&fake, path, &both).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        assert_eq!((again.header(header::ETAG), again.header(header::CONTENT_TYPE)), (tag.as_str(), ""));
        assert_eq!(again.header(header::CACHE_CONTROL), whole.header(header::CACHE_CONTROL));
        let other = [headers[0], ("if-none-match", "\"other\"")];
        assert_eq!(get_with(&fake, path, &other).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_list_that_changed_is_sent_again() {
    let fake = several(1);
    let tag = get(&fake, "/metadata", "application/json").await.header(header::ETAG).to_owned();
    let document = signed(&template(9), "2014-03-08T15:00:00Z");
    assert_eq!(post(&fake, "/metadata", &[("content-type", "application/xml")], document).await.status, 201);
    let headers = [("accept", "application/json"), ("if-none-match", tag.as_str())];
    assert_eq!(get_with(&fake, "/metadata", &headers).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_exact_entry_is_kept_for_ever_and_dated_by_its_admission() {
    let fake = several(1);
    let path = crate::urls::entry(fake.records()[0].summary.entry);
    let answer = get(&fake, &path, "").await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    let admitted = "Thu, 01 Jan 2015 00:00:00 GMT";
    assert_eq!(answer.header(header::LAST_MODIFIED), admitted);
    for (since, status) in [
        (admitted, 304),
        ("Fri, 02 Jan 2015 00:00:00 GMT", 304),
        ("Wed, 31 Dec 2014 00:00:00 GMT", 200),
        ("yesterday", 200),
    ] {
        assert_eq!(get_with(&fake, &path, &[("if-modified-since", since)]).await.status, status, "{since}");
    }
    let both = [("if-modified-since", admitted), ("if-none-match", "\"other\"")];
    assert_eq!(get_with(&fake, &path, &both).await.status, StatusCode::OK);
}

#[tokio::test]
async fn head_has_the_headers_of_get() {
    let fake = several(1);
    let entry = crate::urls::entry(fake.records()[0].summary.entry);
    for path in ["/metadata?media=json", &entry, "/endorsers", "/openapi.json"] {
        let by_get = get(&fake, path, "").await;
        let by_head = send(app(&fake), request("HEAD", path, &[], Body::empty())).await;
        assert_eq!(by_head.body.len(), 0);
        assert_eq!(by_head.header(header::CONTENT_LENGTH), by_get.body.len().to_string(), "{path}");
        for name in [header::ETAG, header::CACHE_CONTROL, header::LAST_MODIFIED, header::VARY, header::CONTENT_TYPE] {
            assert_eq!(by_head.header(&name), by_get.header(&name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn answers_are_compressed_by_zstd_where_the_client_prefers_it() {
    let fake = several(3);
    let headers = [("accept-encoding", "zstd, gzip;q=0.5")];
    let answer = get_with(&fake, "/static/style.css", &headers).await;
    assert_eq!(answer.header(header::CONTENT_ENCODING), "zstd");
    assert!(answer.headers.get_all(header::VARY).iter().any(|value| value == "accept-encoding"));
}

#[tokio::test]
async fn options_name_the_methods_and_count_what_is_held() {
    let fake = several(2);
    let options = |path: &'static str| send(app(&fake), request("OPTIONS", path, &[], Body::empty()));
    let metadata = options("/metadata").await;
    assert_eq!(metadata.status, StatusCode::OK);
    let mut methods = metadata.header(header::ALLOW).split(", ").flat_map(|part| part.split(',')).collect::<Vec<_>>();
    methods.sort_unstable();
    assert_eq!(methods, ["GET", "HEAD", "OPTIONS", "POST"]);
    assert_eq!(metadata.json()["entries"], 2);
    assert_eq!(metadata.json()["last_change"]["change"], 2);
    let endorsers = options("/endorsers").await;
    assert_eq!((endorsers.status, endorsers.body.len()), (StatusCode::NO_CONTENT, 0));
    assert!(endorsers.header(header::ALLOW).contains("GET"));
    assert_eq!(options("/nowhere").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_entry_is_given_as_json_ld() {
    let fake = several(1);
    let path = crate::urls::entry(fake.records()[0].summary.entry);
    let answer = get(&fake, &path, "application/ld+json").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/ld+json");
    let nodes = answer.json();
    let subject = format!("http://mp.stratuslab.eu/#{}", fake.records()[0].summary.at.image);
    let node = nodes.as_array().and_then(|nodes| nodes.iter().find(|node| node["@id"] == subject.as_str()));
    assert_eq!(
        node.map(|node| &node["http://purl.org/dc/terms/title"][0]["@value"]),
        Some(&serde_json::json!("Image 1"))
    );
}
