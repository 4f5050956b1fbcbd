//! What a seed lays down before the world begins: sites, and the troubles to come.

use std::collections::BTreeSet;

use proto::federation::{Admittance, ListedBy, Membership, Peer, Settings};
use proto::node_id::NodeId;
use proto::wire::FEATURE_LEVEL;

use super::hostile::Malice;
use super::intake::{self, Policy, Taste};
use super::operator::Change;
use super::partition::{Loss, Partition};
use super::scenario::SYNC_INTERVAL_MS;
use super::site::{Disk, Kind, Site};
use super::topology::{self, choose_dispensable};
use super::world::{BEGINNING_MS, CALM_AFTER_MS, Happening, LOOK_MS, World};

/// The last trouble begins so long before the calm, that all of it is over by then.
pub(super) const TROUBLE_MS: u64 = CALM_AFTER_MS - 4_000;
/// Longest partition and longest spell of a full queue.
const SPELL_MS_MAX: u64 = 12_000;
/// Within this time every operator learns who is a member.
const NEWS_MS_MAX: u64 = 1_500;
/// How many times longer slow sites take.
const SLOWNESS: u64 = 50;

fn node(site: usize) -> NodeId {
    let mut key = [7; 32];
    key[..2].copy_from_slice(&(site as u16 + 1).to_be_bytes());
    NodeId::from_public_key(key)
}

impl World {
    /// Builds the sites and lays down all that will happen to them.
    pub(super) fn plan(&mut self) {
        let sites = self.scenario.sites;
        self.links = topology::links(&self.scenario, &mut self.random);
        let changing = (0..self.scenario.member_changes).map(|_| self.random.index(sites)).collect::<BTreeSet<_>>();
        let going =
            choose_dispensable(self.scenario.member_changes, sites, &self.links, &BTreeSet::new(), &mut self.random);
        let strict = choose_dispensable(self.scenario.strict_sites, sites, &self.links, &going, &mut self.random);
        for hostile in sites..sites + self.scenario.hostile_sites {
            for _ in 0..2 {
                self.links.insert((self.random.index(sites), hostile));
            }
        }
        self.build_sites(&strict);
        self.plan_levels();
        self.plan_rosters();
        self.stock();
        self.plan_uploads();
        self.plan_troubles();
        self.plan_policy(&strict);
        for site in going.union(&changing).copied().collect::<Vec<_>>() {
            self.plan_membership(site, &going);
        }
        for site in sites..self.sites.len() {
            self.schedule(100, Happening::Harm { site });
        }
        self.schedule(LOOK_MS, Happening::Look);
    }

    fn build_sites(&mut self, strict: &BTreeSet<usize>) {
        let all = self.scenario.sites + self.scenario.hostile_sites;
        for site in 0..all {
            let kind = match site {
                _ if site < self.scenario.sites => Kind::Honest,
                _ => Kind::Hostile(Malice::ALL[self.random.index(Malice::ALL.len())]),
            };
            let taste = if strict.contains(&site) { Taste::Strict } else { Taste::Lenient };
            let settings = Settings {
                node: node(site),
                admittance: self.scenario.admittance,
                peers: Vec::new(),
                sync_interval_ms: SYNC_INTERVAL_MS,
                seed: self.random.next(),
                roster_authority: None,
                roster: None,
            };
            let clock_ahead_ms = self.some_skew_ms();
            self.sites.push(Site {
                node: node(site),
                kind,
                policy: Policy::new(taste),
                settings,
                epoch: 0,
                clock_ahead_ms,
                level: FEATURE_LEVEL,
                has_moved: false,
                slowness: 1,
                full_until_ms: 0,
                disk: Disk::default(),
                running: None,
            });
        }
        self.plan_moves();
        for site in 0..all {
            self.sites[site].settings.peers = self.linked(site);
        }
    }

    /// How a site is listed. Strangers are listed by nobody but themselves.
    pub(super) fn peer(&self, site: usize) -> Peer {
        Peer {
            node: self.sites[site].node,
            membership: Membership::Member,
            addresses: self.known_addresses(site),
            learned: Vec::new(),
            listed_by: ListedBy::Operator,
        }
    }

    fn some_skew_ms(&mut self) -> i64 {
        let most_ms = self.scenario.skew_ms_max;
        self.random.between(0, 2 * most_ms) as i64 - most_ms as i64
    }

    /// Lets one site hold a registry from before.
    fn stock(&mut self) {
        let site = self.random.index(self.scenario.sites);
        for number in 0..self.scenario.stock {
            let document = format!("valid:stock:{number}");
            let envelope =
                intake::envelope(&self.sites[site].node, &document, BEGINNING_MS - 1_000 + number as u64 / 9);
            let Site { disk, policy, .. } = &mut self.sites[site];
            disk.acknowledged.insert(envelope.item().id);
            disk.store.admit(policy, envelope);
        }
    }

    fn plan_uploads(&mut self) {
        for number in 0..self.scenario.uploads {
            let site = self.random.index(self.scenario.sites);
            let after_ms = self.random.between(0, CALM_AFTER_MS);
            self.schedule(after_ms, Happening::UploadArrives { site, number });
        }
    }

    fn plan_troubles(&mut self) {
        let sites = self.scenario.sites;
        for _ in 0..self.scenario.crashes {
            let site = self.random.index(sites);
            let after_ms = self.random.between(0, CALM_AFTER_MS - 2_000);
            let down_ms = self.random.between(10, 2_000);
            self.schedule(after_ms, Happening::Crash { site });
            self.schedule(after_ms + down_ms, Happening::Restart { site });
        }
        for number in 0..self.scenario.partitions {
            let side = (0..sites).filter(|_| self.random.percent(50)).collect();
            let loss = if self.random.percent(50) { Loss::Told } else { Loss::Silent };
            let after_ms = self.random.between(0, TROUBLE_MS);
            let lasts_ms = self.random.between(100, SPELL_MS_MAX).min(CALM_AFTER_MS - after_ms);
            let partition = Partition { number, side, loss, lasts_ms };
            self.schedule(after_ms, Happening::Part { partition });
        }
        for _ in 0..self.scenario.clock_steps {
            let (site, after_ms) = (self.random.index(sites), self.random.between(0, CALM_AFTER_MS));
            let ahead_ms = self.some_skew_ms();
            self.schedule(after_ms, Happening::ClockStep { site, ahead_ms });
        }
        for _ in 0..self.scenario.slow_sites {
            let site = self.random.index(sites);
            self.sites[site].slowness = SLOWNESS;
        }
        for _ in 0..self.scenario.full_queues {
            let (site, after_ms) = (self.random.index(sites), self.random.between(0, TROUBLE_MS));
            let for_ms = self.random.between(100, SPELL_MS_MAX).min(CALM_AFTER_MS - after_ms);
            self.schedule(after_ms, Happening::Full { site, for_ms });
        }
    }

    /// Lets operators change their minds, so that the `strict` ones are so in the end.
    fn plan_policy(&mut self, strict: &BTreeSet<usize>) {
        for _ in 0..self.scenario.policy_changes {
            let site = self.random.index(self.scenario.sites);
            let (taste, other) = match strict.contains(&site) {
                true => (Taste::Strict, Taste::Lenient),
                false => (Taste::Lenient, Taste::Strict),
            };
            let after_ms = self.random.between(0, TROUBLE_MS);
            let back_ms = self.random.between(after_ms, CALM_AFTER_MS);
            self.schedule(after_ms, Happening::Operator { site, change: Change::Taste(other) });
            // The last change of all is to the taste of the end.
            self.schedule(back_ms, Happening::Operator { site, change: Change::Taste(taste) });
            self.schedule(CALM_AFTER_MS, Happening::Operator { site, change: Change::Taste(taste) });
        }
    }

    /// Lets a member go, or go and come back, or come as a new one.
    fn plan_membership(&mut self, member: usize, going: &BTreeSet<usize>) {
        let gone_ms = if self.random.percent(50) { 0 } else { self.random.between(0, TROUBLE_MS / 2) };
        let from_ms = self.now_ms + gone_ms;
        let others: Vec<_> = (0..self.scenario.sites).filter(|site| *site != member).collect();
        let leaves = self.random.percent(50);
        for site in others.iter().copied() {
            let after_ms = gone_ms + self.random.between(0, NEWS_MS_MAX);
            self.schedule(after_ms, Happening::Operator { site, change: Change::Remove { member, from_ms } });
        }
        if leaves {
            self.schedule(gone_ms, Happening::Operator { site: member, change: Change::Leave });
        }
        if going.contains(&member) {
            return;
        }
        let back_ms = self.random.between(gone_ms + NEWS_MS_MAX, CALM_AFTER_MS - NEWS_MS_MAX);
        for site in others {
            let after_ms = back_ms + self.random.between(0, NEWS_MS_MAX);
            self.schedule(after_ms, Happening::Operator { site, change: Change::Add { member } });
        }
        self.schedule(back_ms, Happening::Operator { site: member, change: Change::Join });
    }

    /// Whether one site lists another as an operator would: strangers are listed by nobody honest.
    pub(super) fn is_listable(&self, site: usize, other: usize) -> bool {
        let is_stranger = |number: usize| number >= self.scenario.sites && self.scenario.admittance == Admittance::Open;
        site >= self.scenario.sites || !is_stranger(other)
    }
}
