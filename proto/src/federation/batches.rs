//! Fetching: what a session lacks comes in batches, of as many items as the link to the peer carries in a short time.

use std::collections::BTreeSet;

use super::Federation;
use super::effect::{Fault, RequestId, SyncFailure};
use super::intake::Cause;
use super::membership::PeerState;
use crate::admission::AdmissionId;
use crate::bounds::{BATCH_DRAWN_FROM, BATCH_ITEMS_MIN, BATCH_MS_WANTED, FETCH_ITEMS_MAX};
use crate::node_id::NodeId;
use crate::timestamp::Instant;
use crate::wire::{Envelope, PACKED_LEVEL, Request, Response};

impl Federation {
    /// Takes the next items off the session's list that are neither settled nor on their way.
    pub(super) fn next_batch(&mut self, peer: NodeId) -> Vec<AdmissionId> {
        // Half of what is left: peers that do not send what was asked for never take all of it.
        let batch_items = self.peers.get(&peer).map_or(0, |state| state.sync.batch_items);
        let room = (self.intake_room() / 2).min(batch_items);
        if room == 0 {
            return Vec::new();
        }
        let mut on_the_way: BTreeSet<_> =
            self.requested_items().chain(self.intakes.values().map(|intake| intake.item.id)).collect();
        let mut need = self.session_mut(peer).map(|session| std::mem::take(&mut session.need)).unwrap_or_default();
        let (mut batch, mut left_out) = (Vec::new(), false);
        while batch.len() < room
            && let Some(id) = need.remove(self.chance.below(need.len().min(BATCH_DRAWN_FROM)))
        {
            if self.is_settled(&id) {
                continue;
            }
            // A peer may have told of it twice, and the rounds may have found it.
            match on_the_way.insert(id) {
                true => batch.push(id),
                false => left_out = true,
            }
        }
        if let Some(session) = self.session_mut(peer) {
            session.need = need;
            session.again |= left_out;
        }
        batch
    }

    /// The request for a batch: packed where the link is so slow that it carries no batch of the greatest size.
    pub(super) fn fetch(&self, peer: &NodeId, items: Vec<AdmissionId>) -> Request {
        let is_slow = |state: &PeerState| state.sync.batch_items < FETCH_ITEMS_MAX;
        let unpacks = |state: &PeerState| state.feature_level.is_some_and(|level| level >= PACKED_LEVEL);
        match self.peers.get(peer) {
            Some(state) if is_slow(state) && unpacks(state) => Request::FetchPacked { items },
            _ => Request::Fetch { items },
        }
    }

    /// A batch was answered, or not.
    pub(super) fn on_batch(
        &mut self,
        peer: NodeId,
        items: Vec<AdmissionId>,
        asked: Instant,
        request: RequestId,
        response: Option<Response>,
    ) {
        self.fit_batch(peer, items.len(), asked);
        let Some(session) = self.session_mut(peer) else { return };
        session.batches.remove(&request);
        match response {
            Some(Response::Envelopes { considered, .. } | Response::Packed { considered, .. })
                if usize::from(considered) > items.len() =>
            {
                self.blame(peer, Fault::OtherAnswer);
                self.fail_session(peer, SyncFailure::PeerAtFault);
            }
            Some(Response::Envelopes { considered, envelopes } | Response::Packed { considered, envelopes }) => {
                let (considered, rest) = items.split_at(usize::from(considered));
                for id in rest.iter().rev() {
                    session.need.push_front(*id);
                }
                self.take_batch(peer, considered.iter().copied().collect(), envelopes);
            }
            other => self.on_no_answer(peer, other),
        }
    }

    /// Batches that a link carries in [`BATCH_MS_WANTED`] leave the rest to other peers where it is slow.
    fn fit_batch(&mut self, peer: NodeId, items: usize, asked: Instant) {
        let took_ms = self.now.ms_since(asked);
        if let Some(state) = self.peers.get_mut(&peer) {
            let fitting = &mut state.sync.batch_items;
            if took_ms < BATCH_MS_WANTED / 2 && items >= *fitting {
                *fitting = (*fitting * 2).min(FETCH_ITEMS_MAX);
            } else if took_ms > BATCH_MS_WANTED {
                *fitting = (*fitting / 2).max(BATCH_ITEMS_MIN);
            }
        }
    }

    fn take_batch(&mut self, peer: NodeId, mut asked: BTreeSet<AdmissionId>, envelopes: Vec<Envelope>) {
        for envelope in envelopes {
            let id = envelope.item().id;
            if !asked.remove(&id) {
                self.blame(peer, Fault::NotAsked);
                continue;
            }
            let is_settled = self.is_settled(&id);
            let Some(session) = self.session_mut(peer) else { return };
            if !is_settled {
                session.intakes += 1;
                session.intake_bytes += envelope.document().len();
                let cause = Cause::Session(session.number);
                self.admit(peer, envelope, cause);
            }
        }
        if let Some(session) = self.session_mut(peer) {
            session.summary.withheld += asked.len();
        }
    }
}
