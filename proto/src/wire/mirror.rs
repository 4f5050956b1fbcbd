//! The messages as bincode writes them, and the bounded codec around them.

use bincode::config;
use bincode::{Decode, Encode};
use bytes::Bytes;

use super::packed::{pack, unpack};
use super::{BadFrame, Envelope, FEATURE_LEVEL, Received, RequestRefusal, VERSION};
use crate::admission::{self, AdmissionId};
use crate::bounds::RESPONSE_FRAME_BYTES_MAX;
use crate::digest::Sha256Digest;
use crate::reconcile::Item;
use crate::roster::RosterRank;
use crate::timestamp::Instant;

#[derive(Encode, Decode)]
pub(super) struct WireEnvelope {
    document: Vec<u8>,
    admission: [u8; admission::BYTES],
}

#[derive(Encode, Decode)]
pub(super) enum Gossip {
    Entry(WireEnvelope),
    Announcement { admitted_ms: u64, id: [u8; 32] },
}

#[derive(Encode, Decode)]
pub(super) enum Request {
    Reconcile { frame: Vec<u8> },
    Fetch { items: Vec<[u8; 32]> },
    Grown,
    Roster { held: Option<Rank> },
    Holding { items: Vec<[u8; 32]> },
    FetchPacked { items: Vec<[u8; 32]> },
}

#[derive(Encode, Decode)]
pub(super) struct Rank {
    version: u64,
    payload: [u8; 32],
}

#[derive(Encode, Decode)]
pub(super) enum Response {
    Reconciled { frame: Vec<u8> },
    Envelopes { considered: u16, envelopes: Vec<WireEnvelope> },
    Noted,
    Refused(Refusal),
    Roster { held: Option<Rank>, newer: Option<Vec<u8>> },
    Packed { considered: u16, envelopes: Vec<u8> },
}

#[derive(Encode, Decode)]
pub(super) enum Refusal {
    Overloaded,
    NotAPeer,
    Unreadable,
}

/// The frame of a message.
pub(super) fn encode<M: Encode>(message: &M) -> Bytes {
    [&[VERSION, FEATURE_LEVEL], &payload_of(message)[..]].concat().into()
}

fn payload_of<M: Encode>(message: &M) -> Vec<u8> {
    bincode::encode_to_vec(message, config::standard()).expect("plain structs always encode into memory")
}

/// The message of a frame of at most `MAX` bytes.
pub(super) fn decode<M: Encode + Decode<()>, const MAX: usize>(frame: &[u8]) -> Result<Received<M>, BadFrame> {
    if frame.len() > MAX {
        return Err(BadFrame::TooLong { length: frame.len(), max: MAX });
    }
    let [version, feature_level, payload @ ..] = frame else { return Err(BadFrame::NoHeader) };
    if *version != VERSION {
        return Err(BadFrame::Version(*version));
    }
    let message = decode_canonical::<M, MAX>(payload)?;
    Ok(Received { feature_level: *feature_level, message })
}

/// The message whose one encoding the payload is.
///
/// The limit of bincode counts what the message claims to hold before it allocates: without it nine bytes that claim
/// 2⁴⁰ strings abort the process.
fn decode_canonical<M: Encode + Decode<()>, const MAX: usize>(payload: &[u8]) -> Result<M, BadFrame> {
    let (message, read): (M, usize) = bincode::decode_from_slice(payload, config::standard().with_limit::<MAX>())
        .map_err(|error| BadFrame::Malformed(error.to_string()))?;
    if read != payload.len() || payload_of(&message) != payload {
        return Err(BadFrame::NotCanonical);
    }
    Ok(message)
}

impl From<&Envelope> for WireEnvelope {
    fn from(envelope: &Envelope) -> Self {
        Self { document: envelope.document.to_vec(), admission: envelope.admission }
    }
}

impl TryFrom<WireEnvelope> for Envelope {
    type Error = BadFrame;

    fn try_from(wire: WireEnvelope) -> Result<Self, BadFrame> {
        Self::new(wire.document.into(), wire.admission)
    }
}

impl From<&super::Gossip> for Gossip {
    fn from(message: &super::Gossip) -> Self {
        match message {
            super::Gossip::Entry(envelope) => Self::Entry(envelope.into()),
            super::Gossip::Announcement(item) => {
                Self::Announcement { admitted_ms: item.admitted.unix_ms(), id: *item.id.as_bytes() }
            }
        }
    }
}

impl TryFrom<Gossip> for super::Gossip {
    type Error = BadFrame;

    fn try_from(wire: Gossip) -> Result<Self, BadFrame> {
        Ok(match wire {
            Gossip::Entry(envelope) => Self::Entry(envelope.try_into()?),
            Gossip::Announcement { admitted_ms, id } => {
                Self::Announcement(Item { admitted: Instant::from_unix_ms(admitted_ms), id: item_id(id) })
            }
        })
    }
}

impl From<&super::Request> for Request {
    fn from(message: &super::Request) -> Self {
        match message {
            super::Request::Reconcile { frame } => Self::Reconcile { frame: frame.to_vec() },
            super::Request::Fetch { items } => Self::Fetch { items: item_bytes(items) },
            super::Request::Grown => Self::Grown,
            super::Request::Roster { held } => Self::Roster { held: held.map(Rank::from) },
            super::Request::Holding { items } => Self::Holding { items: item_bytes(items) },
            super::Request::FetchPacked { items } => Self::FetchPacked { items: item_bytes(items) },
        }
    }
}

impl From<Request> for super::Request {
    fn from(wire: Request) -> Self {
        match wire {
            Request::Reconcile { frame } => Self::Reconcile { frame: frame.into() },
            Request::Fetch { items } => Self::Fetch { items: item_ids(items) },
            Request::Grown => Self::Grown,
            Request::Roster { held } => Self::Roster { held: held.map(RosterRank::from) },
            Request::Holding { items } => Self::Holding { items: item_ids(items) },
            Request::FetchPacked { items } => Self::FetchPacked { items: item_ids(items) },
        }
    }
}

impl From<&super::Response> for Response {
    fn from(message: &super::Response) -> Self {
        match message {
            super::Response::Reconciled { frame } => Self::Reconciled { frame: frame.to_vec() },
            super::Response::Envelopes { considered, envelopes } => Self::Envelopes {
                considered: *considered,
                envelopes: envelopes.iter().map(WireEnvelope::from).collect(),
            },
            super::Response::Packed { considered, envelopes } => {
                let envelopes: Vec<_> = envelopes.iter().map(WireEnvelope::from).collect();
                Self::Packed { considered: *considered, envelopes: pack(&payload_of(&envelopes)) }
            }
            super::Response::Noted => Self::Noted,
            super::Response::Roster { held, newer } => {
                Self::Roster { held: held.map(Rank::from), newer: newer.as_ref().map(|roster| roster.to_vec()) }
            }
            super::Response::Refused(RequestRefusal::Overloaded) => Self::Refused(Refusal::Overloaded),
            super::Response::Refused(RequestRefusal::NotAPeer) => Self::Refused(Refusal::NotAPeer),
            super::Response::Refused(RequestRefusal::Unreadable) => Self::Refused(Refusal::Unreadable),
        }
    }
}

impl TryFrom<Response> for super::Response {
    type Error = BadFrame;

    fn try_from(wire: Response) -> Result<Self, BadFrame> {
        Ok(match wire {
            Response::Reconciled { frame } => Self::Reconciled { frame: frame.into() },
            Response::Envelopes { considered, envelopes } => Self::Envelopes {
                considered,
                envelopes: envelopes.into_iter().map(Envelope::try_from).collect::<Result<_, _>>()?,
            },
            Response::Packed { considered, envelopes } => {
                let payload = unpack(&envelopes, RESPONSE_FRAME_BYTES_MAX)?;
                let envelopes: Vec<WireEnvelope> = decode_canonical::<_, RESPONSE_FRAME_BYTES_MAX>(&payload)?;
                let envelopes = envelopes.into_iter().map(Envelope::try_from).collect::<Result<_, _>>()?;
                Self::Packed { considered, envelopes }
            }
            Response::Noted => Self::Noted,
            Response::Roster { held, newer } => {
                Self::Roster { held: held.map(RosterRank::from), newer: newer.map(Bytes::from) }
            }
            Response::Refused(Refusal::Overloaded) => Self::Refused(RequestRefusal::Overloaded),
            Response::Refused(Refusal::NotAPeer) => Self::Refused(RequestRefusal::NotAPeer),
            Response::Refused(Refusal::Unreadable) => Self::Refused(RequestRefusal::Unreadable),
        })
    }
}

impl From<RosterRank> for Rank {
    fn from(rank: RosterRank) -> Self {
        Self { version: rank.version, payload: *rank.payload.as_bytes() }
    }
}

impl From<Rank> for RosterRank {
    fn from(wire: Rank) -> Self {
        Self { version: wire.version, payload: Sha256Digest::from_bytes(wire.payload) }
    }
}

fn item_bytes(items: &[AdmissionId]) -> Vec<[u8; 32]> {
    items.iter().map(|id| *id.as_bytes()).collect()
}

fn item_ids(items: Vec<[u8; 32]>) -> Vec<AdmissionId> {
    items.into_iter().map(item_id).collect()
}

fn item_id(bytes: [u8; 32]) -> AdmissionId {
    AdmissionId::from_digest(Sha256Digest::from_bytes(bytes))
}
