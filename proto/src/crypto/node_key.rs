//! The key of a node: Ed25519 (RFC 8032), the same key that libp2p knows the node by.

use std::fmt;

use openssl::pkey::{Id, PKey, Private};
use openssl::sign::{Signer, Verifier};

use super::random::random_secret;
use crate::node_id::NodeId;

/// A node's private key.
pub struct NodeKey {
    seed: [u8; 32],
    node: NodeId,
    key: PKey<Private>,
}

impl NodeKey {
    /// The key of a seed (RFC 8032 section 5.1.5 calls it the private key).
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let key = PKey::private_key_from_raw_bytes(&seed, Id::ED25519).expect("any 32 bytes are an Ed25519 key");
        let public = key.raw_public_key().expect("an Ed25519 key has a public half");
        let public = public.try_into().expect("an Ed25519 public key has 32 bytes");
        Self { seed, node: NodeId::from_public_key(public), key }
    }

    /// A new random key.
    ///
    /// # Panics
    ///
    /// Where the machine has no source of randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_seed(random_secret())
    }

    /// The 32 secret bytes that make the key.
    #[must_use]
    pub const fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The node whose key it is.
    #[must_use]
    pub const fn node_id(&self) -> NodeId {
        self.node
    }

    /// The signature over `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        let mut signer = Signer::new_without_digest(&self.key).expect("an Ed25519 key signs");
        let length = signer.sign_oneshot(&mut signature, message).expect("an Ed25519 key signs");
        debug_assert_eq!(length, signature.len());
        signature
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NodeKey(of {})", self.node)
    }
}

/// Whether `signature` over `message` is the node's.
#[must_use]
pub fn verify_node_signature(node: &NodeId, message: &[u8], signature: &[u8; 64]) -> bool {
    let verify = || {
        let key = PKey::public_key_from_raw_bytes(node.public_key(), Id::ED25519)?;
        Verifier::new_without_digest(&key)?.verify_oneshot(signature, message)
    };
    !is_of_small_order(node.public_key()) && verify().unwrap_or(false)
}

/// Whether a public key is one of the few points for which anybody can make signatures that hold for many messages
/// (RFC 8032 section 5.1.7 with a point of order 1, 2, 4 or 8; the list is libsodium's).
fn is_of_small_order(public_key: &[u8; 32]) -> bool {
    /// The y coordinate of a point of order 8; the other one is p minus this.
    const ORDER_EIGHT: [u8; 32] = [
        0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF,
        0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
    ];
    const OTHER_ORDER_EIGHT: [u8; 32] = [
        0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20,
        0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
    ];
    let mut y = *public_key;
    y[31] &= 0x7F;
    let is_zero_or_one = y[0] <= 1 && y[1..].iter().all(|byte| *byte == 0);
    // p - 1, p and p + 1, where p = 2^255 - 19.
    let is_about_p = (0xEC..=0xEE).contains(&y[0]) && y[1..31].iter().all(|byte| *byte == 0xFF) && y[31] == 0x7F;
    is_zero_or_one || is_about_p || y == ORDER_EIGHT || y == OTHER_ORDER_EIGHT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_nodes_over_that_message_alone() {
        let (key, other) = (NodeKey::from_seed([1; 32]), NodeKey::from_seed([2; 32]));
        let signature = key.sign(b"message");
        assert!(verify_node_signature(&key.node_id(), b"message", &signature));
        assert!(!verify_node_signature(&key.node_id(), b"massage", &signature));
        assert!(!verify_node_signature(&other.node_id(), b"message", &signature));
    }

    #[test]
    fn the_key_of_rfc_8032_has_its_public_key() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let seed: crate::digest::Sha256Digest = seed.parse().expect("32 bytes");
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let public: crate::digest::Sha256Digest = public.parse().expect("32 bytes");
        assert_eq!(NodeKey::from_seed(*seed.as_bytes()).node_id().public_key(), public.as_bytes());
    }

    #[test]
    fn generated_keys_differ_and_survive_their_seed() {
        let (key, other) = (NodeKey::generate(), NodeKey::generate());
        assert_ne!(key.node_id(), other.node_id());
        assert_eq!(NodeKey::from_seed(*key.seed()).node_id(), key.node_id());
    }

    #[test]
    fn a_node_of_small_order_proves_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        // With the neutral point as key, R = neutral point and S = 0 satisfy the equation for every message.
        let mut forged = [0; 64];
        forged[0] = 1;
        assert!(!verify_node_signature(&NodeId::from_public_key(identity), b"anything", &forged));
    }
}
