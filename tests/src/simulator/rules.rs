//! The rules of the world: what holds after every event, and what holds at rest.

use std::collections::{BTreeMap, BTreeSet};

use proto::admission::AdmissionId;
use proto::bounds;
use proto::wire::Envelope;

use super::intake::{self, Policy};
use super::site::{Kind, Site};
use super::world::World;

impl World {
    /// What must hold after every event.
    pub(super) fn check(&mut self, site: usize) {
        let Site { disk, running: Some(running), kind: Kind::Honest(policy), .. } = &self.sites[site] else { return };
        let (load, policy) = (running.federation.load(), *policy);
        let is_bounded = load.intakes <= bounds::INTAKES_MAX
            && load.sessions <= bounds::SESSIONS_MAX
            && load.served <= bounds::SERVED_MAX
            && load.requests <= 4 * self.sites.len() + bounds::ANNOUNCED_MAX;
        let lost = disk.acknowledged.iter().find(|id| !disk.entries.contains_key(id));
        let unknown = disk.entries.keys().find(|id| !running.federation.holds(id));
        let refused = disk.entries.values().find(|entry| intake::is_refused(policy, entry));
        let wrong = if !is_bounded {
            Some(format!("{site} exceeds a bound: {load:?}"))
        } else if running.federation.held_count() != disk.entries.len() {
            Some(format!("{site} counts {}, holds {}", running.federation.held_count(), disk.entries.len()))
        } else if lost.is_some() {
            Some(format!("{site} lost what it acknowledged"))
        } else if refused.is_some() || unknown.is_some() {
            Some(format!("{site} holds what it must not"))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            self.fail(wrong);
        }
    }

    pub(super) fn is_at_rest(&mut self) -> bool {
        let at_rest = self.is_calm() && self.uploads_open == 0 && self.unrest().is_none();
        if at_rest && let Some(wrong) = self.wrong_at_rest() {
            self.fail(wrong);
        }
        at_rest
    }

    /// The first difference between what a site should hold in the end and what it holds.
    pub(super) fn unrest(&self) -> Option<String> {
        let everything: BTreeMap<_, _> = self
            .sites
            .iter()
            .flat_map(|site| &site.disk.acknowledged)
            .filter_map(|id| Some((*id, self.sites.iter().find_map(|site| site.disk.entries.get(id))?)))
            .collect();
        let mut first_of: [Option<(usize, BTreeSet<AdmissionId>)>; 2] = [None, None];
        for (number, site) in self.sites.iter().enumerate() {
            let Some(policy) = site.policy() else { continue };
            let Some(running) = &site.running else { return Some(format!("{number} is down")) };
            if running.federation.load().intakes > 0 {
                return Some(format!("{number} is verifying"));
            }
            let wanted = everything.iter().filter(|(_, entry)| !intake::is_refused(policy, entry));
            if let Some((id, _)) = wanted.into_iter().find(|(id, _)| !site.disk.entries.contains_key(id)) {
                return Some(format!("{number} lacks {id:?}"));
            }
            let held: BTreeSet<_> = site.disk.entries.keys().copied().collect();
            let first = first_of[usize::from(policy == Policy::Strict)].get_or_insert((number, held.clone()));
            if first.1 != held {
                return Some(format!("{number} and {} differ", first.0));
            }
        }
        None
    }

    fn wrong_at_rest(&self) -> Option<String> {
        self.sites.iter().enumerate().find_map(|(number, site)| {
            let (policy, running) = (site.policy()?, site.running.as_ref()?);
            let is_wrong = |(id, entry): (&AdmissionId, &Envelope)| {
                !is_rightly_held(policy, entry) || !running.federation.holds(id)
            };
            site.disk.entries.iter().any(is_wrong).then(|| format!("{number} holds what it must not"))
        })
    }
}

fn is_rightly_held(policy: Policy, entry: &Envelope) -> bool {
    intake::violation(entry).is_none() && !intake::is_refused(policy, entry)
}
