//! `GET /`: what this node holds.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::asked::{Asked, Parameters};
use crate::bounds::HOME_NEWEST;
use crate::filter;
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{Counts, Federation, ListFilter, Page, Registry};
use crate::router::Face;
use crate::summary::Row;

/// Answers with the home page, or with the counts as JSON.
pub(crate) async fn show<R: Registry>(State(face): State<Face<R>>, asked: Asked) -> Result<Response, Problem> {
    let counts = face.registry.counts().await?;
    if asked.choose_or_first(&[Media::Html, Media::Json]) == Media::Json {
        return Ok(json(&counts, &face.settings.version));
    }
    let newest = ListFilter { limit: HOME_NEWEST, ..filter::read(&[], &Parameters::default())? };
    let newest = face.registry.list(newest).await?;
    let federation = face.registry.federation().await?;
    html(&face, &counts, &newest, &federation)
}

#[derive(Serialize)]
struct Home<'a> {
    version: &'a str,
    #[serde(flatten)]
    counted: Counted,
    refused: u64,
}

/// What a registry holds, as JSON.
#[derive(Serialize)]
pub(crate) struct Counted {
    entries: u64,
    valid: u64,
    deprecated: u64,
    expired: u64,
    superseded: u64,
    contested: u64,
    images: u64,
    endorsers: u64,
}

impl From<&Counts> for Counted {
    fn from(counts: &Counts) -> Self {
        let Counts { entries, valid, deprecated, expired, superseded, contested, images, endorsers, .. } = *counts;
        Self { entries, valid, deprecated, expired, superseded, contested, images, endorsers }
    }
}

fn json(counts: &Counts, version: &str) -> Response {
    axum::Json(Home { version, counted: counts.into(), refused: counts.refused }).into_response()
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    frame: Frame<'a>,
    counts: &'a Counts,
    federation: &'a Federation,
    rows: Vec<Row<'a>>,
}

fn html<R: Registry>(
    face: &Face<R>,
    counts: &Counts,
    newest: &Page,
    federation: &Federation,
) -> Result<Response, Problem> {
    let now = face.registry.now().timestamp();
    page::html(&HomePage {
        frame: Frame::new(&face.settings, "Marketplace", Section::Other),
        counts,
        federation,
        rows: newest.items.iter().map(|summary| Row::of(summary, now)).collect(),
    })
}
