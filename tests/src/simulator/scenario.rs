//! What a run is made of: sites, links, faults.

use std::collections::BTreeSet;

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
}

/// The measures of a run; chance decides the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Honest sites.
    pub sites: usize,
    /// Their links.
    pub topology: Topology,
    /// Entries that are uploaded in all.
    pub uploads: usize,
    /// Gossip messages lost on each link, of 100.
    pub gossip_loss_percent: u64,
    /// Gossip messages that arrive twice, of 100.
    pub gossip_twice_percent: u64,
    /// Requests and responses lost, of 100.
    pub request_loss_percent: u64,
    /// Messages that take up to a second, of 100.
    pub delay_percent: u64,
    /// Crashes, each followed by a restart.
    pub crashes: usize,
    /// Sites whose policy refuses some entries.
    pub strict_sites: usize,
    /// Sites that do harm, beside the honest ones.
    pub hostile_sites: usize,
}

impl Scenario {
    /// The scenario that a seed stands for.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5eed);
        let topologies = [Topology::Line, Topology::Ring, Topology::Star, Topology::Full, Topology::Random];
        Self {
            sites: random.between(2, 13) as usize,
            topology: topologies[random.index(topologies.len())],
            uploads: random.between(1, 30) as usize,
            gossip_loss_percent: [0, 5, 50, 100][random.index(4)],
            gossip_twice_percent: [0, 10][random.index(2)],
            request_loss_percent: [0, 0, 5][random.index(3)],
            delay_percent: [0, 10][random.index(2)],
            crashes: random.index(3),
            strict_sites: random.index(3),
            hostile_sites: 0,
        }
    }

    /// Nothing goes wrong.
    #[must_use]
    pub fn calm(topology: Topology) -> Self {
        Self {
            sites: 8,
            topology,
            uploads: 10,
            gossip_loss_percent: 0,
            gossip_twice_percent: 0,
            request_loss_percent: 0,
            delay_percent: 0,
            crashes: 0,
            strict_sites: 0,
            hostile_sites: 0,
        }
    }

    /// The same sites with much going wrong.
    #[must_use]
    pub fn rough(self) -> Self {
        Self {
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
        Self { gossip_loss_percent: 100, ..self }
    }

    /// The same sites beside some that do harm.
    #[must_use]
    pub fn hostile(self) -> Self {
        Self { hostile_sites: 2, ..self }
    }

    /// Every kind of scenario that a seed stands for.
    #[must_use]
    pub fn kinds_of_seed(seed: u64) -> [Self; 5] {
        let plain = Self::of_seed(seed);
        let (silent, rough, hostile) = (plain.clone().silent(), plain.clone().rough(), plain.clone().hostile());
        let worst = plain.clone().silent().rough().hostile();
        [plain, silent, rough, hostile, worst]
    }

    /// The links of the honest sites, the smaller number first.
    pub(super) fn links(&self, random: &mut Random) -> BTreeSet<(usize, usize)> {
        let next = |site: usize| (site - 1, site);
        let line = (1..self.sites).map(next);
        match self.topology {
            Topology::Line => line.collect(),
            Topology::Ring => line.chain((self.sites > 2).then_some((0, self.sites - 1))).collect(),
            Topology::Star => (1..self.sites).map(|site| (0, site)).collect(),
            Topology::Full => (1..self.sites).flat_map(|site| (0..site).map(move |other| (other, site))).collect(),
            Topology::Random => {
                let mut links: BTreeSet<_> = (1..self.sites).map(|site| (random.index(site), site)).collect();
                for _ in 0..self.sites / 2 {
                    let site = 1 + random.index(self.sites - 1);
                    links.insert((random.index(site), site));
                }
                links
            }
        }
    }

    /// Sites that may be strict without parting the others, which must be able to pass on what strict ones refuse.
    pub(super) fn choose_strict(&self, links: &BTreeSet<(usize, usize)>, random: &mut Random) -> BTreeSet<usize> {
        let mut strict = BTreeSet::new();
        for _ in 0..self.strict_sites {
            strict.insert(random.index(self.sites));
            if !is_connected(self.sites, links, &strict) {
                return BTreeSet::new();
            }
        }
        strict
    }
}

/// Whether the sites without those `left_out` are linked with one another.
fn is_connected(sites: usize, links: &BTreeSet<(usize, usize)>, left_out: &BTreeSet<usize>) -> bool {
    let kept: BTreeSet<_> = (0..sites).filter(|site| !left_out.contains(site)).collect();
    let Some(first) = kept.first() else { return false };
    let mut reached = BTreeSet::from([*first]);
    loop {
        let more: Vec<_> = links
            .iter()
            .filter(|(one, other)| kept.contains(one) && kept.contains(other))
            .filter(|(one, other)| reached.contains(one) != reached.contains(other))
            .flat_map(|(one, other)| [*one, *other])
            .collect();
        if more.is_empty() {
            return reached == kept;
        }
        reached.extend(more);
    }
}
