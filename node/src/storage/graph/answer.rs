//! A query's results as the bytes of an answer: all of them, or an error.

use std::io::{self, Write};

use oxigraph::io::{JsonLdProfileSet, RdfFormat, RdfSerializer};
use oxigraph::sparql::results::{QueryResultsFormat, QueryResultsSerializer};
use oxigraph::sparql::{QueryEvaluationError, QueryResults, QuerySolutionIter, QueryTripleIter};
use proto::vocabulary;
use web::registry::{GraphFormat, Query, QueryError, RegistryError, ResultsFormat};

use super::gate::not_allowed;

/// Prefixes that make graphs readable.
const PREFIXES: [(&str, &str); 4] = [
    ("rdf", vocabulary::RDF),
    ("dcterms", vocabulary::DCTERMS),
    ("slreq", vocabulary::SLREQ),
    ("slterms", vocabulary::SLTERMS),
];

/// Writes an answer within its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answering {
    /// Solutions or triples of an answer.
    pub(super) rows_max: usize,
    /// Bytes of an answer.
    pub(super) bytes_max: usize,
}

/// Which of the two formats of a query an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Solutions, or a truth value.
    Results,
    /// A graph.
    Graph,
}

/// The media type of an answer of this form.
pub(super) fn media_type(form: Form, query: &Query) -> &'static str {
    match form {
        Form::Results => results_format(query.results).media_type(),
        Form::Graph => graph_format(query.graph).media_type(),
    }
}

/// Grows up to a bound and then fails.
struct Bounded {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > self.bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Answering {
    pub(super) fn write(&self, results: QueryResults<'_>, query: &Query) -> Result<(Form, Vec<u8>), QueryError> {
        match results {
            QueryResults::Boolean(value) => self.boolean(value, query.results),
            QueryResults::Solutions(solutions) => self.solutions(solutions, query.results),
            QueryResults::Graph(triples) => self.graph(triples, query.graph),
        }
    }

    fn boolean(&self, value: bool, format: ResultsFormat) -> Result<(Form, Vec<u8>), QueryError> {
        if matches!(format, ResultsFormat::Csv | ResultsFormat::Tsv) {
            return Err(QueryError::Format(
                "CSV and TSV cannot express the answer of ASK; ask for JSON or XML".to_owned(),
            ));
        }
        let serializer = QueryResultsSerializer::from_format(results_format(format));
        let written = serializer.serialize_boolean_to_writer(self.buffer(), value);
        Ok((Form::Results, written.map_err(|error| self.unwritten(&error))?.bytes))
    }

    fn solutions(
        &self,
        solutions: QuerySolutionIter<'_>,
        format: ResultsFormat,
    ) -> Result<(Form, Vec<u8>), QueryError> {
        let variables = solutions.variables().to_vec();
        let mut serializer = QueryResultsSerializer::from_format(results_format(format))
            .serialize_solutions_to_writer(self.buffer(), variables)
            .map_err(|error| self.unwritten(&error))?;
        for (row, solution) in solutions.enumerate() {
            self.check(row)?;
            let solution = solution.map_err(|error| failed(&error))?;
            serializer.serialize(&solution).map_err(|error| self.unwritten(&error))?;
        }
        let written = serializer.finish().map_err(|error| self.unwritten(&error))?;
        Ok((Form::Results, written.bytes))
    }

    fn graph(&self, triples: QueryTripleIter<'_>, format: GraphFormat) -> Result<(Form, Vec<u8>), QueryError> {
        let mut serializer = RdfSerializer::from_format(graph_format(format));
        for (prefix, iri) in PREFIXES {
            serializer = serializer.with_prefix(prefix, iri).expect("the vocabularies are IRIs");
        }
        let mut serializer = serializer.for_writer(self.buffer());
        for (row, triple) in triples.enumerate() {
            self.check(row)?;
            let triple = triple.map_err(|error| failed(&error))?;
            serializer.serialize_triple(&triple).map_err(|error| self.unwritten(&error))?;
        }
        let written = serializer.finish().map_err(|error| self.unwritten(&error))?;
        Ok((Form::Graph, written.bytes))
    }

    const fn buffer(&self) -> Bounded {
        Bounded { bytes: Vec::new(), bytes_max: self.bytes_max }
    }

    /// Whether one more row may be written after `rows`.
    const fn check(&self, rows: usize) -> Result<(), QueryError> {
        if rows >= self.rows_max {
            return Err(QueryError::TooLarge { limit: self.rows_max, unit: "rows" });
        }
        Ok(())
    }

    fn unwritten(&self, error: &io::Error) -> QueryError {
        match error.kind() {
            io::ErrorKind::FileTooLarge => QueryError::TooLarge { limit: self.bytes_max, unit: "bytes" },
            _ => QueryError::Format(error.to_string()),
        }
    }
}

/// Why the evaluation ended without all results; what the store has to say of it the node has logged.
pub(super) fn failed(error: &QueryEvaluationError) -> QueryError {
    match error {
        QueryEvaluationError::Dataset(_) | QueryEvaluationError::Unexpected(_) => {
            QueryError::Unavailable(RegistryError)
        }
        other => not_allowed(other.to_string()),
    }
}

const fn results_format(format: ResultsFormat) -> QueryResultsFormat {
    match format {
        ResultsFormat::Json => QueryResultsFormat::Json,
        ResultsFormat::Xml => QueryResultsFormat::Xml,
        ResultsFormat::Csv => QueryResultsFormat::Csv,
        ResultsFormat::Tsv => QueryResultsFormat::Tsv,
    }
}

fn graph_format(format: GraphFormat) -> RdfFormat {
    match format {
        GraphFormat::Turtle => RdfFormat::Turtle,
        GraphFormat::NTriples => RdfFormat::NTriples,
        GraphFormat::RdfXml => RdfFormat::RdfXml,
        GraphFormat::JsonLd => RdfFormat::JsonLd { profile: JsonLdProfileSet::empty() },
    }
}
