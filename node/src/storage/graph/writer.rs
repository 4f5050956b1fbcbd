//! The one thread that writes the graph: it follows the ledger's changes in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use proto::entry::EntryId;
use tokio::sync::{oneshot, watch};

use super::Progress;
use super::behind::behind;
use super::entry::{GraphEntry, Source};
use super::error::GraphError;
use super::store::{GraphStore, Marks};
use crate::bounds::{
    GRAPH_BULK_MIN, GRAPH_BURST_MIN, GRAPH_CHANGES_MAX, GRAPH_GATHERING_STEP, GRAPH_GATHERING_STEPS_MAX,
    GRAPH_LOAD_PRIORITY,
};

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
    /// The last change that somebody waits for.
    awaited: u64,
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
    marks: Marks,
    position: u64,
}

impl Writer {
    /// Starts the thread; its first order is to come to where the source is.
    pub(super) fn start(store: GraphStore, source: Box<dyn Source>) -> Result<Self, GraphError> {
        let marks = store.marks()?;
        let position = marks.position();
        let (sender, reached) = watch::channel(Reached { position, failure: None });
        let orders = Arc::new(Orders::default());
        let mut follower = Follower { store, source, orders: Arc::clone(&orders), reached: sender, marks, position };
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
        if self.position() < change {
            let mut pending = self.orders.lock();
            pending.target = pending.target.max(change);
            pending.awaited = pending.awaited.max(change);
            drop(pending);
            self.orders.changed.notify_one();
        }
        self.watch_until(change).await
    }

    /// The same, without hurrying the thread.
    pub(super) async fn watch_until(&self, change: u64) -> Result<(), GraphError> {
        let mut reached = self.reached.clone();
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

    /// Lets a burst of changes gather while it goes on, so that it can be loaded in bulk, unless somebody waits.
    fn gather(&self, position: u64) {
        let is_gathering = |pending: &mut Pending| {
            let missing = pending.target.saturating_sub(position);
            let is_burst = (GRAPH_BURST_MIN..GRAPH_CHANGES_MAX as u64).contains(&missing);
            is_burst && pending.awaited <= position && !pending.closing && pending.rebuild.is_none()
        };
        let mut pending = self.lock();
        for _ in 0..GRAPH_GATHERING_STEPS_MAX {
            let before = pending.target;
            let waited = self.changed.wait_timeout_while(pending, GRAPH_GATHERING_STEP, is_gathering);
            let (now, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if !timeout.timed_out() || now.target.saturating_sub(before) < GRAPH_BURST_MIN {
                return;
            }
            pending = now;
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
        self.marks = self.store.clear()?;
        self.come_to(0);
        Ok(())
    }

    /// Follows the source to its end, or until the graph is closed.
    fn follow(&mut self, progress: &mut dyn FnMut(u64)) -> Result<(), GraphError> {
        loop {
            self.orders.gather(self.position);
            let changes = self.source.changes_after(self.position, GRAPH_CHANGES_MAX)?;
            if changes.is_empty() {
                return if self.marks.is_tidy() { Ok(()) } else { self.store.tidy(&mut self.marks) };
            }
            let entries = self.read(&changes)?;
            // The source may have read a part of them; the others are read next.
            let read = changes.into_iter().take_while(|(_, entry)| entries.contains_key(entry));
            match entries.len() >= GRAPH_BULK_MIN {
                true => {
                    let last = read.last().map_or(self.position, |(last, _)| last);
                    self.put_all(entries, last)?;
                }
                false => self.put_each(&entries, read)?,
            }
            progress(self.position);
            if self.orders.lock().closing {
                return Ok(());
            }
        }
    }

    /// The entries of the first of these changes, as many as the source reads at once.
    fn read(&self, changes: &[(u64, EntryId)]) -> Result<BTreeMap<EntryId, Option<GraphEntry>>, GraphError> {
        let mut seen = BTreeSet::new();
        let ids: Vec<_> = changes.iter().map(|(_, entry)| *entry).filter(|entry| seen.insert(*entry)).collect();
        let entries = self.source.entries(&ids)?;
        Ok(ids.into_iter().zip(entries).collect())
    }

    fn put_all(&mut self, entries: BTreeMap<EntryId, Option<GraphEntry>>, last: u64) -> Result<(), GraphError> {
        let (store, marks) = (&self.store, &mut self.marks);
        behind("graph-loader", GRAPH_LOAD_PRIORITY, move || store.put_all(entries, marks, last))?;
        self.come_to(last);
        Ok(())
    }

    fn put_each(
        &mut self,
        entries: &BTreeMap<EntryId, Option<GraphEntry>>,
        changes: impl Iterator<Item = (u64, EntryId)>,
    ) -> Result<(), GraphError> {
        for (change, id) in changes {
            let entry = entries.get(&id).and_then(Option::as_ref);
            self.store.put(id, entry, &mut self.marks, change)?;
            self.come_to(change);
            if self.orders.lock().closing {
                break;
            }
        }
        Ok(())
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
