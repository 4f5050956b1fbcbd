//! `GET /changes`: what happened to entries, so that mirrors and portals need not read lists again and again.

mod atom;
mod stream;

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use proto::timestamp::Timestamp;
use serde::Serialize;

use crate::asked::Asked;
use crate::bounds::{CHANGES_LIMIT_DEFAULT, CHANGES_LIMIT_MAX, CHANGES_WAIT_S_MAX};
use crate::media::Media;
use crate::problem::Problem;
use crate::registry::{Change, Registry, Walk};
use crate::router::Face;
use crate::summary::Item;

pub(crate) use stream::LAST_EVENT_ID;

const OFFERED: [Media; 3] = [Media::Json, Media::Atom, Media::Events];

/// Answers with a page of changes, as a feed for people, or with every change as it happens.
pub(crate) async fn show<R: Registry>(
    State(face): State<Face<R>>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    let media = asked.choose(&OFFERED)?;
    if media == Media::Events {
        return stream::answer(face, asked, &headers).await;
    }
    let (walk, limit) = (walk(&asked)?, limit(&asked)?);
    let wait_s = wait_s(&asked)?;
    let mut changes = face.registry.changes(walk, limit).await?;
    if let (Walk::On { after }, Some(wait_s), true) = (walk, wait_s, changes.is_empty()) {
        wait(&face, after, wait_s).await?;
        changes = face.registry.changes(walk, limit).await?;
    }
    let page = Page { walk, limit, changes };
    let mut response = match media {
        Media::Atom => atom::answer(&face, &asked, &page),
        _ => json(&face, &asked, &page),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.extend(page.link(&asked).map(|link| (header::LINK, link)));
    Ok(response)
}

/// A page of changes, and what was asked for.
struct Page {
    walk: Walk,
    limit: usize,
    changes: Vec<Change>,
}

/// A change as an object of JSON.
#[derive(Serialize)]
struct Shown<'a> {
    change: u64,
    event: &'static str,
    at: String,
    entry: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Item<'a>>,
}

#[derive(Serialize)]
struct List<'a> {
    items: Vec<Shown<'a>>,
    next: Option<String>,
}

fn json<R: Registry>(face: &Face<R>, asked: &Asked, page: &Page) -> Response {
    let now = face.registry.now().timestamp();
    let items = page.changes.iter().map(|change| shown(change, asked, now)).collect();
    axum::Json(List { items, next: page.next(asked) }).into_response()
}

fn shown<'a>(change: &'a Change, asked: &Asked, now: Timestamp) -> Shown<'a> {
    Shown {
        change: change.number,
        event: change.kind.word(),
        at: change.at.to_string(),
        entry: change.entry.to_string(),
        url: asked.absolute(&crate::urls::entry(change.entry)),
        item: change.summary.as_ref().map(|summary| Item::of(summary, asked, now)),
    }
}

impl Page {
    /// The address of the next page. Going back there is none at the end; going on there always is one, for what comes.
    fn next(&self, asked: &Asked) -> Option<String> {
        let limit = self.limit;
        let last = self.changes.last().map(|change| change.number);
        let place = match self.walk {
            Walk::On { after } => format!("after={}", last.unwrap_or(after)),
            Walk::Back { .. } => format!("before={}", last.filter(|_| self.changes.len() == limit)?),
        };
        let kept = ["media", "wait"].into_iter().filter_map(|name| {
            asked.parameters.first(name).map(|value| format!("&{name}={}", crate::urls::encode(value)))
        });
        Some(asked.absolute(&format!("/changes?limit={limit}&{place}{}", kept.collect::<String>())))
    }

    fn link(&self, asked: &Asked) -> Option<HeaderValue> {
        format!("<{}>; rel=\"next\"", self.next(asked)?).parse().ok()
    }
}

/// Waits for a change after `after`, but for no longer than `wait_s` seconds.
async fn wait<R: Registry>(face: &Face<R>, after: u64, wait_s: u64) -> Result<(), Problem> {
    let _place = face.doors.follow()?;
    tokio::select! {
        changed = face.registry.changed(after) => Ok(changed?),
        () = tokio::time::sleep(Duration::from_secs(wait_s)) => Ok(()),
        () = face.doors.closing() => Ok(()),
    }
}

fn walk(asked: &Asked) -> Result<Walk, Problem> {
    match (number(asked, "after")?, number(asked, "before")?) {
        (Some(_), Some(_)) => Err(Problem::bad_request("parameter", "after and before exclude each other")),
        (Some(after), None) => Ok(Walk::On { after }),
        (None, before) => Ok(Walk::Back { before }),
    }
}

fn limit(asked: &Asked) -> Result<usize, Problem> {
    let limit =
        number(asked, "limit")?.map_or(CHANGES_LIMIT_DEFAULT, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let is_fit = (1..=CHANGES_LIMIT_MAX).contains(&limit);
    is_fit.then_some(limit).ok_or_else(|| out_of_range("limit", limit as u64, 1, CHANGES_LIMIT_MAX as u64))
}

fn wait_s(asked: &Asked) -> Result<Option<u64>, Problem> {
    match number(asked, "wait")? {
        Some(wait) if wait > CHANGES_WAIT_S_MAX => Err(out_of_range("wait", wait, 0, CHANGES_WAIT_S_MAX)),
        wait => Ok(wait),
    }
}

fn out_of_range(name: &str, given: u64, least: u64, most: u64) -> Problem {
    Problem::bad_request("parameter", format!("{name}: {given} is not within {least} to {most}"))
}

/// A change's number fits into the ledger's.
fn number(asked: &Asked, name: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = asked.parameters.first(name) else { return Ok(None) };
    let number = text.parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok());
    number.map(Some).ok_or_else(|| Problem::bad_request("parameter", format!("{name}: {text:?} is not a number")))
}
