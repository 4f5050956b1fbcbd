//! How an operation is described, and how that becomes OpenAPI.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// A method of a path.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    id: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: Vec<Parameter>,
    bodies: Vec<(&'static str, Value)>,
    pub(super) answers: Vec<Answer>,
}

/// A parameter of the path or the query part.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    place: Place,
    pub(super) about: &'static str,
    schema: Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    Query,
}

/// An answer with its representations.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: &'static str,
    media: Vec<(&'static str, Value)>,
}

impl Operation {
    pub(super) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(path, "get", id, summary)
    }

    pub(super) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(path, "post", id, summary)
    }

    fn new(path: &'static str, method: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self { path, method, id, summary, parameters: Vec::new(), bodies: Vec::new(), answers: Vec::new() }
    }

    /// With a parameter of the path.
    pub(super) fn at(self, name: &'static str, about: &'static str, schema: Value) -> Self {
        self.with(Parameter { name, place: Place::Path, about, schema })
    }

    /// With a parameter of the query part.
    pub(super) fn asks(self, name: &'static str, about: &'static str, schema: Value) -> Self {
        self.with(Parameter { name, place: Place::Query, about, schema })
    }

    fn with(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// With the choice among these representations by name.
    pub(super) fn media(self, names: &[&str]) -> Self {
        self.asks("media", "the representation, in place of Accept", json!({ "type": "string", "enum": names }))
    }

    /// With a body of this type.
    pub(super) fn body(mut self, media: &'static str, schema: Value) -> Self {
        self.bodies.push((media, schema));
        self
    }

    /// With this answer.
    pub(super) fn gives(mut self, status: u16, about: &'static str, media: &[(&'static str, Value)]) -> Self {
        self.answers.push(Answer { status, about, media: media.to_vec() });
        self
    }

    /// With these refusals, beside those that every operation has.
    pub(super) fn refuses(mut self, statuses: &[(u16, &'static str)]) -> Self {
        let refusals = statuses.iter().map(|(status, about)| Answer { status: *status, about, media: problem() });
        self.answers.extend(refusals);
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let mut responses = Map::new();
        let common = COMMON.into_iter().map(|(status, about)| Answer { status, about, media: problem() });
        for answer in common.collect::<Vec<_>>().iter().chain(&self.answers) {
            responses.insert(answer.status.to_string(), answer.to_json());
        }
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "parameters": self.parameters.iter().map(Parameter::to_json).collect::<Vec<_>>(),
            "responses": responses,
        });
        if !self.bodies.is_empty() {
            operation["requestBody"] = json!({ "required": true, "content": content(&self.bodies) });
        }
        operation
    }
}

/// What any request may come to.
const COMMON: [(u16, &str); 6] = [
    (400, "the request breaks a rule, which is named"),
    (406, "no representation is accepted"),
    (408, "the request or its answer took too long"),
    (429, "too many requests from this address"),
    (500, "the node failed"),
    (503, "the node cannot answer now"),
];

impl Parameter {
    /// Where it stands.
    pub(super) fn place(&self) -> &'static str {
        if self.place == Place::Path { "path" } else { "query" }
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "in": self.place(),
            "required": self.place == Place::Path,
            "description": self.about,
            "schema": self.schema,
        })
    }
}

impl Answer {
    /// Whether it is what was asked for.
    pub(super) fn is_success(&self) -> bool {
        StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success())
    }

    /// The representations in words.
    pub(super) fn types(&self) -> String {
        self.media.iter().map(|(media, _)| *media).collect::<Vec<_>>().join(", ")
    }

    fn to_json(&self) -> Value {
        let mut answer = json!({ "description": self.about });
        if !self.media.is_empty() {
            answer["content"] = content(&self.media);
        }
        answer
    }
}

fn content(media: &[(&'static str, Value)]) -> Value {
    let of = |(name, schema): &(&str, Value)| ((*name).to_owned(), json!({ "schema": schema }));
    Value::Object(media.iter().map(of).collect())
}

/// A refusal in each of its representations.
fn problem() -> Vec<(&'static str, Value)> {
    let text = || json!({ "type": "string" });
    vec![
        ("application/problem+json", schema("Problem")),
        ("application/xml", json!({})),
        ("text/html", text()),
        ("text/plain", text()),
    ]
}

/// A schema by its name.
pub(super) fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
