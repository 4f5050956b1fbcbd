//! Hooks: a program that is started, or an address that is posted to, when something happens.
//!
//! Each hook works through its events one after the other, so that it sees them in order. What happens to entries it is
//! told from the ledger's log, and how far it came is kept in a file: what happened while the node or the receiver was
//! away is told afterwards, each at least once. What happens to peers and the roster is told once; what a hook does not
//! take in time of that is told it as missed. A hook that is slow or fails delays nobody else.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use web::PublicUrl;

use crate::bounds;
use crate::clock::Clock;
use crate::events::{self, Event, Events};
use crate::storage::graph::Graph;
use crate::storage::ledger::Ledger;

mod act;
mod place;
#[cfg(test)]
mod tests;

use place::Place;

/// What the operator wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// On which events, by their names; on all where it is empty.
    pub events: BTreeSet<String>,
    /// What.
    pub action: Action,
    /// How long it may take.
    pub timeout_ms: u64,
}

/// What a hook does with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Starts a program, given with its arguments; the event is its standard input.
    Command(Vec<String>),
    /// Posts the event to this address, and to no other that it may redirect to.
    Post(PublicUrl),
}

/// Where hooks hear of what happens.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) ledger: Ledger,
    pub(crate) graph: Graph,
    pub(crate) events: Events,
    pub(crate) clock: Clock,
}

/// What a hook is told next.
enum Next {
    Entries,
    Once(Arc<Event>),
    End,
}

impl Hook {
    fn wants(&self, event: &Event) -> bool {
        self.events.is_empty() || self.events.contains(event.happening.name())
    }

    /// Hands every event to the action, in order, until `stop`; it goes on where it was when the node last ran.
    pub(crate) async fn run(self, source: Source, data_dir: Arc<Path>, stop: CancellationToken) {
        let mut once = source.events.follow_once();
        let telling = async {
            let mut place = Place::find(&data_dir, &self.action, &source.ledger).await;
            loop {
                match self.next(&source, &place, &mut once).await {
                    Next::Entries => self.tell_entries(&source, &mut place).await,
                    Next::Once(event) if self.wants(&event) => self.tell(&event, bounds::HOOK_ATTEMPTS_MAX).await,
                    Next::Once(_) => {}
                    Next::End => return,
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => (),
            () = telling => (),
        }
    }

    async fn next(&self, source: &Source, place: &Place, once: &mut broadcast::Receiver<Arc<Event>>) -> Next {
        tokio::select! {
            reached = source.graph.watch_until(place.change() + 1) => {
                if reached.is_err() {
                    // The graph says in the log why it failed.
                    tokio::time::sleep(bounds::EVENTS_AGAIN).await;
                }
                Next::Entries
            }
            received = once.recv() => Events::taken(received, source.clock.now()).map_or(Next::End, Next::Once),
        }
    }

    /// Tells a page of what happened to entries and that queries show.
    async fn tell_entries(&self, source: &Source, place: &mut Place) {
        let shown = source.graph.position();
        let told = match events::told_again(&source.ledger, place.change(), shown).await {
            Ok(told) => told,
            Err(error) => {
                tracing::error!(hook = ?self.action, %error, "changes are not told");
                return tokio::time::sleep(bounds::EVENTS_AGAIN).await;
            }
        };
        for event in told {
            if self.wants(&event) {
                self.tell(&event, bounds::HOOK_ENTRY_ATTEMPTS_MAX).await;
                place.keep(event.change.unwrap_or_default()).await;
            } else {
                place.pass(event.change.unwrap_or_default()).await;
            }
        }
    }

    /// Hands one event to the action, and again after a pause where it fails.
    async fn tell(&self, event: &Event, attempts_max: u32) {
        let Ok(json) = serde_json::to_vec(event) else { return };
        for attempt in 1..=attempts_max {
            match self.act(&json).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(hook = ?self.action, event = event.happening.name(), attempt, %error, "a hook failed")
                }
            }
            if attempt < attempts_max {
                tokio::time::sleep(pause_after(attempt)).await;
            }
        }
        tracing::error!(hook = ?self.action, event = event.happening.name(), change = event.change, "a hook never took it");
    }
}

/// The pause after so many attempts; it doubles.
fn pause_after(attempt: u32) -> Duration {
    let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    bounds::HOOK_PAUSE.saturating_mul(factor).min(bounds::HOOK_PAUSE_MAX)
}
