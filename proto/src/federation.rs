//! The federation as a state machine: what happened goes in, what to do comes out.
//!
//! It reads no clock and holds no socket, lock, channel or task: `for effect in federation.handle(now, input)` the
//! driver carries the effect out. Equal inputs give equal effects in equal order; the only chance in it is the seed of
//! its settings. `now` may go back, as clocks are set: to the machine no time has passed then, so that whatever is due
//! comes after its usual pause. A step forward makes due what the time in between would have.
//!
//! How entries travel: a new local entry is gossiped, and forwarded by whoever verified it. Sync alone converges: each
//! node reconciles with each peer when they connect, then periodically, and fetches what it lacks. What arrived by
//! sync is not gossiped again, since a node that takes over a registry would flood its peers with what they hold;
//! instead it tells its other peers what it came to hold, and they fetch what they lack. So an entry crosses a line of
//! nodes without any gossip at the pace of the links. Where links cannot carry what gossip sends, this takes its place.
//!
//! What a peer says is believed of nothing: every envelope goes through the driver's intake before it is held.

use std::collections::{BTreeMap, BTreeSet};

use crate::admission::AdmissionId;
use crate::node_id::NodeId;
use crate::reconcile::{Item, ItemSet};
use crate::timestamp::Instant;

mod effect;
mod input;
mod settings;

mod allowance;
mod batches;
mod intake;
mod membership;
mod requests;
mod roster;
mod serve;
mod spread;
mod status;
mod sync;
mod telling;

mod chance;

pub use effect::{
    DisconnectReason, Effect, Event, Fault, IntakeId, LoadId, RequestId, SyncFailure, SyncSummary, Verdict,
};
pub use input::{Answer, GossipId, Input, Outcome, ServedId};
pub use settings::{Address, Admittance, ListedBy, Membership, Peer, Settings};
pub use status::{LinkStatus, Load, PeerStatus, SyncStatus};

/// One node's part in the federation.
#[derive(Debug)]
pub struct Federation {
    settings: Settings,
    chance: chance::Chance,
    /// The moment by the machine's own reckoning, which never goes back.
    now: Instant,
    /// By how much that is ahead of the clock, which has been set back by so much in all.
    ahead_ms: u64,
    items: ItemSet,
    refused: BTreeSet<AdmissionId>,
    /// Every peer of the settings, and the strangers that are connected or expelled.
    peers: BTreeMap<NodeId, membership::PeerState>,
    /// At most [`crate::bounds::INTAKES_MAX`], together with the items of outstanding fetches.
    intakes: BTreeMap<IntakeId, intake::Intake>,
    requests: BTreeMap<RequestId, requests::Outstanding>,
    loads: BTreeMap<LoadId, serve::Serving>,
    /// When entries are gossiped again; until then peers are told of them.
    gossip_from: Instant,
    /// Bytes that may be gossiped while most peers are far.
    gossip_afar: allowance::Allowance,
    fresh: telling::Fresh,
    /// The last number given to an intake, a request, a load or a session.
    last_number: u64,
    outbox: Vec<Effect>,
}

impl Federation {
    /// A node that holds `held` and will not fetch `refused`; it does nothing before its first input.
    pub fn new(
        settings: Settings,
        held: impl IntoIterator<Item = Item>,
        refused: impl IntoIterator<Item = AdmissionId>,
    ) -> Self {
        let mut federation = Self {
            chance: chance::Chance::new(settings.seed),
            settings: settings.clone(),
            now: Instant::default(),
            ahead_ms: 0,
            items: held.into_iter().collect(),
            refused: refused.into_iter().collect(),
            peers: BTreeMap::new(),
            intakes: BTreeMap::new(),
            requests: BTreeMap::new(),
            loads: BTreeMap::new(),
            fresh: telling::Fresh::default(),
            gossip_from: Instant::default(),
            gossip_afar: allowance::Allowance::full(Instant::default()),
            last_number: 0,
            outbox: Vec::new(),
        };
        federation.apply_settings(settings);
        federation
    }

    /// Takes in what happened; gives what to do, in this order.
    pub fn handle(&mut self, now: Instant, input: Input) -> Vec<Effect> {
        self.reckon(now);
        match input {
            Input::PeerConnected { peer } => self.on_connected(peer),
            Input::PeerDisconnected { peer } => self.on_disconnected(peer),
            Input::RoundTripMeasured { peer, ms } => self.on_round_trip(peer, ms),
            Input::DialFailed { peer } => self.on_dial_failed(peer),
            Input::AddressesLearned { peer, addresses } => self.on_addresses(peer, addresses),
            Input::GossipLost => self.on_gossip_lost(),
            Input::GossipUnheard => self.tell_of_gossiped(),
            Input::GossipArrived { from, message, bytes } => self.on_gossip(from, message, &bytes),
            Input::RequestArrived { from, request, bytes } => self.on_request(from, request, &bytes),
            Input::ResponseArrived { from, request, answer } => self.on_answer(from, request, answer),
            Input::EntryAdmitted { item, replaces, envelope } => self.on_local_entry(item, replaces, envelope),
            Input::IntakeFinished { intake, outcome } => self.on_intake_finished(intake, outcome),
            Input::Loaded { load, envelopes } => self.on_loaded(load, &envelopes),
            Input::MembersChanged { settings } => self.apply_settings(settings),
            Input::TrustChanged { refused } => self.on_trust_changed(refused),
            Input::ItemsWithdrawn { items } => self.on_withdrawn(items),
            Input::ItemsRestored { items } => self.on_restored(items),
            Input::Woke => (),
        }
        self.expire_requests();
        self.tend_peers();
        self.tend_rosters();
        self.tend_sessions();
        self.tend_telling();
        std::mem::take(&mut self.outbox)
    }

    /// When to hand in [`Input::Woke`] if nothing else happens before; a moment in the past means at once.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let requests = self.requests.values().map(|request| request.deadline);
        let machine = self.next_peer_wake().into_iter().chain(self.next_roster_wake()).chain(self.next_session_wake());
        requests.chain(machine).chain(self.next_telling_wake()).min().map(|moment| self.on_clock(moment))
    }

    /// Whether the item is held.
    #[must_use]
    pub fn holds(&self, id: &AdmissionId) -> bool {
        self.items.contains(id)
    }

    /// How many items are held.
    #[must_use]
    pub fn held_count(&self) -> usize {
        self.items.len()
    }

    /// How many refused items are remembered.
    #[must_use]
    pub fn refused_count(&self) -> usize {
        self.refused.len()
    }

    /// Takes over the clock's moment, or stands still where the clock went back.
    fn reckon(&mut self, clock: Instant) {
        self.ahead_ms += self.now.ms_since(clock.plus_ms(self.ahead_ms));
        self.now = clock.plus_ms(self.ahead_ms);
    }

    /// A moment of the machine's reckoning as the clock shows it.
    const fn on_clock(&self, moment: Instant) -> Instant {
        Instant::from_unix_ms(moment.unix_ms().saturating_sub(self.ahead_ms))
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn emit(&mut self, effect: Effect) {
        self.outbox.push(effect);
    }

    fn report(&mut self, event: Event) {
        self.emit(Effect::Report(event));
    }

    /// What the operator or the ledger decided anew may let in what was refused.
    fn on_trust_changed(&mut self, refused: Vec<AdmissionId>) {
        self.refused = refused.into_iter().collect();
        let now = self.now;
        for peer in self.peers.values_mut() {
            peer.sync.due = now;
        }
    }
}

#[cfg(test)]
mod tests;
