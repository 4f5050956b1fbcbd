//! The terms that a node works by: what its operator configured, and the roster that the federation's operators signed.
//!
//! Where both speak of a node, this node's operator has the last word.

use proto::federation::{ListedBy, Membership};
use proto::node_id::NodeId;
use proto::roster::{Member, Roster, VerifiedRoster};
use proto::timestamp::Instant;
use proto::trust::{Confirmations, Trust};

use crate::config::{Config, PeerEntry};
use crate::roster::{self, RosterError};

/// A configuration with the roster in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The operator's.
    pub config: Config,
    /// The federation's.
    pub roster: Option<VerifiedRoster>,
}

impl Terms {
    /// A configuration with the roster that is kept in its data folder; it blocks.
    pub fn load(config: Config) -> Result<Self, RosterError> {
        let roster = roster::load(&config.node.data_dir, config.roster_authority().as_ref())?;
        Ok(Self { config, roster })
    }

    /// What the roster says.
    #[must_use]
    pub fn roster(&self) -> Option<&Roster> {
        self.roster.as_ref().map(VerifiedRoster::roster)
    }

    /// Every peer of the node `own`, and who listed it.
    #[must_use]
    pub fn peers(&self, own: NodeId) -> Vec<(PeerEntry, ListedBy)> {
        let listed = self.config.peers.iter().filter(|peer| peer.id != own).cloned();
        let mut peers: Vec<_> = listed.map(|peer| (self.completed(peer), ListedBy::Operator)).collect();
        for (node, member) in self.roster().iter().flat_map(|roster| &roster.members) {
            if *node != own && !self.config.peers.iter().any(|peer| peer.id == *node) {
                peers.push((entry(*node, member), ListedBy::Roster));
            }
        }
        peers
    }

    /// A configured peer with what only the roster knows of it.
    fn completed(&self, mut peer: PeerEntry) -> PeerEntry {
        if let Some(member) = self.roster().and_then(|roster| roster.members.get(&peer.id)) {
            let known = |address: &&String| !peer.addresses.contains(address);
            let more: Vec<_> = member.addresses.iter().filter(known).cloned().collect();
            peer.addresses.extend(more);
            if peer.name.is_empty() {
                peer.name.clone_from(&member.name);
            }
        }
        peer
    }

    /// Whom the node `own` trusts.
    #[must_use]
    pub fn trust(&self, own: NodeId) -> Trust {
        let mut trust = self.config.trust(own);
        for (peer, _) in self.peers(own).into_iter().filter(|(peer, _)| peer.membership == Membership::Member) {
            trust.members.entry(peer.id).or_insert(Confirmations::Disregarded);
        }
        for (node, until) in self.roster().iter().flat_map(|roster| &roster.former) {
            trust.former_members.entry(*node).or_insert(Instant::from(*until));
        }
        trust
    }
}

fn entry(node: NodeId, member: &Member) -> PeerEntry {
    PeerEntry { name: member.name.clone(), ..PeerEntry::member(node, member.addresses.clone()) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proto::crypto::NodeKey;
    use proto::roster::{RosterAuthority, SignedRoster};

    use super::*;

    fn node(number: u8) -> NodeId {
        NodeId::from_public_key([number; 32])
    }

    fn member(name: &str) -> Member {
        Member { name: name.to_owned(), addresses: vec![format!("/dns4/{name}/tcp/1")], ..Member::default() }
    }

    fn terms(peers: Vec<PeerEntry>) -> Terms {
        let roster = Roster {
            federation: "grid".to_owned(),
            version: 1,
            issued: "2026-01-01T00:00:00Z".parse().expect("a moment"),
            expires: "2027-01-01T00:00:00Z".parse().expect("a moment"),
            members: [(node(1), member("own")), (node(2), member("b")), (node(3), member("c"))].into(),
            former: BTreeMap::from([(node(4), "2026-01-01T00:00:00Z".parse().expect("a moment"))]),
        };
        let key = NodeKey::from_seed([9; 32]);
        let mut signed = SignedRoster::unsigned(&roster).expect("within bounds");
        signed.sign(&key);
        let keys = BTreeSet::from([key.node_id()]);
        let authority = RosterAuthority { federation: "grid".to_owned(), keys, threshold: 1 };
        let roster = Some(signed.verify(&authority).expect("it is signed"));
        Terms { config: Config { peers, ..Config::default() }, roster }
    }

    #[test]
    fn members_of_the_roster_are_peers_and_members_and_the_node_is_not_its_own_peer() {
        let terms = terms(Vec::new());
        let peers: Vec<_> = terms.peers(node(1)).into_iter().map(|(peer, by)| (peer.id, peer.name, by)).collect();
        let by_roster = |number, name: &str| (node(number), name.to_owned(), ListedBy::Roster);
        assert_eq!(peers, [by_roster(2, "b"), by_roster(3, "c")]);
        let trust = terms.trust(node(1));
        assert_eq!(trust.members.into_keys().collect::<Vec<_>>(), [node(1), node(2), node(3)]);
        assert!(trust.former_members.contains_key(&node(4)));
    }

    #[test]
    fn the_operators_word_on_a_peer_counts_before_the_rosters() {
        let courier = PeerEntry {
            name: "mine".to_owned(),
            membership: Membership::Courier,
            ..PeerEntry::member(node(2), vec!["/ip4/10.0.0.2/tcp/1".to_owned()])
        };
        let terms = terms(vec![courier]);
        let (peer, by) = terms.peers(node(1)).remove(0);
        assert_eq!((peer.name.as_str(), peer.membership, by), ("mine", Membership::Courier, ListedBy::Operator));
        assert_eq!(peer.addresses, ["/ip4/10.0.0.2/tcp/1", "/dns4/b/tcp/1"]);
        assert!(!terms.trust(node(1)).members.contains_key(&node(2)));
    }

    #[test]
    fn without_a_roster_the_configuration_is_all() {
        let config = Config { peers: vec![PeerEntry::member(node(2), Vec::new())], ..Config::default() };
        let terms = Terms { config: config.clone(), roster: None };
        assert_eq!(terms.trust(node(1)), config.trust(node(1)));
        assert_eq!(terms.peers(node(1)), [(config.peers[0].clone(), ListedBy::Operator)]);
    }
}
