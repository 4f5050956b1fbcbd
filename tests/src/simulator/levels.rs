//! Sites of earlier feature levels, which write their level and are asked nothing beyond it.
//!
//! Each frame is marked with the lower level of both ends, so that a site among later ones behaves as it did before them.

use bytes::{Bytes, BytesMut};
use proto::wire::{FEATURE_LEVEL, HOLDING_LEVEL, PACKED_LEVEL, ROSTER_LEVEL, Request};

use super::world::World;

/// The first level.
pub(super) const FIRST_LEVEL: u8 = 1;
/// Where a frame has its level.
const LEVEL_AT: usize = 1;

impl World {
    /// Lets some sites be of an earlier level; rosters do not cross the first.
    pub(super) fn plan_levels(&mut self) {
        let first = if self.scenario.rosters > 0 { ROSTER_LEVEL } else { FIRST_LEVEL };
        for _ in 0..self.scenario.older_sites {
            let site = self.random.index(self.scenario.sites);
            self.sites[site].level = self.random.between(first.into(), FEATURE_LEVEL.into()) as u8;
        }
    }

    /// Whoever starts again may start a newer program.
    pub(super) fn upgrade(&mut self, site: usize) {
        if self.sites[site].level < FEATURE_LEVEL && self.random.percent(50) {
            self.sites[site].level = FEATURE_LEVEL;
        }
    }

    /// A frame as one honest site writes it to another.
    pub(super) fn spoken(&self, from: usize, to: usize, frame: Bytes) -> Bytes {
        let level = self.sites[from].level.min(self.sites[to].level);
        if frame[LEVEL_AT] == level {
            return frame;
        }
        let mut spoken = BytesMut::from(&frame[..]);
        spoken[LEVEL_AT] = level;
        spoken.freeze()
    }

    /// No site asks another what that one cannot know yet.
    pub(super) fn check_level(&mut self, from: usize, to: usize, frame: &[u8]) {
        let Ok(received) = Request::decode(frame) else { return };
        let (needed, level) = (level_of(&received.message), self.sites[to].level);
        if needed > level && self.sites[from].is_honest() {
            self.fail(format!("{from} asks {to} of level {level} for what level {needed} brought"));
        }
    }
}

const fn level_of(request: &Request) -> u8 {
    match request {
        Request::Reconcile { .. } | Request::Fetch { .. } | Request::Grown => FIRST_LEVEL,
        Request::Roster { .. } => ROSTER_LEVEL,
        Request::Holding { .. } => HOLDING_LEVEL,
        Request::FetchPacked { .. } => PACKED_LEVEL,
    }
}
