//! Operators' commands to a running node, over a Unix socket in its data folder: a JSON object a line, each way.

use std::future::Future;
use std::path::{Path, PathBuf};

use proto::node_id::NodeId;
use serde::{Deserialize, Serialize};

use crate::config::PeerEntry;

mod ask;
mod report;
mod serve;

pub use ask::{AskError, ask};
pub use report::{ClockReport, CountsReport, MailReport, PeerChange, PeerReport, StatusReport, StorageReport};
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
