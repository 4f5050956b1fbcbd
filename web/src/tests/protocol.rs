//! What holds for every answer.

use super::*;
use crate::settings::BasePath;

#[tokio::test]
async fn every_answer_keeps_browsers_from_doing_harm() {
    let fake = several(1);
    for path in ["/", "/metadata", "/nowhere", "/healthz", "/static/style.css"] {
        let answer = get(&fake, path, BROWSER).await;
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_in_the_clients_representation() {
    let fake = Fake::default();
    let page = get(&fake, "/nowhere/%3Cx%3E", BROWSER).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains("href=\"/metadata\"") && !page.text().contains("<x>"));
    assert_eq!(get(&fake, "/nowhere", "application/json").await.json()["rule"], "not-found");
    assert!(get(&fake, "/nowhere", "text/xml").await.text().contains("<error>nothing stands at /nowhere</error>"));
    assert_eq!(get(&fake, "/nowhere", "").await.text(), "nothing stands at /nowhere\n");
}

#[tokio::test]
async fn scripts_of_other_sites_read_why_they_were_refused() {
    let fake = Fake::default();
    let refused = ["/nowhere", "/metadata?limit=many", "/sparql?update=CLEAR+ALL", "/entries/x"];
    for path in refused {
        let answer = get(&fake, path, "application/json").await;
        assert!(answer.status.is_client_error(), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
    let secret = get(&fake, "/action/x/confirm", "application/json").await;
    assert!(secret.status.is_client_error() && !secret.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let answer = send(app(&several(1)), request("DELETE", "/metadata", &[], Body::empty())).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.header(header::ALLOW).contains("POST"));
    assert!(answer.text().contains("method"));
}

#[tokio::test]
async fn head_answers_as_get_without_the_body() {
    let fake = several(1);
    let entry = crate::urls::entry(fake.records()[0].summary.entry);
    for path in ["/", "/metadata", &entry, "/endorsers", "/federation", "/upload", "/query", "/healthz"] {
        let answer = send(app(&fake), request("HEAD", path, &[], Body::empty())).await;
        let by_get = get(&fake, path, "").await;
        assert_eq!((answer.status, answer.body.len()), (by_get.status, 0), "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), by_get.header(header::CONTENT_TYPE), "{path}");
    }
}

#[tokio::test]
async fn everything_stands_under_the_base_path() {
    let base_path = "/marketplace".parse::<BasePath>().expect("the test's path is good");
    let router = || app_with(&several(1), Settings { base_path: base_path.clone(), ..Settings::default() });
    let ask = |path: &'static str| send(router(), request("GET", path, &[("accept", BROWSER)], Body::empty()));
    let home = ask("/marketplace/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text().contains("href=\"/marketplace/static/style.css\""));
    assert_eq!(ask("/marketplace/metadata/").await.status, StatusCode::OK);
    assert_eq!(ask("/metadata").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask("/").await.header(header::LOCATION), "/marketplace/");
    let json = request("GET", "/marketplace/metadata", &[("accept", "application/json")], Body::empty());
    let url = send(router(), json).await.json()["items"][0]["url"].clone();
    assert!(url.as_str().is_some_and(|url| url.starts_with("http://mp.example.org/marketplace/metadata/")));
}

#[tokio::test]
async fn what_no_representation_fits_is_406() {
    let answer = get(&several(1), "/metadata", "image/png").await;
    assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(get(&several(1), "/metadata?media=pdf", "").await.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn other_sites_may_read_and_may_not_send_documents() {
    let preflight = |path: &'static str| {
        let headers = [
            ("origin", "https://other.example.org"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ];
        send(app(&Fake::default()), request("OPTIONS", path, &headers, Body::empty()))
    };
    let allowed = preflight("/metadata").await.header("access-control-allow-headers").to_owned();
    assert!(allowed.contains("if-none-match") && !allowed.contains("content-type"), "{allowed}");
    assert!(preflight("/sparql").await.header("access-control-allow-headers").contains("content-type"));
    let read = get(&several(1), "/metadata", "").await;
    assert_eq!(read.header("access-control-allow-origin"), "*");
    let varies = read.headers.get_all(header::VARY).iter().collect::<Vec<_>>();
    assert_eq!(varies, ["accept", "accept-encoding"]);
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let zipped = request("GET", "/static/style.css", &[("accept-encoding", "gzip")], Body::empty());
    assert_eq!(send(app(&Fake::default()), zipped).await.header(header::CONTENT_ENCODING), "gzip");
}

#[tokio::test]
async fn a_path_that_is_no_text_is_a_clear_refusal() {
    let answer = get(&several(1), "/metadata/%FF", "").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
