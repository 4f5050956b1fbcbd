//! `/action/{token}/{command}`: what a mailed link is about, and what its reader decides.
//!
//! Reading changes nothing: scanners of mail follow every link.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::asked::Asked;
use crate::cross_site::refuse_foreign_action;
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::confirmation::{Acted, Action, ActionRefusal, ActionToken, Awaiting};
use crate::registry::{Located, Registry, Scope};
use crate::router::Face;
use crate::{text, urls};

const OFFERED: [Media; 3] = [Media::Text, Media::Html, Media::Json];

/// Answers with what the link is about.
pub(crate) async fn show<R: Registry>(
    State(face): State<Face<R>>,
    Path((token, command)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let (token, action) = link(&token, &command)?;
    let awaiting = face.registry.awaiting(token.clone()).await?.ok_or(ActionRefusal::Unknown)?;
    let facts = Facts::of(&awaiting);
    let response = match asked.choose_or_first(&OFFERED) {
        Media::Html => page::html(&AskPage {
            frame: Frame::new(&face.settings, title(action), Section::Other),
            action,
            heading: title(action),
            button: button(action),
            others: Action::ALL.into_iter().filter(|other| *other != action).map(|other| Other::of(other, &token)),
            facts: &facts,
            address: action.path(&token),
        })?,
        Media::Json => axum::Json(Shown { action: action.as_str(), awaiting: &facts }).into_response(),
        _ => ([(header::CONTENT_TYPE, Media::Text.content_type())], sentences(action, &facts)).into_response(),
    };
    Ok(private(response))
}

/// Does what the reader of the link decided.
pub(crate) async fn act<R: Registry>(
    State(face): State<Face<R>>,
    Path((token, command)): Path<(String, String)>,
    asked: Asked,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    refuse_foreign_action(&headers, &uri, &face.settings)?;
    let (token, action) = link(&token, &command)?;
    let acted = face.registry.act(token, action).await?;
    answer(&face, &asked, &acted).map(private)
}

/// A link that no mail ever held is as unknown as one that has expired.
fn link(token: &str, command: &str) -> Result<(ActionToken, Action), Problem> {
    let action = Action::ALL.into_iter().find(|action| action.as_str() == command);
    let token = token.parse().map_err(|_| ActionRefusal::Unknown)?;
    let unknown = || Problem::not_found(format!("invalid action: {command:?} is not confirm, abort or abuse"));
    action.ok_or_else(unknown).map(|action| (token, action))
}

/// The address is a secret: no cache keeps the answer, and no other site learns where its reader came from.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What a person needs to know before deciding.
#[derive(Serialize)]
struct Facts {
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    email: String,
    subject: String,
    issuer: String,
    key_sha256: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecated: Option<String>,
    entry: String,
    uploaded: String,
    expires: String,
    scope: &'static str,
}

impl Facts {
    fn of(awaiting: &Awaiting) -> Self {
        let Awaiting { entry, scope, uploaded, expires } = awaiting;
        let document = entry.document();
        let system: Vec<&str> =
            [document.os(), document.os_version(), document.os_arch()].into_iter().flatten().collect();
        Self {
            image: document.identifier().to_string(),
            title: document.title().map(str::to_owned),
            system: Some(system.join(" ")).filter(|system| !system.is_empty()),
            email: document.email().to_string(),
            subject: entry.certificate().subject().to_owned(),
            issuer: entry.certificate().issuer().to_owned(),
            key_sha256: entry.certificate().key_sha256().to_string(),
            created: document.created().to_string(),
            deprecated: document.deprecated().map(str::to_owned),
            entry: entry.id().to_string(),
            uploaded: uploaded.timestamp().to_string(),
            expires: expires.timestamp().to_string(),
            scope: match scope {
                Scope::Federated => "federated",
                Scope::Local => "local",
            },
        }
    }

    /// What confirming it means, as a person says it.
    fn consequence(&self) -> String {
        let what = match &self.deprecated {
            Some(_) => "says that the image should not be used any more",
            None => "endorses the image",
        };
        let place = match self.scope {
            "local" => "kept on this node only",
            _ => "published to every node of the federation",
        };
        format!(
            "The entry {what}. Once confirmed it is {place}, for good, as confirmed by the owner of {}.",
            self.email
        )
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    action: &'static str,
    awaiting: &'a Facts,
}

const fn title(action: Action) -> &'static str {
    match action {
        Action::Confirm => "Confirm this entry?",
        Action::Abort => "Discard this entry?",
        Action::Abuse => "Report an abuse of your address?",
    }
}

const fn button(action: Action) -> &'static str {
    match action {
        Action::Confirm => "Confirm and publish",
        Action::Abort => "Discard it",
        Action::Abuse => "Report it to the administrators",
    }
}

fn sentences(action: Action, facts: &Facts) -> String {
    let deprecated = facts.deprecated.as_ref().map(|reason| ("deprecated", reason.as_str()));
    let pairs = [
        ("image", Some(facts.image.as_str())),
        ("title", facts.title.as_deref()),
        ("endorser", Some(facts.email.as_str())),
        ("subject", Some(facts.subject.as_str())),
        ("issuer", Some(facts.issuer.as_str())),
        ("key", Some(facts.key_sha256.as_str())),
        ("created", Some(facts.created.as_str())),
        ("uploaded", Some(facts.uploaded.as_str())),
        ("expires", Some(facts.expires.as_str())),
    ];
    let lines = pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).chain(deprecated);
    let mut sentences: String = lines.map(|(name, value)| format!("{name}: {}\n", text::one_line(value))).collect();
    sentences.push_str(&format!("\nNothing was done yet. To {}, POST to this address.\n", action.as_str()));
    sentences
}

struct Other {
    sentence: &'static str,
    address: String,
}

impl Other {
    fn of(action: Action, token: &ActionToken) -> Self {
        let sentence = match action {
            Action::Confirm => "I signed it, publish it",
            Action::Abort => "discard it",
            Action::Abuse => "somebody else uses my address: report it",
        };
        Self { sentence, address: action.path(token) }
    }
}

#[derive(Template)]
#[template(path = "action.html")]
struct AskPage<'a, I: Iterator<Item = Other> + Clone> {
    frame: Frame<'a>,
    action: Action,
    heading: &'static str,
    button: &'static str,
    others: I,
    facts: &'a Facts,
    address: String,
}

#[derive(Serialize)]
struct Done<'a> {
    result: &'static str,
    entry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "acted.html")]
struct ActedPage<'a> {
    frame: Frame<'a>,
    heading: &'static str,
    located: Option<&'a Located>,
    address: String,
    is_reported: bool,
}

fn answer<R>(face: &Face<R>, asked: &Asked, acted: &Acted) -> Result<Response, Problem> {
    let (status, result, heading, located, entry) = match acted {
        Acted::Confirmed(located) => {
            (StatusCode::CREATED, "metadata entry created", "The entry is published", Some(located), located.entry)
        }
        Acted::Aborted(entry) => {
            (StatusCode::OK, "aborted addition of metadata entry", "The entry was discarded", None, *entry)
        }
        Acted::Reported(entry) => {
            (StatusCode::OK, "administrators have been notified", "The administrators are told", None, *entry)
        }
    };
    let path = located.map(|located| urls::coordinates(&located.at));
    let url = path.as_deref().map(|path| asked.absolute(path));
    let mut response = match asked.choose_or_first(&OFFERED) {
        Media::Html => page::html(&ActedPage {
            frame: Frame::new(&face.settings, heading, Section::Other),
            heading,
            located,
            address: path.unwrap_or_default(),
            is_reported: matches!(acted, Acted::Reported(_)),
        })?,
        Media::Json => axum::Json(Done {
            result,
            entry: entry.to_string(),
            url: url.as_deref(),
            standing: located.map(|located| located.standing.as_str()),
        })
        .into_response(),
        _ => {
            let sentence = match acted {
                Acted::Aborted(entry) => format!("{result} {entry}\n"),
                _ => format!("{result}\n"),
            };
            ([(header::CONTENT_TYPE, Media::Text.content_type())], sentence).into_response()
        }
    };
    *response.status_mut() = status;
    response.headers_mut().extend(url.and_then(|url| url.parse().ok()).map(|url| (header::LOCATION, url)));
    Ok(response)
}
