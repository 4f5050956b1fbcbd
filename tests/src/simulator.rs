//! A deterministic simulator: many federations in one thread, on a network that a seed decides.
//!
//! Everything that a node's driver does is played here: connections, gossip with a verdict before forwarding, requests
//! and their loss, verification that takes time, a ledger that outlives crashes, operators who change their minds. Two
//! runs of one seed are equal event by event, so a failure is found again with
//! `SIM_SEED=… cargo nextest run -p tests seeds_can_be_replayed`.

mod random;
mod scenario;
mod topology;

mod plan;
mod world;

mod effects;
mod hostile;
mod ledger;
mod levels;
mod network;
mod operator;
mod partition;
mod roster;

mod history;
mod intake;
mod rules;
mod site;
mod view;

use std::collections::BTreeMap;

pub use history::Failure;
pub use scenario::{Scenario, Topology};
pub use world::Summary;

use history::{History, Keeps};
use world::World;

/// Plays one scenario under one seed to its end; a run that fails is played again for its history.
pub fn run(scenario: &Scenario, seed: u64) -> Result<Summary, Failure> {
    let play = |keeps| World::new(scenario.clone(), seed, History::new(keeps)).play();
    play(Keeps::Digest).or_else(|_| play(Keeps::Words))
}

/// What came of many runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Runs that were played.
    pub runs: u64,
    /// Events of all of them.
    pub events: u64,
    /// The longest unrest in ms of each kind of scenario, with its seed.
    pub slowest: BTreeMap<&'static str, (u64, u64)>,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.events += other.events;
        for (kind, unrest) in &other.slowest {
            let slowest = self.slowest.entry(kind).or_default();
            *slowest = (*slowest).max(*unrest);
        }
    }
}

/// Plays every kind of scenario under each of `seeds`; gives what came of them, or the first failure.
pub fn simulate(seeds: impl IntoIterator<Item = u64>) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for seed in seeds {
        for scenario in Scenario::kinds_of_seed(seed) {
            let Summary { events, unrest_ms, .. } = run(&scenario, seed)?;
            tally.add(&Tally { runs: 1, events, slowest: BTreeMap::from([(scenario.name, (unrest_ms, seed))]) });
        }
    }
    Ok(tally)
}

#[cfg(test)]
mod tests;
