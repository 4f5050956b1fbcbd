//! What a run is made of: sites, links, faults.

use proto::federation::Admittance;

use super::random::Random;

/// Pause between syncs in every scenario.
pub(super) const SYNC_INTERVAL_MS: u64 = 5_000;

/// How the sites are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// Each with the next.
    Line,
    /// A line that closes.
    Ring,
    /// All with the first.
    Star,
    /// All with all.
    Full,
    /// A tree and a few more links, by chance.
    Random,
    /// Each with four to eight others, by chance.
    Mesh,
}

/// The measures of a run; chance decides the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// Honest sites.
    pub sites: usize,
    /// Their links.
    pub topology: Topology,
    /// Entries that are uploaded in all.
    pub uploads: usize,
    /// Entries that one site holds at the beginning.
    pub stock: usize,
    /// Gossip messages lost on each link, of 100.
    pub gossip_loss_percent: u64,
    /// Lost gossip messages of which their sender hears, of 100.
    pub gossip_told_lost_percent: u64,
    /// Gossip messages that arrive twice, of 100.
    pub gossip_twice_percent: u64,
    /// Requests and responses lost, of 100.
    pub request_loss_percent: u64,
    /// Messages that take up to a second, of 100.
    pub delay_percent: u64,
    /// Crashes, each followed by a restart.
    pub crashes: usize,
    /// Times for which the network falls into two parts.
    pub partitions: usize,
    /// By how much a site's clock may be off.
    pub skew_ms_max: u64,
    /// Times at which a site's clock is set anew.
    pub clock_steps: usize,
    /// Sites that verify and read fifty times slower.
    pub slow_sites: usize,
    /// Times for which a site's intake takes nothing.
    pub full_queues: usize,
    /// Sites whose policy refuses some entries.
    pub strict_sites: usize,
    /// Changes of a site's policy.
    pub policy_changes: usize,
    /// Sites that become members, cease to be, or both.
    pub member_changes: usize,
    /// Versions of the roster that operators publish.
    pub rosters: u64,
    /// Sites that are elsewhere than their peers believe.
    pub moved_sites: usize,
    /// Sites of an earlier feature level.
    pub older_sites: usize,
    /// Sites that do harm, beside the honest ones.
    pub hostile_sites: usize,
    /// Whether hostile sites are listed, or strangers to open sites.
    pub admittance: Admittance,
    /// How long after the last trouble the last entry may arrive.
    pub unrest_ms_max: u64,
}

impl Scenario {
    /// The scenario that a seed stands for.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5eed);
        let topologies = [Topology::Line, Topology::Ring, Topology::Star, Topology::Full, Topology::Random];
        let sites = random.between(2, 13) as usize;
        let calm = Self::calm(topologies[random.index(topologies.len())]);
        Self {
            name: "plain",
            sites,
            uploads: random.between(1, 30) as usize,
            gossip_loss_percent: [0, 5, 50, 100][random.index(4)],
            gossip_twice_percent: [0, 10][random.index(2)],
            request_loss_percent: [0, 0, 5][random.index(3)],
            delay_percent: [0, 10][random.index(2)],
            crashes: random.index(3),
            strict_sites: random.index(3),
            gossip_told_lost_percent: [0, 20, 100][random.index(3)],
            ..calm
        }
    }

    /// Whether anything goes wrong for a while.
    pub(super) const fn is_troubled(&self) -> bool {
        let spells = self.crashes + self.partitions + self.clock_steps + self.full_queues;
        let changes = self.policy_changes + self.member_changes + self.hostile_sites;
        self.request_loss_percent > 0 || spells + changes > 0
    }

    /// Nothing goes wrong.
    #[must_use]
    pub const fn calm(topology: Topology) -> Self {
        Self {
            name: "calm",
            sites: 8,
            topology,
            uploads: 10,
            stock: 0,
            gossip_loss_percent: 0,
            gossip_told_lost_percent: 0,
            gossip_twice_percent: 0,
            request_loss_percent: 0,
            delay_percent: 0,
            crashes: 0,
            partitions: 0,
            skew_ms_max: 0,
            clock_steps: 0,
            slow_sites: 0,
            full_queues: 0,
            strict_sites: 0,
            policy_changes: 0,
            member_changes: 0,
            rosters: 0,
            moved_sites: 0,
            older_sites: 0,
            hostile_sites: 0,
            admittance: Admittance::Closed,
            unrest_ms_max: 120_000,
        }
    }

    /// Some hundreds of sites and few uploads.
    #[must_use]
    pub fn large(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x1a6e);
        Self {
            name: "large",
            sites: random.between(200, 301) as usize,
            uploads: random.between(1, 6) as usize,
            gossip_loss_percent: [0, 50, 100][random.index(3)],
            crashes: 10,
            partitions: 1,
            strict_sites: 10,
            skew_ms_max: 3_600_000,
            ..Self::calm(Topology::Mesh)
        }
    }

    /// The same sites with much going wrong.
    #[must_use]
    pub fn rough(self) -> Self {
        Self {
            name: "rough",
            gossip_loss_percent: self.gossip_loss_percent.max(30),
            gossip_twice_percent: 20,
            request_loss_percent: 20,
            delay_percent: 30,
            crashes: 8,
            ..self
        }
    }

    /// The same sites with all gossip lost.
    #[must_use]
    pub fn silent(self) -> Self {
        Self { name: "silent", gossip_loss_percent: 100, ..self }
    }

    /// The same sites on a network that falls apart and heals.
    #[must_use]
    pub fn parted(self) -> Self {
        Self { name: "parted", partitions: 3, ..self }
    }

    /// The same sites with clocks that are up to an hour off and are set while they run.
    #[must_use]
    pub fn skewed(self) -> Self {
        Self { name: "skewed", skew_ms_max: 3_600_000, clock_steps: 6, ..self }
    }

    /// The same sites, some of them slow, and some with queues that are full for a while.
    #[must_use]
    pub fn slow(self) -> Self {
        Self { name: "slow", slow_sites: 2, full_queues: 3, ..self }
    }

    /// The same sites with members that come and go, and operators who change their minds.
    #[must_use]
    pub fn changing(self) -> Self {
        Self { name: "changing", member_changes: 2, policy_changes: 3, ..self }
    }

    /// The same sites, of several feature levels, with rosters, and peers that have moved.
    #[must_use]
    pub fn mixed(self) -> Self {
        let rosters = self.uploads as u64 % 4;
        Self { name: "mixed", rosters, moved_sites: 2, older_sites: 3, crashes: 4, ..self }
    }

    /// The same sites beside some listed ones that do harm.
    #[must_use]
    pub fn hostile(self) -> Self {
        Self { name: "hostile", hostile_sites: 2, ..self }
    }

    /// The same sites, open to anyone, beside some strangers that do harm.
    #[must_use]
    pub fn open(self) -> Self {
        Self { name: "open", hostile_sites: 4, admittance: Admittance::Open, ..self }
    }

    /// The same sites, of which one begins with more entries than may be in verification at once.
    #[must_use]
    pub fn stocked(self) -> Self {
        Self { name: "stocked", sites: self.sites.min(4), uploads: self.uploads.min(5), stock: 1_500, ..self }
    }

    /// The same sites with everything going wrong at once.
    #[must_use]
    pub fn worst(self) -> Self {
        let worst = self.rough().hostile().parted().skewed().slow().changing();
        Self { name: "worst", ..worst }
    }

    /// Every kind of scenario that a seed stands for.
    #[must_use]
    pub fn kinds_of_seed(seed: u64) -> Vec<Self> {
        let kinds = [Self::silent, Self::rough, Self::parted, Self::skewed, Self::slow, Self::changing];
        let others = [Self::mixed, Self::hostile, Self::open, Self::worst];
        let plain = Self::of_seed(seed);
        let mut all: Vec<_> = kinds.into_iter().chain(others).map(|make| make(plain.clone())).collect();
        all.push(plain.clone());
        // These take as long as a hundred others.
        if seed.is_multiple_of(50) {
            all.push(Self::large(seed));
        }
        if seed % 50 == 25 {
            all.push(plain.stocked());
        }
        all
    }
}
