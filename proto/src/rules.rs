//! The published table of rules: every reason for which a document is refused, with its number.
//!
//! A number never changes and is never given again; a rule that goes leaves a gap. The table in `docs/rules.md` is made
//! from here.

use std::fmt;

use crate::document::{Rule, Strength, check_draft};
use crate::entry::Entry;
use crate::intake::{Refusal, examine_as};
use crate::signature::{Algorithms, SignatureRule};

/// A rule as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub number: u16,
    /// Its name, which messages and answers carry.
    pub name: &'static str,
    /// When it is looked at.
    pub stage: Stage,
    /// What it asks for.
    pub statement: &'static str,
}

/// The parts of a verification, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The XML and its signature; numbers from 101 on.
    Signature,
    /// What the signed octets say; numbers from 201 on.
    Document,
    /// Whether the signer is the endorser that the document names; numbers from 301 on.
    Endorser,
}

/// The endorser that the document states is the signer that the certificate names: subject, issuer, and the e-mail
/// address where the certificate has one.
pub const ENDORSER_INCONSISTENT: Published = Published {
    number: 301,
    name: "endorser-inconsistent",
    stage: Stage::Endorser,
    statement: " Subject, issuer and e-mail address of the endorser equal those of the signer's certificate, where it \
                has them (docs/original.md 6; W1).",
};

/// Every rule that a document can break by itself, in the order in which they are looked at.
pub fn all() -> impl Iterator<Item = Published> {
    let signature = SignatureRule::ALL.iter().map(|rule| rule.published());
    let document = Rule::ALL.iter().map(|rule| rule.published());
    signature.chain(document).chain([ENDORSER_INCONSISTENT])
}

/// What was found of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Published,
    /// Whether it is kept.
    pub verdict: Verdict,
}

/// Whether a rule is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The document keeps it.
    Kept,
    /// The document breaks it.
    Broken {
        /// What is wrong, with the value.
        reason: String,
    },
    /// The document was refused before it was looked at.
    NotReached,
    /// It was not asked for.
    NotAsked,
}

/// Every rule with its verdict on a signed document; the entry where all are kept.
#[must_use]
pub fn explain(document: &[u8], algorithms: Algorithms, strength: Strength) -> (Vec<Finding>, Option<Entry>) {
    let (broken, entry) = match examine_as(document, algorithms, strength) {
        Ok(entry) => (None, Some(entry)),
        Err(Refusal::Invalid { rule, reason }) => (Some((rule, reason)), None),
        // The only policy that a document meets here: its algorithms are of old.
        Err(Refusal::Policy(refusal)) => (Some((SignatureRule::Algorithm.published().name, refusal.to_string())), None),
    };
    (findings(all(), broken, strength), entry)
}

/// Every rule with its verdict on a document that is still to be signed.
#[must_use]
pub fn explain_draft(draft: &[u8], strength: Strength) -> Vec<Finding> {
    let broken = check_draft(draft, strength).err().map(|violation| (violation.rule.name(), violation.reason));
    findings(Rule::ALL.iter().map(|rule| rule.published()), broken, strength)
}

fn findings(
    rules: impl Iterator<Item = Published>,
    broken: Option<(&'static str, String)>,
    strength: Strength,
) -> Vec<Finding> {
    let is_asked = |rule: &Published| {
        let of_document = Rule::ALL.iter().find(|one| one.name() == rule.name);
        of_document.is_none_or(|one| one.strength() <= strength)
    };
    let mut is_over = false;
    let mut judge = |rule: Published| {
        let verdict = match &broken {
            _ if !is_asked(&rule) => Verdict::NotAsked,
            _ if is_over => Verdict::NotReached,
            Some((name, reason)) if *name == rule.name => {
                is_over = true;
                Verdict::Broken { reason: reason.clone() }
            }
            _ => Verdict::Kept,
        };
        Finding { rule, verdict }
    };
    rules.map(&mut judge).collect()
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Signature => "signature",
            Self::Document => "document",
            Self::Endorser => "endorser",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_names_are_given_once_and_numbers_rise() {
        let numbers: Vec<u16> = all().map(|rule| rule.number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
        assert_eq!(all().map(|rule| rule.name).collect::<BTreeSet<_>>().len(), numbers.len());
    }

    #[test]
    fn a_broken_rule_ends_the_reading() {
        let (findings, entry) = explain(b"<a/>", Algorithms::Modern, Strength::Server);
        assert!(entry.is_none());
        let broken = findings.iter().position(|one| matches!(one.verdict, Verdict::Broken { .. })).expect("one");
        assert_eq!(findings[broken].rule.name, "root");
        assert!(findings[..broken].iter().all(|one| one.verdict == Verdict::Kept));
        let after = |one: &Finding| matches!(one.verdict, Verdict::NotReached | Verdict::NotAsked);
        assert!(findings[broken + 1..].iter().all(after));
    }
}
