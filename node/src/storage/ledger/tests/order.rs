//! Neither the order in which admissions come nor the settings of former times change what is held in the end.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proto::admission::{AdmissionId, Confirmation};
use proto::signature::Algorithms;
use proto::standing::{CertificateEmail, Claim};
use proto::timestamp::Instant;
use proto::trust::{BareEntries, Confirmations, Policy, Trust};
use proto::view;
use web::registry::Scope;

use super::make::{about, admitted_by, candidate, image, member, pinning, rejudge, settle, trust};
use crate::storage::ledger::{Candidate, Judge, Ledger, Stored};

/// One of a few entries about a few images with a few keys, admitted by some node at some moment.
///
/// What an entry says follows from its number and key, as it does from its octets; what a copy proves follows from the
/// node that admitted it, which has one.
fn any_candidate() -> impl Strategy<Value = Candidate> {
    let admission = (1..5_u8, 0..50_u64);
    (0..6_u8, 0..3_u8, admission).prop_map(|(number, key, (origin, admitted))| {
        let entry = about(number % 2, candidate(number, key, i64::from(number % 4) * 100));
        let mut candidate = admitted_by(&entry, origin, admitted, origin);
        if admitted % 7 == 0 {
            candidate.receipt.receipt.confirmation = Confirmation::Confirmed;
        }
        if origin == 2 {
            candidate.certificate_email = CertificateEmail::Absent;
        }
        candidate.legacy = (origin == 3).then(|| "rsa-sha1".to_owned());
        candidate.scope = if number == 5 { Scope::Local } else { Scope::Federated };
        candidate.checksums = vec![format!("SHA-1:{number:02x}").parse().unwrap()];
        candidate
    })
}

fn any_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    proptest::collection::vec(any_candidate(), 1..16)
}

fn any_trust() -> impl Strategy<Value = Trust> {
    let lists = (0..3_u8, 0..8_u8, 0..4_u8);
    (0..5_u8, any::<[bool; 3]>(), lists).prop_map(|(pinned, [bare, legacy, believed], (denied_image, sum, denied))| {
        let mut trust = pinning(pinned);
        let confirmations = if believed { Confirmations::Believed } else { Confirmations::Disregarded };
        trust.members.insert(member(1), confirmations);
        trust.policy = Policy {
            bare: if bare { BareEntries::Accepted } else { BareEntries::Refused },
            algorithms: if legacy { Algorithms::Legacy } else { Algorithms::Modern },
            checksums_deny: BTreeSet::from([format!("sha1:{sum:02X}").parse().unwrap()]),
            images_deny: BTreeSet::from([image(denied_image)]),
            endorsers_deny: (denied < 3).then(|| format!("CN=key {denied}").parse().unwrap()).into_iter().collect(),
            ..Policy::default()
        };
        trust
    })
}

/// What does not depend on the order of arrival.
#[derive(Debug, PartialEq)]
struct Essence {
    stored: Vec<Stored>,
    scopes: Vec<(Scope, Instant)>,
    items: BTreeSet<AdmissionId>,
    refused: BTreeSet<AdmissionId>,
}

async fn essence(ledger: &Ledger, trust: &Trust) -> Essence {
    let stored = ledger.stored_after(0, 1000).await.unwrap();
    let claims: Vec<Claim> = stored.iter().map(|stored| stored.claim.clone()).collect();
    let view = view::fold(&claims, trust);
    for stored in &stored {
        assert_eq!(view[&stored.claim.entry], stored.placement);
    }
    let without_seq = stored.into_iter().map(|stored| (stored.claim.entry, Stored { seq: 0, ..stored }));
    let stored: Vec<Stored> = without_seq.collect::<BTreeMap<_, _>>().into_values().collect();
    let mut scopes = Vec::new();
    for stored in &stored {
        let held = ledger.entry(stored.claim.entry).await.unwrap().unwrap();
        assert_eq!(held.admissions.len(), stored.claim.witnesses.len());
        scopes.push((held.summary.scope, held.first_seen));
    }
    assert!(ledger.check(trust.clone()).await.unwrap().is_clean());
    let items = ledger.items().await.unwrap().into_iter().map(|item| item.id).collect();
    let refusals = ledger.refusals(0, 1000).await.unwrap();
    Essence { stored, scopes, items, refused: refusals.into_iter().map(|refusal| refusal.item).collect() }
}

async fn fill(ledger: &Ledger, candidates: &[Candidate]) {
    for candidate in candidates {
        // A refusal is remembered.
        let _ = ledger.admit(candidate.clone()).await;
    }
}

/// A ledger that judged by `trust` from the beginning.
async fn fresh(candidates: &[Candidate], trust: &Trust) -> Essence {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path(), trust.clone()).unwrap();
    fill(&ledger, candidates).await;
    settle(&ledger, candidates).await;
    essence(&ledger, trust).await
}

/// A ledger whose operator changed the settings as the entries came, and whose node ended in the middle of it.
async fn changed(candidates: &[Candidate], settings: &[Trust], last: &Trust) -> Essence {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path(), trust()).unwrap();
    let parts = candidates.len().div_ceil(settings.len() + 1);
    let mut parts = candidates.chunks(parts.max(1));
    for (number, settings) in settings.iter().enumerate() {
        fill(&ledger, parts.next().unwrap_or_default()).await;
        match number % 3 {
            0 => drop(rejudge(&ledger, settings.clone(), candidates).await),
            1 => ledger.rejudge(Judge::from(settings.clone())).await.unwrap(),
            _ => {
                ledger.rejudge(Judge::from(settings.clone())).await.unwrap();
                ledger.reevaluate().await.unwrap();
                ledger.close().await;
                ledger = Ledger::open(folder.path(), settings.clone()).unwrap();
            }
        }
    }
    parts.for_each(drop);
    fill(&ledger, candidates).await;
    rejudge(&ledger, last.clone(), candidates).await;
    essence(&ledger, last).await
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_gives_the_view_of_the_fold(
        (candidates, shuffled) in any_candidates()
            .prop_flat_map(|candidates| (Just(candidates.clone()), Just(candidates).prop_shuffle())),
        trust in any_trust(),
    ) {
        let (forward, other) = run(async { (fresh(&candidates, &trust).await, fresh(&shuffled, &trust).await) });
        prop_assert_eq!(forward, other);
    }

    #[test]
    fn settings_changed_back_and_forth_leave_what_the_last_ones_alone_would(
        candidates in any_candidates(),
        settings in proptest::collection::vec(any_trust(), 1..6),
        last in any_trust(),
    ) {
        let (alone, after) = run(async {
            (fresh(&candidates, &last).await, changed(&candidates, &settings, &last).await)
        });
        prop_assert_eq!(alone, after);
    }
}
