//! What operators change while their sites run: members, and what they let in.
//!
//! As the node does it: members change at once; what is held and refused is judged anew in the background, in steps,
//! of which the federation hears after the disk has them.

use proto::admission::AdmissionId;
use proto::federation::{Input, Peer};

use super::intake::Taste;
use super::site::Judged;
use super::world::{Happening, World};

/// Entries and refusals that are judged anew in one step.
const JUDGED_PER_STEP: usize = 4;

/// What an operator does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Lets in other documents.
    Taste(Taste),
    /// Lists a site no more; its admissions from then on count for nothing.
    Remove { member: usize, from_ms: u64 },
    /// Lists a site and counts its admissions.
    Add { member: usize },
    /// Lists nobody.
    Leave,
    /// Lists everybody that it is linked with.
    Join,
}

impl World {
    pub(super) fn on_change(&mut self, site: usize, change: Change) {
        self.note(format_args!("{site} changes: {change:?}"));
        let node = |world: &Self, number: usize| world.sites[number].node;
        match change {
            Change::Taste(taste) => self.sites[site].policy.taste = taste,
            Change::Remove { member, from_ms } => {
                self.outside.insert(member);
                let member = node(self, member);
                self.sites[site].policy.outsiders.insert(member, from_ms);
                self.sites[site].settings.peers.retain(|peer| peer.node != member);
            }
            Change::Add { member } => {
                self.outside.remove(&member);
                let removed = node(self, member);
                self.sites[site].policy.outsiders.remove(&removed);
                if self.links.contains(&(site.min(member), site.max(member))) {
                    let peer = self.peer(member);
                    self.sites[site].settings.peers.retain(|listed| listed.node != removed);
                    self.sites[site].settings.peers.push(peer);
                }
            }
            Change::Leave => self.sites[site].settings.peers.clear(),
            Change::Join => self.sites[site].settings.peers = self.linked(site),
        }
        let settings = self.settings(site);
        self.tell(site, Input::MembersChanged { settings });
        self.check_members(site);
        self.sites[site].disk.judged = Judged::Due;
        self.judge_on(site);
    }

    /// Everyone that a site is linked with, members or not.
    pub(super) fn linked(&self, site: usize) -> Vec<Peer> {
        let other = |(one, other): &(usize, usize)| match site {
            _ if *one == site => Some(*other),
            _ if *other == site => Some(*one),
            _ => None,
        };
        let others = self.links.iter().filter_map(other).filter(|other| self.is_listable(site, *other));
        others.map(|other| self.peer(other)).collect()
    }

    /// Begins to judge everything anew, or goes on after a restart.
    pub(super) fn judge_on(&mut self, site: usize) {
        if self.sites[site].disk.judged == Judged::Due && self.sites[site].running.is_some() {
            let (epoch, takes_ms) = (self.sites[site].epoch, self.work_ms(site, 30));
            self.schedule(takes_ms, Happening::Judge { site, epoch });
        }
    }

    pub(super) fn on_judge(&mut self, number: usize, epoch: u64) {
        let site = &mut self.sites[number];
        if site.epoch != epoch || site.disk.judged == Judged::Done {
            return;
        }
        let withdrawn = site.disk.store.withdraw(&site.policy, JUDGED_PER_STEP);
        let (restored, replaced, tries) = site.disk.store.restore(&site.policy, JUDGED_PER_STEP);
        if withdrawn.is_empty() && tries == 0 {
            site.disk.judged = Judged::Done;
            let refused = site.disk.store.refused.iter().copied().collect();
            return self.command(number, Input::TrustChanged { refused });
        }
        for item in &restored {
            self.on_held(number, item.id, None);
        }
        let told = |items: Vec<AdmissionId>| (!items.is_empty()).then_some(Input::ItemsWithdrawn { items });
        let restored = (!restored.is_empty()).then_some(Input::ItemsRestored { items: restored });
        for input in [told(replaced), restored, told(withdrawn)].into_iter().flatten() {
            self.command(number, input);
        }
        self.last_held_ms = self.now_ms;
        self.judge_on(number);
    }
}
