//! Who belongs to the federation by its roster, and where sites say that they are reached.

use std::collections::{BTreeMap, BTreeSet};

use proto::crypto::NodeKey;
use proto::federation::{Address, Input, ListedBy, Membership, Peer, Settings};
use proto::node_id::NodeId;
use proto::roster::{Member, Roster, RosterAuthority, SignedRoster, VerifiedRoster};
use proto::timestamp::Timestamp;

use super::plan::TROUBLE_MS;
use super::site::Site;
use super::world::{Happening, World};

/// The seed of the key that signs rosters.
const OPERATOR: [u8; 32] = [1; 32];
/// How many sites of 100 a roster lists that is not the last.
const LISTED_PERCENT: u64 = 70;
/// When an operator whose site is down tries again to publish a roster.
const PUBLISHED_AGAIN_MS: u64 = 500;

impl World {
    /// Lets operators publish the versions of a roster at any sites, in any order.
    pub(super) fn plan_rosters(&mut self) {
        let versions = self.scenario.rosters;
        if versions == 0 {
            return;
        }
        let key = NodeKey::from_seed(OPERATOR);
        let authority = RosterAuthority { federation: "sim".to_owned(), keys: [key.node_id()].into(), threshold: 1 };
        for version in 1..=versions {
            let (sites, is_last) = (self.scenario.sites, version == versions);
            let listed: Vec<_> = (0..sites).filter(|_| is_last || self.random.percent(LISTED_PERCENT)).collect();
            let members = listed.into_iter().map(|site| (self.sites[site].node, self.member(site))).collect();
            let roster = signed(version, members, &key, &authority);
            let (site, after_ms) = (self.random.index(sites), self.random.between(0, TROUBLE_MS));
            self.schedule(after_ms, Happening::RosterPublished { site, roster });
        }
        for site in &mut self.sites {
            site.settings.roster_authority = Some(authority.clone());
        }
    }

    fn member(&self, site: usize) -> Member {
        Member { name: format!("site {site}"), addresses: self.known_addresses(site), ..Member::default() }
    }

    /// Where operators believe that a site is reached.
    pub(super) fn known_addresses(&self, site: usize) -> Vec<Address> {
        let has_moved = self.sites[site].has_moved;
        vec![if has_moved { format!("former address of {site}") } else { address_of(site) }]
    }

    /// Lets some sites be elsewhere than their peers believe, no two of which are peers.
    pub(super) fn plan_moves(&mut self) {
        let mut moved = BTreeSet::new();
        for _ in 0..self.scenario.moved_sites {
            let site = self.random.index(self.scenario.sites);
            let is_beside = |other: &usize| self.links.contains(&(site.min(*other), site.max(*other)));
            if !moved.iter().any(is_beside) {
                moved.insert(site);
                self.sites[site].has_moved = true;
            }
        }
    }

    /// What a site goes by: whom its operator lists, and beside them the roster's members.
    pub(super) fn settings(&self, site: usize) -> Settings {
        let Site { settings, disk, node, .. } = &self.sites[site];
        let members = disk.roster.iter().flat_map(|roster| &roster.roster().members);
        let listed: BTreeSet<_> = settings.peers.iter().map(|peer| peer.node).chain([*node]).collect();
        let by_roster = members.filter(|(node, _)| !listed.contains(node)).map(|(node, member)| Peer {
            node: *node,
            membership: Membership::Member,
            addresses: member.addresses.clone(),
            learned: Vec::new(),
            listed_by: ListedBy::Roster,
        });
        let with_learned =
            |peer: Peer| Peer { learned: disk.addresses.get(&peer.node).cloned().unwrap_or_default(), ..peer };
        let peers = settings.peers.iter().cloned().chain(by_roster).map(with_learned).collect();
        Settings { peers, roster: disk.roster.clone(), ..settings.clone() }
    }

    /// Both ends of a new connection say where they are reached, as the network has it.
    pub(super) fn learn_address(&mut self, site: usize, other: usize) {
        if self.scenario.moved_sites > 0 {
            let (peer, addresses) = (self.sites[other].node, vec![address_of(other)]);
            self.tell(site, Input::AddressesLearned { peer, addresses });
        }
    }

    pub(super) fn keep_addresses(&mut self, site: usize, peer: NodeId, addresses: Vec<Address>) {
        let is_true = addresses == [address_of(self.number(&peer))];
        self.sites[site].disk.addresses.insert(peer, addresses);
        if !is_true {
            self.fail(format!("{site} keeps an address that nobody told"));
        }
    }

    /// An operator publishes a roster, unless a newer one is in force at the site.
    pub(super) fn on_roster_published(&mut self, site: usize, roster: VerifiedRoster) {
        if !self.sites[site].is_up() {
            return self.schedule(PUBLISHED_AGAIN_MS, Happening::RosterPublished { site, roster });
        }
        match roster.may_replace(self.sites[site].disk.roster.as_ref()) {
            Ok(()) => self.apply_roster(site, roster),
            Err(refusal) => self.note(format_args!("{site} publishes nothing: {refusal}")),
        }
    }

    /// A site has a newer roster of a peer.
    pub(super) fn adopt_roster(&mut self, site: usize, roster: VerifiedRoster) {
        let held = self.sites[site].disk.roster.as_ref().map(VerifiedRoster::rank);
        if Some(roster.rank()) <= held {
            return self.fail(format!("{site} goes back to roster {}", roster.roster().version));
        }
        let (epoch, takes_ms) = (self.sites[site].epoch, self.work_ms(site, 30));
        self.schedule(takes_ms, Happening::RosterKept { site, epoch, roster });
    }

    pub(super) fn on_roster_kept(&mut self, site: usize, epoch: u64, roster: VerifiedRoster) {
        let held = self.sites[site].disk.roster.as_ref().map(VerifiedRoster::rank);
        if self.sites[site].epoch == epoch && Some(roster.rank()) > held {
            self.apply_roster(site, roster);
        }
    }

    fn apply_roster(&mut self, site: usize, roster: VerifiedRoster) {
        self.note(format_args!("{site} has roster {}", roster.roster().version));
        self.sites[site].disk.roster = Some(roster);
        let settings = self.settings(site);
        self.tell(site, Input::MembersChanged { settings });
        self.check_members(site);
    }

    /// Whether a site has the last roster that was published.
    pub(super) fn has_last_roster(&self, site: usize) -> bool {
        let held = self.sites[site].disk.roster.as_ref().map_or(0, |roster| roster.roster().version);
        held == self.scenario.rosters
    }
}

/// Where a site is reached.
pub(super) fn address_of(site: usize) -> Address {
    format!("site {site}")
}

fn signed(
    version: u64,
    members: BTreeMap<NodeId, Member>,
    key: &NodeKey,
    authority: &RosterAuthority,
) -> VerifiedRoster {
    let moment = |seconds| Timestamp::from_unix_seconds(seconds).expect("a moment of this century");
    let (issued, expires) = (moment(1_800_000_000), moment(1_900_000_000));
    let federation = authority.federation.clone();
    let roster = Roster { federation, version, issued, expires, members, former: BTreeMap::new() };
    let mut signed = SignedRoster::unsigned(&roster).expect("it is small");
    signed.sign(key);
    signed.verify(authority).expect("its operator signed it")
}
