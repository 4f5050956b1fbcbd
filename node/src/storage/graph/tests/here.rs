//! Queries that the node answers itself have the answers that a process gives.

use super::make::{entry, rows, showing};
use crate::bounds::QUERY_HERE_TEXT_BYTES_MAX;
use crate::storage::graph::{GraphEntry, GraphPlacement};

const PREFIXES: &str = "PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX slreq: <http://mp.stratuslab.eu/slreq#> \
    PREFIX slterms: <http://mp.stratuslab.eu/slterms#> ";

/// A comment makes it longer than the node itself reads.
fn for_a_process(text: &str) -> String {
    format!("{text}\n#{}", "-".repeat(QUERY_HERE_TEXT_BYTES_MAX))
}

#[tokio::test]
async fn what_the_node_answers_itself_is_what_a_process_answers() {
    let superseded = (20..25).map(|number| GraphEntry { placement: GraphPlacement::Superseded, ..entry(number) });
    let (graph, _) = showing((0..20).map(entry).chain(superseded)).await;
    for query in [
        "SELECT * { ?x dcterms:identifier ?identifier ; slterms:os ?os }",
        "SELECT DISTINCT ?os { ?x slterms:os ?os }",
        "SELECT ?os (COUNT(*) AS ?n) { ?x slterms:os ?os } GROUP BY ?os ORDER BY DESC(?n) ?os",
        "SELECT (COUNT(DISTINCT *) AS ?n) { ?x slterms:os ?os }",
        "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?e dcterms:created ?c }",
        "SELECT (MIN(?c) AS ?first) (MAX(?c) AS ?last) (SAMPLE(?m) AS ?some) { ?e dcterms:created ?c ; slreq:endorser/slreq:email ?m }",
        "SELECT ?i ?c { ?x dcterms:identifier ?i ; slreq:endorsement/dcterms:created ?c } ORDER BY DESC(?c) ?i LIMIT 5 OFFSET 2",
        "SELECT ?i { ?x dcterms:identifier ?i } ORDER BY (STRLEN(?i)) DESC(SUBSTR(?i, 6))",
        "SELECT ?i ?t { ?x dcterms:identifier ?i OPTIONAL { ?x dcterms:title ?t } }",
        "SELECT ?i { ?x dcterms:identifier ?i FILTER(?i = \"image7\" || CONTAINS(?i, \"1\")) }",
        "SELECT ?i { ?x dcterms:identifier ?i FILTER EXISTS { ?x slterms:os \"os1\" } }",
        "SELECT ?i { ?x dcterms:identifier ?i FILTER NOT EXISTS { ?x slterms:os \"os1\" } }",
        "SELECT ?i ?n { ?x dcterms:identifier ?i ; slterms:os ?os { SELECT ?os (COUNT(*) AS ?n) { ?y slterms:os ?os } GROUP BY ?os } }",
        "SELECT ?i { GRAPH <http://mp.stratuslab.eu/history> { ?x dcterms:identifier ?i } }",
        "SELECT ?i ?k { VALUES (?i ?k) { (\"image1\" 1) (\"image2\" 2) (\"nothing\" 3) } ?x dcterms:identifier ?i }",
        "SELECT ?e { ?x slreq:endorsement [ slreq:endorser [ slreq:email ?e ] ] }",
        "SELECT ?i { { ?x slterms:os \"os0\" } UNION { ?x dcterms:identifier \"image1\" } ?x dcterms:identifier ?i }",
        "SELECT (SUM(?n) AS ?sum) (AVG(DISTINCT ?n) AS ?average) { ?x dcterms:identifier ?i BIND(STRLEN(?i) AS ?n) }",
    ] {
        let text = format!("{PREFIXES}{query}");
        assert_eq!(rows(&graph, &text).await, rows(&graph, &for_a_process(&text)).await, "{query}");
    }
}
