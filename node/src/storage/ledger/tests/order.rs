//! The order in which entries and admissions come changes nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proto::admission::Confirmation;
use proto::standing::Claim;
use proto::view;

use super::make::{about, admitted_by, candidate, open, pinning, trust};
use crate::storage::ledger::{Candidate, Ledger, Stored};

/// One of a few entries about a few images with a few keys, admitted by some node at some moment.
fn any_candidate() -> impl Strategy<Value = Candidate> {
    let admission = (1..5_u8, 0..50_u64, 0..2_u8);
    (0..6_u8, 0..3_u8, admission).prop_map(|(number, key, (origin, admitted, variant))| {
        // All that an entry says follows from its number and key, as it does from its octets.
        let entry = about(number % 2, candidate(number, key, i64::from(number % 4) * 100));
        let mut candidate = admitted_by(&entry, origin, admitted, variant);
        if admitted % 7 == 0 {
            candidate.receipt.receipt.confirmation = Confirmation::Confirmed;
        }
        candidate
    })
}

/// What does not depend on the order of arrival.
fn essence(stored: Vec<Stored>) -> Vec<Stored> {
    let without_seq = stored.into_iter().map(|stored| (stored.claim.entry, Stored { seq: 0, ..stored }));
    without_seq.collect::<BTreeMap<_, _>>().into_values().collect()
}

async fn fill(ledger: &Ledger, candidates: &[Candidate]) {
    for candidate in candidates {
        ledger.admit(candidate.clone()).await.unwrap();
    }
}

async fn outcome(candidates: &[Candidate]) -> Vec<Stored> {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    fill(&ledger, candidates).await;
    let mut items = ledger.items().await.unwrap();
    items.sort();
    let stored = ledger.stored_after(0, 1000).await.unwrap();
    let claims: Vec<Claim> = stored.iter().map(|stored| stored.claim.clone()).collect();
    let view = view::fold(&claims, &trust());
    for stored in &stored {
        assert_eq!(view[&stored.claim.entry], stored.placement);
    }
    assert_eq!(items.len(), claims.iter().map(|claim| claim.witnesses.len()).sum::<usize>());
    ledger.retrust(pinning(0)).await.unwrap();
    assert!(ledger.check(pinning(0)).await.unwrap().is_clean());
    essence(stored)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_gives_the_view_of_the_fold(
        (candidates, shuffled) in proptest::collection::vec(any_candidate(), 1..16)
            .prop_flat_map(|candidates| (Just(candidates.clone()), Just(candidates).prop_shuffle())),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (forward, other) = runtime.block_on(async { (outcome(&candidates).await, outcome(&shuffled).await) });
        prop_assert_eq!(forward, other);
    }
}
