//! How well the endorser of an entry is known.

use std::fmt;
use std::str::FromStr;

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
    /// Whether the certificate states the address.
    pub certificate_email: CertificateEmail,
    /// When this node first saw the entry.
    pub first_seen: Instant,
    /// Who admitted it.
    pub witnesses: Vec<Witness>,
}

/// Whether a certificate names the endorser's address in its subjectAltName.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateEmail {
    /// It names this very address.
    Stated,
    /// It names none.
    Absent,
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

/// What is known of one e-mail address over all its claims: a fold, whose order does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    established: Option<Precedence>,
    vouched: bool,
}

/// The least of all is the established key: admitted by a member before first seen here, earlier before later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Precedence {
    class: PrecedenceClass,
    moment: Instant,
    entry: EntryId,
    key: Sha256Digest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PrecedenceClass {
    AdmittedByMember,
    FirstSeenHere,
}

impl Address {
    /// Adds a claim; adding one again, or in another order, changes nothing.
    pub fn add(&mut self, claim: &Claim, trust: &Trust) {
        self.vouched |= is_vouched(claim, trust);
        if claim.certificate_email == CertificateEmail::Stated {
            let precedence = Precedence::of(claim, trust);
            let is_first = self.established.as_ref().is_none_or(|established| precedence < *established);
            if is_first {
                self.established = Some(precedence);
            }
        }
    }

    /// What is known of an address with these claims.
    pub fn of<'a>(claims: impl IntoIterator<Item = &'a Claim>, trust: &Trust) -> Self {
        let mut address = Self::default();
        for claim in claims {
            address.add(claim, trust);
        }
        address
    }

    /// The established key, where one of its certificates states the address.
    #[must_use]
    pub fn established_key(&self) -> Option<Sha256Digest> {
        self.established.as_ref().map(|precedence| precedence.key)
    }

    /// Whether the address has an entry that is confirmed or certified.
    #[must_use]
    pub const fn is_vouched(&self) -> bool {
        self.vouched
    }
}

impl Precedence {
    fn of(claim: &Claim, trust: &Trust) -> Self {
        let by_members = claim.witnesses.iter().filter(|witness| trust.members.contains_key(&witness.origin));
        let (class, moment) = match by_members.map(|witness| witness.admitted).min() {
            Some(admitted) => (PrecedenceClass::AdmittedByMember, admitted),
            None => (PrecedenceClass::FirstSeenHere, claim.first_seen),
        };
        Self { class, moment, entry: claim.entry, key: claim.key }
    }
}

/// The standing of `claim`, one of those that `address` was folded from.
///
/// `None` where nothing binds the address to the key: such an entry is refused where it arrives. One that is held
/// all the same, because a pin was taken back, counts as contested.
#[must_use]
pub fn standing(claim: &Claim, address: &Address, trust: &Trust) -> Option<Standing> {
    if is_vouched(claim, trust) {
        return Some(Standing::Confirmed);
    }
    match claim.certificate_email {
        CertificateEmail::Absent => None,
        CertificateEmail::Stated if address.vouched => Some(Standing::Contested),
        CertificateEmail::Stated if address.established_key() == Some(claim.key) => Some(Standing::Bare),
        CertificateEmail::Stated => Some(Standing::Contested),
    }
}

fn is_vouched(claim: &Claim, trust: &Trust) -> bool {
    let is_pinned = trust.endorser_keys.get(&claim.email).is_some_and(|keys| keys.contains(&claim.key));
    let is_confirmed = |witness: &Witness| {
        witness.confirmation == Confirmation::Confirmed
            && trust.members.get(&witness.origin) == Some(&Confirmations::Believed)
    };
    is_pinned || claim.witnesses.iter().any(is_confirmed)
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
