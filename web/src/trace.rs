//! What is noted of every request: its name in answer and log, its place in the figures, and a line when it is done.
//!
//! Neither the client's address nor the query part is logged, nor the secrets that a path may hold.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::origin::{self, REQUEST_ID};
use crate::registry::Registry;
use crate::router::Face;

/// The target of the lines about requests, by which a log filter names them.
const ACCESS: &str = "access";

/// Names the request, has it answered, and notes how.
pub(crate) async fn trace<R: Registry>(State(face): State<Face<R>>, request: Request, next: Next) -> Response {
    let started = face.registry.now();
    let (mut parts, body) = request.into_parts();
    let origin = origin::settle(&mut parts, &face.settings);
    let id = origin::given_id(&parts.headers).unwrap_or_else(|| face.doors.next_request_id(started));
    parts.extensions.insert(origin);
    let route = Route::default();
    parts.extensions.insert(route.clone());
    let method = parts.method.clone();
    let path = without_secret(parts.uri.path()).into_owned();
    let span = tracing::info_span!("request", id);
    let request = Request::from_parts(parts, body);
    let mut response = next.run(request).instrument(span).await;
    let ms = face.registry.now().ms_since(started);
    let status = response.status().as_u16();
    face.doors.metrics().answered(&method, route.matched().map_or("none", MatchedPath::as_str), status, ms);
    tracing::info!(target: ACCESS, request = id, %method, path, status, ms, "answered");
    response.headers_mut().extend(HeaderValue::from_str(&id).ok().map(|id| (REQUEST_NAME, id)));
    response
}

const REQUEST_NAME: axum::http::HeaderName = axum::http::HeaderName::from_static(REQUEST_ID);

/// The route that answers, once it is known; a refusal is written anew on its way out, and so the request carries it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route(Arc<OnceLock<MatchedPath>>);

impl Route {
    /// The route, where it is known.
    pub(crate) fn matched(&self) -> Option<&MatchedPath> {
        self.0.get()
    }

    /// Says which it is; once, as a request has one route.
    pub(crate) fn note(&self, matched: MatchedPath) {
        let _ = self.0.set(matched);
    }
}

/// Notes by which route the request is answered.
pub(crate) async fn note_route(matched: MatchedPath, request: Request, next: Next) -> Response {
    if let Some(route) = request.extensions().get::<Route>() {
        route.note(matched);
    }
    next.run(request).await
}

/// The links that are mailed have their secret in the path.
fn without_secret(path: &str) -> Cow<'_, str> {
    const SECRET_AFTER: &str = "/action/";
    match path.find(SECRET_AFTER) {
        Some(at) => Cow::Owned(format!("{}{SECRET_AFTER}…", &path[..at])),
        None => Cow::Borrowed(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_mailed_link_is_not_logged() {
        assert_eq!(without_secret("/base/action/secret/confirm"), "/base/action/…");
        assert_eq!(without_secret("/metadata/a"), "/metadata/a");
    }
}
