//! `/query`: the form, its result as a page, and the original's endpoint.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::asked::{Asked, Parameters};
use crate::bounds::{QUERY_ROWS_SHOWN_MAX, QUERY_TEXT_SHOWN_BYTES_MAX};
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{Dialect, GraphFormat, QueryAnswer, QueryError, Registry, ResultsFormat};
use crate::router::Face;
use crate::sparql::{self, Table};
use crate::urls;

const OFFERED: [Media; 5] = [Media::ResultsXml, Media::ResultsJson, Media::Html, Media::Csv, Media::Tsv];

/// Which of the two endpoints a form asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The original's.
    Query,
    /// The SPARQL 1.1 Protocol's.
    Sparql,
}

impl Endpoint {
    const fn path(self) -> &'static str {
        match self {
            Self::Query => "/query",
            Self::Sparql => "/sparql",
        }
    }

    const fn dialect(self) -> Dialect {
        match self {
            Self::Query => Dialect::Original,
            Self::Sparql => Dialect::Sparql,
        }
    }
}

/// Answers a query of the address.
pub(crate) async fn get<R: Registry>(State(face): State<Face<R>>, asked: Asked) -> Result<Response, Problem> {
    answer(&face, &asked, &asked.parameters).await
}

/// Answers a posted query.
pub(crate) async fn post<R: Registry>(
    State(face): State<Face<R>>,
    asked: Asked,
    request: Request,
) -> Result<Response, Problem> {
    let parameters = sparql::parameters_of(&asked, request).await?;
    answer(&face, &asked, &parameters).await
}

async fn answer<R: Registry>(face: &Face<R>, asked: &Asked, parameters: &Parameters) -> Result<Response, Problem> {
    let media = asked.choose(&OFFERED)?;
    let is_empty = parameters.first("query").is_none_or(|query| query.trim().is_empty());
    match (media, is_empty) {
        (Media::Html, true) => form(face, Endpoint::Query),
        (Media::Html, false) => page(face, parameters, Endpoint::Query).await,
        (_, true) => Ok((StatusCode::NO_CONTENT, [(header::CONTENT_TYPE, media.content_type())]).into_response()),
        (_, false) => {
            let query = sparql::read(asked, parameters, Dialect::Original)?;
            face.registry.query(query).await.map(sparql::write).map_err(original)
        }
    }
}

/// The original's words for what it does not allow, and then the reason.
fn original(error: QueryError) -> Problem {
    match error {
        QueryError::NotAllowed(reason) => {
            Problem::bad_request("query-not-allowed", format!("query not allowed. {reason}"))
        }
        other => other.into(),
    }
}

#[derive(Template)]
#[template(path = "query.html")]
struct QueryPage<'a> {
    frame: Frame<'a>,
    action: &'static str,
    query: &'a str,
    problem: Option<Problem>,
    table: Option<Table>,
    graph: Option<&'a str>,
    is_cut: bool,
    downloads: Vec<(&'static str, String)>,
}

impl<'a> QueryPage<'a> {
    fn of<R>(face: &'a Face<R>, endpoint: Endpoint, query: &'a str) -> Self {
        Self {
            frame: Frame::new(&face.settings, "Query", Section::Query),
            action: endpoint.path(),
            query,
            problem: None,
            table: None,
            graph: None,
            is_cut: false,
            downloads: Vec::new(),
        }
    }
}

/// The empty form.
pub(crate) fn form<R>(face: &Face<R>, endpoint: Endpoint) -> Result<Response, Problem> {
    page::html(&QueryPage::of(face, endpoint, ""))
}

/// The form with the query and its result, or with what is wrong with it.
pub(crate) async fn page<R: Registry>(
    face: &Face<R>,
    parameters: &Parameters,
    endpoint: Endpoint,
) -> Result<Response, Problem> {
    let text = parameters.first("query").unwrap_or_default();
    let page = QueryPage::of(face, endpoint, text);
    let query = sparql::query_of(parameters, endpoint.dialect(), ResultsFormat::Json, GraphFormat::Turtle)?;
    match face.registry.query(query).await {
        Ok(answer) => result(page, &answer, endpoint),
        Err(error) => {
            let problem = if endpoint == Endpoint::Query { original(error) } else { error.into() };
            let status = problem.status;
            page::html_with(status, &QueryPage { problem: Some(problem), ..page })
        }
    }
}

fn result(page: QueryPage<'_>, answer: &QueryAnswer, endpoint: Endpoint) -> Result<Response, Problem> {
    if answer.media_type.starts_with(Media::ResultsJson.content_type()) {
        let table = sparql::read_results(&answer.body).ok_or_else(Problem::internal)?;
        let is_cut = table.total > QUERY_ROWS_SHOWN_MAX;
        let downloads = downloads(endpoint, page.query, &["json", "xml", "csv", "tsv"]);
        return page::html(&QueryPage { table: Some(table), is_cut, downloads, ..page });
    }
    let shown = answer.body.get(..QUERY_TEXT_SHOWN_BYTES_MAX).unwrap_or(&answer.body);
    let text = String::from_utf8_lossy(shown);
    let is_cut = shown.len() < answer.body.len();
    let downloads = downloads(endpoint, page.query, &["ttl", "nt", "rdf", "jsonld"]);
    page::html(&QueryPage { graph: Some(&text), is_cut, downloads, ..page })
}

fn downloads(endpoint: Endpoint, query: &str, formats: &[&'static str]) -> Vec<(&'static str, String)> {
    let address = |format| format!("{}?media={format}&query={}", endpoint.path(), urls::encode(query));
    formats.iter().map(|&format| (format, address(format))).collect()
}
