//! What queries are answered, and which are not.

use oxigraph::io::RdfFormat;
use web::registry::{Dialect, GraphFormat, Query, QueryError, ResultsFormat, Scope};

use super::make::{Fake, ask, entry, limits, program, query, rows, showing};
use crate::bounds::{QUERY_NESTING_MAX, QUERY_OPERATORS_MAX, QUERY_PATTERNS_MAX, QUERY_TEXT_BYTES_MAX};
use crate::storage::graph::query::Queries;
use crate::storage::graph::store::GraphStore;
use crate::storage::graph::{Graph, GraphEntry, GraphPlacement, Location, QueryLimits};

const TALK_SYSTEMS: &str = "PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX slterms: <http://mp.stratuslab.eu/slterms#>
select distinct ?os ?identifier where { ?x dcterms:identifier ?identifier . ?x slterms:os ?os }";

const TALK_ENDORSED: &str = "PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX slreq: <http://mp.stratuslab.eu/slreq#>
select distinct ?identifier ?email ?created where {
  ?x dcterms:identifier ?identifier; slreq:endorsement ?endorsement .
  ?endorsement slreq:endorser ?endorser; dcterms:created ?created .
  ?endorser slreq:email ?email .
  FILTER (?email = \"me@example.com\") }";

/// Has no end within any limit.
const ENDLESS: &str = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r } ORDER BY ?a ?d";

async fn limited(limits: QueryLimits) -> Graph {
    let source = Fake::default();
    let last = (0..20).map(|number| source.set(entry(number))).max().unwrap();
    let graph = Graph::open(&Location::Memory, source, limits, program()).unwrap();
    graph.wait_until(last).await.unwrap();
    graph
}

#[tokio::test]
async fn the_talks_queries_are_answered() {
    let superseded = GraphEntry { placement: GraphPlacement::Superseded, ..entry(3) };
    let (graph, _) = showing([entry(1), entry(2), superseded]).await;
    assert_eq!(rows(&graph, TALK_SYSTEMS).await, ["os0,image2", "os1,image1"]);
    let endorsed = ["image1,me@example.com,2014-01-01T00:00:01Z", "image2,me@example.com,2014-01-01T00:00:02Z"];
    assert_eq!(rows(&graph, TALK_ENDORSED).await, endorsed);
    let original = Query { dialect: Dialect::Original, ..query(TALK_SYSTEMS) };
    assert!(ask(&graph, original).await.is_ok());
}

#[tokio::test]
async fn an_entry_that_does_not_leave_the_node_is_marked_in_the_provenance() {
    let local = GraphEntry { scope: Scope::Local, ..entry(2) };
    let (graph, source) = showing([entry(1), local]).await;
    let marked = "SELECT ?i { GRAPH <http://mp.stratuslab.eu/provenance> { ?x ?scope \"local\" } \
                  ?x <http://purl.org/dc/terms/identifier> ?i }";
    assert_eq!(ask(&graph, query(marked)).await.unwrap(), "i\r\nimage2\r\n");
    graph.wait_until(source.set(entry(2))).await.unwrap();
    assert_eq!(ask(&graph, query(marked)).await.unwrap(), "i\r\n", "it is federated now");
}

#[tokio::test]
async fn the_history_is_a_named_graph_and_can_be_the_default_one() {
    let superseded = GraphEntry { placement: GraphPlacement::Superseded, ..entry(3) };
    let (graph, _) = showing([entry(1), superseded]).await;
    let text = "SELECT ?i { ?x <http://purl.org/dc/terms/identifier> ?i }";
    let history = vec!["http://mp.stratuslab.eu/history".to_owned()];
    let of_history = Query { default_graphs: history.clone(), ..query(text) };
    assert_eq!(ask(&graph, of_history.clone()).await.unwrap(), "i\r\nimage3\r\n");
    let original = Query { dialect: Dialect::Original, ..of_history };
    assert!(matches!(ask(&graph, original).await, Err(QueryError::NotAllowed(_))));
    // Where only named graphs are given, the default graph is empty.
    let named = Query { named_graphs: history, ..query(text) };
    assert_eq!(ask(&graph, named).await.unwrap(), "i\r\n");
}

#[tokio::test]
async fn solutions_are_written_in_every_format() {
    let (graph, _) = showing([entry(1)]).await;
    let text = "SELECT ?i { ?x <http://purl.org/dc/terms/identifier> ?i }";
    let formats = [
        (ResultsFormat::Json, "application/sparql-results+json", "\"image1\""),
        (ResultsFormat::Xml, "application/sparql-results+xml", "<literal>image1</literal>"),
        (ResultsFormat::Csv, "text/csv; charset=utf-8", "image1"),
        (ResultsFormat::Tsv, "text/tab-separated-values; charset=utf-8", "\"image1\""),
    ];
    for (results, media_type, part) in formats {
        let answer = graph.query(Query { results, ..query(text) }).await.unwrap();
        assert_eq!(answer.media_type, media_type);
        assert!(String::from_utf8_lossy(&answer.body).contains(part), "{media_type}");
    }
}

#[tokio::test]
async fn graphs_are_written_in_every_format() {
    let (graph, _) = showing([entry(1)]).await;
    let text = format!("DESCRIBE <http://mp.stratuslab.eu/entries/{}>", entry(1).id);
    let formats = [
        (GraphFormat::Turtle, "text/turtle", "dcterms:identifier \"image1\""),
        (GraphFormat::NTriples, "application/n-triples", "<http://purl.org/dc/terms/identifier> \"image1\""),
        (GraphFormat::RdfXml, "application/rdf+xml", "<dcterms:identifier>image1<"),
        (GraphFormat::JsonLd, "application/ld+json", "\"image1\""),
    ];
    for (format, media_type, part) in formats {
        let answer = graph.query(Query { graph: format, ..query(&text) }).await.unwrap();
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.media_type.starts_with(media_type), "{}", answer.media_type);
        assert!(body.contains(part), "{body}");
    }
}

#[tokio::test]
async fn a_truth_value_is_written_in_json_and_xml_only() {
    let (graph, _) = showing([entry(1)]).await;
    for (results, is_answered) in [
        (ResultsFormat::Json, true),
        (ResultsFormat::Xml, true),
        (ResultsFormat::Csv, false),
        (ResultsFormat::Tsv, false),
    ] {
        let answer = graph.query(Query { results, ..query("ASK { ?a ?b ?c }") }).await;
        assert_eq!(answer.is_ok(), is_answered);
        assert!(is_answered || matches!(answer, Err(QueryError::Format(_))));
    }
}

#[tokio::test]
async fn what_is_no_query_is_a_syntax_error() {
    let (graph, _) = showing([]).await;
    for text in ["", " # nothing", "SELECT", "INSERT DATA { ?a ?b ?c }", "\0"] {
        assert!(matches!(ask(&graph, query(text)).await, Err(QueryError::Syntax(_))), "{text}");
    }
    for text in ["INSERT DATA { <a:a> <a:b> <a:c> }", "CLEAR ALL", "LOAD <http://127.0.0.1/>"] {
        let refused = ask(&graph, query(text)).await;
        assert!(matches!(&refused, Err(QueryError::NotAllowed(why)) if why.contains("update")), "{text}: {refused:?}");
    }
}

#[tokio::test]
async fn an_answer_is_complete_or_refused_as_too_large() {
    let graph = limited(QueryLimits { rows_max: 10, ..limits() }).await;
    let text = "SELECT ?i { ?x <http://purl.org/dc/terms/identifier> ?i }";
    let refused = ask(&graph, query(text)).await;
    assert_eq!(refused, Err(QueryError::TooLarge { limit: 10, unit: "rows" }));
    assert_eq!(rows(&graph, &format!("{text} LIMIT 10")).await.len(), 10);

    let graph = limited(QueryLimits { bytes_max: 100, ..limits() }).await;
    let refused = ask(&graph, query(text)).await;
    assert_eq!(refused, Err(QueryError::TooLarge { limit: 100, unit: "bytes" }));
    let refused = ask(&graph, query("CONSTRUCT WHERE { ?a ?b ?c }")).await;
    assert_eq!(refused, Err(QueryError::TooLarge { limit: 100, unit: "bytes" }));
}

#[tokio::test]
async fn a_query_ends_at_its_limit() {
    let graph = limited(QueryLimits { timeout_ms: 50, ..limits() }).await;
    assert_eq!(ask(&graph, query(ENDLESS)).await, Err(QueryError::TimedOut { limit_ms: 50 }));
}

#[tokio::test]
async fn deep_texts_are_refused_and_the_deepest_allowed_do_no_harm() {
    let (graph, _) = showing([entry(1)]).await;
    let groups = |depth: usize| format!("SELECT * {}{}", "{".repeat(depth), "}".repeat(depth));
    assert!(ask(&graph, query(&groups(QUERY_NESTING_MAX))).await.is_ok());
    assert!(matches!(ask(&graph, query(&groups(2_200))).await, Err(QueryError::NotAllowed(_))));
    let deepest = [
        ("SELECT * { FILTER(", "(", "1", ")", ") }"),
        ("SELECT * { ?x ?p ", "(", "1", ")", " }"),
        ("SELECT * { ?x ?p ", "[ <a:b> ", "1", "]", " }"),
        ("SELECT * { ?x ", "(", "<a:b>", ")*", " ?y }"),
        ("SELECT * { FILTER ", "EXISTS { FILTER ", "(1)", "}", " }"),
        ("SELECT * ", "{ OPTIONAL ", "{}", "}", ""),
        ("SELECT * ", "{ SELECT * ", "{}", "}", ""),
        ("SELECT (", "ABS(", "1", ")", " AS ?v) {}"),
    ];
    for (head, open, middle, close, tail) in deepest {
        let depth = QUERY_NESTING_MAX - 2;
        let text = format!("{head}{}{middle}{}{tail}", open.repeat(depth), close.repeat(depth));
        let answer = ask(&graph, query(&text)).await;
        let is_judged = matches!(answer, Ok(_) | Err(QueryError::Syntax(_) | QueryError::NotAllowed(_)));
        assert!(is_judged, "{open}: {answer:?}");
    }
}

#[tokio::test]
async fn the_longest_chains_are_answered_or_refused() {
    let (graph, _) = showing([entry(1)]).await;
    let chains = [
        ("SELECT * { FILTER(1", "+1", ") }"),
        ("SELECT * { FILTER(1", "||1", ") }"),
        ("SELECT * { FILTER(1", "&&1", ") }"),
        ("SELECT * { FILTER(1", "*1", ") }"),
        ("SELECT * { {}", "UNION{}", " }"),
        ("SELECT * { ", "OPTIONAL{}", " }"),
        ("SELECT * { ", "MINUS{}", " }"),
        ("SELECT * { ", "{}", " }"),
        ("SELECT * { ", "FILTER(1)", " }"),
        ("SELECT * { ?x a", "/a", " ?y }"),
        ("SELECT * { ?x a", "|a", " ?y }"),
        ("SELECT * { ?x a ?y ", ".?x a ?y", " }"),
        ("SELECT * { ?x a 1", ",1", " }"),
        ("SELECT * { FILTER(1 IN(1", ",1", ")) }"),
        ("SELECT * { VALUES ?x { 1", " 1", " } }"),
    ];
    for (head, link, tail) in chains {
        let links = (QUERY_TEXT_BYTES_MAX - head.len() - tail.len()) / link.len();
        let text = format!("{head}{}{tail}", link.repeat(links));
        let answer = ask(&graph, query(&text)).await;
        let is_bounded = matches!(answer, Ok(_) | Err(QueryError::NotAllowed(_) | QueryError::TooLarge { .. }));
        assert!(is_bounded, "{link}: {:?}", answer.map(|text| text.len()));
    }
}

#[tokio::test]
async fn the_longest_allowed_chains_are_answered_within_the_limit() {
    let (graph, _) = showing([entry(1)]).await;
    let chains = [
        ("SELECT * { FILTER(1", "+1", ") }", QUERY_OPERATORS_MAX / 2 - 4),
        ("SELECT * { FILTER(1", "||1", ") }", QUERY_OPERATORS_MAX / 2 - 4),
        ("SELECT * { {}", "UNION{}", " }", QUERY_OPERATORS_MAX / 2 - 4),
        ("SELECT * { ", "OPTIONAL{}", " }", QUERY_OPERATORS_MAX / 2 - 4),
        ("SELECT * { ?x a ?y ", ".?x a ?y", " }", QUERY_PATTERNS_MAX - 1),
    ];
    for (head, link, tail, links) in chains {
        let answer = ask(&graph, query(&format!("{head}{}{tail}", link.repeat(links)))).await;
        assert!(answer.is_ok(), "{link}: {answer:?}");
    }
}

#[tokio::test]
async fn filters_by_equality_that_are_looked_up_have_the_same_answers() {
    let store = GraphStore::open(&Location::Memory).unwrap();
    let quads = "<a:1> <a:p> \"x\" . <a:2> <a:p> \"x\"@en . <a:3> <a:p> <a:x> . <a:4> <a:p> \"x\"^^<a:type> .
        <a:1> <a:q> \"x\" . <a:2> <a:q> \"y\" . <a:x> <a:p> <a:1> . <a:5> <a:p> _:b . <a:6> <a:p> 1 .";
    store.inner().load_from_slice(RdfFormat::Turtle, quads).unwrap();
    let queries = Queries::start(store.clone(), limits(), program()).unwrap();
    let patterns = [
        "?s <a:p> ?o",
        "?s <a:p> ?o . ?s ?p ?o",
        "?s <a:p> ?o OPTIONAL { ?s <a:q> ?r }",
        "?s <a:p> ?o MINUS { ?s <a:q> ?o }",
        "{ ?s <a:p> ?o } UNION { ?s <a:q> ?o }",
        "{ ?s <a:p> ?o } { ?o ?p ?r }",
        "?s <a:p> ?o BIND(STR(?o) AS ?r)",
        "?s <a:q> ?r OPTIONAL { ?s <a:p> ?o }",
        "?s <a:p>* ?o",
        "?s <a:p> ?o FILTER EXISTS { ?s ?p ?o }",
    ];
    let conditions = [
        "?o = \"x\"",
        "<a:x> = ?o",
        "?s = <a:1>",
        "sameTerm(?o, \"x\")",
        "?o = \"x\" && ?s != <a:2>",
        "?s = \"x\"",
        "?o = \"x\" && ?o = \"y\"",
        "?o = 1",
        "?o = \"x\"@en",
        "?p = <a:q>",
    ];
    for (pattern, condition) in patterns.iter().flat_map(|pattern| conditions.map(|condition| (pattern, condition))) {
        let rows = async |condition: &str| {
            let text = format!("SELECT ?s ?o ?r {{ {pattern} FILTER({condition}) }}");
            let body = queries.answer(query(&text)).await.unwrap().body;
            // The blank node has a name of its own in each answer.
            let unnamed = |row: &str| if row.contains("_:") { "_:".to_owned() } else { row.to_owned() };
            let mut rows: Vec<_> = String::from_utf8_lossy(&body).lines().map(unnamed).collect();
            rows.sort();
            rows
        };
        // Within a function the filter is not seen.
        let filtered = rows(&format!("IF({condition}, true, false)")).await;
        assert_eq!(rows(condition).await, filtered, "{pattern} {condition}");
    }
}
