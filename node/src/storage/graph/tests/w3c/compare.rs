//! Results as graphs, in which blank nodes may have any name.

use oxigraph::io::{RdfFormat, RdfParser};
use oxigraph::model::dataset::CanonicalizationAlgorithm;
use oxigraph::model::vocab::rdf;
use oxigraph::model::{BlankNode, Graph, Literal, NamedNode, Term, Triple, TripleRef};
use oxigraph::sparql::results::{QueryResultsFormat, QueryResultsParser, SliceQueryResultsParserOutput};
use spareval::ExpressionTerm;
use web::registry::ResultsFormat;

const RS: &str = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#";

/// The graph with numbers and dates written in one way: the suites ask for values.
pub(super) fn canonical(graph: Graph) -> Graph {
    let written = |term: Term| if term.is_literal() { ExpressionTerm::from(term).into() } else { term };
    let written = |triple: TripleRef<'_>| Triple { object: written(triple.object.into_owned()), ..triple.into_owned() };
    let mut graph: Graph = graph.iter().map(written).collect();
    graph.canonicalize(CanonicalizationAlgorithm::Unstable);
    graph
}

/// What a file of the suites expects; solutions in the vocabulary of result sets.
pub(super) fn expected_graph(file: &str, bytes: &[u8]) -> Graph {
    let extension = file.rsplit('.').next().unwrap();
    match QueryResultsFormat::from_extension(extension).filter(|_| !matches!(extension, "ttl" | "rdf" | "xml")) {
        Some(format) => of_results(bytes, format).unwrap_or_else(|| panic!("{file} has no results")),
        None => {
            let parser = RdfParser::from_format(RdfFormat::from_extension(extension).unwrap());
            let parser = parser.with_base_iri(file).unwrap().for_slice(bytes);
            canonical(parser.map(|quad| Triple::from(quad.unwrap())).collect())
        }
    }
}

/// An answer in the vocabulary of result sets; none where it is a graph itself.
pub(super) fn solutions_graph(body: &[u8], format: ResultsFormat) -> Option<Graph> {
    let format = match format {
        ResultsFormat::Json => QueryResultsFormat::Json,
        ResultsFormat::Xml => QueryResultsFormat::Xml,
        ResultsFormat::Csv => QueryResultsFormat::Csv,
        ResultsFormat::Tsv => QueryResultsFormat::Tsv,
    };
    of_results(body, format)
}

fn of_results(bytes: &[u8], format: QueryResultsFormat) -> Option<Graph> {
    let mut graph = Graph::new();
    let set = BlankNode::default();
    match QueryResultsParser::from_format(format).for_slice(bytes).ok()? {
        SliceQueryResultsParserOutput::Boolean(value) => {
            graph.insert(&Triple::new(set, name("boolean"), Literal::from(value)));
        }
        SliceQueryResultsParserOutput::Solutions(solutions) => {
            graph.insert(&Triple::new(set.clone(), rdf::TYPE, name("ResultSet")));
            for variable in solutions.variables() {
                let variable = Literal::new_simple_literal(variable.as_str());
                graph.insert(&Triple::new(set.clone(), name("resultVariable"), variable));
            }
            for solution in solutions {
                let row = BlankNode::default();
                graph.insert(&Triple::new(set.clone(), name("solution"), row.clone()));
                for (variable, value) in &solution.unwrap() {
                    let binding = BlankNode::default();
                    graph.insert(&Triple::new(row.clone(), name("binding"), binding.clone()));
                    let variable = Literal::new_simple_literal(variable.as_str());
                    graph.insert(&Triple::new(binding.clone(), name("variable"), variable));
                    graph.insert(&Triple::new(binding, name("value"), Term::clone(value)));
                }
            }
        }
    }
    Some(canonical(graph))
}

fn name(local: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{RS}{local}"))
}
