//! Why an entry stands where it does, and why it is listed or not.

use proto::crypto::{Certificate, Chain, ChainError};
use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::standing::{Explanation, Witness};
use proto::timestamp::Timestamp;

use super::Scope;

/// Everything that decides about an entry, by the settings in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The standing with its reason.
    pub standing: Explanation,
    /// Whether default lists show it.
    pub listing: Listing,
    /// Whether it leaves this node.
    pub scope: Scope,
    /// The documents of its admissions, with what their certificates prove.
    pub documents: Vec<DocumentEvidence>,
    /// Who admitted it, earliest first.
    pub witnesses: Vec<Witness>,
    /// The entry that took its place.
    pub superseded_by: Option<EntryId>,
    /// Entries whose place it took, newest first, as many as are shown.
    pub supersedes: Vec<EntryId>,
    /// When the document was endorsed: certificates must be valid then.
    pub created: Timestamp,
    /// The moment at which revocations were looked at.
    pub now: Timestamp,
}

/// What the certificates of one document prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentEvidence {
    /// The digest of the document's bytes.
    pub document: Sha256Digest,
    /// The signer's certificate, then the hints that came with it.
    pub certificates: Vec<Certificate>,
    /// The chain to an anchor of this node, or why there is none.
    pub chain: Result<Chain, ChainError>,
    /// What only `legacy_algorithms` admits about the signature.
    pub legacy: Option<String>,
}

/// Whether default lists show an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// They do.
    Listed,
    /// It is contested: shown in timelines and on request.
    Contested,
    /// A newer entry superseded it.
    Superseded,
    /// Its endorser deprecated it.
    Deprecated,
    /// Its validity ended at this moment.
    Expired(Timestamp),
}
