//! `GET /images/{identifier}`: who endorses an image, now or at a moment, what was said of it, and what became of it.

mod xml;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;
use serde::Serialize;

use crate::asked::Asked;
use crate::bounds::{LIST_LIMIT_MAX, RELATED_MAX, TIMELINE_MAX};
use crate::filter;
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{ListFilter, Registry, Related, Relation, Status, Summary};
use crate::router::Face;
use crate::summary::{Item, Row};
use crate::urls;

const OFFERED: [Media; 3] = [Media::Xml, Media::Json, Media::Html];

/// Answers with the image of this identifier.
pub(crate) async fn show<R: Registry>(
    State(face): State<Face<R>>,
    Path(identifier): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let media = asked.choose(&OFFERED)?;
    let image = identifier.parse().map_err(|error| Problem::not_found(format!("image not found: {error}")))?;
    let history = history(&face, image, filter::moment(&asked.parameters)?).await?;
    let mut response = match media {
        Media::Html => html(&face, &history)?,
        Media::Json => axum::Json(shown(&history, &asked)).into_response(),
        _ => {
            ([(header::CONTENT_TYPE, Media::Xml.content_type())], xml::write(&shown(&history, &asked))).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// An image at a moment: what was current then is marked as such, whatever has superseded it since.
struct History {
    image: ImageIdentifier,
    at: Option<Timestamp>,
    then: Timestamp,
    current: Vec<Summary>,
    timeline: Vec<Summary>,
    related: Vec<Related>,
}

async fn history<R: Registry>(
    face: &Face<R>,
    image: ImageIdentifier,
    at: Option<Timestamp>,
) -> Result<History, Problem> {
    let current =
        ListFilter { image: Some(image), status: Status::All, at, limit: LIST_LIMIT_MAX, ..Default::default() };
    let mut current = face.registry.list(current).await?.items;
    let mut timeline = face.registry.timeline(image, at, TIMELINE_MAX).await?;
    if timeline.is_empty() && current.is_empty() {
        return Err(Problem::not_found("no metadata is held of this image at the moment that is asked for"));
    }
    current.iter_mut().for_each(|one| one.superseded_by = None);
    for one in timeline.iter_mut().filter(|one| current.iter().any(|current| current.entry == one.entry)) {
        one.superseded_by = None;
    }
    let related = face.registry.related(image, at, RELATED_MAX).await?;
    let then = at.unwrap_or(face.registry.now().timestamp());
    Ok(History { image, at, then, current, timeline, related })
}

impl History {
    /// Whether another entry has the same address.
    fn is_conflict(&self, summary: &Summary) -> bool {
        self.timeline.iter().any(|other| other.entry != summary.entry && other.at == summary.at)
    }

    /// The tags under which its endorsers name it.
    fn tags(&self) -> Vec<Tagged<'_>> {
        let of = |summary: &'_ Summary| -> Vec<(String, String)> {
            summary.tags.iter().map(|tag| (summary.at.email.to_string(), tag.clone())).collect()
        };
        let named: std::collections::BTreeSet<_> = self.current.iter().flat_map(of).collect();
        let find = |(email, tag): &(String, String)| {
            let summary = self.current.iter().find(|one| one.at.email.as_str() == email)?;
            let tag = self.current.iter().flat_map(|one| &one.tags).find(|own| *own == tag)?;
            Some(Tagged { email: summary.at.email.as_str(), tag })
        };
        named.iter().filter_map(find).collect()
    }
}

/// What JSON and XML show of an image.
#[derive(Serialize)]
struct Shown<'a> {
    identifier: String,
    at: Option<String>,
    current: Vec<Item<'a>>,
    timeline: Vec<Event<'a>>,
    replaced_by: Vec<Other>,
    replaces: Vec<Other>,
    version_of: Vec<Other>,
    versions: Vec<Other>,
    tags: Vec<Tagged<'a>>,
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    conflict: bool,
}

#[derive(Serialize)]
struct Tagged<'a> {
    email: &'a str,
    tag: &'a str,
}

/// Another image, and who says that it belongs to this one.
#[derive(Serialize)]
struct Other {
    identifier: String,
    url: String,
    steps: usize,
    said_by: String,
    standing: &'static str,
    entry: String,
}

fn shown<'a>(history: &'a History, asked: &Asked) -> Shown<'a> {
    let others = |relation| {
        let of = history.related.iter().filter(|related| related.relation == relation);
        of.map(|related| other(related, |path| asked.absolute(&path))).collect()
    };
    let item = |summary| Item::of(summary, asked, history.then);
    let event = |summary| Event { item: item(summary), conflict: history.is_conflict(summary) };
    Shown {
        identifier: history.image.to_string(),
        at: history.at.map(|at| at.to_string()),
        current: history.current.iter().map(item).collect(),
        timeline: history.timeline.iter().map(event).collect(),
        replaced_by: others(Relation::Replacing),
        replaces: others(Relation::Replaced),
        version_of: others(Relation::Original),
        versions: others(Relation::Version),
        tags: history.tags(),
    }
}

fn other(related: &Related, address: impl Fn(String) -> String) -> Other {
    Other {
        identifier: related.image.to_string(),
        url: address(urls::image(related.image)),
        steps: related.steps,
        said_by: related.email.to_string(),
        standing: related.standing.as_str(),
        entry: related.entry.to_string(),
    }
}

#[derive(Template)]
#[template(path = "image.html")]
struct ImagePage<'a> {
    frame: Frame<'a>,
    identifier: String,
    at: Option<String>,
    rows: Vec<Row<'a>>,
    others: Vec<(&'static str, Vec<Other>)>,
    tags: Vec<(Tagged<'a>, String)>,
    timeline: Vec<(Row<'a>, bool)>,
}

fn html<R: Registry>(face: &Face<R>, history: &History) -> Result<Response, Problem> {
    let others = [
        ("Replaced by", Relation::Replacing),
        ("Replaces", Relation::Replaced),
        ("Version of", Relation::Original),
        ("Versions", Relation::Version),
    ];
    let others = others.map(|(title, relation)| {
        let of = history.related.iter().filter(|related| related.relation == relation);
        (title, of.map(|related| other(related, |path| path)).collect::<Vec<_>>())
    });
    let identifier = history.image.to_string();
    page::html(&ImagePage {
        frame: Frame::new(&face.settings, &identifier, Section::Metadata),
        identifier: identifier.clone(),
        at: history.at.map(|at| at.to_string()),
        rows: history.current.iter().map(|summary| Row::of(summary, history.then)).collect(),
        others: others.into_iter().filter(|(_, others)| !others.is_empty()).collect(),
        tags: history
            .tags()
            .into_iter()
            .map(|one| {
                let address = urls::tag(one.email, one.tag);
                (one, address)
            })
            .collect(),
        timeline: history
            .timeline
            .iter()
            .map(|summary| (Row::of(summary, history.then), history.is_conflict(summary)))
            .collect(),
    })
}
