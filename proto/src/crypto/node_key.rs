//! The key of a node: Ed25519 (RFC 8032), the same key that libp2p knows the node by.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::random::random_secret;
use crate::node_id::NodeId;

/// A node's private key.
pub struct NodeKey(SigningKey);

impl NodeKey {
    /// The key of a seed (RFC 8032 section 5.1.5 calls it the private key).
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
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
    pub fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The node whose key it is.
    #[must_use]
    pub fn node_id(&self) -> NodeId {
        NodeId::from_public_key(self.0.verifying_key().to_bytes())
    }

    /// The signature over `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NodeKey(of {})", self.node_id())
    }
}

/// Whether `signature` over `message` is the node's. A node of small order has none, for anybody can make signatures by
/// such a key that hold for many messages.
#[must_use]
pub fn verify_node_signature(node: &NodeId, message: &[u8], signature: &[u8; 64]) -> bool {
    let key = VerifyingKey::from_bytes(node.public_key());
    key.is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
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
