//! One site: a federation with what its driver keeps, in memory and on disk.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::federation::{Address, Federation, Input, IntakeId, Outcome, RequestId, Settings};
use proto::node_id::NodeId;
use proto::roster::VerifiedRoster;
use proto::timestamp::Instant;
use proto::wire::Envelope;

use super::hostile::Malice;
use super::intake::{Policy, Store};

/// What a site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It follows the protocol.
    Honest,
    /// It does harm.
    Hostile(Malice),
}

#[derive(Debug)]
pub(super) struct Site {
    pub(super) node: NodeId,
    pub(super) kind: Kind,
    pub(super) policy: Policy,
    pub(super) settings: Settings,
    /// Counts the starts; what was under way before a crash is of an earlier one.
    pub(super) epoch: u64,
    /// By how much its clock is ahead of the world's.
    pub(super) clock_ahead_ms: i64,
    /// The feature level of its program.
    pub(super) level: u8,
    /// Whether it is elsewhere than its peers' operators believe.
    pub(super) has_moved: bool,
    /// How many times longer its work takes.
    pub(super) slowness: u64,
    /// Until when its intake takes nothing.
    pub(super) full_until_ms: u64,
    /// On disk.
    pub(super) disk: Disk,
    /// In memory; `None` while the site is down.
    pub(super) running: Option<Running>,
}

#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) store: Store,
    /// Uploads that were answered with success.
    pub(super) acknowledged: BTreeSet<AdmissionId>,
    pub(super) judged: Judged,
    pub(super) roster: Option<VerifiedRoster>,
    /// Where peers said that they are reached.
    pub(super) addresses: BTreeMap<NodeId, Vec<Address>>,
}

/// Whether everything was judged by the present policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Judged {
    #[default]
    Done,
    Due,
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
    /// What is in verification.
    pub(super) intakes: BTreeMap<IntakeId, AdmissionId>,
    /// What the federation was told to be refused.
    pub(super) refused: BTreeSet<AdmissionId>,
    /// Changes on disk that the federation was not told of yet.
    pub(super) untold: usize,
    /// The operator's commands are told in order: when the last one will be.
    pub(super) commands_until_ms: u64,
    /// Bad messages of each peer since it was last let in again after it was expelled.
    pub(super) blames: BTreeMap<usize, u32>,
    /// Peers that were expelled and not let in again.
    pub(super) expelled: BTreeSet<usize>,
    pub(super) last_number: u64,
}

impl Site {
    /// Starts the site with what is on disk.
    pub(super) fn start(&mut self, settings: Settings) {
        self.epoch += 1;
        if !self.is_honest() {
            return;
        }
        let settings = Settings { seed: settings.seed ^ (self.epoch << 32), ..settings };
        let Store { entries, refused, .. } = &self.disk.store;
        let held = entries.values().map(Envelope::item);
        self.running = Some(Running {
            federation: Federation::new(settings, held, refused.iter().copied()),
            wake_at_ms: None,
            seen: BTreeSet::new(),
            undecided: BTreeMap::new(),
            asked: BTreeMap::new(),
            intakes: BTreeMap::new(),
            refused: refused.clone(),
            untold: 0,
            commands_until_ms: 0,
            blames: BTreeMap::new(),
            expelled: BTreeSet::new(),
            last_number: 0,
        });
    }

    pub(super) const fn is_honest(&self) -> bool {
        matches!(self.kind, Kind::Honest)
    }

    pub(super) const fn is_up(&self) -> bool {
        self.running.is_some() || !self.is_honest()
    }

    /// What its clock shows at a moment of the world.
    pub(super) fn clock(&self, now_ms: u64) -> Instant {
        Instant::from_unix_ms(now_ms.saturating_add_signed(self.clock_ahead_ms))
    }
}

impl Running {
    pub(super) const fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Notes what an input says of refusals.
    pub(super) fn learn(&mut self, input: &Input) {
        match input {
            Input::TrustChanged { refused } => self.refused = refused.iter().copied().collect(),
            Input::ItemsWithdrawn { items } => self.refused.extend(items),
            Input::ItemsRestored { items } => self.refused.retain(|id| items.iter().all(|item| item.id != *id)),
            Input::EntryAdmitted { replaces, .. } => self.refused.extend(replaces.map(|replaced| replaced.id)),
            Input::IntakeFinished { intake, outcome } => match (self.intakes.remove(intake), outcome) {
                (_, Outcome::Held { replaces, .. }) => self.refused.extend(replaces.map(|replaced| replaced.id)),
                (id, Outcome::Refused { .. }) => self.refused.extend(id),
                _ => (),
            },
            _ => (),
        }
    }
}
