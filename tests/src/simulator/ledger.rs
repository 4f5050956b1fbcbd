//! Uploads and verification as they reach the disk: what a crash interrupts was never acknowledged.

use proto::bounds;
use proto::federation::{Input, IntakeId, Outcome};
use proto::node_id::NodeId;
use proto::wire::Envelope;

use super::intake::{self, Policy};
use super::site::{Kind, Site};
use super::world::{Happening, World};

impl World {
    pub(super) fn on_intake(&mut self, site: usize, epoch: u64, intake: IntakeId, envelope: Envelope) {
        let Site { epoch: current, disk, kind: Kind::Honest(policy), .. } = &mut self.sites[site] else { return };
        if *current != epoch {
            return;
        }
        let id = envelope.item().id;
        let outcome = intake::admit(&mut disk.entries, *policy, envelope);
        if let Outcome::Refused { .. } = outcome {
            disk.refused.insert(id);
        }
        if let Outcome::Held { replaces, .. } = outcome {
            disk.refused.extend(replaces.map(|replaced| replaced.id));
            self.last_held_ms = self.now_ms;
        }
        self.tell(site, Input::IntakeFinished { intake, outcome });
    }

    pub(super) fn on_upload(&mut self, site: usize, number: usize) {
        self.uploads_open -= 1;
        let (Some(policy), Some(_)) = (self.sites[site].policy(), &self.sites[site].running) else { return };
        let (node, epoch) = (self.sites[site].node, self.sites[site].epoch);
        self.last_upload_ms = self.now_ms;
        let prefix = if policy == Policy::Lenient && self.random.percent(20) { "policy" } else { "valid" };
        let length =
            if self.random.percent(5) { bounds::GOSSIP_DOCUMENT_BYTES_MAX + 1 } else { self.random.index(200) };
        let document = format!("{prefix}:{number}:{}", "x".repeat(length));
        let envelope = intake::envelope(&node, &document, self.now_ms);
        if self.random.percent(10) {
            self.plant_twin(&node, &document);
        }
        let takes_ms = self.random.between(1, 30);
        self.uploads_open += 1;
        self.schedule(takes_ms, Happening::UploadEnds { site, epoch, envelope });
    }

    /// A later admission of the same entry by the same origin, which must give way wherever it is held.
    pub(super) fn plant_twin(&mut self, origin: &NodeId, document: &str) {
        let site = self.random.index(self.scenario.sites);
        let epoch = self.sites[site].epoch;
        let twin = intake::envelope(origin, document, self.now_ms + 1);
        self.uploads_open += 1;
        self.schedule(0, Happening::UploadEnds { site, epoch, envelope: twin });
    }

    pub(super) fn on_upload_ended(&mut self, site: usize, epoch: u64, envelope: Envelope) {
        self.uploads_open -= 1;
        let Site { epoch: current, node, disk, kind: Kind::Honest(policy), running: Some(_), .. } =
            &mut self.sites[site]
        else {
            return;
        };
        let is_own = envelope.admission()[65..97] == *node.public_key();
        if *current != epoch {
            return;
        }
        let outcome = intake::admit(&mut disk.entries, *policy, envelope.clone());
        if let Outcome::Held { item, replaces } = outcome {
            if let Some(replaced) = replaces {
                disk.refused.insert(replaced.id);
                disk.acknowledged.remove(&replaced.id);
            }
            if is_own {
                disk.acknowledged.insert(item.id);
            }
            self.tell(site, Input::EntryAdmitted { item, replaces, envelope });
        }
    }
}
