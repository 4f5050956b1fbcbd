//! What lists show.

use proto::standing::Standing;
use proto::timestamp::Timestamp;
use web::registry::{ListFilter, Status};

use super::make::{about, at, candidate, everything, holding, image, jane};
use crate::storage::ledger::{Candidate, Ledger};

fn valid_until(seconds: i64, mut candidate: Candidate) -> Candidate {
    candidate.description.valid = Some(at(seconds));
    candidate
}

fn deprecated(mut candidate: Candidate) -> Candidate {
    candidate.description.deprecated = Some(String::new());
    candidate
}

/// The images of a list, by their number.
async fn images(ledger: &Ledger, filter: ListFilter, now: Timestamp) -> Vec<u8> {
    let page = ledger.list(filter, now).await.unwrap();
    assert_eq!(page.total, u64::try_from(page.items.len()).unwrap());
    page.items.iter().map(|summary| summary.at.image.sha1()[0]).collect()
}

#[tokio::test]
async fn each_status_shows_its_own_and_all_shows_every_current_one() {
    let folder = tempfile::tempdir().unwrap();
    let candidates = [
        about(1, candidate(1, 1, 100)),
        about(2, valid_until(1000, candidate(2, 1, 200))),
        about(3, valid_until(500, candidate(3, 1, 300))),
        about(4, deprecated(valid_until(500, candidate(4, 1, 400)))),
    ];
    let ledger = holding(folder.path(), &candidates).await;
    let of = |status| ListFilter { status, ..everything() };
    assert_eq!(images(&ledger, of(Status::Valid), at(500)).await, [2, 1]);
    assert_eq!(images(&ledger, of(Status::Expired), at(500)).await, [3]);
    assert_eq!(images(&ledger, of(Status::Deprecated), at(500)).await, [4]);
    assert_eq!(images(&ledger, of(Status::All), at(500)).await, [4, 3, 2, 1]);
    assert_eq!(images(&ledger, of(Status::Valid), at(499)).await, [3, 2, 1]);
    let counts = ledger.counts(at(500)).await.unwrap();
    assert_eq!((counts.valid, counts.expired, counts.deprecated), (2, 1, 1));
}

#[tokio::test]
async fn superseded_entries_are_listed_by_their_moment_only() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (candidate(1, 1, 100), candidate(2, 1, 200));
    let ledger = holding(folder.path(), &[old.clone(), new.clone()]).await;
    let page = ledger.list(everything(), at(0)).await.unwrap();
    assert_eq!(page.items.iter().map(|summary| summary.entry).collect::<Vec<_>>(), [new.entry]);
    let page = ledger.list(ListFilter { created: Some(at(100)), ..everything() }, at(0)).await.unwrap();
    assert_eq!(page.items[0].entry, old.entry);
    assert_eq!(page.items[0].superseded_by, Some(new.entry));
    let timeline = ledger.timeline(image(0), 10).await.unwrap();
    assert_eq!(timeline.iter().map(|summary| summary.entry).collect::<Vec<_>>(), [new.entry, old.entry]);
    assert_eq!(ledger.counts(at(0)).await.unwrap().superseded, 1);
}

#[tokio::test]
async fn contested_entries_are_in_timelines_and_listed_on_request_only() {
    let folder = tempfile::tempdir().unwrap();
    let (bare, contested) = (candidate(1, 1, 100), candidate(2, 2, 200));
    let ledger = holding(folder.path(), &[bare.clone(), contested.clone()]).await;
    for created in [None, Some(at(200))] {
        let page = ledger.list(ListFilter { created, ..everything() }, at(0)).await.unwrap();
        assert!(page.items.iter().all(|summary| summary.entry == bare.entry));
    }
    let asked = ListFilter { standing: Some(Standing::Contested), ..everything() };
    let page = ledger.list(asked, at(0)).await.unwrap();
    assert_eq!(page.items.iter().map(|summary| summary.entry).collect::<Vec<_>>(), [contested.entry]);
    assert_eq!(ledger.timeline(image(0), 10).await.unwrap().len(), 2);
    assert_eq!(ledger.counts(at(0)).await.unwrap().contested, 1);
}

#[tokio::test]
async fn pages_have_neither_gaps_nor_duplicates_even_within_one_second() {
    let folder = tempfile::tempdir().unwrap();
    let candidates: Vec<_> = (0..25).map(|number| about(number, candidate(number, 1, i64::from(number / 7)))).collect();
    let ledger = holding(folder.path(), &candidates).await;
    let whole = ledger.list(everything(), at(0)).await.unwrap();
    let mut paged = Vec::new();
    let mut filter = ListFilter { limit: 4, ..everything() };
    loop {
        let page = ledger.list(filter.clone(), at(0)).await.unwrap();
        assert_eq!(page.total, 25);
        paged.extend(page.items);
        match page.next {
            Some(next) => filter.after = Some(next),
            None => break,
        }
    }
    assert_eq!(paged, whole.items);
    assert_eq!(paged.len(), 25);
}

#[tokio::test]
async fn every_combination_of_coordinates_finds_the_entry() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = about(3, candidate(3, 1, 300));
    let ledger = holding(folder.path(), &[about(1, candidate(1, 1, 100)), wanted.clone()]).await;
    for bits in 0..8_u8 {
        let filter = ListFilter {
            image: (bits & 1 != 0).then(|| image(3)),
            email: (bits & 2 != 0).then(jane),
            created: (bits & 4 != 0).then(|| at(300)),
            ..everything()
        };
        let page = ledger.list(filter.clone(), at(0)).await.unwrap();
        assert_eq!(page.items[0].entry, wanted.entry, "{filter:?}");
    }
}

#[tokio::test]
async fn an_endorser_is_shown_by_its_strongest_standing() {
    let folder = tempfile::tempdir().unwrap();
    let candidates = [candidate(1, 1, 100), candidate(2, 1, 200), candidate(3, 2, 300)];
    let ledger = holding(folder.path(), &candidates).await;
    let endorsers = ledger.endorsers(None, 10).await.unwrap();
    assert_eq!(endorsers.len(), 1);
    let endorser = &endorsers[0];
    assert_eq!((endorser.entries, endorser.current, endorser.standing), (3, 1, Standing::Bare));
    assert_eq!((endorser.subject.as_str(), endorser.latest), ("CN=key 1", at(300)));
    assert_eq!(ledger.endorsers(Some(jane()), 10).await.unwrap(), []);
}
