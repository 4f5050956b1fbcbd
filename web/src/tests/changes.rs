//! The feed of changes.

use axum::body::BodyDataStream;
use futures::StreamExt as _;

use super::*;
use crate::settings::Limits;

fn numbers(answer: &Answer) -> Vec<u64> {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["change"].as_u64()).collect()
}

fn next(answer: &Answer) -> String {
    let next = answer.json()["next"].as_str().unwrap_or_default().to_owned();
    next.trim_start_matches("http://mp.example.org").to_owned()
}

async fn upload(app: Router, image: u8) {
    let document = signed(&template(image), "2014-03-08T16:00:00Z");
    let posted = request("POST", "/metadata", &[("content-type", "application/xml")], document);
    assert_eq!(send(app, posted).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn pages_go_back_from_the_newest_change_and_lose_none() {
    let fake = several(5);
    let mut path = "/changes?limit=2".to_owned();
    let mut seen = Vec::new();
    while !path.is_empty() {
        let page = get(&fake, &path, "").await;
        seen.extend(numbers(&page));
        path = next(&page);
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn a_mirror_goes_on_from_where_it_was() {
    let fake = several(3);
    let first = get(&fake, "/changes?after=0&limit=2", "").await;
    assert_eq!(numbers(&first), [1, 2]);
    let second = get(&fake, &next(&first), "").await;
    assert_eq!(numbers(&second), [3]);
    let rest = get(&fake, &next(&second), "").await;
    assert_eq!((numbers(&rest), next(&rest)), (vec![], next(&second)));
    upload(app(&fake), 9).await;
    assert_eq!(numbers(&get(&fake, &next(&rest), "").await), [4]);
}

#[tokio::test]
async fn a_change_says_what_happened_and_shows_the_entry() {
    let fake = several(1);
    let answer = get(&fake, "/changes", "application/json").await;
    let item = &answer.json()["items"][0];
    assert_eq!(item["event"], "entry_admitted");
    assert_eq!(item["entry"], fake.records()[0].summary.entry.to_string());
    assert_eq!(item["item"]["title"], "Image 1");
    let url = item["url"].as_str().unwrap_or_default().trim_start_matches("http://mp.example.org").to_owned();
    assert_eq!(get(&fake, &url, "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_waits_for_the_next_change() {
    let fake = several(1);
    let app = app(&fake);
    let waiting = send(app.clone(), request("GET", "/changes?after=1&wait=30", &[], Body::empty()));
    let (answer, ()) = tokio::join!(waiting, upload(app, 9));
    assert_eq!(numbers(&answer), [2]);
}

#[tokio::test]
async fn a_request_waits_no_longer_than_it_said() {
    let answer = get(&several(1), "/changes?after=1&wait=0", "").await;
    assert_eq!((answer.status, numbers(&answer)), (StatusCode::OK, vec![]));
}

#[tokio::test]
async fn a_parameter_of_another_shape_is_refused() {
    for path in [
        "after=x",
        "before=-1",
        "limit=0",
        "limit=501",
        "after=1&before=2",
        "after=1&wait=31",
        "after=18446744073709551615",
    ] {
        let answer = get(&several(1), &format!("/changes?{path}"), "application/json").await;
        assert_eq!((answer.status, &answer.json()["rule"]), (StatusCode::BAD_REQUEST, &"parameter".into()), "{path}");
    }
}

#[tokio::test]
async fn the_feed_for_people_is_well_formed_and_escapes_what_documents_say() {
    let fake = several(1);
    fake.change(|summary| summary.title = Some("<script>&".to_owned()));
    let answer = get(&fake, "/changes?media=atom", "").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/atom+xml; charset=utf-8");
    let text = answer.text();
    assert!(text.contains("<title>&lt;script&gt;&amp;</title>"), "{text}");
    assert!(proto::xml::parse(text.as_bytes()).is_ok(), "{text}");
}

async fn follow(app: Router, path: &str, headers: &[(&str, &str)]) -> (StatusCode, BodyDataStream) {
    let all = [&[("accept", "text/event-stream")], headers].concat();
    let response = app.oneshot(request("GET", path, &all, Body::empty())).await.expect("the router never fails");
    (response.status(), response.into_body().into_data_stream())
}

async fn event(stream: &mut BodyDataStream) -> String {
    let bytes = stream.next().await.expect("the stream goes on").expect("it does not break");
    String::from_utf8(bytes.to_vec()).expect("events are text")
}

#[tokio::test]
async fn a_follower_hears_of_changes_as_they_happen() {
    let fake = several(1);
    let app = app(&fake);
    let (status, mut stream) = follow(app.clone(), "/changes", &[]).await;
    assert_eq!(status, StatusCode::OK);
    upload(app, 9).await;
    let heard = event(&mut stream).await;
    assert!(heard.contains("id: 2\n") && heard.contains("event: entry_admitted\n"), "{heard}");
    assert!(heard.contains(r#""title":"Image 9""#), "{heard}");
}

#[tokio::test]
async fn a_follower_who_comes_again_misses_nothing() {
    let fake = several(3);
    let (_, mut stream) = follow(app(&fake), "/changes?after=9", &[("last-event-id", "1")]).await;
    assert!(event(&mut stream).await.contains("id: 2\n"));
    assert!(event(&mut stream).await.contains("id: 3\n"));
}

#[tokio::test]
async fn followers_have_a_bounded_number_of_places() {
    let settings = || Settings { limits: Limits { followers_max: 1, ..Limits::default() }, ..Settings::default() };
    let app = app_with(&several(1), settings());
    let (_, stream) = follow(app.clone(), "/changes", &[]).await;
    let second =
        send(app.clone(), request("GET", "/changes?media=events", &[("accept", "application/json")], Body::empty()))
            .await;
    assert_eq!((second.status, second.header(header::RETRY_AFTER)), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    assert_eq!(get_metric(&app, "marketplace_http_refused_total{limit=\"followers\"}").await, 1);
    drop(stream);
    assert_eq!(follow(app, "/changes", &[]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn followers_are_let_go_when_the_node_stops() {
    let fake = several(1);
    let settings = Settings::default();
    let doors = Doors::new(&settings);
    let (_, mut stream) = follow(crate::router(fake, settings, doors.clone()), "/changes", &[]).await;
    doors.close();
    assert!(stream.next().await.is_none());
}
