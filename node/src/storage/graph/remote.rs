//! The node's quads as a query's process reads them: by patterns, in batches, over its line to the node.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use oxigraph::model::vocab::xsd;
use oxigraph::model::{Literal, Term};
use spareval::{ExpressionTerm, InternalQuad, QueryableDataset};

use super::messages::{Kind, Message, Received, garbled};
use crate::bounds::QUERY_TERM_BYTES_MAX;

/// The graphs that a pattern is looked for in; the first byte of what is asked.
pub(super) const IN_DEFAULT: u8 = 0;
/// In the one that follows.
pub(super) const IN_NAMED: u8 = 1;
/// In all but the default graph.
pub(super) const IN_ANY_NAMED: u8 = 2;

/// Goes before each quad, of which the pattern may leave nothing to tell.
pub(super) const QUAD: u8 = 1;

/// In the place of a term that stands in the quad before, too.
pub(super) const SAME: u8 = 0;

/// The dataset of one query; terms are numbers, which are cheap to keep and to compare.
#[derive(Clone)]
pub(super) struct Remote(Rc<Line>);

struct Line {
    stream: RefCell<UnixStream>,
    terms: RefCell<Terms>,
    cursors: Cell<u64>,
    /// Set once the node gives nothing more; what is left then ends as if there were no quads.
    is_lost: Cell<bool>,
}

#[derive(Default)]
struct Terms {
    by_number: Vec<Rc<Term>>,
    numbers: HashMap<Rc<Term>, u32>,
}

impl Terms {
    fn number(&mut self, term: Term) -> u32 {
        if let Some(number) = self.numbers.get(&term) {
            return *number;
        }
        let number = u32::try_from(self.by_number.len()).expect("the process's memory holds fewer terms");
        let term = Rc::new(term);
        self.by_number.push(Rc::clone(&term));
        self.numbers.insert(term, number);
        number
    }

    fn term(&self, number: u32) -> Term {
        Term::clone(&self.by_number[number as usize])
    }
}

impl Remote {
    pub(super) fn new(stream: UnixStream) -> Self {
        let line = Line {
            stream: RefCell::new(stream),
            terms: RefCell::default(),
            cursors: Cell::new(0),
            is_lost: Cell::new(false),
        };
        Self(Rc::new(line))
    }
}

impl Line {
    fn ask(&self, message: &mut Message) -> io::Result<Received> {
        let stream = &mut *self.stream.borrow_mut();
        let answer = message.send(stream).and_then(|()| Received::read(stream));
        match answer {
            Ok(received) if received.kind != Kind::Fault => Ok(received),
            Ok(_) => Err(self.lose(io::Error::other("the node reads no more for this query"))),
            Err(error) => Err(self.lose(error)),
        }
    }

    fn lose(&self, error: io::Error) -> io::Error {
        self.is_lost.set(true);
        error
    }

    fn term(&self, number: u32) -> Term {
        self.terms.borrow().term(number)
    }

    fn put_term(&self, message: &mut Message, number: u32) {
        message.term(self.terms.borrow().by_number[number as usize].as_ref().as_ref());
    }
}

impl<'a> QueryableDataset<'a> for Remote {
    type InternalTerm = u32;
    type Error = io::Error;

    fn internal_quads_for_pattern(
        &self,
        subject: Option<&u32>,
        predicate: Option<&u32>,
        object: Option<&u32>,
        graph_name: Option<Option<&u32>>,
    ) -> impl Iterator<Item = io::Result<InternalQuad<u32>>> + use<'a> {
        Quads {
            line: Rc::clone(&self.0),
            pattern: [subject.copied(), predicate.copied(), object.copied()],
            graph: graph_name.map(Option::<&u32>::copied),
            cursor: None,
            is_exhausted: false,
            read: Vec::new().into_iter(),
        }
    }

    fn internal_named_graphs(&self) -> impl Iterator<Item = io::Result<u32>> + use<'a> {
        let asked = self.0.ask(&mut Message::new(Kind::AskGraphs)).and_then(|mut received| {
            let mut graphs = Vec::new();
            while !received.is_at_end() {
                graphs.push(self.0.terms.borrow_mut().number(received.term()?));
            }
            Ok(graphs)
        });
        match asked {
            Ok(graphs) => graphs.into_iter().map(Ok).collect::<Vec<_>>().into_iter(),
            Err(error) => vec![Err(error)].into_iter(),
        }
    }

    /// Numbers and dates are one term in the store however they are written, and so they are here.
    fn internalize_term(&self, term: Term) -> io::Result<u32> {
        let is_typed = |literal: &Literal| literal.language().is_none() && literal.datatype() != xsd::STRING;
        let term = if matches!(&term, Term::Literal(literal) if is_typed(literal)) {
            Term::from(ExpressionTerm::from(term))
        } else {
            term
        };
        Ok(self.0.terms.borrow_mut().number(term))
    }

    fn externalize_term(&self, term: u32) -> io::Result<Term> {
        Ok(self.0.term(term))
    }
}

/// The quads of a pattern; they are asked for when the first is wanted, and given back when no more are.
struct Quads {
    line: Rc<Line>,
    pattern: [Option<u32>; 3],
    graph: Option<Option<u32>>,
    cursor: Option<u64>,
    is_exhausted: bool,
    read: std::vec::IntoIter<InternalQuad<u32>>,
}

impl Iterator for Quads {
    type Item = io::Result<InternalQuad<u32>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(quad) = self.read.next() {
            return Some(Ok(quad));
        }
        if self.is_exhausted || self.line.is_lost.get() {
            return None;
        }
        match self.fetch() {
            Ok(quads) => {
                self.read = quads.into_iter();
                self.read.next().map(Ok)
            }
            Err(error) => {
                self.is_exhausted = true;
                Some(Err(self.line.lose(error)))
            }
        }
    }
}

impl Quads {
    fn fetch(&mut self) -> io::Result<Vec<InternalQuad<u32>>> {
        let received = match self.cursor {
            Some(cursor) => self.line.ask(Message::new(Kind::Next).number(cursor))?,
            None if self.has_endless_term() => {
                self.is_exhausted = true;
                return Ok(Vec::new());
            }
            None => self.open()?,
        };
        self.take(received)
    }

    /// Whether a term is longer than any that the store has.
    fn has_endless_term(&self) -> bool {
        let terms = self.line.terms.borrow();
        let is_endless = |number: u32| match &*terms.by_number[number as usize] {
            Term::NamedNode(node) => node.as_str().len() > QUERY_TERM_BYTES_MAX,
            Term::Literal(literal) => literal.value().len() > QUERY_TERM_BYTES_MAX,
            Term::BlankNode(_) => false,
        };
        self.pattern.into_iter().chain([self.graph.flatten()]).flatten().any(is_endless)
    }

    fn open(&mut self) -> io::Result<Received> {
        let cursor = self.line.cursors.get();
        self.line.cursors.set(cursor + 1);
        self.cursor = Some(cursor);
        let mut message = Message::new(Kind::Open);
        message.number(cursor);
        match self.graph {
            Some(None) => drop(message.byte(IN_DEFAULT)),
            None => drop(message.byte(IN_ANY_NAMED)),
            Some(Some(graph)) => {
                message.byte(IN_NAMED);
                self.line.put_term(&mut message, graph);
            }
        }
        for part in self.pattern {
            message.byte(u8::from(part.is_some()));
            if let Some(part) = part {
                self.line.put_term(&mut message, part);
            }
        }
        self.line.ask(&mut message)
    }

    fn take(&mut self, mut received: Received) -> io::Result<Vec<InternalQuad<u32>>> {
        if received.kind != Kind::Quads {
            return Err(garbled());
        }
        self.is_exhausted = received.byte()? != 0;
        let terms = &mut *self.line.terms.borrow_mut();
        let mut last: [Option<u32>; 4] = [None; 4];
        let mut quads = Vec::new();
        while received.skip(QUAD) {
            let mut parts = [self.pattern[0], self.pattern[1], self.pattern[2], self.graph.flatten()];
            let unknown = |at: usize| if at < 3 { self.pattern[at].is_none() } else { self.graph.is_none() };
            for at in (0..4).filter(|at| unknown(*at)) {
                if !received.skip(SAME) {
                    last[at] = Some(terms.number(received.term()?));
                }
                parts[at] = last[at];
            }
            let [Some(subject), Some(predicate), Some(object), graph_name] = parts else { return Err(garbled()) };
            quads.push(InternalQuad { subject, predicate, object, graph_name });
        }
        Ok(quads)
    }
}

impl Drop for Quads {
    fn drop(&mut self) {
        if let Some(cursor) = self.cursor.filter(|_| !self.is_exhausted && !self.line.is_lost.get()) {
            let sent = Message::new(Kind::Close).number(cursor).send(&mut self.line.stream.borrow_mut());
            if let Err(error) = sent {
                self.line.lose(error);
            }
        }
    }
}
