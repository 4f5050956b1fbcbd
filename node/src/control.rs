//! Operators' commands to a running node, over a Unix socket in its data folder: a JSON object a line, each way.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::digest::Sha256Digest;
use proto::node_id::NodeId;
use proto::timestamp::Instant;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::config::PeerEntry;
use crate::events::Event;
use crate::network::Pinged;

mod ask;
mod follow;
mod report;
mod serve;

pub use ask::{AskError, ask, follow};
pub use report::{
    ClockReport, CountsReport, InSyncReport, MailReport, PeerChange, PeerReport, RefusedReport, RosterReport,
    StatusReport, StorageReport, TrustReport,
};
pub use serve::{ListenError, Listener, listen, serve};

/// What a running node does for its operator.
pub trait Handler: Clone + Send + Sync + 'static {
    /// What the node is and holds, and how its peers are.
    fn status(&self) -> impl Future<Output = Result<StatusReport, Refused>> + Send;

    /// The peers, connected or not.
    fn list_peers(&self) -> impl Future<Output = Result<Vec<PeerReport>, Refused>> + Send;

    /// Works with this peer from now on; one that is known is known anew.
    fn add_peer(&self, peer: PeerEntry) -> impl Future<Output = Result<(), Refused>> + Send;

    /// Leaves this peer at once.
    fn remove_peer(&self, peer: NodeId) -> impl Future<Output = Result<(), Refused>> + Send;

    /// Asks a peer for an answer.
    fn ping_peer(&self, peer: NodeId) -> impl Future<Output = Result<Pinged, Refused>> + Send;

    /// A page of refused entries after a place of their order.
    fn list_refused(&self, after: u64) -> impl Future<Output = Result<Vec<RefusedReport>, Refused>> + Send;

    /// Refused entries by the identity of an admission or an entry.
    fn find_refused(&self, identity: Sha256Digest) -> impl Future<Output = Result<Vec<RefusedReport>, Refused>> + Send;

    /// Tries refused entries again; what came of each.
    fn retry_refused(&self, identity: Option<String>) -> impl Future<Output = Result<Vec<String>, Refused>> + Send;

    /// The node's present moment.
    fn now(&self) -> Instant;

    /// Every event from now on.
    fn follow_events(&self) -> broadcast::Receiver<Arc<Event>>;

    /// A page of what happened to entries after a change; empty where that is all.
    fn events_after(&self, change: u64) -> impl Future<Output = Result<Vec<Event>, Refused>> + Send;

    /// Puts a roster in force.
    fn apply_roster(&self, envelope: String) -> impl Future<Output = Result<(), Refused>> + Send;
}

/// Why the node does not do what it was asked, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// What an operator asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// For the status.
    Status,
    /// For the peers.
    ListPeers,
    /// To work with a peer.
    AddPeer {
        /// The peer.
        peer: PeerChange,
    },
    /// To leave a peer.
    RemovePeer {
        /// Its identity.
        #[serde(with = "report::as_text")]
        id: NodeId,
    },
    /// To be told of events from now on, those of entries from after a change on.
    FollowEvents {
        /// The change.
        after: Option<u64>,
    },
    /// To ask a peer for an answer.
    PingPeer {
        /// Its identity.
        #[serde(with = "report::as_text")]
        id: NodeId,
    },
    /// For refused entries.
    ListRefused {
        /// Only those after this place of the order.
        after: u64,
    },
    /// For refused entries by the identity of an admission or an entry.
    FindRefused {
        /// The identity.
        #[serde(with = "report::as_text")]
        identity: Sha256Digest,
    },
    /// To try refused entries again.
    RetryRefused {
        /// By the identity of an admission or an entry; none for all, in the background.
        identity: Option<String>,
    },
    /// To put a roster in force.
    ApplyRoster {
        /// Its signed form.
        envelope: String,
    },
}

/// What the node answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The status.
    Status {
        /// The status.
        status: Box<StatusReport>,
    },
    /// The peers.
    Peers {
        /// Each of them.
        peers: Vec<PeerReport>,
    },
    /// An event; further ones follow until either side ends.
    Event {
        /// It.
        event: Box<Event>,
    },
    /// A peer has answered.
    Pinged {
        /// Where it is connected.
        address: String,
        /// Whether the connection was made for it.
        is_new: bool,
        /// From the question to the answer, in µs.
        round_trip_us: u64,
    },
    /// Refused entries, at most as many as are told at once.
    Refusals {
        /// Each of them.
        refusals: Vec<RefusedReport>,
    },
    /// What came of trying again.
    Retried {
        /// In words, one for each.
        outcomes: Vec<String>,
    },
    /// It is done.
    Done,
    /// It is not done.
    Refused {
        /// Why.
        reason: String,
    },
}

/// Where the socket of a data folder is.
#[must_use]
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}
