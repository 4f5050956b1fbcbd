//! A query that counts what it does: calls of functions of ours are put where rows are read and where they are kept.
//!
//! A call changes no solution. Where it stands in the plan is looked at by [`super::tame`].

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::OnceLock;

use spargebra::Query;
use spargebra::algebra::{AggregateExpression, AggregateFunction, Expression, Function, GraphPattern, OrderExpression};
use spargebra::term::{Literal, NamedNode, Variable};
use sparopt::algebra::Expression as Planned;

/// Is called, and true, for each row that is read from the store.
pub(super) fn step() -> &'static NamedNode {
    static NAME: OnceLock<NamedNode> = OnceLock::new();
    NAME.get_or_init(|| {
        let mut names = (0_u32..).map(|number| NamedNode::new_unchecked(format!("urn:marketplace:step:{number}")));
        names.find(goes_before_others).unwrap_or_else(|| NamedNode::new_unchecked("urn:marketplace:step"))
    })
}

/// The optimizer orders conditions by their hashes, and one that is false keeps those after it from being asked.
fn goes_before_others(name: &NamedNode) -> bool {
    let mut hasher = DefaultHasher::new();
    Planned::FunctionCall(Function::Custom(name.clone()), Vec::new()).hash(&mut hasher);
    hasher.finish() < u64::MAX >> 13
}

/// Is called, and has no value, for each row that is kept.
pub(super) fn keep() -> NamedNode {
    NamedNode::new_unchecked("urn:marketplace:keep")
}

/// Is called, and has no value, for each row that may make a group.
pub(super) fn group() -> NamedNode {
    NamedNode::new_unchecked("urn:marketplace:group")
}

/// Is called, and gives the term back, for each term that a group may keep.
pub(super) fn hold() -> NamedNode {
    NamedNode::new_unchecked("urn:marketplace:hold")
}

/// A query that counts, and how much it may keep at each count.
#[derive(Debug, Clone)]
pub(super) struct Counting {
    pub(super) query: Query,
    /// Variables of the widest row.
    pub(super) variables: usize,
    /// Keys and values of the widest group.
    pub(super) group_width: usize,
}

/// The same query with the calls in it; none where it calls functions by their names itself.
pub(super) fn counting(mut query: Query) -> Option<Counting> {
    let mut steps = Steps::default();
    let template = match &mut query {
        Query::Construct { pattern, template, .. } => {
            steps.pattern(pattern);
            steps.keep(pattern, keep(), Vec::new());
            3 * template.len()
        }
        Query::Select { pattern, .. } | Query::Describe { pattern, .. } | Query::Ask { pattern, .. } => {
            steps.pattern(pattern);
            0
        }
    };
    let (variables, group_width) = (steps.variables + template, steps.group_width);
    (!steps.calls_by_name).then_some(Counting { query, variables, group_width })
}

#[derive(Default)]
struct Steps {
    /// Upper bound of the variables, which counts some of them twice.
    variables: usize,
    group_width: usize,
    kept: usize,
    calls_by_name: bool,
}

impl Steps {
    /// The depth is bounded before the parser.
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                self.variables += 3 * patterns.len();
                let rows = std::mem::take(patterns).into_iter().map(|triple| GraphPattern::Filter {
                    expr: Expression::FunctionCall(Function::Custom(step().clone()), Vec::new()),
                    inner: Box::new(GraphPattern::Bgp { patterns: vec![triple] }),
                });
                let joined =
                    rows.reduce(|left, right| GraphPattern::Join { left: Box::new(left), right: Box::new(right) });
                if let Some(joined) = joined {
                    *pattern = joined;
                }
            }
            GraphPattern::Filter { expr, inner } => {
                self.expression(expr);
                self.pattern(inner);
            }
            GraphPattern::LeftJoin { left, right, expression } => {
                self.pattern(left);
                self.pattern(right);
                expression.iter_mut().for_each(|expression| self.expression(expression));
            }
            GraphPattern::Join { left, right }
            | GraphPattern::Lateral { left, right }
            | GraphPattern::Union { left, right }
            | GraphPattern::Minus { left, right } => {
                self.pattern(left);
                self.pattern(right);
            }
            GraphPattern::Extend { inner, expression, .. } => {
                self.variables += 1;
                self.expression(expression);
                self.pattern(inner);
            }
            GraphPattern::OrderBy { inner, expression } => {
                self.pattern(inner);
                self.variables += expression.len();
                for OrderExpression::Asc(key) | OrderExpression::Desc(key) in &mut *expression {
                    self.expression(key);
                }
                let keys = expression.iter().map(|(OrderExpression::Asc(key) | OrderExpression::Desc(key))| {
                    Expression::Coalesce(vec![key.clone(), Literal::new_simple_literal("").into()])
                });
                self.keep(inner, keep(), keys.collect());
            }
            // Beneath the projection, so that the count is no column.
            GraphPattern::Distinct { inner } => match &mut **inner {
                GraphPattern::Project { inner, .. } => {
                    self.pattern(inner);
                    self.keep(inner, keep(), Vec::new());
                }
                inner => self.pattern(inner),
            },
            GraphPattern::Group { inner, variables, aggregates } => {
                self.pattern(inner);
                self.group_width = self.group_width.max(variables.len() + aggregates.len());
                self.variables += aggregates.len();
                for (_, aggregate) in aggregates {
                    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                        self.expression(expr);
                    }
                    hold_terms(aggregate);
                }
                self.keep(inner, group(), Vec::new());
            }
            GraphPattern::Graph { inner, .. }
            | GraphPattern::Project { inner, .. }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. }
            | GraphPattern::Service { inner, .. } => self.pattern(inner),
            GraphPattern::Values { variables, .. } => self.variables += variables.len(),
            GraphPattern::Path { .. } => {}
        }
    }

    /// Has the rows of a pattern counted.
    fn keep(&mut self, pattern: &mut GraphPattern, function: NamedNode, arguments: Vec<Expression>) {
        self.kept += 1;
        let inner = std::mem::replace(pattern, GraphPattern::Bgp { patterns: Vec::new() });
        *pattern = GraphPattern::Extend {
            inner: Box::new(inner),
            variable: Variable::new_unchecked(format!("urn:marketplace:kept:{}", self.kept)),
            expression: Expression::FunctionCall(Function::Custom(function), arguments),
        };
    }

    fn expression(&mut self, expression: &mut Expression) {
        match expression {
            Expression::Exists(pattern) => self.pattern(pattern),
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
            | Expression::Divide(left, right) => {
                self.expression(left);
                self.expression(right);
            }
            Expression::UnaryPlus(inner) | Expression::UnaryMinus(inner) | Expression::Not(inner) => {
                self.expression(inner);
            }
            Expression::In(inner, list) => {
                self.expression(inner);
                list.iter_mut().for_each(|expression| self.expression(expression));
            }
            Expression::If(condition, then, otherwise) => {
                self.expression(condition);
                self.expression(then);
                self.expression(otherwise);
            }
            Expression::Coalesce(list) => list.iter_mut().for_each(|expression| self.expression(expression)),
            Expression::FunctionCall(function, list) => {
                self.calls_by_name |= matches!(function, Function::Custom(name) if !is_cast(name));
                list.iter_mut().for_each(|expression| self.expression(expression));
            }
        }
    }
}

/// Whether a function makes another type of a literal (SPARQL 1.1 section 17.5).
pub(super) fn is_cast(name: &NamedNode) -> bool {
    name.as_str().starts_with("http://www.w3.org/2001/XMLSchema#")
}

/// A count keeps numbers alone, and encoded terms where it is one of different variables; so does a sum.
fn hold_terms(aggregate: &mut AggregateExpression) {
    let AggregateExpression::FunctionCall { name, expr, distinct } = aggregate else { return };
    let keeps_no_term = match name {
        AggregateFunction::Count => !*distinct || matches!(expr, Expression::Variable(_)),
        AggregateFunction::Sum | AggregateFunction::Avg => !*distinct,
        _ => false,
    };
    if !keeps_no_term {
        let held = std::mem::replace(expr, Expression::Literal(Literal::new_simple_literal("")));
        *expr = Expression::FunctionCall(Function::Custom(hold()), vec![held]);
    }
}
