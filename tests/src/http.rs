//! A small HTTP client for the tests: every status is an answer.

use std::time::Duration;

use ureq::config::AutoHeaderValue;
use ureq::http::Request;

/// Speaks to one node.
#[derive(Debug, Clone)]
pub struct Http {
    agent: ureq::Agent,
    base: String,
}

/// What a node answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type, without parameters.
    pub media_type: String,
    /// `Location`, where there is one.
    pub location: Option<String>,
    /// All headers, by names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A node that does not answer in this time hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Http {
    /// Speaks to the node at `base`, like `http://127.0.0.1:8080`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .accept(AutoHeaderValue::None)
            .allow_non_standard_methods(true)
            .build();
        Self { agent: config.into(), base: base.to_owned() }
    }

    /// The address of the node.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Gets `path`, asking for `media_type`.
    ///
    /// # Panics
    /// Where the node does not answer.
    #[must_use]
    pub fn get(&self, path: &str, media_type: &str) -> Answer {
        self.try_get(path, media_type).unwrap_or_else(|error| panic!("GET {}{path}: {error}", self.base))
    }

    /// Gets `path` from a node that may be down.
    pub fn try_get(&self, path: &str, media_type: &str) -> Result<Answer, ureq::Error> {
        answer(self.agent.get(format!("{}{path}", self.base)).header("accept", media_type).call()?)
    }

    /// Posts `body` to `path`.
    ///
    /// # Panics
    /// Where the node does not answer.
    #[must_use]
    pub fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Answer {
        self.try_post(path, media_type, body).unwrap_or_else(|error| panic!("POST {}{path}: {error}", self.base))
    }

    /// Posts `body` to a node that may be down.
    pub fn try_post(&self, path: &str, media_type: &str, body: &[u8]) -> Result<Answer, ureq::Error> {
        let request = self.agent.post(format!("{}{path}", self.base)).header("content-type", media_type);
        answer(request.header("accept", "application/json").send(body)?)
    }

    /// Asks a SPARQL query: results as JSON, graphs as N-Triples.
    pub fn try_ask(&self, path: &str, query: &str) -> Result<Answer, ureq::Error> {
        let request =
            self.agent.post(format!("{}{path}", self.base)).header("content-type", "application/sparql-query");
        answer(request.header("accept", "application/sparql-results+json, application/n-triples").send(query)?)
    }

    /// Sends a request with these headers and no other that says anything of the client.
    ///
    /// # Panics
    /// Where it is no request, or the node does not answer.
    #[must_use]
    pub fn send(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
        let start = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let builder = headers.iter().fold(start, |builder, (name, value)| builder.header(name, value));
        let answered = match body {
            [] => self.agent.run(builder.body(()).expect("a request")),
            body => self.agent.run(builder.body(body).expect("a request")),
        };
        answered.and_then(answer).unwrap_or_else(|error| panic!("{method} {}{path}: {error}", self.base))
    }

    /// Uploads a document.
    #[must_use]
    pub fn upload(&self, document: &[u8]) -> Answer {
        self.post("/metadata", "application/rdf+xml", document)
    }

    /// Asks a SPARQL SELECT query; the rows as texts, sorted.
    ///
    /// # Panics
    /// Where the answer is not a SPARQL result.
    #[must_use]
    pub fn select(&self, query: &str) -> Vec<Vec<String>> {
        let answer = self.post("/sparql", "application/sparql-query", query.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let results: serde_json::Value = serde_json::from_slice(&answer.body).expect("SPARQL results in JSON");
        let names: Vec<&str> = strings(&results["head"]["vars"]).collect();
        let bindings = results["results"]["bindings"].as_array().expect("bindings");
        let value = |row: &serde_json::Value, name: &str| row[name]["value"].as_str().unwrap_or_default().to_owned();
        let mut rows: Vec<Vec<String>> =
            bindings.iter().map(|row| names.iter().map(|name| value(row, name)).collect()).collect();
        rows.sort();
        rows
    }
}

impl Answer {
    /// The value of a header; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is not.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The path of `Location`.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn location_path(&self) -> String {
        let location = self.location.as_deref().unwrap_or_else(|| panic!("no Location: {}", self.text()));
        let (_, rest) = location.split_once("://").expect("an absolute URL");
        rest[rest.find('/').expect("a path")..].to_owned()
    }
}

fn strings(array: &serde_json::Value) -> impl Iterator<Item = &str> {
    array.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str)
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let texts =
        response.headers().iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    let headers: Vec<(String, String)> = texts.map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
    let header = |name| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let media_type = header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
    let location = header("location");
    let status = response.status().as_u16();
    Ok(Answer { status, media_type, location, headers, body: response.body_mut().read_to_vec()? })
}
