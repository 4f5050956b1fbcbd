//! What travels between nodes: bounded, versioned frames and the messages in them.
//!
//! A frame is a version byte, a feature level byte, and the message in bincode's standard configuration (little-endian
//! variable-length integers, lengths before contents). This module is the only home of bincode. Decoding is bounded
//! per kind of message, refuses other versions, trailing bytes, and every encoding that this module would not have
//! written itself (bincode accepts integers in more bytes than needed): one message has exactly one frame, so the
//! digest of a frame may serve as the identity of a gossip message.
//!
//! The version says whether a frame can be read at all. The feature level says what its sender understands beyond
//! that; a node sends nothing above the level of its receiver, and any level is accepted.

use bytes::Bytes;

use crate::admission::{self, AdmissionId};
use crate::bounds::{
    DOCUMENT_BYTES_MAX, FETCH_BYTES_MAX, FETCH_ITEMS_MAX, GOSSIP_DOCUMENT_BYTES_MAX, GOSSIP_FRAME_BYTES_MAX,
    HOLDING_ITEMS_MAX, RECONCILE_FRAME_BYTES_MAX, REQUEST_FRAME_BYTES_MAX, RESPONSE_FRAME_BYTES_MAX, ROSTER_BYTES_MAX,
};
use crate::reconcile::Item;
use crate::roster::RosterRank;

mod mirror;
mod packed;

/// The version that this node writes and reads.
pub const VERSION: u8 = 1;

/// The feature level that this node writes.
///
/// 1: reconciliation, fetching, growth. 2: rosters. 3: telling what is held. 4: packed envelopes.
pub const FEATURE_LEVEL: u8 = 4;

/// The level from which on a node answers [`Request::Roster`].
pub const ROSTER_LEVEL: u8 = 2;

/// The level from which on a node answers [`Request::Holding`].
pub const HOLDING_LEVEL: u8 = 3;

/// The level from which on a node answers [`Request::FetchPacked`].
pub const PACKED_LEVEL: u8 = 4;

/// An entry on its way: the document's bytes exactly as its origin received them, and the origin's admission.
///
/// The document has 1 to [`DOCUMENT_BYTES_MAX`] bytes. Nothing else about it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    document: Bytes,
    admission: [u8; admission::BYTES],
}

/// What is spread by gossip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gossip {
    /// A whole entry.
    Entry(Envelope),
    /// An entry too large for gossip; whoever lacks it fetches it from the peer that the announcement came from.
    Announcement(Item),
}

/// What a node asks of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// One round of reconciliation.
    Reconcile {
        /// The initiator's frame.
        frame: Bytes,
    },
    /// The envelopes of 1 to [`FETCH_ITEMS_MAX`] items.
    Fetch {
        /// The items, in the order in which they are wanted.
        items: Vec<AdmissionId>,
    },
    /// The sender came to hold more than it told this peer of by gossip; a sync is worth its while.
    Grown,
    /// The sender's roster; whoever has a newer one answers with it, whoever has an older one asks for this one. For
    /// nodes of [`ROSTER_LEVEL`].
    Roster {
        /// Which it is; `None` where the sender has none.
        held: Option<RosterRank>,
    },
    /// The sender came to hold 1 to [`HOLDING_ITEMS_MAX`] items that it did not gossip; whoever lacks them may fetch
    /// them of it. For nodes of [`HOLDING_LEVEL`].
    Holding {
        /// The items.
        items: Vec<AdmissionId>,
    },
    /// As [`Self::Fetch`], over a link that is slow; for nodes of [`PACKED_LEVEL`].
    FetchPacked {
        /// The items, in the order in which they are wanted.
        items: Vec<AdmissionId>,
    },
}

/// What the peer answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// The answer to [`Request::Reconcile`].
    Reconciled {
        /// The responder's frame.
        frame: Bytes,
    },
    /// The answer to [`Request::Fetch`].
    Envelopes {
        /// How many of the items asked for were considered, from the first; at least one. What is missing among them
        /// the responder does not hold; the others did not fit and can be asked for again.
        considered: u16,
        /// The envelopes of the items that are held.
        envelopes: Vec<Envelope>,
    },
    /// The answer to [`Request::FetchPacked`]: as [`Self::Envelopes`], in fewer bytes. Alone of all messages it has many
    /// frames, for what is packed can be packed otherwise.
    Packed {
        /// As in [`Self::Envelopes`].
        considered: u16,
        /// The envelopes of the items that are held.
        envelopes: Vec<Envelope>,
    },
    /// The answer to [`Request::Grown`] and [`Request::Holding`].
    Noted,
    /// The answer to [`Request::Roster`].
    Roster {
        /// Which roster the responder has.
        held: Option<RosterRank>,
        /// Its envelope, where it is newer than the asker's.
        newer: Option<Bytes>,
    },
    /// The request is not served.
    Refused(RequestRefusal),
}

/// Why a request is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRefusal {
    /// The responder is busy; ask later.
    Overloaded,
    /// The responder does not know the sender as a peer.
    NotAPeer,
    /// The request could not be read.
    Unreadable,
}

/// A decoded message with the feature level of its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<M> {
    /// What the sender understands.
    pub feature_level: u8,
    /// The message.
    pub message: M,
}

/// A frame cannot be read; always the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// It is longer than its kind of message can be.
    #[error("a frame of {length} bytes exceeds the limit of {max} bytes")]
    TooLong {
        /// Its length.
        length: usize,
        /// The limit.
        max: usize,
    },
    /// It ends before the message.
    #[error("the frame is too short for a header")]
    NoHeader,
    /// Its version is another.
    #[error("frame version {0} is unknown, this node reads version {VERSION}")]
    Version(u8),
    /// It is not an encoding of a message.
    #[error("the frame holds no message: {0}")]
    Malformed(String),
    /// More bytes follow the message, or the message is written in a longer way than it could be.
    #[error("the frame is not the one encoding of its message")]
    NotCanonical,
    /// A part of the message is outside its bounds.
    #[error("{part} of {length} is outside 1 to {max}")]
    OutOfBounds {
        /// Which part.
        part: &'static str,
        /// Its length or count.
        length: usize,
        /// The limit.
        max: usize,
    },
}

impl Envelope {
    /// An envelope of a document whose size is within bounds.
    pub fn new(document: Bytes, admission: [u8; admission::BYTES]) -> Result<Self, BadFrame> {
        within("document bytes", document.len(), DOCUMENT_BYTES_MAX)?;
        Ok(Self { document, admission })
    }

    /// The document, exactly as its origin received it.
    #[must_use]
    pub const fn document(&self) -> &Bytes {
        &self.document
    }

    /// The origin's admission, unverified.
    #[must_use]
    pub const fn admission(&self) -> &[u8; admission::BYTES] {
        &self.admission
    }

    /// The item that the admission stands for in reconciliation, unverified.
    #[must_use]
    pub fn item(&self) -> Item {
        Item::of_admission(&self.admission)
    }

    /// Bytes that the envelope takes in a response, without its length bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.document.len() + self.admission.len()
    }
}

impl Gossip {
    /// The message that spreads `envelope`: itself, or an announcement where its document is large.
    #[must_use]
    pub fn of(envelope: Envelope) -> Self {
        if envelope.document.len() <= GOSSIP_DOCUMENT_BYTES_MAX {
            Self::Entry(envelope)
        } else {
            Self::Announcement(envelope.item())
        }
    }

    /// The frame of the message.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        mirror::encode(&mirror::Gossip::from(self))
    }

    /// The message of a frame.
    pub fn decode(frame: &[u8]) -> Result<Received<Self>, BadFrame> {
        let received = mirror::decode::<mirror::Gossip, GOSSIP_FRAME_BYTES_MAX>(frame)?;
        let message = Self::try_from(received.message)?;
        if let Self::Entry(envelope) = &message {
            within("gossiped document bytes", envelope.document.len(), GOSSIP_DOCUMENT_BYTES_MAX)?;
        }
        Ok(Received { feature_level: received.feature_level, message })
    }
}

impl Request {
    /// The frame of the request.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        mirror::encode(&mirror::Request::from(self))
    }

    /// The request of a frame.
    pub fn decode(frame: &[u8]) -> Result<Received<Self>, BadFrame> {
        let received = mirror::decode::<mirror::Request, REQUEST_FRAME_BYTES_MAX>(frame)?;
        let message = Self::from(received.message);
        match &message {
            Self::Reconcile { frame } => within("reconciliation frame bytes", frame.len(), RECONCILE_FRAME_BYTES_MAX)?,
            Self::Fetch { items } | Self::FetchPacked { items } => within("items", items.len(), FETCH_ITEMS_MAX)?,
            Self::Holding { items } => within("items", items.len(), HOLDING_ITEMS_MAX)?,
            Self::Grown | Self::Roster { .. } => (),
        }
        Ok(Received { feature_level: received.feature_level, message })
    }
}

impl Response {
    /// The frame of the response.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        mirror::encode(&mirror::Response::from(self))
    }

    /// The response of a frame.
    pub fn decode(frame: &[u8]) -> Result<Received<Self>, BadFrame> {
        let received = mirror::decode::<mirror::Response, RESPONSE_FRAME_BYTES_MAX>(frame)?;
        let message = Self::try_from(received.message)?;
        if let Self::Reconciled { frame } = &message {
            within("reconciliation frame bytes", frame.len(), RECONCILE_FRAME_BYTES_MAX)?;
        }
        if let Self::Envelopes { considered, envelopes } | Self::Packed { considered, envelopes } = &message {
            within("considered items", usize::from(*considered), FETCH_ITEMS_MAX)?;
            if envelopes.len() > usize::from(*considered) {
                let (part, length, max) = ("envelopes", envelopes.len(), usize::from(*considered));
                return Err(BadFrame::OutOfBounds { part, length, max });
            }
        }
        if let Self::Roster { newer: Some(roster), .. } = &message {
            within("roster bytes", roster.len(), ROSTER_BYTES_MAX)?;
        }
        Ok(Received { feature_level: received.feature_level, message })
    }

    /// The answer to a fetch of `asked`, from what of it is `held`: as many of the first as fit into one frame.
    #[must_use]
    pub fn of_envelopes(asked: &[AdmissionId], held: &[Envelope]) -> Self {
        let held: std::collections::BTreeMap<AdmissionId, &Envelope> =
            held.iter().map(|envelope| (envelope.item().id, envelope)).collect();
        let (mut considered, mut bytes, mut envelopes) = (0_u16, 0, Vec::new());
        for id in asked.iter().take(FETCH_ITEMS_MAX) {
            if let Some(envelope) = held.get(id) {
                bytes += envelope.bytes();
                if bytes > FETCH_BYTES_MAX {
                    break;
                }
                envelopes.push((*envelope).clone());
            }
            considered += 1;
        }
        Self::Envelopes { considered, envelopes }
    }

    /// The same envelopes for a slow link.
    #[must_use]
    pub fn packed(self) -> Self {
        match self {
            Self::Envelopes { considered, envelopes } => Self::Packed { considered, envelopes },
            other => other,
        }
    }
}

/// Decodes `bytes` as every kind of frame; the entry of the fuzz target.
pub fn decode_any(bytes: &[u8]) {
    if let Ok(received) = Gossip::decode(bytes) {
        assert_eq!(received.message.encode().get(2..), bytes.get(2..), "a gossip message has one encoding");
    }
    if let Ok(received) = Request::decode(bytes) {
        assert_eq!(received.message.encode().get(2..), bytes.get(2..), "a request has one encoding");
    }
    match Response::decode(bytes) {
        Ok(Received { message: message @ Response::Packed { .. }, .. }) => {
            let again = Response::decode(&message.encode()).map(|received| received.message);
            assert_eq!(again, Ok(message), "a packed response survives its own frame");
        }
        Ok(received) => {
            assert_eq!(received.message.encode().get(2..), bytes.get(2..), "a response has one encoding");
        }
        Err(_) => (),
    }
}

/// Holds a length that must be at least one.
fn within(part: &'static str, length: usize, max: usize) -> Result<(), BadFrame> {
    if (1..=max).contains(&length) { Ok(()) } else { Err(BadFrame::OutOfBounds { part, length, max }) }
}

#[cfg(test)]
mod tests;
