//! Errors as answers: what a handler says went wrong, and the one place where it is written for each kind of client.

mod render;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::bounds::{CONFIRMATION_RETRY_AFTER_S, RETRY_AFTER_S};
use crate::media::Media;
use crate::registry::confirmation::ActionRefusal;
use crate::registry::{ListError, QueryError, RegistryError, UploadRefusal};
use crate::urls;

pub(crate) use render::render;

/// Why a request has no better answer.
///
/// As a response it is only a status that carries itself along; [`render`] writes it as the client reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The status.
    pub(crate) status: StatusCode,
    /// The stable name of the rule that was broken.
    pub(crate) rule: String,
    /// What is wrong with which value.
    pub(crate) detail: String,
    /// When to come again.
    pub(crate) retry_after_s: Option<u32>,
    /// The address, without the base path, of what the client should look at.
    pub(crate) see: Option<String>,
}

impl Problem {
    /// A problem with this status, rule and explanation.
    pub(crate) fn new(status: StatusCode, rule: &str, detail: impl Into<String>) -> Self {
        Self { status, rule: rule.to_owned(), detail: detail.into(), retry_after_s: None, see: None }
    }

    /// The sender's fault.
    pub(crate) fn bad_request(rule: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, rule, detail)
    }

    /// Nothing stands at this address.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// None of the representations is accepted.
    pub(crate) fn not_acceptable(offered: &[Media]) -> Self {
        let names = offered.iter().map(|media| format!("{} (media={})", media.content_type(), media.short_name()));
        let detail = format!("this resource is given as {}", names.collect::<Vec<_>>().join(", "));
        Self::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", detail)
    }

    /// The body has more bytes than are read.
    pub(crate) fn too_large(bytes_max: usize) -> Self {
        let detail = format!("the document is larger than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    }

    /// The body is of a type that is not read here.
    pub(crate) fn unsupported(given: &str, read: &str) -> Self {
        let detail = match given {
            "" => format!("the body has no content type, it must be {read}"),
            _ => format!("a body of type {given:?} is not read here, it must be {read}"),
        };
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", detail)
    }

    /// The machine's fault; the log says which.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the node failed to answer; its log says why")
    }

    fn retry(status: StatusCode, rule: &str, detail: String) -> Self {
        Self { retry_after_s: Some(RETRY_AFTER_S), ..Self::new(status, rule, detail) }
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        Self::retry(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string())
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::TooBroad => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too-broad", error.to_string()),
            ListError::Unavailable(error) => error.into(),
        }
    }
}

impl From<UploadRefusal> for Problem {
    fn from(refusal: UploadRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            UploadRefusal::Invalid { rule, .. } => {
                // The original's words, which its clients look for.
                let said = match rule.as_str() {
                    "xml" => format!("unable to parse metadata: {detail}"),
                    "no-signature" => format!("invalid metadata: no signature ({rule})"),
                    _ => format!("invalid metadata: {detail}"),
                };
                Self::bad_request(&rule, said)
            }
            UploadRefusal::Policy { rule, .. } => Self::new(StatusCode::FORBIDDEN, &rule, detail),
            UploadRefusal::Stale { reason, latest } => {
                let detail = format!("invalid metadata: older than latest entry: {reason}");
                let problem = Self::new(StatusCode::CONFLICT, "older-than-latest", detail);
                Self { see: Some(urls::entry(latest)), ..problem }
            }
            UploadRefusal::TooLarge { bytes_max } => Self::too_large(bytes_max),
            UploadRefusal::Overloaded => Self::retry(StatusCode::TOO_MANY_REQUESTS, "overloaded", detail),
            UploadRefusal::TooOften { retry_after_s, .. } => {
                let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate", detail);
                Self { retry_after_s: Some(retry_after_s), ..problem }
            }
            UploadRefusal::AddressBusy { .. } => {
                let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-confirmations", detail);
                Self { retry_after_s: Some(CONFIRMATION_RETRY_AFTER_S), ..problem }
            }
            UploadRefusal::ConfirmationsFull { .. } => {
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "confirmations-full", detail);
                Self { retry_after_s: Some(CONFIRMATION_RETRY_AFTER_S), ..problem }
            }
            UploadRefusal::Unavailable(error) => error.into(),
        }
    }
}

impl From<ActionRefusal> for Problem {
    fn from(refusal: ActionRefusal) -> Self {
        match refusal {
            ActionRefusal::Unknown => Self::new(StatusCode::NOT_FOUND, "unknown-link", refusal.to_string()),
            ActionRefusal::Upload(refusal) => refusal.into(),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let detail = error.to_string();
        match error {
            QueryError::Syntax(_) => Self::bad_request("query-syntax", detail),
            QueryError::NotAllowed(_) => Self::bad_request("query-not-allowed", detail),
            QueryError::Format(_) => Self::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", detail),
            QueryError::TimedOut { .. } => Self::new(StatusCode::REQUEST_TIMEOUT, "query-time", detail),
            QueryError::TooLarge { .. } => Self::bad_request("answer-too-large", detail),
            QueryError::OutOfMemory { .. } => Self::bad_request("query-memory", detail),
            QueryError::Overloaded => Self::retry(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail),
            QueryError::Unavailable(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
