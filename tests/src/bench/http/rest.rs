//! REST beside a handler that returns constant bytes of the same number.

use std::time::Duration;

use anyhow::Context as _;
use node::clock::Stopwatch;

use super::catalogue::Subject;
use super::constant::Constant;
use super::wrk;
use crate::bench::report::Report;
use crate::bench::running::Running;
use crate::bench::uploads::percentile_ms;
use crate::http::Http;

/// What of the bare handler's rate is wanted.
const GOAL_RATIO: f64 = 0.5;
const GOAL_P99: Duration = Duration::from_millis(10);
const GOAL_SEARCH_P95_MS: f64 = 20.0;

/// What no entry has.
const UNHEARD_OF: &str = "nothing-of-the-kind";

/// What people look for: words of one, of some and of many entries, parts of words, several at once.
const SEARCHED: [&str; 12] = [
    "debian",
    "image+77",
    "ubuntu+aarch64",
    "fedora",
    "buntu",
    "image+432",
    "person7",
    UNHEARD_OF,
    "cloud+debian",
    "release+13",
    "person12+rocky",
    "opensuse",
];
const SEARCHES: usize = 200;

pub(super) fn measure(node: &Running, subject: &Subject, report: &mut Report) -> anyhow::Result<()> {
    let http = Http::new(node.client.node());
    let all = total(&http, "/metadata?media=json&limit=1")?;
    let pages = [
        ("one entry", format!("/entries/{}", subject.entry_id())),
        ("a list page of 100", "/metadata?media=json&limit=100".to_owned()),
        ("a filtered page of 100", "/metadata?media=json&limit=100&os=Debian&os-arch=x86_64".to_owned()),
    ];
    for (what, path) in pages {
        let answer = http.try_get(&path, "*/*")?;
        anyhow::ensure!(answer.status == 200, "GET {path}: {} {}", answer.status, answer.text());
        let is_filtered = path.contains("&os=");
        anyhow::ensure!(!is_filtered || total(&http, &path)? < all, "GET {path} filters nothing");
        let bytes = answer.body.len();
        let constant = Constant::start(&answer.media_type, answer.body)?;
        let ours = wrk::load(&format!("{}{path}", node.client.node()))?;
        let peer = wrk::load(&constant.url)?;
        let beside = format!("{:.0} /s of constant bytes", peer.per_second);
        let ratio = (ours.per_second / peer.per_second, GOAL_RATIO);
        report.ahead(&format!("GET {what}, {bytes} bytes"), format!("{:.0} /s", ours.per_second), beside, ratio);
        let (p99, goal) = (ours.p99.as_secs_f64() * 1e3, GOAL_P99.as_secs_f64() * 1e3);
        let what = format!("GET {what}: p99 at {} connections", wrk::CONNECTIONS);
        report.held_below(&what, format!("{p99:.1} ms"), format!("{goal} ms"), (p99 / goal, 1.0));
    }
    report.note("wrk asks one address again and again, which is kept for its second (docs/decisions/0045)".to_owned());
    search(&http, all, report)
}

/// How many entries a list has in all.
fn total(http: &Http, path: &str) -> anyhow::Result<u64> {
    let answer = http.try_get(path, "application/json")?;
    let list: serde_json::Value = serde_json::from_slice(&answer.body).context("a list")?;
    list["total"].as_u64().with_context(|| format!("GET {path} has no total: {}", answer.text()))
}

/// Each term is looked for with another number of rows each time, so that no answer is one that was kept.
fn search(http: &Http, all: u64, report: &mut Report) -> anyhow::Result<()> {
    for term in SEARCHED {
        let found = total(http, &format!("/metadata?media=json&limit=1&search={term}"))?;
        anyhow::ensure!(found < all && (found == 0) == (term == UNHEARD_OF), "{term} is found {found} times of {all}");
    }
    let mut took = Vec::new();
    for number in 0..SEARCHES {
        let (term, rows) = (SEARCHED[number % SEARCHED.len()], 50 + number / SEARCHED.len());
        let path = format!("/metadata?media=json&limit={rows}&search={term}");
        let stopwatch = Stopwatch::start();
        let answer = http.try_get(&path, "application/json")?;
        took.push(stopwatch.elapsed());
        anyhow::ensure!(answer.status == 200, "GET {path}: {}", answer.text());
    }
    let p95 = percentile_ms(&mut took, 95);
    let goal = (p95 / GOAL_SEARCH_P95_MS, 1.0);
    report.held_below("text search, page of 50: p95", format!("{p95:.1} ms"), format!("{GOAL_SEARCH_P95_MS} ms"), goal);
    Ok(())
}
