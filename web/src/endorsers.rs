//! `GET /endorsers`: who endorses, and what.

pub(crate) mod entries;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use proto::email::Email;
use serde::Serialize;

use crate::asked::Asked;
use crate::bindings;
use crate::filter;
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{Endorser, Registry};
use crate::router::Face;
use crate::text;
use crate::urls;

const OFFERED: [Media; 3] = [Media::Xml, Media::Json, Media::Html];

/// Answers with the endorsers in the order of their addresses.
pub(crate) async fn list<R: Registry>(State(face): State<Face<R>>, asked: Asked) -> Result<Response, Problem> {
    let media = asked.choose(&OFFERED)?;
    let limit = filter::limit(&asked.parameters)?;
    let after = asked.parameters.first("after").map(str::parse::<Email>).transpose();
    let after = after.map_err(|error| Problem::bad_request("parameter", format!("after: {error}")))?;
    let endorsers = face.registry.endorsers(after, limit).await?;
    let last = endorsers.last().filter(|_| endorsers.len() == limit);
    let next = last.map(|last| format!("/endorsers?limit={limit}&after={}", urls::encode(last.email.as_str())));
    let mut response = match media {
        Media::Html => html(&face, &endorsers, next.as_deref())?,
        Media::Json => json(&asked, &endorsers, next.as_deref()),
        _ => bindings::answer(["email", "subject", "issuer"], endorsers.iter().map(bound)),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.extend(next.and_then(|next| asked.link_to_next(&next)).map(|link| (header::LINK, link)));
    Ok(response)
}

#[derive(Serialize)]
struct Item<'a> {
    email: &'a str,
    name: &'a str,
    subject: &'a str,
    issuer: &'a str,
    standing: &'static str,
    entries: u64,
    current: u64,
    latest: String,
    url: String,
}

#[derive(Serialize)]
struct List<'a> {
    items: Vec<Item<'a>>,
    next: Option<String>,
}

fn json(asked: &Asked, endorsers: &[Endorser], next: Option<&str>) -> Response {
    let items = endorsers.iter().map(|endorser| item(asked, endorser)).collect();
    axum::Json(List { items, next: next.map(|next| asked.absolute(next)) }).into_response()
}

fn item<'a>(asked: &Asked, endorser: &'a Endorser) -> Item<'a> {
    Item {
        email: endorser.email.as_str(),
        name: text::common_name(&endorser.subject),
        subject: &endorser.subject,
        issuer: &endorser.issuer,
        standing: endorser.standing.as_str(),
        entries: endorser.entries,
        current: endorser.current,
        latest: endorser.latest.to_string(),
        url: asked.absolute(&address(&endorser.email)),
    }
}

fn address(email: &Email) -> String {
    format!("/endorsers/{}", urls::encode(email.as_str()))
}

fn bound(endorser: &Endorser) -> [Option<String>; 3] {
    [endorser.email.to_string(), endorser.subject.clone(), endorser.issuer.clone()].map(Some)
}

struct Row<'a> {
    endorser: &'a Endorser,
    name: &'a str,
    address: String,
    latest: String,
}

#[derive(Template)]
#[template(path = "endorsers.html")]
struct EndorsersPage<'a> {
    frame: Frame<'a>,
    rows: Vec<Row<'a>>,
    next: Option<&'a str>,
}

fn html<R>(face: &Face<R>, endorsers: &[Endorser], next: Option<&str>) -> Result<Response, Problem> {
    page::html(&EndorsersPage {
        frame: Frame::new(&face.settings, "Endorsers", Section::Endorsers),
        rows: endorsers.iter().map(row).collect(),
        next,
    })
}

fn row(endorser: &Endorser) -> Row<'_> {
    Row {
        endorser,
        name: text::common_name(&endorser.subject),
        address: address(&endorser.email),
        latest: text::moment(endorser.latest),
    }
}
