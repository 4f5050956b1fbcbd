//! What can happen to a federation.

use bytes::Bytes;

use super::effect::{IntakeId, LoadId, RequestId};
use super::settings::{Address, Settings};
use crate::admission::AdmissionId;
use crate::node_id::NodeId;
use crate::reconcile::Item;
use crate::wire::Envelope;

/// The driver's number of a gossip message whose verdict is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GossipId(pub u64);

/// The driver's number of a peer's request that awaits its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServedId(pub u64);

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The first connection to a peer stands, whoever dialled.
    PeerConnected {
        /// The peer.
        peer: NodeId,
    },
    /// The last connection to a peer ended.
    PeerDisconnected {
        /// The peer.
        peer: NodeId,
    },
    /// A connected peer answered a ping.
    RoundTripMeasured {
        /// The peer.
        peer: NodeId,
        /// How long that took, in ms.
        ms: u64,
    },
    /// A dial ended without a connection.
    DialFailed {
        /// The peer.
        peer: NodeId,
    },
    /// A connected peer said where it is reached.
    AddressesLearned {
        /// The peer.
        peer: NodeId,
        /// Where, in the words of the network.
        addresses: Vec<Address>,
    },
    /// Gossip of this node did not reach every peer: queues were full.
    GossipLost,
    /// Nobody listens to the gossip of this node yet.
    GossipUnheard,
    /// A gossip message arrived and is held back until its verdict.
    GossipArrived {
        /// The peer that passed it on.
        from: NodeId,
        /// The driver's number for the verdict.
        message: GossipId,
        /// The frame.
        bytes: Bytes,
    },
    /// A peer asks.
    RequestArrived {
        /// The peer.
        from: NodeId,
        /// The driver's number for the response.
        request: ServedId,
        /// The frame.
        bytes: Bytes,
    },
    /// A peer answered, or will not.
    ResponseArrived {
        /// The peer.
        from: NodeId,
        /// The request of [`super::Effect::SendRequest`].
        request: RequestId,
        /// The answer.
        answer: Answer,
    },
    /// This node admitted an upload, durably.
    EntryAdmitted {
        /// Its item.
        item: Item,
        /// The item of an admission that it took the place of.
        replaces: Option<Item>,
        /// What peers shall get.
        envelope: Envelope,
    },
    /// An [`super::Effect::Admit`] was carried out. It must come exactly once for each, and together with
    /// [`Input::EntryAdmitted`] in the order in which the ledger took the entries.
    IntakeFinished {
        /// Which.
        intake: IntakeId,
        /// With what outcome.
        outcome: Outcome,
    },
    /// A [`super::Effect::Load`] was carried out. It must come exactly once for each.
    Loaded {
        /// Which.
        load: LoadId,
        /// The envelopes of the items that are held, in any order.
        envelopes: Vec<Envelope>,
    },
    /// The operator changed the settings.
    MembersChanged {
        /// The new ones, whole.
        settings: Settings,
    },
    /// The operator changed whom to trust: what was refused may be accepted now.
    TrustChanged {
        /// What is refused by the new settings too, of which the ledger has copies; all else may be fetched again.
        refused: Vec<AdmissionId>,
    },
    /// What was held is refused now.
    ItemsWithdrawn {
        /// The items.
        items: Vec<AdmissionId>,
    },
    /// What was refused is held now, from the ledger's own copies.
    ItemsRestored {
        /// The items.
        items: Vec<Item>,
    },
    /// The moment of [`super::Federation::next_wake`] has come.
    Woke,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// With a response.
    Response(Bytes),
    /// Without one: no connection, no such protocol, or too slow.
    Failed,
}

/// What became of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is verified, new and durable.
    Held {
        /// Its item.
        item: Item,
        /// The item of an admission of the same entry and origin that it took the place of.
        replaces: Option<Item>,
    },
    /// It was held already.
    Known,
    /// It is good, but not for this node: its policy refuses it, or an earlier admission of the same entry and origin
    /// is held. The refusal is durable; nobody is at fault.
    Refused {
        /// The reason, for the operator.
        reason: String,
    },
    /// It is bad, which every node can tell; who sent it is at fault.
    Invalid {
        /// The rule that it breaks.
        rule: String,
    },
    /// The pool was full or the ledger failed; it may be tried again.
    Overloaded,
}
