//! What lists show.

use futures::future::join_all;
use proto::entry::EntryId;
use proto::standing::Standing;
use proto::timestamp::Timestamp;
use web::registry::{Column, ColumnFilter, Cursor, ListFilter, Matching, Order, Page, Place, Status};

use super::make::{about, at, candidate, everything, holding, image, jane, open, pinning, rejudge, trust};
use crate::bounds::LEDGER_BATCH_MAX;
use crate::storage::ledger::{Candidate, FILE, Ledger, LedgerError};

fn valid_until(seconds: i64, mut candidate: Candidate) -> Candidate {
    candidate.description.valid = Some(at(seconds));
    candidate
}

fn deprecated(mut candidate: Candidate) -> Candidate {
    candidate.description.deprecated = Some(String::new());
    candidate
}

/// The images of a list, by their number.
pub(super) async fn images(ledger: &Ledger, filter: ListFilter, now: Timestamp) -> Vec<u8> {
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
    for (since, expected) in [(99, vec![new.entry, old.entry]), (100, vec![new.entry]), (200, vec![])] {
        let filter = ListFilter { email: Some(jane()), since: Some(at(since)), ..everything() };
        let page = ledger.list(filter, at(0)).await.unwrap();
        assert_eq!(page.items.iter().map(|summary| summary.entry).collect::<Vec<_>>(), expected, "{since}");
    }
    let timeline = ledger.timeline(image(0), None, 10).await.unwrap();
    assert_eq!(timeline.iter().map(|summary| summary.entry).collect::<Vec<_>>(), [new.entry, old.entry]);
    let then = ledger.timeline(image(0), Some(at(199)), 10).await.unwrap();
    assert_eq!(then.iter().map(|summary| summary.entry).collect::<Vec<_>>(), [old.entry]);
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
    assert_eq!(ledger.timeline(image(0), None, 10).await.unwrap().len(), 2);
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

#[tokio::test]
async fn a_check_finds_entries_that_are_counted_wrongly() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = holding(folder.path(), &[candidate(1, 1, 100), candidate(2, 1, 200)]).await;
    assert!(ledger.check(trust()).await.unwrap().is_clean());
    ledger.close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    file.execute_batch("UPDATE endorser SET current = 2; UPDATE tally SET count = 7;").unwrap();
    drop(file);
    let report = open(folder.path()).check(trust()).await.unwrap();
    assert_eq!(
        report.faults,
        ["images", "jane@example.org"].map(|name| format!("the entries of {name} are counted wrongly"))
    );
}

pub(super) fn described(number: u8, title: &str, os: &str, location: &str) -> Candidate {
    let mut candidate = about(number, candidate(number, 1, 100 + i64::from(number)));
    candidate.description.title = Some(title.to_owned());
    candidate.description.os = Some(os.to_owned());
    candidate.description.locations = vec!["\",\"http://trap".to_owned(), location.to_owned()];
    candidate.description.tags = vec!["Stable \"one\"".to_owned()];
    candidate
}

pub(super) async fn library() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let candidates = [
        described(1, "Web server 7", "Debian", "https://a"),
        described(2, "Database", "CentOS", "pdisk:b"),
        described(3, "web cache", "debian", "PDISK:c"),
        described(4, "Äther 100%", "Ubuntu", "FTP://d"),
    ];
    let ledger = holding(folder.path(), &candidates).await;
    (folder, ledger)
}

pub(super) fn whole(column: Column, text: &str) -> ListFilter {
    let column = ColumnFilter { column, matching: Matching::Whole, text: Column::folded(text) };
    ListFilter { columns: vec![column], ..everything() }
}

pub(super) fn searching(words: &str) -> ListFilter {
    ListFilter { search: words.split(' ').map(str::to_owned).collect(), ..everything() }
}

#[tokio::test]
async fn columns_and_places_narrow_lists_together() {
    let (_folder, ledger) = library().await;
    assert_eq!(images(&ledger, whole(Column::Os, "DEBIAN"), at(0)).await, [3, 1]);
    let on = |place| ListFilter { place: Some(place), ..everything() };
    assert_eq!(images(&ledger, on(Place::Web), at(0)).await, [4, 1]);
    assert_eq!(images(&ledger, on(Place::Pdisk), at(0)).await, [3, 2]);
    let both = ListFilter { place: Some(Place::Pdisk), ..whole(Column::Os, "debian") };
    assert_eq!(images(&ledger, both, at(0)).await, [3]);
    let part = ColumnFilter { column: Column::Title, matching: Matching::Part, text: "web".to_owned() };
    let both = ListFilter { columns: vec![part], place: Some(Place::Web), email: Some(jane()), ..everything() };
    assert_eq!(images(&ledger, both, at(0)).await, [1]);
}

#[tokio::test]
async fn every_term_of_a_search_is_a_part_of_some_text_in_any_case() {
    let (_folder, ledger) = library().await;
    let cases: [(&str, &[u8]); 9] = [
        ("WEB", &[3, 1]),
        ("serv DEB", &[1]),
        ("web 7", &[1]),
        ("7", &[1]),
        ("jane@EXAMPLE", &[4, 3, 2, 1]),
        ("äther", &[4]),
        ("100%", &[4]),
        ("stable centos", &[2]),
        ("web\" OR \"data", &[]),
    ];
    for (words, expected) in cases {
        assert_eq!(images(&ledger, searching(words), at(0)).await, expected, "{words}");
    }
    let sorted = ListFilter { sort: Column::Title, order: Order::Descending, ..searching("web") };
    assert_eq!(images(&ledger, sorted, at(0)).await, [1, 3]);
    let then = ListFilter { created: Some(at(101)), ..searching("SERVER") };
    assert_eq!(images(&ledger, then, at(0)).await, [1]);
}

#[tokio::test]
async fn texts_that_full_batches_leave_are_found_once_less_waits() {
    const ADMITTED: u8 = 200;
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    // All that is to be done waits for the first command, so that it is done in full batches.
    let (release, released) = std::sync::mpsc::channel();
    let first = ledger.writer.write(move |_| released.recv().map_err(|error| LedgerError::Machine(error.to_string())));
    let admitted = join_all((0..ADMITTED).map(|number| ledger.admit(described(number, "late web", "x", "y"))));
    let others = join_all((0..2 * LEDGER_BATCH_MAX).map(|_| ledger.writer.write(|_| Ok::<_, LedgerError>(()))));
    let (_, admitted, ..) = tokio::join!(first, admitted, others, async { release.send(()).unwrap() });
    assert!(admitted.iter().all(Result::is_ok));
    assert_eq!(ledger.list(searching("late web"), at(0)).await.unwrap().total, u64::from(ADMITTED));
}

#[tokio::test]
async fn a_superseded_text_is_found_no_more_and_again_when_it_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let mut old = candidate(1, 1, 100);
    old.description.title = Some("forgotten".to_owned());
    let new = candidate(2, 2, 200);
    let ledger = holding(folder.path(), &[old.clone(), new.clone()]).await;
    assert_eq!(ledger.list(searching("forgotten"), at(0)).await.unwrap().total, 1);
    rejudge(&ledger, pinning(2), &[old.clone(), new.clone()]).await;
    assert_eq!(ledger.list(searching("forgotten"), at(0)).await.unwrap().total, 0);
    rejudge(&ledger, trust(), &[old, new]).await;
    assert_eq!(ledger.list(searching("forgotten"), at(0)).await.unwrap().total, 1);
}

#[tokio::test]
async fn pages_in_every_order_have_neither_gaps_nor_duplicates() {
    let folder = tempfile::tempdir().unwrap();
    let candidates: Vec<_> = (0..25)
        .map(|number| {
            let mut one = described(number, &format!("T{}", number % 3), "Os", "x");
            one.at.created = at(i64::from(number / 7));
            one.description.kind = (number % 2 == 0).then(|| "machine".to_owned());
            one
        })
        .collect();
    let ledger = holding(folder.path(), &candidates).await;
    for sort in Column::ALL {
        for order in [Order::Ascending, Order::Descending] {
            let mut filter = ListFilter { sort, order, ..everything() };
            let whole = ledger.list(filter.clone(), at(0)).await.unwrap().items;
            let places: Vec<_> = whole.iter().map(|one| (sort.key(one), one.at.created, one.entry)).collect();
            assert!(places.is_sorted_by(|a, b| if order == Order::Ascending { a < b } else { a > b }), "{sort}");
            let mut paged = Vec::new();
            filter.limit = 4;
            loop {
                let page = ledger.list(filter.clone(), at(0)).await.unwrap();
                assert_eq!(page.total, 25);
                paged.extend(page.items);
                filter.after = page.next;
                if filter.after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, whole, "{sort} {order}");
            let skipping = ListFilter { skipped: 20, after: None, limit: 100, sort, order, ..everything() };
            assert_eq!(ledger.list(skipping, at(0)).await.unwrap().items, whole[20..], "{sort} {order}");
        }
    }
}

#[tokio::test]
async fn what_was_current_and_valid_at_a_moment_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (valid_until(150, candidate(1, 1, 100)), candidate(2, 1, 200));
    let contested = candidate(3, 2, 120);
    let ledger = holding(folder.path(), &[old.clone(), new.clone(), contested]).await;
    for (then, expected) in [(99, vec![]), (100, vec![old.entry]), (150, vec![]), (200, vec![new.entry])] {
        let filter = ListFilter { image: Some(image(0)), at: Some(at(then)), status: Status::Valid, ..everything() };
        let page = ledger.list(filter, at(1000)).await.unwrap();
        assert_eq!(page.items.iter().map(|one| one.entry).collect::<Vec<_>>(), expected, "{then}");
    }
}

#[tokio::test]
async fn a_list_of_a_moment_is_the_list_of_a_ledger_of_then() {
    let candidates: Vec<_> = (0..24)
        .map(|number| about(number % 5, candidate(number, 1, 100 + 10 * i64::from(number * 7 % 24 / 2))))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let ledger = holding(folder.path(), &candidates).await;
    for then in [99, 100, 145, 150, 1000] {
        let of_then: Vec<_> = candidates.iter().filter(|one| one.at.created <= at(then)).cloned().collect();
        let other = tempfile::tempdir().unwrap();
        let expected = holding(other.path(), &of_then).await.list(everything(), at(then)).await.unwrap();
        let filter = ListFilter { at: Some(at(then)), ..everything() };
        let listed = ledger.list(filter.clone(), at(2000)).await.unwrap();
        assert_eq!(entries(&listed), entries(&expected), "{then}");
        assert_eq!(listed.total, expected.total, "{then}");
        let Some(first) = listed.items.first() else { continue };
        let after = Some(Cursor { key: String::new(), created: first.at.created, entry: first.entry });
        let page = ledger.list(ListFilter { after, ..filter }, at(2000)).await.unwrap();
        assert_eq!(entries(&page), entries(&listed)[1..], "{then}");
    }
    assert!(ledger.check(trust()).await.unwrap().is_clean());
}

fn entries(page: &Page) -> Vec<EntryId> {
    page.items.iter().map(|summary| summary.entry).collect()
}

#[tokio::test]
async fn a_column_is_folded_here_as_cursors_fold_it() {
    let folder = tempfile::tempdir().unwrap();
    let title = "ÄB ".repeat(40);
    let ledger = holding(folder.path(), &[described(1, &title, "x", "y")]).await;
    assert_eq!(images(&ledger, whole(Column::Title, &title), at(0)).await, [1]);
    ledger.close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    let key: String = file.query_row("SELECT title_key FROM entry", (), |row| row.get(0)).unwrap();
    assert_eq!(key, Column::folded(&title));
}
