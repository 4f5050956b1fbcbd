//! What an operator trusts: pinned keys, member nodes, and who is kept out.

use std::collections::{BTreeMap, BTreeSet};

use crate::checksum::Checksum;
use crate::digest::Sha256Digest;
use crate::email::Email;
use crate::identifier::ImageIdentifier;
use crate::node_id::NodeId;
use crate::signature::Algorithms;
use crate::standing::Standing;
use crate::timestamp::Instant;

mod name;
mod pattern;

pub use name::{DistinguishedName, NotAName};
pub use pattern::{Endorser, EndorserPattern, NotAPattern};

/// The trust settings of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Keys that the operator pinned to an address, as digests of their SubjectPublicKeyInfo.
    pub endorser_keys: BTreeMap<Email, BTreeSet<Sha256Digest>>,
    /// Member nodes, this node among them, and whether their confirmations of addresses are believed.
    pub members: BTreeMap<NodeId, Confirmations>,
    /// Nodes that were members, and until when: what they admitted by then counts on.
    pub former_members: BTreeMap<NodeId, Instant>,
    /// What local policy refuses.
    pub policy: Policy,
}

/// Whether a member's word is taken that it confirmed an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirmations {
    /// Its confirmations count.
    Believed,
    /// They do not.
    Disregarded,
}

/// What this node does not hold, whoever brings it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether entries that only their own certificate speaks for are held.
    pub bare: BareEntries,
    /// Which signature algorithms are admitted.
    pub algorithms: Algorithms,
    /// Where this is not empty, only these endorsers.
    pub endorsers_allow: BTreeSet<EndorserPattern>,
    /// Not these endorsers.
    pub endorsers_deny: BTreeSet<EndorserPattern>,
    /// Not images with one of these checksums.
    pub checksums_deny: BTreeSet<Checksum>,
    /// Not these images.
    pub images_deny: BTreeSet<ImageIdentifier>,
}

/// Whether entries of standing `bare` or `contested` are held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BareEntries {
    /// They are held, marked as what they are.
    #[default]
    Accepted,
    /// They are refused.
    Refused,
}

/// Why local policy refuses an entry; nobody's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// No certificate, chain or confirmation binds the address to the key.
    #[error(
        "the certificate states no e-mail address and no pinned key or confirmation binds {email} to this key; \
         an operator who trusts it pins sha256:{key} under [trust] endorser_keys"
    )]
    UnboundEmail {
        /// The address that the document claims.
        email: Email,
        /// The signer's key.
        key: Sha256Digest,
    },
    /// The standing is too weak for this node.
    #[error("the endorser {email} is only {standing}, and accept_bare is false")]
    BareRefused {
        /// The endorser.
        email: Email,
        /// Its standing.
        standing: Standing,
    },
    /// The allow list does not name the endorser.
    #[error("the endorser {0} is not in endorsers_allow")]
    EndorserNotAllowed(Email),
    /// The deny list names the endorser.
    #[error("the endorser {email} is in endorsers_deny, by {pattern}")]
    EndorserDenied {
        /// The endorser.
        email: Email,
        /// What the list says.
        pattern: EndorserPattern,
    },
    /// The deny list names the image.
    #[error("the image {0} is in images_deny")]
    ImageDenied(ImageIdentifier),
    /// The deny list names a checksum of the image.
    #[error("the checksum {0} is in checksums_deny")]
    ChecksumDenied(Checksum),
    /// The signature uses an algorithm that this node admits only with `legacy_algorithms`.
    #[error("{0}; this node admits it only with legacy_algorithms = true")]
    LegacyAlgorithm(String),
    /// This machine's OpenSSL refuses the signature's algorithm.
    #[error("{0}; its sender is not at fault")]
    UnavailableAlgorithm(String),
    /// The admission is of a node that is no member, in a closed federation.
    #[error("the entry was admitted by {0}, which is not a member of this federation")]
    UnlistedOrigin(NodeId),
}

impl Trust {
    /// Whether what `origin` admitted at this moment counts as a member's.
    ///
    /// The moment is the origin's own word, as it is while it is a member.
    #[must_use]
    pub fn is_of_member(&self, origin: &NodeId, admitted: Instant) -> bool {
        self.members.contains_key(origin) || self.former_members.get(origin).is_some_and(|until| admitted <= *until)
    }
}

impl PolicyRefusal {
    /// The stable name of the rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::UnboundEmail { .. } => "unbound-email",
            Self::BareRefused { .. } => "bare-refused",
            Self::EndorserNotAllowed(_) => "endorser-not-allowed",
            Self::EndorserDenied { .. } => "endorser-denied",
            Self::ImageDenied(_) => "image-denied",
            Self::ChecksumDenied(_) => "checksum-denied",
            Self::LegacyAlgorithm(_) => "legacy-algorithm",
            Self::UnavailableAlgorithm(_) => "algorithm-unavailable",
            Self::UnlistedOrigin(_) => "unlisted-origin",
        }
    }
}

impl Policy {
    /// Refuses what the lists name; the standing is judged by [`Policy::judge_standing`].
    pub fn judge_content<'a>(
        &self,
        endorser: &Endorser<'_>,
        image: ImageIdentifier,
        checksums: impl IntoIterator<Item = &'a Checksum>,
    ) -> Result<(), PolicyRefusal> {
        let matches = |pattern: &&EndorserPattern| pattern.matches(endorser);
        if !self.endorsers_allow.is_empty() && !self.endorsers_allow.iter().any(|pattern| matches(&pattern)) {
            return Err(PolicyRefusal::EndorserNotAllowed(endorser.email.clone()));
        }
        if let Some(pattern) = self.endorsers_deny.iter().find(matches) {
            let (email, pattern) = (endorser.email.clone(), pattern.clone());
            return Err(PolicyRefusal::EndorserDenied { email, pattern });
        }
        if self.images_deny.contains(&image) {
            return Err(PolicyRefusal::ImageDenied(image));
        }
        match checksums.into_iter().find(|checksum| self.checksums_deny.contains(checksum)) {
            Some(denied) => Err(PolicyRefusal::ChecksumDenied(denied.clone())),
            None => Ok(()),
        }
    }

    /// Refuses a signature that only old algorithms make good; `legacy` says what is old about it.
    pub fn judge_algorithms(&self, legacy: Option<&str>) -> Result<(), PolicyRefusal> {
        match (self.algorithms, legacy) {
            (Algorithms::Modern, Some(reason)) => Err(PolicyRefusal::LegacyAlgorithm(reason.to_owned())),
            _ => Ok(()),
        }
    }

    /// Refuses standings below what this node holds.
    pub fn judge_standing(&self, email: &Email, standing: Standing) -> Result<(), PolicyRefusal> {
        if self.bare == BareEntries::Refused && standing <= Standing::Bare {
            return Err(PolicyRefusal::BareRefused { email: email.clone(), standing });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
