//! From foreign bytes to an entry: the way that every document takes on every node, whoever brings it.

use crate::document::Strength;
use crate::endorsed::{Endorsed, NotEndorsed};
use crate::entry::Entry;
use crate::signature::{self, Algorithms, SignatureError};
use crate::trust::PolicyRefusal;

/// Why bytes did not become an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not an endorsed document; whoever sends them could have known.
    #[error("{rule}: {reason}")]
    Invalid {
        /// The stable name of the rule.
        rule: &'static str,
        /// What is wrong, with which value.
        reason: String,
    },
    /// The bytes are good by themselves, this node does not take them.
    #[error("{rule}: {0}", rule = .0.rule())]
    Policy(#[from] PolicyRefusal),
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        Self::Invalid { rule: error.rule(), reason: error.to_string() }
    }
}

impl From<NotEndorsed> for Refusal {
    fn from(error: NotEndorsed) -> Self {
        Self::Invalid { rule: error.rule(), reason: error.to_string() }
    }
}

/// Verifies and reads a document by the rules of every node.
pub fn examine(document: &[u8], algorithms: Algorithms) -> Result<Entry, Refusal> {
    examine_as(document, algorithms, Strength::Server)
}

/// Verifies and reads a document by the rules of `strength`.
///
/// A document that only old algorithms keep from being good is refused by policy: its sender may be a node that
/// admits them, and is not at fault. Where they are admitted, the entry says what is old about it.
pub fn examine_as(document: &[u8], algorithms: Algorithms, strength: Strength) -> Result<Entry, Refusal> {
    let read = |algorithms| -> Result<Entry, Refusal> {
        let signed = signature::verify(document, algorithms)?;
        Ok(Entry::new(Endorsed::read_as(signed, strength)?))
    };
    match read(Algorithms::Modern) {
        Err(Refusal::Invalid { rule: "algorithm" | "weak-key", reason }) => {
            let entry = read(Algorithms::Legacy)?;
            match algorithms {
                Algorithms::Modern => Err(PolicyRefusal::LegacyAlgorithm(reason).into()),
                Algorithms::Legacy => Ok(entry.with_legacy(reason)),
            }
        }
        outcome => outcome,
    }
}
