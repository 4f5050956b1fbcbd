//! One site: a federation with what its driver keeps, in memory and on disk.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::federation::{Federation, RequestId, Settings};
use proto::node_id::NodeId;
use proto::reconcile::ItemSet;
use proto::wire::Envelope;

use super::intake::Policy;

/// What a site is.
#[derive(Debug)]
pub(super) enum Kind {
    /// It follows the protocol.
    Honest(Policy),
    /// It does harm; what it pretends to hold.
    Hostile(ItemSet),
}

#[derive(Debug)]
pub(super) struct Site {
    pub(super) node: NodeId,
    pub(super) kind: Kind,
    pub(super) settings: Settings,
    /// Counts the starts; what was under way before a crash is of an earlier one.
    pub(super) epoch: u64,
    /// On disk.
    pub(super) disk: Disk,
    /// In memory; `None` while the site is down.
    pub(super) running: Option<Running>,
}

#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) entries: BTreeMap<AdmissionId, Envelope>,
    pub(super) refused: BTreeSet<AdmissionId>,
    /// Uploads that were answered with success.
    pub(super) acknowledged: BTreeSet<AdmissionId>,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) federation: Federation,
    pub(super) wake_at_ms: Option<u64>,
    /// Gossip that passed here, by digest.
    pub(super) seen: BTreeSet<u64>,
    /// Gossip that awaits its verdict, and the site it came from.
    pub(super) undecided: BTreeMap<u64, (usize, Bytes)>,
    /// Requests that await their response: who asked, under what number, in which epoch of the asker.
    pub(super) asked: BTreeMap<u64, (usize, RequestId, u64)>,
    pub(super) last_number: u64,
}

impl Site {
    /// Starts the site with what is on disk.
    pub(super) fn start(&mut self) {
        self.epoch += 1;
        let Kind::Honest(_) = self.kind else { return };
        let settings = Settings { seed: self.settings.seed ^ (self.epoch << 32), ..self.settings.clone() };
        let held = self.disk.entries.values().map(Envelope::item);
        self.running = Some(Running {
            federation: Federation::new(settings, held, self.disk.refused.iter().copied()),
            wake_at_ms: None,
            seen: BTreeSet::new(),
            undecided: BTreeMap::new(),
            asked: BTreeMap::new(),
            last_number: 0,
        });
    }

    pub(super) const fn policy(&self) -> Option<Policy> {
        match self.kind {
            Kind::Honest(policy) => Some(policy),
            Kind::Hostile(_) => None,
        }
    }

    pub(super) const fn is_up(&self) -> bool {
        self.running.is_some() || matches!(self.kind, Kind::Hostile(_))
    }
}

impl Running {
    pub(super) const fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
