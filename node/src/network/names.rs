//! Names of nodes and addresses, between the domain and libp2p.

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use proto::node_id::NodeId;

use super::NetworkError;

/// The node of a peer; `None` where its key is not Ed25519.
pub(super) fn node(peer: &PeerId) -> Option<NodeId> {
    NodeId::from_multihash_bytes(&peer.to_bytes())
}

/// The peer of a node.
pub(super) fn peer(node: &NodeId) -> PeerId {
    PeerId::from_bytes(&node.to_multihash_bytes()).expect("a node id is the identity multihash of a public key")
}

/// Whether an address may be one that a peer is reached at: not the unspecified one, nor this machine's own.
pub(super) fn is_dialled(address: &Multiaddr) -> bool {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => !ip.is_unspecified() && !ip.is_loopback() && !ip.is_link_local(),
        Some(Protocol::Ip6(ip)) => !ip.is_unspecified() && !ip.is_loopback() && !ip.is_unicast_link_local(),
        Some(Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_)) => true,
        _ => false,
    }
}

pub(super) fn parse_address(text: &str) -> Result<Multiaddr, NetworkError> {
    text.parse().map_err(|error: libp2p::multiaddr::Error| NetworkError::Address {
        address: text.to_owned(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_alone_are_not_dialled() {
        let address = |text: &str| text.parse::<Multiaddr>().expect("an address");
        for own in ["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/ip4/0.0.0.0/tcp/1", "/ip6/fe80::1/tcp/1", "/memory/1"] {
            assert!(!is_dialled(&address(own)), "{own}");
        }
        for others in ["/ip4/10.0.0.2/tcp/1", "/ip6/2001:db8::1/udp/1/quic-v1", "/dns4/a.example.org/tcp/1"] {
            assert!(is_dialled(&address(others)), "{others}");
        }
    }

    #[test]
    fn a_node_and_its_peer_have_one_name() {
        let seed = [3; 32];
        let keypair = libp2p::identity::Keypair::ed25519_from_bytes(seed).expect("any seed is a key");
        let peer_id = keypair.public().to_peer_id();
        let node_id = node(&peer_id).expect("an Ed25519 key");
        assert_eq!(node_id.to_string(), peer_id.to_string());
        assert_eq!(peer(&node_id), peer_id);
        assert_eq!(proto::crypto::NodeKey::from_seed(seed).node_id(), node_id);
    }
}
