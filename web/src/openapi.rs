//! `GET /openapi.json` and `/docs`: every route described once, for programs and for people.
//!
//! A test holds that the routes of the router and those that are described here are the same, and another that answers
//! have the members that are described.

mod describe;
mod routes;
mod schemas;

use std::sync::LazyLock;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::asked::Asked;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::Registry;
use crate::router::Face;

use describe::Operation;

/// The version of the format.
const OPENAPI: &str = "3.1.0";

const ABOUT: &str = "A registry of signed claims about disk and machine images. Reads need no account and may come \
                     from any site. Answers have an ETag where they are not streamed; send it back as If-None-Match.";

/// The paths with their operations, which are the same for every node.
static PATHS: LazyLock<Value> = LazyLock::new(|| {
    let mut paths = Map::new();
    for operation in routes::all() {
        let path = paths.entry(operation.path.to_owned()).or_insert_with(|| json!({}));
        path[operation.method] = operation.to_json();
    }
    Value::Object(paths)
});

/// The whole description, of a node that is reached at `server`.
fn document(server: &str, version: &str) -> Value {
    json!({
        "openapi": OPENAPI,
        "info": { "title": "Marketplace", "version": version, "description": ABOUT, "license": {
            "name": "Apache-2.0", "identifier": "Apache-2.0" } },
        "servers": [{ "url": server }],
        "paths": *PATHS,
        "components": { "schemas": schemas::all() },
    })
}

/// Answers with the description.
pub(crate) async fn show<R: Registry>(State(face): State<Face<R>>, asked: Asked) -> Response {
    axum::Json(document(&asked.absolute(""), &face.settings.version)).into_response()
}

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage<'a> {
    frame: Frame<'a>,
    about: &'static str,
    operations: &'a [Operation],
}

/// Answers with the description as a page.
pub(crate) async fn docs<R: Registry>(State(face): State<Face<R>>) -> Result<Response, Problem> {
    let operations = routes::all();
    let mut response = page::html(&DocsPage {
        frame: Frame::new(&face.settings, "Interface", Section::Other),
        about: ABOUT,
        operations: &operations,
    })?;
    response.headers_mut().remove(header::VARY);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The methods by path, as the router has them.
    fn routed() -> BTreeSet<(String, String)> {
        let source = include_str!("router.rs");
        let mut found = BTreeSet::new();
        for route in source.split(".route(\"").skip(1) {
            let (path, rest) = route.split_once('"').expect("a path ends");
            let handlers = rest.lines().next().unwrap_or_default();
            for method in ["get", "post"].into_iter().filter(|method| handlers.contains(&format!("{method}("))) {
                found.insert((path.to_owned(), method.to_owned()));
            }
        }
        found
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document = document("", "0");
        let paths = document["paths"].as_object().expect("paths");
        let described: BTreeSet<_> = paths
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().expect("methods");
                methods.keys().map(move |method| (path.clone(), method.clone()))
            })
            .collect();
        assert!(routed().len() > 20);
        assert_eq!(described, routed());
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let document = document("", "0");
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"").skip(1) {
            let (reference, _) = reference.split_once('"').expect("a reference ends");
            let pointer = reference.strip_prefix('#').expect("it is of this document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn the_parameters_of_a_path_are_described() {
        for operation in routes::all() {
            for name in operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                assert!(
                    operation.parameters.iter().any(|parameter| parameter.name == name),
                    "{} {name}",
                    operation.path
                );
            }
        }
    }
}
