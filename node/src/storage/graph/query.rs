//! Queries: how many run, for how long, and in which processes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{sleep, timeout};
use web::registry::{Query, QueryAnswer, QueryError, RegistryError, Used};

use super::error::GraphError;
use super::leash::{Leash, Length};
use super::pool::{Ended, Pool, QueryProgram};
use super::serving::{Outcome, serve};
use super::store::GraphStore;
use super::threads::{Afterwards, Jobs, Threads};
use super::{gate, here};
use crate::bounds::{
    QUERIES_SHORT_PER_LONG, QUERY_ATTEMPTS_MAX, QUERY_END_WAIT, QUERY_MEMORY_BYTES_MAX, QUERY_SHORT,
    QUERY_SHORT_STEPS_MAX, QUERY_WAIT,
};

/// What one query may cost, and how many run at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLimits {
    /// Time until the answer is complete.
    pub timeout_ms: u64,
    /// Solutions or triples of an answer.
    pub rows_max: usize,
    /// Bytes of an answer.
    pub bytes_max: usize,
    /// Long queries that run at once; those that have just begun have places of their own.
    pub concurrent_max: usize,
}

/// How many queries run and wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueriesRunning {
    /// Those that have begun and are not long yet.
    pub short: Used,
    /// Those that run for longer.
    pub long: Used,
    /// Those that wait for a place to begin.
    pub waiting: u64,
}

/// Runs queries within the limits.
#[derive(Clone)]
pub(super) struct Queries {
    shared: Arc<Shared>,
    threads: Arc<Threads>,
    limits: Arc<QueryLimits>,
    /// Of those that have just begun. Who runs for longer needs a place among the long ones, so that these never keep
    /// the short ones out.
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
    waiting: Arc<AtomicU64>,
    closing: tokio_util::sync::CancellationToken,
}

/// What the threads of queries share.
struct Shared {
    store: GraphStore,
    pool: Pool,
}

/// The place of a query among those that run; it is given up where the query is looked after, once it has really ended.
#[derive(Clone)]
struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    fn change(&self, permit: Option<OwnedSemaphorePermit>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    }
}

/// Ends a query when nobody waits for it any more.
struct EndOnDrop(Leash);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Counts a query among those that wait, until it is dropped.
struct Waiting(Arc<AtomicU64>);

impl Waiting {
    fn begin(waiting: &Arc<AtomicU64>) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(waiting))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

type Answered = oneshot::Receiver<Result<QueryAnswer, QueryError>>;

impl QueryLimits {
    /// Queries that have just begun and may run beside the long ones.
    const fn short_max(&self) -> usize {
        self.concurrent_max * QUERIES_SHORT_PER_LONG
    }

    const fn timed_out(&self) -> QueryError {
        QueryError::TimedOut { limit_ms: self.timeout_ms }
    }
}

impl Queries {
    pub(super) fn start(store: GraphStore, limits: QueryLimits, program: QueryProgram) -> Result<Self, GraphError> {
        let pool = Pool::start(program)
            .map_err(|error| GraphError::Machine(format!("a process for queries cannot be started: {error}")))?;
        Ok(Self {
            shared: Arc::new(Shared { store, pool }),
            threads: Arc::new(Threads::start(limits.concurrent_max + limits.short_max())?),
            short: Arc::new(Semaphore::new(limits.short_max())),
            long: Arc::new(Semaphore::new(limits.concurrent_max)),
            limits: Arc::new(limits),
            waiting: Arc::default(),
            closing: tokio_util::sync::CancellationToken::new(),
        })
    }

    pub(super) async fn answer(&self, query: Query) -> Result<QueryAnswer, QueryError> {
        gate::check_text(&query.text)?;
        tokio::select! {
            answer = self.answer_at_last(query) => answer,
            () = sleep(Duration::from_millis(self.limits.timeout_ms)) => Err(self.limits.timed_out()),
            () = self.closing.cancelled() => Err(unavailable()),
        }
    }

    async fn answer_at_last(&self, query: Query) -> Result<QueryAnswer, QueryError> {
        let place = Place(Arc::new(Mutex::new(Some(self.permit().await?))));
        let leash = EndOnDrop(Leash::default());
        let mut answered = self.run(query, place.clone(), leash.0.clone())?;
        for steps_left in (0..QUERY_SHORT_STEPS_MAX).rev() {
            if let Ok(answer) = timeout(QUERY_SHORT, &mut answered).await {
                return answer.unwrap_or(Err(unavailable()));
            }
            if let Ok(permit) = Arc::clone(&self.long).try_acquire_owned() {
                place.change(Some(permit));
                leash.0.yield_to_others();
                return answered.await.unwrap_or(Err(unavailable()));
            }
            // On a busy machine a short query, too, takes its time.
            if steps_left == 0 || leash.0.used().is_none_or(|used| used >= QUERY_SHORT) {
                break;
            }
        }
        Err(QueryError::Overloaded)
    }

    pub(super) fn limits(&self) -> &QueryLimits {
        &self.limits
    }

    pub(super) fn running(&self) -> QueriesRunning {
        let used = |places: &Semaphore, most: usize| {
            let now = most.saturating_sub(places.available_permits());
            Used { now: now as u64, most: most as u64 }
        };
        QueriesRunning {
            short: used(&self.short, self.limits.short_max()),
            long: used(&self.long, self.limits.concurrent_max),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, QueryError> {
        let _waiting = Waiting::begin(&self.waiting);
        match timeout(QUERY_WAIT, Arc::clone(&self.short).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(unavailable()),
            Err(_) => Err(QueryError::Overloaded),
        }
    }

    /// Evaluates a query on one of the threads, or looks after it there; it keeps its place until its process is free or has ended.
    fn run(&self, query: Query, place: Place, leash: Leash) -> Result<Answered, QueryError> {
        let (answer, answered) = oneshot::channel();
        let (shared, limits, threads) = (Arc::clone(&self.shared), Arc::clone(&self.limits), Arc::clone(&self.threads));
        let job = move || {
            let (answered_here, length) = leash.here(|| here::answer(&shared.store, &query, &limits, &leash));
            let outcome = answered_here.unwrap_or_else(|| shared.answer(&query, &limits, &leash));
            let afterwards = match length {
                Length::Short => Afterwards::Reusable,
                Length::Long => {
                    threads.lose_one();
                    Afterwards::Spent
                }
            };
            place.change(None);
            // Who asked may have left.
            let _ = answer.send(outcome);
            afterwards
        };
        self.threads.run(job).map_err(|_| unavailable())?;
        Ok(answered)
    }

    /// Ends the queries that run, and their processes.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        let all = |places: usize| u32::try_from(places).unwrap_or(u32::MAX);
        let (short, long) = (all(self.limits.short_max()), all(self.limits.concurrent_max));
        let ended = async { (self.short.acquire_many(short).await, self.long.acquire_many(long).await) };
        let jobs = match timeout(QUERY_END_WAIT, ended).await {
            Ok(_) => Jobs::Ended,
            Err(_) => {
                tracing::warn!("a query did not end when it was told to");
                Jobs::Running
            }
        };
        self.short.close();
        let (threads, shared) = (Arc::clone(&self.threads), Arc::clone(&self.shared));
        let closed = tokio::task::spawn_blocking(move || {
            threads.close(jobs);
            shared.pool.close();
        });
        if let Err(error) = closed.await {
            tracing::error!(%error, "the queries were not closed in order");
        }
    }
}

impl Shared {
    /// Has a process answer the query; again where the store changed beneath it, or where the process ended unasked.
    fn answer(&self, query: &Query, limits: &QueryLimits, leash: &Leash) -> Result<QueryAnswer, QueryError> {
        for attempt in 1..=QUERY_ATTEMPTS_MAX {
            let process = self.pool.take().map_err(|error| failed("starting a process for a query", &error))?;
            let Some(mut stream) = leash.attach(process) else { return Err(limits.timed_out()) };
            let is_last = attempt == QUERY_ATTEMPTS_MAX;
            let snapshot = if is_last { self.store.any_snapshot() } else { self.store.snapshot() };
            let outcome = snapshot.and_then(|snapshot| serve(&mut stream, &snapshot, query, limits));
            let Some(process) = leash.detach(stream) else {
                self.pool.refill();
                return Err(limits.timed_out());
            };
            match outcome {
                Ok(Outcome::Answered(answered)) => {
                    self.pool.give_back(process);
                    return answered;
                }
                Ok(Outcome::Overtaken) => self.pool.give_back(process),
                Ok(Outcome::Lost(error)) => {
                    let ended = process.end();
                    self.pool.refill();
                    match ended {
                        Ended::Aborted => {
                            return Err(QueryError::OutOfMemory { limit_mb: QUERY_MEMORY_BYTES_MAX >> 20 });
                        }
                        Ended::Otherwise => tracing::warn!(%error, "a process for queries was lost"),
                    }
                }
                Err(error) => return Err(failed("reading the graph for a query", &error)),
            }
        }
        Err(unavailable())
    }
}

const fn unavailable() -> QueryError {
    QueryError::Unavailable(RegistryError)
}

/// Logs what failed, for the operator; who asked learns that it failed.
fn failed(what: &'static str, error: &impl std::fmt::Display) -> QueryError {
    tracing::error!(%error, "{what} failed");
    unavailable()
}
