//! `POST /metadata` and the form that posts to it.

use askama::Template;
use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use serde::Serialize;

use crate::asked::Asked;
use crate::bounds::MULTIPART_PARTS_MAX;
use crate::cross_site::refuse_foreign_form;
use crate::doors::Limit;
use crate::media::{self, Media};
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::confirmation::Awaited;
use crate::registry::{Located, Registry, Scope, UploadRefusal, Uploaded};
use crate::router::Face;
use crate::{text, urls};

const OFFERED: [Media; 3] = [Media::Text, Media::Json, Media::Html];
const DOCUMENT_TYPES: &str = "application/rdf+xml, application/xml or a form with a file";

/// Takes a document from a raw body, or from the first part with a file name of a form.
pub(crate) async fn accept<R: Registry>(
    State(face): State<Face<R>>,
    asked: Asked,
    request: Request,
) -> Result<Response, Problem> {
    let scope = scope(&asked)?;
    let document = document(&face, request).await?;
    let uploaded = face.registry.upload(document, scope).await.inspect_err(|refusal| {
        if matches!(refusal, UploadRefusal::TooOften { .. }) {
            face.doors.metrics().refused(Limit::UploadsOfEndorser);
        }
    })?;
    answer(&face, &asked, &uploaded)
}

fn scope(asked: &Asked) -> Result<Scope, Problem> {
    match asked.parameters.first("scope") {
        None | Some("federated") => Ok(Scope::Federated),
        Some("local") => Ok(Scope::Local),
        Some(other) => {
            Err(Problem::bad_request("parameter", format!("scope: {other:?} is neither local nor federated")))
        }
    }
}

async fn document<R>(face: &Face<R>, request: Request) -> Result<Bytes, Problem> {
    let bytes_max = face.settings.document_bytes_max;
    let given = media::of_body(request.headers());
    let document = match given.as_str() {
        "application/rdf+xml" | "application/xml" | "text/xml" => raw(request.into_body(), bytes_max).await?,
        "multipart/form-data" => {
            refuse_foreign_form(request.headers(), request.uri(), &face.settings)?;
            first_file(request, bytes_max).await?
        }
        _ => return Err(Problem::unsupported(&given, DOCUMENT_TYPES)),
    };
    if document.is_empty() { Err(Problem::bad_request("empty", "post with null entity")) } else { Ok(document) }
}

/// The bound is held while reading, whatever the length that the client announced.
async fn raw(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut document = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request("body", format!("the body broke off: {error}")))?;
        append(&mut document, &chunk, bytes_max)?;
    }
    Ok(document.into())
}

fn append(document: &mut Vec<u8>, chunk: &[u8], bytes_max: usize) -> Result<(), Problem> {
    if document.len() + chunk.len() > bytes_max {
        return Err(Problem::too_large(bytes_max));
    }
    document.extend_from_slice(chunk);
    Ok(())
}

async fn first_file(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let none = || Problem::bad_request("multipart", "no valid file uploaded");
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| none())?;
    for _ in 0..MULTIPART_PARTS_MAX {
        let Some(part) = form.next_field().await.map_err(|error| broken(&error, bytes_max))? else { break };
        if part.file_name().is_some_and(|name| !name.is_empty()) {
            return file(part, bytes_max).await;
        }
    }
    Err(none())
}

async fn file(mut part: Field<'_>, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut document = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error, bytes_max))? {
        append(&mut document, &chunk, bytes_max)?;
    }
    Ok(document.into())
}

fn broken(error: &MultipartError, bytes_max: usize) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(bytes_max),
        _ => Problem::bad_request("multipart", format!("no valid file uploaded: {}", error.body_text())),
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    result: &'static str,
    entry: String,
    url: &'a str,
    entry_url: String,
    standing: &'static str,
}

fn answer<R>(face: &Face<R>, asked: &Asked, uploaded: &Uploaded) -> Result<Response, Problem> {
    let (status, result, located) = match uploaded {
        Uploaded::Created(located) => (StatusCode::CREATED, "created", located),
        Uploaded::AlreadyHeld(located) => (StatusCode::OK, "already held", located),
        Uploaded::Awaiting(awaited) => return awaiting(face, asked, awaited),
    };
    let url = asked.absolute(&urls::coordinates(&located.at));
    let mut response = match asked.choose_or_first(&OFFERED) {
        Media::Html => html(face, status, located)?,
        Media::Json => axum::Json(Answer {
            result,
            entry: located.entry.to_string(),
            url: &url,
            entry_url: asked.absolute(&urls::entry(located.entry)),
            standing: located.standing.as_str(),
        })
        .into_response(),
        _ => {
            ([(header::CONTENT_TYPE, Media::Text.content_type())], format!("metadata entry {result}\n")).into_response()
        }
    };
    *response.status_mut() = status;
    response.headers_mut().extend(url.parse().ok().map(|url| (header::LOCATION, url)));
    Ok(response)
}

#[derive(Template)]
#[template(path = "uploaded.html")]
struct UploadedPage<'a> {
    frame: Frame<'a>,
    is_new: bool,
    located: &'a Located,
    address: String,
    exact: String,
    standing_reason: &'static str,
}

fn html<R>(face: &Face<R>, status: StatusCode, located: &Located) -> Result<Response, Problem> {
    page::html(&UploadedPage {
        frame: Frame::new(&face.settings, "Uploaded", Section::Upload),
        is_new: status == StatusCode::CREATED,
        located,
        address: urls::coordinates(&located.at),
        exact: urls::entry(located.entry),
        standing_reason: text::standing_reason(located.standing),
    })
}

/// What the original said, too.
const ASKED: &str = "confirmation email sent for new metadata entry";

#[derive(Serialize)]
struct AwaitingAnswer<'a> {
    result: &'static str,
    detail: &'static str,
    entry: String,
    email: &'a str,
    expires: String,
}

#[derive(Template)]
#[template(path = "awaiting.html")]
struct AwaitingPage<'a> {
    frame: Frame<'a>,
    awaited: &'a Awaited,
    expires: String,
}

/// There is no entry yet, and so no `Location`.
fn awaiting<R>(face: &Face<R>, asked: &Asked, awaited: &Awaited) -> Result<Response, Problem> {
    let expires = awaited.expires.timestamp().to_string();
    let mut response = match asked.choose_or_first(&OFFERED) {
        Media::Html => page::html(&AwaitingPage {
            frame: Frame::new(&face.settings, "Confirm by e-mail", Section::Upload),
            awaited,
            expires,
        })?,
        Media::Json => axum::Json(AwaitingAnswer {
            result: "awaiting confirmation",
            detail: ASKED,
            entry: awaited.entry.to_string(),
            email: awaited.at.email.as_str(),
            expires,
        })
        .into_response(),
        _ => ([(header::CONTENT_TYPE, Media::Text.content_type())], format!("{ASKED}\n")).into_response(),
    };
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

#[derive(Template)]
#[template(path = "upload.html")]
struct FormPage<'a> {
    frame: Frame<'a>,
    size_max: String,
}

/// Answers with the form.
pub(crate) async fn form<R: Registry>(State(face): State<Face<R>>) -> Result<Response, Problem> {
    page::html(&FormPage {
        frame: Frame::new(&face.settings, "Upload", Section::Upload),
        size_max: text::size(face.settings.document_bytes_max.try_into().unwrap_or(u64::MAX)),
    })
}
