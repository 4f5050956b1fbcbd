//! The world of a run: a queue of happenings in the order of their moments, and the rules that hold after each.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::federation::{
    Admittance, Answer, DisconnectReason, Effect, Input, IntakeId, ListedBy, LoadId, Membership, Peer, RequestId,
    Settings,
};
use proto::node_id::NodeId;
use proto::reconcile::ItemSet;
use proto::timestamp::Instant;
use proto::wire::Envelope;

use super::history::{Failure, History, brief, brief_event};
use super::intake::Policy;
use super::random::Random;
use super::scenario::{SYNC_INTERVAL_MS, Scenario};
use super::site::{Disk, Kind, Site};

/// The world begins here, so that moments look like moments.
const BEGINNING_MS: u64 = 1_800_000_000_000;
/// After this long nothing goes wrong any more, but lost gossip stays lost.
const CALM_AFTER_MS: u64 = 20_000;
/// A run that has not come to rest by then has failed.
const END_AFTER_MS: u64 = 20 * 60_000;
/// How often the world looks whether it is at rest.
const LOOK_MS: u64 = 250;

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// A digest of every event in order.
    pub digest: u64,
    /// How many events there were.
    pub events: u64,
    /// From the last upload until every site had everything.
    pub rested_ms_after_last_upload: u64,
    /// How often a site expelled another.
    pub expulsions: u64,
}

/// What will happen. `epoch` is that of the site it happens to: a crash undoes what was under way.
#[derive(Debug)]
pub(super) enum Happening {
    Wake { site: usize, epoch: u64 },
    DialArrives { from: usize, to: usize, epoch: u64 },
    GossipArrives { from: usize, to: usize, bytes: Bytes, is_repeat: Repeat },
    RequestArrives { from: usize, to: usize, epoch: u64, request: RequestId, bytes: Bytes },
    AnswerArrives { from: usize, to: usize, epoch: u64, request: RequestId, answer: Answer },
    IntakeEnds { site: usize, epoch: u64, intake: IntakeId, envelope: Envelope },
    LoadEnds { site: usize, epoch: u64, load: LoadId, items: Vec<AdmissionId> },
    UploadArrives { site: usize, number: usize },
    UploadEnds { site: usize, epoch: u64, envelope: Envelope },
    Crash { site: usize },
    Restart { site: usize },
    Harm { site: usize },
    Look,
}

/// Whether the gossip network's cache of known messages lets a message through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    First,
    CacheExpired,
}

pub(super) struct World {
    pub(super) scenario: Scenario,
    seed: u64,
    pub(super) random: Random,
    pub(super) now_ms: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    scheduled: u64,
    pub(super) sites: Vec<Site>,
    numbers: BTreeMap<NodeId, usize>,
    /// Pairs that are connected, the smaller number first.
    pub(super) connections: BTreeSet<(usize, usize)>,
    history: History,
    pub(super) last_upload_ms: u64,
    pub(super) last_held_ms: u64,
    pub(super) uploads_open: usize,
    expulsions: u64,
    wrong: Option<String>,
}

impl World {
    pub(super) fn new(scenario: Scenario, seed: u64) -> Self {
        let mut world = Self {
            random: Random::new(seed),
            seed,
            now_ms: BEGINNING_MS,
            queue: BTreeMap::new(),
            scheduled: 0,
            sites: Vec::new(),
            numbers: BTreeMap::new(),
            connections: BTreeSet::new(),
            history: History::new(),
            last_upload_ms: BEGINNING_MS,
            last_held_ms: BEGINNING_MS,
            uploads_open: scenario.uploads,
            expulsions: 0,
            wrong: None,
            scenario,
        };
        world.build_sites();
        world.plan();
        world
    }

    pub(super) fn play(mut self) -> Result<Summary, Failure> {
        for site in 0..self.sites.len() {
            self.start(site);
        }
        while let Some(((at_ms, _), happening)) = self.queue.pop_first() {
            self.now_ms = at_ms;
            let is_look = matches!(happening, Happening::Look);
            self.happen(happening);
            if is_look && self.is_at_rest() {
                return self.summary();
            }
            if at_ms > BEGINNING_MS + END_AFTER_MS {
                let unrest = self.unrest().unwrap_or_default();
                self.fail(format!("no rest after {END_AFTER_MS} ms: {unrest}"));
            }
            if let Some(wrong) = self.wrong.take() {
                return Err(self.failure(wrong));
            }
        }
        Err(self.failure("the world stopped".to_owned()))
    }

    fn build_sites(&mut self) {
        let mut links = self.scenario.links(&mut self.random);
        let strict = self.scenario.choose_strict(&links, &mut self.random);
        let all = self.scenario.sites + self.scenario.hostile_sites;
        for hostile in self.scenario.sites..all {
            links.insert((self.random.index(self.scenario.sites), hostile));
            links.insert((self.random.index(self.scenario.sites), hostile));
        }
        let node = |site: usize| NodeId::from_public_key([site as u8 + 1; 32]);
        for site in 0..all {
            let kind = match site {
                _ if site >= self.scenario.sites => Kind::Hostile(ItemSet::default()),
                _ if strict.contains(&site) => Kind::Honest(Policy::Strict),
                _ => Kind::Honest(Policy::Lenient),
            };
            let neighbours = links.iter().filter_map(|(one, other)| match site {
                _ if *one == site => Some(*other),
                _ if *other == site => Some(*one),
                _ => None,
            });
            let peers = neighbours.map(|other| Peer {
                node: node(other),
                membership: Membership::Member,
                addresses: vec![format!("site {other}")],
                learned: Vec::new(),
                listed_by: ListedBy::Operator,
            });
            let settings = Settings {
                node: node(site),
                admittance: Admittance::Closed,
                peers: peers.collect(),
                sync_interval_ms: SYNC_INTERVAL_MS,
                seed: self.random.next(),
                roster_authority: None,
                roster: None,
            };
            self.numbers.insert(node(site), site);
            self.sites.push(Site { node: node(site), kind, settings, epoch: 0, disk: Disk::default(), running: None });
        }
    }

    /// Lays down uploads, crashes and harm.
    fn plan(&mut self) {
        for number in 0..self.scenario.uploads {
            let site = self.random.index(self.scenario.sites);
            let after_ms = self.random.between(0, CALM_AFTER_MS);
            self.schedule(after_ms, Happening::UploadArrives { site, number });
        }
        for _ in 0..self.scenario.crashes {
            let site = self.random.index(self.scenario.sites);
            let after_ms = self.random.between(0, CALM_AFTER_MS - 2_000);
            let down_ms = self.random.between(10, 2_000);
            self.schedule(after_ms, Happening::Crash { site });
            self.schedule(after_ms + down_ms, Happening::Restart { site });
        }
        for site in self.scenario.sites..self.sites.len() {
            self.schedule(100, Happening::Harm { site });
        }
        self.schedule(LOOK_MS, Happening::Look);
    }

    pub(super) fn schedule(&mut self, after_ms: u64, happening: Happening) {
        self.scheduled += 1;
        self.queue.insert((self.now_ms + after_ms, self.scheduled), happening);
    }

    pub(super) fn travel_ms(&mut self) -> u64 {
        let delay = self.scenario.delay_percent;
        if self.random.percent(delay) { self.random.between(50, 1_000) } else { self.random.between(5, 50) }
    }

    pub(super) fn is_calm(&self) -> bool {
        self.now_ms >= BEGINNING_MS + CALM_AFTER_MS
    }

    fn start(&mut self, site: usize) {
        self.sites[site].start();
        self.note(format!("{site} starts"));
        self.tell(site, Input::Woke);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Wake { site, epoch } => self.on_wake(site, epoch),
            Happening::DialArrives { from, to, epoch } => self.on_dial(from, to, epoch),
            Happening::GossipArrives { from, to, bytes, is_repeat } => self.on_gossip(from, to, bytes, is_repeat),
            Happening::RequestArrives { from, to, epoch, request, bytes } => {
                self.on_request(from, to, epoch, request, bytes);
            }
            Happening::AnswerArrives { from, to, epoch, request, answer } => {
                if self.sites[to].epoch == epoch {
                    let from = self.sites[from].node;
                    self.tell(to, Input::ResponseArrived { from, request, answer });
                }
            }
            Happening::IntakeEnds { site, epoch, intake, envelope } => self.on_intake(site, epoch, intake, envelope),
            Happening::LoadEnds { site, epoch, load, items } => {
                if self.sites[site].epoch == epoch {
                    let entries = &self.sites[site].disk.entries;
                    let envelopes = items.iter().filter_map(|id| entries.get(id).cloned()).collect();
                    self.tell(site, Input::Loaded { load, envelopes });
                }
            }
            Happening::UploadArrives { site, number } => self.on_upload(site, number),
            Happening::UploadEnds { site, epoch, envelope } => self.on_upload_ended(site, epoch, envelope),
            Happening::Crash { site } => self.crash(site),
            Happening::Restart { site } if !self.sites[site].is_up() => self.start(site),
            Happening::Restart { .. } => (),
            Happening::Harm { site } => self.harm(site),
            Happening::Look => self.schedule(LOOK_MS, Happening::Look),
        }
    }

    /// Hands an input to a site that is up, carries out the effects, and checks the site.
    pub(super) fn tell(&mut self, site: usize, input: Input) {
        if let Kind::Hostile(_) = self.sites[site].kind {
            return self.tell_hostile(site, input);
        }
        let now = Instant::from_unix_ms(self.now_ms);
        self.note(format!("{site} {}", brief(&input)));
        let Some(running) = &mut self.sites[site].running else { return };
        let effects = running.federation.handle(now, input);
        for effect in effects {
            self.carry_out(site, effect);
        }
        self.check(site);
        self.plan_wake(site);
    }

    fn plan_wake(&mut self, site: usize) {
        let (now_ms, epoch) = (self.now_ms, self.sites[site].epoch);
        let Some(running) = &mut self.sites[site].running else { return };
        let Some(wake_at_ms) = running.federation.next_wake().map(Instant::unix_ms) else { return };
        if running.wake_at_ms.is_some_and(|planned| planned <= wake_at_ms) {
            return;
        }
        running.wake_at_ms = Some(wake_at_ms);
        if wake_at_ms <= now_ms {
            return self.fail(format!("{site} left something overdue"));
        }
        self.schedule(wake_at_ms - now_ms, Happening::Wake { site, epoch });
    }

    fn on_wake(&mut self, site: usize, epoch: u64) {
        let now_ms = self.now_ms;
        match &mut self.sites[site] {
            Site { running: Some(running), epoch: current, .. }
                if *current == epoch && running.wake_at_ms == Some(now_ms) =>
            {
                running.wake_at_ms = None;
            }
            _ => return,
        }
        self.tell(site, Input::Woke);
    }

    fn carry_out(&mut self, site: usize, effect: Effect) {
        let epoch = self.sites[site].epoch;
        match effect {
            Effect::Dial { peer, .. } => {
                let (to, travel_ms) = (self.number(&peer), self.travel_ms());
                self.schedule(travel_ms, Happening::DialArrives { from: site, to, epoch });
            }
            Effect::Disconnect { peer, reason } => {
                self.expulsions += u64::from(reason == DisconnectReason::Expelled);
                self.note(format!("{site} cuts off {}: {reason}", self.number(&peer)));
                self.disconnect(site, self.number(&peer));
            }
            Effect::JudgeGossip { message, verdict } => self.judge(site, message, verdict),
            Effect::Publish { bytes } => self.spread(site, None, &bytes),
            Effect::SendRequest { to, request, bytes } => {
                let to = self.number(&to);
                self.send_request(site, to, request, bytes);
            }
            Effect::Respond { request, bytes, .. } => self.respond(site, request, bytes),
            Effect::Admit { intake, envelope, .. } => {
                if self.sites[site].disk.refused.contains(&envelope.item().id) {
                    self.fail(format!("{site} fetches again what it refused"));
                }
                let takes_ms = self.random.between(1, 30);
                self.schedule(takes_ms, Happening::IntakeEnds { site, epoch, intake, envelope });
            }
            Effect::Load { load, items, .. } => {
                let takes_ms = self.random.between(1, 10);
                self.schedule(takes_ms, Happening::LoadEnds { site, epoch, load, items });
            }
            Effect::Penalise { peer, fault } => self.on_penalty(site, self.number(&peer), &fault.to_string()),
            // No site has an authority over rosters, and none says where it is reached.
            Effect::AdoptRoster { .. } | Effect::KeepAddresses { .. } => {
                self.fail(format!("{site} learns what none told"))
            }
            Effect::Report(event) => self.note(format!("{site} reports {}", brief_event(&event))),
        }
    }

    fn on_penalty(&mut self, site: usize, peer: usize, fault: &str) {
        self.note(format!("{site} blames {peer}: {fault}"));
        if self.sites[peer].policy().is_some() {
            self.fail(format!("{site} blames {peer}, which is honest: {fault}"));
        }
    }

    fn summary(mut self) -> Result<Summary, Failure> {
        match self.wrong.take() {
            Some(wrong) => Err(self.failure(wrong)),
            None => Ok(Summary {
                digest: self.history.digest(),
                events: self.history.events,
                rested_ms_after_last_upload: self.last_held_ms.saturating_sub(self.last_upload_ms),
                expulsions: self.expulsions,
            }),
        }
    }

    fn failure(&self, wrong: String) -> Failure {
        Failure { seed: self.seed, wrong, scenario: format!("{:?}", self.scenario), end: self.history.end() }
    }

    pub(super) fn fail(&mut self, wrong: String) {
        self.wrong.get_or_insert(wrong);
    }

    pub(super) fn note(&mut self, line: String) {
        self.history.note(format!("{:>7} {line}", self.now_ms - BEGINNING_MS));
    }

    pub(super) fn number(&self, node: &NodeId) -> usize {
        self.numbers[node]
    }
}
