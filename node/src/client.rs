//! A small HTTP client for marketplace nodes: a time for each exchange, a bound on each answer.

use serde::Deserialize;
use ureq::http::{Response, header};
use ureq::{Agent, Body};
use web::PublicUrl;

use crate::bounds;

/// Talks to one node.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    node: PublicUrl,
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Where the node sends the client.
    pub location: Option<String>,
    /// The media type of the body, without parameters.
    pub media_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What a node did with an upload.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Taken {
    /// The entry is held.
    Held(Uploaded),
    /// The endorser is asked by e-mail first.
    Awaiting(Awaited),
}

/// What a node says of an upload that awaits its confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Awaited {
    /// In the node's words: `awaiting confirmation`.
    pub result: String,
    /// The identity that the entry will have.
    pub entry: String,
    /// The address that was asked.
    pub email: String,
    /// When the entry is forgotten.
    pub expires: String,
}

/// What a node says of an upload that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Uploaded {
    /// In the node's words: `created` or `already held`.
    pub result: String,
    /// The identity of the entry.
    pub entry: String,
    /// Its address by coordinates.
    pub url: String,
    /// Its exact address.
    pub entry_url: String,
    /// How well the endorser is known there.
    pub standing: String,
}

/// Whether an upload leaves the node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Scope {
    /// It goes to every node of the federation.
    #[default]
    Federated,
    /// It stays on this node.
    Local,
}

/// Why a node did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The address is not one of a node; the user's fault.
    #[error(transparent)]
    Address(#[from] web::NotAPublicUrl),
    /// No node answered; the network's or the machine's fault, and another node may answer.
    #[error("{node} does not answer: {reason}")]
    Unreachable {
        /// The node.
        node: String,
        /// What happened.
        reason: String,
    },
    /// The node refuses; the rule says whose fault it is.
    #[error("{detail}")]
    Refused {
        /// The status code.
        status: u16,
        /// The stable name of the broken rule.
        rule: String,
        /// What is wrong with which value.
        detail: String,
    },
    /// The node asks the endorser first; nothing is wrong, and nothing is published yet.
    #[error("the node asked {email} to confirm it first")]
    Unconfirmed {
        /// The address that was asked.
        email: String,
    },
    /// What answers is no marketplace, or one that this version does not read.
    #[error("{node} gives an answer that this version does not read: {reason}")]
    Answer {
        /// The node.
        node: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A refusal as JSON (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    rule: String,
    detail: String,
}

#[derive(Deserialize)]
struct Total {
    total: u64,
}

const JSON: &str = "application/json";
const DOCUMENT: &str = "application/rdf+xml";
/// A node does not redirect; a proxy before it may, from http to https.
const REDIRECTS_MAX: u32 = 3;

impl Client {
    /// A client of the node at this address.
    pub fn new(node: &str) -> Result<Self, ClientError> {
        Ok(Self::of(node.parse()?))
    }

    /// A client of the node at this address.
    #[must_use]
    pub fn of(node: PublicUrl) -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(bounds::CLIENT_CONNECT_TIMEOUT))
            .timeout_global(Some(bounds::CLIENT_TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(REDIRECTS_MAX)
            .user_agent(concat!("marketplace/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent(), node }
    }

    /// The node's address.
    #[must_use]
    pub fn node(&self) -> &str {
        self.node.as_str()
    }

    /// Uploads a document; the answer comes when it is durable and queryable.
    pub fn upload(&self, document: &[u8]) -> Result<Uploaded, ClientError> {
        match self.upload_as(document, Scope::Federated)? {
            Taken::Held(uploaded) => Ok(uploaded),
            Taken::Awaiting(Awaited { email, .. }) => Err(ClientError::Unconfirmed { email }),
        }
    }

    /// Uploads a document with this scope.
    pub fn upload_as(&self, document: &[u8], scope: Scope) -> Result<Taken, ClientError> {
        let path = match scope {
            Scope::Federated => "/metadata",
            Scope::Local => "/metadata?scope=local",
        };
        let request = self.agent.post(self.url(path)).header(header::ACCEPT, JSON);
        let sent = request.header(header::CONTENT_TYPE, DOCUMENT).send(document);
        self.read_json(self.taken(self.answer(sent)?)?)
    }

    /// The JSON at a path below the node's address.
    pub fn json<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, ClientError> {
        self.read_json(self.taken(self.fetch(path, JSON)?)?)
    }

    /// The exact bytes of the entry at a path below the node's address.
    pub fn document(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        Ok(self.taken(self.fetch(path, DOCUMENT)?)?.body)
    }

    /// Whether something stands at a path below the node's address.
    pub fn has(&self, path: &str) -> Result<bool, ClientError> {
        match self.taken(self.fetch(path, DOCUMENT)?) {
            Ok(_) => Ok(true),
            Err(ClientError::Refused { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How many entries the node lists, whatever their state; contested ones apart.
    pub fn entry_count(&self) -> Result<u64, ClientError> {
        self.json::<Total>("/metadata?status=all&limit=1").map(|list| list.total)
    }

    /// Fetches what stands at a path below the node's address.
    pub fn fetch(&self, path: &str, accept: &str) -> Result<Answer, ClientError> {
        self.answer(self.agent.get(self.url(path)).header(header::ACCEPT, accept).call())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.node.as_str())
    }

    fn answer(&self, answered: Result<Response<Body>, ureq::Error>) -> Result<Answer, ClientError> {
        let mut response = answered.map_err(|error| self.unreachable(&error))?;
        let body = response.body_mut().with_config().limit(bounds::CLIENT_ANSWER_BYTES_MAX).read_to_vec();
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let media_type = text(header::CONTENT_TYPE).unwrap_or_default();
        Ok(Answer {
            status: response.status().as_u16(),
            location: text(header::LOCATION),
            media_type: media_type.split(';').next().unwrap_or_default().trim().to_owned(),
            body: body.map_err(|error| self.unreachable(&error))?,
        })
    }

    fn unreachable(&self, error: &ureq::Error) -> ClientError {
        ClientError::Unreachable { node: self.node().to_owned(), reason: error.to_string() }
    }

    /// The answer where it is one to what was asked.
    fn taken(&self, answer: Answer) -> Result<Answer, ClientError> {
        match answer.status {
            200..=299 => Ok(answer),
            status => Err(refusal(status, &answer)),
        }
    }

    fn read_json<T: for<'de> Deserialize<'de>>(&self, answer: Answer) -> Result<T, ClientError> {
        serde_json::from_slice(&answer.body)
            .map_err(|error| ClientError::Answer { node: self.node().to_owned(), reason: error.to_string() })
    }
}

impl Uploaded {
    /// The path of the entry's address by coordinates below the node's address.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.find("/metadata/").map_or(&self.url, |at| &self.url[at..])
    }
}

/// Asks node after node until one answers; that it refuses is an answer.
pub fn first_answer<T>(
    nodes: &[PublicUrl],
    mut ask: impl FnMut(&Client) -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let (last, first) = nodes.split_last().expect("the command line has at least one node");
    for node in first {
        match ask(&Client::of(node.clone())) {
            Err(error @ ClientError::Unreachable { .. }) => tracing::warn!("{error}; trying the next node"),
            answered => return answered,
        }
    }
    ask(&Client::of(last.clone()))
}

/// Percent-encodes the text of one segment of a path (RFC 3986 section 2.1).
#[must_use]
pub fn encode(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@:".contains(&byte);
    let encoded = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encoded).collect()
}

fn refusal(status: u16, answer: &Answer) -> ClientError {
    let problem = serde_json::from_slice::<Problem>(&answer.body).unwrap_or_else(|_| Problem {
        rule: format!("http-{status}"),
        detail: format!("the node answers with status {status}"),
    });
    ClientError::Refused { status, rule: problem.rule, detail: problem.detail }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A node that gives one answer; the request comes back.
    fn answering(answer: &'static str) -> (PublicUrl, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/base", listener.local_addr().expect("an address"));
        let node = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while !String::from_utf8_lossy(&request).contains("\r\n\r\n") {
                let read = stream.read(&mut chunk).expect("a request");
                request.extend_from_slice(&chunk[..read]);
            }
            stream.write_all(answer.as_bytes()).expect("the client reads");
            String::from_utf8_lossy(&request).into_owned()
        });
        (url.parse().expect("a good URL"), node)
    }

    /// A node that is gone: its port was free a moment ago, and nobody listens there.
    fn gone() -> PublicUrl {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        url.parse().expect("a good URL")
    }

    const CREATED: &str = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\
        {\"result\":\"created\",\"entry\":\"ab\",\"url\":\"http://h/base/metadata/i/e/c\",\"entry_url\":\"http://h/base/entries/ab\",\
        \"standing\":\"bare\"}";
    const REFUSED: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\nconnection: close\r\n\r\n\
        {\"title\":\"Bad Request\",\"status\":400,\"rule\":\"one-type\",\"detail\":\"2 of them\"}";

    #[test]
    fn an_upload_names_where_the_entry_is() {
        let (node, request) = answering(CREATED);
        let taken = Client::of(node).upload_as(b"<a/>", Scope::Local).expect("it is taken");
        let Taken::Held(uploaded) = taken else { panic!("it is held: {taken:?}") };
        assert_eq!((uploaded.standing.as_str(), uploaded.path()), ("bare", "/metadata/i/e/c"));
        let request = request.join().expect("the node answered");
        assert!(request.starts_with("POST /base/metadata?scope=local HTTP/1.1\r\n"), "{request}");
    }

    #[test]
    fn an_upload_that_awaits_its_confirmation_names_who_was_asked() {
        const ASKED: &str = "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\
            {\"result\":\"awaiting confirmation\",\"detail\":\"d\",\"entry\":\"ab\",\"email\":\"a@b\",\"expires\":\"e\"}";
        let (node, _request) = answering(ASKED);
        let refused = Client::of(node).upload(b"<a/>").expect_err("nothing is published yet");
        assert_eq!(refused, ClientError::Unconfirmed { email: "a@b".to_owned() });
    }

    #[test]
    fn a_refusal_names_its_rule() {
        let (node, _request) = answering(REFUSED);
        let refused = Client::of(node).upload(b"<a/>").expect_err("it is refused");
        let expected = ClientError::Refused { status: 400, rule: "one-type".into(), detail: "2 of them".into() };
        assert_eq!(refused, expected);
    }

    #[test]
    fn the_next_node_is_asked_where_one_does_not_answer() {
        let (node, _request) = answering(CREATED);
        let uploaded = first_answer(&[gone(), node], |client| client.upload(b"<a/>")).expect("the second answers");
        assert_eq!(uploaded.result, "created");
    }

    #[test]
    fn a_refusal_is_an_answer_and_no_other_node_is_asked() {
        let (node, _request) = answering(REFUSED);
        let refused = first_answer(&[node, gone()], |client| client.upload(b"<a/>"));
        assert!(matches!(refused, Err(ClientError::Refused { status: 400, .. })), "{refused:?}");
    }

    #[test]
    fn a_segment_of_a_path_is_encoded() {
        assert_eq!(encode("a/b c@d.org+é"), "a%2Fb%20c@d.org%2B%C3%A9");
    }
}
