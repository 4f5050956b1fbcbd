//! Queries that would harm a node: each ends as its file says, and nothing of it is left.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use web::registry::{Query, QueryError, ResultsFormat};

use super::make::{Fake, ask, entry, limits, program, query};
use crate::clock::Clock;
use crate::storage::graph::{Graph, Location, QueryLimits};

/// How many of them there are at least.
const QUERIES_LEAST: usize = 60;

/// Entries in the graph: some thousands of quads, of which a product of three has no end.
const ENTRIES: u16 = 300;

/// The pause between two looks at what processes do.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A query of a file: `[[12*text]]` stands for a text twelve times.
struct Hostile {
    name: String,
    text: String,
    ends: Vec<String>,
}

impl Hostile {
    fn read(path: &Path) -> Self {
        let file = std::fs::read_to_string(path).unwrap();
        let (head, text) = file.split_once("\n# ends: ").unwrap();
        assert!(head.starts_with("# ") && head.ends_with('.'), "{} does not say what it is", path.display());
        let (ends, text) = text.split_once('\n').unwrap();
        Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            text: expanded(text),
            ends: ends.split(", ").map(str::to_owned).collect(),
        }
    }

    fn all() -> Vec<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/storage/graph/tests/hostile");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let mut all: Vec<_> = files.map(|path| Self::read(&path)).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }
}

fn expanded(text: &str) -> String {
    let Some((before, rest)) = text.split_once("[[") else { return text.to_owned() };
    let (repeated, after) = rest.split_once("]]").unwrap();
    let (count, part) = repeated.split_once('*').unwrap();
    format!("{before}{}{}", part.repeat(count.parse().unwrap()), expanded(after))
}

fn as_json(text: &str) -> Query {
    Query { results: ResultsFormat::Json, ..query(text) }
}

/// The word of the files for how a query ended.
fn word(outcome: &Result<String, QueryError>) -> &'static str {
    match outcome {
        Ok(_) => "answer",
        Err(QueryError::Syntax(_)) => "syntax",
        Err(QueryError::NotAllowed(_)) => "refused",
        Err(QueryError::TimedOut { .. }) => "time",
        Err(QueryError::TooLarge { .. }) => "too-large",
        Err(QueryError::OutOfMemory { .. }) => "memory",
        Err(QueryError::Format(_)) => "format",
        Err(QueryError::Overloaded) => "overloaded",
        Err(QueryError::Unavailable(_)) => "unavailable",
    }
}

async fn graph(location: &Location, limits: QueryLimits) -> Graph {
    let source = Fake::default();
    let last = (0..ENTRIES).map(|number| source.set(entry(number))).max().unwrap();
    let graph = Graph::open(location, source, limits, program()).unwrap();
    graph.wait_until(last).await.unwrap();
    graph
}

/// A number of the process from its status, in KiB.
fn status_kib(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_start_matches(':').trim().strip_suffix(" kB")?.parse().ok()
}

/// The processes that this one has started and not yet waited for.
fn children() -> Vec<u32> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<_>>()).collect()
}

/// Processor time that a process has used, in ticks.
fn ticks(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// Waits until no process of queries works any more: whatever works on is found by the test's own time-out.
async fn until_idle() {
    let used = || children().into_iter().map(|child| (child, ticks(child))).collect::<Vec<_>>();
    let mut before = used();
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let now = used();
        if now == before {
            return;
        }
        before = now;
    }
}

/// How a query ended, and after how long: the time is told and not judged.
async fn timed(graph: &Graph, text: &str) -> (Result<String, QueryError>, u64) {
    let clock = Clock::system();
    let start = clock.now();
    let outcome = ask(graph, as_json(text)).await;
    (outcome, clock.now().unix_ms() - start.unix_ms())
}

/// Waits until a process of queries has worked for a while.
async fn until_busy() {
    while !children().into_iter().any(|child| ticks(child) > Some(20)) {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn every_one_ends(location: &Location) {
    let all = Hostile::all();
    assert!(all.len() >= QUERIES_LEAST, "only {} hostile queries are there", all.len());
    let graph = graph(location, QueryLimits { timeout_ms: 300, ..limits() }).await;
    let start_kib = status_kib(std::process::id(), "VmHWM").unwrap();
    let places = Arc::new(Semaphore::new(limits().concurrent_max));
    let asked = all.into_iter().map(|hostile| {
        let (graph, places) = (graph.clone(), Arc::clone(&places));
        tokio::spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            let (mut outcome, mut took_ms) = timed(&graph, &hostile.text).await;
            while outcome == Err(QueryError::Overloaded) {
                (outcome, took_ms) = timed(&graph, &hostile.text).await;
            }
            let word = word(&outcome);
            println!("{}: {word} after {took_ms} ms", hostile.name);
            let is_expected = hostile.ends.iter().any(|end| end == word);
            (!is_expected).then(|| format!("{}: {word}, not {:?}: {outcome:.300?}", hostile.name, hostile.ends))
        })
    });
    let mut wrong = Vec::new();
    for asked in asked.collect::<Vec<_>>() {
        wrong.extend(asked.await.unwrap());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    until_idle().await;
    assert!(children().len() <= crate::bounds::QUERY_IDLE_PROCESSES_MAX, "{:?}", children());
    let grown_kib = status_kib(std::process::id(), "VmHWM").unwrap() - start_kib;
    println!("the node grew by {grown_kib} KiB");
    assert!(grown_kib < 256 * 1024, "the node grew by {grown_kib} KiB");
    let cheap = ask(&graph, query("SELECT (COUNT(*) AS ?n) { ?x <http://purl.org/dc/terms/identifier> ?i }"));
    assert_eq!(cheap.await.unwrap(), "n\r\n300\r\n");
    graph.close().await;
    assert!(children().is_empty(), "{:?}", children());
}

#[tokio::test]
async fn every_hostile_query_ends_as_its_file_says() {
    every_one_ends(&Location::Memory).await;
}

#[tokio::test]
async fn every_hostile_query_ends_as_its_file_says_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    every_one_ends(&Location::Disk(folder.path().join("graph"))).await;
}

/// Has no end, and takes no memory either.
const ENDLESS: &str =
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c LATERAL { ?d ?e ?f LATERAL { ?g ?h ?i LATERAL { ?j ?k ?l } } } }";

#[tokio::test]
async fn a_query_whose_client_has_left_is_ended() {
    let graph = graph(&Location::Memory, QueryLimits { timeout_ms: 600_000, ..limits() }).await;
    tokio::select! {
        _ = graph.query(query(ENDLESS)) => unreachable!("it has no end"),
        () = until_busy() => {}
    }
    until_idle().await;
}

#[tokio::test]
async fn a_long_query_beyond_the_places_for_them_is_told_to_come_again() {
    let graph = graph(&Location::Memory, QueryLimits { timeout_ms: 600_000, concurrent_max: 1, ..limits() }).await;
    tokio::select! {
        _ = graph.query(query(ENDLESS)) => unreachable!("it has no end"),
        second = async { until_busy().await; graph.query(query(ENDLESS)).await } => {
            assert_eq!(second, Err(QueryError::Overloaded));
        }
    }
}

#[tokio::test]
async fn short_queries_are_answered_while_hostile_ones_run() {
    let graph = graph(&Location::Memory, QueryLimits { timeout_ms: 5_000, ..limits() }).await;
    let hostile = |_| {
        let graph = graph.clone();
        tokio::spawn(async move { while graph.query(query(ENDLESS)).await == Err(QueryError::Overloaded) {} })
    };
    let mut idle = timed_many(&graph).await;
    let running: Vec<_> = (0..8).map(hostile).collect();
    let mut took = timed_many(&graph).await;
    idle.sort_unstable();
    took.sort_unstable();
    println!("idle: p95 {} ms; while hostile queries ran: median {} ms, p95 {} ms", idle[95], took[50], took[95]);
    running.iter().for_each(tokio::task::JoinHandle::abort);
}

/// How long a cheap query takes, a hundred times.
async fn timed_many(graph: &Graph) -> Vec<u64> {
    let mut took = Vec::new();
    for _ in 0..100 {
        let (outcome, took_ms) = timed(graph, "SELECT ?p ?o { <http://mp.stratuslab.eu/registry> ?p ?o }").await;
        assert!(outcome.is_ok(), "{outcome:?}");
        took.push(took_ms);
    }
    took
}
