//! What every page shares.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::media::Media;
use crate::problem::Problem;
use crate::settings::Settings;

/// The part of a page around its content.
pub(crate) struct Frame<'a> {
    /// The base path, to be put in front of every address.
    pub(crate) base: &'a str,
    /// The title of the page.
    pub(crate) title: &'a str,
    /// Where the page stands in the navigation.
    pub(crate) section: Section,
    /// The version of the program.
    pub(crate) version: &'a str,
}

/// The entries of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// The lists and entries.
    Metadata,
    /// The endorsers.
    Endorsers,
    /// The query form.
    Query,
    /// The upload form.
    Upload,
    /// The nodes.
    Federation,
    /// None of them.
    Other,
}

impl<'a> Frame<'a> {
    /// The frame of a page with this title.
    pub(crate) fn new(settings: &'a Settings, title: &'a str, section: Section) -> Self {
        Self { base: settings.base_path.as_str(), title, section, version: &settings.version }
    }

    /// The value of `aria-current` of a link to `section`.
    pub(crate) fn current(&self, section: Section) -> &'static str {
        if self.section == section { "page" } else { "false" }
    }
}

/// A template as an answer.
pub(crate) fn html(template: &impl Template) -> Result<Response, Problem> {
    html_with(StatusCode::OK, template)
}

/// A template as an answer with another status.
pub(crate) fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let body = template.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be written");
        Problem::internal()
    })?;
    let headers = [(header::CONTENT_TYPE, Media::Html.content_type()), (header::VARY, "accept")];
    Ok((status, headers, body).into_response())
}
