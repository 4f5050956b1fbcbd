//! A source of hand-made entries.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::node_id::NodeId;
use proto::standing::Standing;
use proto::timestamp::Instant;
use web::registry::{Dialect, GraphFormat, Query, QueryAnswer, QueryError, ResultsFormat, Scope};

use crate::bounds::GRAPH_BULK_MIN;
use crate::storage::graph::{
    Graph, GraphEntry, GraphPlacement, Location, Provenance, QueryLimits, QueryProgram, Source, SourceError,
};

/// A ledger of a few entries that a test changes while the graph follows.
#[derive(Debug, Clone, Default)]
pub(super) struct Fake(Arc<Mutex<State>>);

/// Less than a follower asks for at once, and enough for a bulk load.
const ENTRIES_AT_ONCE: usize = GRAPH_BULK_MIN + 50;

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<EntryId, GraphEntry>,
    changes: Vec<EntryId>,
    failing: bool,
}

impl Fake {
    /// Sets an entry and returns its change.
    pub(super) fn set(&self, entry: GraphEntry) -> u64 {
        let mut state = self.0.lock().unwrap();
        state.changes.push(entry.id);
        state.entries.insert(entry.id, entry);
        u64::try_from(state.changes.len()).unwrap()
    }

    /// Takes an entry away and returns its change.
    pub(super) fn withdraw(&self, id: EntryId) -> u64 {
        let mut state = self.0.lock().unwrap();
        state.changes.push(id);
        state.entries.remove(&id);
        u64::try_from(state.changes.len()).unwrap()
    }

    pub(super) fn fail(&self, failing: bool) {
        self.0.lock().unwrap().failing = failing;
    }

    fn state(&self) -> Result<std::sync::MutexGuard<'_, State>, SourceError> {
        let state = self.0.lock().unwrap();
        if state.failing { Err(SourceError("the disk is gone".to_owned())) } else { Ok(state) }
    }
}

impl Source for Fake {
    fn last_change(&self) -> Result<u64, SourceError> {
        Ok(u64::try_from(self.state()?.changes.len()).unwrap())
    }

    fn changes_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, EntryId)>, SourceError> {
        let state = self.state()?;
        let numbered = (1..).zip(state.changes.iter().copied());
        Ok(numbered.skip(usize::try_from(after).unwrap()).take(limit).collect())
    }

    fn entries(&self, entries: &[EntryId]) -> Result<Vec<Option<GraphEntry>>, SourceError> {
        let state = self.state()?;
        Ok(entries.iter().take(ENTRIES_AT_ONCE).map(|entry| state.entries.get(entry).cloned()).collect())
    }
}

/// Entry `number`: an image of its own with an operating system, endorsed by me@example.com.
pub(super) fn entry(number: u16) -> GraphEntry {
    let id = EntryId::of(&number.to_be_bytes(), b"key");
    let document = format!(
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/"
            xmlns:slreq="http://mp.stratuslab.eu/slreq#" xmlns:slterms="http://mp.stratuslab.eu/slterms#"
            xml:base="http://mp.stratuslab.eu/"><rdf:Description rdf:about="\#image{number}">
            <dcterms:identifier>image{number}</dcterms:identifier><slterms:os>os{}</slterms:os>
            <slreq:endorsement rdf:parseType="Resource"><dcterms:created>2014-01-01T00:00:0{}Z</dcterms:created>
            <slreq:endorser rdf:parseType="Resource"><slreq:email>me@example.com</slreq:email></slreq:endorser>
            </slreq:endorsement></rdf:Description></rdf:RDF>"#,
        number % 2,
        number % 10,
    )
    .replace('\\', "");
    let tree = proto::xml::parse(document.as_bytes()).unwrap();
    GraphEntry {
        id,
        image_iri: format!("http://mp.stratuslab.eu/#image{number}"),
        triples: proto::rdf::read(&tree, "http://mp.stratuslab.eu/").unwrap(),
        document: Sha256Digest::of(&number.to_be_bytes()),
        standing: Standing::Bare,
        placement: GraphPlacement::Current,
        scope: Scope::Federated,
        provenance: vec![Provenance {
            origin: NodeId::from_public_key([1; 32]),
            admitted: Instant::from_unix_ms(1_394_287_840_007),
        }],
    }
}

pub(super) fn limits() -> QueryLimits {
    QueryLimits { timeout_ms: 10_000, rows_max: 10_000, bytes_max: 1 << 20, concurrent_max: 4 }
}

/// This very program of tests, of which [`super::answers_queries`] alone runs.
pub(super) fn program() -> QueryProgram {
    let name = concat!(module_path!(), "::answers_queries");
    let (_, path) = name.split_once("::").unwrap();
    let arguments = ["--exact", &path.replace("make::", ""), "--ignored", "--test-threads=1"];
    QueryProgram { path: std::env::current_exe().unwrap(), arguments: arguments.map(Into::into).to_vec() }
}

pub(super) fn following(source: &Fake) -> Graph {
    Graph::open(&Location::Memory, source.clone(), limits(), program()).unwrap()
}

/// A graph of these entries that has come to the last.
pub(super) async fn showing(entries: impl IntoIterator<Item = GraphEntry>) -> (Graph, Fake) {
    let source = Fake::default();
    let last = entries.into_iter().map(|entry| source.set(entry)).max().unwrap_or(0);
    let graph = following(&source);
    graph.wait_until(last).await.unwrap();
    (graph, source)
}

pub(super) fn query(text: &str) -> Query {
    Query {
        text: text.to_owned(),
        dialect: Dialect::Sparql,
        results: ResultsFormat::Csv,
        graph: GraphFormat::NTriples,
        default_graphs: Vec::new(),
        named_graphs: Vec::new(),
    }
}

pub(super) async fn ask(graph: &Graph, query: Query) -> Result<String, QueryError> {
    let QueryAnswer { body, .. } = graph.query(query).await?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

/// The rows of a SELECT below its head, in order of their text.
pub(super) async fn rows(graph: &Graph, text: &str) -> Vec<String> {
    let answer = ask(graph, query(text)).await.unwrap();
    let mut rows: Vec<_> = answer.lines().skip(1).map(str::to_owned).collect();
    rows.sort();
    rows
}

/// How many triples the entries have in the default graph, the history and the contested graph.
pub(super) async fn sizes(graph: &Graph) -> [String; 3] {
    let count = |pattern: &'static str| async move {
        rows(graph, &format!("SELECT (COUNT(*) AS ?n) {{ {pattern} }}")).await.remove(0)
    };
    [
        count("?a ?b ?c").await,
        count("GRAPH <http://mp.stratuslab.eu/history> { ?a ?b ?c }").await,
        count("GRAPH <http://mp.stratuslab.eu/contested> { ?a ?b ?c }").await,
    ]
}
