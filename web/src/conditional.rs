//! Validators and conditional requests (RFC 9110 sections 8.8 and 13) for all that is read.

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use proto::digest::Sha256Digest;

use crate::bounds::TAGGED_BYTES_MAX;
use crate::problem::Problem;

/// Has HEAD answered as GET whose body is left out, so that both have the same headers.
pub(crate) async fn head(mut request: Request, next: Next) -> Response {
    if request.method() != Method::HEAD {
        return next.run(request).await;
    }
    *request.method_mut() = Method::GET;
    without_body(next.run(request).await)
}

/// Gives a tag to what is read and has none, and answers 304 where the client holds it already.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let asked = request.headers().clone();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    match tagged(response).await {
        Ok(response) if is_held(&asked, response.headers()) => not_modified(response),
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

/// A body that is there as a whole is its own validator; the tag is weak, as compressed and plain answers share it.
pub(crate) async fn tagged(response: Response) -> Result<Response, Problem> {
    let length = response.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let is_kept = response.headers().get(header::CACHE_CONTROL).is_none_or(|value| value != "no-store");
    let (mut parts, body) = response.into_parts();
    if is_kept {
        parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    }
    if parts.headers.contains_key(header::ETAG) || !is_kept || length.is_none_or(|length| length > TAGGED_BYTES_MAX) {
        return Ok(Response::from_parts(parts, body));
    }
    let whole = to_bytes(body, TAGGED_BYTES_MAX).await.map_err(|error| {
        tracing::error!(%error, "an answer that stands in memory cannot be read");
        Problem::internal()
    })?;
    let tag = format!("W/\"{}\"", Sha256Digest::of(&whole));
    parts.headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    Ok(Response::from_parts(parts, Body::from(whole)))
}

/// Whether the client holds what this answer would bring; the date counts only where it named no tag (section 13.2.2).
fn is_held(asked: &HeaderMap, answer: &HeaderMap) -> bool {
    if asked.contains_key(header::IF_NONE_MATCH) {
        let held = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        return held.flat_map(|list| list.split(',')).any(|tag| matches(tag.trim(), answer));
    }
    let date = |headers: &HeaderMap, name| {
        headers.get(name).and_then(|value| value.to_str().ok()).and_then(|text| httpdate::parse_http_date(text).ok())
    };
    let changed = date(answer, header::LAST_MODIFIED);
    date(asked, header::IF_MODIFIED_SINCE).zip(changed).is_some_and(|(held, changed)| changed <= held)
}

fn matches(tag: &str, answer: &HeaderMap) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let own = answer.get(header::ETAG).and_then(|value| value.to_str().ok());
    tag == "*" || own.is_some_and(|own| opaque(own) == opaque(tag))
}

/// What describes a body goes with it; the rest stays as the answer would have had it (section 15.4.5).
fn not_modified(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    for described in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_DISPOSITION] {
        response.headers_mut().remove(described);
    }
    response
}

fn without_body(mut response: Response) -> Response {
    if let Some(length) = response.body().size_hint().exact().filter(|_| response.status() != StatusCode::NOT_MODIFIED)
    {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
    response
}
