//! Every change as it happens, for clients that stay.
//!
//! What is sent is read from the registry in its order, from where the client is; so nothing waits in memory for a slow
//! one, and who comes again with the number of its last change misses nothing.

use std::convert::Infallible;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, Stream, StreamExt as _};

use super::{number, shown};
use crate::asked::Asked;
use crate::bounds::{CHANGES_BATCH, KEEP_ALIVE};
use crate::doors::Follower;
use crate::problem::Problem;
use crate::registry::{Change, Registry, Walk};
use crate::router::Face;

/// The header by which a client names the last change that it has.
pub(crate) const LAST_EVENT_ID: &str = "last-event-id";

/// Answers with every change after the one that the client named last, else after the newest.
pub(super) async fn answer<R: Registry>(face: Face<R>, asked: Asked, headers: &HeaderMap) -> Result<Response, Problem> {
    let named = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).and_then(|id| id.trim().parse().ok());
    let position = match named.filter(|id| i64::try_from(*id).is_ok()).or(number(&asked, "after")?) {
        Some(after) => after,
        None => newest(&face).await?,
    };
    let follower = face.doors.follow()?;
    let mut response = Sse::new(events(Following { face, asked, position, _place: follower }))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies of this kind would keep events back until there are many.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

async fn newest<R: Registry>(face: &Face<R>) -> Result<u64, Problem> {
    let newest = face.registry.changes(Walk::Back { before: None }, 1).await?;
    Ok(newest.first().map_or(0, |change| change.number))
}

/// A client with what it has taken.
struct Following<R> {
    face: Face<R>,
    asked: Asked,
    position: u64,
    _place: Follower,
}

fn events<R: Registry>(following: Following<R>) -> impl Stream<Item = Result<Event, Infallible>> {
    let batches = stream::unfold(following, |mut following| async move {
        let batch = following.next().await?;
        let now = following.face.registry.now().timestamp();
        let events: Vec<_> = batch.iter().map(|change| Ok(event(change, &following.asked, now))).collect();
        Some((stream::iter(events), following))
    });
    batches.flatten()
}

impl<R: Registry> Following<R> {
    /// The next changes, once there are some; none where the node stops or cannot answer, so that the client comes again.
    async fn next(&mut self) -> Option<Vec<Change>> {
        loop {
            let changes = self.face.registry.changes(Walk::On { after: self.position }, CHANGES_BATCH).await.ok()?;
            if let Some(last) = changes.last() {
                self.position = last.number;
                return Some(changes);
            }
            tokio::select! {
                () = self.face.doors.closing() => return None,
                changed = self.face.registry.changed(self.position) => changed.ok()?,
            }
        }
    }
}

fn event(change: &Change, asked: &Asked, now: proto::timestamp::Timestamp) -> Event {
    let event = Event::default().id(change.number.to_string()).event(change.kind.word());
    // What is written has only texts as keys, and so is JSON.
    event.json_data(shown(change, asked, now)).unwrap_or_default()
}
