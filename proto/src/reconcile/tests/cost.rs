//! What reconciliation costs, counted in bytes, rounds and visits of nodes and items.

use super::reference::reference_cost;
use super::*;
use crate::reconcile::tree::visits;

const LIMITS: (usize, usize) = (65_536, 65_536);
const MILLION: u64 = 1_000_000;
/// 2026-11-22T00:00:00Z: moments as long as real ones.
const NOW_MS: u64 = 1_795_305_600_000;
/// Five years of entries.
const AGE_MS: u64 = 5 * 365 * 86_400_000;

fn historic(number: u64) -> Item {
    item(NOW_MS - AGE_MS + mixed(number) % AGE_MS, number)
}

fn history(count: u64) -> Vec<Item> {
    let mut items: Vec<_> = (0..count).map(historic).collect();
    items.sort_unstable();
    items
}

#[test]
fn equal_sets_of_a_million_take_one_round_and_400_bytes() {
    let set: ItemSet = history(MILLION).into_iter().collect();
    let (outcome, visits) = visits(|| reconcile(&set, &set, LIMITS));
    assert_eq!((outcome.rounds, outcome.have.len(), outcome.need.len()), (1, 0, 0));
    assert!(outcome.bytes <= 400, "{} bytes", outcome.bytes);
    assert!(visits <= 500, "{visits} visits");
}

#[test]
fn the_hundred_newest_of_a_million_are_found_within_6_kilobytes() {
    let items = history(MILLION);
    let theirs: ItemSet = items.iter().copied().collect();
    let ours: ItemSet = items[..items.len() - 100].iter().copied().collect();
    let missed: BTreeSet<_> = items[items.len() - 100..].iter().map(|item| item.id).collect();
    let down = reconcile(&ours, &theirs, LIMITS);
    assert_eq!(down.need, missed);
    assert!(down.bytes <= 5_500, "{} bytes in {} rounds", down.bytes, down.rounds);
    let up = reconcile(&theirs, &ours, LIMITS);
    assert_eq!(up.have, missed);
    assert!(up.bytes <= 5_500, "{} bytes in {} rounds", up.bytes, up.rounds);
}

#[test]
fn scattered_differences_cost_no_more_than_they_cost_the_reference() {
    let theirs: ItemSet = history(100_000).into_iter().collect();
    let mut ours = theirs.clone();
    (0..1000).for_each(|number| ours.remove(&id(number * 97)));
    let outcome = reconcile(&ours, &theirs, LIMITS);
    assert_eq!(outcome.need.len(), 1000);
    let (bytes, rounds) = reference_cost(&ours, &theirs, 65_536);
    assert!(outcome.bytes <= bytes, "{} bytes, the reference takes {bytes}", outcome.bytes);
    assert!(outcome.rounds <= rounds + 1, "{} rounds, the reference takes {rounds}", outcome.rounds);
}

#[test]
fn a_change_of_a_million_visits_a_path_of_nodes() {
    let mut set: ItemSet = history(MILLION).into_iter().collect();
    let mut most = 0;
    for number in MILLION..MILLION + 2_000 {
        // Whoever holds a copy makes the change copy its path.
        let copy = set.clone();
        let ((), inserting) = visits(|| set.insert(historic(number)));
        let (_, looking) = visits(|| set.contains(&id(number)));
        let ((), removing) = visits(|| set.remove(&id(number - 700_000)));
        assert_eq!((copy.len(), set.len()), (1_000_000, 1_000_000));
        most = most.max(inserting).max(looking).max(removing);
    }
    assert!(most <= 80, "{most} visits");
}

#[test]
fn a_copy_visits_nothing() {
    let set: ItemSet = (0..10_000).map(historic).collect();
    assert_eq!(visits(|| set.clone()).1, 0);
}
