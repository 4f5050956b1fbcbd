//! Who is a peer, who is connected, whom to dial, and who is expelled.

use std::collections::{BTreeMap, BTreeSet};

use super::Federation;
use super::allowance::Allowance;
use super::effect::{DisconnectReason, Effect, Event, Fault};
use super::roster::RosterState;
use super::settings::{Address, Admittance, ListedBy, Peer, Settings};
use super::sync::SyncState;
use super::telling::Untold;
use crate::admission::AdmissionId;
use crate::bounds::{
    ADDRESS_BYTES_MAX, ADDRESSES_LEARNED_MAX, BACKOFF_MS_MAX, BACKOFF_MS_MIN, DIAL_MS_MAX, DIALS_MAX, EXPULSION_MS,
    FAR_ROUND_TRIP_MS, FAULT_FORGIVEN_MS, FAULTS_MAX, STRANGERS_MAX,
};
use crate::node_id::NodeId;
use crate::timestamp::Instant;

/// What a node remembers of a peer.
#[derive(Debug)]
pub(super) struct PeerState {
    /// How the operator listed it; `None` for a stranger.
    pub(super) listed: Option<Peer>,
    pub(super) link: Link,
    /// Dials that failed since the last connection; also chooses the address.
    pub(super) dial_failures: u32,
    faults: u32,
    last_fault: Instant,
    pub(super) expelled_until: Option<Instant>,
    /// When it was last heard through gossip, or connected.
    pub(super) heard: Instant,
    pub(super) feature_level: Option<u8>,
    /// The last round trip to it; none before the first since it connected.
    round_trip_ms: Option<u64>,
    pub(super) roster: RosterState,
    /// Requests that it may make.
    pub(super) requests: Allowance,
    /// Gossip that it may bring.
    pub(super) gossip: Allowance,
    /// Items that it sent in a bad form since it connected.
    pub(super) spoilt: BTreeSet<AdmissionId>,
    pub(super) sync: SyncState,
    pub(super) untold: Untold,
}

/// Whether a peer is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// It is not; it may be dialled from `dial_at` on.
    Apart { since: Option<Instant>, dial_at: Instant },
    /// A dial is under way; it counts as failed at `until`.
    Dialling { since: Option<Instant>, until: Instant },
    /// It is.
    Connected { since: Instant },
}

impl PeerState {
    fn new(listed: Option<Peer>, now: Instant) -> Self {
        Self {
            listed,
            link: Link::Apart { since: None, dial_at: now },
            dial_failures: 0,
            faults: 0,
            last_fault: now,
            expelled_until: None,
            heard: now,
            feature_level: None,
            round_trip_ms: None,
            roster: RosterState::new(now),
            requests: Allowance::full(now),
            gossip: Allowance::full(now),
            spoilt: BTreeSet::new(),
            sync: SyncState::new(now),
            untold: Untold::new(now),
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.link, Link::Connected { .. })
    }

    /// Whether the operator wants a connection to it.
    fn is_wanted(&self) -> bool {
        self.listed.as_ref().is_some_and(|peer| peer.listed_by == ListedBy::Operator)
    }

    /// Faults that are not forgiven yet.
    pub(super) fn faults(&self, now: Instant) -> u32 {
        let forgiven = now.ms_since(self.last_fault) / FAULT_FORGIVEN_MS;
        self.faults.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }

    fn is_expelled(&self, now: Instant) -> bool {
        self.expelled_until.is_some_and(|until| now < until)
    }

    /// When it shall be dialled; never where it has no address.
    pub(super) fn dial_at(&self) -> Option<Instant> {
        let has_address = self.listed.as_ref().is_some_and(|peer| peer.dialled().next().is_some());
        match self.link {
            Link::Apart { dial_at, .. } if has_address => {
                Some(self.expelled_until.map_or(dial_at, |until| until.max(dial_at)))
            }
            _ => None,
        }
    }
}

/// The pause after the `failures`-th failure in a row, without jitter.
pub(super) fn backoff_ms(failures: u32) -> u64 {
    BACKOFF_MS_MIN.saturating_mul(1 << failures.saturating_sub(1).min(30)).min(BACKOFF_MS_MAX)
}

impl Federation {
    /// Takes over the operator's list: newly listed peers are dialled, unlisted ones are cut off at once.
    pub(super) fn apply_settings(&mut self, settings: Settings) {
        if settings.roster != self.settings.roster || settings.roster_authority != self.settings.roster_authority {
            self.compare_rosters();
        }
        self.settings = settings;
        let own = self.settings.node;
        let mut learned: BTreeMap<NodeId, Vec<Address>> = BTreeMap::new();
        for (peer, state) in &mut self.peers {
            learned.extend(state.listed.take().map(|listed| (*peer, listed.learned)));
        }
        let now = self.now;
        for peer in self.settings.peers.clone().into_iter().filter(|peer| peer.node != own) {
            let node = peer.node;
            let learned = learned.remove(&node).filter(|learned| !learned.is_empty());
            let peer = Peer { learned: learned.unwrap_or(peer.learned), ..peer };
            self.peers.entry(node).or_insert_with(|| PeerState::new(None, now)).listed = Some(peer);
        }
        let closed = self.settings.admittance == Admittance::Closed;
        let unlisted: Vec<_> =
            self.peers.iter().filter(|(_, state)| state.listed.is_none()).map(|(id, _)| *id).collect();
        for peer in unlisted {
            if closed && self.is_connected(&peer) {
                self.cut_off(peer, DisconnectReason::NotListed);
            }
            self.forget_stranger(&peer);
        }
    }

    pub(super) fn is_listed(&self, peer: &NodeId) -> bool {
        self.peers.get(peer).is_some_and(|state| state.listed.is_some())
    }

    pub(super) fn is_connected(&self, peer: &NodeId) -> bool {
        self.peers.get(peer).is_some_and(PeerState::is_connected)
    }

    pub(super) fn connected(&self) -> Vec<NodeId> {
        self.peers.iter().filter(|(_, state)| state.is_connected()).map(|(peer, _)| *peer).collect()
    }

    pub(super) fn on_connected(&mut self, peer: NodeId) {
        if let Some(reason) = self.unwelcome(&peer) {
            return self.emit(Effect::Disconnect { peer, reason });
        }
        let now = self.now;
        let state = self.peers.entry(peer).or_insert_with(|| PeerState::new(None, now));
        if state.is_connected() {
            return;
        }
        state.link = Link::Connected { since: now };
        state.dial_failures = 0;
        state.heard = now;
        state.sync.due = now;
        state.roster = RosterState::new(now);
        state.feature_level = None;
        state.round_trip_ms = None;
        state.untold = Untold::new(now);
        self.report(Event::PeerUp { peer });
    }

    pub(super) fn on_round_trip(&mut self, peer: NodeId, ms: u64) {
        if let Some(state) = self.peers.get_mut(&peer).filter(|state| state.is_connected()) {
            state.round_trip_ms = Some(ms);
        }
    }

    /// Whether more than half of the connected peers are known to be far.
    pub(super) fn is_remote(&self) -> bool {
        let connected = || self.peers.values().filter(|state| state.is_connected());
        let far = connected().filter(|state| state.round_trip_ms.is_some_and(|ms| ms >= FAR_ROUND_TRIP_MS));
        far.count() * 2 > connected().count()
    }

    fn unwelcome(&mut self, peer: &NodeId) -> Option<DisconnectReason> {
        let state = self.peers.get(peer);
        if state.is_some_and(|state| state.is_expelled(self.now)) {
            return Some(DisconnectReason::Expelled);
        }
        if state.is_some_and(|state| state.listed.is_some()) {
            return None;
        }
        let (is_known, admittance) = (state.is_some(), self.settings.admittance);
        match admittance {
            Admittance::Closed => Some(DisconnectReason::NotListed),
            Admittance::Open if is_known || self.make_room() => None,
            Admittance::Open => Some(DisconnectReason::TooManyStrangers),
        }
    }

    /// Whether one more stranger can be known, for which one that left may be forgotten with its faults.
    fn make_room(&mut self) -> bool {
        let strangers = || self.peers.iter().filter(|(_, state)| state.listed.is_none());
        if strangers().count() < STRANGERS_MAX {
            return true;
        }
        let gone = strangers().filter(|(_, state)| !state.is_connected() && !state.is_expelled(self.now));
        let Some((_, oldest)) = gone.map(|(peer, state)| (state.last_fault, *peer)).min() else { return false };
        self.peers.remove(&oldest);
        true
    }

    pub(super) fn on_disconnected(&mut self, peer: NodeId) {
        if self.is_connected(&peer) {
            let dial_at = self.now.plus_ms(self.chance.jitter_ms(BACKOFF_MS_MIN));
            self.part(peer, dial_at);
        }
    }

    /// Ends everything that runs with a peer.
    fn part(&mut self, peer: NodeId, dial_at: Instant) {
        let since = Some(self.now);
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.link = Link::Apart { since, dial_at };
        state.spoilt.clear();
        state.sync.session = None;
        state.untold = Untold::new(self.now);
        self.drop_requests_to(peer);
        self.report(Event::PeerDown { peer });
        self.forget_stranger(&peer);
    }

    /// A stranger is remembered only while it is connected or expelled, or its faults are: it cannot shed them by
    /// connecting anew.
    fn forget_stranger(&mut self, peer: &NodeId) {
        let forget = |state: &PeerState| {
            let is_clean = state.faults(self.now) == 0 && !state.is_expelled(self.now);
            state.listed.is_none() && !state.is_connected() && is_clean
        };
        if self.peers.get(peer).is_some_and(forget) {
            self.peers.remove(peer);
        }
    }

    pub(super) fn on_dial_failed(&mut self, peer: NodeId) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let Link::Dialling { since, .. } = state.link else { return };
        state.dial_failures = state.dial_failures.saturating_add(1);
        let pause_ms = self.chance.jitter_ms(backoff_ms(state.dial_failures));
        state.link = Link::Apart { since, dial_at: self.now.plus_ms(pause_ms) };
    }

    /// Dials whom it is time to dial, and ends dials and expulsions whose time is over.
    pub(super) fn tend_peers(&mut self) {
        let neighbours = self.roster_neighbours();
        for peer in self.peers.keys().copied().collect::<Vec<_>>() {
            self.tend_peer(peer, &neighbours);
        }
    }

    fn tend_peer(&mut self, peer: NodeId, neighbours: &BTreeSet<NodeId>) {
        let now = self.now;
        let Some(state) = self.peers.get_mut(&peer) else { return };
        if state.expelled_until.is_some_and(|until| until <= now) {
            state.expelled_until = None;
            state.faults = 0;
        }
        if let Link::Dialling { until, .. } = state.link
            && until <= now
        {
            return self.on_dial_failed(peer);
        }
        let is_wanted = state.is_wanted() || neighbours.contains(&peer);
        if is_wanted && state.dial_at().is_some_and(|dial_at| dial_at <= now) && self.dials() < DIALS_MAX {
            return self.dial(peer);
        }
        self.forget_stranger(&peer);
    }

    fn dials(&self) -> usize {
        self.peers.values().filter(|state| matches!(state.link, Link::Dialling { .. })).count()
    }

    fn dial(&mut self, peer: NodeId) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let (Some(listed), Link::Apart { since, .. }) = (&state.listed, state.link) else { return };
        let turn = state.dial_failures as usize % listed.dialled().count().max(1);
        let Some(address) = listed.dialled().nth(turn).cloned() else { return };
        state.link = Link::Dialling { since, until: self.now.plus_ms(DIAL_MS_MAX) };
        self.emit(Effect::Dial { peer, address });
    }

    pub(super) fn next_peer_wake(&self) -> Option<Instant> {
        let may_dial = self.dials() < DIALS_MAX;
        let neighbours = self.roster_neighbours();
        let wake = |(peer, state): (&NodeId, &PeerState)| match state.link {
            Link::Dialling { until, .. } => Some(until),
            Link::Apart { .. } if may_dial && (state.is_wanted() || neighbours.contains(peer)) => state.dial_at(),
            _ => None,
        };
        self.peers.iter().filter_map(wake).min()
    }

    /// Counts a peer's fault; one too many expels it.
    pub(super) fn blame(&mut self, peer: NodeId, fault: Fault) {
        self.report(Event::PeerFaulted { peer, fault });
        let now = self.now;
        // A stranger may have left before what it sent was verified.
        if !self.peers.contains_key(&peer) && !self.make_room() {
            return;
        }
        let state = self.peers.entry(peer).or_insert_with(|| PeerState::new(None, now));
        state.faults = state.faults(now).saturating_add(1);
        state.last_fault = now;
        if state.faults >= FAULTS_MAX {
            state.expelled_until = Some(now.plus_ms(EXPULSION_MS));
            if state.is_connected() {
                self.cut_off(peer, DisconnectReason::Expelled);
            }
        }
    }

    /// A peer says where it is reached. It can only lead the dials to itself astray: whoever answers there must be it.
    pub(super) fn on_addresses(&mut self, peer: NodeId, mut addresses: Vec<Address>) {
        addresses.truncate(ADDRESSES_LEARNED_MAX);
        addresses.retain(|address| address.len() <= ADDRESS_BYTES_MAX);
        let Some(state) = self.peers.get_mut(&peer).filter(|state| state.is_connected()) else { return };
        let Some(listed) = &mut state.listed else { return };
        if addresses.is_empty() || addresses == listed.learned {
            return;
        }
        listed.learned.clone_from(&addresses);
        self.emit(Effect::KeepAddresses { peer, addresses });
    }

    fn cut_off(&mut self, peer: NodeId, reason: DisconnectReason) {
        self.emit(Effect::Disconnect { peer, reason });
        self.part(peer, self.now);
    }
}
