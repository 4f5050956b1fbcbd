//! `/sparql`: the SPARQL 1.1 Protocol, queries only.

mod request;
mod results;
mod service;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::asked::{Asked, Parameters};
use crate::media::Media;
use crate::problem::Problem;
use crate::query;
use crate::registry::{Dialect, GraphFormat, Query, QueryAnswer, Registry, ResultsFormat};
use crate::router::Face;

pub(crate) use request::{parameters_of, query_of};
pub(crate) use results::{Table, read_results};

/// Formats of solutions and booleans, the one first that is given where nothing is asked.
pub(crate) const RESULTS: [Media; 4] = [Media::ResultsXml, Media::ResultsJson, Media::Csv, Media::Tsv];
const GRAPHS: [Media; 4] = [Media::Turtle, Media::NTriples, Media::RdfXml, Media::JsonLd];

/// Answers a query, and without one with the form or a description of the service.
pub(crate) async fn get<R: Registry>(State(face): State<Face<R>>, asked: Asked) -> Result<Response, Problem> {
    request::refuse_update(&asked.parameters)?;
    if asked.parameters.first("query").is_some() {
        return answer(&face, &asked, &asked.parameters).await;
    }
    if wants_page(&asked) {
        return query::form(&face, query::Endpoint::Sparql);
    }
    let counts = face.registry.counts().await?;
    let body = service::describe(&asked.absolute("/sparql"), &counts);
    Ok(([(header::CONTENT_TYPE, Media::Turtle.content_type()), (header::VARY, "accept")], body).into_response())
}

/// Answers a query that was posted as a form or by itself.
pub(crate) async fn post<R: Registry>(
    State(face): State<Face<R>>,
    asked: Asked,
    request: Request,
) -> Result<Response, Problem> {
    let parameters = parameters_of(&asked, request).await?;
    request::refuse_update(&parameters)?;
    if parameters.first("query").is_none() {
        return Err(Problem::bad_request("query", "the parameter query is missing"));
    }
    answer(&face, &asked, &parameters).await
}

async fn answer<R: Registry>(face: &Face<R>, asked: &Asked, parameters: &Parameters) -> Result<Response, Problem> {
    if wants_page(asked) {
        return query::page(face, parameters, query::Endpoint::Sparql).await;
    }
    let query = read(asked, parameters, Dialect::Sparql)?;
    Ok(write(face.registry.query(query).await?))
}

/// Browsers get a page; whoever accepts a format of results or graphs as gladly gets that.
fn wants_page(asked: &Asked) -> bool {
    let offered = RESULTS.into_iter().chain(GRAPHS).chain([Media::Html]).collect::<Vec<_>>();
    asked.choose_or_first(&offered) == Media::Html
}

/// The query with the formats that the client asks for; before it runs nobody knows which of the two it needs.
pub(crate) fn read(asked: &Asked, parameters: &Parameters, dialect: Dialect) -> Result<Query, Problem> {
    let offered = RESULTS.into_iter().chain(GRAPHS).collect::<Vec<_>>();
    asked.choose(&offered)?;
    let results = match asked.choose_or_first(&RESULTS) {
        Media::ResultsJson => ResultsFormat::Json,
        Media::Csv => ResultsFormat::Csv,
        Media::Tsv => ResultsFormat::Tsv,
        _ => ResultsFormat::Xml,
    };
    let graph = match asked.choose_or_first(&GRAPHS) {
        Media::NTriples => GraphFormat::NTriples,
        Media::RdfXml => GraphFormat::RdfXml,
        Media::JsonLd => GraphFormat::JsonLd,
        _ => GraphFormat::Turtle,
    };
    query_of(parameters, dialect, results, graph)
}

/// A complete answer.
pub(crate) fn write(answer: QueryAnswer) -> Response {
    let headers =
        [(header::CONTENT_TYPE, answer.media_type), (header::VARY, "accept"), (header::CACHE_CONTROL, "no-cache")];
    (headers, answer.body).into_response()
}
