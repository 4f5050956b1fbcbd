//! Reconciliation of sets that chance made, as often as one likes, and what a set of a million keeps in memory.

use std::collections::BTreeSet;
use std::env;

use allocation_counter::measure;
use proto::admission::AdmissionId;
use proto::bounds::RECONCILE_ROUNDS_MAX;
use proto::digest::Sha256Digest;
use proto::reconcile::{Item, ItemSet};
use proto::timestamp::Instant;

const SEED: u64 = 20_261_122;
/// One run in so many has large sets.
const LARGE_EVERY: u64 = 200;
/// In one run of so many the responder's set changes between rounds.
const CHANGING_EVERY: u64 = 4;
const FRAME_BYTES_MIN: u64 = 4096;

/// Numbers that only look like chance (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// An item; now and then one whose identity differs from others at its end only.
    fn item(&mut self, moments: u64) -> Item {
        let start = (self.below(64) == 0).then_some([7; 24]);
        self.item_from(moments, start)
    }

    fn item_from(&mut self, moments: u64, start: Option<[u8; 24]>) -> Item {
        let mut bytes = [0; 32];
        bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|lane| *lane = self.next().to_be_bytes());
        if let Some(start) = start {
            bytes[..24].copy_from_slice(&start);
        }
        let id = AdmissionId::from_digest(Sha256Digest::from_bytes(bytes));
        Item { admitted: Instant::from_unix_ms(self.below(moments)), id }
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for index in (1..things.len()).rev() {
            things.swap(index, self.below(index as u64 + 1) as usize);
        }
    }
}

/// A pair of sets, with what is known about them.
struct Pair {
    random: Random,
    both: Vec<Item>,
    only_ours: BTreeSet<Item>,
    only_theirs: BTreeSet<Item>,
    limits: (usize, usize),
}

/// What a session named, and what it took.
#[derive(Default)]
struct Session {
    have: BTreeSet<AdmissionId>,
    need: BTreeSet<AdmissionId>,
    rounds: u32,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Tally {
    rounds: u64,
    rounds_most: u32,
    bytes: u64,
    differences: u64,
    in_sync: u64,
    changing: u64,
}

fn ids(items: &BTreeSet<Item>) -> BTreeSet<AdmissionId> {
    items.iter().map(|item| item.id).collect()
}

impl Pair {
    fn of(seed: u64, run: u64) -> Self {
        let mut random = Random(seed.wrapping_add(run.wrapping_mul(0xd134_2543_de82_ef95)));
        let most = if run.is_multiple_of(LARGE_EVERY) { 3000 } else { 100 };
        let moments = [1, 3, 1000, u64::MAX][random.below(4) as usize];
        let mut some = |most: u64| {
            let count = random.below(most);
            (0..count).map(|_| random.item(moments)).collect::<Vec<_>>()
        };
        let (both, ours, theirs) = (some(most), some(most / 3), some(most / 3));
        // Sometimes only one side has more, or none.
        let keep = random.below(6);
        let only_ours = if keep == 0 || keep == 1 { BTreeSet::new() } else { ours.into_iter().collect() };
        let only_theirs = if keep == 0 || keep == 2 { BTreeSet::new() } else { theirs.into_iter().collect() };
        let mut limit = || (FRAME_BYTES_MIN + random.below(3) * random.below(30_000)) as usize;
        let limits = (limit(), limit());
        Self { random, both, only_ours, only_theirs, limits }
    }

    /// A set of what both have and these, collected at once or item by item, with some that come and go.
    fn set(&mut self, only: &BTreeSet<Item>) -> ItemSet {
        let mut items: Vec<_> = self.both.iter().chain(only).copied().collect();
        self.random.shuffle(&mut items);
        let at_once = self.random.below(items.len() as u64 + 1) as usize;
        let passing: Vec<_> = (0..self.random.below(20)).map(|_| self.random.item(1000)).collect();
        let mut set: ItemSet = items[..at_once].iter().chain(&passing).copied().collect();
        items[at_once..].iter().for_each(|item| set.insert(*item));
        passing.iter().for_each(|item| set.remove(&item.id));
        set
    }

    /// Changes the responder's set, and what is known about it.
    fn change(&mut self, theirs: &mut ItemSet) {
        for _ in 0..self.random.below(40) {
            let fresh = self.random.item(1000);
            self.only_theirs.insert(fresh);
            theirs.insert(fresh);
        }
        for _ in 0..self.random.below(20) {
            if self.both.is_empty() {
                break;
            }
            let at = self.random.below(self.both.len() as u64) as usize;
            let lost = self.both.swap_remove(at);
            self.only_ours.insert(lost);
            theirs.remove(&lost.id);
        }
    }

    fn session(&mut self, ours: &ItemSet, theirs: &mut ItemSet, is_changing: Changing) -> Session {
        let (mut initiator, mut frame) = ours.start(self.limits.0);
        let mut session = Session::default();
        loop {
            session.rounds += 1;
            assert!(session.rounds <= RECONCILE_ROUNDS_MAX, "the session does not end");
            let answer = theirs.respond(&frame, self.limits.1).expect("an honest frame");
            let step = initiator.step(&answer).expect("an honest frame");
            assert!(frame.len() <= self.limits.0 && answer.len() <= self.limits.1, "frames keep their limits");
            session.bytes += frame.len() + answer.len();
            session.have.extend(step.have);
            session.need.extend(step.need);
            let Some(next) = step.next else { return session };
            frame = next;
            if is_changing == Changing::Responder {
                self.change(theirs);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Changing {
    Nobody,
    Responder,
}

impl Tally {
    fn note(&mut self, session: &Session) {
        self.rounds += u64::from(session.rounds);
        self.rounds_most = self.rounds_most.max(session.rounds);
        self.bytes += session.bytes as u64;
        self.differences += (session.have.len() + session.need.len()) as u64;
        self.in_sync += u64::from(session.have.is_empty() && session.need.is_empty());
    }

    /// Reconciles one pair, and holds what is found against what is known.
    fn run(&mut self, seed: u64, run: u64) {
        let mut pair = Pair::of(seed, run);
        let (only_ours, only_theirs) = (pair.only_ours.clone(), pair.only_theirs.clone());
        let (ours, mut theirs) = (pair.set(&only_ours), pair.set(&only_theirs));
        if run % CHANGING_EVERY == 1 {
            self.changing += 1;
            let session = pair.session(&ours, &mut theirs, Changing::Responder);
            assert!(session.have.is_superset(&ids(&only_ours)), "run {run} of seed {seed} misses what it has alone");
            assert!(session.need.is_superset(&ids(&only_theirs)), "run {run} of seed {seed} misses what it lacks");
            self.note(&session);
        }
        let session = pair.session(&ours, &mut theirs, Changing::Nobody);
        assert_eq!(session.have, ids(&pair.only_ours), "run {run} of seed {seed}: items of ours only");
        assert_eq!(session.need, ids(&pair.only_theirs), "run {run} of seed {seed}: items of theirs only");
        self.note(&session);
    }
}

#[test]
fn random_sets_are_told_apart_exactly() {
    let mut tally = Tally::default();
    (0..4000).for_each(|run| tally.run(SEED, run));
    assert!(tally.rounds_most > 4, "frames are cut: {tally:?}");
    assert!(tally.in_sync > 400, "some are equal: {tally:?}");
}

/// What `scripts/reconcile` runs.
#[test]
#[ignore = "as long as one likes: scripts/reconcile [RUNS] [SEED]"]
fn as_many_random_sets_as_asked_for_are_told_apart_exactly() {
    let asked = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (runs, seed) = (asked("RECONCILE_RUNS").unwrap_or(4000), asked("RECONCILE_SEED").unwrap_or(SEED));
    let mut tally = Tally::default();
    for run in 0..runs {
        tally.run(seed, run);
        if (run + 1).is_multiple_of(50_000) {
            println!("{} of {runs}", run + 1);
        }
    }
    println!("{runs} runs from seed {seed} found all differences and no others: {tally:?}");
}

#[test]
fn a_million_items_take_less_than_100_megabytes() {
    let items = || {
        let mut random = Random(SEED);
        (0..1_000_000).map(move |_| random.item_from(u64::MAX, None))
    };
    let mut sets = Vec::new();
    let collected = measure(|| sets.push(items().collect::<ItemSet>()));
    let grown = measure(|| {
        let mut set = ItemSet::default();
        items().for_each(|item| set.insert(item));
        sets.push(set);
    });
    sets.reserve(1);
    let copied = measure(|| {
        let copy = sets[0].clone();
        sets.push(copy);
    });
    let megabytes = |bytes: i64| bytes / 1_000_000;
    assert!(megabytes(collected.bytes_current) < 65, "{} MB collected", megabytes(collected.bytes_current));
    assert!(megabytes(grown.bytes_current) < 100, "{} MB grown", megabytes(grown.bytes_current));
    assert_eq!(copied.bytes_total, 0, "a copy shares everything");
}
