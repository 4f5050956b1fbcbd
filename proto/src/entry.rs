//! Entries: endorsed documents with their identity.

use std::fmt;
use std::str::FromStr;

use crate::crypto::Certificate;
use crate::digest::{NotADigest, Sha256Digest};
use crate::document::Document;
use crate::endorsed::Endorsed;
use crate::standing::CertificateEmail;

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

/// An endorsed document with its identity; it never changes.
#[derive(Debug, Clone)]
pub struct Entry {
    id: EntryId,
    endorsed: Endorsed,
    legacy: Option<String>,
}

impl Entry {
    /// The entry of an endorsed document.
    #[must_use]
    pub fn new(endorsed: Endorsed) -> Self {
        let id = EntryId::of(endorsed.octets(), endorsed.certificate().key_der());
        Self { id, endorsed, legacy: None }
    }

    /// Its identity.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// What it says.
    #[must_use]
    pub const fn document(&self) -> &Document {
        self.endorsed.document()
    }

    /// Who signed it.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        self.endorsed.certificate()
    }

    /// The canonical octets that the signature covers.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.endorsed.octets()
    }

    /// SHA-256 of the bytes that this entry was read from.
    #[must_use]
    pub const fn raw_sha256(&self) -> Sha256Digest {
        self.endorsed.raw_sha256()
    }

    /// The URI of the signature algorithm.
    #[must_use]
    pub const fn signature_algorithm(&self) -> &'static str {
        self.endorsed.signature_algorithm()
    }

    /// Whether the certificate states the endorser's address.
    #[must_use]
    pub const fn certificate_email(&self) -> CertificateEmail {
        self.endorsed.certificate_email()
    }

    /// What only `legacy_algorithms` admits about the signature; none where it is good by modern rules.
    #[must_use]
    pub fn legacy(&self) -> Option<&str> {
        self.legacy.as_deref()
    }

    /// The certificates that came with the signature: the signer's first, then hints for its chain.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(self.endorsed.certificate()).chain(self.endorsed.chain())
    }

    pub(crate) fn with_legacy(self, reason: String) -> Self {
        Self { legacy: Some(reason), ..self }
    }
}
