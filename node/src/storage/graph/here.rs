//! Queries that the node evaluates itself: those whose plan is tame, over the store's own terms.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use web::registry::{Query, QueryAnswer, QueryError};

use super::answer::{Answering, failed, media_type};
use super::gate;
use super::leash::Leash;
use super::meter::{GivenUp, Meter};
use super::query::QueryLimits;
use super::rewrite::rewritten;
use super::steps::{self, Counting};
use super::store::GraphStore;
use super::tame::is_tame;

/// Answers a query, or says why there is no answer; none where a process is to evaluate it.
pub(super) fn answer(
    store: &GraphStore,
    query: &Query,
    limits: &QueryLimits,
    leash: &Leash,
) -> Option<Result<QueryAnswer, QueryError>> {
    let counting = tamed(query)?;
    let evaluation = || evaluate(store, query, limits, leash, counting);
    match catch_unwind(AssertUnwindSafe(evaluation)) {
        Ok(answered) => Some(answered),
        Err(why) => match why.downcast_ref() {
            Some(GivenUp::Ended) => Some(Err(QueryError::TimedOut { limit_ms: limits.timeout_ms })),
            Some(GivenUp::TooMuch) => None,
            None => {
                tracing::error!("the evaluation of a query panicked");
                None
            }
        },
    }
}

/// The query with its counts, where its plan is tame.
fn tamed(query: &Query) -> Option<Counting> {
    let names_graphs = !(query.default_graphs.is_empty() && query.named_graphs.is_empty());
    if names_graphs || !gate::is_read_soon(&query.text) {
        return None;
    }
    let parsed = gate::parse(&query.text).ok()?;
    gate::judge(&parsed, query.dialect).ok()?;
    if !gate::is_planned_soon(&parsed) || parsed.dataset().is_some() {
        return None;
    }
    let counting = steps::counting(rewritten(parsed))?;
    is_tame(&counting.query).then_some(counting)
}

fn evaluate(
    store: &GraphStore,
    query: &Query,
    limits: &QueryLimits,
    leash: &Leash,
    counting: Counting,
) -> Result<QueryAnswer, QueryError> {
    let meter = Meter::new(leash.clone(), &counting);
    let results = store.evaluate(meter.evaluator(), counting.query).map_err(|error| failed(&error))?;
    let answering = Answering { rows_max: limits.rows_max, bytes_max: limits.bytes_max };
    let (form, body) = answering.write(results, query)?;
    Ok(QueryAnswer { media_type: media_type(form, query), body: Bytes::from(body) })
}

#[cfg(test)]
mod tests {
    use web::registry::{Dialect, GraphFormat, ResultsFormat};

    use super::*;

    fn is_answered_here(text: &str) -> bool {
        let (results, graph) = (ResultsFormat::Json, GraphFormat::Turtle);
        let (default_graphs, named_graphs) = (Vec::new(), Vec::new());
        let text = text.to_owned();
        let query = Query { text, dialect: Dialect::Sparql, results, graph, default_graphs, named_graphs };
        tamed(&query).is_some()
    }

    #[test]
    fn the_queries_of_a_catalogue_are_answered_here() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/queries/catalogue");
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() >= 30, "only {} queries are there", files.len());
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap().replace("$ENTRY", "http://mp.stratuslab.eu/entries/a");
            assert!(is_answered_here(&text), "{}", file.display());
        }
    }

    #[test]
    fn joins_that_look_up_and_what_is_counted_are_answered_here() {
        for text in [
            "SELECT * { ?a <a:p> ?b . ?b <a:q> ?c OPTIONAL { ?a <a:r> ?d . ?d <a:s> ?e } }",
            "SELECT * { { ?a <a:p> ?b } UNION { ?a <a:q> ?b } ?b <a:r> ?c }",
            "SELECT ?a (MAX(?b) AS ?m) { ?a <a:p> ?b } GROUP BY ?a HAVING(COUNT(?b) > 2) ORDER BY DESC(?m)",
            "SELECT * { ?a <a:p> ?b { SELECT ?a (COUNT(*) AS ?n) { ?a <a:q> ?c } GROUP BY ?a } }",
            "SELECT DISTINCT ?a { GRAPH <a:g> { ?a <a:p> ?b } FILTER(?b IN (1, 2, 3)) }",
            "SELECT * { VALUES ?a { <a:1> <a:2> } ?a <a:p> ?b FILTER EXISTS { ?b <a:q> ?c } }",
            "SELECT * { ?a <a:p> ?b FILTER(<http://www.w3.org/2001/XMLSchema#integer>(?b) > 3) }",
        ] {
            assert!(is_answered_here(text), "{text}");
        }
    }

    #[test]
    fn what_could_grow_or_last_between_two_counts_is_left_to_a_process() {
        for text in [
            "SELECT * { ?a <a:p> ?b . ?c <a:q> ?d }",
            "SELECT * { ?a <a:p>* ?b }",
            "SELECT * { ?a ?a ?b }",
            "SELECT * { ?a <a:p> ?a }",
            "SELECT * { GRAPH ?g { ?a <a:p> ?b } }",
            "SELECT * FROM <a:g> { ?a <a:p> ?b }",
            "SELECT * { ?a <a:p> ?b MINUS { ?a <a:q> ?c } }",
            "SELECT * { ?a <a:p> ?b FILTER(STRLEN(CONCAT(?b, ?b)) > 3) }",
            "SELECT * { ?a <a:p> ?b FILTER(REPLACE(?b, \"a\", \"aaaa\") = \"b\") }",
            "SELECT * { ?a <a:p> ?b FILTER REGEX(?b, \"(a+)+\") }",
            "SELECT * { ?a <a:p> ?b FILTER REGEX(?b, ?a) }",
            "SELECT (GROUP_CONCAT(?b) AS ?c) { ?a <a:p> ?b }",
            "SELECT * { ?a <a:p> ?b FILTER(<urn:marketplace:keep>(?b)) }",
            "SELECT * { { SELECT ?a { ?a <a:p> ?b } LIMIT 10 } { SELECT ?a { ?a <a:q> ?c } LIMIT 10 } }",
            "SELECT * { { BIND(1 AS ?a) } UNION { BIND(2 AS ?a) } LATERAL { VALUES ?b { [[200*1 ]] } } }",
        ] {
            let text = text.replace("[[200*1 ]]", &"1 ".repeat(200));
            assert!(!is_answered_here(&text), "{text}");
        }
    }
}
