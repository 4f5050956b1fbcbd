//! From foreign bytes to an entry: the way that every document takes on every node, whoever brings it.

use crate::document::{Document, Strength};
use crate::endorsed::{Endorsed, NotEndorsed};
use crate::entry::{Entry, EntryId};
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
        match error {
            SignatureError::Unavailable { .. } => Self::Policy(PolicyRefusal::UnavailableAlgorithm(error.to_string())),
            _ => Self::Invalid { rule: error.rule(), reason: error.to_string() },
        }
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

/// Why bytes are not those of an entry that is held; the machine is at fault, or the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotHeld {
    /// They are not what was verified.
    #[error("the document is that of {0}")]
    Other(EntryId),
    /// They are not an endorsed document any more.
    #[error(transparent)]
    Unreadable(#[from] Refusal),
}

/// Reads the document of an entry that was verified when it came, without verifying its signature again.
///
/// An identity is over the covered octets and the signer's key; so these are what [`examine`] read when it gave `entry`.
pub fn read_held(document: &[u8], entry: EntryId) -> Result<Document, NotHeld> {
    let (octets, certificate) = signature::covered(document).map_err(Refusal::from)?;
    let found = EntryId::of(&octets, certificate.key_der());
    if found != entry {
        return Err(NotHeld::Other(found));
    }
    let read = Document::read(&octets, Strength::Server);
    Ok(read.map_err(|violation| Refusal::from(NotEndorsed::from(violation)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_that_this_machine_refuses_is_not_the_senders_fault() {
        let refusal = Refusal::from(SignatureError::Unavailable { algorithm: "rsa-sha1" });
        let expected = "algorithm-unavailable: openssl on this machine refuses rsa-sha1, as a crypto policy may tell it to; \
                        its sender is not at fault";
        assert_eq!(refusal.to_string(), expected);
        assert!(matches!(refusal, Refusal::Policy(_)));
    }

    #[test]
    fn a_signature_that_does_not_verify_is_the_senders_fault() {
        let refusal = Refusal::from(SignatureError::SignatureMismatch { algorithm: "rsa-sha256" });
        assert!(matches!(refusal, Refusal::Invalid { rule: "signature-mismatch", .. }));
    }
}
