//! Sync: sessions that reconcile with a peer and fetch what this node lacks.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;

use super::Federation;
use super::effect::{Event, Fault, RequestId, SyncFailure, SyncSummary};
use super::intake::Cause;
use super::membership::backoff_ms;
use super::requests::Purpose;
use crate::admission::AdmissionId;
use crate::bounds::{
    BACKOFF_MS_MIN, FETCH_ITEMS_MAX, RECONCILE_FRAME_BYTES_MAX, RECONCILE_ROUNDS_MAX, SESSION_ITEMS_MAX,
    SESSION_MS_MAX, SESSIONS_MAX, STRANGER_SESSIONS_MAX, SYNC_GAP_MS_MIN,
};
use crate::node_id::NodeId;
use crate::reconcile::{Initiator, Step};
use crate::timestamp::Instant;
use crate::wire::{Envelope, Request, RequestRefusal, Response};

/// When to sync with a peer, and how it went.
#[derive(Debug)]
pub(super) struct SyncState {
    pub(super) due: Instant,
    /// Failures since the last session that finished.
    pub(super) failures: u32,
    pub(super) last: Option<(Instant, SyncSummary)>,
    pub(super) last_failure: Option<SyncFailure>,
    pub(super) session: Option<Session>,
}

/// A sync under way. At most one request of it is outstanding.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) number: u64,
    began: Instant,
    initiator: Initiator,
    /// The frame of the next round.
    frame: Option<Bytes>,
    outstanding: Option<RequestId>,
    need: VecDeque<AdmissionId>,
    /// Envelopes of this session in verification.
    pub(super) intakes: usize,
    /// Whether a further session is known to be worth its while.
    pub(super) again: bool,
    pub(super) summary: SyncSummary,
}

/// What a session does next.
enum Turn {
    Round(Bytes),
    Batch(Vec<AdmissionId>),
    Wait,
    Finish,
}

impl SyncState {
    pub(super) const fn new(now: Instant) -> Self {
        Self { due: now, failures: 0, last: None, last_failure: None, session: None }
    }
}

impl Federation {
    pub(super) fn session_mut(&mut self, peer: NodeId) -> Option<&mut Session> {
        self.peers.get_mut(&peer)?.sync.session.as_mut()
    }

    pub(super) fn sessions(&self) -> usize {
        self.peers.values().filter(|state| state.sync.session.is_some()).count()
    }

    /// Items that sessions are still to fetch.
    pub(super) fn wanted(&self) -> usize {
        self.peers.values().filter_map(|state| state.sync.session.as_ref()).map(|session| session.need.len()).sum()
    }

    /// Moves every session on, and begins those that are due, the longest due first.
    pub(super) fn tend_sessions(&mut self) {
        let has_session = |peer: &NodeId| self.peers.get(peer).is_some_and(|state| state.sync.session.is_some());
        for peer in self.connected().into_iter().filter(has_session).collect::<Vec<_>>() {
            self.advance(peer);
        }
        let mut due: Vec<_> = self.peers.keys().filter_map(|peer| Some((self.due(peer)?, *peer))).collect();
        due.sort_unstable();
        for (_, peer) in due.into_iter().take_while(|(due, _)| *due <= self.now).collect::<Vec<_>>() {
            if self.may_begin(&peer) {
                self.begin(peer);
            }
        }
    }

    /// When a session with the peer shall begin; never while one runs.
    fn due(&self, peer: &NodeId) -> Option<Instant> {
        let state = self.peers.get(peer)?;
        (state.is_connected() && state.sync.session.is_none()).then_some(state.sync.due)
    }

    /// Whether a session with the peer may begin, by the sessions that run.
    fn may_begin(&self, peer: &NodeId) -> bool {
        self.sessions() < SESSIONS_MAX && (self.is_listed(peer) || self.stranger_sessions() < STRANGER_SESSIONS_MAX)
    }

    fn stranger_sessions(&self) -> usize {
        self.peers.values().filter(|state| state.listed.is_none() && state.sync.session.is_some()).count()
    }

    pub(super) fn next_session_wake(&self) -> Option<Instant> {
        let has_place = self.sessions() < SESSIONS_MAX;
        let has_stranger_place = has_place && self.stranger_sessions() < STRANGER_SESSIONS_MAX;
        let may_begin = |peer: &&NodeId| if self.is_listed(peer) { has_place } else { has_stranger_place };
        let due = self.peers.keys().filter(may_begin).filter_map(|peer| self.due(peer));
        let ends = self.peers.values().filter_map(|state| state.sync.session.as_ref());
        due.chain(ends.map(|session| session.began.plus_ms(SESSION_MS_MAX))).min()
    }

    fn begin(&mut self, peer: NodeId) {
        let number = self.next_number();
        let (initiator, frame) = self.items.start(RECONCILE_FRAME_BYTES_MAX);
        let session = Session {
            number,
            began: self.now,
            initiator,
            frame: Some(frame),
            outstanding: None,
            need: VecDeque::new(),
            intakes: 0,
            again: false,
            summary: SyncSummary::default(),
        };
        if let Some(state) = self.peers.get_mut(&peer) {
            state.sync.session = Some(session);
        }
        self.advance(peer);
    }

    fn advance(&mut self, peer: NodeId) {
        match self.turn(peer) {
            Turn::Round(frame) => {
                let request = self.ask(peer, &Request::Reconcile { frame }, Purpose::Round);
                if let Some(session) = self.session_mut(peer) {
                    session.outstanding = Some(request);
                    session.summary.rounds += 1;
                }
            }
            Turn::Batch(items) => {
                let request = self.ask(peer, &Request::Fetch { items: items.clone() }, Purpose::Batch { items });
                if let Some(session) = self.session_mut(peer) {
                    session.outstanding = Some(request);
                }
            }
            Turn::Wait => (),
            Turn::Finish => self.finish(peer),
        }
    }

    fn turn(&mut self, peer: NodeId) -> Turn {
        let now = self.now;
        let Some(session) = self.session_mut(peer) else { return Turn::Wait };
        if now.ms_since(session.began) >= SESSION_MS_MAX {
            self.fail_session(peer, SyncFailure::TooSlow);
            return Turn::Wait;
        }
        if session.outstanding.is_some() {
            return Turn::Wait;
        }
        if let Some(frame) = session.frame.take() {
            return Turn::Round(frame);
        }
        // The next batch travels while the one before is being verified.
        if !session.need.is_empty() && session.intakes <= FETCH_ITEMS_MAX {
            let batch = self.next_batch(peer);
            if !batch.is_empty() {
                return Turn::Batch(batch);
            }
        }
        match self.session_mut(peer) {
            Some(session) if session.need.is_empty() && session.intakes == 0 => Turn::Finish,
            _ => Turn::Wait,
        }
    }

    /// Takes the next items off the session's list that are neither settled nor on their way.
    fn next_batch(&mut self, peer: NodeId) -> Vec<AdmissionId> {
        // Half of what is left: peers that do not send what was asked for never take all of it.
        let room = (self.intake_room() / 2).min(FETCH_ITEMS_MAX);
        if room == 0 {
            return Vec::new();
        }
        let on_the_way: BTreeSet<_> =
            self.requested_items().chain(self.intakes.values().map(|intake| intake.item.id)).collect();
        let mut need = self.session_mut(peer).map(|session| std::mem::take(&mut session.need)).unwrap_or_default();
        let (mut batch, mut left_out) = (Vec::new(), false);
        while batch.len() < room
            && let Some(id) = need.pop_front()
        {
            if on_the_way.contains(&id) {
                left_out = true;
            } else if !self.is_settled(&id) {
                batch.push(id);
            }
        }
        if let Some(session) = self.session_mut(peer) {
            session.need = need;
            session.again |= left_out;
        }
        batch
    }

    /// A round was answered, or not.
    pub(super) fn on_round(&mut self, peer: NodeId, response: Option<Response>) {
        let Some(session) = self.session_mut(peer) else { return };
        session.outstanding = None;
        let frame = match response {
            Some(Response::Reconciled { frame }) => frame,
            other => return self.on_no_answer(peer, other),
        };
        match session.initiator.step(&frame) {
            Ok(step) => self.on_step(peer, step),
            Err(error) => {
                self.blame(peer, Fault::Reconciliation(error.to_string()));
                self.fail_session(peer, SyncFailure::PeerAtFault);
            }
        }
    }

    fn on_step(&mut self, peer: NodeId, step: Step) {
        let spoilt = self.peers.get(&peer).map(|state| &state.spoilt);
        let is_spoilt = |id: &AdmissionId| spoilt.is_some_and(|spoilt| spoilt.contains(id));
        let need: Vec<_> = step.need.into_iter().filter(|id| !self.is_settled(id) && !is_spoilt(id)).collect();
        let Some(session) = self.session_mut(peer) else { return };
        session.summary.needed += need.len();
        session.summary.lacked_by_peer += step.have.len();
        session.need.extend(need);
        let Some(next) = step.next else { return };
        let (rounds, collected) = (session.summary.rounds, session.need.len());
        if rounds < RECONCILE_ROUNDS_MAX && collected < SESSION_ITEMS_MAX {
            session.frame = Some(next);
        } else if collected > 0 || session.summary.lacked_by_peer > 0 {
            session.again = true;
        } else {
            self.blame(peer, Fault::Endless);
            self.fail_session(peer, SyncFailure::PeerAtFault);
        }
    }

    /// A batch was answered, or not.
    pub(super) fn on_batch(&mut self, peer: NodeId, items: Vec<AdmissionId>, response: Option<Response>) {
        let Some(session) = self.session_mut(peer) else { return };
        session.outstanding = None;
        match response {
            Some(Response::Envelopes { considered, .. }) if usize::from(considered) > items.len() => {
                self.blame(peer, Fault::OtherAnswer);
                self.fail_session(peer, SyncFailure::PeerAtFault);
            }
            Some(Response::Envelopes { considered, envelopes }) => {
                let (considered, rest) = items.split_at(usize::from(considered));
                for id in rest.iter().rev() {
                    session.need.push_front(*id);
                }
                self.take_batch(peer, considered.iter().copied().collect(), envelopes);
            }
            other => self.on_no_answer(peer, other),
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
                let cause = Cause::Session(session.number);
                self.admit(peer, envelope, cause);
            }
        }
        if let Some(session) = self.session_mut(peer) {
            session.summary.withheld += asked.len();
        }
    }

    fn on_no_answer(&mut self, peer: NodeId, response: Option<Response>) {
        let failure = match response {
            None => SyncFailure::NoAnswer,
            Some(Response::Refused(RequestRefusal::Overloaded)) => SyncFailure::PeerOverloaded,
            Some(Response::Refused(RequestRefusal::NotAPeer)) => SyncFailure::NotListedThere,
            Some(_) => {
                self.blame(peer, Fault::OtherAnswer);
                SyncFailure::PeerAtFault
            }
        };
        self.fail_session(peer, failure);
    }

    pub(super) fn fail_session(&mut self, peer: NodeId, failure: SyncFailure) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let Some(session) = state.sync.session.take() else { return };
        state.sync.failures = state.sync.failures.saturating_add(1);
        state.sync.last_failure = Some(failure);
        state.sync.due = self.now.plus_ms(self.chance.jitter_ms(backoff_ms(state.sync.failures)));
        if let Some(request) = session.outstanding {
            self.requests.remove(&request);
        }
        self.report(Event::SyncFailed { peer, failure });
        if session.summary.fetched > 0 {
            self.tell_of_growth(peer);
        }
    }

    fn finish(&mut self, peer: NodeId) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let Some(Session { summary, again, .. }) = state.sync.session.take() else { return };
        let pause_ms = if summary.fetched > 0 {
            SYNC_GAP_MS_MIN
        } else if again && summary.withheld == 0 {
            // Without progress of its own: another session is fetching the same, or more is to be told to the peer.
            self.chance.jitter_ms(BACKOFF_MS_MIN)
        } else {
            self.chance.jitter_ms(self.settings.sync_interval_ms)
        };
        state.sync.due = self.now.plus_ms(pause_ms);
        state.sync.failures = 0;
        state.sync.last_failure = None;
        state.sync.last = Some((self.now, summary));
        self.report(Event::SyncFinished { peer, summary });
        if summary.fetched > 0 {
            self.tell_of_growth(peer);
        }
    }

    /// Tells every other peer that a sync is worth its while.
    pub(super) fn tell_of_growth(&mut self, grown_by: NodeId) {
        let told: BTreeSet<_> = self
            .requests
            .values()
            .filter(|outstanding| matches!(outstanding.purpose, Purpose::Grown))
            .map(|outstanding| outstanding.to)
            .collect();
        for peer in self.connected().into_iter().filter(|peer| *peer != grown_by && !told.contains(peer)) {
            self.ask(peer, &Request::Grown, Purpose::Grown);
        }
    }
}
