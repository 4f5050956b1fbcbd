//! Entries per second that a node fetches which starts empty beside one that is full.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use node::client::{Client, encode};
use node::clock::{Clock, Stopwatch};
use node::config;
use node::demo::site::{self, Site};
use node::maintenance;
use proto::intake;
use proto::signature::Algorithms;

use super::report::Report;
use super::running::{self, Running};
use super::{documents, machine};

/// What go-ds-crdt publishes as the rate of its largest deployment; stated, not measured.
const GO_DS_CRDT_PER_SECOND: f64 = 400.0;
/// What is wanted of two cores that both nodes share: entries per second until SPARQL knows all.
const GOAL_PER_SECOND: f64 = 1_500.0;
/// What is wanted of the joining node's memory.
const GOAL_RESIDENT_MEBIBYTES: f64 = 512.0;
/// Pause between two looks at the joining node, so that looking costs it little.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A join that takes longer hangs.
const JOIN_MAX: Duration = Duration::from_secs(30 * 60);
/// Documents from which the rate of bare verification is taken.
const VERIFIED: usize = 2_000;

/// Fills one node with `entries`, and measures how a second one comes to hold them all.
pub(super) fn measure(program: &Path, clock: &Clock, entries: usize) -> anyhow::Result<Report> {
    let documents = documents::signed(entries, clock.now())?;
    let folder = running::folder()?;
    let mut sites = site::line_on_loopback(folder.path(), 2)?;
    let import = import(&sites[0], clock, &folder.path().join("documents"), &documents)?;
    let full = Running::start(&sites[0], program)?;
    // Its graph, too: what it does later it would do on the cores of the joining node.
    wait_until(entries, || queryable(&full.client)).context("the full node")?;
    let bound = examined_per_second(&documents[..VERIFIED.min(entries)])?;

    let full_site = sites[0].clone();
    sites[1].dial(&full_site, &full.process.ready().p2p)?;
    let before = machine::user_cpu_of(full.process.id())?;
    let stopwatch = Stopwatch::start();
    let joining = Running::start(&sites[1], program)?;
    let ready = stopwatch.elapsed();
    wait_until(entries, || joining.client.entry_count().map_err(Into::into)).context("the joining node")?;
    let elapsed = stopwatch.elapsed();
    wait_until(entries, || queryable(&joining.client)).context("the graph of the joining node")?;
    let until_queryable = stopwatch.elapsed();
    let user = machine::user_cpu_of(joining.process.id())?;
    let full_user = machine::user_cpu_of(full.process.id())? - before;
    let (resident, most) = machine::resident_mebibytes_of(joining.process.id())?;

    let rate = entries as f64 / elapsed.as_secs_f64();
    let complete = entries as f64 / until_queryable.as_secs_f64();
    let mut report = Report::new(&format!("join: an empty node fetches {entries} entries from one peer, disk graphs"));
    report.held_above("until SPARQL knew all", format!("{complete:.0} entries/s"), (complete, GOAL_PER_SECOND));
    report.held_below(
        "most memory",
        format!("{most} MiB"),
        format!("{GOAL_RESIDENT_MEBIBYTES:.0} MiB"),
        (most as f64 / GOAL_RESIDENT_MEBIBYTES, 1.0),
    );
    let ours = format!("{rate:.0} entries/s");
    report.beside("beside verification alone", ours.clone(), format!("{bound:.0} /s on one core"), rate / bound);
    let stated = format!("{GO_DS_CRDT_PER_SECOND:.0} keys/s stated by go-ds-crdt");
    report.beside("beside a published figure", ours, stated, rate / GO_DS_CRDT_PER_SECOND);
    report.figure("from its start until it held all", format!("{:.1} s", elapsed.as_secs_f64()));
    report.figure("from its start until SPARQL knew all", format!("{:.1} s", until_queryable.as_secs_f64()));
    report.figure("from its start until it was ready", format!("{:.2} s", ready.as_secs_f64()));
    report.figure("user CPU of the joining node", format!("{:.1} s", user.as_secs_f64()));
    report.figure("user CPU of the full node", format!("{:.1} s", full_user.as_secs_f64()));
    report.figure("resident memory of the joining node", format!("{resident} MiB, at most {most} MiB"));
    report.note(format!("the full node was filled by ledger import in {:.1} s", import.as_secs_f64()));
    Ok(report)
}

/// Fills the ledger of a site whose node does not run, as `marketplace ledger import` does; how long it took.
pub(super) fn import(site: &Site, clock: &Clock, folder: &Path, documents: &[Vec<u8>]) -> anyhow::Result<Duration> {
    std::fs::create_dir(folder).context("cannot create a folder")?;
    for (number, document) in documents.iter().enumerate() {
        std::fs::write(folder.join(format!("{number:06}.xml")), document).context("cannot write a document")?;
    }
    let config = config::load(Some(&site.config()))?;
    let stopwatch = Stopwatch::start();
    let report = maintenance::import(&config, clock, &[folder.to_owned()])?;
    ensure!(report.refused.is_empty(), "{} documents were refused", report.refused.len());
    Ok(stopwatch.elapsed())
}

pub(super) fn wait_until(entries: usize, held: impl Fn() -> anyhow::Result<u64>) -> anyhow::Result<()> {
    let stopwatch = Stopwatch::start();
    loop {
        let held = held()?;
        if held >= entries as u64 {
            return Ok(());
        }
        ensure!(stopwatch.elapsed() < JOIN_MAX, "{held} of {entries} entries after {} s", JOIN_MAX.as_secs());
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// How many entries the graph knows.
pub(super) fn queryable(client: &Client) -> anyhow::Result<u64> {
    let query = "SELECT (COUNT(DISTINCT ?entry) AS ?count) WHERE { GRAPH <http://mp.stratuslab.eu/provenance> \
                 { ?entry <http://mp.stratuslab.eu/ledger#standing> ?standing } }";
    let answer = client.fetch(&format!("/sparql?query={}", encode(query)), "application/sparql-results+json")?;
    let results: serde_json::Value = serde_json::from_slice(&answer.body).context("the answer is not JSON")?;
    let count = results["results"]["bindings"][0]["count"]["value"].as_str();
    count.and_then(|count| count.parse().ok()).context("the answer has no count")
}

/// Documents that one core verifies and reads in a second: no node joins faster than its cores do.
fn examined_per_second(documents: &[Vec<u8>]) -> anyhow::Result<f64> {
    let stopwatch = Stopwatch::start();
    for document in documents {
        intake::examine(document, Algorithms::Modern)?;
    }
    Ok(documents.len() as f64 / stopwatch.elapsed().as_secs_f64())
}
