//! Uploads and verification as they reach the disk: what a crash interrupts was never acknowledged, and what is on disk
//! the federation hears of a little later, or from the disk itself after a crash.

use proto::bounds;
use proto::federation::{Input, IntakeId, Outcome};
use proto::node_id::NodeId;
use proto::wire::Envelope;

use super::intake::{self, Taste};
use super::site::Site;
use super::world::{Happening, World};

impl World {
    /// How long a piece of work takes a site.
    pub(super) fn work_ms(&mut self, site: usize, most_ms: u64) -> u64 {
        self.random.between(1, most_ms) * self.sites[site].slowness
    }

    pub(super) fn on_intake(&mut self, site: usize, epoch: u64, intake: IntakeId, envelope: Envelope) {
        if self.sites[site].epoch != epoch {
            return;
        }
        let Site { policy, disk, full_until_ms, .. } = &mut self.sites[site];
        let outcome =
            if self.now_ms < *full_until_ms { Outcome::Overloaded } else { disk.store.admit(policy, envelope) };
        if let Outcome::Held { item, replaces } = outcome {
            self.on_held(site, item.id, replaces.map(|replaced| replaced.id));
        }
        let after_ms = self.random.between(0, 4);
        self.tell_later(site, after_ms, Input::IntakeFinished { intake, outcome });
    }

    /// Has the federation told of what is on disk, unless the site crashes before.
    pub(super) fn tell_later(&mut self, site: usize, after_ms: u64, input: Input) {
        let epoch = self.sites[site].epoch;
        if let Some(running) = &mut self.sites[site].running {
            running.untold += 1;
            self.schedule(after_ms, Happening::Told { site, epoch, input });
        }
    }

    /// The same for what the operator's side of the node tells: in order.
    pub(super) fn command(&mut self, site: usize, input: Input) {
        let (now_ms, pause_ms) = (self.now_ms, self.random.between(0, 4));
        let Some(running) = &mut self.sites[site].running else { return };
        running.commands_until_ms = running.commands_until_ms.max(now_ms) + pause_ms;
        let after_ms = running.commands_until_ms - now_ms;
        self.tell_later(site, after_ms, input);
    }

    pub(super) fn on_told(&mut self, site: usize, epoch: u64, input: Input) {
        if self.sites[site].epoch != epoch {
            return;
        }
        let Some(running) = &mut self.sites[site].running else { return };
        running.untold -= 1;
        running.learn(&input);
        self.tell(site, input);
        self.check_held(site);
    }

    pub(super) fn on_upload(&mut self, site: usize, number: usize) {
        self.uploads_open -= 1;
        if self.sites[site].running.is_none() {
            return;
        }
        let (node, epoch, taste) = (self.sites[site].node, self.sites[site].epoch, self.sites[site].policy.taste);
        self.last_upload_ms = self.now_ms;
        let prefix = if taste == Taste::Lenient && self.random.percent(20) { "policy" } else { "valid" };
        let length =
            if self.random.percent(5) { bounds::GOSSIP_DOCUMENT_BYTES_MAX + 1 } else { self.random.index(200) };
        let document = format!("{prefix}:{number}:{}", "x".repeat(length));
        let envelope = intake::envelope(&node, &document, self.sites[site].clock(self.now_ms).unix_ms());
        if self.random.percent(10) {
            self.plant_twin(site, &node, &document);
        }
        let takes_ms = self.work_ms(site, 30);
        self.uploads_open += 1;
        self.schedule(takes_ms, Happening::UploadEnds { site, epoch, envelope });
    }

    /// A later admission of the same entry by the same origin, which must give way wherever it is held.
    fn plant_twin(&mut self, at: usize, origin: &NodeId, document: &str) {
        let site = self.random.index(self.scenario.sites);
        let epoch = self.sites[site].epoch;
        let twin = intake::envelope(origin, document, self.sites[at].clock(self.now_ms).unix_ms() + 1);
        self.uploads_open += 1;
        self.schedule(0, Happening::UploadEnds { site, epoch, envelope: twin });
    }

    pub(super) fn on_upload_ended(&mut self, number: usize, epoch: u64, envelope: Envelope) {
        self.uploads_open -= 1;
        let site = &mut self.sites[number];
        if site.running.is_none() || site.epoch != epoch {
            return;
        }
        let is_own = envelope.admission()[65..97] == *site.node.public_key();
        let outcome = site.disk.store.admit(&site.policy, envelope.clone());
        if let Outcome::Held { item, replaces } = outcome {
            if is_own {
                site.disk.acknowledged.insert(item.id);
            }
            self.on_held(number, item.id, replaces.map(|replaced| replaced.id));
            self.command(number, Input::EntryAdmitted { item, replaces, envelope });
        }
    }
}
