//! What many seeds show, and that each rule of the world can be broken.

use super::*;

fn check(make: impl Fn(u64) -> Scenario, seeds: std::ops::Range<u64>) -> Vec<Summary> {
    seeds.map(|seed| run(&make(seed), seed).unwrap_or_else(|failure| panic!("{failure}"))).collect()
}

#[test]
fn equal_seeds_give_equal_runs() {
    for seed in 0..20 {
        let scenario = Scenario::of_seed(seed);
        let (first, second) = (run(&scenario, seed), run(&scenario, seed));
        assert_eq!(first.map_err(|failure| failure.to_string()), second.map_err(|failure| failure.to_string()));
    }
}

#[test]
fn unequal_seeds_give_unequal_runs() {
    let summaries = check(|_| Scenario::calm(Topology::Ring), 0..2);
    assert_ne!(summaries[0].digest, summaries[1].digest);
}

#[test]
fn five_hundred_seeds_converge_with_all_gossip_lost() {
    check(|seed| Scenario::of_seed(seed).silent(), 0..500);
}

#[test]
fn seeds_converge_under_loss_reordering_and_restarts() {
    check(|seed| Scenario::of_seed(seed).rough(), 1000..1200);
}

#[test]
fn seeds_converge_beside_a_hostile_peer() {
    let summaries = check(|seed| Scenario::of_seed(seed).hostile(), 2000..2100);
    let expelled = summaries.iter().filter(|summary| summary.expulsions > 0).count();
    assert!(expelled >= 90, "expelled in {expelled} of 100 runs");
}

#[test]
fn an_entry_crosses_a_calm_line_by_gossip_within_a_second() {
    for summary in check(|_| Scenario::calm(Topology::Line), 0..20) {
        assert!(summary.rested_ms_after_last_upload <= 1000, "{summary:?}");
    }
}

#[test]
fn an_entry_crosses_a_line_without_gossip_faster_than_an_interval_a_hop() {
    for summary in check(|_| Scenario::calm(Topology::Line).silent(), 0..20) {
        assert!(summary.rested_ms_after_last_upload <= 2 * scenario::SYNC_INTERVAL_MS, "{summary:?}");
    }
}

/// `SIM_SEED` chooses the first seed, `SIM_SEEDS` how many follow it.
#[test]
fn seeds_can_be_replayed() {
    let number = |name, otherwise| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (first, count) = (number("SIM_SEED", 5000), number("SIM_SEEDS", 1));
    let outcome = simulate(first..first + count);
    assert!(outcome.is_ok(), "{}", outcome.map_or_else(|failure| failure.to_string(), |_| String::new()));
}
