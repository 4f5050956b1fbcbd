//! Answering the requests of peers, within bounds.

use bytes::Bytes;

use super::Federation;
use super::allowance::Rate;
use super::effect::{Effect, Fault, LoadId};
use super::input::ServedId;
use crate::admission::AdmissionId;
use crate::bounds::{
    FETCH_BYTES_MAX, RECONCILE_FRAME_BYTES_MAX, REQUESTS_BURST, REQUESTS_PER_SECOND, SERVED_MAX, SERVED_PER_PEER_MAX,
    STRANGERS_SERVED_MAX,
};
use crate::node_id::NodeId;
use crate::wire::{Envelope, Request, RequestRefusal, Response};

/// A fetch that waits for the ledger.
#[derive(Debug)]
pub(super) struct Serving {
    to: NodeId,
    request: ServedId,
    asked: Vec<AdmissionId>,
    packing: Packing,
}

/// How the answer travels.
#[derive(Debug, Clone, Copy)]
enum Packing {
    Plain,
    Packed,
}

impl Packing {
    fn of(self, response: Response) -> Response {
        match self {
            Self::Plain => response,
            Self::Packed => response.packed(),
        }
    }
}

impl Federation {
    pub(super) fn on_request(&mut self, from: NodeId, request: ServedId, bytes: &Bytes) {
        if !self.is_connected(&from) {
            return self.respond(from, request, &Response::Refused(RequestRefusal::NotAPeer));
        }
        if !self.may_ask(&from) {
            return self.respond(from, request, &Response::Refused(RequestRefusal::Overloaded));
        }
        let received = match Request::decode(bytes) {
            Ok(received) => received,
            Err(error) => {
                self.respond(from, request, &Response::Refused(RequestRefusal::Unreadable));
                return self.blame(from, Fault::Frame(error));
            }
        };
        if let Some(state) = self.peers.get_mut(&from) {
            state.feature_level = Some(received.feature_level);
        }
        match received.message {
            Request::Reconcile { frame } => self.serve_round(from, request, &frame),
            Request::Fetch { items } => self.serve_fetch(from, request, items, Packing::Plain),
            Request::FetchPacked { items } => self.serve_fetch(from, request, items, Packing::Packed),
            Request::Grown => {
                self.respond(from, request, &Response::Noted);
                self.sync_soon(from);
            }
            Request::Holding { items } => {
                self.respond(from, request, &Response::Noted);
                self.on_holding(from, items);
            }
            Request::Roster { held } => self.serve_roster(from, request, held),
        }
    }

    /// Whether the peer has asked little enough; what is beyond is not even read.
    fn may_ask(&mut self, peer: &NodeId) -> bool {
        const RATE: Rate = Rate { per_second: REQUESTS_PER_SECOND, burst: REQUESTS_BURST };
        let now = self.now;
        self.peers.get_mut(peer).is_none_or(|state| state.requests.take(now, RATE))
    }

    fn serve_round(&mut self, from: NodeId, request: ServedId, frame: &Bytes) {
        match self.items.respond(frame, RECONCILE_FRAME_BYTES_MAX) {
            Ok(frame) => self.respond(from, request, &Response::Reconciled { frame }),
            Err(error) => {
                self.respond(from, request, &Response::Refused(RequestRefusal::Unreadable));
                self.blame(from, Fault::Reconciliation(error.to_string()));
            }
        }
    }

    fn serve_fetch(&mut self, from: NodeId, request: ServedId, asked: Vec<AdmissionId>, packing: Packing) {
        let of_peer = self.loads.values().filter(|serving| serving.to == from).count();
        let of_strangers = self.loads.values().filter(|serving| !self.is_listed(&serving.to)).count();
        let is_crowded = !self.is_listed(&from) && of_strangers >= STRANGERS_SERVED_MAX;
        if of_peer >= SERVED_PER_PEER_MAX || self.loads.len() >= SERVED_MAX || is_crowded {
            return self.respond(from, request, &Response::Refused(RequestRefusal::Overloaded));
        }
        let items: Vec<_> = asked.iter().filter(|id| self.items.contains(id)).copied().collect();
        if items.is_empty() {
            return self.respond(from, request, &packing.of(Response::of_envelopes(&asked, &[])));
        }
        let load = LoadId(self.next_number());
        self.loads.insert(load, Serving { to: from, request, asked, packing });
        self.emit(Effect::Load { load, items, bytes_max: FETCH_BYTES_MAX });
    }

    pub(super) fn on_loaded(&mut self, load: LoadId, envelopes: &[Envelope]) {
        let Some(Serving { to, request, asked, packing }) = self.loads.remove(&load) else { return };
        for envelope in envelopes {
            self.fresh.items.remove(&envelope.item().id);
        }
        if self.is_connected(&to) {
            self.respond(to, request, &packing.of(Response::of_envelopes(&asked, envelopes)));
        }
    }

    pub(super) fn respond(&mut self, to: NodeId, request: ServedId, response: &Response) {
        self.emit(Effect::Respond { to, request, bytes: response.encode() });
    }
}
