//! Requests to peers: each has a purpose and a deadline.

use bytes::Bytes;

use super::Federation;
use super::effect::{Effect, Fault, RequestId, Verdict};
use super::input::{Answer, GossipId};
use crate::admission::AdmissionId;
use crate::bounds::REQUEST_MS_MAX;
use crate::node_id::NodeId;
use crate::timestamp::Instant;
use crate::wire::{Request, Response};

/// A request whose answer is awaited.
#[derive(Debug)]
pub(super) struct Outstanding {
    pub(super) to: NodeId,
    pub(super) deadline: Instant,
    pub(super) purpose: Purpose,
}

/// What a request is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A round of the peer's session.
    Round,
    /// A batch of the peer's session.
    Batch { items: Vec<AdmissionId>, asked: Instant },
    /// A document that was announced.
    Announced { message: GossipId, item: AdmissionId },
    /// To tell what this node came to hold.
    Told,
    /// To compare rosters.
    Roster,
}

impl Purpose {
    /// The items whose envelopes the answer may bring.
    pub(super) fn items(&self) -> &[AdmissionId] {
        match self {
            Self::Batch { items, .. } => items,
            Self::Announced { item, .. } => std::slice::from_ref(item),
            Self::Round | Self::Told | Self::Roster => &[],
        }
    }
}

impl Federation {
    pub(super) fn ask(&mut self, to: NodeId, message: &Request, purpose: Purpose) -> RequestId {
        let request = RequestId(self.next_number());
        let deadline = self.now.plus_ms(REQUEST_MS_MAX);
        self.requests.insert(request, Outstanding { to, deadline, purpose });
        self.emit(Effect::SendRequest { to, request, bytes: message.encode() });
        request
    }

    pub(super) fn on_answer(&mut self, from: NodeId, request: RequestId, answer: Answer) {
        if self.requests.get(&request).is_none_or(|outstanding| outstanding.to != from) {
            return;
        }
        let Some(Outstanding { purpose, .. }) = self.requests.remove(&request) else { return };
        let response = match answer {
            Answer::Response(bytes) => self.read_response(from, &bytes),
            Answer::Failed => None,
        };
        match purpose {
            Purpose::Round => self.on_round(from, response),
            Purpose::Batch { items, asked } => self.on_batch(from, items, asked, request, response),
            Purpose::Announced { message, item } => self.on_announced(from, message, item, response),
            Purpose::Told => self.on_told(from, response.is_some()),
            Purpose::Roster => self.on_roster_answer(from, response),
        }
    }

    /// The response of a frame; `None` where it cannot be read, which costs the sender.
    fn read_response(&mut self, from: NodeId, bytes: &Bytes) -> Option<Response> {
        match Response::decode(bytes) {
            Ok(received) => {
                if let Some(state) = self.peers.get_mut(&from) {
                    state.feature_level = Some(received.feature_level);
                }
                Some(received.message)
            }
            Err(error) => {
                self.blame(from, Fault::Frame(error));
                None
            }
        }
    }

    pub(super) fn expire_requests(&mut self) {
        let late = |outstanding: &Outstanding| outstanding.deadline <= self.now;
        let expired: Vec<_> =
            self.requests.iter().filter(|(_, request)| late(request)).map(|(id, request)| (*id, request.to)).collect();
        for (request, to) in expired {
            self.on_answer(to, request, Answer::Failed);
        }
    }

    /// Forgets what was asked of a peer that is gone.
    pub(super) fn drop_requests_to(&mut self, peer: NodeId) {
        let mut abandoned = Vec::new();
        self.requests.retain(|_, outstanding| {
            if let (true, Purpose::Announced { message, .. }) = (outstanding.to == peer, &outstanding.purpose) {
                abandoned.push(*message);
            }
            outstanding.to != peer
        });
        for message in abandoned {
            self.emit(Effect::JudgeGossip { message, verdict: Verdict::Ignore });
        }
    }

    /// Items that outstanding requests may bring.
    pub(super) fn requested_items(&self) -> impl Iterator<Item = AdmissionId> {
        self.requests.values().flat_map(|outstanding| outstanding.purpose.items().iter().copied())
    }
}
