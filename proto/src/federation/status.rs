//! What the operator sees of the federation: every listed peer, connected or not, and why.

use super::Federation;
use super::effect::{SyncFailure, SyncSummary};
use super::membership::{Link, PeerState};
use super::settings::{Address, ListedBy, Membership, Peer};
use crate::node_id::NodeId;
use crate::roster::RosterRank;
use crate::timestamp::Instant;

/// One peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// Who it is.
    pub node: NodeId,
    /// How it is listed; `None` for a stranger.
    pub membership: Option<Membership>,
    /// Whether it is connected.
    pub link: LinkStatus,
    /// The syncs with it.
    pub sync: SyncStatus,
    /// Its faults that are not forgiven yet.
    pub faults: u32,
    /// What it understands, once it was heard.
    pub feature_level: Option<u8>,
    /// Who listed it; `None` for a stranger.
    pub listed_by: Option<ListedBy>,
    /// The roster that it has, as it last said.
    pub roster: Option<RosterRank>,
}

/// Whether a peer is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkStatus {
    /// It is.
    Connected {
        /// Since when.
        since: Instant,
    },
    /// A dial is under way.
    Dialling {
        /// Since when it has been apart; `None` if it was never connected.
        apart_since: Option<Instant>,
        /// Dials that failed since.
        failures: u32,
    },
    /// It is not.
    Apart {
        /// Since when; `None` if it was never connected.
        since: Option<Instant>,
        /// Dials that failed since.
        failures: u32,
        /// The next dial; `None` where the peer is waited for.
        next_dial: Option<Instant>,
    },
    /// It is refused for its faults.
    Expelled {
        /// Until when.
        until: Instant,
    },
}

/// The syncs with a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncStatus {
    /// When the last one finished, and what it found: its numbers are the lag of both sides at that moment.
    pub last: Option<(Instant, SyncSummary)>,
    /// What the one under way has found so far.
    pub running: Option<SyncSummary>,
    /// When the next one begins; `None` while one runs or the peer is not connected.
    pub next: Option<Instant>,
    /// Failures since the last one that finished.
    pub failures: u32,
    /// Why the last one failed, if none finished since.
    pub last_failure: Option<SyncFailure>,
}

/// How much of its bounds a node uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Envelopes in verification and on their way.
    pub intakes: usize,
    /// Requests whose answers are awaited.
    pub requests: usize,
    /// Requests of peers that are being served.
    pub served: usize,
    /// Syncs under way.
    pub sessions: usize,
    /// Items that sessions are still to fetch.
    pub wanted: usize,
    /// Unlisted peers that are known.
    pub strangers: usize,
    /// Most items that one peer sent in a bad form.
    pub spoilt: usize,
    /// Most items that one peer is still to be told of.
    pub untold: usize,
    /// Most items of which it is remembered that one peer told of them.
    pub known: usize,
    /// Own items that few peers were told of, or that were gossiped lately, whichever are more.
    pub fresh: usize,
}

impl Federation {
    /// Every listed peer and every known stranger.
    pub fn peers(&self) -> impl Iterator<Item = PeerStatus> {
        self.peers.iter().map(|(node, state)| self.peer_status(*node, state))
    }

    /// Where a listed peer is dialled, in turn.
    #[must_use]
    pub fn addresses(&self, peer: &NodeId) -> Vec<Address> {
        let listed = self.peers.get(peer).and_then(|state| state.listed.as_ref());
        listed.into_iter().flat_map(Peer::dialled).cloned().collect()
    }

    /// How much of its bounds the node uses.
    #[must_use]
    pub fn load(&self) -> Load {
        Load {
            intakes: self.intakes_taken(),
            requests: self.requests.len(),
            served: self.loads.len(),
            sessions: self.sessions(),
            wanted: self.wanted(),
            strangers: self.peers.values().filter(|state| state.listed.is_none()).count(),
            spoilt: self.most(|state| state.spoilt.len()),
            untold: self.most(|state| state.untold.len()),
            known: self.most(|state| state.untold.known()),
            fresh: self.fresh.len(),
        }
    }

    fn most(&self, count: impl Fn(&PeerState) -> usize) -> usize {
        self.peers.values().map(count).max().unwrap_or_default()
    }

    fn peer_status(&self, node: NodeId, state: &PeerState) -> PeerStatus {
        let running = state.sync.session.as_ref().map(|session| session.summary);
        PeerStatus {
            node,
            membership: state.listed.as_ref().map(|Peer { membership, .. }| *membership),
            link: self.link_status(state),
            sync: SyncStatus {
                last: state.sync.last.map(|(finished, summary)| (self.on_clock(finished), summary)),
                running,
                next: (state.is_connected() && running.is_none()).then_some(self.on_clock(state.sync.next())),
                failures: state.sync.failures,
                last_failure: state.sync.last_failure,
            },
            faults: state.faults(self.now),
            feature_level: state.feature_level,
            listed_by: state.listed.as_ref().map(|peer| peer.listed_by),
            roster: state.roster.of_peer,
        }
    }

    fn link_status(&self, state: &PeerState) -> LinkStatus {
        let failures = state.dial_failures;
        let shown = |moment: Option<Instant>| moment.map(|moment| self.on_clock(moment));
        match (state.link, state.expelled_until) {
            (Link::Connected { since }, _) => LinkStatus::Connected { since: self.on_clock(since) },
            (_, Some(until)) if self.now < until => LinkStatus::Expelled { until: self.on_clock(until) },
            (Link::Dialling { since, .. }, _) => LinkStatus::Dialling { apart_since: shown(since), failures },
            (Link::Apart { since, .. }, _) => {
                LinkStatus::Apart { since: shown(since), failures, next_dial: shown(state.dial_at()) }
            }
        }
    }
}
