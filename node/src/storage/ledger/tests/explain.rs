//! What an explanation tells.

use proto::crypto::ChainError;
use proto::standing::{Reason, Standing};
use web::registry::{Explained, Listing};

use super::make::{admitted_by, at, candidate, member};
use super::trust::{CREATED, FORGED_WITH_ADDRESS, WITH_ADDRESS, anchored, carrying};
use crate::storage::ledger::{Candidate, Judge, Ledger};

async fn explained(ledger: &Ledger, entry: &Candidate, judge: &Judge) -> Explained {
    ledger.explain(entry.entry, judge.clone()).await.unwrap().expect("it is held")
}

#[tokio::test]
async fn an_explanation_tells_reason_chain_admissions_and_supersession() {
    let folder = tempfile::tempdir().unwrap();
    let judge = anchored(super::make::trust());
    let ledger = Ledger::open(folder.path(), judge.clone()).unwrap();
    let (old, new) = (candidate(1, 1, CREATED), candidate(2, 1, CREATED + 1));
    let copies = [carrying(&new, WITH_ADDRESS, 2), carrying(&new, FORGED_WITH_ADDRESS, 1)];
    for candidate in [carrying(&old, WITH_ADDRESS, 1)].iter().chain(&copies) {
        ledger.admit(candidate.clone()).await.unwrap();
    }
    let told = explained(&ledger, &new, &judge).await;
    assert_eq!((told.standing.standing, &told.standing.reason), (Some(Standing::Certified), &Reason::CertifiedEmail));
    assert_eq!((told.listing, told.superseded_by, &told.supersedes), (Listing::Listed, None, &vec![old.entry]));
    assert_eq!(told.witnesses.iter().map(|witness| witness.origin).collect::<Vec<_>>(), [member(1), member(2)]);
    let chains: Vec<_> =
        told.documents.iter().map(|one| one.chain.as_ref().map(|chain| chain.certificates().len())).collect();
    assert_eq!(chains[0], Ok(2));
    assert!(
        matches!(
            chains[1],
            Err(ChainError::UnfitIssuer { .. } | ChainError::NoIssuer { .. } | ChainError::Refused { .. })
        ),
        "{chains:?}"
    );

    let told = explained(&ledger, &old, &judge).await;
    assert_eq!((told.listing, told.superseded_by), (Listing::Superseded, Some(new.entry)));
}

#[tokio::test]
async fn an_explanation_tells_why_an_entry_is_not_listed() {
    let folder = tempfile::tempdir().unwrap();
    let judge = Judge { now: at(CREATED), ..anchored(super::make::trust()) };
    let ledger = Ledger::open(folder.path(), judge.clone()).unwrap();
    let bare = |number: u8, image: u8| {
        let entry = super::make::about(image, candidate(number, 1, CREATED));
        carrying(&entry, FORGED_WITH_ADDRESS, 1)
    };
    let (mut expired, mut deprecated) = (bare(1, 1), bare(2, 2));
    expired.description.valid = Some(at(CREATED - 1));
    deprecated.description.deprecated = Some("old".to_owned());
    let mut contested = Candidate { key: super::make::key(9), ..bare(3, 3) };
    contested = admitted_by(&contested, 1, 90_000, 1);
    for (entry, listing) in [
        (&expired, Listing::Expired(at(CREATED - 1))),
        (&deprecated, Listing::Deprecated),
        (&contested, Listing::Contested),
    ] {
        ledger.admit(entry.clone()).await.unwrap();
        assert_eq!(explained(&ledger, entry, &judge).await.listing, listing);
    }
    assert_eq!(ledger.explain(candidate(77, 1, 1).entry, judge).await, Ok(None));
}
