//! This node and its peers, as the face shows them.

use std::collections::BTreeMap;

use proto::node_id::NodeId;
use proto::timestamp::{Instant, Timestamp};

/// This node and what it knows of its peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Federation {
    /// The name of the federation.
    pub name: String,
    /// This node.
    pub node: NodeId,
    /// The operator's name for it.
    pub node_name: String,
    /// Where people reach it, where the operator said so.
    pub public_url: Option<String>,
    /// The node's peers in the order of their identities, unreachable ones among them.
    pub peers: Vec<Peer>,
    /// The list of members in force; none where the federation has none.
    pub roster: Option<Roster>,
    /// Refused entries by the rule that refused them.
    pub refusals: BTreeMap<String, u64>,
}

/// The list of members in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// Its version.
    pub version: u64,
    /// How many members it has.
    pub members: usize,
    /// When it was written.
    pub issued: Timestamp,
    /// When a new one is due.
    pub expires: Timestamp,
    /// Whether that moment is over: somebody may be keeping a newer one away.
    pub is_expired: bool,
}

/// How many peers hold what this node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InSync {
    /// Connected peers with whom the last reconciliation left no difference.
    pub peers: usize,
    /// All listed peers.
    pub of: usize,
    /// The oldest of those reconciliations.
    pub as_of: Option<Instant>,
}

impl Federation {
    /// How many of the listed peers hold what this node holds, and since when that is known.
    #[must_use]
    pub fn in_sync(&self) -> InSync {
        let listed = || self.peers.iter().filter(|peer| peer.listed != Listed::Stranger);
        let connected = || listed().filter(|peer| peer.connected_since.is_some());
        let equal = || connected().filter(|peer| (peer.lag, peer.lacked_by_peer) == (Some(0), Some(0)));
        InSync { peers: equal().count(), of: listed().count(), as_of: equal().filter_map(|peer| peer.last_sync).min() }
    }
}

/// Who listed a peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Listed {
    /// The operator of this node.
    ByOperator,
    /// The federation's roster.
    ByRoster,
    /// Nobody: it came by itself.
    #[default]
    Stranger,
}

/// A peer as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its identity.
    pub node: NodeId,
    /// The operator's name for it; empty where there is none.
    pub name: String,
    /// Where people reach it, where that is known.
    pub public_url: Option<String>,
    /// Who listed it.
    pub listed: Listed,
    /// Whether its admissions count.
    pub is_member: bool,
    /// What program it runs, in its own words.
    pub version: Option<String>,
    /// What it understands of the protocol.
    pub feature_level: Option<u8>,
    /// The version of the roster that it has.
    pub roster_version: Option<u64>,
    /// Its faults that are not forgiven yet.
    pub faults: u32,
    /// Bytes of messages that it sent since this node started.
    pub bytes_received: u64,
    /// Bytes of messages that were sent to it since this node started.
    pub bytes_sent: u64,
    /// Since when it is connected; none where it is not.
    pub connected_since: Option<Instant>,
    /// Since when it is not; none where it is, or never was.
    pub disconnected_since: Option<Instant>,
    /// The last measured round trip.
    pub round_trip_ms: Option<u64>,
    /// When the last reconciliation with it ended.
    pub last_sync: Option<Instant>,
    /// How many entries this node lacked at that moment.
    pub lag: Option<u64>,
    /// How many entries it lacked at that moment.
    pub lacked_by_peer: Option<u64>,
    /// Why it is not connected or its last reconciliation failed.
    pub last_error: Option<String>,
    /// When it is dialled next, where it is not connected.
    pub next_attempt: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use proto::crypto::NodeKey;

    use super::*;

    const AT: Instant = Instant::from_unix_ms(1_767_225_600_000);

    fn peer(listed: Listed, connected: bool, compared: Option<(u64, u64)>) -> Peer {
        Peer {
            node: NodeKey::from_seed([8; 32]).node_id(),
            name: String::new(),
            public_url: None,
            listed,
            is_member: true,
            version: None,
            feature_level: None,
            roster_version: None,
            faults: 0,
            bytes_received: 0,
            bytes_sent: 0,
            connected_since: connected.then_some(AT),
            disconnected_since: (!connected).then_some(AT),
            round_trip_ms: None,
            last_sync: compared.map(|_| AT),
            lag: compared.map(|(lag, _)| lag),
            lacked_by_peer: compared.map(|(_, lacked)| lacked),
            last_error: None,
            next_attempt: None,
        }
    }

    #[test]
    fn in_sync_are_connected_peers_that_lacked_nothing_and_of_which_nothing_was_lacked() {
        let peers = vec![
            peer(Listed::ByOperator, true, Some((0, 0))),
            peer(Listed::ByOperator, false, Some((0, 0))),
            peer(Listed::ByOperator, true, Some((1, 0))),
            peer(Listed::ByRoster, true, Some((0, 1))),
            peer(Listed::ByRoster, true, None),
            peer(Listed::Stranger, true, Some((0, 0))),
        ];
        let federation = Federation {
            name: "test".to_owned(),
            node: NodeKey::from_seed([7; 32]).node_id(),
            node_name: "athens".to_owned(),
            public_url: None,
            peers,
            roster: None,
            refusals: BTreeMap::new(),
        };
        assert_eq!(federation.in_sync(), InSync { peers: 1, of: 5, as_of: Some(AT) });
    }
}
