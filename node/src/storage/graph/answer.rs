//! A query's results as the bytes of an answer: all of them, or an error.

use std::io::{self, Write};

use bytes::Bytes;
use oxigraph::io::{JsonLdProfileSet, RdfFormat, RdfSerializer};
use oxigraph::sparql::results::{QueryResultsFormat, QueryResultsSerializer};
use oxigraph::sparql::{CancellationToken, QueryEvaluationError, QueryResults, QuerySolutionIter, QueryTripleIter};
use proto::vocabulary;
use web::registry::{GraphFormat, Query, QueryAnswer, QueryError, RegistryError, ResultsFormat};

use super::gate::not_allowed;
use super::query::QueryLimits;

/// Prefixes that make graphs readable.
const PREFIXES: [(&str, &str); 4] = [
    ("rdf", vocabulary::RDF),
    ("dcterms", vocabulary::DCTERMS),
    ("slreq", vocabulary::SLREQ),
    ("slterms", vocabulary::SLTERMS),
];

/// Writes an answer within its limits.
pub(super) struct Answering<'a> {
    pub(super) limits: &'a QueryLimits,
    pub(super) cancelled: &'a CancellationToken,
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

impl Answering<'_> {
    pub(super) fn write(&self, results: QueryResults<'_>, query: &Query) -> Result<QueryAnswer, QueryError> {
        match results {
            QueryResults::Boolean(value) => self.boolean(value, query.results),
            QueryResults::Solutions(solutions) => self.solutions(solutions, query.results),
            QueryResults::Graph(triples) => self.graph(triples, query.graph),
        }
    }

    fn boolean(&self, value: bool, format: ResultsFormat) -> Result<QueryAnswer, QueryError> {
        if matches!(format, ResultsFormat::Csv | ResultsFormat::Tsv) {
            return Err(QueryError::Format(
                "CSV and TSV cannot express the answer of ASK; ask for JSON or XML".to_owned(),
            ));
        }
        let format = results_format(format);
        let serializer = QueryResultsSerializer::from_format(format);
        let written = serializer.serialize_boolean_to_writer(self.buffer(), value);
        Ok(answer(format.media_type(), written.map_err(|error| self.unwritten(&error))?))
    }

    fn solutions(&self, solutions: QuerySolutionIter<'_>, format: ResultsFormat) -> Result<QueryAnswer, QueryError> {
        let format = results_format(format);
        let variables = solutions.variables().to_vec();
        let mut serializer = QueryResultsSerializer::from_format(format)
            .serialize_solutions_to_writer(self.buffer(), variables)
            .map_err(|error| self.unwritten(&error))?;
        for (row, solution) in solutions.enumerate() {
            self.check(row)?;
            let solution = solution.map_err(|error| self.failed(&error))?;
            serializer.serialize(&solution).map_err(|error| self.unwritten(&error))?;
        }
        let written = serializer.finish().map_err(|error| self.unwritten(&error))?;
        Ok(answer(format.media_type(), written))
    }

    fn graph(&self, triples: QueryTripleIter<'_>, format: GraphFormat) -> Result<QueryAnswer, QueryError> {
        let format = graph_format(format);
        let mut serializer = RdfSerializer::from_format(format);
        for (prefix, iri) in PREFIXES {
            serializer = serializer.with_prefix(prefix, iri).expect("the vocabularies are IRIs");
        }
        let mut serializer = serializer.for_writer(self.buffer());
        for (row, triple) in triples.enumerate() {
            self.check(row)?;
            let triple = triple.map_err(|error| self.failed(&error))?;
            serializer.serialize_triple(&triple).map_err(|error| self.unwritten(&error))?;
        }
        let written = serializer.finish().map_err(|error| self.unwritten(&error))?;
        Ok(answer(format.media_type(), written))
    }

    const fn buffer(&self) -> Bounded {
        Bounded { bytes: Vec::new(), bytes_max: self.limits.bytes_max }
    }

    /// Whether one more row may be written after `rows`; the evaluator itself looks at the token too seldom.
    fn check(&self, rows: usize) -> Result<(), QueryError> {
        if self.cancelled.is_cancelled() {
            return Err(self.limits.timed_out());
        }
        if rows >= self.limits.rows_max {
            return Err(QueryError::TooLarge { limit: self.limits.rows_max, unit: "rows" });
        }
        Ok(())
    }

    fn unwritten(&self, error: &io::Error) -> QueryError {
        match error.kind() {
            io::ErrorKind::FileTooLarge => QueryError::TooLarge { limit: self.limits.bytes_max, unit: "bytes" },
            _ => QueryError::Format(error.to_string()),
        }
    }

    pub(super) fn failed(&self, error: &QueryEvaluationError) -> QueryError {
        match error {
            QueryEvaluationError::Cancelled => self.limits.timed_out(),
            QueryEvaluationError::Dataset(error) | QueryEvaluationError::Unexpected(error) => {
                tracing::error!(%error, "a query failed");
                QueryError::Unavailable(RegistryError)
            }
            other => not_allowed(other.to_string()),
        }
    }
}

fn answer(media_type: &'static str, written: Bounded) -> QueryAnswer {
    QueryAnswer { media_type, body: Bytes::from(written.bytes) }
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
