//! The identity of a node: its Ed25519 public key, written as a libp2p peer id.

use std::fmt;
use std::str::FromStr;

/// An Ed25519 public key that names a node.
///
/// Its text is the libp2p peer id: base58btc over the identity multihash of the protobuf-encoded key
/// (libp2p specification, peer-ids section "Keys"; always `12D3KooW…`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; 32]);

/// The text is not the peer id of an Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a peer id of an Ed25519 key (12D3KooW…)")]
pub struct NotANodeId(String);

/// Identity multihash (0x00) of 36 bytes (0x24): protobuf field 1 = Ed25519 (0x08 0x01), field 2 = 32 bytes (0x12 0x20).
const PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
const TEXT_BYTES_MAX: usize = 64;

impl NodeId {
    /// The node with this Ed25519 public key.
    #[must_use]
    pub const fn from_public_key(public_key: [u8; 32]) -> Self {
        Self(public_key)
    }

    /// The Ed25519 public key.
    #[must_use]
    pub const fn public_key(&self) -> &[u8; 32] {
        &self.0
    }

    /// The multihash that libp2p knows the node by.
    #[must_use]
    pub fn to_multihash_bytes(&self) -> Vec<u8> {
        [PREFIX.as_slice(), &self.0].concat()
    }

    /// The node of a multihash; `None` for any other kind of key.
    #[must_use]
    pub fn from_multihash_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.strip_prefix(&PREFIX)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&bs58::encode(self.to_multihash_bytes()).into_string())
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NodeId({self})")
    }
}

impl FromStr for NodeId {
    type Err = NotANodeId;

    fn from_str(text: &str) -> Result<Self, NotANodeId> {
        let decode = || {
            let bytes = (text.len() <= TEXT_BYTES_MAX).then(|| bs58::decode(text).into_vec().ok())??;
            Self::from_multihash_bytes(&bytes)
        };
        decode().ok_or_else(|| NotANodeId(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_id_survives_its_own_text() {
        let node = NodeId::from_public_key([7; 32]);
        assert!(node.to_string().starts_with("12D3KooW"));
        assert_eq!(node.to_string().parse(), Ok(node));
    }

    #[test]
    fn other_peer_ids_are_refused() {
        for text in ["", "12D3KooW", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", "not base58 0OIl"] {
            assert!(text.parse::<NodeId>().is_err(), "{text}");
        }
    }
}
