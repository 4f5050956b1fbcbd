//! What a site's driver does with the effects of its federation.

use proto::admission::AdmissionId;
use proto::federation::{DisconnectReason, Effect, Event, Input, LoadId};
use proto::node_id::NodeId;

use super::history::brief_event;
use super::roster::address_of;
use super::world::{Happening, World};

impl World {
    pub(super) fn carry_out(&mut self, site: usize, effect: Effect) {
        let epoch = self.sites[site].epoch;
        match effect {
            Effect::Dial { peer, address } => {
                let (to, travel_ms) = (self.number(&peer), self.travel_ms());
                let dial = if address == address_of(to) {
                    Happening::DialArrives { from: site, to, epoch }
                } else {
                    Happening::DialFails { from: site, to, epoch }
                };
                self.schedule(travel_ms, dial);
            }
            Effect::Disconnect { peer, reason } => self.on_cut(site, self.number(&peer), reason),
            Effect::JudgeGossip { message, verdict } => self.judge(site, message, verdict),
            Effect::Publish { bytes } => self.spread(site, None, &bytes),
            Effect::SendRequest { to, request, bytes } => {
                let to = self.number(&to);
                let bytes = self.spoken(site, to, bytes);
                self.send_request(site, to, request, bytes);
            }
            Effect::Respond { request, bytes, .. } => self.respond(site, request, bytes),
            Effect::Admit { intake, envelope, .. } => {
                let id = envelope.item().id;
                let Some(running) = &mut self.sites[site].running else { return };
                running.intakes.insert(intake, id);
                if running.refused.contains(&id) {
                    self.fail(format!("{site} fetches again what it refused"));
                }
                let takes_ms = self.work_ms(site, 30);
                self.schedule(takes_ms, Happening::IntakeEnds { site, epoch, intake, envelope });
            }
            Effect::Load { load, items, .. } => {
                let takes_ms = self.work_ms(site, 10);
                self.schedule(takes_ms, Happening::LoadEnds { site, epoch, load, items });
            }
            Effect::AdoptRoster { roster } => self.adopt_roster(site, roster),
            Effect::KeepAddresses { peer, addresses } => self.keep_addresses(site, peer, addresses),
            Effect::Report(event) => {
                self.gossip_dropped += u64::from(matches!(event, Event::GossipDropped { .. }));
                if let Event::PeerUp { peer } = &event {
                    self.forgive_expelled(site, *peer);
                }
                self.note(format_args!("{site} reports {}", brief_event(&event)));
                if let Event::PeerFaulted { peer, fault } = &event {
                    self.on_fault(site, self.number(peer), &fault.to_string());
                }
            }
        }
    }

    fn on_cut(&mut self, site: usize, peer: usize, reason: DisconnectReason) {
        self.note(format_args!("{site} cuts off {peer}: {reason}"));
        if reason == DisconnectReason::Expelled {
            self.expulsions += 1;
            if let Some(running) = &mut self.sites[site].running {
                running.expelled.insert(peer);
            }
            if self.sites[peer].is_honest() {
                self.fail(format!("{site} expels {peer}, which is honest"));
            }
        }
        self.disconnect(site, peer);
    }

    /// Whoever was expelled and is let in again has served its time, and begins without faults.
    fn forgive_expelled(&mut self, site: usize, peer: NodeId) {
        let peer = self.number(&peer);
        if let Some(running) = &mut self.sites[site].running
            && running.expelled.remove(&peer)
        {
            running.blames.remove(&peer);
        }
    }

    fn on_fault(&mut self, site: usize, peer: usize, fault: &str) {
        self.note(format_args!("{site} blames {peer}: {fault}"));
        if let Some(running) = &mut self.sites[site].running {
            *running.blames.entry(peer).or_default() += 1;
        }
        if self.sites[peer].is_honest() {
            self.fail(format!("{site} blames {peer}, which is honest: {fault}"));
        }
    }

    pub(super) fn on_loaded(&mut self, site: usize, epoch: u64, load: LoadId, items: &[AdmissionId]) {
        if self.sites[site].epoch == epoch {
            let entries = &self.sites[site].disk.store.entries;
            let envelopes = items.iter().filter_map(|id| entries.get(id).cloned()).collect();
            self.tell(site, Input::Loaded { load, envelopes });
        }
    }
}
