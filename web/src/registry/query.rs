//! What a SPARQL query is asked with, and what answers it.

use bytes::Bytes;

use super::RegistryError;

/// A SPARQL query with what its caller wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Its text.
    pub text: String,
    /// What of SPARQL it may use.
    pub dialect: Dialect,
    /// How solutions and booleans are written.
    pub results: ResultsFormat,
    /// How graphs are written.
    pub graph: GraphFormat,
    /// IRIs that make up the default graph in place of the store's (`default-graph-uri`).
    pub default_graphs: Vec<String>,
    /// IRIs of the named graphs (`named-graph-uri`).
    pub named_graphs: Vec<String>,
}

/// What of SPARQL a query may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Every query form and graph, no SERVICE.
    Sparql,
    /// As the original: SELECT only, no FROM, no GRAPH.
    Original,
}

/// A format for solutions and booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultsFormat {
    /// SPARQL 1.1 Query Results JSON.
    Json,
    /// SPARQL Query Results XML.
    Xml,
    /// CSV (solutions only).
    Csv,
    /// TSV (solutions only).
    Tsv,
}

/// A format for graphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFormat {
    /// Turtle.
    Turtle,
    /// N-Triples.
    NTriples,
    /// RDF/XML.
    RdfXml,
    /// JSON-LD 1.1.
    JsonLd,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryAnswer {
    /// The media type of the body.
    pub media_type: &'static str,
    /// The serialised answer.
    pub body: Bytes,
}

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The text is not SPARQL; the message has line and column.
    #[error("{0}")]
    Syntax(String),
    /// The query asks for what this endpoint does not do.
    #[error("query not allowed: {0}")]
    NotAllowed(String),
    /// The format cannot express the answer.
    #[error("{0}")]
    Format(String),
    /// It took longer than the limit.
    #[error("the query took longer than the limit of {limit_ms} ms")]
    TimedOut {
        /// The limit.
        limit_ms: u64,
    },
    /// The answer is larger than the limit.
    #[error("the answer has more than the limit of {limit} {unit}; add LIMIT or narrow the query")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// Of what: rows or bytes.
        unit: &'static str,
    },
    /// It needed more memory than the limit.
    #[error("the query needs more than the limit of {limit_mb} MB of memory; narrow it")]
    OutOfMemory {
        /// The limit.
        limit_mb: u64,
    },
    /// As many queries as are allowed at once are running.
    #[error("too many queries are running, try again")]
    Overloaded,
    /// The store cannot answer.
    #[error(transparent)]
    Unavailable(#[from] RegistryError),
}
