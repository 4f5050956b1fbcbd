//! A toy of what verifies entries: documents are short texts, signatures are digests; the layout is the real one.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proto::admission::{self, AdmissionId};
use proto::digest::Sha256Digest;
use proto::federation::Outcome;
use proto::node_id::NodeId;
use proto::reconcile::Item;
use proto::wire::Envelope;

/// What a site's operator lets in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Policy {
    pub(super) taste: Taste,
    /// Nodes that are no members any more, and from what moment on their admissions count for nothing.
    pub(super) outsiders: BTreeMap<NodeId, u64>,
}

/// Which documents a site's operator lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Taste {
    /// Everything that is valid.
    Lenient,
    /// Not the documents that begin with `policy:`.
    Strict,
}

/// What is durable at a site: what it holds, and what it refused.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    pub(super) entries: BTreeMap<AdmissionId, Envelope>,
    /// Everything refused, by policy or because an earlier admission is held.
    pub(super) refused: BTreeSet<AdmissionId>,
    /// Of these, what policy refuses, kept for another policy.
    pub(super) copies: BTreeMap<AdmissionId, Envelope>,
    /// What gave way to an earlier admission, and to which.
    outranked: BTreeMap<AdmissionId, AdmissionId>,
    /// The admission held of each entry and origin.
    ranks: BTreeMap<[u8; 64], Item>,
}

/// An entry of a document that `origin` admitted.
pub(super) fn envelope(origin: &NodeId, document: &str, admitted_ms: u64) -> Envelope {
    let digest = Sha256Digest::of(document.as_bytes());
    let mut admission = [0; admission::BYTES];
    admission[0] = 1;
    admission[1..33].copy_from_slice(digest.as_bytes());
    admission[33..65].copy_from_slice(digest.as_bytes());
    admission[65..97].copy_from_slice(origin.public_key());
    admission[97..105].copy_from_slice(&admitted_ms.to_be_bytes());
    let signature = signature(&admission);
    admission[106..138].copy_from_slice(&signature);
    admission[138..].copy_from_slice(&signature);
    Envelope::new(Bytes::copy_from_slice(document.as_bytes()), admission).expect("toy documents are small")
}

/// The same with another document: what a forger can make of it.
pub(super) fn forged(envelope: &Envelope, document: &[u8]) -> Envelope {
    Envelope::new(Bytes::copy_from_slice(document), *envelope.admission()).expect("toy documents are small")
}

fn signature(admission: &[u8; admission::BYTES]) -> [u8; 32] {
    *Sha256Digest::of_parts(&[b"only the origin knows", &admission[..106]]).as_bytes()
}

/// The entry and origin that an admission is for.
fn subject(envelope: &Envelope) -> [u8; 64] {
    let mut subject = [0; 64];
    subject.copy_from_slice(&envelope.admission()[33..97]);
    subject
}

/// What is wrong with an envelope that every node can tell.
pub(super) fn violation(envelope: &Envelope) -> Option<&'static str> {
    let admission = envelope.admission();
    if admission[106..138] != signature(admission) || admission[106..138] != admission[138..] {
        return Some("not signed by its origin");
    }
    if admission[33..65] != *Sha256Digest::of(envelope.document()).as_bytes() {
        return Some("another document than was admitted");
    }
    let is_document = [b"valid:".as_slice(), b"policy:"].iter().any(|prefix| envelope.document().starts_with(prefix));
    (!is_document).then_some("not a document")
}

impl Policy {
    pub(super) const fn new(taste: Taste) -> Self {
        Self { taste, outsiders: BTreeMap::new() }
    }

    pub(super) fn refuses(&self, envelope: &Envelope) -> bool {
        let (origin, admitted) = (&envelope.admission()[65..97], envelope.item().admitted.unix_ms());
        let is_outside =
            |(node, from_ms): (&NodeId, &u64)| node.public_key().as_slice() == origin && admitted >= *from_ms;
        self.taste == Taste::Strict && envelope.document().starts_with(b"policy:")
            || self.outsiders.iter().any(is_outside)
    }
}

impl Store {
    /// Verifies an envelope and keeps it if it is good; the earliest admission of an entry and origin is the one kept.
    pub(super) fn admit(&mut self, policy: &Policy, envelope: Envelope) -> Outcome {
        let item = envelope.item();
        if let Some(rule) = violation(&envelope) {
            return Outcome::Invalid { rule: rule.to_owned() };
        }
        if policy.refuses(&envelope) {
            self.refused.insert(item.id);
            self.copies.insert(item.id, envelope);
            return Outcome::Refused { reason: "policy".to_owned() };
        }
        if self.entries.contains_key(&item.id) {
            return Outcome::Known;
        }
        let rival = self.ranks.get(&subject(&envelope)).copied();
        self.copies.remove(&item.id);
        if let Some(rival) = rival.filter(|rival| *rival < item) {
            self.outranked.insert(item.id, rival.id);
            self.refused.insert(item.id);
            return Outcome::Refused { reason: "outranked".to_owned() };
        }
        if let Some(Item { id, .. }) = rival {
            self.entries.remove(&id);
            self.outranked.insert(id, item.id);
            self.refused.insert(id);
        }
        self.refused.remove(&item.id);
        self.ranks.insert(subject(&envelope), item);
        self.entries.insert(item.id, envelope);
        Outcome::Held { item, replaces: rival }
    }

    /// Whether an admission is held or could be again, or an earlier one that stands for it.
    pub(super) fn keeps(&self, id: &AdmissionId) -> bool {
        let stands_for_it = || self.outranked.get(id).is_some_and(|earlier| self.keeps(earlier));
        self.entries.contains_key(id) || self.copies.contains_key(id) || stands_for_it()
    }

    /// Takes up to `count` entries out that `policy` refuses.
    pub(super) fn withdraw(&mut self, policy: &Policy, count: usize) -> Vec<AdmissionId> {
        let refused = self.entries.iter().filter(|(_, envelope)| policy.refuses(envelope));
        let ids: Vec<_> = refused.map(|(id, _)| *id).take(count).collect();
        for id in &ids {
            if let Some(envelope) = self.entries.remove(id) {
                self.ranks.remove(&subject(&envelope));
                self.copies.insert(*id, envelope);
                self.refused.insert(*id);
            }
        }
        ids
    }

    /// Tries up to `count` copies again that `policy` lets in: what is held now, and what it took the place of.
    pub(super) fn restore(&mut self, policy: &Policy, count: usize) -> (Vec<Item>, Vec<AdmissionId>, usize) {
        let accepted = self.copies.values().filter(|envelope| !policy.refuses(envelope));
        let tried: Vec<_> = accepted.take(count).cloned().collect();
        let (mut restored, mut replaced, tries) = (Vec::<Item>::new(), Vec::new(), tried.len());
        for envelope in tried {
            if let Outcome::Held { item, replaces } = self.admit(policy, envelope) {
                // One that was restored a moment ago may give way to an earlier one.
                restored.retain(|other| Some(*other) != replaces);
                restored.push(item);
                replaced.extend(replaces.map(|rival| rival.id));
            }
        }
        (restored, replaced, tries)
    }
}
