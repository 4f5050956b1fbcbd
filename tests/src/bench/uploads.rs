//! Durable uploads per second over HTTP, by one client and by many at once.

use std::path::Path;
use std::time::Duration;

use node::client::Client;
use node::clock::{Clock, Stopwatch};
use node::demo::site;

use super::report::Report;
use super::running::{self, Running};
use super::{documents, durability, machine};

/// Uploads of the first client, after which the node is as warm as it gets.
const WARM_UP: usize = 50;
const ALONE: usize = 400;
const CLIENTS: usize = 32;
const TOGETHER: usize = 3_200;

/// What a number of clients achieved.
struct Outcome {
    per_second: f64,
    user_us: f64,
    latencies: Vec<Duration>,
}

const GOAL_P99_MS: f64 = 30.0;
const GOAL_PER_SECOND: f64 = 800.0;

/// Measures a node that holds a registry already, beside what is wanted of it.
pub(super) fn measure_on(node: &Running, clock: &Clock, report: &mut Report) -> anyhow::Result<()> {
    let documents = documents::signed(WARM_UP + ALONE + TOGETHER, clock.now())?;
    let (warm_up, rest) = documents.split_at(WARM_UP);
    let (alone, together) = rest.split_at(ALONE);
    upload_all(node, warm_up, 1)?;
    let p99 = percentile_ms(&mut upload_all(node, alone, 1)?.latencies, 99);
    let goal = (p99 / GOAL_P99_MS, 1.0);
    report.held_below("upload, one client: p99", format!("{p99:.1} ms"), format!("{GOAL_P99_MS} ms"), goal);
    let rate = upload_all(node, together, CLIENTS)?.per_second;
    report.held_above(&format!("uploads, {CLIENTS} clients"), format!("{rate:.0} /s"), (rate, GOAL_PER_SECOND));
    Ok(())
}

/// Measures a node without peers that starts empty.
pub(super) fn measure(program: &Path, clock: &Clock) -> anyhow::Result<Report> {
    let documents = documents::signed(WARM_UP + ALONE + TOGETHER, clock.now())?;
    let folder = running::folder()?;
    let synced = durability::synced_writes_per_second(folder.path(), documents::USUAL_BYTES)?;
    let sites = site::line_on_loopback(folder.path(), 1)?;
    let node = Running::start(&sites[0], program)?;
    let (warm_up, rest) = documents.split_at(WARM_UP);
    let (alone, together) = rest.split_at(ALONE);
    upload_all(&node, warm_up, 1)?;

    let mut report = Report::new("uploads: durable and queryable, over HTTP, to a node with the disk graph");
    let beside = format!("{synced:.0} /s write + fdatasync");
    for (documents, clients) in [(alone, 1), (together, CLIENTS)] {
        let mut outcome = upload_all(&node, documents, clients)?;
        let what = format!("{clients} at once, {} uploads", documents.len());
        let [p50, p99] = [50, 99].map(|percent| percentile_ms(&mut outcome.latencies, percent));
        let rate = outcome.per_second;
        report.beside(&what, format!("{rate:.0} /s, p50 {p50:.1} ms, p99 {p99:.1} ms"), beside.clone(), rate / synced);
        report.note(format!("{clients} at once: {:.0} µs of the node's user CPU for one upload", outcome.user_us));
    }
    let bytes = documents::USUAL_BYTES;
    report.note(format!("documents of {bytes} bytes, signed before; the peer appends {bytes} bytes to one file"));
    report.note("the clients run on the same cores as the node".to_owned());
    Ok(report)
}

/// Uploads each document once, shared out to `clients` with a connection each.
fn upload_all(node: &Running, documents: &[Vec<u8>], clients: usize) -> anyhow::Result<Outcome> {
    let before = machine::user_cpu_of(node.process.id())?;
    let stopwatch = Stopwatch::start();
    let latencies = std::thread::scope(|scope| {
        let shares = documents.chunks(documents.len().div_ceil(clients));
        let uploaders: Vec<_> = shares.map(|share| scope.spawn(|| upload_share(node.client.node(), share))).collect();
        let latencies = uploaders.into_iter().map(|uploader| uploader.join().expect("uploading does not panic"));
        latencies.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let elapsed = stopwatch.elapsed();
    let user = machine::user_cpu_of(node.process.id())? - before;
    let latencies = latencies.concat();
    let count = documents.len() as f64;
    Ok(Outcome { per_second: count / elapsed.as_secs_f64(), user_us: user.as_secs_f64() * 1e6 / count, latencies })
}

/// Uploads one after the other; how long each took.
fn upload_share(node: &str, documents: &[Vec<u8>]) -> anyhow::Result<Vec<Duration>> {
    let client = Client::new(node)?;
    let upload = |document: &Vec<u8>| {
        let stopwatch = Stopwatch::start();
        client.upload(document)?;
        Ok(stopwatch.elapsed())
    };
    documents.iter().map(upload).collect()
}

/// So many of a hundred took no longer.
pub(super) fn percentile_ms(latencies: &mut [Duration], percent: usize) -> f64 {
    latencies.sort_unstable();
    let last = latencies.len().saturating_sub(1);
    latencies.get(last * percent / 100).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
}
