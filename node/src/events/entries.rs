//! What happens to entries, from the ledger's log of changes.

use tokio_util::sync::CancellationToken;
use web::registry::ChangeKind;

use super::{EntryEvent, Event, Events, Happening};
use crate::bounds;
use crate::storage::graph::Graph;
use crate::storage::ledger::{Change, Ledger, LedgerError};

/// Tells of every change from now on, once it can be found by queries, until `stop`.
pub(crate) async fn follow(ledger: Ledger, graph: Graph, events: Events, stop: CancellationToken) {
    let mut position = graph.position();
    loop {
        let reached = tokio::select! {
            () = stop.cancelled() => return,
            reached = graph.watch_until(position + 1) => reached,
        };
        let told = match reached {
            Err(_) => None,
            // Nobody will ever hear of these.
            Ok(()) if events.is_unheard() => Some(graph.position()),
            Ok(()) => tell(&ledger, graph.position(), position, &events).await,
        };
        match told {
            Some(told) => position = told,
            // The graph or the ledger says in the log why it failed; it is looked at again later.
            None => {
                tokio::time::sleep(bounds::EVENTS_AGAIN).await;
                graph.notify(graph.position() + 1);
            }
        }
    }
}

/// Tells of the changes after `position` that the graph shows; gives the last one told.
async fn tell(ledger: &Ledger, shown: u64, mut position: u64, events: &Events) -> Option<u64> {
    while position < shown {
        let told = told_again(ledger, position, shown).await;
        let told = told.inspect_err(|error| tracing::error!(%error, "changes are not told")).ok()?;
        let Some(last) = told.last().and_then(|event| event.change) else { return Some(shown) };
        position = last;
        told.into_iter().for_each(|event| events.send(event));
    }
    Some(position)
}

/// A page of what happened to entries after the change `after` and up to `last`, with the entries as they stand now.
pub(crate) async fn told_again(ledger: &Ledger, after: u64, last: u64) -> Result<Vec<Event>, LedgerError> {
    let changes = ledger.changes_after(after, bounds::EVENTS_AT_ONCE).await?;
    let mut told = Vec::with_capacity(changes.len());
    for change in changes.into_iter().take_while(|change| change.seq <= last) {
        let happening = happening(ledger, &change).await?;
        told.push(Event { at: change.at.to_string(), change: Some(change.seq), happening });
    }
    Ok(told)
}

/// Of an entry that is held no more there is nothing to show but that.
async fn happening(ledger: &Ledger, change: &Change) -> Result<Happening, LedgerError> {
    let Some(held) = ledger.entry(change.entry).await? else {
        return Ok(Happening::EntryWithdrawn { entry: change.entry.to_string() });
    };
    let entry = EntryEvent::of(&held.summary);
    Ok(match change.kind {
        ChangeKind::Admitted => Happening::EntryAdmitted(entry),
        ChangeKind::Superseded => Happening::EntrySuperseded(entry),
        ChangeKind::Moved => Happening::EntryMoved(entry),
        ChangeKind::Withdrawn => Happening::EntryWithdrawn { entry: entry.entry },
    })
}
