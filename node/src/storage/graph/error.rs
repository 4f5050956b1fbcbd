//! Why the graph did not do what it was asked.

use super::entry::SourceError;

/// The graph failed; never the fault of who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The store failed; the machine's fault.
    #[error("the graph failed: {0}")]
    Machine(String),
    /// The ledger could not be read; the machine's fault.
    #[error("the graph cannot follow the ledger: {0}")]
    Source(#[from] SourceError),
    /// Another rebuild was ordered and has not begun; the operator's to await.
    #[error("a rebuild of the graph is waiting already")]
    RebuildWaits,
    /// The graph was closed.
    #[error("the graph is closed")]
    Closed,
}

impl From<oxigraph::store::StorageError> for GraphError {
    fn from(error: oxigraph::store::StorageError) -> Self {
        Self::Machine(error.to_string())
    }
}
