//! Agreement with libxmlsec1 and libxml2 on documents in and around the profile, made and changed by chance.
#![expect(clippy::print_stdout, reason = "a run says what it counted")]

mod differential {
    pub(crate) mod forest;
    pub(crate) mod judge;
    pub(crate) mod keys;
    pub(crate) mod make;
    pub(crate) mod mutate;
    pub(crate) mod oracle;
    pub(crate) mod random;
    pub(crate) mod run;
    pub(crate) mod scan;
}

use std::env;

use differential::forest;
use differential::judge::judge_forms;
use differential::oracle::Workshop;
use differential::random::Random;
use differential::run::{Run, Tally};

const SEED: u64 = 20_261_122;
/// From here on chance leaves out no rule.
const EVERY_RULE: u64 = 100_000;

fn check(tally: &Tally) {
    println!("{}", tally.table());
    assert!(tally.disagreements.is_empty(), "{}", tally.told());
    assert!(tally.accepted_percent() >= 15, "only {} % of the mutants are accepted", tally.accepted_percent());
}

#[test]
fn mutants_get_the_verdict_and_the_octets_of_xmlsec() {
    let workshop = Workshop::open("mutants");
    let run = Run::new(SEED, &workshop);
    let tally = run.judge(2_000, |_| {});
    check(&tally);
    assert_eq!(tally.mutations_not_met(), Vec::<&str>::new());
}

#[test]
fn the_oracle_gives_the_verdicts_of_the_tool() {
    let workshop = Workshop::open("tool");
    let run = Run::new(SEED, &workshop);
    let mut oracle = workshop.oracle();
    let mut counts = [0, 0];
    for number in 0..200 {
        let mutant = run.mutant(number, &mut oracle);
        // The oracle fetches nothing, the tool does.
        if String::from_utf8_lossy(&mutant.bytes).contains("DOCTYPE") {
            continue;
        }
        let theirs = oracle.verify(&mutant.bytes).is_valid;
        let name = format!("{number}.xml");
        assert_eq!(workshop.tool_verifies(&name, &mutant.bytes), theirs, "{}", mutant.mutations.join(", "));
        counts[usize::from(theirs)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 30), "{counts:?}");
}

#[test]
fn canonical_forms_of_random_trees_are_those_of_libxml2() {
    let workshop = Workshop::open("forms");
    let mut oracle = workshop.oracle();
    for number in 0..2_000 {
        let text = forest::document(&mut Random::of(SEED, number));
        if let Err(reason) = judge_forms(&text, &mut oracle) {
            panic!("tree {number} of seed {SEED}: {reason}");
        }
    }
}

/// What `scripts/differential` runs.
#[test]
#[ignore = "as long as one likes: scripts/differential [COUNT] [SEED]"]
fn as_many_mutants_as_asked_for_agree() {
    let asked = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (count, seed) = (asked("DIFFERENTIAL_COUNT").unwrap_or(2_000), asked("DIFFERENTIAL_SEED").unwrap_or(SEED));
    let workshop = Workshop::open("long");
    let mut oracle = workshop.oracle();
    for number in 0..count / 10 {
        let text = forest::document(&mut Random::of(seed, number));
        assert_eq!(judge_forms(&text, &mut oracle), Ok(()), "tree {number} of seed {seed}");
    }
    println!("{} random trees have the canonical forms of libxml2", count / 10);
    let run = Run::new(seed, &workshop);
    let tally = run.judge(count, |judged| {
        if judged % 10_000 == 0 {
            println!("{judged} of {count}");
        }
    });
    check(&tally);
    if count >= EVERY_RULE {
        assert_eq!(tally.rules_not_met(), Vec::<&str>::new());
    }
}
