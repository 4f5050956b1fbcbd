//! What happens at a node, told to those who follow it: operators who watch, and programs that react.
//!
//! What happens to entries is read from the ledger's own log of changes, in its order and only once it can be found by
//! queries; so it can be told again from any change on. What happens to peers and the roster is told once.

use std::sync::Arc;

use proto::entry::EntryId;
use proto::timestamp::Instant;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use web::registry::{Scope, Summary};

use crate::bounds;

mod entries;
mod peers;

pub(crate) use entries::{follow as follow_entries, told_again};
pub use peers::Reports;
pub(crate) use peers::{follow as follow_peers, reports};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When this node saw it, RFC 3339.
    pub at: String,
    /// The number of the change in the ledger, by which the telling can begin again; none of what is told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<u64>,
    /// What it is.
    #[serde(flatten)]
    pub happening: Happening,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// An entry came to be held.
    EntryAdmitted(EntryEvent),
    /// A newer entry took the place of one that was current.
    EntrySuperseded(EntryEvent),
    /// An entry stands otherwise than before, or came to be current again.
    EntryMoved(EntryEvent),
    /// An entry is held no more, because other settings refuse it.
    EntryWithdrawn {
        /// Which.
        entry: String,
    },
    /// An entry of a peer was refused.
    EntryRefused {
        /// Its admission.
        item: String,
        /// Why.
        reason: String,
    },
    /// A peer is connected.
    PeerUp {
        /// Which.
        peer: String,
        /// This node's name for it.
        name: String,
    },
    /// A peer is connected no more.
    PeerDown {
        /// Which.
        peer: String,
        /// This node's name for it.
        name: String,
    },
    /// A peer did what it must not do.
    PeerFaulted {
        /// Which.
        peer: String,
        /// This node's name for it.
        name: String,
        /// What it did.
        fault: String,
    },
    /// A sync with a peer broke off.
    SyncFailed {
        /// Which.
        peer: String,
        /// This node's name for it.
        name: String,
        /// Why.
        reason: String,
    },
    /// The links do not carry gossip: for some minutes peers are told of uploads and fetch them.
    GossipPaused,
    /// Another roster is in force.
    RosterChanged {
        /// Its version.
        version: u64,
        /// When a new one is due.
        expires: String,
        /// How many members it has.
        members: usize,
    },
    /// A peer has a roster that does not count here.
    RosterRefused {
        /// Which.
        peer: String,
        /// Why it does not count.
        reason: String,
    },
    /// So many events were not told, because they were not taken in time.
    Missed {
        /// How many.
        count: u64,
    },
}

/// What is told of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryEvent {
    /// Its exact address.
    pub entry: String,
    /// The image's identifier.
    pub image: String,
    /// The endorser.
    pub email: String,
    /// When it was endorsed.
    pub created: String,
    /// How well the endorser is known here.
    pub standing: String,
    /// The entry that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// Why it is deprecated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// Until when it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<String>,
    /// `dcterms:title`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether it never leaves this node.
    pub is_local: bool,
}

/// Tells what happens to all who follow; clones are the same one.
#[derive(Debug, Clone)]
pub struct Events {
    all: broadcast::Sender<Arc<Event>>,
    /// What is told once, for those who read of entries in the ledger.
    once: broadcast::Sender<Arc<Event>>,
}

impl Default for Events {
    fn default() -> Self {
        let sender = || broadcast::Sender::new(bounds::EVENTS_KEPT);
        Self { all: sender(), once: sender() }
    }
}

impl Events {
    /// Everything from now on; who falls behind by [`bounds::EVENTS_KEPT`] misses the oldest.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<Arc<Event>> {
        self.all.subscribe()
    }

    /// The same without what can be read of entries in the ledger.
    #[must_use]
    pub fn follow_once(&self) -> broadcast::Receiver<Arc<Event>> {
        self.once.subscribe()
    }

    /// Whether nobody follows everything.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        self.all.receiver_count() == 0
    }

    /// Tells what happened at `now`.
    pub fn tell(&self, now: Instant, happening: Happening) {
        self.send(Event { at: now.to_string(), change: None, happening });
    }

    /// An event that a follower took, or that it missed some; none where there will be no more.
    pub(crate) fn taken(received: Result<Arc<Event>, RecvError>, now: Instant) -> Option<Arc<Event>> {
        match received {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(count)) => {
                let happening = Happening::Missed { count };
                Some(Arc::new(Event { at: now.to_string(), change: None, happening }))
            }
            Err(RecvError::Closed) => None,
        }
    }

    fn send(&self, event: Event) {
        // An error says that nobody follows.
        let event = Arc::new(event);
        if event.change.is_none() {
            let _ = self.once.send(Arc::clone(&event));
        }
        let _ = self.all.send(event);
    }
}

impl EntryEvent {
    fn of(summary: &Summary) -> Self {
        Self {
            entry: summary.entry.to_string(),
            image: summary.at.image.to_string(),
            email: summary.at.email.to_string(),
            created: summary.at.created.to_string(),
            standing: summary.standing.to_string(),
            superseded_by: summary.superseded_by.as_ref().map(EntryId::to_string),
            deprecated: summary.deprecated.clone(),
            valid: summary.valid.map(|valid| valid.to_string()),
            title: summary.title.clone(),
            is_local: summary.scope == Scope::Local,
        }
    }
}

impl Happening {
    /// The word for it, as in JSON and in the `events` of a hook.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EntryAdmitted(_) => "entry_admitted",
            Self::EntrySuperseded(_) => "entry_superseded",
            Self::EntryMoved(_) => "entry_moved",
            Self::EntryWithdrawn { .. } => "entry_withdrawn",
            Self::EntryRefused { .. } => "entry_refused",
            Self::PeerUp { .. } => "peer_up",
            Self::PeerDown { .. } => "peer_down",
            Self::PeerFaulted { .. } => "peer_faulted",
            Self::SyncFailed { .. } => "sync_failed",
            Self::GossipPaused => "gossip_paused",
            Self::RosterChanged { .. } => "roster_changed",
            Self::RosterRefused { .. } => "roster_refused",
            Self::Missed { .. } => "missed",
        }
    }

    /// Every word.
    pub const NAMES: [&'static str; 13] = [
        "entry_admitted",
        "entry_superseded",
        "entry_moved",
        "entry_withdrawn",
        "entry_refused",
        "peer_up",
        "peer_down",
        "peer_faulted",
        "sync_failed",
        "gossip_paused",
        "roster_changed",
        "roster_refused",
        "missed",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_object_with_its_name() {
        let happening = Happening::PeerUp { peer: "12D3".to_owned(), name: "b".to_owned() };
        let event = Event { at: "2026-01-01T00:00:00.000Z".to_owned(), change: None, happening };
        let json = serde_json::to_string(&event).expect("it is JSON");
        assert_eq!(json, r#"{"at":"2026-01-01T00:00:00.000Z","event":"peer_up","peer":"12D3","name":"b"}"#);
        assert_eq!(serde_json::from_str::<Event>(&json).expect("it is read"), event);
    }

    #[test]
    fn names_are_those_of_the_json() {
        let text = String::new;
        let happenings = [
            Happening::EntryWithdrawn { entry: text() },
            Happening::EntryRefused { item: text(), reason: text() },
            Happening::PeerUp { peer: text(), name: text() },
            Happening::PeerDown { peer: text(), name: text() },
            Happening::PeerFaulted { peer: text(), name: text(), fault: text() },
            Happening::SyncFailed { peer: text(), name: text(), reason: text() },
            Happening::GossipPaused,
            Happening::RosterChanged { version: 1, expires: text(), members: 0 },
            Happening::RosterRefused { peer: text(), reason: text() },
            Happening::Missed { count: 1 },
        ];
        for happening in happenings {
            let json = serde_json::to_value(&happening).expect("it is JSON");
            assert_eq!(json["event"], happening.name());
            assert!(Happening::NAMES.contains(&happening.name()));
        }
    }
}
