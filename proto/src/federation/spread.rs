//! Gossip: the fast path. What it loses, sync brings.

use bytes::Bytes;

use super::Federation;
use super::allowance::Rate;
use super::effect::{Effect, Event, Fault, Verdict};
use super::input::GossipId;
use super::intake::Cause;
use super::requests::Purpose;
use crate::admission::AdmissionId;
use crate::bounds::{
    ANNOUNCED_MAX, ANNOUNCED_PER_PEER_MAX, GOSSIP_BURST, GOSSIP_INTAKES_MAX, GOSSIP_PER_SECOND, SILENCE_MS_MIN,
};
use crate::node_id::NodeId;
use crate::reconcile::Item;
use crate::wire::{Envelope, Gossip, Request, Response};

impl Federation {
    /// A local upload is durable: it counts as held, and the peers hear of it.
    pub(super) fn on_local_entry(&mut self, item: Item, replaces: Option<Item>, envelope: Envelope) {
        // Withdrawn or replaced after the ledger took it, and before this was told; an upload's item is always new.
        if self.refused.contains(&item.id) {
            return self.take_out_replaced(replaces);
        }
        self.hold(item, replaces);
        if self.may_pass_gossip(envelope.document().len()) {
            self.note_gossiped(item.id);
            self.emit(Effect::Publish { bytes: Gossip::of(envelope).encode() });
        } else {
            self.tell_first(item.id);
        }
    }

    pub(super) fn on_gossip(&mut self, from: NodeId, message: GossipId, bytes: &Bytes) {
        if !self.is_connected(&from) {
            return self.judge(message, Verdict::Ignore);
        }
        self.note_heard(from);
        if !self.may_gossip(&from) {
            self.report(Event::GossipDropped { from });
            return self.judge(message, Verdict::Ignore);
        }
        match Gossip::decode(bytes) {
            Ok(received) => match received.message {
                Gossip::Entry(envelope) => self.on_entry(from, message, envelope),
                Gossip::Announcement(item) => self.on_announcement(from, message, item.id),
            },
            Err(error) => {
                self.judge(message, Verdict::Reject);
                self.blame(from, Fault::Frame(error));
            }
        }
    }

    /// Whether the peer has brought little enough; sync brings what is beyond.
    fn may_gossip(&mut self, peer: &NodeId) -> bool {
        const RATE: Rate = Rate { per_second: GOSSIP_PER_SECOND, burst: GOSSIP_BURST };
        let now = self.now;
        self.peers.get_mut(peer).is_none_or(|state| state.gossip.take(now, RATE))
    }

    fn on_entry(&mut self, from: NodeId, message: GossipId, envelope: Envelope) {
        if self.is_settled(&envelope.item().id) {
            self.judge(message, Verdict::Ignore);
        } else if self.intakes_taken() >= GOSSIP_INTAKES_MAX {
            self.judge(message, Verdict::Ignore);
            self.report(Event::GossipDropped { from });
        } else {
            self.admit(from, envelope, Cause::Gossip(message));
        }
    }

    fn on_announcement(&mut self, from: NodeId, message: GossipId, item: AdmissionId) {
        let pulls = || self.requests.values().filter(|pull| matches!(pull.purpose, Purpose::Announced { .. }));
        let is_full = pulls().count() >= ANNOUNCED_MAX
            || pulls().filter(|pull| pull.to == from).count() >= ANNOUNCED_PER_PEER_MAX
            || self.intakes_taken() >= GOSSIP_INTAKES_MAX;
        if self.is_settled(&item) || self.requested_items().any(|requested| requested == item) {
            self.judge(message, Verdict::Ignore);
        } else if is_full {
            self.judge(message, Verdict::Ignore);
            self.report(Event::GossipDropped { from });
            self.sync_soon(from);
        } else {
            self.ask(from, &Request::Fetch { items: vec![item] }, Purpose::Announced { message, item });
        }
    }

    /// The peer that announced a document answered the fetch of it.
    pub(super) fn on_announced(
        &mut self,
        from: NodeId,
        message: GossipId,
        item: AdmissionId,
        response: Option<Response>,
    ) {
        let envelopes = match response {
            Some(Response::Envelopes { envelopes, .. }) => envelopes,
            Some(Response::Refused(_)) | None => return self.judge(message, Verdict::Ignore),
            Some(_) => {
                self.judge(message, Verdict::Reject);
                return self.blame(from, Fault::OtherAnswer);
            }
        };
        match envelopes.into_iter().next() {
            None => self.judge(message, Verdict::Ignore),
            Some(envelope) if envelope.item().id != item => {
                self.judge(message, Verdict::Reject);
                self.blame(from, Fault::NotAsked);
            }
            // It may have come another way meanwhile.
            Some(_) if self.is_settled(&item) => self.judge(message, Verdict::Ignore),
            Some(envelope) => self.admit(from, envelope, Cause::Gossip(message)),
        }
    }

    /// Gossip after a long silence is a sign that earlier gossip was lost.
    fn note_heard(&mut self, from: NodeId) {
        let now = self.now;
        if let Some(state) = self.peers.get_mut(&from) {
            if now.ms_since(state.heard) >= SILENCE_MS_MIN {
                state.sync.due = state.sync.due.min(now);
            }
            state.heard = now;
        }
    }

    fn judge(&mut self, message: GossipId, verdict: Verdict) {
        self.emit(Effect::JudgeGossip { message, verdict });
    }
}
