//! Filters by equality become part of the pattern, so that they are looked up and not tried on each row.
//!
//! Only plain strings and IRIs: there, and nowhere else, what has an equal value is the same term (SPARQL 1.1 section
//! 17.4.1.7, RDFterm-equal). Whatever is rewritten has the same solutions, with the variable bound as before.

use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::{Literal, NamedNode, NamedNodePattern, TermPattern, TriplePattern, Variable};

use super::inner_patterns;

/// A term that is equal to itself alone.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Constant {
    Named(NamedNode),
    Text(Literal),
}

impl Constant {
    fn of(expression: &Expression) -> Option<Self> {
        match expression {
            Expression::NamedNode(node) => Some(Self::Named(node.clone())),
            Expression::Literal(literal) if is_plain(literal) => Some(Self::Text(literal.clone())),
            _ => None,
        }
    }

    fn expression(&self) -> Expression {
        match self {
            Self::Named(node) => node.clone().into(),
            Self::Text(literal) => literal.clone().into(),
        }
    }

    fn term(&self) -> TermPattern {
        match self {
            Self::Named(node) => node.clone().into(),
            Self::Text(literal) => literal.clone().into(),
        }
    }
}

fn is_plain(literal: &Literal) -> bool {
    literal.language().is_none() && literal.datatype().as_str() == "http://www.w3.org/2001/XMLSchema#string"
}

/// Rewrites the filters of a pattern and of the patterns beneath it.
pub(super) fn look_up_equals(pattern: &mut GraphPattern) {
    inner_patterns(pattern).into_iter().for_each(look_up_equals);
    if let GraphPattern::Filter { expr, inner } = pattern {
        for (variable, constant) in equalities(expr) {
            if let Some(bound) = bind(inner, &variable, &constant) {
                **inner = bound;
            }
        }
    }
}

/// The variables that a condition requires to be equal to a constant. The condition itself stays: it is true then.
fn equalities(condition: &Expression) -> Vec<(Variable, Constant)> {
    let (mut open, mut found) = (vec![condition], Vec::new());
    while let Some(expression) = open.pop() {
        match expression {
            Expression::And(left, right) => open.extend([&**left, &**right]),
            Expression::Equal(left, right) | Expression::SameTerm(left, right) => match (&**left, &**right) {
                (Expression::Variable(variable), other) | (other, Expression::Variable(variable)) => {
                    found.extend(Constant::of(other).map(|constant| (variable.clone(), constant)));
                }
                _ => {}
            },
            _ => {}
        }
    }
    found
}

/// The solutions of a pattern in which the variable is this constant; none where that cannot be said of the pattern,
/// which is wherever the variable might be unbound.
fn bind(pattern: &GraphPattern, variable: &Variable, constant: &Constant) -> Option<GraphPattern> {
    let beneath = |inner: &GraphPattern| bind(inner, variable, constant).map(Box::new);
    Some(match pattern {
        GraphPattern::Bgp { patterns } => {
            let is_bound = patterns.iter().any(|triple| names(triple, variable));
            let bound = patterns.iter().map(|triple| substitute(triple, variable, constant));
            let inner = Box::new(GraphPattern::Bgp { patterns: bound.collect::<Option<_>>()? });
            let expression = constant.expression();
            is_bound.then(|| GraphPattern::Extend { inner, variable: variable.clone(), expression })?
        }
        GraphPattern::Join { left, right } => match (beneath(left), beneath(right)) {
            (Some(left), Some(right)) => GraphPattern::Join { left, right },
            (Some(left), None) => GraphPattern::Join { left, right: right.clone() },
            (None, Some(right)) => GraphPattern::Join { left: left.clone(), right },
            (None, None) => return None,
        },
        GraphPattern::LeftJoin { left, right, expression } => {
            GraphPattern::LeftJoin { left: beneath(left)?, right: right.clone(), expression: expression.clone() }
        }
        GraphPattern::Minus { left, right } => GraphPattern::Minus { left: beneath(left)?, right: right.clone() },
        GraphPattern::Union { left, right } => GraphPattern::Union { left: beneath(left)?, right: beneath(right)? },
        GraphPattern::Filter { expr, inner } => GraphPattern::Filter { expr: expr.clone(), inner: beneath(inner)? },
        GraphPattern::Graph { name, inner } => GraphPattern::Graph { name: name.clone(), inner: beneath(inner)? },
        GraphPattern::Extend { inner, variable: other, expression } if other != variable => {
            let (variable, expression) = (other.clone(), expression.clone());
            GraphPattern::Extend { inner: beneath(inner)?, variable, expression }
        }
        _ => return None,
    })
}

fn names(triple: &TriplePattern, variable: &Variable) -> bool {
    let is_predicate = matches!(&triple.predicate, NamedNodePattern::Variable(other) if other == variable);
    is_predicate || [&triple.subject, &triple.object].into_iter().any(|term| is(term, variable))
}

fn is(term: &TermPattern, variable: &Variable) -> bool {
    matches!(term, TermPattern::Variable(other) if other == variable)
}

/// The triple with the constant in the variable's place; none where the constant cannot stand there.
fn substitute(triple: &TriplePattern, variable: &Variable, constant: &Constant) -> Option<TriplePattern> {
    let mut triple = triple.clone();
    if matches!(&triple.predicate, NamedNodePattern::Variable(other) if other == variable) {
        let Constant::Named(node) = constant else { return None };
        triple.predicate = node.clone().into();
    }
    if is(&triple.subject, variable) {
        let Constant::Named(node) = constant else { return None };
        triple.subject = node.clone().into();
    }
    if is(&triple.object, variable) {
        triple.object = constant.term();
    }
    Some(triple)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{is_rewritten, rewritten};

    #[test]
    fn an_equality_of_strings_or_iris_is_looked_up() {
        for text in [
            "SELECT * { ?s <a:p> ?o FILTER(?o = \"x\") }",
            "SELECT * { ?s <a:p> ?o FILTER(\"x\" = ?o && ?s != <a:s>) }",
            "SELECT * { ?s ?p ?o FILTER(?p = <a:p>) }",
            "SELECT * { ?s <a:p> ?o FILTER(sameTerm(?s, <a:s>)) }",
            "SELECT * { ?s <a:p> ?o OPTIONAL { ?s <a:q> ?q } FILTER(?o = \"x\") }",
            "SELECT * { GRAPH ?g { ?s <a:p> ?o } FILTER(?o = \"x\") }",
            "SELECT (COUNT(*) AS ?n) { ?s <a:p> ?o BIND(1 AS ?b) FILTER(?o = \"x\") } GROUP BY ?b",
        ] {
            assert!(is_rewritten(text), "{text}");
        }
    }

    #[test]
    fn what_could_be_equal_to_another_term_or_unbound_is_left_alone() {
        for text in [
            "SELECT * { ?s <a:p> ?o FILTER(?o = 1) }",
            "SELECT * { ?s <a:p> ?o FILTER(?o = \"x\"@en) }",
            "SELECT * { ?s <a:p> ?o FILTER(?o = \"2014-01-01T00:00:00Z\"^^<http://www.w3.org/2001/XMLSchema#dateTime>) }",
            "SELECT * { ?s <a:p> ?o FILTER(?o = \"x\" || ?s = <a:s>) }",
            "SELECT * { ?s <a:p> ?o FILTER(!(?o = \"x\")) }",
            "SELECT * { ?s <a:p> ?o OPTIONAL { ?s <a:q> ?q } FILTER(?q = \"x\") }",
            "SELECT * { ?s <a:p>* ?o FILTER(?o = <a:o>) }",
            "SELECT * { ?s <a:p> ?o FILTER(?s = \"x\") }",
            "SELECT * { { SELECT ?o { ?s <a:p> ?o } LIMIT 1 } FILTER(?o = \"x\") }",
        ] {
            assert!(!is_rewritten(text), "{}", rewritten(text));
        }
    }
}
