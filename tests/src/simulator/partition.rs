//! Partitions: for a while nothing crosses from one set of sites to the others.

use std::collections::BTreeSet;

use super::world::{Happening, World};

/// A partition to come.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) number: usize,
    /// One side of it.
    pub(super) side: BTreeSet<usize>,
    pub(super) loss: Loss,
    pub(super) lasts_ms: u64,
}

/// How the sites learn that a connection across a partition is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Both sides see it end at once.
    Told,
    /// Each side learns it when its own patience is over, or never where the partition heals before.
    Silent,
}

/// Longest time in ms after which a silent connection counts as lost.
const PATIENCE_MS_MAX: u64 = 15_000;

impl World {
    pub(super) fn part(&mut self, partition: Partition) {
        let Partition { number, side, loss, lasts_ms } = partition;
        self.note(format_args!("the network parts: {side:?} and the others, {loss:?}"));
        let across: Vec<_> = self
            .connections
            .iter()
            .filter(|((one, other), _)| side.contains(one) != side.contains(other))
            .map(|(pair, connection)| (*pair, *connection))
            .collect();
        for ((site, peer), connection) in across {
            let patience_ms = match loss {
                Loss::Told => 0,
                Loss::Silent => self.random.between(0, PATIENCE_MS_MAX),
            };
            // A connection that nothing crossed meanwhile outlives a short partition.
            if patience_ms <= lasts_ms {
                self.schedule(patience_ms, Happening::ConnectionDies { site, peer, connection });
            }
        }
        self.partitions.insert(number, (side, loss));
        self.schedule(lasts_ms, Happening::Heal { partition: number });
    }

    pub(super) fn heal(&mut self, partition: usize) {
        self.note(format_args!("the network heals"));
        self.partitions.remove(&partition);
    }

    pub(super) fn is_parted(&self, one: usize, other: usize) -> bool {
        self.partitions.values().any(|(side, _)| side.contains(&one) != side.contains(&other))
    }
}
