//! A deterministic simulator: many federations in one thread, on a network that a seed decides.
//!
//! Everything that a node's driver does is played here: connections, gossip with a verdict before forwarding, requests
//! and their loss, verification that takes time, a ledger that outlives crashes. Two runs of one seed are equal event
//! by event, so a failure is found again with `SIM_SEED=… cargo nextest run -p tests seeds_can_be_replayed`.

mod history;
mod hostile;
mod intake;
mod ledger;
mod network;
mod random;
mod rules;
mod scenario;
mod site;
mod world;

pub use history::Failure;
pub use scenario::{Scenario, Topology};
pub use world::Summary;

use world::World;

/// Plays one scenario under one seed to its end.
pub fn run(scenario: &Scenario, seed: u64) -> Result<Summary, Failure> {
    World::new(scenario.clone(), seed).play()
}

/// Plays every kind of scenario under each of `seeds`; gives the number of events, or the first failure.
pub fn simulate(seeds: impl IntoIterator<Item = u64>) -> Result<u64, Failure> {
    let mut events = 0;
    for seed in seeds {
        for scenario in Scenario::kinds_of_seed(seed) {
            events += run(&scenario, seed)?.events;
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
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
}
