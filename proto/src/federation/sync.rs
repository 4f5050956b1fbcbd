//! Sync: sessions that reconcile with a peer and fetch what this node lacks.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;

use super::Federation;
use super::effect::{Event, Fault, RequestId, SyncFailure, SyncSummary};
use super::membership::backoff_ms;
use super::requests::Purpose;
use crate::admission::AdmissionId;
use crate::bounds::{
    BACKOFF_MS_MIN, BATCH_ITEMS_FIRST, BATCHES_MAX, RECONCILE_FRAME_BYTES_MAX, RECONCILE_ROUNDS_MAX,
    SESSION_INTAKE_BYTES_MAX, SESSION_ITEMS_MAX, SESSION_MS_MAX, SESSIONS_MAX, SETTLED_AFTER_MS, STRANGER_SESSIONS_MAX,
    SYNC_GAP_MS_MIN,
};
use crate::node_id::NodeId;
use crate::reconcile::{Initiator, Step};
use crate::timestamp::Instant;
use crate::wire::{HOLDING_LEVEL, Request, RequestRefusal, Response};

/// When to sync with a peer, and how it went.
#[derive(Debug)]
pub(super) struct SyncState {
    pub(super) due: Instant,
    /// When to compare what is settled, where that is sooner.
    due_settled: Option<Instant>,
    /// When what the peer said that it has will have settled.
    settling: Option<Instant>,
    /// When the last session ended that compared anything.
    finished: Option<Instant>,
    /// Failures since the last session that finished.
    pub(super) failures: u32,
    pub(super) last: Option<(Instant, SyncSummary)>,
    pub(super) last_failure: Option<SyncFailure>,
    pub(super) session: Option<Session>,
    /// Items of the next batch: as many as the link to the peer carries in a short time.
    pub(super) batch_items: usize,
}

/// A sync under way: at most one round of it and [`BATCHES_MAX`] batches are outstanding.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) number: u64,
    began: Instant,
    /// None while the session only fetches what the peer told of.
    initiator: Option<Initiator>,
    extent: Extent,
    /// The frame of the next round.
    frame: Option<Bytes>,
    round: Option<RequestId>,
    pub(super) batches: BTreeSet<RequestId>,
    pub(super) need: VecDeque<AdmissionId>,
    /// Items that the rounds found to be missing.
    found: usize,
    /// Envelopes of this session in verification.
    pub(super) intakes: usize,
    /// The bytes of their documents.
    pub(super) intake_bytes: usize,
    /// Whether a further session is known to be worth its while.
    pub(super) again: bool,
    pub(super) summary: SyncSummary,
}

/// What a session compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Everything.
    All,
    /// What was admitted [`SETTLED_AFTER_MS`] ago and before: what is newer is on its way, and whoever names it to all
    /// peers has all of them fetch it over the same links.
    Settled,
}

/// What a session does next, where it does not wait.
enum Turn {
    Round(Bytes),
    Batch(Vec<AdmissionId>),
    Finish,
}

impl SyncState {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            due: now,
            due_settled: None,
            settling: None,
            finished: None,
            failures: 0,
            last: None,
            last_failure: None,
            session: None,
            batch_items: BATCH_ITEMS_FIRST,
        }
    }

    /// When to compare next.
    pub(super) fn next(&self) -> Instant {
        self.due_settled.map_or(self.due, |settled| settled.min(self.due))
    }

    /// What is settled is compared at `soon`, and once more when what the peer has now has settled, too.
    fn compare_settled(&mut self, now: Instant, soon: Instant) {
        self.due_settled = Some(self.due_settled.map_or(soon, |due| due.min(soon)));
        self.settling = Some(now.plus_ms(SETTLED_AFTER_MS));
    }

    /// A comparison begins: of everything where that is due.
    fn begin(&mut self, now: Instant) -> Extent {
        self.due_settled = None;
        self.settling = self.settling.filter(|settling| *settling > now);
        if self.due <= now { Extent::All } else { Extent::Settled }
    }
}

impl Session {
    /// A session that fetches what the peer told of.
    pub(super) fn of_told(number: u64, now: Instant) -> Self {
        Self {
            number,
            began: now,
            initiator: None,
            extent: Extent::All,
            frame: None,
            round: None,
            batches: BTreeSet::new(),
            need: VecDeque::new(),
            found: 0,
            intakes: 0,
            intake_bytes: 0,
            again: false,
            summary: SyncSummary::default(),
        }
    }

    fn is_done(&self) -> bool {
        self.need.is_empty() && self.intakes == 0 && self.round.is_none() && self.batches.is_empty()
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
        (state.is_connected() && state.sync.session.is_none()).then_some(state.sync.next())
    }

    /// Whether a session with the peer may begin, by the sessions that run.
    pub(super) fn may_begin(&self, peer: &NodeId) -> bool {
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
        // It begins with a round, for it is due.
        let session = Session::of_told(self.next_number(), self.now);
        if let Some(state) = self.peers.get_mut(&peer) {
            state.sync.session = Some(session);
        }
        self.advance(peer);
    }

    fn advance(&mut self, peer: NodeId) {
        // Each turn makes one of few requests, or ends the session.
        while let Some(turn) = self.turn(peer) {
            self.take_turn(peer, turn);
        }
    }

    fn take_turn(&mut self, peer: NodeId, turn: Turn) {
        match turn {
            Turn::Round(frame) => {
                let request = self.ask(peer, &Request::Reconcile { frame }, Purpose::Round);
                if let Some(session) = self.session_mut(peer) {
                    session.round = Some(request);
                    session.summary.rounds += 1;
                }
            }
            Turn::Batch(items) => {
                let purpose = Purpose::Batch { items: items.clone(), asked: self.now };
                let request = self.ask(peer, &self.fetch(&peer, items), purpose);
                if let Some(session) = self.session_mut(peer) {
                    session.batches.insert(request);
                }
            }
            Turn::Finish => self.finish(peer),
        }
    }

    fn turn(&mut self, peer: NodeId) -> Option<Turn> {
        let now = self.now;
        let session = self.session_mut(peer)?;
        if now.ms_since(session.began) >= SESSION_MS_MAX {
            self.fail_session(peer, SyncFailure::TooSlow);
            return None;
        }
        if let Some(frame) = session.frame.take() {
            return Some(Turn::Round(frame));
        }
        if session.initiator.is_none() && self.peers.get(&peer).is_some_and(|state| state.sync.next() <= now) {
            return Some(self.reconcile_within(peer));
        }
        let session = self.session_mut(peer)?;
        // The next batch travels while the one before is being verified.
        if !session.need.is_empty()
            && session.batches.len() < BATCHES_MAX
            && session.intake_bytes <= SESSION_INTAKE_BYTES_MAX
        {
            let batch = self.next_batch(peer);
            if !batch.is_empty() {
                return Some(Turn::Batch(batch));
            }
        }
        match self.session_mut(peer) {
            Some(session) if session.is_done() => Some(Turn::Finish),
            _ => None,
        }
    }

    /// A session that fetches what the peer told of goes on as a sync, which is due.
    fn reconcile_within(&mut self, peer: NodeId) -> Turn {
        let now = self.now;
        let extent = self.peers.get_mut(&peer).map_or(Extent::All, |state| state.sync.begin(now));
        let (initiator, frame) = match extent {
            Extent::All => self.items.start(RECONCILE_FRAME_BYTES_MAX),
            Extent::Settled => self.items.start_before(now.minus_ms(SETTLED_AFTER_MS), RECONCILE_FRAME_BYTES_MAX),
        };
        if let Some(session) = self.session_mut(peer) {
            session.initiator = Some(initiator);
            session.extent = extent;
        }
        Turn::Round(frame)
    }

    /// A round was answered, or not.
    pub(super) fn on_round(&mut self, peer: NodeId, response: Option<Response>) {
        let Some(session) = self.session_mut(peer) else { return };
        session.round = None;
        let Some(initiator) = &mut session.initiator else { return };
        let frame = match response {
            Some(Response::Reconciled { frame }) => frame,
            other => return self.on_no_answer(peer, other),
        };
        match initiator.step(&frame) {
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
        session.found += need.len();
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

    pub(super) fn on_no_answer(&mut self, peer: NodeId, response: Option<Response>) {
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
        let is_sync = session.initiator.is_some();
        // What a peer tells of comes at its pace, and must not lengthen the pauses of this node.
        state.sync.failures = state.sync.failures.saturating_add(u32::from(is_sync));
        let pause_ms = self.chance.jitter_ms(backoff_ms(state.sync.failures));
        let later = self.now.plus_ms(pause_ms);
        state.sync.last_failure = Some(failure);
        state.sync.due = if is_sync { later } else { state.sync.due.min(later) };
        for request in session.batches.into_iter().chain(session.round) {
            self.requests.remove(&request);
        }
        self.report(Event::SyncFailed { peer, failure });
    }

    fn finish(&mut self, peer: NodeId) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let Some(Session { summary, again, found, initiator, extent, .. }) = state.sync.session.take() else { return };
        let soon = self.now.plus_ms(self.chance.jitter_ms(BACKOFF_MS_MIN));
        if initiator.is_none() {
            // What another session was fetching may not have come.
            if summary.withheld > 0 {
                state.sync.due = state.sync.due.min(soon);
            } else if again {
                state.sync.compare_settled(self.now, soon);
            }
            return;
        }
        let next = self.now.plus_ms(SYNC_GAP_MS_MIN);
        let has_progressed = found > 0 && summary.fetched > 0;
        state.sync.due_settled = state.sync.settling.map(|settling| settling.max(next));
        match extent {
            Extent::All if has_progressed => state.sync.due = next,
            Extent::All => state.sync.due = self.now.plus_ms(self.chance.jitter_ms(self.settings.sync_interval_ms)),
            Extent::Settled if has_progressed => state.sync.due_settled = Some(next),
            Extent::Settled => (),
        }
        if !has_progressed && again && summary.withheld == 0 {
            // Without progress of its own: another session is fetching the same, or more is to be told to the peer.
            state.sync.compare_settled(self.now, soon);
        }
        state.sync.finished = Some(self.now);
        state.sync.failures = 0;
        state.sync.last_failure = None;
        if extent == Extent::All {
            state.sync.last = Some((self.now, summary));
        }
        self.report(Event::SyncFinished { peer, summary });
    }

    /// The peer holds more than it told of: what has settled is compared, though not before the shortest pause is over.
    /// What has not, a peer of [`HOLDING_LEVEL`] tells of, and is found when it has.
    pub(super) fn sync_soon(&mut self, peer: NodeId) {
        let now = self.now;
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let soon = state.sync.finished.map_or(now, |finished| finished.plus_ms(SYNC_GAP_MS_MIN).max(now));
        if state.feature_level.is_some_and(|level| level >= HOLDING_LEVEL) {
            state.sync.compare_settled(now, soon);
        } else {
            state.sync.due = state.sync.due.min(soon);
        }
        if let Some(session) = &mut state.sync.session {
            session.again = true;
        }
    }
}
