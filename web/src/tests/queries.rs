//! SPARQL.

use super::*;
use crate::registry::{Dialect, GraphFormat, QueryAnswer, QueryError, ResultsFormat};

const QUERY: &str = "select%20?x%20where%20%7B%7D";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn results(body: &'static str) -> Fake {
    let media_type = "application/sparql-results+json";
    Fake::answering(Ok(QueryAnswer { media_type, body: body.as_bytes().into() }))
}

fn some() -> Fake {
    results(r#"{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"<b>"}}]}}"#)
}

#[tokio::test]
async fn a_query_arrives_in_each_of_the_protocols_ways() {
    let fake = some();
    let graphs = "default-graph-uri=http://a&named-graph-uri=http://b";
    get(&fake, &format!("/sparql?query={QUERY}&{graphs}"), "").await;
    post(&fake, "/sparql", &[FORM], format!("query={QUERY}&{graphs}")).await;
    let raw = ("content-type", "application/sparql-query");
    post(&fake, &format!("/sparql?{graphs}"), &[raw], "select ?x where {}").await;
    let queries = fake.queries();
    assert_eq!(queries.len(), 3);
    for query in queries {
        assert_eq!(query.text, "select ?x where {}");
        assert_eq!(query.dialect, Dialect::Sparql);
        assert_eq!(
            (query.default_graphs, query.named_graphs),
            (vec!["http://a".to_owned()], vec!["http://b".to_owned()])
        );
    }
}

#[tokio::test]
async fn the_formats_are_negotiated() {
    let cases = [
        ("", ResultsFormat::Xml, GraphFormat::Turtle),
        ("application/sparql-results+json", ResultsFormat::Json, GraphFormat::Turtle),
        ("application/json", ResultsFormat::Json, GraphFormat::Turtle),
        ("text/csv", ResultsFormat::Csv, GraphFormat::Turtle),
        ("text/tab-separated-values, application/n-triples", ResultsFormat::Tsv, GraphFormat::NTriples),
        ("application/rdf+xml", ResultsFormat::Xml, GraphFormat::RdfXml),
        ("application/ld+json", ResultsFormat::Xml, GraphFormat::JsonLd),
    ];
    for (accept, expected_results, expected_graph) in cases {
        let fake = some();
        assert_eq!(get(&fake, &format!("/sparql?query={QUERY}"), accept).await.status, StatusCode::OK);
        let query = fake.queries().remove(0);
        assert_eq!((query.results, query.graph), (expected_results, expected_graph), "{accept}");
    }
    assert_eq!(get(&some(), &format!("/sparql?query={QUERY}"), "image/png").await.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn an_update_is_refused_clearly() {
    let fake = some();
    let update = ("content-type", "application/sparql-update");
    for answer in [
        get(&fake, "/sparql?update=drop%20all", "").await,
        post(&fake, "/sparql", &[FORM], "update=drop%20all").await,
        post(&fake, "/sparql", &[update], "drop all").await,
    ] {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text().contains("queries only"));
    }
    assert!(fake.queries().is_empty());
}

#[tokio::test]
async fn without_a_query_the_service_describes_itself_and_browsers_get_the_form() {
    let fake = some();
    let description = get(&fake, "/sparql", "").await;
    assert_eq!(description.header(header::CONTENT_TYPE), "text/turtle; charset=utf-8");
    assert!(description.text().contains("sd:endpoint <http://mp.example.org/sparql>"));
    assert!(get(&fake, "/sparql", BROWSER).await.text().contains("<textarea"));
    assert_eq!(post(&fake, "/sparql", &[FORM], "").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(post(&fake, "/sparql", &[], "x").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let twice = get(&fake, "/sparql?query=a&query=b", "").await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_originals_endpoint_answers_an_empty_query_with_nothing() {
    let fake = some();
    for accept in ["", "text/xml", "application/json"] {
        assert_eq!(get(&fake, "/query?query=", accept).await.status, StatusCode::NO_CONTENT);
    }
    let page = get(&fake, "/query", BROWSER).await;
    assert_eq!((page.status, page.header(header::CONTENT_TYPE)), (StatusCode::OK, "text/html; charset=utf-8"));
    assert!(fake.queries().is_empty());
}

#[tokio::test]
async fn the_originals_endpoint_asks_in_the_originals_dialect() {
    let fake = some();
    get(&fake, &format!("/query?query={QUERY}"), "").await;
    post(&fake, "/query", &[FORM], format!("query={QUERY}")).await;
    assert!(fake.queries().iter().all(|query| query.dialect == Dialect::Original) && fake.queries().len() == 2);
    let refusing = Fake::answering(Err(QueryError::NotAllowed("FROM".to_owned())));
    let answer = get(&refusing, &format!("/query?query={QUERY}"), "").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().starts_with("query not allowed."));
}

#[tokio::test]
async fn results_are_a_table_with_escaped_cells() {
    for path in ["/query", "/sparql"] {
        let text = get(&some(), &format!("{path}?query={QUERY}"), BROWSER).await.text();
        assert!(text.contains("1 solution.") && text.contains("<th scope=\"col\">x</th>"), "{text}");
        assert!(text.contains("&#60;b&#62;") && !text.contains("<b>"), "{text}");
        assert!(text.contains(&format!("{path}?media=csv&#38;query=select%20%3Fx")), "{text}");
    }
    let boolean = results(r#"{"head":{},"boolean":true}"#);
    assert!(get(&boolean, &format!("/sparql?query={QUERY}"), BROWSER).await.text().contains("<p>Yes.</p>"));
    let graph = QueryAnswer { media_type: "text/turtle", body: "<a> <b> <c> .".into() };
    let page = get(&Fake::answering(Ok(graph)), &format!("/sparql?query={QUERY}"), BROWSER).await;
    assert!(page.text().contains("<pre>&#60;a&#62;"));
}

#[tokio::test]
async fn failures_have_their_statuses_and_the_page_keeps_the_query() {
    let cases = [
        (QueryError::Syntax("line 1, column 2".to_owned()), 400),
        (QueryError::NotAllowed("SERVICE".to_owned()), 400),
        (QueryError::Format("CSV".to_owned()), 406),
        (QueryError::TimedOut { limit_ms: 3000 }, 408),
        (QueryError::TooLarge { limit: 9, unit: "rows" }, 400),
        (QueryError::Overloaded, 503),
    ];
    for (error, status) in cases {
        let fake = Fake::answering(Err(error.clone()));
        let answer = get(&fake, &format!("/sparql?query={QUERY}"), "").await;
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(&error.to_string()));
        assert_eq!(answer.headers.contains_key(header::RETRY_AFTER), status == 503);
        let page = get(&fake, &format!("/sparql?query={QUERY}"), BROWSER).await;
        assert_eq!(page.status, status);
        assert!(page.text().contains("select ?x where {}</textarea>"), "{}", page.text());
    }
}

#[tokio::test]
async fn a_query_over_the_bound_is_413() {
    let long = "a".repeat(crate::bounds::QUERY_BYTES_MAX + 1);
    let fake = some();
    let raw = ("content-type", "application/sparql-query");
    assert_eq!(post(&fake, "/sparql", &[raw], long.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(post(&fake, "/sparql", &[raw], long.repeat(4)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(post(&fake, "/query", &[FORM], format!("query={long}")).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
