//! Queries beside the bare `oxigraph` server over a copy of the same graph: the same text, and the same results.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use node::clock::Stopwatch;

use super::bare::Bare;
use super::catalogue::{Asked, Subject};
use crate::bench::report::Report;
use crate::bench::running::Running;
use crate::http::{Answer, Http};

const GOAL_CATALOGUE: f64 = 0.95;
const GOAL_EQUALITY: f64 = 10.0;
const GOAL_LATEST: f64 = 5.0;
/// Clients that ask at once.
const CLIENTS: usize = 4;
/// How long one query is asked again and again of one server.
const ROUND: Duration = Duration::from_millis(700);
/// Rounds of each, in turns, so that a busy moment hits both.
const ROUNDS: usize = 2;

/// The talk's second query, over all that there is: most is superseded.
const EQUALITY: &str = "PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX slreq: <http://mp.stratuslab.eu/slreq#> \
    SELECT DISTINCT ?identifier ?email ?created WHERE { ?x dcterms:identifier ?identifier ; slreq:endorsement \
    ?endorsement . ?endorsement slreq:endorser ?endorser ; dcterms:created ?created . ?endorser slreq:email ?email . \
    FILTER (?email = \"$EMAIL\") }";

/// The current view: the latest entry of an endorser for each image; without a filter, which only one server rewrites.
const LATEST: &str = "PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX slreq: <http://mp.stratuslab.eu/slreq#> \
    SELECT ?identifier ?created WHERE { ?x dcterms:identifier ?identifier ; slreq:endorsement ?e . \
    ?e dcterms:created ?created ; slreq:endorser ?p . ?p slreq:email \"$EMAIL\" }";

/// The same computed from all entries, as the original's registry had to.
const LATEST_COMPUTED: &str = "PREFIX dcterms: <http://purl.org/dc/terms/> \
    PREFIX slreq: <http://mp.stratuslab.eu/slreq#> SELECT ?identifier (MAX(?moment) AS ?created) WHERE { \
    ?p slreq:email \"$EMAIL\" . ?e slreq:endorser ?p ; dcterms:created ?moment . ?x slreq:endorsement ?e ; \
    dcterms:identifier ?identifier } GROUP BY ?identifier";

/// A server and where it answers queries.
struct Server {
    http: Http,
    path: &'static str,
}

impl Server {
    fn ask(&self, text: &str) -> anyhow::Result<Answer> {
        let answer = self.http.try_ask(self.path, text)?;
        ensure!(answer.status == 200, "{}{}: {} {}", self.http.base(), self.path, answer.status, answer.text());
        Ok(answer)
    }

    /// How often in a second a query is answered that some clients ask again and again.
    fn per_second(&self, text: &str) -> anyhow::Result<f64> {
        let stopwatch = Stopwatch::start();
        let asked = std::thread::scope(|scope| {
            let ask = || {
                let mut asked = 0_u32;
                while stopwatch.elapsed() < ROUND {
                    self.ask(text)?;
                    asked += 1;
                }
                anyhow::Ok(asked)
            };
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(ask)).collect();
            let asked = clients.into_iter().map(|client| client.join().expect("asking does not panic"));
            asked.sum::<anyhow::Result<u32>>()
        })?;
        Ok(f64::from(asked) / stopwatch.elapsed().as_secs_f64())
    }
}

pub(super) fn measure(node: &Running, bare: &Bare, subject: &Subject, report: &mut Report) -> anyhow::Result<()> {
    let ours = Server { http: Http::new(node.client.node()), path: "/sparql" };
    let peer = Server { http: Http::new(bare.base()), path: "/query" };
    let union = Server { http: Http::new(bare.base()), path: "/query?union-default-graph=" };

    let (mut our_seconds, mut peer_seconds) = (0.0, 0.0);
    let catalogue = subject.catalogue()?;
    for Asked { name, text } in &catalogue {
        ensure!(are_equal(&ours, &peer, text)?, "{name} has other results at the bare server");
        let (our_rate, peer_rate) = rates((&ours, text), (&peer, text)).with_context(|| name.clone())?;
        our_seconds += 1.0 / our_rate;
        peer_seconds += 1.0 / peer_rate;
        let what = format!("query {name}");
        report.beside(&what, format!("{our_rate:.0} /s"), format!("{peer_rate:.0} /s"), our_rate / peer_rate);
    }
    let count = catalogue.len() as f64;
    let (our_rate, peer_rate) = (count / our_seconds, count / peer_seconds);
    let what = format!("{count} typical queries, each as often");
    let beside = format!("{peer_rate:.1} /s");
    report.ahead(&what, format!("{our_rate:.1} /s"), beside, (our_rate / peer_rate, GOAL_CATALOGUE));

    let equality = subject.put_into(EQUALITY);
    ensure!(sorted(&ours.ask(&equality)?) == sorted(&peer.ask(&equality)?), "the talk's second query differs");
    let (our_rate, peer_rate) = rates((&ours, &equality), (&peer, &equality))?;
    let beside = format!("{peer_rate:.1} /s");
    let goal = (our_rate / peer_rate, GOAL_EQUALITY);
    report.ahead("the talk's second query, by equality", format!("{our_rate:.1} /s"), beside, goal);

    let (latest, computed) = (subject.put_into(LATEST), subject.put_into(LATEST_COMPUTED));
    ensure!(sorted(&ours.ask(&latest)?) == sorted(&union.ask(&computed)?), "the current view is not the latest");
    let (our_rate, peer_rate) = rates((&ours, &latest), (&union, &computed))?;
    let beside = format!("{peer_rate:.1} /s computed");
    let goal = (our_rate / peer_rate, GOAL_LATEST);
    report.ahead("the latest entries of an endorser", format!("{our_rate:.1} /s"), beside, goal);
    report.note(format!("queries: {CLIENTS} clients; beside: oxigraph 0.5.13 over a copy of the graph, same results"));
    Ok(())
}

/// Whether two servers have the same results. Which rows are taken where not all are wanted is theirs: there all are
/// compared, or the number where all are too many for an answer.
fn are_equal(ours: &Server, peer: &Server, text: &str) -> anyhow::Result<bool> {
    let (our, other) = (sorted(&ours.ask(text)?), sorted(&peer.ask(text)?));
    let is_any = text.contains("LIMIT") && !text.contains("ORDER BY");
    if !is_any {
        return Ok(our == other);
    }
    let all = text.split("LIMIT").next().unwrap_or_default();
    match ours.ask(all) {
        Ok(answer) => Ok(our.len() == other.len() && sorted(&answer) == sorted(&peer.ask(all)?)),
        Err(_) => Ok(our.len() == other.len()),
    }
}

/// What two servers make of two queries, in turns.
fn rates(ours: (&Server, &str), peer: (&Server, &str)) -> anyhow::Result<(f64, f64)> {
    let (mut our_sum, mut peer_sum) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        our_sum += ours.0.per_second(ours.1)?;
        peer_sum += peer.0.per_second(peer.1)?;
    }
    Ok((our_sum / ROUNDS as f64, peer_sum / ROUNDS as f64))
}

/// The rows or triples of an answer, in order of their texts and without the names of blank nodes.
fn sorted(answer: &Answer) -> Vec<String> {
    let mut rows: Vec<String> = if answer.media_type == "application/n-triples" {
        answer.text().lines().map(without_blank_nodes).collect()
    } else {
        let mut results = answer.json();
        let rows = results["results"]["bindings"].as_array_mut().map(std::mem::take);
        rows.map_or_else(|| vec![results["boolean"].to_string()], |rows| rows.iter().map(row).collect())
    };
    rows.sort();
    rows
}

fn row(row: &serde_json::Value) -> String {
    let mut columns: Vec<String> = row
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, term)| {
            let is_blank = term["type"] == "bnode";
            format!("{name} {}", if is_blank { "_:".to_owned() } else { term.to_string() })
        })
        .collect();
    columns.sort();
    columns.join(" ")
}

fn without_blank_nodes(line: &str) -> String {
    let term = |term: &str| if term.starts_with("_:") { "_:".to_owned() } else { term.to_owned() };
    line.split(' ').map(term).collect::<Vec<_>>().join(" ")
}
