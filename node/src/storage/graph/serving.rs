//! The node's side of one query: it reads the store for the process that evaluates the query.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::net::UnixStream;

use bytes::Bytes;
use oxigraph::model::{GraphName, NamedOrBlankNode, Quad, Term, TermRef};
use oxigraph::store::{QuadIter, StorageError};
use web::registry::{Query, QueryAnswer, QueryError};

use super::answer::media_type;
use super::error::GraphError;
use super::evaluator::{self, Ended};
use super::messages::{Kind, Message, Received, garbled};
use super::query::QueryLimits;
use super::remote::{IN_ANY_NAMED, IN_DEFAULT, IN_NAMED, QUAD, SAME};
use super::snapshot::Snapshot;
use crate::bounds::{QUERY_BATCH_BYTES_MAX, QUERY_BATCH_QUADS_LEAST, QUERY_BATCH_QUADS_MAX, QUERY_CURSORS_MAX};

/// How a query's process ended its work on it.
pub(super) enum Outcome {
    /// With an answer or a reason.
    Answered(Result<QueryAnswer, QueryError>),
    /// The store changed meanwhile.
    Overtaken,
    /// The process ended, or said what it never says.
    Lost(io::Error),
}

/// Hands a query to a process and reads what it asks for, until it answers.
pub(super) fn serve(
    stream: &mut UnixStream,
    snapshot: &Snapshot<'_>,
    query: &Query,
    limits: &QueryLimits,
) -> Result<Outcome, GraphError> {
    let mut serving = Serving { stream, snapshot, cursors: BTreeMap::new(), answer: Vec::new(), limits };
    if let Err(error) = evaluator::question(query, limits).send(serving.stream) {
        return Ok(Outcome::Lost(error));
    }
    loop {
        match serving.step(query) {
            Ok(None) => {}
            Ok(Some(outcome)) => return Ok(outcome),
            Err(Failure::Line(error)) => return Ok(Outcome::Lost(error)),
            Err(Failure::Store(error)) => return Err(error),
        }
    }
}

struct Serving<'a, 'l> {
    stream: &'l mut UnixStream,
    snapshot: &'a Snapshot<'a>,
    limits: &'l QueryLimits,
    cursors: BTreeMap<u64, Cursor<'a>>,
    answer: Vec<u8>,
}

/// A pattern whose quads are being read.
struct Cursor<'a> {
    quads: QuadIter<'a>,
    /// Whether the subject, predicate, object and graph are not known from the pattern.
    unknown: [bool; 4],
    /// Whether the default graph is none of those that are read.
    in_named_only: bool,
    /// A pattern of which much is wanted is read in greater steps.
    batch_max: usize,
}

enum Failure {
    Line(io::Error),
    Store(GraphError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Line(error)
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self::Store(error)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Store(error.into())
    }
}

impl<'a> Serving<'a, '_> {
    fn step(&mut self, query: &Query) -> Result<Option<Outcome>, Failure> {
        let mut received = Received::read(self.stream)?;
        match received.kind {
            Kind::Open => self.open(&mut received)?,
            Kind::Next => {
                let id = received.number()?;
                let cursor = self.cursors.remove(&id).ok_or_else(garbled)?;
                self.give(id, cursor)?;
            }
            Kind::Close => drop(self.cursors.remove(&received.number()?)),
            Kind::AskGraphs => self.give_graphs()?,
            Kind::Part => {
                if self.answer.len() + received.rest().len() > self.limits.bytes_max {
                    return Err(garbled().into());
                }
                self.answer.extend_from_slice(received.rest());
            }
            Kind::Done => return self.done(query, &mut received).map(Some),
            Kind::Query | Kind::Quads | Kind::Graphs | Kind::Fault => return Err(garbled().into()),
        }
        Ok(None)
    }

    fn open(&mut self, received: &mut Received) -> Result<(), Failure> {
        let id = received.number()?;
        let graphs = received.byte()?;
        let graph = match graphs {
            IN_DEFAULT => Some(GraphName::DefaultGraph),
            IN_NAMED => match node(received.term()?) {
                Some(node) => Some(GraphName::from(node)),
                None => return Ok(Message::new(Kind::Quads).byte(1).send(self.stream)?),
            },
            IN_ANY_NAMED => None,
            _ => return Err(garbled().into()),
        };
        let [subject, predicate, object] = [part(received)?, part(received)?, part(received)?];
        let unknown = [subject.is_none(), predicate.is_none(), object.is_none(), graphs == IN_ANY_NAMED];
        // A literal is nobody's subject, and only an IRI is a predicate: such a pattern has no quads.
        let subject = subject.map(node);
        let predicate = predicate.map(|term| if let Term::NamedNode(node) = term { Some(node) } else { None });
        if subject == Some(None) || predicate == Some(None) {
            return Ok(Message::new(Kind::Quads).byte(1).send(self.stream)?);
        }
        if self.cursors.len() >= QUERY_CURSORS_MAX {
            return Ok(Message::new(Kind::Fault).send(self.stream)?);
        }
        let quads = self.snapshot.quads(
            subject.flatten().as_ref().map(NamedOrBlankNode::as_ref),
            predicate.flatten().as_ref().map(|node| node.as_ref()),
            object.as_ref().map(Term::as_ref),
            graph.as_ref().map(GraphName::as_ref),
        );
        self.give(
            id,
            Cursor { quads, unknown, in_named_only: graphs == IN_ANY_NAMED, batch_max: QUERY_BATCH_QUADS_LEAST },
        )
    }

    /// Sends the next quads of a cursor, and keeps it where there are more.
    fn give(&mut self, id: u64, mut cursor: Cursor<'a>) -> Result<(), Failure> {
        let mut message = Message::new(Kind::Quads);
        message.byte(0);
        let mut last = None;
        let mut is_last = true;
        for quads in 1.. {
            let Some(quad) = cursor.next()? else { break };
            put_quad(&mut message, &quad, last.as_ref(), cursor.unknown);
            last = Some(quad);
            if quads >= cursor.batch_max || message.len() >= QUERY_BATCH_BYTES_MAX {
                is_last = false;
                break;
            }
        }
        if !self.snapshot.is_unchanged() {
            return Ok(Message::new(Kind::Fault).send(self.stream)?);
        }
        if is_last {
            message.set_first(1);
        } else {
            cursor.batch_max = (cursor.batch_max * 4).min(QUERY_BATCH_QUADS_MAX);
            self.cursors.insert(id, cursor);
        }
        Ok(message.send(self.stream)?)
    }

    fn give_graphs(&mut self) -> Result<(), Failure> {
        let mut message = Message::new(Kind::Graphs);
        for graph in self.snapshot.graphs()? {
            message.term(graph.as_ref().into());
        }
        let mut message = if self.snapshot.is_unchanged() { message } else { Message::new(Kind::Fault) };
        Ok(message.send(self.stream)?)
    }

    fn done(&mut self, query: &Query, received: &mut Received) -> Result<Outcome, Failure> {
        if !self.snapshot.is_unchanged() {
            return Ok(Outcome::Overtaken);
        }
        let answered = match evaluator::read_ended(received)? {
            Ended::Written(form) => {
                let body = Bytes::from(std::mem::take(&mut self.answer));
                Ok(QueryAnswer { media_type: media_type(form, query), body })
            }
            Ended::Failed(error) => Err(error),
        };
        Ok(Outcome::Answered(answered))
    }
}

impl Cursor<'_> {
    fn next(&mut self) -> Result<Option<Quad>, StorageError> {
        let is_wanted = |quad: &Quad| !(self.in_named_only && quad.graph_name.is_default_graph());
        self.quads.find(|quad| quad.as_ref().map_or(true, is_wanted)).transpose()
    }
}

fn put_quad(message: &mut Message, quad: &Quad, last: Option<&Quad>, unknown: [bool; 4]) {
    message.byte(QUAD);
    let parts = terms(quad);
    let last = last.map(terms);
    for at in (0..4).filter(|at| unknown[*at]) {
        match parts[at] {
            Some(_) if last.is_some_and(|last| last[at] == parts[at]) => drop(message.byte(SAME)),
            Some(term) => drop(message.term(term)),
            None => {}
        }
    }
}

fn terms(quad: &Quad) -> [Option<TermRef<'_>>; 4] {
    let graph = match &quad.graph_name {
        GraphName::NamedNode(node) => Some(node.into()),
        GraphName::BlankNode(node) => Some(node.into()),
        GraphName::DefaultGraph => None,
    };
    [Some(quad.subject.as_ref().into()), Some(quad.predicate.as_ref().into()), Some(quad.object.as_ref()), graph]
}

fn part(received: &mut Received) -> io::Result<Option<Term>> {
    if received.byte()? == 0 { Ok(None) } else { received.term().map(Some) }
}

fn node(term: Term) -> Option<NamedOrBlankNode> {
    match term {
        Term::NamedNode(node) => Some(node.into()),
        Term::BlankNode(node) => Some(node.into()),
        Term::Literal(_) => None,
    }
}
