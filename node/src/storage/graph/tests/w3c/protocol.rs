//! The W3C suites of the SPARQL 1.1 Protocol and of Service Description, over HTTP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use oxigraph::io::{RdfFormat, RdfParser};
use oxigraph::model::vocab::rdf;
use oxigraph::model::{Graph, NamedNode, NamedOrBlankNode, Term, Triple};

use super::manifest::Case;

const HT: &str = "http://www.w3.org/2011/http#";
const CNT: &str = "http://www.w3.org/2011/content#";
const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const SD: &str = "http://www.w3.org/ns/sparql-service-description#";

/// One request of a case and what it expects.
#[derive(Debug)]
struct Exchange {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    statuses: Vec<char>,
    boolean: Option<bool>,
    format: Option<String>,
}

/// An answer as it came.
struct Answer {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

/// Runs a case against the endpoint at `server`.
pub(super) fn run(case: &Case, server: SocketAddr) -> Result<(), String> {
    let exchanges = exchanges(case);
    if exchanges.is_empty() {
        return Err("it has no request".to_owned());
    }
    exchanges.iter().try_for_each(|exchange| check(exchange, &ask(server, exchange)))
}

/// Whether the case is one of an update, which this endpoint refuses.
pub(super) fn is_update(case: &Case) -> bool {
    case.iri.contains("#update_")
}

fn check(exchange: &Exchange, answer: &Answer) -> Result<(), String> {
    let what = || format!("{} {} gave {} {}", exchange.method, exchange.target, answer.status, answer.content_type);
    let class = char::from_digit(u32::from(answer.status / 100), 10).unwrap();
    if !exchange.statuses.contains(&class) {
        return Err(format!("{}: {}", what(), String::from_utf8_lossy(&answer.body)));
    }
    let media_type = answer.content_type.split(';').next().unwrap_or_default().trim();
    let expected: &[&str] = match exchange.format.as_deref() {
        Some("boolean") => &["application/sparql-results+xml", "application/sparql-results+json"],
        Some("tabular") => &[
            "application/sparql-results+xml",
            "application/sparql-results+json",
            "text/csv",
            "text/tab-separated-values",
        ],
        Some("RDF") => &["text/turtle", "application/rdf+xml", "application/n-triples"],
        _ => return Ok(()),
    };
    let body = String::from_utf8_lossy(&answer.body);
    match exchange.boolean {
        _ if !expected.contains(&media_type) => Err(what()),
        Some(value) if !body.contains(&format!("<boolean>{value}</boolean>")) => Err(format!("{}: {body}", what())),
        _ => Ok(()),
    }
}

/// What the suite of Service Description asks of the description at `server`.
pub(super) fn describes_itself(case: &Case, server: SocketAddr) -> Result<(), String> {
    let exchange = Exchange {
        method: "GET".to_owned(),
        target: "/sparql".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        statuses: vec!['2'],
        boolean: None,
        format: Some("RDF".to_owned()),
    };
    let answer = ask(server, &exchange);
    check(&exchange, &answer)?;
    let parser = RdfParser::from_format(RdfFormat::Turtle).for_slice(&answer.body);
    let graph = parser.map(|quad| quad.map(Triple::from)).collect::<Result<Graph, _>>().map_err(|e| e.to_string())?;
    let name = |local: &str| NamedNode::new_unchecked(format!("{SD}{local}"));
    let services: Vec<_> = graph.subjects_for_predicate_object(rdf::TYPE, &name("Service")).collect();
    let [service] = services[..] else { return Err(format!("{} services", services.len())) };
    let endpoint = NamedNode::new_unchecked(format!("http://{server}/sparql"));
    if !graph.contains(&Triple::new(service.into_owned(), name("endpoint"), endpoint)) {
        return Err("no sd:endpoint of this address".to_owned());
    }
    // Its section 3: each dataset and graph has its type, each named graph its name.
    let typed = [
        ("defaultDataset", "Dataset", "a default dataset"),
        ("defaultGraph", "Graph", "a default graph"),
        ("namedGraph", "NamedGraph", "a named graph"),
    ];
    for (property, class, what) in typed {
        let objects: Vec<_> = graph.triples_for_predicate(&name(property)).map(|triple| triple.object).collect();
        let has_type = |object: &oxigraph::model::TermRef<'_>| match object {
            oxigraph::model::TermRef::BlankNode(node) => {
                graph.contains(&Triple::new(node.into_owned(), rdf::TYPE, name(class)))
            }
            _ => false,
        };
        if objects.is_empty() || !objects.iter().all(has_type) {
            return Err(format!("{}: {what} without its type", case.iri));
        }
    }
    Ok(())
}

fn exchanges(case: &Case) -> Vec<Exchange> {
    let Some(action) = &case.action else { return Vec::new() };
    let graph = &case.manifest;
    let requests = object(graph, action, HT, "requests");
    list(graph, requests).into_iter().map(|request| exchange(graph, &request)).collect()
}

fn exchange(graph: &Graph, request: &NamedOrBlankNode) -> Exchange {
    let response = object(graph, request, HT, "resp").and_then(node).unwrap();
    let statuses = graph.objects_for_subject_predicate(&response, &term(MF, "expectedStatus"));
    let statuses = statuses.filter_map(|status| status.to_string().chars().rev().nth(3)).collect();
    let body = object(graph, request, HT, "body").and_then(node);
    let headers = list(graph, object(graph, request, HT, "headers"))
        .into_iter()
        .filter_map(|header| Some((value(graph, &header, HT, "fieldName")?, value(graph, &header, HT, "fieldValue")?)));
    let chars = body.as_ref().and_then(|body| value(graph, body, CNT, "chars")).unwrap_or_default();
    let encoding = body.as_ref().and_then(|body| value(graph, body, CNT, "characterEncoding"));
    let path = value(graph, request, HT, "absolutePath").unwrap();
    Exchange {
        method: value(graph, request, HT, "methodName").unwrap(),
        target: path.replacen("/sparql/", "/sparql", 1),
        headers: headers.collect(),
        body: encoded(&chars, encoding.as_deref()),
        statuses,
        boolean: value(graph, &response, MF, "expectedBoolean").map(|value| value == "true"),
        format: value(graph, &response, MF, "expectedFormat"),
    }
}

fn encoded(text: &str, encoding: Option<&str>) -> Vec<u8> {
    match encoding {
        Some("UTF-16") => [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect(),
        _ => text.as_bytes().to_vec(),
    }
}

fn ask(server: SocketAddr, exchange: &Exchange) -> Answer {
    let mut head =
        format!("{} {} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n", exchange.method, exchange.target);
    for (name, value) in &exchange.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", exchange.body.len());
    let mut stream = TcpStream::connect(server).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&exchange.body).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let content_type = lines.find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default().to_owned();
    Answer { status, content_type, body: bytes[end + 4..].to_vec() }
}

fn list(graph: &Graph, first: Option<Term>) -> Vec<NamedOrBlankNode> {
    let (mut next, mut found) = (first, Vec::new());
    while let Some(Term::BlankNode(cell)) = next {
        found.extend(graph.object_for_subject_predicate(&cell, rdf::FIRST).and_then(|first| node(first.into_owned())));
        next = graph.object_for_subject_predicate(&cell, rdf::REST).map(|rest| rest.into_owned());
    }
    found
}

fn object(graph: &Graph, subject: &NamedOrBlankNode, prefix: &str, name: &str) -> Option<Term> {
    graph.object_for_subject_predicate(subject, &term(prefix, name)).map(|object| object.into_owned())
}

fn value(graph: &Graph, subject: &NamedOrBlankNode, prefix: &str, name: &str) -> Option<String> {
    match object(graph, subject, prefix, name)? {
        Term::Literal(literal) => Some(literal.value().to_owned()),
        _ => None,
    }
}

fn node(term: Term) -> Option<NamedOrBlankNode> {
    match term {
        Term::NamedNode(node) => Some(node.into()),
        Term::BlankNode(node) => Some(node.into()),
        Term::Literal(_) => None,
    }
}

fn term(prefix: &str, name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{prefix}{name}"))
}
