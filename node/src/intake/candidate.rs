//! From a verified entry with an admission to what the ledger keeps.

use bytes::Bytes;
use proto::admission::Admission;
use proto::document::Document;
use proto::entry::Entry;
use proto::timestamp::Instant;
use web::registry::{Coordinates, Scope};

use crate::storage::ledger::{self, Candidate, Description, Freshness, OriginRule, SignedReceipt};

/// Who brings an entry, when, and by which rules it is kept.
pub(super) struct Manner {
    pub(super) seen: Instant,
    pub(super) now: Instant,
    pub(super) scope: Scope,
    pub(super) freshness: Freshness,
    pub(super) origin_rule: OriginRule,
}

pub(super) fn of(entry: &Entry, admission: &Admission, raw: Bytes, manner: &Manner) -> Candidate {
    Candidate {
        entry: entry.id(),
        at: coordinates(entry.document()),
        key: entry.certificate().key_sha256(),
        certificate_email: entry.certificate_email(),
        certificates: entry.certificates().cloned().collect(),
        legacy: entry.legacy().map(str::to_owned),
        checksums: entry.document().checksums().to_vec(),
        subject: entry.certificate().subject().to_owned(),
        issuer: entry.certificate().issuer().to_owned(),
        description: description(entry.document()),
        raw,
        receipt: SignedReceipt {
            id: admission.id(),
            receipt: admission.receipt().clone(),
            bytes: Bytes::copy_from_slice(&admission.to_bytes()),
        },
        seen: manner.seen,
        scope: manner.scope,
        freshness: manner.freshness,
        origin_rule: manner.origin_rule,
        now: manner.now.timestamp(),
    }
}

pub(super) fn coordinates(document: &Document) -> Coordinates {
    Coordinates { image: document.identifier(), email: document.email().clone(), created: document.created() }
}

fn description(document: &Document) -> Description {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Description {
        deprecated: owned(document.deprecated()),
        valid: document.valid(),
        title: owned(document.title()),
        description: owned(document.description()),
        kind: owned(document.kind().or(Some(document.kind_of_resource()))),
        os: owned(document.os()),
        os_version: owned(document.os_version()),
        os_arch: owned(document.os_arch()),
        version: owned(document.version()),
        bytes: document.bytes(),
        locations: document.locations().to_vec(),
        tags: document.tags().to_vec(),
        relations: ledger::relations(document),
    }
}
