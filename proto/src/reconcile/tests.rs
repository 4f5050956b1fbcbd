//! Reconciliation from the first frame to the last, by sets that stay and by sets that change.

mod cost;
mod hostile;
mod reference;
mod trees;

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;

use super::round::FRAME_BYTES_MIN;
use super::*;
use crate::bounds::{RECONCILE_HAVE_MAX, RECONCILE_ROUNDS_MAX};

/// What a whole reconciliation came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    have: BTreeSet<AdmissionId>,
    need: BTreeSet<AdmissionId>,
    rounds: u32,
    /// Bytes of all frames, up and down.
    bytes: usize,
}

/// A number that looks like chance.
fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

fn id(number: u64) -> AdmissionId {
    let mut bytes = [0; 32];
    for (lane, bytes) in (0..).zip(bytes.as_chunks_mut::<8>().0) {
        *bytes = mixed(number * 4 + lane).to_be_bytes();
    }
    AdmissionId::from_digest(Sha256Digest::from_bytes(bytes))
}

fn item(admitted_ms: u64, number: u64) -> Item {
    Item { admitted: Instant::from_unix_ms(admitted_ms), id: id(number) }
}

/// Items of which many share a moment, and some come at the end of time.
fn clashing(numbers: Range<u64>, moments: u64) -> impl Iterator<Item = Item> {
    let moment = move |number: u64| match number % 97 {
        0 => u64::MAX - number % 2,
        _ => number * 31 % moments,
    };
    numbers.map(move |number| item(moment(number), number))
}

/// Reconciles a set with one that `between` may change after each round.
fn reconcile_with(
    ours: &ItemSet,
    theirs: &mut ItemSet,
    limits: (usize, usize),
    mut between: impl FnMut(&mut ItemSet),
) -> Outcome {
    let (mut initiator, mut frame) = ours.start(limits.0);
    let mut outcome = Outcome::default();
    for round in 1..=RECONCILE_ROUNDS_MAX {
        let answer = theirs.respond(&frame, limits.1).expect("frames of this module are read");
        assert!(answer.len() <= limits.1.max(FRAME_BYTES_MIN), "{} bytes", answer.len());
        let step = initiator.step(&answer).expect("frames of this module are read");
        outcome.bytes += frame.len() + answer.len();
        outcome.rounds = round;
        outcome.have.extend(step.have);
        outcome.need.extend(step.need);
        let Some(next) = step.next else { return outcome };
        assert!(next.len() <= limits.0.max(FRAME_BYTES_MIN), "{} bytes", next.len());
        frame = next;
        between(theirs);
    }
    panic!("reconciliation did not end");
}

fn reconcile(ours: &ItemSet, theirs: &ItemSet, limits: (usize, usize)) -> Outcome {
    reconcile_with(ours, &mut theirs.clone(), limits, |_| ())
}

fn difference(ours: &ItemSet, theirs: &ItemSet) -> BTreeSet<AdmissionId> {
    ours.iter().filter(|item| !theirs.contains(&item.id)).map(|item| item.id).collect()
}

proptest! {
    #[test]
    fn the_differences_are_found_exactly(
        common in 0_u64..3000, ours_only in 0_u64..300, theirs_only in 0_u64..300,
        moments in 1_u64..5000, our_limit in 4096_usize..70_000, their_limit in 4096_usize..70_000,
    ) {
        let make = |numbers| clashing(numbers, moments);
        let ours: ItemSet = make(0..common).chain(make(100_000..100_000 + ours_only)).collect();
        let theirs: ItemSet = make(0..common).chain(make(200_000..200_000 + theirs_only)).collect();
        let outcome = reconcile(&ours, &theirs, (our_limit, their_limit));
        prop_assert_eq!(outcome.have, difference(&ours, &theirs));
        prop_assert_eq!(outcome.need, difference(&theirs, &ours));
    }

    #[test]
    fn what_differs_all_along_is_found_while_both_sets_change(
        common in 0_u64..3000, lasting in 0_u64..300, fleeting in 1_u64..300,
        moments in 1_u64..5000, our_limit in 4096_usize..10_000, their_limit in 4096_usize..10_000, seed: u64,
    ) {
        let make = |numbers| clashing(numbers, moments);
        let mut ours: ItemSet = make(0..common).chain(make(100_000..100_000 + lasting)).collect();
        let mut theirs: ItemSet = make(0..common).chain(make(200_000..200_000 + lasting)).collect();
        let (lacked, wanted) = (difference(&ours, &theirs), difference(&theirs, &ours));
        let held_at_start = ours.clone();
        let mut change = mixed(seed);
        let outcome = reconcile_with(&held_at_start, &mut theirs, (our_limit, their_limit), |theirs| {
            for item in make(300_000..300_000 + fleeting) {
                change = mixed(change);
                match change % 3 {
                    0 => theirs.insert(item),
                    1 => theirs.remove(&item.id),
                    _ => theirs.remove(&id(change % (common + 1))),
                }
                ours.insert(item);
            }
        });
        prop_assert!(outcome.have.is_superset(&lacked));
        prop_assert!(outcome.need.is_superset(&wanted));
        let next = reconcile(&ours, &theirs, (our_limit, their_limit));
        prop_assert_eq!(next.have, difference(&ours, &theirs));
        prop_assert_eq!(next.need, difference(&theirs, &ours));
    }
}

#[test]
fn an_initiator_works_on_the_set_as_it_was_at_its_start() {
    let mut ours: ItemSet = (0..5000).map(|number| item(number, number)).collect();
    let theirs = ours.clone();
    let (mut initiator, frame) = ours.start(65_536);
    for number in 0..2500 {
        ours.remove(&id(number));
        ours.insert(item(number, number + 10_000));
    }
    let step = initiator.step(&theirs.respond(&frame, 65_536).expect("our own")).expect("our own");
    assert_eq!(step, Step { next: None, have: Vec::new(), need: Vec::new() });
    assert_eq!(reconcile(&ours, &theirs, (65_536, 65_536)).need.len(), 2500);
}

#[test]
fn an_empty_node_learns_everything_in_bounded_rounds() {
    let theirs: ItemSet = (0..20_000).map(|number| item(number, number)).collect();
    let outcome = reconcile(&ItemSet::default(), &theirs, (65_536, 65_536));
    assert_eq!(outcome.need.len(), 20_000);
    assert!(outcome.rounds <= 12, "{} rounds", outcome.rounds);
}

#[test]
fn items_that_an_empty_peer_lacks_are_named_up_to_the_bound() {
    let ours: ItemSet = (0..100_000).map(|number| item(number, number)).collect();
    let (mut initiator, frame) = ours.start(65_536);
    let answer = ItemSet::default().respond(&frame, 65_536).expect("our own");
    assert_eq!(initiator.step(&answer).expect("our own").have.len(), RECONCILE_HAVE_MAX);
}

#[test]
fn of_what_was_admitted_later_nothing_is_said() {
    let moments = |moments: Range<u64>| moments.map(|ms| item(ms, ms)).collect::<ItemSet>();
    let (ours, theirs) = (moments(100..600), moments(0..900));
    let (mut initiator, mut frame) = ours.start_before(Instant::from_unix_ms(400), 65_536);
    let mut need = BTreeSet::new();
    loop {
        let step = initiator.step(&theirs.respond(&frame, 65_536).expect("a good frame")).expect("a good frame");
        need.extend(step.need);
        let Some(next) = step.next else { break };
        frame = next;
    }
    assert_eq!(need, (0..100).map(id).collect());
}

#[test]
fn a_change_is_seen_at_once() {
    let mut set = ItemSet::default();
    let lacked = |set: &ItemSet| reconcile(set, &ItemSet::default(), (4096, 4096)).have.len();
    set.insert(item(1, 1));
    assert_eq!(lacked(&set), 1);
    set.insert(item(2, 2));
    assert_eq!(lacked(&set), 2);
    set.insert(item(3, 2));
    assert_eq!((lacked(&set), set.len()), (2, 2), "an identity is held once");
    set.remove(&id(1));
    assert_eq!(lacked(&set), 1);
}

#[test]
fn items_whose_identities_begin_alike_are_told_apart() {
    let alike = |last| {
        let mut bytes = [7; 32];
        bytes[31] = last;
        AdmissionId::from_digest(Sha256Digest::from_bytes(bytes))
    };
    let at = |ms, last| Item { admitted: Instant::from_unix_ms(ms), id: alike(last) };
    let mut set: ItemSet = [at(5, 1), at(5, 2), at(6, 3)].into_iter().collect();
    set.remove(&alike(1));
    assert_eq!([1, 2, 3, 4].map(|last| set.contains(&alike(last))), [false, true, true, false]);
    set.insert(at(5, 4));
    set.remove(&alike(2));
    set.remove(&alike(9));
    assert_eq!([1, 2, 3, 4].map(|last| set.contains(&alike(last))), [false, false, true, true]);
}

#[test]
fn the_cuts_of_the_first_frame_move_with_the_set() {
    let starts = |set: &ItemSet| set.start(65_536).1[..10].to_vec();
    let mut set: ItemSet = (0..100_000).map(|number| item(number * 1000, number)).collect();
    let before = starts(&set);
    set.remove(&id(99_999));
    assert_ne!(starts(&set), before);
    set.insert(item(99_999_000, 99_999));
    assert_eq!(starts(&set), before, "the same set makes the same frame");
}
