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
    document_bytes: usize,
    cause: Cause,
    /// Whether its item was withdrawn or replaced before it was told to be held: then it is held no more.
    is_overtaken: bool,
}

/// What brought an envelope.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause {
    /// A gossip message that awaits its verdict.
    Gossip(GossipId),
    /// A session, by its number.
    Session(u64),
}

impl Federation {
    pub(super) fn admit(&mut self, source: NodeId, envelope: Envelope, cause: Cause) {
        let intake = IntakeId(self.next_number());
        let (item, document_bytes) = (envelope.item(), envelope.document().len());
        self.intakes.insert(intake, Intake { source, item, document_bytes, cause, is_overtaken: false });
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
        let Some(ended) = self.intakes.remove(&intake) else { return };
        let is_overtaken = self.is_overtaken(&ended, &outcome);
        self.count_outcome(&ended, &outcome);
        let Intake { source, item, document_bytes, cause, .. } = ended;
        let verdict = match outcome {
            Outcome::Held { replaces, .. } if is_overtaken => {
                self.take_out_replaced(replaces);
                Verdict::Ignore
            }
            Outcome::Held { item, replaces } => {
                self.hold(item, replaces);
                self.report(Event::EntryArrived { item, source });
                self.pass_on(item.id, document_bytes, source, cause)
            }
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

    /// Gossip goes on as gossip where the links carry it; of all else the other peers are told.
    fn pass_on(&mut self, item: AdmissionId, document_bytes: usize, source: NodeId, cause: Cause) -> Verdict {
        if matches!(cause, Cause::Gossip(_)) && self.may_pass_gossip(document_bytes) {
            self.note_gossiped(item);
            return Verdict::Accept;
        }
        self.tell_of_item(item, source);
        Verdict::Ignore
    }

    /// Whether an outcome is void, because a withdrawal overtook it. Several intakes may have one item, of which any may
    /// be the one whose outcome was overtaken.
    fn is_overtaken(&mut self, ended: &Intake, outcome: &Outcome) -> bool {
        let is_held = matches!(outcome, Outcome::Held { .. });
        if is_held == ended.is_overtaken {
            return is_held;
        }
        let mut others = self.intakes.values_mut().filter(|intake| intake.item.id == ended.item.id);
        match others.find(|other| other.is_overtaken == is_held) {
            Some(other) => {
                other.is_overtaken = !is_held;
                is_held
            }
            None => false,
        }
    }

    /// Takes an item into the set, in the place of another where it replaces one.
    pub(super) fn hold(&mut self, item: Item, replaces: Option<Item>) {
        self.take_out_replaced(replaces);
        // What was refused before is held now: the ledger judged anew.
        self.refused.remove(&item.id);
        self.items.insert(item);
    }

    pub(super) fn take_out_replaced(&mut self, replaced: Option<Item>) {
        if let Some(Item { id, .. }) = replaced {
            self.take_out(id);
        }
    }

    /// Holds an item no more. Where it is not held yet, the outcome of its intake is still on its way.
    fn take_out(&mut self, id: AdmissionId) {
        if self.items.contains(&id) {
            self.items.remove(&id);
        } else if let Some(intake) = self.intakes.values_mut().find(|it| it.item.id == id && !it.is_overtaken) {
            intake.is_overtaken = true;
        }
        self.remember(id);
    }

    pub(super) fn on_withdrawn(&mut self, items: Vec<AdmissionId>) {
        for id in items {
            self.take_out(id);
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

    /// A refusal may be told after the item was restored, which came later.
    fn remember_refusal(&mut self, item: AdmissionId, reason: String) {
        if !self.items.contains(&item) {
            self.remember(item);
        }
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

    fn count_outcome(&mut self, ended: &Intake, outcome: &Outcome) {
        let Cause::Session(number) = ended.cause else { return };
        let session = self.session_mut(ended.source).filter(|session| session.number == number);
        let Some(session) = session else { return };
        session.intakes = session.intakes.saturating_sub(1);
        session.intake_bytes = session.intake_bytes.saturating_sub(ended.document_bytes);
        match outcome {
            Outcome::Held { .. } => session.summary.fetched += 1,
            Outcome::Refused { .. } => session.summary.refused += 1,
            Outcome::Invalid { .. } => session.summary.invalid += 1,
            Outcome::Known => (),
            Outcome::Overloaded => self.fail_session(ended.source, SyncFailure::Overloaded),
        }
    }
}
