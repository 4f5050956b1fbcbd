//! What a query may be: bounded before it is parsed, judged by its algebra before it is evaluated.

use proto::vocabulary;
use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression, PropertyPathExpression};
use spargebra::{Query, SparqlParser};
use web::registry::{Dialect, QueryError};

use crate::bounds::{
    QUERY_HERE_NESTING_MAX, QUERY_HERE_OPERATORS_MAX, QUERY_HERE_PATTERNS_MAX, QUERY_HERE_TEXT_BYTES_MAX,
    QUERY_NESTING_MAX, QUERY_OPERATORS_MAX, QUERY_PATTERNS_MAX, QUERY_TEXT_BYTES_MAX, QUERY_UNARY_RUN_MAX,
};

/// Refuses texts that would cost the parser more than a query of people can.
pub(super) fn check_text(text: &str) -> Result<(), QueryError> {
    if text.len() > QUERY_TEXT_BYTES_MAX {
        return Err(not_allowed(format!("its text has more than {QUERY_TEXT_BYTES_MAX} bytes")));
    }
    if nests_deeper_than(text, QUERY_NESTING_MAX) {
        return Err(not_allowed(format!("its brackets are nested deeper than {QUERY_NESTING_MAX}")));
    }
    let mut rest = text;
    let mut unary_run = 0_usize;
    while let Some(first) = rest.chars().next() {
        let token = token(rest, first);
        unary_run = match first {
            '!' | '-' | '+' | '^' => unary_run + 1,
            _ if first.is_whitespace() || first == '#' => unary_run,
            _ => 0,
        };
        if unary_run > QUERY_UNARY_RUN_MAX {
            return Err(not_allowed(format!("more than {QUERY_UNARY_RUN_MAX} operators stand in a row")));
        }
        rest = &rest[token.len()..];
    }
    Ok(())
}

/// Whether a text is so short, and so little nested, that it is read in a moment whatever it says.
pub(super) fn is_read_soon(text: &str) -> bool {
    text.len() <= QUERY_HERE_TEXT_BYTES_MAX && !nests_deeper_than(text, QUERY_HERE_NESTING_MAX)
}

/// Brackets in strings and comments do not count. What could be an IRI or a comparison is both here: opening brackets
/// in it count and closing ones do not, so that nothing hides its depth.
fn nests_deeper_than(text: &str, depth_max: usize) -> bool {
    let (mut rest, mut depth) = (text, 0_usize);
    while let Some(first) = rest.chars().next() {
        let token = token(rest, first);
        depth = match first {
            '(' | '[' | '{' => depth + 1,
            ')' | ']' | '}' => depth.saturating_sub(1),
            '<' => depth + token.matches(['(', '[', '{']).count(),
            _ => depth,
        };
        if depth > depth_max {
            return true;
        }
        rest = &rest[token.len()..];
    }
    false
}

/// The string, comment or possible IRI that `rest` starts with, else its first character.
fn token(rest: &str, first: char) -> &str {
    let end = match first {
        '"' | '\'' => string_end(rest, first),
        '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
        '<' => iri_end(rest).unwrap_or(1),
        // An escape in a local name, such as of a quote or a bracket.
        '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        _ => first.len_utf8(),
    };
    &rest[..end]
}

/// SPARQL 1.1 section 19.8, productions 156 to 159; a string that does not end is one character.
fn string_end(rest: &str, quote: char) -> usize {
    let long = quote.to_string().repeat(3);
    let delimiter = if rest.starts_with(&long) { long.as_str() } else { &rest[..1] };
    let mut at = delimiter.len();
    while let Some(next) = rest[at..].chars().next() {
        if rest[at..].starts_with(delimiter) {
            return at + delimiter.len();
        }
        if delimiter.len() == 1 && matches!(next, '\n' | '\r') {
            return 1;
        }
        let escaped = if next == '\\' { rest[at + 1..].chars().next().map_or(0, char::len_utf8) } else { 0 };
        at += next.len_utf8() + escaped;
    }
    1
}

/// SPARQL 1.1 section 19.8, production 139.
fn iri_end(rest: &str) -> Option<usize> {
    let end = rest[1..].find(|next: char| next <= ' ' || "<>\"{}|^`\\".contains(next))? + 1;
    rest[end..].starts_with('>').then_some(end + 1)
}

/// Reads a query, whose relative IRIs are taken as those of documents are; an update is told that it is one.
pub(super) fn parse(text: &str) -> Result<Query, QueryError> {
    parser().parse_query(text).map_err(|error| match parser().parse_update(text) {
        Ok(update) if !update.operations.is_empty() => not_allowed(UPDATE.to_owned()),
        _ => QueryError::Syntax(error.to_string()),
    })
}

fn parser() -> SparqlParser {
    SparqlParser::new().with_base_iri(vocabulary::BASE).expect("the vocabulary's base is an IRI")
}

const UPDATE: &str = "it is an update, and only queries are answered; entries are added by signed uploads to /metadata";

/// Refuses what the dialect leaves out, and what would keep the optimizer busy past any limit.
pub(super) fn judge(query: &Query, dialect: Dialect) -> Result<(), QueryError> {
    let original = dialect == Dialect::Original;
    if original && !matches!(query, Query::Select { .. }) {
        return Err(not_allowed("only SELECT is answered here".to_owned()));
    }
    if original && query.dataset().is_some() {
        return Err(not_allowed("FROM is not answered here".to_owned()));
    }
    judge_pattern(pattern_of(query), dialect, &Size { operators: QUERY_OPERATORS_MAX, triples: QUERY_PATTERNS_MAX })
}

/// Whether the optimizer is done with a query in a moment.
pub(super) fn is_planned_soon(query: &Query) -> bool {
    let size = Size { operators: QUERY_HERE_OPERATORS_MAX, triples: QUERY_HERE_PATTERNS_MAX };
    judge_pattern(pattern_of(query), Dialect::Sparql, &size).is_ok()
}

const fn pattern_of(query: &Query) -> &GraphPattern {
    let (Query::Select { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }
    | Query::Ask { pattern, .. }) = query;
    pattern
}

/// How large a query may be.
struct Size {
    operators: usize,
    triples: usize,
}

/// Walks the algebra without recursion, whatever its depth.
fn judge_pattern(pattern: &GraphPattern, dialect: Dialect, most: &Size) -> Result<(), QueryError> {
    let mut open = Parts { patterns: vec![pattern], expressions: Vec::new(), paths: Vec::new(), triples: 0 };
    let mut operators = 0;
    loop {
        operators += 1;
        if operators > most.operators {
            return Err(not_allowed(format!("it has more than {} operators", most.operators)));
        }
        if open.triples > most.triples {
            return Err(not_allowed(format!("it has more than {} triple patterns", most.triples)));
        }
        if let Some(pattern) = open.patterns.pop() {
            match pattern {
                GraphPattern::Service { .. } => {
                    return Err(not_allowed("SERVICE is not answered: this node asks nobody for a query".to_owned()));
                }
                GraphPattern::Graph { .. } if dialect == Dialect::Original => {
                    return Err(not_allowed("GRAPH is not answered here".to_owned()));
                }
                _ => open.add_pattern(pattern),
            }
        } else if let Some(expression) = open.expressions.pop() {
            open.add_expression(expression);
        } else if let Some(path) = open.paths.pop() {
            open.add_path(path);
        } else {
            return Ok(());
        }
    }
}

/// Parts of a query that were not looked at yet.
struct Parts<'a> {
    patterns: Vec<&'a GraphPattern>,
    expressions: Vec<&'a Expression>,
    paths: Vec<&'a PropertyPathExpression>,
    /// How many triple patterns were met.
    triples: usize,
}

impl<'a> Parts<'a> {
    fn add_pattern(&mut self, pattern: &'a GraphPattern) {
        match pattern {
            GraphPattern::Values { .. } => {}
            GraphPattern::Bgp { patterns } => self.triples += patterns.len(),
            GraphPattern::Path { path, .. } => {
                self.triples += 1;
                self.paths.push(path);
            }
            GraphPattern::Join { left, right }
            | GraphPattern::Lateral { left, right }
            | GraphPattern::Union { left, right }
            | GraphPattern::Minus { left, right } => self.patterns.extend([&**left, &**right]),
            GraphPattern::LeftJoin { left, right, expression } => {
                self.patterns.extend([&**left, &**right]);
                self.expressions.extend(expression);
            }
            GraphPattern::Filter { expr, inner } => {
                self.patterns.push(inner);
                self.expressions.push(expr);
            }
            GraphPattern::Extend { inner, expression, .. } => {
                self.patterns.push(inner);
                self.expressions.push(expression);
            }
            GraphPattern::OrderBy { inner, expression } => {
                self.patterns.push(inner);
                self.expressions.extend(expression.iter().map(|order| match order {
                    OrderExpression::Asc(expression) | OrderExpression::Desc(expression) => expression,
                }));
            }
            GraphPattern::Group { inner, aggregates, .. } => {
                self.patterns.push(inner);
                self.expressions.extend(aggregates.iter().filter_map(|(_, aggregate)| match aggregate {
                    AggregateExpression::FunctionCall { expr, .. } => Some(expr),
                    AggregateExpression::CountSolutions { .. } => None,
                }));
            }
            GraphPattern::Graph { inner, .. }
            | GraphPattern::Project { inner, .. }
            | GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. }
            | GraphPattern::Service { inner, .. } => self.patterns.push(inner),
        }
    }

    fn add_path(&mut self, path: &'a PropertyPathExpression) {
        match path {
            PropertyPathExpression::NamedNode(_) | PropertyPathExpression::NegatedPropertySet(_) => {}
            PropertyPathExpression::Sequence(left, right) | PropertyPathExpression::Alternative(left, right) => {
                self.paths.extend([&**left, &**right]);
            }
            PropertyPathExpression::Reverse(inner)
            | PropertyPathExpression::ZeroOrMore(inner)
            | PropertyPathExpression::OneOrMore(inner)
            | PropertyPathExpression::ZeroOrOne(inner) => self.paths.push(inner),
        }
    }

    fn add_operands(&mut self, operands: &'a [Expression]) {
        // Values in a list, such as of IN, cost what they are long and are no operators.
        self.expressions.extend(operands.iter().filter(|operand| !is_value(operand)));
    }

    fn add_expression(&mut self, expression: &'a Expression) {
        match expression {
            Expression::NamedNode(_) | Expression::Literal(_) | Expression::Variable(_) | Expression::Bound(_) => {}
            Expression::Or(left, right)
            | Expression::And(left, right)
            | Expression::Equal(left, right)
            | Expression::SameTerm(left, right)
            | Expression::Greater(left, right)
            | Expression::GreaterOrEqual(left, right)
            | Expression::Less(left, right)
            | Expression::LessOrEqual(left, right)
            | Expression::Add(left, right)
            | Expression::Subtract(left, right)
            | Expression::Multiply(left, right)
            | Expression::Divide(left, right) => self.expressions.extend([&**left, &**right]),
            Expression::UnaryPlus(inner) | Expression::UnaryMinus(inner) | Expression::Not(inner) => {
                self.expressions.push(inner);
            }
            Expression::In(inner, list) => {
                self.expressions.push(inner);
                self.add_operands(list);
            }
            Expression::If(condition, then, otherwise) => {
                self.expressions.extend([&**condition, &**then, &**otherwise]);
            }
            Expression::Coalesce(list) | Expression::FunctionCall(_, list) => self.add_operands(list),
            Expression::Exists(pattern) => self.patterns.push(pattern),
        }
    }
}

const fn is_value(expression: &Expression) -> bool {
    matches!(expression, Expression::NamedNode(_) | Expression::Literal(_) | Expression::Variable(_))
}

pub(super) const fn not_allowed(reason: String) -> QueryError {
    QueryError::NotAllowed(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(text: &str) -> bool {
        matches!(check_text(text), Err(QueryError::NotAllowed(_)))
    }

    #[test]
    fn nesting_is_bounded_in_every_kind_of_bracket() {
        for bracket in ["(", "[", "{", "({[", "{ # }\n", "{ '}' ", "{ \"\"\"}\"}\"\"\" ", "a:\\'(\n", "( ?a<(>"] {
            assert!(!is_refused(&bracket.repeat(QUERY_NESTING_MAX / 4)), "{bracket}");
            assert!(is_refused(&bracket.repeat(QUERY_NESTING_MAX + 1)), "{bracket}");
        }
    }

    #[test]
    fn brackets_in_strings_comments_and_closed_groups_do_not_count() {
        for text in ["{ \"(((((\" } ", "{} # ((((\n", "FILTER(?a < (1)) ", "'\\'((((' "] {
            assert!(!is_refused(&text.repeat(QUERY_NESTING_MAX + 1)), "{text}");
        }
    }

    #[test]
    fn runs_of_unary_operators_are_bounded() {
        for operator in ["!", "-", "^", "! ", "+\n", "!#\n"] {
            assert!(!is_refused(&operator.repeat(QUERY_UNARY_RUN_MAX)), "{operator}");
            assert!(is_refused(&operator.repeat(QUERY_UNARY_RUN_MAX + 1)), "{operator}");
        }
    }

    #[test]
    fn long_texts_are_refused() {
        assert!(is_refused(&" ".repeat(QUERY_TEXT_BYTES_MAX + 1)));
    }

    fn judged(text: &str, dialect: Dialect) -> Result<(), QueryError> {
        judge(&spargebra::SparqlParser::new().parse_query(text).unwrap(), dialect)
    }

    #[test]
    fn service_is_refused_wherever_it_stands() {
        let service = "SERVICE <http://127.0.0.1/> { ?a ?b ?c }";
        let places = [
            "ASK { @ }",
            "ASK { SERVICE SILENT ?x { ?a ?b ?c } }",
            "SELECT * { ?x ?y ?z FILTER EXISTS { @ } }",
            "SELECT * { ?x ?y ?z FILTER(?x = 1 || NOT EXISTS { ?a ?b ?c OPTIONAL { @ } }) }",
            "SELECT (COUNT(?a) AS ?n) { { SELECT * { @ } } } GROUP BY ?b",
            "CONSTRUCT { ?a ?b ?c } { { ?x ?y ?z } UNION { GRAPH ?g { @ } } }",
            "DESCRIBE ?a { ?x ?y ?z MINUS { @ } }",
            "SELECT * { ?x ?y ?z } ORDER BY (EXISTS { @ })",
            "SELECT (SUM(IF(EXISTS { @ }, 1, 0)) AS ?n) { ?x ?y ?z }",
            "SELECT * { BIND(COALESCE(EXISTS { @ }) AS ?v) }",
        ];
        for place in places {
            let text = place.replace('@', service);
            assert!(matches!(judged(&text, Dialect::Sparql), Err(QueryError::NotAllowed(_))), "{text}");
        }
    }

    #[test]
    fn the_original_dialect_selects_from_the_default_graph_only() {
        assert_eq!(judged("SELECT * { ?a ?b ?c }", Dialect::Original), Ok(()));
        let refused = [
            "ASK { ?a ?b ?c }",
            "CONSTRUCT WHERE { ?a ?b ?c }",
            "DESCRIBE <http://example.org/>",
            "SELECT * FROM <http://example.org/> { ?a ?b ?c }",
            "SELECT * FROM NAMED <http://example.org/> { ?a ?b ?c }",
            "SELECT * { GRAPH ?g { ?a ?b ?c } }",
            "SELECT * { FILTER EXISTS { GRAPH <http://example.org/> { ?a ?b ?c } } }",
        ];
        for text in refused {
            assert!(matches!(judged(text, Dialect::Original), Err(QueryError::NotAllowed(_))), "{text}");
            assert_eq!(judged(text, Dialect::Sparql), Ok(()), "{text}");
        }
    }
}
