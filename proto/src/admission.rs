//! Admissions: a node's signed receipt for an entry.

use std::fmt;

use crate::crypto::{NodeKey, verify_node_signature};
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

impl fmt::Display for AdmissionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
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

impl Admission {
    /// Admits an entry in the name of the node whose key this is.
    #[must_use]
    pub fn sign(
        entry: EntryId,
        document: Sha256Digest,
        admitted: Instant,
        confirmation: Confirmation,
        key: &NodeKey,
    ) -> Self {
        let receipt = Receipt { entry, document, origin: key.node_id(), admitted, confirmation };
        let signature = key.sign(&message(&receipt));
        Self { receipt, signature }
    }

    /// Reads an admission and verifies that its origin signed it.
    pub fn verify(bytes: &[u8]) -> Result<Self, BadAdmission> {
        let (receipt, signature) = read(bytes).ok_or(BadAdmission::Layout { length: bytes.len() })?;
        let receipt = receipt?;
        if !verify_node_signature(&receipt.origin, &message(&receipt), &signature) {
            return Err(BadAdmission::Signature(receipt.origin));
        }
        Ok(Self { receipt, signature })
    }

    /// What was signed.
    #[must_use]
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The form in which admissions travel and are stored; [`Self::verify`] reads it.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..SIGNED_BYTES].copy_from_slice(&signed_bytes(&self.receipt));
        bytes[SIGNED_BYTES..].copy_from_slice(&self.signature);
        bytes
    }

    /// The identity: over the signed bytes and not the signature, which its maker could vary.
    #[must_use]
    pub fn id(&self) -> AdmissionId {
        AdmissionId(Sha256Digest::of(&signed_bytes(&self.receipt)))
    }

    /// Whether this one is kept of two admissions of one entry by one origin: the earlier one, then the lesser by
    /// identity. Of two different admissions exactly one outranks the other.
    #[must_use]
    pub fn outranks(&self, other: &Self) -> bool {
        (self.receipt.admitted, self.id()) < (other.receipt.admitted, other.id())
    }
}

fn message(receipt: &Receipt) -> Vec<u8> {
    [DOMAIN, &signed_bytes(receipt)].concat()
}

/// Version, entry, document, origin, moment in milliseconds (big-endian), confirmation.
fn signed_bytes(receipt: &Receipt) -> [u8; SIGNED_BYTES] {
    let mut bytes = [0; SIGNED_BYTES];
    bytes[0] = VERSION;
    bytes[1..33].copy_from_slice(receipt.entry.as_bytes());
    bytes[33..65].copy_from_slice(receipt.document.as_bytes());
    bytes[65..97].copy_from_slice(receipt.origin.public_key());
    bytes[97..105].copy_from_slice(&receipt.admitted.unix_ms().to_be_bytes());
    bytes[105] = match receipt.confirmation {
        Confirmation::Unconfirmed => 0,
        Confirmation::Confirmed => 1,
    };
    bytes
}

/// The parts of an admission; `None` where the length is another.
fn read(bytes: &[u8]) -> Option<(Result<Receipt, BadAdmission>, [u8; 64])> {
    let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
    let (version, rest) = bytes.split_first()?;
    let (entry, rest) = rest.split_first_chunk()?;
    let (document, rest) = rest.split_first_chunk()?;
    let (origin, rest) = rest.split_first_chunk()?;
    let (admitted, rest) = rest.split_first_chunk()?;
    let (confirmation, signature) = rest.split_first()?;
    let receipt = |confirmation| Receipt {
        entry: EntryId::from_digest(Sha256Digest::from_bytes(*entry)),
        document: Sha256Digest::from_bytes(*document),
        origin: NodeId::from_public_key(*origin),
        admitted: Instant::from_unix_ms(u64::from_be_bytes(*admitted)),
        confirmation,
    };
    let receipt = match (*version, *confirmation) {
        (VERSION, 0) => Ok(receipt(Confirmation::Unconfirmed)),
        (VERSION, 1) => Ok(receipt(Confirmation::Confirmed)),
        (VERSION, other) => Err(BadAdmission::Confirmation(other)),
        (other, _) => Err(BadAdmission::Version(other)),
    };
    Some((receipt, signature.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(admitted_ms: u64) -> Admission {
        let entry = EntryId::of(b"octets", b"key");
        let admitted = Instant::from_unix_ms(admitted_ms);
        let key = NodeKey::from_seed([7; 32]);
        Admission::sign(entry, Sha256Digest::of(b"bytes"), admitted, Confirmation::Confirmed, &key)
    }

    /// The vector of docs/protocol.md, which was signed elsewhere.
    #[test]
    fn the_published_admission_is_made_again() {
        const SIGNATURE: &str = "7311d2160de95d1578b03990d9cea824c1f0b9b3f46a6cecd6272dfdb5e064e4\
                                 0f9fa620b0b16ff9ced396cdc4da02f824293b16ca30a8144adca05694c46909";
        const IDENTITY: &str = "faf30c88cd18de7b3b94d960d01d987842881af31b83a064fe1570fefb98ffc5";
        let entry = EntryId::from_digest(Sha256Digest::from_bytes([2; 32]));
        let (document, moment) = (Sha256Digest::from_bytes([3; 32]), Instant::from_unix_ms(1_767_225_600_000));
        let key = NodeKey::from_seed([1; 32]);
        let admission = Admission::sign(entry, document, moment, Confirmation::Confirmed, &key);
        let signature: String = admission.to_bytes()[106..].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((signature.as_str(), admission.id().to_string().as_str()), (SIGNATURE, IDENTITY));
    }

    #[test]
    fn an_admission_survives_its_own_bytes() {
        let admission = admission(1_394_287_840_007);
        assert_eq!(Admission::verify(&admission.to_bytes()), Ok(admission.clone()));
        assert_eq!(admission.receipt().origin, NodeKey::from_seed([7; 32]).node_id());
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let bytes = admission(1).to_bytes();
        for index in 0..bytes.len() {
            for change in [0x01, 0x80, 0xFF] {
                let mut changed = bytes;
                changed[index] ^= change;
                assert!(Admission::verify(&changed).is_err(), "byte {index}");
            }
        }
    }

    #[test]
    fn other_lengths_versions_and_confirmations_are_refused_by_name() {
        let bytes = admission(1).to_bytes();
        let layout = |length| Err(BadAdmission::Layout { length });
        assert_eq!(Admission::verify(&[]), layout(0));
        assert_eq!(Admission::verify(&bytes[..BYTES - 1]), layout(BYTES - 1));
        assert_eq!(Admission::verify(&[&bytes[..], &[0]].concat()), layout(BYTES + 1));
        let mut changed = bytes;
        changed[0] = 2;
        assert_eq!(Admission::verify(&changed), Err(BadAdmission::Version(2)));
        changed = bytes;
        changed[105] = 2;
        assert_eq!(Admission::verify(&changed), Err(BadAdmission::Confirmation(2)));
    }

    #[test]
    fn the_earlier_admission_outranks_the_later() {
        assert!(admission(1).outranks(&admission(2)));
        assert!(!admission(2).outranks(&admission(1)));
        assert!(!admission(1).outranks(&admission(1)));
    }

    #[test]
    fn of_two_admissions_at_one_moment_exactly_one_outranks() {
        let (first, key) = (admission(1), NodeKey::from_seed([7; 32]));
        let other = Admission::sign(
            first.receipt().entry,
            Sha256Digest::of(b"other bytes"),
            first.receipt().admitted,
            Confirmation::Confirmed,
            &key,
        );
        assert_ne!(first.outranks(&other), other.outranks(&first));
        assert_eq!(first.outranks(&other), first.id() < other.id());
    }
}
