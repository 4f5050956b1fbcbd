//! What became of images, and what stands under tags.

use proto::timestamp::Timestamp;
use web::registry::{Related, Relation};

use super::make::{about, at, candidate, holding, image, jane};
use crate::storage::ledger::{Candidate, FILE, Ledger};

/// Entry `number` about the image of that number, which stands so to others.
fn naming(number: u8, relations: &[(Relation, u8)]) -> Candidate {
    let mut candidate = about(number, candidate(number, 1, 100 + i64::from(number)));
    candidate.description.relations = relations.iter().map(|(relation, other)| (*relation, image(*other))).collect();
    candidate
}

fn tagged(number: u8, image: u8, tags: &[&str]) -> Candidate {
    let mut candidate = about(image, candidate(number, 1, 100 + i64::from(number)));
    candidate.description.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
    candidate
}

/// The images that belong to image `number`, by how they do and over how many steps.
async fn related(ledger: &Ledger, number: u8, limit: usize) -> Vec<(Relation, u8, usize)> {
    related_at(ledger, number, None, limit).await
}

async fn related_at(ledger: &Ledger, number: u8, then: Option<Timestamp>, limit: usize) -> Vec<(Relation, u8, usize)> {
    let related = ledger.related(image(number), then, limit).await.unwrap();
    let shown = |one: &Related| (one.relation, one.image.sha1()[0], one.steps);
    related.iter().map(shown).collect()
}

/// The image under a tag of jane.
async fn under(ledger: &Ledger, tag: &str) -> Option<u8> {
    let held = ledger.tagged(jane(), tag.to_owned()).await.unwrap();
    held.map(|held| held.summary.at.image.sha1()[0])
}

#[tokio::test]
async fn replacements_are_followed_both_ways_whoever_states_them() {
    use Relation::{Original, Replaced, Replacing, Version};
    let folder = tempfile::tempdir().unwrap();
    let candidates =
        [naming(1, &[(Replacing, 2)]), naming(2, &[]), naming(3, &[(Replaced, 2)]), naming(4, &[(Original, 3)])];
    let ledger = holding(folder.path(), &candidates).await;
    assert_eq!(related(&ledger, 1, 10).await, [(Replacing, 2, 1), (Replacing, 3, 2)]);
    assert_eq!(related(&ledger, 2, 10).await, [(Replaced, 1, 1), (Replacing, 3, 1)]);
    assert_eq!(related(&ledger, 3, 10).await, [(Replaced, 2, 1), (Version, 4, 1), (Replaced, 1, 2)]);
    assert_eq!(related(&ledger, 4, 10).await, [(Original, 3, 1)]);
    assert_eq!(related(&ledger, 3, 2).await.len(), 2);
}

#[tokio::test]
async fn images_that_replace_each_other_in_a_circle_are_each_found_once() {
    use Relation::{Replaced, Replacing};
    let folder = tempfile::tempdir().unwrap();
    let candidates = [naming(1, &[(Replaced, 3)]), naming(2, &[(Replaced, 1)]), naming(3, &[(Replaced, 2)])];
    let ledger = holding(folder.path(), &candidates).await;
    let mut found = related(&ledger, 1, 100).await;
    found.sort_unstable();
    assert_eq!(found, [(Replaced, 2, 2), (Replaced, 3, 1), (Replacing, 2, 1), (Replacing, 3, 2)]);
}

#[tokio::test]
async fn what_a_superseded_entry_said_of_other_images_counts_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (naming(1, &[(Relation::Replacing, 9)]), about(1, candidate(2, 1, 200)));
    let ledger = holding(folder.path(), &[old, new]).await;
    assert_eq!(related(&ledger, 1, 10).await, []);
    assert_eq!(related(&ledger, 9, 10).await, []);
}

#[tokio::test]
async fn what_was_said_of_other_images_at_a_moment_is_what_was_current_then() {
    use Relation::{Replaced, Replacing};
    let folder = tempfile::tempdir().unwrap();
    let old = naming(1, &[(Replacing, 9)]);
    let mut new = about(1, candidate(2, 1, 200));
    new.description.relations = vec![(Replacing, image(8))];
    let ledger = holding(folder.path(), &[old, new]).await;
    for (then, found) in [(100, vec![]), (101, vec![(Replacing, 9, 1)]), (199, vec![(Replacing, 9, 1)])] {
        assert_eq!(related_at(&ledger, 1, Some(at(then)), 10).await, found, "{then}");
    }
    assert_eq!(related_at(&ledger, 1, Some(at(200)), 10).await, [(Replacing, 8, 1)]);
    assert_eq!(related_at(&ledger, 9, Some(at(150)), 10).await, [(Replaced, 1, 1)]);
    assert_eq!(related_at(&ledger, 9, Some(at(200)), 10).await, []);
}

#[tokio::test]
async fn the_newest_image_stands_under_a_tag_unless_one_of_its_tagged_entries_is_deprecated() {
    let folder = tempfile::tempdir().unwrap();
    let mut deprecated = tagged(3, 2, &["stable"]);
    deprecated.description.deprecated = Some(String::new());
    let ledger = holding(folder.path(), &[tagged(1, 1, &["stable", "old"]), tagged(2, 2, &["stable"])]).await;
    assert_eq!((under(&ledger, "stable").await, under(&ledger, "old").await), (Some(2), Some(1)));
    ledger.admit(deprecated).await.unwrap();
    assert_eq!(under(&ledger, "stable").await, Some(1));
    assert_eq!(under(&ledger, "unknown").await, None);
}

#[tokio::test]
async fn a_stranger_who_contests_an_address_puts_nothing_under_its_tags() {
    let folder = tempfile::tempdir().unwrap();
    let mut contested = about(1, candidate(9, 2, 900));
    contested.description.tags = vec!["stable".to_owned(), "mine".to_owned()];
    let ledger = holding(folder.path(), &[tagged(1, 1, &["stable"]), contested]).await;
    let newest = ledger.tagged(jane(), "stable".to_owned()).await.unwrap().unwrap();
    assert_eq!(newest.summary.at.created.unix_seconds(), 101);
    let tags = ledger.tags(jane(), String::new(), 10).await.unwrap();
    assert_eq!(tags.iter().map(|tag| (tag.name.as_str(), tag.entries)).collect::<Vec<_>>(), [("stable", 1)]);
}

#[tokio::test]
async fn tags_go_with_their_entries_and_are_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(256);
    let ledger = holding(folder.path(), &[tagged(1, 1, &["b", "a", "b", &long]), tagged(2, 1, &["c"])]).await;
    let names = async |after: &str, limit| {
        let tags = ledger.tags(jane(), after.to_owned(), limit).await.unwrap();
        tags.into_iter().map(|tag| tag.name).collect::<Vec<_>>()
    };
    assert_eq!(names("", 10).await, ["a", "b", "c"]);
    assert_eq!(names("a", 1).await, ["b"]);
    ledger.close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    file.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM entry;").unwrap();
    let left: i64 = file.query_row("SELECT COUNT(*) FROM tag", (), |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}
