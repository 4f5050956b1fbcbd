//! A cheap query while clients ask hostile ones.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use node::clock::Stopwatch;

use crate::bench::report::Report;
use crate::bench::running::Running;
use crate::bench::uploads::percentile_ms;
use crate::http::Http;

const CHEAP: &str = "SELECT ?property ?value WHERE { <http://mp.stratuslab.eu/registry> ?property ?value }";
/// Have no end: one that a process evaluates, one that the node itself does.
const HOSTILE: [&str; 2] = [
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT (COUNT(*) AS ?n) { ?a ?p ?o . ?b ?p ?q . ?c ?p ?r }",
];
const CLIENTS: usize = 8;
const ASKED: usize = 500;
/// How long the hostile queries run before the cheap one is asked.
const SETTLE: Duration = Duration::from_secs(1);
const GOAL: f64 = 3.0;

pub(super) fn measure(node: &Running, report: &mut Report) -> anyhow::Result<()> {
    let http = Http::new(node.client.node());
    let idle = p95_ms(&http)?;
    let is_over = AtomicBool::new(false);
    let busy = std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (http, is_over) = (&http, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    // Whether it is refused or takes too long: it is asked again.
                    let _ = http.try_ask("/sparql", HOSTILE[number % HOSTILE.len()]);
                }
            });
        }
        std::thread::sleep(SETTLE);
        let busy = p95_ms(&http);
        is_over.store(true, Ordering::Relaxed);
        busy
    })?;
    let beside = format!("{idle:.2} ms idle");
    report.held_below(
        "cheap query while 8 hostile ones run: p95",
        format!("{busy:.2} ms"),
        beside,
        (busy / idle, GOAL),
    );
    Ok(())
}

fn p95_ms(http: &Http) -> anyhow::Result<f64> {
    let mut took = Vec::new();
    for _ in 0..ASKED {
        let stopwatch = Stopwatch::start();
        let answer = http.try_ask("/sparql", CHEAP)?;
        took.push(stopwatch.elapsed());
        anyhow::ensure!(answer.status == 200, "the cheap query: {} {}", answer.status, answer.text());
    }
    Ok(percentile_ms(&mut took, 95))
}
