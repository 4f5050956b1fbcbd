//! Envelopes in the driver's verification, and what their outcomes mean for who brought them.

use super::Federation;
use super::effect::{Effect, Event, Fault, IntakeId, SyncFailure, Verdict};
use super::input::{GossipId, Outcome};
use crate::admission::AdmissionId;
use crate::bounds::{INTAKES_MAX, REFUSALS_MAX, SPOILT_PER_PEER_MAX};
use crate::node_id::NodeId;
use crate::reconcile::Item;
use crate::wire::Envelope;

/// An envelope whose outcome is awaited.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) source: NodeId,
    pub(super) item: Item,
    cause: Cause,
}

/// What brought an envelope.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause {
    /// A gossip message that awaits its verdict.
    Gossip(GossipId),
    /// A session, by its number.
    Session(u64),
}

/// What became of an item that the ledger took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    Held,
    Withdrawn,
}

impl Federation {
    pub(super) fn admit(&mut self, source: NodeId, envelope: Envelope, cause: Cause) {
        let intake = IntakeId(self.next_number());
        self.intakes.insert(intake, Intake { source, item: envelope.item(), cause });
        self.emit(Effect::Admit { intake, envelope, source });
    }

    /// How many envelopes may still be asked for.
    pub(super) fn intake_room(&self) -> usize {
        INTAKES_MAX.saturating_sub(self.intakes_taken())
    }

    /// Envelopes in verification and on their way.
    pub(super) fn intakes_taken(&self) -> usize {
        self.intakes.len() + self.requested_items().count()
    }

    /// Whether there is nothing to fetch: the item is held or refused.
    pub(super) fn is_settled(&self, id: &AdmissionId) -> bool {
        self.items.contains(id) || self.refused.contains(id)
    }

    pub(super) fn on_intake_finished(&mut self, intake: IntakeId, outcome: Outcome) {
        let Some(Intake { source, item, cause }) = self.intakes.remove(&intake) else { return };
        self.count_outcome(source, cause, &outcome);
        let verdict = match outcome {
            Outcome::Held { item, replaces } => match self.hold(item, replaces) {
                Taking::Withdrawn => Verdict::Ignore,
                Taking::Held => {
                    self.report(Event::EntryArrived { item, source });
                    Verdict::Accept
                }
            },
            Outcome::Known => Verdict::Ignore,
            Outcome::Refused { reason } => {
                self.remember_refusal(item.id, reason);
                Verdict::Ignore
            }
            Outcome::Overloaded => Verdict::Ignore,
            Outcome::Invalid { rule } => {
                self.spoil(source, item.id);
                self.blame(source, Fault::Invalid(rule));
                Verdict::Reject
            }
        };
        if let Cause::Gossip(message) = cause {
            self.emit(Effect::JudgeGossip { message, verdict });
        }
    }

    /// Takes an item into the set, in the place of another where it replaces one; unless it was withdrawn or replaced
    /// itself after the ledger took it and before this was told.
    pub(super) fn hold(&mut self, item: Item, replaces: Option<Item>) -> Taking {
        if let Some(replaced) = replaces {
            self.items.remove(&replaced.id);
            self.remember(replaced.id);
        }
        if self.refused.contains(&item.id) {
            return Taking::Withdrawn;
        }
        self.items.insert(item);
        Taking::Held
    }

    pub(super) fn on_withdrawn(&mut self, items: Vec<AdmissionId>) {
        for id in items {
            self.items.remove(&id);
            self.remember(id);
        }
    }

    /// They are not gossiped: there may be a whole registry of them, and most peers have them.
    pub(super) fn on_restored(&mut self, items: Vec<Item>) {
        for item in items {
            self.refused.remove(&item.id);
            self.items.insert(item);
        }
        self.tell_of_growth(self.settings.node);
    }

    fn remember_refusal(&mut self, item: AdmissionId, reason: String) {
        self.remember(item);
        self.report(Event::ItemRefused { item, reason });
    }

    /// Keeps an item from being fetched again.
    fn remember(&mut self, item: AdmissionId) {
        if self.refused.len() < REFUSALS_MAX {
            self.refused.insert(item);
        }
    }

    /// The same item may still come well from another peer.
    pub(super) fn spoil(&mut self, peer: NodeId, item: AdmissionId) {
        if let Some(state) = self.peers.get_mut(&peer)
            && state.is_connected()
            && state.spoilt.len() < SPOILT_PER_PEER_MAX
        {
            state.spoilt.insert(item);
        }
    }

    fn count_outcome(&mut self, source: NodeId, cause: Cause, outcome: &Outcome) {
        let Cause::Session(number) = cause else { return };
        let Some(session) = self.session_mut(source).filter(|session| session.number == number) else { return };
        session.intakes = session.intakes.saturating_sub(1);
        match outcome {
            Outcome::Held { .. } => session.summary.fetched += 1,
            Outcome::Refused { .. } => session.summary.refused += 1,
            Outcome::Invalid { .. } => session.summary.invalid += 1,
            Outcome::Known => (),
            Outcome::Overloaded => self.fail_session(source, SyncFailure::Overloaded),
        }
    }
}
