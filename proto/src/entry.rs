//! Entries: endorsed documents with their identity.

use std::fmt;
use std::str::FromStr;

use crate::digest::{NotADigest, Sha256Digest};

/// The identity of an entry: SHA-256 over the canonical signed octets and the signer's public key.
///
/// Not over the raw bytes: comments, quotes, blanks and the text inside the signature are not covered by it, so
/// anyone could make endless copies of an entry that differ in bytes. Not over the content alone: another key over
/// the same content is another entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(Sha256Digest);

impl EntryId {
    /// The identity of what the signature covers (`octets`) under the signer's SubjectPublicKeyInfo (`key_der`).
    #[must_use]
    pub fn of(octets: &[u8], key_der: &[u8]) -> Self {
        Self(Sha256Digest::of_parts(&[octets, key_der]))
    }

    /// An identity that was computed elsewhere.
    #[must_use]
    pub const fn from_digest(digest: Sha256Digest) -> Self {
        Self(digest)
    }

    /// The digest.
    #[must_use]
    pub const fn digest(&self) -> Sha256Digest {
        self.0
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EntryId({self})")
    }
}

impl FromStr for EntryId {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        text.parse().map(Self)
    }
}
