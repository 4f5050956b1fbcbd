//! What is known of one e-mail address over all its claims.

use std::collections::BTreeSet;

use super::{CertificateEmail, Certification, Claim, confirming, is_pinned};
use crate::digest::Sha256Digest;
use crate::entry::EntryId;
use crate::node_id::NodeId;
use crate::timestamp::Instant;
use crate::trust::Trust;

/// What is known of one e-mail address over all its claims: a fold, whose order does not matter.
///
/// Every part is a least element, a union or a disjunction, and a claim that gains evidence only ever adds to them; so
/// adding a claim again, or a richer form of it, gives what folding all anew would give.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    established: Option<Precedence>,
    /// Subjects that a chained certificate with the address has.
    certified_subjects: BTreeSet<String>,
    /// The first chained claim, with its subject; it counts where there is no certified subject.
    first_chained: Option<(Precedence, String)>,
    vouched: bool,
}

/// The least of all comes first: admitted by a member before first seen here, earlier before later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Precedence {
    /// Whether no member admitted it; false is less than true.
    is_unlisted: bool,
    pub(super) moment: Instant,
    entry: EntryId,
    pub(super) key: Sha256Digest,
    /// The member that admitted it first.
    pub(super) origin: Option<NodeId>,
}

impl Address {
    /// Adds a claim; adding one again, or in another order, changes nothing.
    pub fn add(&mut self, claim: &Claim, trust: &Trust) {
        let is_chained = claim.certification >= Certification::Subject;
        // Of the chained claims at least the first is certified.
        self.vouched |= is_chained || is_pinned(claim, trust) || confirming(claim, trust).is_some();
        let precedence = Precedence::of(claim, trust);
        if claim.certificate_email == CertificateEmail::Stated
            && self.established.as_ref().is_none_or(|established| precedence < *established)
        {
            self.established = Some(precedence.clone());
        }
        if claim.certification == Certification::Email && !self.certified_subjects.contains(&claim.subject) {
            self.certified_subjects.insert(claim.subject.clone());
        }
        if is_chained && self.first_chained.as_ref().is_none_or(|(first, _)| precedence < *first) {
            self.first_chained = Some((precedence, claim.subject.clone()));
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

    /// Whether an authority binds the claim's key to the address, by its certificate or by its subject.
    ///
    /// An authority that leaves the address out of a certificate vouches for the name alone. The name has the address
    /// where another certificate of an authority says so, or else where it is the first that claimed it: without that,
    /// whoever has a certificate of any trusted authority could claim any address.
    #[must_use]
    pub fn certifies(&self, claim: &Claim) -> bool {
        match claim.certification {
            Certification::Email => true,
            Certification::Unchained => false,
            Certification::Subject if self.certified_subjects.is_empty() => {
                self.first_chained.as_ref().is_some_and(|(_, subject)| *subject == claim.subject)
            }
            Certification::Subject => self.certified_subjects.contains(&claim.subject),
        }
    }

    /// Whether every claim stands alike by both.
    #[must_use]
    pub fn judges_as(&self, other: &Self) -> bool {
        let first = |address: &Self| address.first_chained.as_ref().map(|(_, subject)| subject.clone());
        self.established_key() == other.established_key()
            && self.vouched == other.vouched
            && self.certified_subjects == other.certified_subjects
            && (!self.certified_subjects.is_empty() || first(self) == first(other))
    }

    pub(super) const fn established(&self) -> Option<&Precedence> {
        self.established.as_ref()
    }

    pub(super) const fn first_chained(&self) -> Option<&(Precedence, String)> {
        self.first_chained.as_ref()
    }

    pub(super) const fn certified_subjects(&self) -> &BTreeSet<String> {
        &self.certified_subjects
    }
}

impl Precedence {
    fn of(claim: &Claim, trust: &Trust) -> Self {
        let by_members = claim.witnesses.iter().filter(|by| trust.is_of_member(&by.origin, by.admitted));
        let first = by_members.map(|witness| (witness.admitted, witness.origin)).min();
        let (moment, origin) = first.map_or((claim.first_seen, None), |(admitted, origin)| (admitted, Some(origin)));
        Self { is_unlisted: origin.is_none(), moment, entry: claim.entry, key: claim.key, origin }
    }
}
