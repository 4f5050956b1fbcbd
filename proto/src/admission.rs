//! Admissions: a node's signed receipt for an entry.

use crate::digest::Sha256Digest;
use crate::entry::EntryId;
use crate::node_id::NodeId;
use crate::timestamp::Instant;

/// What the admitting node says of an entry; it counts as far as the reader trusts that node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry.
    pub entry: EntryId,
    /// SHA-256 of the raw bytes that the node received.
    pub document: Sha256Digest,
    /// The node that admitted.
    pub origin: NodeId,
    /// When it received the bytes.
    pub admitted: Instant,
    /// What it knows about the endorser's e-mail address.
    pub confirmation: Confirmation,
}

/// Whether the admitting node confirmed the endorser's e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confirmation {
    /// Nobody was asked.
    Unconfirmed,
    /// The owner of the address confirmed this entry to the node.
    Confirmed,
}

/// The identity of an admission: SHA-256 over its signed bytes; what reconciliation counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdmissionId(Sha256Digest);

impl AdmissionId {
    /// An identity that was computed elsewhere.
    #[must_use]
    pub const fn from_digest(digest: Sha256Digest) -> Self {
        Self(digest)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

/// A receipt whose signature was verified to be its origin's.
///
/// Made by [`Admission::sign`] and [`Admission::verify`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    receipt: Receipt,
    signature: [u8; 64],
}

/// The bytes are not an admission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAdmission {
    /// They are not laid out as one.
    #[error("an admission has {BYTES} bytes in version {VERSION}, these are {length} bytes")]
    Layout {
        /// How many there are.
        length: usize,
    },
    /// The version is unknown.
    #[error("admission version {0} is unknown, this node reads version {VERSION}")]
    Version(u8),
    /// The confirmation byte is neither 0 nor 1.
    #[error("admission confirmation {0} is unknown")]
    Confirmation(u8),
    /// The signature is not the origin's.
    #[error("the admission is not signed by its origin {0}")]
    Signature(NodeId),
}

/// Length of an admission in bytes.
pub const BYTES: usize = SIGNED_BYTES + 64;
const SIGNED_BYTES: usize = 1 + 32 + 32 + 32 + 8 + 1;
const VERSION: u8 = 1;
/// Prefixed before signing, so that a node's key never signs the same bytes for two purposes.
const DOMAIN: &[u8] = b"marketplace admission\0";
