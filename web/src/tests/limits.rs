//! What one client may take, where it comes from, and what is counted.

use super::*;
use crate::origin::{Connected, Transport};
use crate::settings::Limits;

fn limited(limits: Limits) -> Router {
    let trusted_proxies = vec!["10.0.0.1".parse().expect("the test's address is good")];
    app_with(&several(1), Settings { limits, trusted_proxies, ..Settings::default() })
}

async fn send_from(app: &Router, peer: &str, mut request: Request<Body>) -> Answer {
    let peer = peer.parse().expect("the test's address is good");
    request.extensions_mut().insert(Connected { peer, transport: Transport::Plain });
    send(app.clone(), request).await
}

fn read() -> Request<Body> {
    request("GET", "/healthz", &[], Body::empty())
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let app = limited(Limits { requests_per_minute: 6, ..Limits::default() });
    assert_eq!(send_from(&app, "192.0.2.1", read()).await.status, StatusCode::OK);
    let refused =
        send_from(&app, "192.0.2.1", request("GET", "/metadata", &[("accept", "application/json")], Body::empty()))
            .await;
    assert_eq!((refused.status, refused.header(header::RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, "10"));
    assert_eq!(refused.json()["rule"], "rate");
    assert_eq!(send_from(&app, "192.0.2.2", read()).await.status, StatusCode::OK);
    assert_eq!(get_metric(&app, "marketplace_http_refused_total{limit=\"requests\"}").await, 1);
}

#[tokio::test]
async fn clients_of_a_trusted_proxy_are_counted_apart() {
    let app = limited(Limits { requests_per_minute: 6, ..Limits::default() });
    for client in ["192.0.2.1", "192.0.2.2"] {
        let asked = || request("GET", "/healthz", &[("x-forwarded-for", client)], Body::empty());
        assert_eq!(send_from(&app, "10.0.0.1", asked()).await.status, StatusCode::OK);
        assert_eq!(send_from(&app, "10.0.0.1", asked()).await.status, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn uploads_have_a_limit_of_their_own() {
    let app = limited(Limits { uploads_per_minute: 6, ..Limits::default() });
    let upload = |path| request("POST", path, &[("content-type", "application/xml")], "<a/>");
    assert_eq!(send_from(&app, "192.0.2.1", upload("/metadata")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(send_from(&app, "192.0.2.1", upload("//metadata/")).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(send_from(&app, "192.0.2.1", read()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_has_a_name_that_only_a_trusted_proxy_chooses() {
    let app = limited(Limits::default());
    let named = || request("GET", "/healthz", &[("x-request-id", "of-the-proxy")], Body::empty());
    assert_eq!(send_from(&app, "10.0.0.1", named()).await.header("x-request-id"), "of-the-proxy");
    let first = send_from(&app, "192.0.2.1", named()).await.header("x-request-id").to_owned();
    let second = send_from(&app, "192.0.2.1", named()).await.header("x-request-id").to_owned();
    assert!(!first.is_empty() && first != "of-the-proxy" && first != second);
}

#[tokio::test]
async fn links_and_forms_follow_the_host_that_a_trusted_proxy_was_asked_for() {
    let app = limited(Limits::default());
    let forwarded = [("accept", "application/json"), ("forwarded", "for=192.0.2.1;proto=https;host=mp.example.net")];
    let list = || request("GET", "/metadata", &forwarded, Body::empty());
    let url = |answer: Answer| answer.json()["items"][0]["url"].as_str().unwrap_or_default().to_owned();
    assert!(url(send_from(&app, "10.0.0.1", list()).await).starts_with("https://mp.example.net/metadata/"));
    assert!(url(send_from(&app, "192.0.2.7", list()).await).starts_with("http://mp.example.org/metadata/"));
}

#[tokio::test]
async fn figures_are_kept_by_route_and_hold_no_path() {
    let app = limited(Limits::default());
    send_from(
        &app,
        "192.0.2.1",
        request("GET", "/endorsers/jane+tester@example.org", &[("accept", "application/json")], Body::empty()),
    )
    .await;
    send_from(&app, "192.0.2.1", request("GET", "/nowhere", &[], Body::empty())).await;
    let figure = |route: &str, status: u16| {
        format!("marketplace_http_requests_total{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}")
    };
    assert_eq!(get_metric(&app, &figure("/endorsers/{email}", 200)).await, 1);
    assert_eq!(get_metric(&app, &figure("none", 404)).await, 1);
    assert_eq!(get_metric(&app, "marketplace_entries").await, 1);
    let figures = send(app, request("GET", "/metrics", &[], Body::empty())).await;
    assert!(figures.header(header::CONTENT_TYPE).starts_with("application/openmetrics-text"));
    assert!(!figures.text().contains("jane") && figures.text().ends_with("# EOF\n"));
}

#[tokio::test]
async fn every_limit_is_shown_with_what_is_taken_of_it() {
    let app = limited(Limits { connections_max: 7, header_ms_max: 1_500, ..Limits::default() });
    let figures = send(app, request("GET", "/metrics", &[], Body::empty())).await.text();
    for line in [
        "marketplace_limit{setting=\"http.max_connections\"} 7.0",
        "marketplace_limit_used{setting=\"http.max_connections\"} 0",
        "marketplace_limit{setting=\"http.header_timeout\"} 1.5",
        "marketplace_limit{setting=\"query.timeout\"} 10.0",
        "marketplace_limit{setting=\"query.max_concurrent\"} 4.0",
        "marketplace_limit_used{setting=\"query.max_concurrent\"} 1",
        "marketplace_queries_long 1",
    ] {
        assert!(figures.lines().any(|own| own == line), "{line}: {figures}");
    }
    assert!(!figures.contains("marketplace_limit_used{setting=\"http.max_header_bytes\"}"), "{figures}");
}
