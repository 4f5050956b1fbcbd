//! Ten nodes on this machine: from an acknowledged upload until all of them can be queried for it, and what they cost
//! while nothing happens.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use node::client::Client;
use node::clock::{Clock, Stopwatch};
use node::control;
use node::demo::site::{self, Site};
use node::events::Happening;

use super::report::Report;
use super::running::{self, Running};
use super::{documents, join, machine, reconcile};
use crate::link::{Link, Links, Medium, Weather, socket_address};
use crate::linked::Topology;

const NODES: usize = 10;
const PER_SECOND: usize = 50;
const SECONDS: usize = 20;
const UPLOADS: usize = PER_SECOND * SECONDS;
/// Clients that take turns, so that the pace is kept where one upload takes longer than the pause between two.
const CLIENTS: usize = 8;
/// A federation that takes longer to answer for all uploads hangs.
const SPREAD_MAX: Duration = Duration::from_secs(180);
/// A federation of which all nodes but one are empty may take so much longer for each entry; it takes a fifth of it.
const FILL_MAX: Duration = Duration::from_millis(40);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How often sites compare: the default of the configuration.
const SYNC_INTERVAL: &str = "1m";
/// Nothing happens for so long before the idle federation is measured: more than an interval with its jitter.
const SETTLE: Duration = Duration::from_secs(80);
/// Two intervals.
const IDLE: Duration = Duration::from_secs(120);

const BAD: Weather =
    Weather { delay: Duration::from_millis(50), loss_percent: 5, overtaken_percent: 0, doubled_percent: 0 };

/// When each node told of each entry.
type Told = Arc<Mutex<HashMap<String, Vec<Duration>>>>;

/// A federation in which each node has a connection with each other, over a link of its own where there are links.
struct Bed {
    nodes: Vec<Running>,
    folders: Vec<PathBuf>,
    links: Vec<((usize, usize), Link)>,
    _links: Links,
}

/// Measures a federation that is new, one over bad links, and one that holds `entries` and is left alone.
pub(super) fn measure(program: &Path, clock: &Clock, entries: usize) -> anyhow::Result<Report> {
    let mut report = Report::new(&format!("federation: {NODES} nodes, each linked with each, disk graphs"));
    reconcile::measure(&mut report).context("reconciliation")?;
    let title = format!("acknowledged at one, queryable at all, {PER_SECOND} uploads/s for {SECONDS} s");
    for (weather, how, [p50_goal, p99_goal]) in [
        (None, "on loopback", [Some(50.0), Some(250.0)]),
        (Some(BAD), "5 % loss, 100 ms round trip", [None, Some(3_000.0)]),
    ] {
        let mut latencies = spread(program, clock, weather).context(how)?;
        latencies.sort_unstable();
        for (percent, goal) in [(50, p50_goal), (99, p99_goal), (100, None)] {
            let ms = latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3;
            row(&mut report, &format!("{how}: p{percent}"), ms, "ms", goal);
        }
    }
    idle(program, clock, entries, &mut report).context("the idle federation")?;
    report.note(title);
    report.note(
        "a node tells of an entry on its control socket once queries find it; all nodes, the clients and the"
            .to_owned(),
    );
    report.note("links share the cores of this machine; sites compare every minute, as is the default".to_owned());
    report.note(
        "stated elsewhere: replicas of the original followed in 5 to 10 minutes; eduGAIN publishes hourly".to_owned(),
    );
    Ok(report)
}

fn row(report: &mut Report, what: &str, measured: f64, unit: &str, goal: Option<f64>) {
    let ours = format!("{measured:.1} {unit}");
    match goal {
        Some(goal) => report.held_below(what, ours, format!("goal {goal} {unit}"), (measured / goal, 1.0)),
        None => report.figure(what, ours),
    }
}

impl Bed {
    /// Starts the nodes of `sites`; without a weather they dial each other, and there are no links.
    fn start(program: &Path, sites: &mut [Site], weather: Option<Weather>) -> anyhow::Result<Self> {
        let running = Links::start();
        let pairs = Topology::Full.pairs(sites.len());
        let mut nodes: Vec<Running> = Vec::new();
        let mut links = Vec::new();
        for index in 0..sites.len() {
            for (_, other) in pairs.iter().filter(|(dialler, _)| *dialler == index) {
                let p2p = &nodes[*other].process.ready().p2p;
                let quic = p2p.iter().find(|address| socket_address(address, Medium::Quic).is_some());
                let mut address = quic.context("a node does not listen over QUIC")?.clone();
                let dialled = sites[*other].clone();
                if let (Some(weather), Some(target)) = (weather, socket_address(&address, Medium::Quic)) {
                    let link = running.link(target, Medium::Quic, weather, links.len() as u64);
                    address = format!("{}/p2p/{}", link.multiaddress(), dialled.node_id());
                    links.push(((index, *other), link));
                }
                sites[index].dial(&dialled, &[address])?;
            }
            nodes.push(Running::start(&sites[index], program)?);
        }
        let folders = sites.iter().map(|site| site.folder().to_owned()).collect();
        let bed = Self { nodes, folders, links, _links: running };
        bed.wait_until("all are connected", SPREAD_MAX, || {
            let connected = bed.folders.iter().map(|folder| connected(folder)).collect::<anyhow::Result<Vec<_>>>()?;
            Ok(connected.iter().all(|peers| *peers == NODES - 1))
        })?;
        Ok(bed)
    }

    fn wait_until(
        &self,
        what: &str,
        longest: Duration,
        holds: impl Fn() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let stopwatch = Stopwatch::start();
        while !holds()? {
            ensure!(stopwatch.elapsed() < longest, "not within {} s: {what}", longest.as_secs());
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Bytes over the links of a node, both ways.
    fn bytes(&self, index: usize) -> u64 {
        let own = self.links.iter().filter(|((one, other), _)| *one == index || *other == index);
        own.map(|(_, link)| link.out().bytes + link.back().bytes).sum()
    }
}

fn new_sites(folder: &Path) -> anyhow::Result<Vec<Site>> {
    let mut sites = site::line_on_loopback(folder, NODES)?;
    sites.iter_mut().try_for_each(|site| site.sync_every(SYNC_INTERVAL))?;
    Ok(sites)
}

fn connected(folder: &Path) -> anyhow::Result<usize> {
    match control::ask(folder, &control::Request::ListPeers)? {
        control::Answer::Peers { peers } => Ok(peers.iter().filter(|peer| peer.connected_since.is_some()).count()),
        other => anyhow::bail!("the node answers {other:?} when asked for its peers"),
    }
}

/// For each upload, from its acknowledgement until the last node told of it.
fn spread(program: &Path, clock: &Clock, weather: Option<Weather>) -> anyhow::Result<Vec<Duration>> {
    let documents = documents::signed(UPLOADS, clock.now())?;
    let folder = running::folder()?;
    let mut sites = new_sites(folder.path())?;
    let bed = Bed::start(program, &mut sites, weather)?;
    let stopwatch = Stopwatch::start();
    let told = Told::default();
    for folder in &bed.folders {
        follow(folder.clone(), stopwatch, Arc::clone(&told));
    }
    let acknowledged = upload_all(bed.nodes[0].client.node(), &documents, stopwatch)?;
    let is_told_by_all = |entry: &String| {
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(entry).is_some_and(|moments| moments.len() == NODES)
    };
    bed.wait_until("all nodes have told of all entries", SPREAD_MAX, || {
        Ok(acknowledged.iter().all(|(entry, _)| is_told_by_all(entry)))
    })?;
    let told = told.lock().unwrap_or_else(PoisonError::into_inner);
    let last = |entry: &String| told.get(entry).and_then(|moments| moments.iter().max()).copied().unwrap_or_default();
    Ok(acknowledged.iter().map(|(entry, moment)| last(entry).saturating_sub(*moment)).collect())
}

/// Notes when a node tells of an entry, until the node ends.
fn follow(folder: PathBuf, stopwatch: Stopwatch, told: Told) {
    std::thread::spawn(move || {
        // An error says that the node has ended; what is missing then is missed by whoever counts.
        let _ = control::follow(&folder, Some(0), |event| {
            if let Happening::EntryAdmitted(entry) = &event.happening {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                told.entry(entry.entry.clone()).or_default().push(stopwatch.elapsed());
            }
            Ok(())
        });
    });
}

/// Uploads at an even pace; each entry with the moment when it was acknowledged.
fn upload_all(node: &str, documents: &[Vec<u8>], stopwatch: Stopwatch) -> anyhow::Result<Vec<(String, Duration)>> {
    let start = stopwatch.elapsed();
    let pause = Duration::from_secs(1) / u32::try_from(PER_SECOND)?;
    let upload_every = &|first: usize| -> anyhow::Result<Vec<(String, Duration)>> {
        let client = Client::new(node)?;
        let mut acknowledged = Vec::new();
        for (number, document) in documents.iter().enumerate().skip(first).step_by(CLIENTS) {
            let due = start + pause * u32::try_from(number)?;
            std::thread::sleep(due.saturating_sub(stopwatch.elapsed()));
            let uploaded = client.upload(document)?;
            acknowledged.push((uploaded.entry, stopwatch.elapsed()));
        }
        Ok(acknowledged)
    };
    let acknowledged = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|first| scope.spawn(move || upload_every(first))).collect();
        let acknowledged = clients.into_iter().map(|client| client.join().expect("uploading does not panic"));
        acknowledged.collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(acknowledged.concat())
}

/// What the nodes cost while they hold `entries` and nothing happens.
fn idle(program: &Path, clock: &Clock, entries: usize, report: &mut Report) -> anyhow::Result<()> {
    let documents = documents::signed(entries, clock.now())?;
    let folder = running::folder()?;
    let mut sites = new_sites(folder.path())?;
    join::import(&sites[0], clock, &folder.path().join("documents"), &documents)?;
    let bed = Bed::start(program, &mut sites, Some(Weather::CALM))?;
    let longest = SPREAD_MAX + FILL_MAX * u32::try_from(entries)?;
    bed.wait_until("all nodes hold all entries", longest, || {
        let held = bed.nodes.iter().map(|node| node.client.entry_count()).collect::<Result<Vec<_>, _>>()?;
        Ok(held.iter().all(|held| *held >= entries as u64))
    })?;
    std::thread::sleep(SETTLE);
    let measured = || -> anyhow::Result<Vec<(Duration, u64)>> {
        let nodes = bed.nodes.iter().enumerate();
        nodes.map(|(index, node)| Ok((machine::cpu_of(node.process.id())?, bed.bytes(index)))).collect()
    };
    let (before, stopwatch) = (measured()?, Stopwatch::start());
    std::thread::sleep(IDLE);
    let (after, seconds) = (measured()?, stopwatch.elapsed().as_secs_f64());
    let most = |cost: fn(&(Duration, u64)) -> f64| {
        let costs = before.iter().zip(&after).map(|(before, after)| (cost(after) - cost(before)) / seconds);
        costs.fold(0.0, f64::max)
    };
    let cpu_percent = most(|(cpu, _)| cpu.as_secs_f64() * 100.0);
    let kilobytes = most(|(_, bytes)| *bytes as f64 / 1e3);
    row(
        report,
        &format!("idle with {entries} entries: CPU of the busiest node"),
        cpu_percent,
        "% of a core",
        Some(1.0),
    );
    row(report, "idle: traffic of the busiest node, UDP payload", kilobytes, "KB/s", Some(1.0));
    Ok(())
}
