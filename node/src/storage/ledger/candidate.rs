//! What goes into the ledger, and what comes back.

use bytes::Bytes;
use proto::admission::{AdmissionId, Receipt};
use proto::checksum::Checksum;
use proto::crypto::Certificate;
use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::reconcile::Item;
use proto::standing::{CertificateEmail, Certification, Claim, Witness};
use proto::timestamp::{Instant, Timestamp};
use proto::view::Placement;
use web::registry::{ChangeKind, Coordinates, Relation, Scope, Summary};

/// A verified entry with one admission, on its way into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The entry.
    pub entry: EntryId,
    /// Its image, endorser and moment.
    pub at: Coordinates,
    /// The digest of the signer's SubjectPublicKeyInfo.
    pub key: Sha256Digest,
    /// Whether the certificate of this document states the address.
    pub certificate_email: CertificateEmail,
    /// The certificates of this document: the signer's first, then hints for its chain.
    pub certificates: Vec<Certificate>,
    /// What only `legacy_algorithms` admits about this document's signature.
    pub legacy: Option<String>,
    /// The checksums of the image.
    pub checksums: Vec<Checksum>,
    /// The signer's subject, as the original writes it.
    pub subject: String,
    /// The signer's issuer, as the original writes it.
    pub issuer: String,
    /// What lists show.
    pub description: Description,
    /// The bytes that the receipt's origin received.
    pub raw: Bytes,
    /// Who admitted it.
    pub receipt: SignedReceipt,
    /// This node's moment; it counts as the first sight where the entry is new.
    pub seen: Instant,
    /// Whether it leaves this node.
    pub scope: Scope,
    /// Whether the upload rule applies.
    pub freshness: Freshness,
    /// Whether it matters who admitted it.
    pub origin_rule: OriginRule,
    /// The present moment, at which revocations are looked at.
    pub now: Timestamp,
}

/// Whether an admission of a node that is no member may be refused for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginRule {
    /// It may.
    Applies,
    /// It may not: the admission was held here before, and a member that leaves takes nothing with it.
    Waived,
}

/// A receipt with its signed form; the ledger keeps both and checks neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReceipt {
    /// Its identity.
    pub id: AdmissionId,
    /// What it says.
    pub receipt: Receipt,
    /// The admission's bytes.
    pub bytes: Bytes,
}

/// What lists show of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// Why it is deprecated, where it is; the reason may be empty.
    pub deprecated: Option<String>,
    /// Until when it is valid; none where it does not expire.
    pub valid: Option<Timestamp>,
    /// `dcterms:title`.
    pub title: Option<String>,
    /// `dcterms:description`.
    pub description: Option<String>,
    /// `slterms:kind`, else `dcterms:type`.
    pub kind: Option<String>,
    /// `slterms:os`.
    pub os: Option<String>,
    /// `slterms:os-version`.
    pub os_version: Option<String>,
    /// `slterms:os-arch`.
    pub os_arch: Option<String>,
    /// `slterms:version`.
    pub version: Option<String>,
    /// `slreq:bytes`.
    pub bytes: Option<u64>,
    /// `slterms:location`, in document order.
    pub locations: Vec<String>,
    /// `dcterms:alternative`, in document order.
    pub tags: Vec<String>,
    /// The other images that it names, each once.
    pub relations: Vec<(Relation, ImageIdentifier)>,
}

/// Whether an endorser may go back behind its own latest entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It may not: an upload.
    Checked,
    /// It may: what peers and imports bring.
    Waived,
}

/// What became of a candidate that was not refused; it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Whether the entry was held before.
    pub novelty: Novelty,
    /// Where the entry stands.
    pub placement: Placement,
    /// The graph shows the entry once it has reached this change.
    pub change: u64,
    /// How the set of items that this node reconciles changed.
    pub items: ItemChange,
}

/// Whether a candidate said something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// The entry was not held.
    New,
    /// The entry was held; the admission is new or replaced another of its origin, or the entry became federated.
    Extended,
    /// Nothing changed.
    Known,
    /// An earlier admission of its origin is held; this one is remembered as refused.
    Outranked,
}

/// A difference of the set of items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemChange {
    /// Items that are new in the set.
    pub added: Vec<Item>,
    /// Items that are no longer in it.
    pub removed: Vec<Item>,
}

/// What peers exchange: a raw document and an admission that binds its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The admission.
    pub id: AdmissionId,
    /// The document as the admission's origin received it.
    pub document: Bytes,
    /// The admission's bytes.
    pub admission: Bytes,
}

/// An entry as it is held, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its place in the order of arrival.
    pub seq: u64,
    /// What lists show of it.
    pub summary: Summary,
    /// When this node first saw it.
    pub first_seen: Instant,
    /// The bytes as the origin of the earliest admission received them.
    pub raw: Bytes,
    /// The admissions, earliest first.
    pub admissions: Vec<Bytes>,
}

/// An entry with its admissions as the graph and the checks read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the order of arrival.
    pub seq: u64,
    /// What standing and supersession are computed from.
    pub claim: Claim,
    /// Where it stands.
    pub placement: Placement,
    /// Whether it may leave this node.
    pub scope: Scope,
    /// The digest of the raw bytes that are served.
    pub document: Sha256Digest,
    /// Those bytes.
    pub raw: Bytes,
}

/// A change of an entry's placement or admissions, for the graph to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Its place in the order of changes.
    pub seq: u64,
    /// The entry.
    pub entry: EntryId,
    /// What happened to it.
    pub kind: ChangeKind,
    /// When it happened at this node.
    pub at: Instant,
}

impl SignedReceipt {
    /// What it is counted by; of several admissions the least stands: the earliest, then the one of lesser identity.
    pub(super) const fn item(&self) -> Item {
        Item { admitted: self.receipt.admitted, id: self.id }
    }
}

impl Candidate {
    /// The claim with its one witness, by what its certificates are found to prove.
    pub(super) fn claim(&self, certification: Certification) -> Claim {
        let receipt = &self.receipt.receipt;
        let witness =
            Witness { origin: receipt.origin, admitted: receipt.admitted, confirmation: receipt.confirmation };
        Claim {
            entry: self.entry,
            image: self.at.image,
            email: self.at.email.clone(),
            created: self.at.created,
            key: self.key,
            subject: self.subject.clone(),
            certificate_email: self.certificate_email,
            certification,
            first_seen: self.seen,
            witnesses: vec![witness],
        }
    }
}
