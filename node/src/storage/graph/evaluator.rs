//! The process of queries: it evaluates one after the other over the node's quads, and may be ended at any moment.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use oxigraph::model::{GraphName, NamedNode, NamedOrBlankNode};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Resource, Rlimit, setrlimit};
use spareval::{PreparedQuery, QueryEvaluator};
use web::registry::{Dialect, GraphFormat, Query, QueryError, RegistryError, ResultsFormat};

use super::answer::{Answering, Form, failed};
use super::gate::{self, not_allowed};
use super::messages::{Kind, Message, Received, garbled};
use super::query::QueryLimits;
use super::remote::Remote;
use super::rewrite::rewritten;
use crate::bounds::{
    QUERY_GRAPHS_MAX, QUERY_MEMORY_BYTES_MAX, QUERY_MEMORY_KEPT_BYTES, QUERY_PART_BYTES, QUERY_STACK_BYTES,
};

/// How the evaluation of a query ended.
pub(super) enum Ended {
    /// The answer was sent before, in parts.
    Written(Form),
    /// There is none.
    Failed(QueryError),
}

/// Evaluates queries for the node whose line is this process's standard input, until the node ends it.
///
/// The memory that it may take beyond what it starts with is limited: where a query wants more, the process is aborted.
pub fn answer_queries() -> io::Result<()> {
    let mut stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let line = stream.try_clone()?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    let answering = std::thread::Builder::new().name("query".to_owned()).stack_size(QUERY_STACK_BYTES);
    // Its stack counts as memory that the process starts with.
    answering.spawn(move || {
        let outcome = limit_memory().and_then(|start_bytes| {
            loop {
                answer_one(&mut stream, start_bytes)?;
            }
        });
        // The node ends the line where it wants no more; of anything else it has learned by the end of the line.
        let _: io::Result<()> = outcome;
        std::process::exit(0);
    })?;
    // Whatever the query does: the process ends with its node.
    poll(&mut [PollFd::new(&line, PollFlags::empty())], None)?;
    Ok(())
}

/// Sets the limit and returns what the process has at its start.
fn limit_memory() -> io::Result<u64> {
    let start = memory_bytes()?;
    let limit = Some(start + QUERY_MEMORY_BYTES_MAX);
    setrlimit(Resource::Data, Rlimit { current: limit, maximum: limit })?;
    Ok(start)
}

/// Memory of the process that is its own and can be written, used or not.
fn memory_bytes() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("the system does not tell how much memory is used"))
}

fn answer_one(stream: &mut UnixStream, start_bytes: u64) -> io::Result<()> {
    let (query, answering) = read_question(&mut Received::read(stream)?)?;
    let answered = evaluate(&query, answering, Remote::new(stream.try_clone()?));
    let mut message = Message::new(Kind::Done);
    if let Ok((_, body)) = &answered {
        for part in body.chunks(QUERY_PART_BYTES) {
            Message::new(Kind::Part).bytes(part).send(stream)?;
        }
    }
    put_ended(&mut message, answered.map(|(form, _)| form));
    message.send(stream)?;
    if memory_bytes()? > start_bytes + QUERY_MEMORY_KEPT_BYTES {
        // What a query leaves must not be the next one's; the node finds the line ended and takes another process.
        std::process::exit(0);
    }
    Ok(())
}

fn evaluate(query: &Query, answering: Answering, remote: Remote) -> Result<(Form, Vec<u8>), QueryError> {
    let parsed = gate::parse(&query.text)?;
    gate::judge(&parsed, query.dialect)?;
    let parsed = rewritten(parsed);
    let evaluator = QueryEvaluator::new();
    let mut prepared = evaluator.prepare(&parsed);
    choose_graphs(&mut prepared, query)?;
    let results = prepared.execute(remote).map_err(|error| failed(&error))?;
    answering.write(results, query)
}

/// The graphs that a request names take the place of those in the query (SPARQL 1.1 Protocol section 2.1.4).
fn choose_graphs(prepared: &mut PreparedQuery<'_>, query: &Query) -> Result<(), QueryError> {
    let named = query.default_graphs.len() + query.named_graphs.len();
    if named == 0 {
        return Ok(());
    }
    if query.dialect == Dialect::Original {
        return Err(not_allowed("default-graph-uri and named-graph-uri are not answered here".to_owned()));
    }
    if named > QUERY_GRAPHS_MAX {
        return Err(not_allowed(format!("it names more than {QUERY_GRAPHS_MAX} graphs")));
    }
    let default_graphs = graphs(&query.default_graphs)?;
    let named_graphs = graphs(&query.named_graphs)?;
    let dataset = prepared.dataset_mut();
    dataset.set_default_graph(default_graphs.into_iter().map(GraphName::from).collect());
    dataset.set_available_named_graphs(named_graphs.into_iter().map(NamedOrBlankNode::from).collect());
    Ok(())
}

fn graphs(iris: &[String]) -> Result<Vec<NamedNode>, QueryError> {
    let graph =
        |iri: &String| NamedNode::new(iri).map_err(|error| not_allowed(format!("{iri:?} names no graph: {error}")));
    iris.iter().map(graph).collect()
}

/// A query with its limits, for the process.
pub(super) fn question(query: &Query, limits: &QueryLimits) -> Message {
    let mut message = Message::new(Kind::Query);
    message
        .number(limits.rows_max as u64)
        .number(limits.bytes_max as u64)
        .byte(position(&DIALECTS, &query.dialect))
        .byte(position(&RESULTS, &query.results))
        .byte(position(&GRAPHS, &query.graph))
        .text(&query.text)
        .texts(&query.default_graphs)
        .texts(&query.named_graphs);
    message
}

fn read_question(received: &mut Received) -> io::Result<(Query, Answering)> {
    if received.kind != Kind::Query {
        return Err(garbled());
    }
    let answering = Answering { rows_max: received.size()?, bytes_max: received.size()? };
    let query = Query {
        dialect: at(&DIALECTS, received.byte()?)?,
        results: at(&RESULTS, received.byte()?)?,
        graph: at(&GRAPHS, received.byte()?)?,
        text: received.text()?.to_owned(),
        default_graphs: received.texts()?,
        named_graphs: received.texts()?,
    };
    Ok((query, answering))
}

const DIALECTS: [Dialect; 2] = [Dialect::Sparql, Dialect::Original];
const RESULTS: [ResultsFormat; 4] = [ResultsFormat::Json, ResultsFormat::Xml, ResultsFormat::Csv, ResultsFormat::Tsv];
const GRAPHS: [GraphFormat; 4] = [GraphFormat::Turtle, GraphFormat::NTriples, GraphFormat::RdfXml, GraphFormat::JsonLd];
const UNITS: [&str; 2] = ["rows", "bytes"];

fn position<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let position = all.iter().position(|other| other == one).unwrap_or(all.len());
    u8::try_from(position).expect("there are a few")
}

fn at<T: Copy>(all: &[T], position: u8) -> io::Result<T> {
    all.get(usize::from(position)).copied().ok_or_else(garbled)
}

fn put_ended(message: &mut Message, ended: Result<Form, QueryError>) {
    match ended {
        Ok(Form::Results) => message.byte(0),
        Ok(Form::Graph) => message.byte(1),
        Err(QueryError::Syntax(reason)) => message.byte(2).text(&reason),
        Err(QueryError::NotAllowed(reason)) => message.byte(3).text(&reason),
        Err(QueryError::Format(reason)) => message.byte(4).text(&reason),
        Err(QueryError::TooLarge { limit, unit }) => message.byte(5).number(limit as u64).byte(position(&UNITS, &unit)),
        Err(_) => message.byte(6),
    };
}

/// How the process says that its work on a query ended.
pub(super) fn read_ended(received: &mut Received) -> io::Result<Ended> {
    Ok(match received.byte()? {
        0 => Ended::Written(Form::Results),
        1 => Ended::Written(Form::Graph),
        2 => Ended::Failed(QueryError::Syntax(received.text()?.to_owned())),
        3 => Ended::Failed(QueryError::NotAllowed(received.text()?.to_owned())),
        4 => Ended::Failed(QueryError::Format(received.text()?.to_owned())),
        5 => Ended::Failed(QueryError::TooLarge { limit: received.size()?, unit: at(&UNITS, received.byte()?)? }),
        _ => Ended::Failed(QueryError::Unavailable(RegistryError)),
    })
}
