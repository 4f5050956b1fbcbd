//! Answers that are kept for as long as they would be given again: within one second, while the registry is unchanged.
//!
//! A second is what answers know of time, and the revision of the registry counts all that they are read from; so what
//! is kept is never older than what would be read. Pages are not kept: they show the settings, too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use proto::timestamp::Timestamp;

use crate::bounds::{ANSWER_KEPT_BYTES_MAX, ANSWERS_KEPT_BYTES_MAX, TAGGED_BYTES_MAX};
use crate::conditional;
use crate::origin::Origin;
use crate::problem::Problem;
use crate::registry::Registry;
use crate::router::Face;
use crate::trace::Route;

/// The answers of one moment.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    moment: Option<Moment>,
    by_question: HashMap<Question, Arc<Answer>>,
    bytes: usize,
}

/// When answers are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    second: Timestamp,
    revision: u64,
}

/// All of a request that an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    uri: Uri,
    scheme: Option<&'static str>,
    host: Vec<u8>,
    accept: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Answer {
    route: Option<MatchedPath>,
    headers: HeaderMap,
    body: Bytes,
}

impl Kept {
    fn answer(&self, moment: Moment, question: &Question) -> Option<Arc<Answer>> {
        let answers = self.answers();
        (answers.moment == Some(moment)).then(|| answers.by_question.get(question).cloned()).flatten()
    }

    fn keep(&self, moment: Moment, question: Question, answer: Answer) {
        let mut answers = self.answers();
        if answers.moment != Some(moment) {
            *answers = Answers { moment: Some(moment), ..Answers::default() };
        }
        let bytes = answer.body.len() + question.bytes();
        if answers.bytes + bytes <= ANSWERS_KEPT_BYTES_MAX {
            answers.bytes += bytes;
            answers.by_question.insert(question, Arc::new(answer));
        }
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question {
    fn of(request: &Request) -> Self {
        let headers = request.headers();
        let all = |name| headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect::<Vec<_>>();
        Self {
            uri: request.uri().clone(),
            scheme: request.extensions().get::<Origin>().map(|origin| origin.scheme),
            host: headers.get(header::HOST).map(|host| host.as_bytes().to_vec()).unwrap_or_default(),
            accept: all(header::ACCEPT),
        }
    }

    /// What is kept of it, and the headers of an answer.
    fn bytes(&self) -> usize {
        const OTHER_BYTES: usize = 1024;
        let query = self.uri.query().map_or(0, str::len);
        let accept: usize = self.accept.iter().map(Vec::len).sum();
        self.uri.path().len() + query + self.host.len() + accept + OTHER_BYTES
    }
}

impl Answer {
    fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.headers_mut() = self.headers.clone();
        response
    }
}

/// Answers with what is kept, else as the routes do, and keeps that.
pub(crate) async fn answer<R: Registry>(State(face): State<Face<R>>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET || !is_read_from_registry(request.uri().path()) {
        return next.run(request).await;
    }
    let moment = || Moment { second: face.registry.now().timestamp(), revision: face.registry.revision() };
    let (before, question) = (moment(), Question::of(&request));
    let route = request.extensions().get::<Route>().cloned().unwrap_or_default();
    if let Some(kept) = face.kept.answer(before, &question) {
        kept.route.iter().for_each(|matched| route.note(matched.clone()));
        return kept.response();
    }
    let response = next.run(request).await;
    if !is_lasting(&response) {
        return response;
    }
    match whole(response).await {
        Ok((headers, body)) => {
            let answer = Answer { route: route.matched().cloned(), headers, body };
            let response = answer.response();
            if moment() == before {
                face.kept.keep(before, question, answer);
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// The resources whose answers say nothing but what the registry holds.
fn is_read_from_registry(path: &str) -> bool {
    let [first, last] = [path.split('/').nth(1), path.rsplit('/').next()].map(Option::unwrap_or_default);
    ["metadata", "entries", "images", "tag"].contains(&first) && last != "explanation"
}

/// Whether the answer is there as a whole, and is no page.
fn is_lasting(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes());
    let length = response.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    response.status() == StatusCode::OK
        && !content_type.is_some_and(|media_type| media_type.starts_with(b"text/html"))
        && length.is_some_and(|length| length <= ANSWER_KEPT_BYTES_MAX)
}

/// With its tag, which is not computed again.
async fn whole(response: Response) -> Result<(HeaderMap, Bytes), Problem> {
    let (parts, body) = conditional::tagged(response).await?.into_parts();
    let body = to_bytes(body, TAGGED_BYTES_MAX).await.map_err(|error| {
        tracing::error!(%error, "an answer that stands in memory cannot be read");
        Problem::internal()
    })?;
    Ok((parts.headers, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(second: &str, revision: u64) -> Moment {
        Moment { second: second.parse().expect("a moment"), revision }
    }

    fn question(uri: &'static str, accept: &str) -> Question {
        let accept = vec![accept.as_bytes().to_vec()];
        Question { uri: Uri::from_static(uri), scheme: Some("http"), host: b"node".to_vec(), accept }
    }

    fn answer(body: &'static str) -> Answer {
        Answer { route: None, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn an_answer_is_kept_for_its_question_and_moment_alone() {
        let (kept, now) = (Kept::default(), moment("2026-03-01T12:00:00Z", 1));
        kept.keep(now, question("/metadata", "text/xml"), answer("a list"));
        let again = kept.answer(now, &question("/metadata", "text/xml")).expect("it is kept");
        assert_eq!(again.body, "a list");
        for (moment, question) in [
            (now, question("/metadata?limit=1", "text/xml")),
            (now, question("/metadata", "application/json")),
            (moment("2026-03-01T12:00:01Z", 1), question("/metadata", "text/xml")),
            (moment("2026-03-01T12:00:00Z", 2), question("/metadata", "text/xml")),
        ] {
            assert!(kept.answer(moment, &question).is_none(), "{moment:?} {question:?}");
        }
    }

    #[test]
    fn the_answers_of_a_moment_are_bounded_and_forgotten_with_it() {
        let (kept, now) = (Kept::default(), moment("2026-03-01T12:00:00Z", 1));
        let large = Bytes::from(vec![0; ANSWERS_KEPT_BYTES_MAX - 4 * 1024]);
        kept.keep(now, question("/metadata", "a"), Answer { body: large, ..answer("") });
        for accept in ["b", "c", "d", "e"] {
            kept.keep(now, question("/metadata", accept), answer(""));
        }
        assert!(kept.answer(now, &question("/metadata", "b")).is_some());
        assert!(kept.answer(now, &question("/metadata", "e")).is_none());
        kept.keep(moment("2026-03-01T12:00:01Z", 1), question("/metadata", "e"), answer(""));
        assert!(kept.answers().bytes < ANSWERS_KEPT_BYTES_MAX / 2);
    }

    #[test]
    fn what_shows_settings_or_the_moment_is_not_kept() {
        for path in ["/metadata", "/metadata/a/b/c", "/entries/a", "/images/a", "/tag/a/b"] {
            assert!(is_read_from_registry(path), "{path}");
        }
        for path in ["/", "/changes", "/entries/a/explanation", "/metrics", "/sparql", "/endorsers", "/action/a/b"] {
            assert!(!is_read_from_registry(path), "{path}");
        }
    }
}
