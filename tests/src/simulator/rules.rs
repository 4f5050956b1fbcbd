//! The rules of the world: what holds after every event, and what holds at rest.

use std::collections::BTreeMap;

use proto::admission::AdmissionId;
use proto::bounds;
use proto::federation::{Admittance, Load};

use super::intake::{self, Policy};
use super::site::{Disk, Judged, Running, Site};
use super::view::{View, view};
use super::world::World;

impl World {
    /// What must hold when a site came to hold something.
    pub(super) fn on_held(&mut self, number: usize, id: AdmissionId, replaced: Option<AdmissionId>) {
        self.last_held_ms = self.now_ms;
        let Site { disk: Disk { store, acknowledged, .. }, policy, .. } = &mut self.sites[number];
        // What took its place stands for what was acknowledged.
        if replaced.is_some_and(|replaced| acknowledged.remove(&replaced)) {
            acknowledged.insert(id);
        }
        let Some(entry) = store.entries.get(&id) else { return };
        if let Some(rule) = intake::violation(entry) {
            self.fail(format!("{number} holds what is unverified: {rule}"));
        } else if policy.refuses(entry) {
            self.fail(format!("{number} takes what its policy refuses"));
        }
    }

    /// What must hold after every event.
    pub(super) fn check(&mut self, number: usize) {
        let Site { disk, running: Some(running), .. } = &self.sites[number] else { return };
        let (believed, held) = (running.federation.held_count(), disk.store.entries.len());
        let wrong = exceeded(&running.federation.load(), self.neighbours(number).len())
            .or_else(|| self.tolerated(number))
            .or_else(|| (running.untold == 0 && believed != held).then(|| format!("counts {believed}, holds {held}")));
        if let Some(wrong) = wrong {
            self.fail(format!("{number} {wrong}"));
        }
    }

    /// What must hold once a federation was told all that is on disk.
    pub(super) fn check_held(&mut self, number: usize) {
        let Site { disk, running: Some(running), policy, .. } = &self.sites[number] else { return };
        if let (0, Some(wrong)) = (running.untold, misheld(disk, policy, running)) {
            self.fail(format!("{number} {wrong}"));
        }
    }

    /// A peer that is connected though it was at fault too often.
    fn tolerated(&self, number: usize) -> Option<String> {
        let blames = &self.sites[number].running.as_ref()?.blames;
        let (peer, count) =
            blames.iter().find(|(peer, count)| **count >= bounds::FAULTS_MAX && self.is_connected(number, **peer))?;
        Some(format!("tolerates {peer} after {count} bad messages"))
    }

    /// A closed site is connected to nobody whom it does not list, from the moment at which it lists them no more.
    pub(super) fn check_members(&mut self, number: usize) {
        if self.sites[number].running.is_none() {
            return;
        }
        let settings = self.settings(number);
        let is_listed = |other: &usize| settings.peers.iter().any(|peer| peer.node == self.sites[*other].node);
        let unlisted = self.neighbours(number).into_iter().find(|other| !is_listed(other));
        if let (Some(other), Admittance::Closed) = (unlisted, settings.admittance) {
            self.fail(format!("{number} stays connected to {other}, which is no member"));
        }
    }

    pub(super) fn is_at_rest(&mut self) -> bool {
        let at_rest = self.is_calm() && self.uploads_open == 0 && self.unrest().is_none();
        if at_rest && let Some(wrong) = self.wrong_at_rest() {
            self.fail(wrong);
        }
        at_rest
    }

    fn members(&self) -> impl Iterator<Item = (usize, &Site)> {
        self.sites.iter().enumerate().filter(|(number, site)| site.is_honest() && !self.outside.contains(number))
    }

    /// The first difference between what a site should hold in the end and what it holds.
    pub(super) fn unrest(&self) -> Option<String> {
        let everything: BTreeMap<_, _> = self
            .members()
            .flat_map(|(_, site)| &site.disk.acknowledged)
            .filter_map(|id| Some((*id, self.members().find_map(|(_, site)| site.disk.store.entries.get(id))?)))
            .collect();
        let mut first_of: BTreeMap<&Policy, (usize, &Site)> = BTreeMap::new();
        for (number, site) in self.members() {
            let Some(running) = &site.running else { return Some(format!("{number} is down")) };
            if !running.intakes.is_empty() || running.untold > 0 || site.disk.judged == Judged::Due {
                return Some(format!("{number} is at work"));
            }
            if !self.has_last_roster(number) {
                return Some(format!("{number} has an old roster"));
            }
            let entries = &site.disk.store.entries;
            let wanted = everything.iter().filter(|(_, entry)| !site.policy.refuses(entry));
            if let Some((id, _)) = wanted.into_iter().find(|(id, _)| !entries.contains_key(id)) {
                return Some(format!("{number} lacks {id:?}"));
            }
            let (first, equal) = first_of.entry(&site.policy).or_insert((number, site));
            if !equal.disk.store.entries.keys().eq(entries.keys()) {
                return Some(format!("{number} and {first} differ"));
            }
        }
        None
    }

    /// Checks everything once more, from the beginning.
    pub(super) fn wrong_at_rest(&self) -> Option<String> {
        let mut views: BTreeMap<&Policy, View> = BTreeMap::new();
        self.members().find_map(|(number, site)| {
            let entries = site.disk.store.entries.values();
            let own_view = view(&site.disk.store);
            let is_wrong = entries.into_iter().any(|entry| intake::violation(entry).is_some());
            if is_wrong {
                return Some(format!("{number} holds what is unverified"));
            }
            if views.entry(&site.policy).or_insert_with(|| own_view.clone()) != &own_view {
                return Some(format!("{number} shows another view than others"));
            }
            let wrong = misheld(&site.disk, &site.policy, site.running.as_ref()?)?;
            Some(format!("{number} {wrong}"))
        })
    }
}

/// Most identities in one frame of reconciliation, which a session takes beyond its bound.
pub(super) const ITEMS_PER_FRAME_MAX: usize = bounds::RECONCILE_FRAME_BYTES_MAX / 32;

/// A bound that a machine exceeds.
pub(super) fn exceeded(load: &Load, connected: usize) -> Option<String> {
    let is_bounded = load.intakes <= bounds::INTAKES_MAX
        && load.sessions <= bounds::SESSIONS_MAX
        && load.served <= bounds::SERVED_MAX
        && load.strangers <= bounds::STRANGERS_MAX
        && load.wanted <= load.sessions * (bounds::SESSION_ITEMS_MAX + ITEMS_PER_FRAME_MAX)
        && load.requests <= 2 * connected + bounds::ANNOUNCED_MAX
        && load.spoilt <= bounds::SPOILT_PER_PEER_MAX
        && load.untold <= bounds::HOLDING_ITEMS_MAX
        && load.known <= bounds::KNOWN_ITEMS_MAX
        && load.fresh <= bounds::FRESH_ITEMS_MAX;
    (!is_bounded).then(|| format!("exceeds a bound with {connected} peers: {load:?}"))
}

/// A difference between what is on disk, what policy allows and what a federation believes, once it was told all.
fn misheld(disk: &Disk, policy: &Policy, running: &Running) -> Option<String> {
    let Disk { store, acknowledged, judged, .. } = disk;
    if !store.entries.keys().all(|id| running.federation.holds(id)) {
        Some("believes to hold other entries than it holds".to_owned())
    } else if !acknowledged.iter().all(|id| store.keeps(id)) {
        Some("lost what it acknowledged".to_owned())
    } else if *judged == Judged::Done && store.entries.values().any(|entry| policy.refuses(entry)) {
        Some("holds what its policy refuses".to_owned())
    } else {
        None
    }
}
