//! `GET /tag/{email}/{tag}` and `GET /endorsers/{email}/tags`: the names that endorsers give to images.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use proto::email::Email;
use serde::Serialize;

use crate::asked::Asked;
use crate::bindings;
use crate::filter;
use crate::media::Media;
use crate::metadata::entry::{Permanence, represent};
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{Registry, Tag};
use crate::router::Face;
use crate::urls;

const OFFERED: [Media; 3] = [Media::Xml, Media::Json, Media::Html];

/// Answers with the entry of the newest image under a tag.
pub(crate) async fn newest<R: Registry>(
    State(face): State<Face<R>>,
    Path((email, tag)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    answer(&face, &asked, endorser(&email)?, &tag).await
}

/// Answers with the entry of the newest image under `tag`, which may stand in quotation marks, as the original's did.
pub(crate) async fn answer<R: Registry>(
    face: &Face<R>,
    asked: &Asked,
    email: Email,
    tag: &str,
) -> Result<Response, Problem> {
    let quoted = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let record = face.registry.tagged(email, quoted.unwrap_or(tag).to_owned()).await?;
    let record =
        record.ok_or_else(|| Problem::not_found("metadata entry not found: no image stands under this tag"))?;
    represent(face, asked, &record, Permanence::Revalidated).await
}

#[derive(Serialize)]
struct Item<'a> {
    tag: &'a str,
    entries: u64,
    latest: String,
    url: String,
}

#[derive(Serialize)]
struct List<'a> {
    items: Vec<Item<'a>>,
    next: Option<String>,
}

/// Answers with the tags of an endorser by name, those of superseded entries among them.
pub(crate) async fn list<R: Registry>(
    State(face): State<Face<R>>,
    Path(email): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let media = asked.choose(&OFFERED)?;
    let (email, limit) = (endorser(&email)?, filter::limit(&asked.parameters)?);
    let after = asked.parameters.first("after").unwrap_or_default().to_owned();
    let tags = face.registry.tags(email.clone(), after, limit).await?;
    let last = tags.last().filter(|_| tags.len() == limit);
    let path = urls::tags(email.as_str());
    let next = last.map(|last| format!("{path}?limit={limit}&after={}", urls::encode(&last.name)));
    let mut response = match media {
        Media::Html => html(&face, &email, &tags, next.as_deref())?,
        Media::Json => {
            let items = tags.iter().map(|tag| item(tag, &email, &asked)).collect();
            axum::Json(List { items, next: next.as_ref().map(|next| asked.absolute(next)) }).into_response()
        }
        _ => bindings::answer(["tag"], tags.iter().map(|tag| [Some(tag.name.clone())])),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.extend(next.and_then(|next| asked.link_to_next(&next)).map(|link| (header::LINK, link)));
    Ok(response)
}

fn endorser(email: &str) -> Result<Email, Problem> {
    email.parse().map_err(|error| Problem::not_found(format!("endorser not found: {error}")))
}

fn item<'a>(tag: &'a Tag, email: &Email, asked: &Asked) -> Item<'a> {
    let url = asked.absolute(&urls::tag(email.as_str(), &tag.name));
    Item { tag: &tag.name, entries: tag.entries, latest: tag.latest.to_string(), url }
}

#[derive(Template)]
#[template(path = "tags.html")]
struct TagsPage<'a> {
    frame: Frame<'a>,
    email: &'a str,
    rows: Vec<(&'a Tag, String)>,
    next: Option<&'a str>,
}

fn html<R>(face: &Face<R>, email: &Email, tags: &[Tag], next: Option<&str>) -> Result<Response, Problem> {
    let rows = tags.iter().map(|tag| (tag, urls::tag(email.as_str(), &tag.name))).collect();
    page::html(&TagsPage {
        frame: Frame::new(&face.settings, "Tags", Section::Endorsers),
        email: email.as_str(),
        rows,
        next,
    })
}
