//! The world of a run: a queue of happenings in the order of their moments, and the rules that hold after each.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::federation::{Answer, Input, IntakeId, LoadId, RequestId};
use proto::node_id::NodeId;
use proto::roster::VerifiedRoster;
use proto::wire::Envelope;

use super::history::{Failure, History, brief};
use super::network::Connection;
use super::operator::Change;
use super::partition::{Loss, Partition};
use super::random::Random;
use super::scenario::Scenario;
use super::site::Site;
use super::topology::Links;

/// The world begins here, so that moments look like moments.
pub(super) const BEGINNING_MS: u64 = 1_800_000_000_000;
/// After this long nothing goes wrong any more, but lost gossip stays lost.
pub(super) const CALM_AFTER_MS: u64 = 20_000;
/// A run that has not come to rest by then has failed.
const END_AFTER_MS: u64 = 20 * 60_000;
/// How often the world looks whether it is at rest.
pub(super) const LOOK_MS: u64 = 250;
/// Longest pause of a driver, so that a clock that jumps is noticed.
pub(super) const DRIVER_PAUSE_MS_MAX: u64 = 5_000;

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// A digest of every event in order.
    pub digest: u64,
    /// How many events there were.
    pub events: u64,
    /// From the last upload until every site had everything.
    pub rested_ms_after_last_upload: u64,
    /// From the last trouble until every site had everything.
    pub unrest_ms: u64,
    /// How often a site expelled another.
    pub expulsions: u64,
    /// How often gossip was dropped for want of room.
    pub gossip_dropped: u64,
}

/// What will happen. `epoch` is that of the site it happens to: a crash undoes what was under way.
#[derive(Debug)]
pub(super) enum Happening {
    Wake { site: usize, epoch: u64 },
    DialArrives { from: usize, to: usize, epoch: u64 },
    DialFails { from: usize, to: usize, epoch: u64 },
    GossipFails { site: usize, epoch: u64, input: Input },
    ConnectionClosed { site: usize, peer: usize, epoch: u64 },
    ConnectionDies { site: usize, peer: usize, connection: Connection },
    GossipArrives { from: usize, to: usize, bytes: Bytes, is_repeat: Repeat },
    RequestArrives { from: usize, to: usize, epoch: u64, request: RequestId, bytes: Bytes },
    AnswerArrives { from: usize, to: usize, epoch: u64, request: RequestId, answer: Answer },
    IntakeEnds { site: usize, epoch: u64, intake: IntakeId, envelope: Envelope },
    LoadEnds { site: usize, epoch: u64, load: LoadId, items: Vec<AdmissionId> },
    UploadArrives { site: usize, number: usize },
    UploadEnds { site: usize, epoch: u64, envelope: Envelope },
    Told { site: usize, epoch: u64, input: Input },
    Crash { site: usize },
    Restart { site: usize },
    Part { partition: Partition },
    Heal { partition: usize },
    ClockStep { site: usize, ahead_ms: i64 },
    Full { site: usize, for_ms: u64 },
    Operator { site: usize, change: Change },
    Judge { site: usize, epoch: u64 },
    RosterPublished { site: usize, roster: VerifiedRoster },
    RosterKept { site: usize, epoch: u64, roster: VerifiedRoster },
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
    /// As the operators list them in the end, hostile sites included.
    pub(super) links: Links,
    /// What each site takes for a connection to another.
    pub(super) connections: BTreeMap<(usize, usize), Connection>,
    /// Partitions that are not healed, by number.
    pub(super) partitions: BTreeMap<usize, (BTreeSet<usize>, Loss)>,
    /// Honest sites that are no members at the moment.
    pub(super) outside: BTreeSet<usize>,
    pub(super) history: History,
    pub(super) last_upload_ms: u64,
    pub(super) last_held_ms: u64,
    pub(super) uploads_open: usize,
    pub(super) expulsions: u64,
    pub(super) gossip_dropped: u64,
    pub(super) wrong: Option<String>,
}

impl World {
    pub(super) fn new(scenario: Scenario, seed: u64, history: History) -> Self {
        let mut world = Self {
            random: Random::new(seed),
            seed,
            now_ms: BEGINNING_MS,
            queue: BTreeMap::new(),
            scheduled: 0,
            sites: Vec::new(),
            numbers: BTreeMap::new(),
            links: Links::new(),
            connections: BTreeMap::new(),
            partitions: BTreeMap::new(),
            outside: BTreeSet::new(),
            history,
            last_upload_ms: BEGINNING_MS,
            last_held_ms: BEGINNING_MS,
            uploads_open: scenario.uploads,
            expulsions: 0,
            gossip_dropped: 0,
            wrong: None,
            scenario,
        };
        world.plan();
        world.numbers = world.sites.iter().enumerate().map(|(number, site)| (site.node, number)).collect();
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

    pub(super) fn schedule(&mut self, after_ms: u64, happening: Happening) {
        self.scheduled += 1;
        self.queue.insert((self.now_ms + after_ms, self.scheduled), happening);
    }

    pub(super) fn travel_ms(&mut self) -> u64 {
        let delay = self.scenario.delay_percent;
        if self.random.percent(delay) { self.random.between(50, 1_000) } else { self.random.between(5, 50) }
    }

    pub(super) const fn is_calm(&self) -> bool {
        self.now_ms >= BEGINNING_MS + CALM_AFTER_MS
    }

    pub(super) fn start(&mut self, site: usize) {
        let settings = self.settings(site);
        self.sites[site].start(settings);
        self.note(format_args!("{site} starts"));
        self.judge_on(site);
        self.tell(site, Input::Woke);
        self.check_held(site);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Wake { site, epoch } => self.on_wake(site, epoch),
            Happening::DialArrives { from, to, epoch } => self.on_dial(from, to, epoch),
            Happening::GossipFails { site, epoch, input } => {
                if self.sites[site].epoch == epoch {
                    self.tell(site, input);
                }
            }
            Happening::DialFails { from, to, epoch } => {
                if self.sites[from].epoch == epoch {
                    let peer = self.sites[to].node;
                    self.tell(from, Input::DialFailed { peer });
                }
            }
            Happening::ConnectionClosed { site, peer, epoch } => self.on_closed(site, peer, epoch),
            Happening::ConnectionDies { site, peer, connection } => self.on_dead_connection(site, peer, connection),
            Happening::GossipArrives { from, to, bytes, is_repeat } => self.on_gossip(from, to, bytes, is_repeat),
            Happening::RequestArrives { from, to, epoch, request, bytes } => {
                self.on_request(from, to, epoch, request, bytes);
            }
            Happening::AnswerArrives { from, to, epoch, request, answer } => {
                self.on_answer(from, to, epoch, request, answer);
            }
            Happening::IntakeEnds { site, epoch, intake, envelope } => self.on_intake(site, epoch, intake, envelope),
            Happening::LoadEnds { site, epoch, load, items } => self.on_loaded(site, epoch, load, &items),
            Happening::UploadArrives { site, number } => self.on_upload(site, number),
            Happening::UploadEnds { site, epoch, envelope } => self.on_upload_ended(site, epoch, envelope),
            Happening::Told { site, epoch, input } => self.on_told(site, epoch, input),
            Happening::Crash { site } => self.crash(site),
            Happening::Restart { site } if !self.sites[site].is_up() => {
                self.upgrade(site);
                self.start(site);
            }
            Happening::Restart { .. } => (),
            Happening::Part { partition } => self.part(partition),
            Happening::Heal { partition } => self.heal(partition),
            Happening::ClockStep { site, ahead_ms } => self.step_clock(site, ahead_ms),
            Happening::Full { site, for_ms } => self.sites[site].full_until_ms = self.now_ms + for_ms,
            Happening::Operator { site, change } => self.on_change(site, change),
            Happening::Judge { site, epoch } => self.on_judge(site, epoch),
            Happening::RosterPublished { site, roster } => self.on_roster_published(site, roster),
            Happening::RosterKept { site, epoch, roster } => self.on_roster_kept(site, epoch, roster),
            Happening::Harm { site } => self.harm(site),
            Happening::Look => self.schedule(LOOK_MS, Happening::Look),
        }
    }

    /// Hands an input to a site that is up, carries out the effects, and checks the site.
    pub(super) fn tell(&mut self, site: usize, input: Input) {
        if !self.sites[site].is_honest() {
            return;
        }
        let now = self.sites[site].clock(self.now_ms);
        self.note(format_args!("{site} {}", brief(&input)));
        let Some(running) = &mut self.sites[site].running else { return };
        let effects = running.federation.handle(now, input);
        for effect in effects {
            self.carry_out(site, effect);
        }
        self.check(site);
        self.plan_wake(site);
    }

    /// As the driver does it: it sleeps for as long as the machine's clock says, and notices no jump of the clock.
    fn plan_wake(&mut self, site: usize) {
        let (now_ms, epoch, now) = (self.now_ms, self.sites[site].epoch, self.sites[site].clock(self.now_ms));
        let Some(running) = &mut self.sites[site].running else { return };
        let Some(wake) = running.federation.next_wake() else { return };
        let wake_at_ms = now_ms + wake.ms_since(now);
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

    /// Sets a site's clock; its driver wakes within its longest pause.
    fn step_clock(&mut self, site: usize, ahead_ms: i64) {
        self.note(format_args!("{site} has a clock {ahead_ms} ms ahead"));
        self.sites[site].clock_ahead_ms = ahead_ms;
        let (epoch, pause_ms) = (self.sites[site].epoch, self.random.between(1, DRIVER_PAUSE_MS_MAX));
        let wake_at_ms = self.now_ms + pause_ms;
        if let Some(running) = &mut self.sites[site].running {
            // Faults are forgiven as time passes on the site's own clock.
            running.blames.clear();
            running.wake_at_ms = Some(wake_at_ms);
            self.schedule(pause_ms, Happening::Wake { site, epoch });
        }
    }

    fn summary(mut self) -> Result<Summary, Failure> {
        let calm_ms = BEGINNING_MS + if self.scenario.is_troubled() { CALM_AFTER_MS } else { 0 };
        let unrest_ms = self.last_held_ms.saturating_sub(self.last_upload_ms.max(calm_ms));
        let longest_ms = self.scenario.unrest_ms_max;
        if unrest_ms > longest_ms {
            self.fail(format!("the last entry came {unrest_ms} ms after the last trouble, later than {longest_ms} ms"));
        }
        match self.wrong.take() {
            Some(wrong) => Err(self.failure(wrong)),
            None => Ok(Summary {
                digest: self.history.digest(),
                events: self.history.events,
                rested_ms_after_last_upload: self.last_held_ms.saturating_sub(self.last_upload_ms),
                unrest_ms,
                expulsions: self.expulsions,
                gossip_dropped: self.gossip_dropped,
            }),
        }
    }

    fn failure(&self, wrong: String) -> Failure {
        let scenario = format!("{:?}", self.scenario);
        Failure { seed: self.seed, wrong, kind: self.scenario.name, scenario, end: self.history.end() }
    }

    pub(super) fn fail(&mut self, wrong: String) {
        self.wrong.get_or_insert(wrong);
    }

    pub(super) fn note(&mut self, line: std::fmt::Arguments<'_>) {
        self.history.note(format_args!("{:>7} {line}", self.now_ms - BEGINNING_MS));
    }

    /// The rosters that operators are going to publish, by version.
    #[cfg(test)]
    pub(super) fn rosters_to_come(&self) -> Vec<VerifiedRoster> {
        let published = self.queue.values().filter_map(|happening| match happening {
            Happening::RosterPublished { roster, .. } => Some((roster.rank(), roster.clone())),
            _ => None,
        });
        published.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    pub(super) fn number(&self, node: &NodeId) -> usize {
        self.numbers[node]
    }
}
