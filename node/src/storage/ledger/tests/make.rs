//! Candidates for the ledger, numbered instead of signed: the ledger checks no signature.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use proto::admission::{AdmissionId, Confirmation, Receipt};
use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::node_id::NodeId;
use proto::standing::CertificateEmail;
use proto::timestamp::{Instant, Timestamp};
use proto::trust::{Confirmations, Trust};
use web::registry::{Coordinates, ListFilter, Scope, Status};

use crate::storage::ledger::{
    Candidate, Description, Freshness, Judge, Ledger, OriginRule, Reevaluation, SignedReceipt, Step, StoredRefusal,
};

pub(super) fn member(number: u8) -> NodeId {
    NodeId::from_public_key([number; 32])
}

pub(super) fn jane() -> Email {
    "jane@example.org".parse().unwrap()
}

pub(super) fn key(number: u8) -> Sha256Digest {
    Sha256Digest::of(&[number])
}

pub(super) fn image(number: u8) -> ImageIdentifier {
    ImageIdentifier::from_sha1([number; 20])
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds).unwrap()
}

/// Trusts the members 1 to 3 and pins nothing.
pub(super) fn trust() -> Trust {
    let members = BTreeMap::from([1, 2, 3].map(|number| (member(number), Confirmations::Believed)));
    Trust { members, ..Trust::default() }
}

pub(super) fn pinning(key_number: u8) -> Trust {
    Trust { endorser_keys: BTreeMap::from([(jane(), BTreeSet::from([key(key_number)]))]), ..trust() }
}

/// The receipt of member `origin` at `admitted` for the raw bytes `raw`.
pub(super) fn receipt(entry: EntryId, raw: &[u8], origin: u8, admitted: u64) -> SignedReceipt {
    let receipt = Receipt {
        entry,
        document: Sha256Digest::of(raw),
        origin: member(origin),
        admitted: Instant::from_unix_ms(admitted),
        confirmation: Confirmation::Unconfirmed,
    };
    let bytes = Bytes::from(format!("{receipt:?}"));
    SignedReceipt { id: AdmissionId::from_digest(Sha256Digest::of(&bytes)), receipt, bytes }
}

/// Entry `number` of jane about image 0 with key `key_number`, endorsed at `created`, admitted by member 1.
pub(super) fn candidate(number: u8, key_number: u8, created: i64) -> Candidate {
    let entry = EntryId::of(&[number], &[key_number]);
    let raw = Bytes::from(vec![number, key_number, 0]);
    Candidate {
        entry,
        at: Coordinates { image: image(0), email: jane(), created: at(created) },
        key: key(key_number),
        certificate_email: CertificateEmail::Stated,
        certificates: Vec::new(),
        legacy: None,
        checksums: Vec::new(),
        subject: format!("CN=key {key_number}"),
        issuer: "CN=issuer".to_owned(),
        description: Description {
            locations: vec!["https://example.org/a".to_owned(), "https://example.org/b".to_owned()],
            ..Description::default()
        },
        receipt: receipt(entry, &raw, 1, u64::from(number) + 1000),
        raw,
        seen: Instant::from_unix_ms(5000),
        scope: Scope::Federated,
        freshness: Freshness::Waived,
        origin_rule: OriginRule::Applies,
        now: at(6),
    }
}

/// Has everything judged by `judge`; what is refused is tried again from `candidates`, as intake would from the copies.
pub(super) async fn rejudge(ledger: &Ledger, judge: impl Into<Judge>, candidates: &[Candidate]) -> Reevaluation {
    ledger.rejudge(judge.into()).await.unwrap();
    settle(ledger, candidates).await
}

/// Does all that waits in the background; gives what it changed.
pub(super) async fn settle(ledger: &Ledger, candidates: &[Candidate]) -> Reevaluation {
    loop {
        match ledger.reevaluate().await.unwrap() {
            Step::Held => (),
            Step::Refusals => {
                for refused in ledger.due_refusals(3).await.unwrap() {
                    let candidate = candidates.iter().find(|one| one.receipt.id == refused.item).unwrap().clone();
                    let StoredRefusal { first_seen: seen, scope, origin_rule, .. } = refused;
                    let _ = ledger.admit(Candidate { seen, scope, origin_rule, ..candidate }).await;
                }
            }
            Step::Done(changed) => return changed.unwrap_or_default(),
        }
    }
}

/// The same entry as member `origin` admitted it, with other bytes around the signature.
pub(super) fn admitted_by(candidate: &Candidate, origin: u8, admitted: u64, variant: u8) -> Candidate {
    let raw = Bytes::from([&candidate.raw[..2], &[variant]].concat());
    Candidate { receipt: receipt(candidate.entry, &raw, origin, admitted), raw, ..candidate.clone() }
}

pub(super) fn about(number: u8, mut candidate: Candidate) -> Candidate {
    candidate.at.image = image(number);
    candidate
}

pub(super) fn open(folder: &Path) -> Ledger {
    Ledger::open(folder, trust()).unwrap()
}

pub(super) async fn holding(folder: &Path, candidates: &[Candidate]) -> Ledger {
    let ledger = open(folder);
    for candidate in candidates {
        ledger.admit(candidate.clone()).await.unwrap();
    }
    ledger
}

/// All current entries that are not contested.
pub(super) fn everything() -> ListFilter {
    ListFilter { status: Status::All, limit: 100, ..ListFilter::default() }
}
