//! `OPTIONS`: what can be done at an address, and what stands behind it; as the paper about the original promised.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::home::Counted;
use crate::problem::Problem;
use crate::registry::{Registry, Walk};
use crate::router::Face;

const PREFLIGHT: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;

/// Answers what a browser asks before it reads from another site as the routes do, and every other question here.
pub(crate) async fn answer<R: Registry>(State(face): State<Face<R>>, mut request: Request, next: Next) -> Response {
    if request.method() != Method::OPTIONS || request.headers().contains_key(PREFLIGHT) {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    // No route has this method, so that the refusal names those that it has.
    *request.method_mut() = Method::TRACE;
    let refused = next.run(request).await;
    let Some(allowed) = allowed(&refused) else { return refused };
    let is_about_registry = path == "/" || path == "/metadata";
    let mut response = match is_about_registry.then_some(statistics(&face)) {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(statistics) => match statistics.await {
            Ok(statistics) => Json(statistics).into_response(),
            Err(problem) => return problem.into_response(),
        },
    };
    response.headers_mut().insert(header::ALLOW, allowed);
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn allowed(refused: &Response) -> Option<HeaderValue> {
    let allow = refused.headers().get(header::ALLOW)?.to_str().ok()?;
    let methods = allow.split(',').map(str::trim).filter(|method| !method.is_empty());
    HeaderValue::from_str(&methods.chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")).ok()
}

/// What a registry holds, and what changed last.
#[derive(Serialize)]
struct Statistics {
    #[serde(flatten)]
    counted: Counted,
    last_change: Option<LastChange>,
}

#[derive(Serialize)]
struct LastChange {
    change: u64,
    at: String,
    entry: String,
}

async fn statistics<R: Registry>(face: &Face<R>) -> Result<Statistics, Problem> {
    let counts = face.registry.counts().await?;
    let last = face.registry.changes(Walk::Back { before: None }, 1).await?;
    let last_change = last.first().map(|change| LastChange {
        change: change.number,
        at: change.at.to_string(),
        entry: change.entry.to_string(),
    });
    Ok(Statistics { counted: (&counts).into(), last_change })
}
