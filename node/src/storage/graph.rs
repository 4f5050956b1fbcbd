//! The graph: what SPARQL sees, derived from the ledger and rebuilt from it at any time.

mod entry;
mod error;

mod apply;
mod behind;
mod store;
mod writer;

mod leash;
mod pool;
mod query;
mod serving;
mod snapshot;
mod threads;

mod messages;

mod answer;
mod evaluator;
mod gate;
mod remote;
mod rewrite;

mod here;
mod meter;
mod steps;
mod tame;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use web::registry::{Query, QueryAnswer, QueryError};

use crate::bounds::GRAPH_MERGE_PRIORITY;

pub use entry::{GraphEntry, GraphPlacement, Provenance, Source, SourceError};
pub use error::GraphError;
pub use evaluator::answer_queries;
pub use pool::QueryProgram;
pub use query::{QueriesRunning, QueryLimits};

use behind::behind;
use query::Queries;
use store::GraphStore;
use writer::Writer;

/// Where the graph is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In a folder of its own; what a loss of power took from it is replayed at the next start.
    Disk(PathBuf),
    /// In memory; it is rebuilt at every start.
    Memory,
}

/// What [`Graph::rebuild`] tells of its progress: the changes that it has followed.
pub type Progress = Box<dyn FnMut(u64) + Send>;

/// The one graph of a node; clones share it.
///
/// One thread writes: on RocksDB two transactions at once lose updates without an error.
#[derive(Clone)]
pub struct Graph {
    writer: Arc<Writer>,
    queries: Queries,
}

impl fmt::Debug for Graph {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Graph").field("position", &self.position()).finish_non_exhaustive()
    }
}

impl Graph {
    /// Opens the graph and starts to follow `source` in the background; [`Self::wait_until`] tells how far it has come.
    ///
    /// Blocks while the store is opened; for a start, not for a task.
    pub fn open(
        location: &Location,
        source: impl Source,
        limits: QueryLimits,
        program: QueryProgram,
    ) -> Result<Self, GraphError> {
        // The store's own threads inherit the priority of the one that opens it.
        let store = behind("graph-opener", GRAPH_MERGE_PRIORITY, || GraphStore::open(location))?;
        let queries = Queries::start(store.clone(), limits, program)?;
        Ok(Self { writer: Arc::new(Writer::start(store, Box::new(source))?), queries })
    }

    /// The last change of the ledger that the graph shows.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.writer.position()
    }

    /// Says that the ledger has come to the change `change`.
    pub fn notify(&self, change: u64) {
        self.writer.notify(change);
    }

    /// Answers once the graph shows the change `change`; it need not be notified of it before.
    pub async fn wait_until(&self, change: u64) -> Result<(), GraphError> {
        self.writer.wait_until(change).await
    }

    /// The same without hurrying the graph, which lets changes gather that nobody waits for.
    pub async fn watch_until(&self, change: u64) -> Result<(), GraphError> {
        self.writer.watch_until(change).await
    }

    /// Clears the graph and fills it again from its source; queries see it grow.
    pub async fn rebuild(&self, progress: Progress) -> Result<(), GraphError> {
        self.writer.rebuild(progress).await
    }

    /// Answers a query within the limits; dropping the answer's future ends the query.
    pub async fn query(&self, query: Query) -> Result<QueryAnswer, QueryError> {
        self.queries.answer(query).await
    }

    /// How many queries run and wait.
    #[must_use]
    pub fn queries_running(&self) -> QueriesRunning {
        self.queries.running()
    }

    /// What one query may cost.
    #[must_use]
    pub fn query_limits(&self) -> &QueryLimits {
        self.queries.limits()
    }

    /// Ends queries and the following of the ledger, and writes to disk what is not there yet.
    pub async fn close(&self) {
        self.queries.close().await;
        let writer = Arc::clone(&self.writer);
        if let Err(error) = tokio::task::spawn_blocking(move || writer.close()).await {
            tracing::error!(%error, "the graph was not closed in order");
        }
    }
}
