//! Rows of the suite: what a statement claims, a request, and what must be answered.

use serde_json::Value;
use tests::http::{Answer, Http};

/// A statement of the reference as a request and its answer.
pub(crate) struct Row {
    claim: &'static str,
    /// Why ours does not do what the original did.
    otherwise: Option<&'static str>,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    expected: Vec<Expected>,
}

enum Expected {
    Status(u16),
    Media(&'static str),
    Header(&'static str, String),
    Part(String),
    Absent(String),
    Json(&'static str, Value),
    Titles(Vec<&'static str>),
    Body(Vec<u8>),
}

/// A GET, which says nothing of what it accepts.
pub(crate) fn get(claim: &'static str, path: impl Into<String>) -> Row {
    request(claim, "GET", path)
}

/// A GET of JSON.
pub(crate) fn get_json(claim: &'static str, path: impl Into<String>) -> Row {
    get(claim, path).accept("application/json")
}

/// A POST of `body`.
pub(crate) fn post(claim: &'static str, path: impl Into<String>, media_type: &str, body: impl Into<Vec<u8>>) -> Row {
    Row { body: body.into(), ..request(claim, "POST", path).with("content-type", media_type) }
}

/// A POST of the fields of a form.
pub(crate) fn form(claim: &'static str, path: impl Into<String>, fields: &str) -> Row {
    post(claim, path, "application/x-www-form-urlencoded", fields)
}

/// A request by any method, without a body.
pub(crate) fn request(claim: &'static str, method: &'static str, path: impl Into<String>) -> Row {
    let (headers, body, expected) = (Vec::new(), Vec::new(), Vec::new());
    Row { claim, otherwise: None, method, path: path.into(), headers, body, expected }
}

impl Row {
    /// Says what ours does in place of the original's.
    pub(crate) fn otherwise(self, why: &'static str) -> Self {
        Self { otherwise: Some(why), ..self }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn accept(self, media_type: &str) -> Self {
        self.with("accept", media_type)
    }

    pub(crate) fn is(self, status: u16) -> Self {
        self.expect(Expected::Status(status))
    }

    /// The media type of the answer, without its parameters.
    pub(crate) fn media(self, media_type: &'static str) -> Self {
        self.expect(Expected::Media(media_type))
    }

    pub(crate) fn header(self, name: &'static str, value: impl Into<String>) -> Self {
        self.expect(Expected::Header(name, value.into()))
    }

    /// The body has this part.
    pub(crate) fn has(self, part: impl Into<String>) -> Self {
        self.expect(Expected::Part(part.into()))
    }

    pub(crate) fn has_not(self, part: impl Into<String>) -> Self {
        self.expect(Expected::Absent(part.into()))
    }

    /// The body is JSON with this value at `pointer` (RFC 6901).
    pub(crate) fn json(self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.expect(Expected::Json(pointer, value.into()))
    }

    /// The body is a list of the entries with these titles, in this order: documents in XML, objects, or rows.
    pub(crate) fn lists<const N: usize>(self, titles: [&'static str; N]) -> Self {
        self.expect(Expected::Titles(titles.to_vec()))
    }

    /// The body is exactly this.
    pub(crate) fn body(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.expect(Expected::Body(bytes.into()))
    }

    fn expect(mut self, expected: Expected) -> Self {
        self.expected.push(expected);
        self
    }

    /// What of the answer is not as the row says; each with what was found.
    fn differences(&self, http: &Http) -> Vec<String> {
        assert!(!self.expected.is_empty(), "{}: nothing is expected", self.claim);
        let answer = http.send(self.method, &self.path, &self.headers, &self.body);
        let differences = self.expected.iter().filter_map(|expected| expected.difference(&answer));
        let request = format!("{} {}", self.method, self.path);
        let otherwise = self.otherwise.map(|why| format!(" [ours: {why}]")).unwrap_or_default();
        differences.map(|difference| format!("{}{otherwise}\n  {request}: {difference}", self.claim)).collect()
    }
}

impl Expected {
    fn difference(&self, answer: &Answer) -> Option<String> {
        let text = || answer.text().chars().take(600).collect::<String>();
        let (is_met, wanted) = match self {
            Self::Status(status) => (answer.status == *status, format!("status {status}, not {}", answer.status)),
            Self::Media(media) => (answer.media_type == *media, format!("type {media}, not {:?}", answer.media_type)),
            Self::Header(name, value) => {
                (answer.header(name) == value, format!("{name}: {value}, not {:?}", answer.header(name)))
            }
            Self::Part(part) => (answer.text().contains(part), format!("a body with {part:?}")),
            Self::Absent(part) => (!answer.text().contains(part), format!("a body without {part:?}")),
            Self::Json(pointer, value) => {
                let found = serde_json::from_slice::<Value>(&answer.body).ok();
                let found = found.as_ref().and_then(|json| json.pointer(pointer));
                (found == Some(value), format!("{value} at {pointer}, not {found:?}"))
            }
            Self::Titles(titles) => {
                let found = titles_of(answer);
                (found == *titles, format!("the entries {titles:?}, not {found:?}"))
            }
            Self::Body(bytes) => (answer.body == *bytes, "another body".to_owned()),
        };
        (!is_met).then(|| format!("{wanted}; the answer is {} {}", answer.status, text()))
    }
}

fn titles_of(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let Ok(json) = serde_json::from_slice::<Value>(&answer.body) else {
        let after = text.split("<dcterms:title>").skip(1);
        return after.filter_map(|rest| Some(rest.split_once("</dcterms:title>")?.0.to_owned())).collect();
    };
    let strings = |array: &Value, pointer: &str| {
        let values = array.as_array().into_iter().flatten().filter_map(|one| one.pointer(pointer)?.as_str());
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    match json.get("items") {
        Some(items) => strings(items, "/title"),
        None => strings(&json["aaData"], "/10"),
    }
}

/// Asks every row of the node, in their order.
pub(crate) fn hold(http: &Http, rows: impl IntoIterator<Item = Row>) {
    let differences: Vec<String> = rows.into_iter().flat_map(|row| row.differences(http)).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
