//! What a federation has its driver do.

use bytes::Bytes;

use super::input::{GossipId, ServedId};
use super::settings::Address;
use crate::admission::AdmissionId;
use crate::node_id::NodeId;
use crate::reconcile::Item;
use crate::roster::{BadRoster, RosterRefusal, VerifiedRoster};
use crate::wire::{BadFrame, Envelope};

/// The number of a request to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// The number of an intake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntakeId(pub u64);

/// The number of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoadId(pub u64);

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Connect to a peer.
    Dial {
        /// The peer that must answer there.
        peer: NodeId,
        /// Where.
        address: Address,
    },
    /// Close every connection to a peer.
    Disconnect {
        /// The peer.
        peer: NodeId,
        /// Why.
        reason: DisconnectReason,
    },
    /// Decide about a gossip message.
    JudgeGossip {
        /// Which.
        message: GossipId,
        /// The verdict.
        verdict: Verdict,
    },
    /// Gossip to the peers.
    Publish {
        /// The frame.
        bytes: Bytes,
    },
    /// Ask a peer.
    SendRequest {
        /// The peer.
        to: NodeId,
        /// The number for the answer.
        request: RequestId,
        /// The frame.
        bytes: Bytes,
    },
    /// Answer a peer's request.
    Respond {
        /// The peer.
        to: NodeId,
        /// Which request.
        request: ServedId,
        /// The frame.
        bytes: Bytes,
    },
    /// Verify an envelope, keep it durably if it is good, and hand in the outcome.
    Admit {
        /// The number for the outcome.
        intake: IntakeId,
        /// What to verify.
        envelope: Envelope,
        /// The peer that brought it.
        source: NodeId,
    },
    /// Read envelopes from the ledger and hand them in.
    Load {
        /// The number for the answer.
        load: LoadId,
        /// The items wanted, in this order.
        items: Vec<AdmissionId>,
        /// Where to stop: what follows after so many bytes is not needed.
        bytes_max: usize,
    },
    /// Keep a newer roster durably, and hand in the settings that follow from it.
    AdoptRoster {
        /// The roster.
        roster: VerifiedRoster,
    },
    /// Keep where a listed peer is reached, for the next start.
    KeepAddresses {
        /// The peer.
        peer: NodeId,
        /// Where; in place of what was kept of it.
        addresses: Vec<Address>,
    },
    /// Tell the log and the status.
    Report(Event),
}

/// What becomes of a gossip message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Verified and new: pass it on.
    Accept,
    /// Not to be passed on, and nobody is at fault.
    Ignore,
    /// Bad, which its sender could tell.
    Reject,
}

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisconnectReason {
    /// The peer is not listed and the node is closed.
    #[error("the peer is not listed")]
    NotListed,
    /// The peer made too many faults; it is refused for a while.
    #[error("the peer is expelled")]
    Expelled,
    /// Too many strangers are connected.
    #[error("too many unlisted peers are connected")]
    TooManyStrangers,
}

/// What a peer did that it must not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It sent a frame that cannot be read.
    #[error("unreadable frame: {0}")]
    Frame(#[from] BadFrame),
    /// It sent a reconciliation frame that cannot be read.
    #[error("unreadable reconciliation: {0}")]
    Reconciliation(String),
    /// It passed on an envelope that fails verification.
    #[error("invalid envelope: {0}")]
    Invalid(String),
    /// It answered a fetch with an item that was not asked for, or twice.
    #[error("an envelope that was not asked for")]
    NotAsked,
    /// It answered another question than was asked.
    #[error("an answer of another kind")]
    OtherAnswer,
    /// It answered with something that is no roster, or with one that not enough operators signed.
    #[error("bad roster: {0}")]
    Roster(#[from] BadRoster),
    /// It reconciled without end and without a difference.
    #[error("reconciliation without end")]
    Endless,
}

/// Why a sync did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyncFailure {
    /// No answer came in time.
    #[error("no answer")]
    NoAnswer,
    /// The peer is busy.
    #[error("the peer is overloaded")]
    PeerOverloaded,
    /// The peer does not list this node.
    #[error("the peer does not know this node")]
    NotListedThere,
    /// The peer misbehaved.
    #[error("the peer is at fault")]
    PeerAtFault,
    /// This node's own intake is full or failing.
    #[error("this node is overloaded")]
    Overloaded,
    /// The session outlived its bound.
    #[error("the session took too long")]
    TooSlow,
}

/// What a sync found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SyncSummary {
    /// Items that this node lacked and does not refuse.
    pub needed: usize,
    /// Of these, now held because of this sync.
    pub fetched: usize,
    /// Of these, refused by this node.
    pub refused: usize,
    /// Of these, sent in a form that fails verification.
    pub invalid: usize,
    /// Of these, claimed but not sent.
    pub withheld: usize,
    /// Items that the peer lacked.
    pub lacked_by_peer: usize,
    /// Rounds of reconciliation.
    pub rounds: u32,
}

/// What the operator may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A peer is connected.
    PeerUp {
        /// The peer.
        peer: NodeId,
    },
    /// A peer is no longer connected.
    PeerDown {
        /// The peer.
        peer: NodeId,
    },
    /// A sync ended as it should.
    SyncFinished {
        /// With whom.
        peer: NodeId,
        /// What it found and did.
        summary: SyncSummary,
    },
    /// A sync broke off; it is tried again after a pause.
    SyncFailed {
        /// With whom.
        peer: NodeId,
        /// Why.
        failure: SyncFailure,
    },
    /// An entry came in from a peer.
    EntryArrived {
        /// Its item.
        item: Item,
        /// The peer that brought it.
        source: NodeId,
    },
    /// An entry was refused by this node's policy.
    ItemRefused {
        /// The item.
        item: AdmissionId,
        /// The reason.
        reason: String,
    },
    /// A peer is at fault, which is counted.
    PeerFaulted {
        /// The peer.
        peer: NodeId,
        /// What it did.
        fault: Fault,
    },
    /// A peer has a roster that does not count here.
    RosterRefused {
        /// The peer.
        peer: NodeId,
        /// Why it does not count.
        refusal: RosterRefusal,
    },
    /// A newer roster came from a peer.
    RosterArrived {
        /// The peer.
        peer: NodeId,
        /// Its version.
        version: u64,
    },
    /// Gossip was ignored because too much is in verification; sync will bring it.
    GossipDropped {
        /// The peer that passed it on.
        from: NodeId,
    },
    /// The links do not carry gossip: for a while peers are told of this node's uploads, and fetch them.
    GossipPaused,
}
