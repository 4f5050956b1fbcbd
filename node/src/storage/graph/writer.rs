//! The one thread that writes the graph: it follows the ledger's changes in their order.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use proto::entry::EntryId;
use tokio::sync::{oneshot, watch};

use super::Progress;
use super::entry::{GraphEntry, Source};
use super::error::GraphError;
use super::store::GraphStore;
use crate::bounds::{GRAPH_BULK_MIN, GRAPH_CHANGES_MAX};

/// The way to the writing thread.
pub(super) struct Writer {
    orders: Arc<Orders>,
    reached: watch::Receiver<Reached>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread is to do; the latest target stands for all before it, so nothing queues.
#[derive(Default)]
struct Orders {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Default)]
struct Pending {
    /// The change to come to.
    target: u64,
    rebuild: Option<Rebuild>,
    closing: bool,
}

struct Rebuild {
    progress: Progress,
    done: oneshot::Sender<Result<(), GraphError>>,
}

enum Order {
    /// To come to this change.
    Follow(u64),
    Rebuild(Rebuild),
    Close,
}

/// How far the graph has come, and whether it goes on.
#[derive(Debug, Clone, Default)]
struct Reached {
    position: u64,
    failure: Option<GraphError>,
}

/// What the thread owns.
struct Follower {
    store: GraphStore,
    source: Box<dyn Source>,
    orders: Arc<Orders>,
    reached: watch::Sender<Reached>,
    position: u64,
}

impl Writer {
    /// Starts the thread; its first order is to come to where the source is.
    pub(super) fn start(store: GraphStore, source: Box<dyn Source>) -> Result<Self, GraphError> {
        let position = store.position()?;
        let (sender, reached) = watch::channel(Reached { position, failure: None });
        let orders = Arc::new(Orders::default());
        let mut follower = Follower { store, source, orders: Arc::clone(&orders), reached: sender, position };
        follower.begin()?;
        let thread = std::thread::Builder::new()
            .name("graph-writer".to_owned())
            .spawn(move || follower.run())
            .map_err(|error| GraphError::Machine(error.to_string()))?;
        Ok(Self { orders, reached, thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn position(&self) -> u64 {
        self.reached.borrow().position
    }

    pub(super) fn notify(&self, change: u64) {
        let mut pending = self.orders.lock();
        pending.target = pending.target.max(change);
        drop(pending);
        self.orders.changed.notify_one();
    }

    pub(super) async fn wait_until(&self, change: u64) -> Result<(), GraphError> {
        let mut reached = self.reached.clone();
        if reached.borrow_and_update().position < change {
            self.notify(change);
        }
        loop {
            let now = reached.borrow_and_update().clone();
            match (now.position >= change, now.failure) {
                (true, _) => return Ok(()),
                (false, Some(failure)) => return Err(failure),
                (false, None) => reached.changed().await.map_err(|_| GraphError::Closed)?,
            }
        }
    }

    pub(super) async fn rebuild(&self, progress: Progress) -> Result<(), GraphError> {
        let (done, outcome) = oneshot::channel();
        self.orders.rebuild(Rebuild { progress, done })?;
        outcome.await.map_err(|_| GraphError::Closed)?
    }

    /// Ends the thread after the entry that it is at; blocks until it has ended.
    pub(super) fn close(&self) {
        let mut pending = self.orders.lock();
        pending.closing = true;
        pending.rebuild = None;
        drop(pending);
        self.orders.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the graph's writer panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Orders {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rebuild(&self, rebuild: Rebuild) -> Result<(), GraphError> {
        let mut pending = self.lock();
        if pending.closing {
            return Err(GraphError::Closed);
        }
        if pending.rebuild.is_some() {
            return Err(GraphError::RebuildWaits);
        }
        pending.rebuild = Some(rebuild);
        drop(pending);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for what is to be done by a graph that has come to `position`.
    fn next(&self, position: u64) -> Order {
        let is_idle =
            |pending: &mut Pending| !pending.closing && pending.rebuild.is_none() && pending.target <= position;
        let mut pending = self.changed.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        match (pending.closing, pending.rebuild.take()) {
            (true, _) => Order::Close,
            (false, Some(rebuild)) => Order::Rebuild(rebuild),
            (false, None) => Order::Follow(pending.target),
        }
    }

    /// What was ordered is done, or failed, or is not there; nothing is tried before more is asked for.
    fn settle(&self, target: u64) {
        let mut pending = self.lock();
        if pending.target == target {
            pending.target = 0;
        }
    }
}

impl Follower {
    /// A graph that is ahead of its ledger was made from another one, such as a restored backup's successor.
    fn begin(&mut self) -> Result<(), GraphError> {
        let last = self.source.last_change()?;
        if self.position > last {
            tracing::warn!(position = self.position, last, "the graph is ahead of the ledger and is rebuilt");
            self.clear()?;
        }
        self.orders.lock().target = last;
        Ok(())
    }

    fn run(mut self) {
        loop {
            match self.orders.next(self.position) {
                Order::Follow(target) => {
                    let outcome = self.follow(&mut |_| {});
                    self.orders.settle(target);
                    self.tell(outcome.err());
                }
                Order::Rebuild(rebuild) => self.rebuild(rebuild),
                Order::Close => break,
            }
        }
        if let Err(error) = self.store.flush() {
            tracing::warn!(%error, "the graph was closed without a flush; the next start replays");
        }
    }

    fn rebuild(&mut self, mut rebuild: Rebuild) {
        let outcome = self.clear().and_then(|()| self.follow(&mut rebuild.progress));
        self.tell(outcome.clone().err());
        // The operator may have left.
        let _ = rebuild.done.send(outcome);
    }

    fn clear(&mut self) -> Result<(), GraphError> {
        self.store.clear()?;
        self.come_to(0);
        Ok(())
    }

    /// Follows the source to its end, or until the graph is closed.
    fn follow(&mut self, progress: &mut dyn FnMut(u64)) -> Result<(), GraphError> {
        loop {
            let changes = self.source.changes_after(self.position, GRAPH_CHANGES_MAX)?;
            let Some((last, _)) = changes.last().copied() else { return Ok(()) };
            if changes.len() >= GRAPH_BULK_MIN {
                let (entries, gone) = self.read_all(&changes)?;
                self.store.put_all(&entries, &gone, self.position, last)?;
                self.come_to(last);
            } else {
                for (change, id) in changes {
                    let entry = self.source.entry(id)?;
                    self.store.put(id, entry.as_ref(), self.position, change)?;
                    self.come_to(change);
                    if self.orders.lock().closing {
                        return Ok(());
                    }
                }
            }
            progress(self.position);
            if self.orders.lock().closing {
                return Ok(());
            }
        }
    }

    /// The entries of these changes, and those that are not held any more.
    fn read_all(&self, changes: &[(u64, EntryId)]) -> Result<(Vec<GraphEntry>, Vec<EntryId>), GraphError> {
        let mut entries: Vec<_> = changes.iter().map(|(_, entry)| *entry).collect();
        entries.sort_unstable();
        entries.dedup();
        let (mut read, mut gone) = (Vec::with_capacity(entries.len()), Vec::new());
        for id in entries {
            match self.source.entry(id)? {
                Some(entry) => read.push(entry),
                None => gone.push(id),
            }
        }
        Ok((read, gone))
    }

    fn come_to(&mut self, position: u64) {
        self.position = position;
        self.reached.send_modify(|reached| reached.position = position);
    }

    fn tell(&self, failure: Option<GraphError>) {
        if let Some(error) = &failure {
            tracing::error!(%error, position = self.position, "the graph does not follow the ledger");
        }
        self.reached.send_modify(|reached| reached.failure = failure);
    }
}
