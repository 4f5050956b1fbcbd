//! Queries in other words, which the evaluator answers sooner, or as SPARQL 1.1 has it.

mod equals;
mod standard;

use spargebra::Query;
use spargebra::algebra::GraphPattern;

/// The same query in these words.
pub(super) fn rewritten(mut query: Query) -> Query {
    let (Query::Select { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }
    | Query::Ask { pattern, .. }) = &mut query;
    standard::concatenate_texts(pattern);
    standard::find_ends(pattern);
    equals::look_up_equals(pattern);
    query
}

/// The patterns that one is made of. How deep they go is bounded before the parser.
fn inner_patterns(pattern: &mut GraphPattern) -> Vec<&mut GraphPattern> {
    match pattern {
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::LeftJoin { left, right, .. }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => vec![left, right],
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. } => vec![inner],
        GraphPattern::Bgp { .. }
        | GraphPattern::Path { .. }
        | GraphPattern::Values { .. }
        | GraphPattern::Service { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    fn parsed(text: &str) -> spargebra::Query {
        spargebra::SparqlParser::new().parse_query(text).unwrap()
    }

    pub(super) fn rewritten(text: &str) -> String {
        super::rewritten(parsed(text)).to_string()
    }

    pub(super) fn is_rewritten(text: &str) -> bool {
        rewritten(text) != parsed(text).to_string()
    }
}
