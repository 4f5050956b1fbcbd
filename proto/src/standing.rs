//! How well the endorser of an entry is known.

use std::fmt;
use std::str::FromStr;

mod address;
mod explain;

pub use address::Address;
pub use explain::{Explanation, Reason, explain};

use crate::admission::{Confirmation, Receipt};
use crate::digest::Sha256Digest;
use crate::email::Email;
use crate::entry::EntryId;
use crate::identifier::ImageIdentifier;
use crate::node_id::NodeId;
use crate::timestamp::{Instant, Timestamp};
use crate::trust::{Confirmations, Trust};

/// How well an endorser is known, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Another key is the established one, or the address has stronger entries; shown only on request.
    Contested,
    /// The certificate states the address, and its key is the established one of the address.
    Bare,
    /// The key is pinned, or a trusted member confirmed the address.
    Confirmed,
    /// The certificate's chain ends at a trust anchor.
    Certified,
}

/// What standing and supersession are computed from: the part of an entry and its admissions that they look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The entry.
    pub entry: EntryId,
    /// The image that it describes.
    pub image: ImageIdentifier,
    /// The endorser's address.
    pub email: Email,
    /// When it was endorsed.
    pub created: Timestamp,
    /// The digest of the signer's SubjectPublicKeyInfo.
    pub key: Sha256Digest,
    /// The subject that the document and every certificate of the entry state.
    pub subject: String,
    /// Whether a certificate states the address.
    pub certificate_email: CertificateEmail,
    /// What the authorities of this node vouch for.
    pub certification: Certification,
    /// When this node first saw the entry.
    pub first_seen: Instant,
    /// Who admitted it.
    pub witnesses: Vec<Witness>,
}

/// Whether a certificate names the endorser's address in its subjectAltName.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateEmail {
    /// It names none.
    Absent,
    /// It names this very address.
    Stated,
}

/// How much a chain to an anchor of this node vouches for, least first.
///
/// Of an entry that came with several certificates for its key the most counts: the certificate is not covered by the
/// signature, so that what arrives first must not decide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certification {
    /// For nothing: no chain of any certificate verifies.
    #[default]
    Unchained,
    /// For the name of the subject: the certificate that chains states no address.
    Subject,
    /// For the name and the address: the certificate that chains states it.
    Email,
}

impl Certification {
    /// What a certificate vouches for, given whether its chain verifies.
    #[must_use]
    pub const fn of_chained(certificate_email: CertificateEmail) -> Self {
        match certificate_email {
            CertificateEmail::Absent => Self::Subject,
            CertificateEmail::Stated => Self::Email,
        }
    }
}

/// What the view uses of an admission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// The node that admitted.
    pub origin: NodeId,
    /// When it did.
    pub admitted: Instant,
    /// What it says of the address.
    pub confirmation: Confirmation,
}

impl From<&Receipt> for Witness {
    fn from(receipt: &Receipt) -> Self {
        Self { origin: receipt.origin, admitted: receipt.admitted, confirmation: receipt.confirmation }
    }
}

/// The standing of `claim`, one of those that `address` was folded from.
///
/// `None` where nothing binds the address to the key: such an entry is refused where it arrives. One that is held
/// all the same, because a pin was taken back, counts as contested.
#[must_use]
pub fn standing(claim: &Claim, address: &Address, trust: &Trust) -> Option<Standing> {
    if address.certifies(claim) {
        return Some(Standing::Certified);
    }
    if is_pinned(claim, trust) || confirming(claim, trust).is_some() {
        return Some(Standing::Confirmed);
    }
    match (claim.certificate_email, claim.certification) {
        (CertificateEmail::Absent, Certification::Unchained) => None,
        (CertificateEmail::Stated, _) if !address.is_vouched() && address.established_key() == Some(claim.key) => {
            Some(Standing::Bare)
        }
        _ => Some(Standing::Contested),
    }
}

fn is_pinned(claim: &Claim, trust: &Trust) -> bool {
    trust.endorser_keys.get(&claim.email).is_some_and(|keys| keys.contains(&claim.key))
}

/// The earliest confirmation by a node that is believed.
fn confirming<'a>(claim: &'a Claim, trust: &Trust) -> Option<&'a Witness> {
    let is_believed = |witness: &&Witness| {
        witness.confirmation == Confirmation::Confirmed
            && trust.members.get(&witness.origin) == Some(&Confirmations::Believed)
    };
    claim.witnesses.iter().filter(is_believed).min_by_key(|witness| (witness.admitted, witness.origin))
}

impl Standing {
    /// The word for it, in routes, pages and configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contested => "contested",
            Self::Bare => "bare",
            Self::Confirmed => "confirmed",
            Self::Certified => "certified",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text names no standing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no standing; there are certified, confirmed, bare and contested")]
pub struct NotAStanding(String);

impl FromStr for Standing {
    type Err = NotAStanding;

    fn from_str(text: &str) -> Result<Self, NotAStanding> {
        [Self::Contested, Self::Bare, Self::Confirmed, Self::Certified]
            .into_iter()
            .find(|standing| standing.as_str() == text)
            .ok_or_else(|| NotAStanding(text.chars().take(80).collect()))
    }
}
