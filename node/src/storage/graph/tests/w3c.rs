//! The W3C suites of SPARQL 1.1 Query, read from `../shared` where they are present, through our own query path.

mod compare;
mod endpoint;
mod manifest;
mod protocol;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use oxigraph::io::{RdfFormat, RdfParser};
use oxigraph::model::{Graph, GraphName, NamedNode, Quad, Triple};
use web::registry::{GraphFormat, Query, QueryError, ResultsFormat};

use super::make::{limits, program, query};
use crate::storage::graph::query::Queries;
use crate::storage::graph::store::GraphStore;
use crate::storage::graph::{Location, QueryLimits};

use compare::{expected_graph, solutions_graph};
use manifest::{Case, Suite};

/// Cases that do not pass, by their IRI, each with its reason. One that passes has to leave the list.
const DEVIATIONS: &str = include_str!("w3c/deviations.txt");

const SUITES: &str = "vectors/w3c-rdf-tests/sparql/sparql11";

enum Outcome {
    Passed,
    Failed(String),
    OutOfScope(&'static str),
}

/// Where the suites lie, if they are there.
fn suites() -> Option<PathBuf> {
    let shared = std::env::var_os("MARKETPLACE_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    Some(shared.join(SUITES)).filter(|folder| folder.is_dir())
}

fn deviations() -> BTreeSet<String> {
    let lines = DEVIATIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_case_of_the_w3c_suites_passes_but_for_the_listed_deviations() {
    let Some(folder) = suites() else {
        println!("skipped: no ../shared/vectors");
        return;
    };
    let store = GraphStore::open(&Location::Memory).unwrap();
    let limits = QueryLimits { timeout_ms: 60_000, ..limits() };
    let queries = Queries::start(store.clone(), limits, program()).unwrap();
    let runner = Runner { store, server: endpoint::serve(queries.clone()).await, queries };
    let deviations = deviations();
    let (mut failed, mut passed_although_listed) = (BTreeMap::new(), Vec::new());
    let mut total = 0;
    for suite in Suite::all(&folder) {
        let (mut passed, mut listed, mut left_out) = (0, 0, BTreeMap::<_, usize>::new());
        for case in suite.cases() {
            total += 1;
            match (runner.run(&case).await, deviations.contains(&case.iri)) {
                (Outcome::Passed, false) => passed += 1,
                (Outcome::Passed, true) => passed_although_listed.push(case.iri),
                (Outcome::Failed(_), true) => listed += 1,
                (Outcome::Failed(why), false) => drop(failed.insert(case.iri, why)),
                (Outcome::OutOfScope(why), _) => *left_out.entry(why).or_default() += 1,
            }
        }
        println!("{}: {passed} passed, {listed} listed deviations, out of scope {left_out:?}", suite.name);
    }
    assert!(total > 0, "the suites name no case");
    let failed: Vec<_> = failed.iter().map(|(iri, why)| format!("{iri} {why:.3000}")).collect();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(passed_although_listed.is_empty(), "they pass and are still listed: {passed_although_listed:#?}");
}

struct Runner {
    store: GraphStore,
    queries: Queries,
    server: SocketAddr,
}

impl Runner {
    async fn run(&self, case: &Case) -> Outcome {
        match case.kind.as_str() {
            "QueryEvaluationTest" | "CSVResultFormatTest" if case.iri.contains("/entailment/") => {
                Outcome::OutOfScope("entailment")
            }
            "QueryEvaluationTest" if case.iri.contains("/service/") => self.is_refused(case).await,
            "QueryEvaluationTest" => self.evaluates(case).await,
            "CSVResultFormatTest" => self.writes_csv(case).await,
            "PositiveSyntaxTest11" => self.is_read(case).await,
            "NegativeSyntaxTest11" => self.is_no_query(case).await,
            "PositiveUpdateSyntaxTest11" | "NegativeUpdateSyntaxTest11" | "UpdateEvaluationTest" => {
                self.is_refused(case).await
            }
            "ProtocolTest" => self.speaks(case).await,
            "ServiceDescriptionTest" => self.over_http(case, protocol::describes_itself).await,
            "GraphStoreProtocolTest" => Outcome::OutOfScope("no graph store protocol"),
            _ => Outcome::Failed(format!("the kind {:?} is unknown", case.kind)),
        }
    }

    async fn ask(&self, case: &Case, results: ResultsFormat) -> Result<Vec<u8>, QueryError> {
        let text = format!("BASE <{}>\n{}", case.request, case.text());
        let query = Query { results, graph: GraphFormat::NTriples, ..query(&text) };
        self.queries.answer(query).await.map(|answer| answer.body.to_vec())
    }

    async fn is_read(&self, case: &Case) -> Outcome {
        self.store.inner().clear().unwrap();
        match self.ask(case, ResultsFormat::Json).await {
            Ok(_) => Outcome::Passed,
            Err(QueryError::NotAllowed(why)) if case.text().contains("SERVICE") && why.contains("SERVICE") => {
                Outcome::Passed
            }
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    async fn is_no_query(&self, case: &Case) -> Outcome {
        match self.ask(case, ResultsFormat::Json).await {
            Err(QueryError::Syntax(_)) => Outcome::Passed,
            // The suite keeps updates that are none among the syntax of queries.
            Err(QueryError::NotAllowed(_)) if case.request.ends_with(".ru") => Outcome::Passed,
            other => Outcome::Failed(format!("read: {other:?}")),
        }
    }

    async fn is_refused(&self, case: &Case) -> Outcome {
        match self.ask(case, ResultsFormat::Json).await {
            Err(QueryError::Syntax(_) | QueryError::NotAllowed(_)) => Outcome::Passed,
            other => Outcome::Failed(format!("not refused: {other:?}")),
        }
    }

    async fn speaks(&self, case: &Case) -> Outcome {
        self.load(case);
        match (protocol::is_update(case), self.over_http(case, protocol::run).await) {
            (true, Outcome::Failed(why)) if why.contains("gave 400") => Outcome::OutOfScope("an update, refused"),
            (true, _) => Outcome::Failed("an update was not refused".to_owned()),
            (false, outcome) => outcome,
        }
    }

    async fn over_http(&self, case: &Case, check: fn(&Case, SocketAddr) -> Result<(), String>) -> Outcome {
        let (case, server) = (case.clone(), self.server);
        match tokio::task::spawn_blocking(move || check(&case, server)).await.unwrap() {
            Ok(()) => Outcome::Passed,
            Err(why) => Outcome::Failed(why),
        }
    }

    async fn evaluates(&self, case: &Case) -> Outcome {
        let Some(result) = &case.result else { return Outcome::Failed("it has no result".to_owned()) };
        self.load(case);
        let formats: &[ResultsFormat] = match result.rsplit('.').next() {
            Some("tsv") => &[ResultsFormat::Tsv],
            Some("ttl" | "rdf") => &[ResultsFormat::Json],
            _ => &[ResultsFormat::Json, ResultsFormat::Xml],
        };
        for format in formats {
            let body = match self.ask(case, *format).await {
                Ok(body) => body,
                Err(error) => return Outcome::Failed(error.to_string()),
            };
            let expected = expected_graph(result, &case.read(result));
            let actual = match solutions_graph(&body, *format) {
                Some(actual) => actual,
                None => triples(&body),
            };
            if expected != actual {
                return Outcome::Failed(format!("expected\n{expected}\nactual\n{actual}"));
            }
        }
        Outcome::Passed
    }

    async fn writes_csv(&self, case: &Case) -> Outcome {
        let Some(result) = &case.result else { return Outcome::Failed("it has no result".to_owned()) };
        self.load(case);
        let lines = |text: &[u8]| {
            let mut lines: Vec<_> = String::from_utf8_lossy(text).lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        match self.ask(case, ResultsFormat::Csv).await {
            Ok(body) if lines(&body) == lines(&case.read(result)) => Outcome::Passed,
            other => Outcome::Failed(format!("{:?}", other.map(|body| lines(&body)))),
        }
    }

    fn load(&self, case: &Case) {
        let store = self.store.inner();
        store.clear().unwrap();
        for data in &case.data {
            store.extend(quads(case, data, &GraphName::DefaultGraph)).unwrap();
        }
        for (name, data) in &case.graphs {
            store.extend(quads(case, data, &NamedNode::new_unchecked(name).into())).unwrap();
        }
    }
}

fn quads(case: &Case, data: &str, graph: &GraphName) -> Vec<Quad> {
    let format = RdfFormat::from_extension(data.rsplit('.').next().unwrap()).unwrap();
    let parser = RdfParser::from_format(format).with_base_iri(data).unwrap().rename_blank_nodes();
    let parser = parser.with_default_graph(graph.clone());
    parser.for_slice(&case.read(data)).collect::<Result<_, _>>().unwrap()
}

fn triples(body: &[u8]) -> Graph {
    let parser = RdfParser::from_format(RdfFormat::NTriples).for_slice(body);
    compare::canonical(parser.map(|quad| Triple::from(quad.unwrap())).collect())
}
