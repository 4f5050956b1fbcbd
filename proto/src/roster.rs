//! Rosters: the members of a federation, as its operators sign them.
//!
//! A roster is entered once and spreads by itself, so that a new site need not be entered at every site. It travels as
//! a Dead Simple Signing Envelope (DSSE 1.0.2) around JSON: what is signed is the bytes as they were written, not what
//! a reader made of them. As in The Update Framework it has a version, which never goes back, an end of validity,
//! after which it may be an old one that somebody keeps newer ones away from, and a threshold of signatures, so that
//! one stolen key changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::crypto::{NodeKey, verify_node_signature};
use crate::digest::Sha256Digest;
use crate::federation::Address;
use crate::node_id::NodeId;
use crate::timestamp::Timestamp;

mod envelope;
mod payload;

pub use payload::BadRoster;

/// What DSSE calls the type of the payload.
pub const PAYLOAD_TYPE: &str = "application/vnd.marketplace.roster+json";

/// Who belongs to a federation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The federation's name.
    pub federation: String,
    /// Greater than that of every roster before.
    pub version: u64,
    /// When it was written.
    pub issued: Timestamp,
    /// When a new one is due.
    pub expires: Timestamp,
    /// The members, by identity.
    pub members: BTreeMap<NodeId, Member>,
    /// Nodes that were members: what they admitted until then stays good, also for those who come to see it later.
    pub former: BTreeMap<NodeId, Timestamp>,
}

/// A member of a federation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// The name of its site.
    pub name: String,
    /// Where people reach it.
    pub url: Option<String>,
    /// Where peers reach it, as multiaddresses.
    pub addresses: Vec<Address>,
    /// Whom to write to.
    pub contact: Option<String>,
}

/// Who may sign rosters, and how many of them must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterAuthority {
    /// The federation that they speak for.
    pub federation: String,
    /// Their keys; a node's own key may be one.
    pub keys: BTreeSet<NodeId>,
    /// How many of the keys must have signed; at least one.
    pub threshold: usize,
}

/// A roster with signatures that nobody has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRoster {
    payload: Bytes,
    roster: Roster,
    signatures: BTreeMap<NodeId, [u8; 64]>,
}

/// A roster that enough of the operators signed; cheap to clone.
///
/// Made by [`SignedRoster::verify`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRoster(Arc<SignedRoster>);

/// Which of two rosters counts: that of the higher version.
///
/// Of two with one version, which operators must never sign, all nodes choose alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RosterRank {
    /// The version.
    pub version: u64,
    /// SHA-256 of what was signed.
    pub payload: Sha256Digest,
}

/// Why a roster does not count here; whoever passed it on may have another opinion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterRefusal {
    /// It is of another federation.
    #[error("the roster is of the federation {theirs:?}, this node belongs to {ours:?}")]
    OtherFederation {
        /// What it names.
        theirs: String,
        /// What this node is configured for.
        ours: String,
    },
    /// Too few of the operators have signed.
    #[error("the roster has {good} of the {threshold} signatures that it needs; keys that have not signed: {missing}")]
    TooFewSignatures {
        /// Good signatures of the operators' keys.
        good: usize,
        /// How many it needs.
        threshold: usize,
        /// The keys that have not, in one line.
        missing: String,
    },
    /// A newer one counts already.
    #[error("version {version} is older than version {held}, which is in force")]
    Older {
        /// Of this one.
        version: u64,
        /// Of the one in force.
        held: u64,
    },
    /// Another roster of this version counts already.
    #[error("another roster of version {version} is in force; write the next version")]
    Conflict {
        /// Of both.
        version: u64,
    },
}

impl SignedRoster {
    /// A roster that nobody has signed; it must be within the bounds of one.
    pub fn unsigned(roster: &Roster) -> Result<Self, BadRoster> {
        let payload: Bytes = payload::write(roster).into();
        // What is written is what will be read.
        let roster = payload::read(&payload)?;
        Ok(Self { payload, roster, signatures: BTreeMap::new() })
    }

    /// Reads a file: an envelope, or the JSON of a roster that nobody has signed.
    pub fn read(bytes: &[u8]) -> Result<Self, BadRoster> {
        let (payload, signatures) = envelope::read(bytes)?;
        let roster = payload::read(&payload)?;
        Ok(Self { payload, roster, signatures })
    }

    /// The envelope.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        envelope::write(&self.payload, &self.signatures).into()
    }

    /// The JSON that is signed, for people to read and change.
    #[must_use]
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// Adds a signature, or replaces that of the same key.
    pub fn sign(&mut self, key: &NodeKey) {
        self.signatures.insert(key.node_id(), key.sign(&envelope::signed_bytes(&self.payload)));
    }

    /// What it says, whoever signed it.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The keys whose signatures are good, whether or not they may sign.
    #[must_use]
    pub fn signers(&self) -> BTreeSet<NodeId> {
        let signed = envelope::signed_bytes(&self.payload);
        let is_good = |(key, signature): &(&NodeId, &[u8; 64])| verify_node_signature(key, &signed, signature);
        self.signatures.iter().filter(is_good).map(|(key, _)| *key).collect()
    }

    /// Which of two counts.
    #[must_use]
    pub fn rank(&self) -> RosterRank {
        RosterRank { version: self.roster.version, payload: Sha256Digest::of(&self.payload) }
    }

    /// Whether enough of the operators have signed.
    pub fn verify(self, authority: &RosterAuthority) -> Result<VerifiedRoster, RosterRefusal> {
        if self.roster.federation != authority.federation {
            let (theirs, ours) = (self.roster.federation, authority.federation.clone());
            return Err(RosterRefusal::OtherFederation { theirs, ours });
        }
        let signers = self.signers();
        let good = authority.keys.intersection(&signers).count();
        if good < authority.threshold.max(1) {
            let missing: Vec<_> = authority.keys.difference(&signers).map(ToString::to_string).collect();
            let (threshold, missing) = (authority.threshold.max(1), missing.join(", "));
            return Err(RosterRefusal::TooFewSignatures { good, threshold, missing });
        }
        Ok(VerifiedRoster(Arc::new(self)))
    }
}

impl VerifiedRoster {
    /// What it says.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.0.roster
    }

    /// With its signatures.
    #[must_use]
    pub fn signed(&self) -> &SignedRoster {
        &self.0
    }

    /// Which of two counts.
    #[must_use]
    pub fn rank(&self) -> RosterRank {
        self.0.rank()
    }

    /// Whether it may take the place of `held`; it says why not, except of the very same.
    pub fn may_replace(&self, held: Option<&Self>) -> Result<(), RosterRefusal> {
        let Some(held) = held else { return Ok(()) };
        let (version, of_held) = (self.roster().version, held.roster().version);
        if version < of_held {
            return Err(RosterRefusal::Older { version, held: of_held });
        }
        if version == of_held && self.rank() != held.rank() {
            return Err(RosterRefusal::Conflict { version });
        }
        Ok(())
    }
}

impl Roster {
    /// Whether a new one is overdue: somebody may be keeping it away.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires <= now
    }
}

#[cfg(test)]
mod tests;
