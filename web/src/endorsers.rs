//! `GET /endorsers`: who endorses, and what.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use proto::email::Email;
use serde::Serialize;

use crate::asked::Asked;
use crate::filter;
use crate::media::Media;
use crate::metadata;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{Endorser, Registry, Status};
use crate::router::Face;
use crate::text::{self, escape_xml};
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
        _ => ([(header::CONTENT_TYPE, Media::Xml.content_type())], xml(&endorsers)).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    if let Some(link) = next.and_then(|next| format!("<{}>; rel=\"next\"", asked.absolute(&next)).parse().ok()) {
        headers.insert(header::LINK, link);
    }
    Ok(response)
}

/// Answers with the current entries of an endorser, in whatever state unless one is asked for.
pub(crate) async fn show<R: Registry>(
    State(face): State<Face<R>>,
    Path(email): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let email = email.parse::<Email>().map_err(|error| Problem::not_found(format!("endorser not found: {error}")))?;
    let mut filter = filter::read(&[email.to_string()], &asked.parameters)?;
    if asked.parameters.first("status").is_none() {
        filter.status = Status::All;
    }
    metadata::list::answer(&face, &asked, filter).await
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

/// SPARQL results, as the original gave them.
fn xml(endorsers: &[Endorser]) -> String {
    let binding = |name: &str, value: &str| {
        format!("<binding name=\"{name}\"><literal>{}</literal></binding>", escape_xml(value))
    };
    let result = |endorser: &Endorser| {
        let bindings = [
            binding("email", endorser.email.as_str()),
            binding("subject", &endorser.subject),
            binding("issuer", &endorser.issuer),
        ];
        format!("<result>{}</result>\n", bindings.concat())
    };
    let results = endorsers.iter().map(result).collect::<String>();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sparql xmlns=\"http://www.w3.org/2005/sparql-results#\">\n\
         <head><variable name=\"email\"/><variable name=\"subject\"/><variable name=\"issuer\"/></head>\n\
         <results>\n{results}</results>\n</sparql>\n"
    )
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
