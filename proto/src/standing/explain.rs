//! Why an entry has its standing.

use super::address::Precedence;
use super::{Address, CertificateEmail, Certification, Claim, Standing, confirming, is_pinned, standing};
use crate::digest::Sha256Digest;
use crate::node_id::NodeId;
use crate::timestamp::Instant;
use crate::trust::Trust;

/// The standing of a claim with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The standing; none where nothing binds the address to the key.
    pub standing: Option<Standing>,
    /// The strongest reason for it.
    pub reason: Reason,
}

/// Why a claim stands where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// An authority of this node certified name and address.
    CertifiedEmail,
    /// An authority of this node certified the name, and another of its certificates says that the name has the
    /// address.
    CertifiedSubject,
    /// An authority of this node certified the name, which was the first certified one that claimed the address.
    FirstCertifiedSubject {
        /// Since when it claims it.
        since: Instant,
        /// The member that admitted that claim; none where this node's own sight counts.
        origin: Option<NodeId>,
    },
    /// The operator of this node pinned the key to the address.
    Pinned,
    /// A node that is believed confirmed the address.
    Confirmed {
        /// That node.
        origin: NodeId,
        /// When.
        admitted: Instant,
    },
    /// The key is the first that claimed the address.
    Established {
        /// Since when.
        since: Instant,
        /// The member that admitted that claim; none where this node's own sight counts.
        origin: Option<NodeId>,
    },
    /// Another key is the first that claimed the address.
    OtherKeyEstablished {
        /// That key, by the digest of its SubjectPublicKeyInfo.
        key: Sha256Digest,
        /// Since when.
        since: Instant,
        /// The member that admitted that claim; none where this node's own sight counts.
        origin: Option<NodeId>,
    },
    /// The address has entries that are confirmed or certified, and this one is neither.
    AddressVouched,
    /// An authority of this node certified the name, and the address is that of another certified name.
    OtherSubjectCertified {
        /// Whose the address is.
        subjects: Vec<String>,
    },
    /// Nothing binds the address to the key.
    Unbound,
}

/// Why `claim`, one of those that `address` was folded from, has its standing.
#[must_use]
pub fn explain(claim: &Claim, address: &Address, trust: &Trust) -> Explanation {
    Explanation { standing: standing(claim, address, trust), reason: reason(claim, address, trust) }
}

fn reason(claim: &Claim, address: &Address, trust: &Trust) -> Reason {
    if address.certifies(claim) {
        return certified(claim, address);
    }
    if is_pinned(claim, trust) {
        return Reason::Pinned;
    }
    if let Some(witness) = confirming(claim, trust) {
        return Reason::Confirmed { origin: witness.origin, admitted: witness.admitted };
    }
    match (claim.certification, claim.certificate_email, address.established()) {
        (Certification::Unchained, CertificateEmail::Absent, _) => Reason::Unbound,
        (Certification::Unchained, CertificateEmail::Stated, Some(established)) if !address.is_vouched() => {
            let &Precedence { moment: since, key, origin, .. } = established;
            match key == claim.key {
                true => Reason::Established { since, origin },
                false => Reason::OtherKeyEstablished { key, since, origin },
            }
        }
        (Certification::Unchained, ..) => Reason::AddressVouched,
        _ => Reason::OtherSubjectCertified { subjects: certified_subjects(address) },
    }
}

fn certified(claim: &Claim, address: &Address) -> Reason {
    match (claim.certification, address.first_chained()) {
        (Certification::Email, _) => Reason::CertifiedEmail,
        (_, Some((first, _))) if address.certified_subjects().is_empty() => {
            Reason::FirstCertifiedSubject { since: first.moment, origin: first.origin }
        }
        _ => Reason::CertifiedSubject,
    }
}

fn certified_subjects(address: &Address) -> Vec<String> {
    let first = address.first_chained().filter(|_| address.certified_subjects().is_empty());
    address.certified_subjects().iter().chain(first.map(|(_, subject)| subject)).cloned().collect()
}
