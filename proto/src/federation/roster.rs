//! Rosters among peers: each tells the others which it has, and takes a newer one from whoever has it.
//!
//! A roster that does not count here is nobody's fault: whoever passed it on may be configured for other keys. Only
//! what is no roster at all costs its sender.

use std::collections::BTreeSet;

use super::Federation;
use super::effect::{Effect, Event};
use super::input::ServedId;
use super::membership::backoff_ms;
use super::requests::Purpose;
use super::settings::ListedBy;
use crate::bounds::{ROSTER_INTERVAL_MS, ROSTER_LINKS};
use crate::node_id::NodeId;
use crate::roster::{RosterRank, SignedRoster};
use crate::timestamp::Instant;
use crate::wire::{ROSTER_LEVEL, Request, Response};

/// What a node knows of a peer's roster.
#[derive(Debug)]
pub(super) struct RosterState {
    /// Which the peer has, as it last said.
    pub(super) of_peer: Option<RosterRank>,
    /// When to compare next; never while a comparison is under way.
    due: Option<Instant>,
    failures: u32,
}

impl RosterState {
    pub(super) const fn new(now: Instant) -> Self {
        Self { of_peer: None, due: Some(now), failures: 0 }
    }
}

impl Federation {
    fn roster_rank(&self) -> Option<RosterRank> {
        self.settings.roster.as_ref().map(crate::roster::VerifiedRoster::rank)
    }

    /// Has every peer hear of this node's roster, and the other way round.
    pub(super) fn compare_rosters(&mut self) {
        let now = self.now;
        for state in self.peers.values_mut() {
            state.roster.due = Some(now);
        }
    }

    /// When to compare rosters with the peer.
    fn roster_due(&self, peer: &NodeId) -> Option<Instant> {
        self.settings.roster_authority.as_ref()?;
        let state = self.peers.get(peer)?;
        let can_answer = state.is_connected() && state.feature_level.is_some_and(|level| level >= ROSTER_LEVEL);
        state.roster.due.filter(|_| can_answer)
    }

    pub(super) fn tend_rosters(&mut self) {
        let is_due = |peer: &NodeId| self.roster_due(peer).is_some_and(|due| due <= self.now);
        for peer in self.peers.keys().copied().filter(is_due).collect::<Vec<_>>() {
            if let Some(state) = self.peers.get_mut(&peer) {
                state.roster.due = None;
            }
            self.ask(peer, &Request::Roster { held: self.roster_rank() }, Purpose::Roster);
        }
    }

    pub(super) fn next_roster_wake(&self) -> Option<Instant> {
        self.peers.keys().filter_map(|peer| self.roster_due(peer)).min()
    }

    pub(super) fn serve_roster(&mut self, from: NodeId, request: ServedId, theirs: Option<RosterRank>) {
        let held = self.roster_rank();
        let newer = self.settings.roster.as_ref().filter(|_| held > theirs).map(|roster| roster.signed().to_bytes());
        self.respond(from, request, &Response::Roster { held, newer });
        let now = self.now;
        if let Some(state) = self.peers.get_mut(&from) {
            state.roster.of_peer = theirs;
            if theirs > held {
                state.roster.due = state.roster.due.map(|due| due.min(now));
            }
        }
    }

    pub(super) fn on_roster_answer(&mut self, from: NodeId, response: Option<Response>) {
        let now = self.now;
        let Some(Response::Roster { held, newer }) = response else {
            // Refused, lost, or an answer of another kind: the next one may be better.
            if let Some(state) = self.peers.get_mut(&from) {
                state.roster.failures = state.roster.failures.saturating_add(1);
                state.roster.due = Some(now.plus_ms(backoff_ms(state.roster.failures)));
            }
            return;
        };
        let pause_ms = self.chance.jitter_ms(ROSTER_INTERVAL_MS);
        if let Some(state) = self.peers.get_mut(&from) {
            state.roster.of_peer = held;
            state.roster.failures = 0;
            state.roster.due = Some(now.plus_ms(pause_ms));
        }
        if let Some(newer) = newer {
            self.take_roster(from, &newer);
        }
    }

    fn take_roster(&mut self, from: NodeId, bytes: &[u8]) {
        let Some(authority) = self.settings.roster_authority.clone() else { return };
        let signed = match SignedRoster::read(bytes) {
            Ok(signed) => signed,
            Err(bad) => return self.blame(from, bad.into()),
        };
        match signed.verify(&authority) {
            // Of two of one version all nodes take the same one, so that they agree; `rank` orders them.
            Ok(roster) if Some(roster.rank()) > self.roster_rank() => {
                self.report(Event::RosterArrived { peer: from, version: roster.roster().version });
                self.emit(Effect::AdoptRoster { roster });
            }
            Ok(_) => (),
            Err(refusal) => self.report(Event::RosterRefused { peer: from, refusal }),
        }
    }

    /// The peers that only the roster lists and that are to be dialled: the next ones after this node in the order of
    /// identities, until [`ROSTER_LINKS`] of them are connected.
    pub(super) fn roster_neighbours(&self) -> BTreeSet<NodeId> {
        let own = self.settings.node;
        let by_roster = |state: &super::membership::PeerState| {
            state.listed.as_ref().is_some_and(|peer| peer.listed_by == ListedBy::Roster)
        };
        let after = self.peers.range(own..);
        let before = self.peers.range(..own);
        let mut connected = 0;
        let mut neighbours = BTreeSet::new();
        for (peer, state) in after.chain(before).filter(|(_, state)| by_roster(state)) {
            if connected == ROSTER_LINKS {
                break;
            }
            connected += usize::from(state.is_connected());
            neighbours.insert(*peer);
        }
        neighbours
    }
}
