//! The face as clients see it: requests through the router over a registry in memory.

mod actions;
mod caching;
mod changes;
mod entries;
mod history;
mod limits;
mod lists;
mod openapi;
mod pages;
mod protocol;
mod queries;
mod uploads;
mod weaknesses;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use tower::ServiceExt as _;

use crate::doors::Doors;
use crate::fake::{Fake, signed, template};
use crate::settings::Settings;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const CREATED: &str = "2014-03-08T14:10:40Z";

/// A whole answer.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

fn app(fake: &Fake) -> Router {
    app_with(fake, Settings::default())
}

fn app_with(fake: &Fake, settings: Settings) -> Router {
    let doors = Doors::new(&settings);
    crate::router(fake.clone(), settings, doors)
}

async fn send(app: Router, request: Request<Body>) -> Answer {
    let response = app.oneshot(request).await.expect("the router never fails");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 64 << 20).await.expect("the body is complete").to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path).header("host", "mp.example.org");
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(body.into()).expect("the test's request is good")
}

async fn get(fake: &Fake, path: &str, accept: &str) -> Answer {
    let headers = [("accept", accept)];
    let headers = if accept.is_empty() { &[] } else { headers.as_slice() };
    send(app(fake), request("GET", path, headers, Body::empty())).await
}

async fn post(fake: &Fake, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    send(app(fake), request("POST", path, headers, body)).await
}

/// Entries of the images 1 to `count`, one minute apart.
fn several(count: u8) -> Fake {
    let document = |image| signed(&template(image), &format!("2014-03-08T14:{image:02}:00Z"));
    Fake::holding((1..=count).map(document))
}

/// The value of a figure as `/metrics` has it.
async fn get_metric(app: &Router, name: &str) -> u64 {
    let figures = send(app.clone(), request("GET", "/metrics", &[], Body::empty())).await.text();
    let line = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    line.unwrap_or_else(|| panic!("no figure {name} in {figures}"))
}
