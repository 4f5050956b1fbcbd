//! A query as the SPARQL 1.1 Protocol carries it (section 2.1).

use axum::extract::{Form, FromRequest as _, Request};
use axum::http::StatusCode;
use bytes::Bytes;

use crate::asked::{Asked, Parameters};
use crate::bounds::QUERY_BYTES_MAX;
use crate::media;
use crate::problem::Problem;
use crate::registry::{Dialect, GraphFormat, Query, ResultsFormat};

const QUERY_TYPES: &str = "application/sparql-query or application/x-www-form-urlencoded";
const UPDATE: &str = "this endpoint answers queries only; entries are added by signed uploads to /metadata";

/// The parameters of a posted query: those of a form, or those of the address and the body as `query`.
pub(crate) async fn parameters_of(asked: &Asked, request: Request) -> Result<Parameters, Problem> {
    let given = media::of_body(request.headers());
    let parameters = asked.parameters.clone();
    match given.as_str() {
        "application/x-www-form-urlencoded" => {
            let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
            let Form(pairs) = form.map_err(|refusal| unreadable(refusal.status(), &refusal.body_text()))?;
            Ok(parameters.and(pairs))
        }
        "application/sparql-query" => {
            let body = Bytes::from_request(request, &()).await;
            let body = body.map_err(|refusal| unreadable(refusal.status(), &refusal.body_text()))?;
            let text = String::from_utf8(body.into());
            let text = text.map_err(|_| Problem::bad_request("query", "the query is not UTF-8"))?;
            Ok(parameters.and(vec![("query".to_owned(), text)]))
        }
        "application/sparql-update" => Err(Problem::bad_request("update", UPDATE)),
        _ => Err(Problem::unsupported(&given, QUERY_TYPES)),
    }
}

fn unreadable(status: StatusCode, detail: &str) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "too-large", too_long()),
        _ => Problem::bad_request("body", format!("the body cannot be read: {detail}")),
    }
}

fn too_long() -> String {
    format!("the query is longer than {QUERY_BYTES_MAX} bytes")
}

/// Refuses a request of SPARQL Update.
pub(super) fn refuse_update(parameters: &Parameters) -> Result<(), Problem> {
    if parameters.names("update") { Err(Problem::bad_request("update", UPDATE)) } else { Ok(()) }
}

/// The query of these parameters; there is exactly one.
pub(crate) fn query_of(
    parameters: &Parameters,
    dialect: Dialect,
    results: ResultsFormat,
    graph: GraphFormat,
) -> Result<Query, Problem> {
    let mut texts = parameters.all("query");
    let text = texts.next().ok_or_else(|| Problem::bad_request("query", "the parameter query is missing"))?;
    if texts.next().is_some() {
        return Err(Problem::bad_request("query", "the parameter query is there more than once"));
    }
    if text.len() > QUERY_BYTES_MAX {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", too_long()));
    }
    let graphs = |name| parameters.all(name).map(str::to_owned).collect();
    Ok(Query {
        text: text.to_owned(),
        dialect,
        results,
        graph,
        default_graphs: graphs("default-graph-uri"),
        named_graphs: graphs("named-graph-uri"),
    })
}
