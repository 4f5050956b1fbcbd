//! Section 1.7: queries as the original took them.

use super::cases::queried;
use super::row::{Row, form, get, hold};
use super::world::{A, BROWSER, WINDOW, identifier, library, node};

const XML: &str = "application/sparql-results+xml";
const JSON: &str = "application/sparql-results+json";
const SELECT: &str = "SELECT DISTINCT ?identifier WHERE { ?x <http://purl.org/dc/terms/identifier> ?identifier }";

/// A query among the parameters.
fn query(claim: &'static str, text: &str) -> Row {
    get(claim, queried(text))
}

#[test]
fn select_is_answered_in_each_format() {
    let sites = library();
    let web = identifier("web").to_string();
    hold(
        &sites.http(A),
        [
            query("1.7: SELECT", SELECT).is(200).media(XML).has(web.as_str()),
            query("1.7: as XML", SELECT).accept("text/xml").media(XML).has(web.as_str()),
            query("1.7: as JSON", SELECT).accept("application/json").media(JSON).has(web.as_str()),
            query("1.7: as its own type of JSON", SELECT).accept(JSON).media(JSON).has(web.as_str()),
            query("1.7: as a page", SELECT).accept(BROWSER).is(200).media("text/html").has(web.as_str()),
            get("1.7: media= counts", format!("{}&media=json", queried(SELECT))).is(200).media(JSON),
            form("1.7: only GET", "/query", &queried(SELECT)["/query?".len()..])
                .otherwise("POST too, as the paper promised")
                .is(200)
                .media(XML),
        ],
    );
}

#[test]
fn an_empty_query_is_no_content_or_the_form() {
    let sites = library();
    let empty = |claim, path: &'static str, accept| get(claim, path).accept(accept);
    hold(
        &sites.http(A),
        [
            get("1.7: a missing query", "/query").is(204).media(XML).body(""),
            get("1.7: an empty one", "/query?query=").is(204).body(""),
            get("1.7: one of blanks", "/query?query=+%20").is(204).body(""),
            empty("1.7: in JSON", "/query?query=", "application/json").is(204).media(JSON).body(""),
            empty("1.7: a browser gets the form", "/query", BROWSER).is(200).media("text/html").has("<textarea"),
        ],
    );
}

#[test]
fn only_select_without_graphs_is_allowed() {
    let sites = library();
    let refused = |claim, text: &str| query(claim, text).is(400).has("query not allowed.");
    let deep = "it is looked for everywhere (W8)";
    let nested = "SELECT * WHERE { ?a ?b ?c OPTIONAL { GRAPH ?g { ?a ?b ?c } } }";
    let within = "SELECT * WHERE { { SELECT ?a { { ?a a ?b } UNION { GRAPH ?g { ?a a ?b } } } } }";
    let service = "SELECT * WHERE { SERVICE <http://example.org/sparql> { ?a ?b ?c } }";
    hold(
        &sites.http(A),
        [
            refused("1.7: ASK", "ASK { ?a ?b ?c }"),
            refused("1.7: CONSTRUCT", "CONSTRUCT { ?a ?b ?c } WHERE { ?a ?b ?c }"),
            refused("1.7: DESCRIBE", "DESCRIBE <http://example.org/>"),
            refused("1.7: FROM", "SELECT * FROM <http://example.org/g> WHERE { ?a ?b ?c }"),
            refused("1.7: FROM NAMED", "SELECT * FROM NAMED <http://example.org/g> WHERE { ?a ?b ?c }"),
            refused("1.7: GRAPH", "SELECT * WHERE { GRAPH ?g { ?a ?b ?c } }"),
            refused("1.7: GRAPH in OPTIONAL is not looked for", nested).otherwise(deep),
            refused("1.7: nor in a subquery", within).otherwise(deep),
            query("1.7: nor SERVICE", service).otherwise(deep).is(400),
            query("1.7: an error of syntax, with the parser's text", "SELCT * WHERE { ?a ?b ?c }").is(400).has("1:"),
            query("1.7: for browsers in the page", "SELCT").accept(BROWSER).is(400).media("text/html").has("SELCT"),
        ],
    );
}

#[test]
fn a_query_that_takes_too_long_is_an_error() {
    let sites = node(&format!("{WINDOW}\n[query]\ntimeout = \"100ms\"\nmax_rows = 3\n"), "");
    super::world::fill(&sites.http(A));
    let product = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n2 ?o }";
    let complete = "complete or an error (W8, interfaces.md)";
    hold(
        &sites.http(A),
        [
            query("1.7: there is no limit of time", product).otherwise(complete).is(408).has("100"),
            query("1.7: nor of rows", SELECT).otherwise(complete).is(400).has("3"),
        ],
    );
}
