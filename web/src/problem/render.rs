//! A problem as the client reads it: a page, `<error>`, `application/problem+json` or text.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Problem;
use crate::asked::Parameters;
use crate::media::{self, Accept, Media};
use crate::page::{Frame, Section};
use crate::settings::Settings;
use crate::text;

const OFFERED: [Media; 4] = [Media::Text, Media::Html, Media::Xml, Media::Json];

/// Writes every problem that passes, and every bare refusal of the frameworks, in the client's representation.
pub(crate) async fn render(State(settings): State<Arc<Settings>>, request: Request, next: Next) -> Response {
    let media = chosen(request.headers(), &Parameters::of(request.uri()));
    let is_secret = request.uri().path().contains(ACTIONS);
    let response = next.run(request).await;
    let Some(problem) = problem_in(&response) else { return response };
    let mut written = write(&problem, response.headers(), media, &settings);
    if !is_secret {
        // Scripts of other sites read why as they read answers, wherever it was refused.
        written.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let told = HeaderValue::from_static("allow, retry-after, x-request-id");
        written.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, told);
    }
    written
}

/// The addresses below it are secrets of their readers.
const ACTIONS: &str = "/action/";

/// SPARQL results and graphs have no form for errors; their readers get the nearest one that has.
fn chosen(headers: &HeaderMap, parameters: &Parameters) -> Media {
    let accept = Accept::of(headers);
    match parameters.first("media") {
        Some(name) => media::by_short_name(name, &OFFERED),
        None => accept.choose(&OFFERED).or_else(|| match accept.choose(&[Media::ResultsXml, Media::ResultsJson]) {
            Some(Media::ResultsXml) => Some(Media::Xml),
            Some(_) => Some(Media::Json),
            None => None,
        }),
    }
    .unwrap_or(Media::Text)
}

fn problem_in(response: &Response) -> Option<Problem> {
    let status = response.status();
    let carried = response.extensions().get::<Problem>().cloned();
    let is_error = status.is_client_error() || status.is_server_error();
    carried.or_else(|| (is_error && is_bare(response.headers())).then(|| of_status(status)))
}

/// The frameworks refuse with a sentence or nothing; a page that shows its own error is left alone.
fn is_bare(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|value| value.as_bytes().starts_with(b"text/plain"))
}

/// What the frameworks refuse says no more than its status.
fn of_status(status: StatusCode) -> Problem {
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => "this address does not answer to that method",
        StatusCode::REQUEST_TIMEOUT => "the request took too long to arrive or to answer",
        StatusCode::BAD_REQUEST => "the request cannot be read",
        _ => status.canonical_reason().unwrap_or("the request failed"),
    };
    let rule = status.canonical_reason().unwrap_or("error").to_ascii_lowercase().replace(' ', "-");
    Problem::new(status, &rule, detail)
}

fn write(problem: &Problem, kept: &HeaderMap, media: Media, settings: &Settings) -> Response {
    let (content_type, body) = match media {
        Media::Html => (Media::Html.content_type(), page(problem, settings)),
        Media::Xml => (Media::Xml.content_type(), xml(problem)),
        Media::Json => ("application/problem+json", json(problem, settings)),
        _ => (Media::Text.content_type(), format!("{}\n", problem.detail)),
    };
    let mut response = (problem.status, [(header::CONTENT_TYPE, content_type)], body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(allow) = kept.get(header::ALLOW) {
        headers.insert(header::ALLOW, allow.clone());
    }
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[derive(Serialize)]
struct Json<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    rule: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    see: Option<String>,
}

fn json(problem: &Problem, settings: &Settings) -> String {
    let document = Json {
        r#type: "about:blank",
        title: problem.status.canonical_reason().unwrap_or("Error"),
        status: problem.status.as_u16(),
        rule: &problem.rule,
        detail: &problem.detail,
        see: problem.see.as_ref().map(|see| format!("{}{see}", settings.base_path.as_str())),
    };
    serde_json::to_string(&document).unwrap_or_else(|_| "{}".to_owned())
}

fn xml(problem: &Problem) -> String {
    let detail = text::escape_xml(&problem.detail);
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error>{detail}</error>\n")
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Page<'a> {
    frame: Frame<'a>,
    problem: &'a Problem,
}

fn page(problem: &Problem, settings: &Settings) -> String {
    let title = problem.status.canonical_reason().unwrap_or("Error");
    let page = Page { frame: Frame::new(settings, title, Section::Other), problem };
    page.render().unwrap_or_else(|_| "the page of this error cannot be written".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_an_xml_error_is_escaped() {
        let problem = Problem::not_found("no <script> & \"more\"");
        assert!(xml(&problem).contains("<error>no &lt;script&gt; &amp; &quot;more&quot;</error>"));
    }

    #[test]
    fn a_client_of_results_gets_the_nearest_form_of_an_error() {
        let of = |accept: &'static str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            chosen(&headers, &Parameters::default())
        };
        assert_eq!(of("application/sparql-results+json"), Media::Json);
        assert_eq!(of("application/sparql-results+xml"), Media::Xml);
        assert_eq!(of("text/turtle"), Media::Text);
    }
}
