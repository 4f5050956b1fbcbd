//! What the evaluator takes otherwise than SPARQL 1.1 does, said so that both agree.

use spargebra::algebra::{
    AggregateExpression, AggregateFunction, Expression, Function, GraphPattern, PropertyPathExpression,
};
use spargebra::term::{GroundTerm, TermPattern, Variable};

use super::inner_patterns;

/// GROUP_CONCAT gives a text without a language (section 18.5.1.7), where the evaluator keeps the one that all have, and
/// has nothing for numbers and IRIs.
pub(super) fn concatenate_texts(pattern: &mut GraphPattern) {
    if let GraphPattern::Group { aggregates, .. } = pattern {
        for (_, aggregate) in aggregates {
            if let AggregateExpression::FunctionCall { name: AggregateFunction::GroupConcat { .. }, expr, .. } =
                aggregate
            {
                *expr = Expression::FunctionCall(Function::Str, vec![expr.clone()]);
            }
        }
    }
    inner_patterns(pattern).into_iter().for_each(concatenate_texts);
}

/// The constant end of a path that may have no length is a solution even where no triple names it (section 18.5,
/// ZeroLengthPath). In GRAPH it belongs to a graph, and to which, VALUES could not say.
pub(super) fn find_ends(pattern: &mut GraphPattern) {
    if let GraphPattern::Path { subject, path, object } = pattern {
        if let Some((variable, end)) = zero_length(subject, path, object) {
            let itself = GraphPattern::Values { variables: vec![variable], bindings: vec![vec![Some(end)]] };
            let union = GraphPattern::Union { left: Box::new(pattern.clone()), right: Box::new(itself) };
            *pattern = GraphPattern::Distinct { inner: Box::new(union) };
        }
    } else if !matches!(pattern, GraphPattern::Graph { .. }) {
        inner_patterns(pattern).into_iter().for_each(find_ends);
    }
}

/// The variable at one end of a path that may have no length, and the constant at the other; paths of this kind give
/// each solution once.
fn zero_length(
    subject: &TermPattern,
    path: &PropertyPathExpression,
    object: &TermPattern,
) -> Option<(Variable, GroundTerm)> {
    if !matches!(path, PropertyPathExpression::ZeroOrMore(_) | PropertyPathExpression::ZeroOrOne(_)) {
        return None;
    }
    let ((TermPattern::Variable(variable), end) | (end, TermPattern::Variable(variable))) = (subject, object) else {
        return None;
    };
    let end = match end {
        TermPattern::NamedNode(node) => GroundTerm::from(node.clone()),
        TermPattern::Literal(literal) => GroundTerm::from(literal.clone()),
        TermPattern::BlankNode(_) | TermPattern::Variable(_) => return None,
    };
    Some((variable.clone(), end))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{is_rewritten, rewritten};

    #[test]
    fn a_path_without_length_has_its_end_as_a_solution() {
        for text in [
            "SELECT * { <a:s> <a:p>* ?o }",
            "SELECT * { ?s <a:p>? <a:o> }",
            "SELECT * { ?s <a:p>* \"text\" }",
            "SELECT * { ?x <a:q> ?s OPTIONAL { ?s <a:p>* <a:o> } }",
        ] {
            assert!(rewritten(text).contains("VALUES"), "{}", rewritten(text));
        }
    }

    #[test]
    fn other_paths_are_left_alone() {
        for text in [
            "SELECT * { ?s <a:p>+ <a:o> }",
            "SELECT * { ?s <a:p>* ?o }",
            "SELECT * { <a:s> <a:p>* <a:o> }",
            "SELECT * { ?s (<a:p>*|<a:q>) <a:o> }",
            "SELECT * { GRAPH ?g { ?s <a:p>* <a:o> } }",
        ] {
            assert!(!is_rewritten(text), "{}", rewritten(text));
        }
    }

    #[test]
    fn what_is_concatenated_is_text() {
        let text = "SELECT (GROUP_CONCAT(DISTINCT ?o; SEPARATOR=\", \") AS ?all) (MAX(?o) AS ?most) { ?s <a:p> ?o }";
        let said = rewritten(text);
        assert!(said.contains("STR(?o)") && said.contains("MAX(?o)"), "{said}");
    }
}
