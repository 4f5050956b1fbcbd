//! A toy of what verifies entries: documents are short texts, signatures are digests; the layout is the real one.

use std::collections::BTreeMap;

use bytes::Bytes;
use proto::admission::{self, AdmissionId};
use proto::digest::Sha256Digest;
use proto::federation::Outcome;
use proto::node_id::NodeId;
use proto::reconcile::Item;
use proto::wire::Envelope;

/// What a site's operator lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// Everything that is valid.
    Lenient,
    /// Not the documents that begin with `policy:`.
    Strict,
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

/// The same with another document or signature: what a forger can make of it.
pub(super) fn forged(envelope: &Envelope, document: &[u8]) -> Envelope {
    Envelope::new(Bytes::copy_from_slice(document), *envelope.admission()).expect("toy documents are small")
}

fn signature(admission: &[u8; admission::BYTES]) -> [u8; 32] {
    *Sha256Digest::of_parts(&[b"only the origin knows", &admission[..106]]).as_bytes()
}

/// The entry and origin that an admission is for.
fn subject(envelope: &Envelope) -> &[u8] {
    let admission = envelope.admission();
    &admission[1..97]
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

pub(super) fn is_refused(policy: Policy, envelope: &Envelope) -> bool {
    policy == Policy::Strict && envelope.document().starts_with(b"policy:")
}

/// Verifies an envelope and keeps it if it is good; the earliest admission of an entry and origin is the one kept.
pub(super) fn admit(entries: &mut BTreeMap<AdmissionId, Envelope>, policy: Policy, envelope: Envelope) -> Outcome {
    if let Some(rule) = violation(&envelope) {
        return Outcome::Invalid { rule: rule.to_owned() };
    }
    if is_refused(policy, &envelope) {
        return Outcome::Refused { reason: "policy".to_owned() };
    }
    let item = envelope.item();
    if entries.contains_key(&item.id) {
        return Outcome::Known;
    }
    let rival = entries.values().find(|held| subject(held) == subject(&envelope)).map(Envelope::item);
    if rival.is_some_and(|rival| rival < item) {
        return Outcome::Refused { reason: "outranked".to_owned() };
    }
    if let Some(Item { id, .. }) = rival {
        entries.remove(&id);
    }
    entries.insert(item.id, envelope);
    Outcome::Held { item, replaces: rival }
}
