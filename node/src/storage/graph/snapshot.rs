//! What one query reads: the store as it is at one moment, whatever is written meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use oxigraph::model::{GraphNameRef, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, TermRef};
use oxigraph::store::{QuadIter, Store, Transaction};

use super::error::GraphError;

/// Counts the changes of a store in memory: odd while one is made.
///
/// Only a transaction sees one state of a store through many look-ups; on disk it hinders no writer, in memory it keeps
/// all others out. There a query is told when it was overtaken, and starts again.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes(Option<Arc<AtomicU64>>);

/// A state of the store.
pub(super) enum Snapshot<'a> {
    /// On disk: a transaction that writes nothing.
    Transaction(Transaction<'a>),
    /// In memory: the store itself, and what the counter was.
    Counted(&'a Store, &'a Changes, Option<u64>),
}

impl Changes {
    pub(super) fn counted() -> Self {
        Self(Some(Arc::default()))
    }

    /// Makes a change that is counted.
    pub(super) fn make<T>(&self, change: impl FnOnce() -> T) -> T {
        let count = || self.0.as_ref().map(|changes| changes.fetch_add(1, Ordering::SeqCst));
        count();
        let made = change();
        count();
        made
    }

    fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |changes| changes.load(Ordering::SeqCst))
    }
}

impl<'a> Snapshot<'a> {
    pub(super) fn take(store: &'a Store, changes: &'a Changes) -> Result<Self, GraphError> {
        Ok(match changes.0 {
            None => Self::Transaction(store.start_transaction()?),
            Some(_) => Self::Counted(store, changes, Some(changes.count())),
        })
    }

    /// The same, though what is written meanwhile may be seen in part: for a store in memory that changes all the time.
    pub(super) fn take_any(store: &'a Store, changes: &'a Changes) -> Result<Self, GraphError> {
        match Self::take(store, changes)? {
            Self::Counted(store, changes, _) => Ok(Self::Counted(store, changes, None)),
            transaction @ Self::Transaction(_) => Ok(transaction),
        }
    }

    /// Whether all that was read is of one state.
    pub(super) fn is_unchanged(&self) -> bool {
        match self {
            Self::Transaction(_) | Self::Counted(_, _, None) => true,
            Self::Counted(_, changes, Some(count)) => changes.count() == *count && count.is_multiple_of(2),
        }
    }

    pub(super) fn quads(
        &self,
        subject: Option<NamedOrBlankNodeRef<'_>>,
        predicate: Option<NamedNodeRef<'_>>,
        object: Option<TermRef<'_>>,
        graph: Option<GraphNameRef<'_>>,
    ) -> QuadIter<'_> {
        match self {
            Self::Transaction(transaction) => transaction.quads_for_pattern(subject, predicate, object, graph),
            Self::Counted(store, ..) => store.quads_for_pattern(subject, predicate, object, graph),
        }
    }

    /// The names of the graphs.
    pub(super) fn graphs(&self) -> Result<Vec<NamedOrBlankNode>, GraphError> {
        let graphs = match self {
            Self::Transaction(transaction) => transaction.named_graphs(),
            Self::Counted(store, ..) => store.named_graphs(),
        };
        Ok(graphs.collect::<Result<_, _>>()?)
    }
}
