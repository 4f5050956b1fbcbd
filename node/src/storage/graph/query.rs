//! Queries: how many run, for how long, and on which threads.

use std::sync::Arc;
use std::time::Duration;

use oxigraph::model::{GraphName, NamedNode, NamedOrBlankNode};
use oxigraph::sparql::{CancellationToken, PreparedSparqlQuery, SparqlEvaluator};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use web::registry::{Dialect, Query, QueryAnswer, QueryError, RegistryError};

use super::answer::Answering;
use super::error::GraphError;
use super::gate::{self, not_allowed};
use super::store::GraphStore;
use super::threads::{Jobs, Threads};
use crate::bounds::{QUERY_END_WAIT, QUERY_GRAPHS_MAX, QUERY_WAIT};

/// What one query may cost, and how many run at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLimits {
    /// Time until the answer is complete.
    pub timeout_ms: u64,
    /// Solutions or triples of an answer.
    pub rows_max: usize,
    /// Bytes of an answer.
    pub bytes_max: usize,
    /// Queries that run at once; one that does not stop at its limit counts until it ends.
    pub concurrent_max: usize,
}

/// Runs queries within the limits.
#[derive(Clone)]
pub(super) struct Queries {
    store: GraphStore,
    limits: Arc<QueryLimits>,
    permits: Arc<Semaphore>,
    threads: Arc<Threads>,
    closing: tokio_util::sync::CancellationToken,
}

/// Cancels a query when nobody waits for it any more.
struct CancelOnDrop(CancellationToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl QueryLimits {
    pub(super) const fn timed_out(&self) -> QueryError {
        QueryError::TimedOut { limit_ms: self.timeout_ms }
    }
}

impl Queries {
    pub(super) fn start(store: GraphStore, limits: QueryLimits) -> Result<Self, GraphError> {
        Ok(Self {
            store,
            permits: Arc::new(Semaphore::new(limits.concurrent_max)),
            threads: Arc::new(Threads::start(limits.concurrent_max)?),
            limits: Arc::new(limits),
            closing: tokio_util::sync::CancellationToken::new(),
        })
    }

    pub(super) async fn answer(&self, query: Query) -> Result<QueryAnswer, QueryError> {
        gate::check_text(&query.text)?;
        let permit = self.permit().await?;
        let guard = CancelOnDrop(CancellationToken::new());
        let answered = self.run(query, permit, guard.0.clone())?;
        let limit = Duration::from_millis(self.limits.timeout_ms);
        tokio::select! {
            // The evaluator does not always stop when it is told to; who asked is not kept waiting for it.
            answer = tokio::time::timeout(limit, answered) => match answer {
                Ok(answer) => answer.unwrap_or(Err(QueryError::Unavailable(RegistryError))),
                Err(_) => Err(self.limits.timed_out()),
            },
            () = self.closing.cancelled() => Err(QueryError::Unavailable(RegistryError)),
        }
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, QueryError> {
        match tokio::time::timeout(QUERY_WAIT, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(QueryError::Unavailable(RegistryError)),
            Err(_) => Err(QueryError::Overloaded),
        }
    }

    /// Runs a query on one of the threads; its permit is held until it has really ended.
    fn run(
        &self,
        query: Query,
        permit: OwnedSemaphorePermit,
        cancelled: CancellationToken,
    ) -> Result<oneshot::Receiver<Result<QueryAnswer, QueryError>>, QueryError> {
        let (answer, answered) = oneshot::channel();
        let (store, limits) = (self.store.clone(), Arc::clone(&self.limits));
        let job = move || {
            let outcome = run(&store, &query, &Answering { limits: &limits, cancelled: &cancelled });
            drop(store);
            drop(permit);
            // Who asked may have left.
            let _ = answer.send(outcome);
        };
        match self.threads.run(job) {
            Ok(()) => Ok(answered),
            Err(_) => Err(QueryError::Unavailable(RegistryError)),
        }
    }

    /// Cancels the queries that run and waits for them, though not for ever.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        let all = u32::try_from(self.limits.concurrent_max).unwrap_or(u32::MAX);
        let jobs = match tokio::time::timeout(QUERY_END_WAIT, self.permits.acquire_many(all)).await {
            Ok(_) => Jobs::Ended,
            Err(_) => {
                tracing::warn!("a query did not end when it was cancelled");
                Jobs::Running
            }
        };
        self.permits.close();
        let threads = Arc::clone(&self.threads);
        if let Err(error) = tokio::task::spawn_blocking(move || threads.close(jobs)).await {
            tracing::error!(%error, "the queries were not closed in order");
        }
    }
}

fn run(store: &GraphStore, query: &Query, answering: &Answering<'_>) -> Result<QueryAnswer, QueryError> {
    let parsed = spargebra::SparqlParser::new()
        .parse_query(&query.text)
        .map_err(|error| QueryError::Syntax(error.to_string()))?;
    gate::judge(&parsed, query.dialect)?;
    let evaluator = SparqlEvaluator::new().with_cancellation_token(answering.cancelled.clone());
    let mut prepared = evaluator.for_query(parsed);
    choose_graphs(&mut prepared, query)?;
    let results = prepared.on_store(store.inner()).execute().map_err(|error| answering.failed(&error))?;
    answering.write(results, query)
}

/// The graphs that a request names take the place of those in the query (SPARQL 1.1 Protocol section 2.1.4).
fn choose_graphs(prepared: &mut PreparedSparqlQuery, query: &Query) -> Result<(), QueryError> {
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
