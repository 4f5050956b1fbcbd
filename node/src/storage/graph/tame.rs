//! Which plans may be followed in the node: those in which nothing grows or lasts between two counts.
//!
//! A plan is tame where each row that an operator gives or keeps has cost at least one row that was read from the store
//! and counted there, and where between two counts there is only what is bounded by the query's text and one document.
//! Whatever is not seen to be so is not tame. The plan is the very one that the evaluator will make.

use spargebra::Query;
use spargebra::algebra::{AggregateFunction, Function};
use spargebra::term::{GroundTermPattern, NamedNodePattern, Variable};
use sparopt::Optimizer;
use sparopt::algebra::{AggregateExpression, Expression, GraphPattern, JoinAlgorithm, LeftJoinAlgorithm};

use super::steps;
use crate::bounds::{
    QUERY_HERE_EXPRESSIONS_MAX, QUERY_HERE_REGEX_CHARACTERS_MAX, QUERY_HERE_ROWS_PER_STEP_MAX, QUERY_HERE_TEMPLATE_MAX,
};

/// Whether the node itself may evaluate a query that counts.
pub(super) fn is_tame(query: &Query) -> bool {
    let (pattern, is_kept) = match query {
        Query::Construct { pattern, template, .. } => (pattern, template.len() <= QUERY_HERE_TEMPLATE_MAX),
        Query::Select { pattern, .. } | Query::Describe { pattern, .. } | Query::Ask { pattern, .. } => (pattern, true),
    };
    let plan = Optimizer::optimize_graph_pattern(pattern.into());
    is_kept && Judge::default().rows(&plan).is_some()
}

/// An upper bound of the rows that one evaluation of a pattern gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rows {
    /// Those that nothing was read for.
    free: usize,
    /// Those for each row that was read.
    each: usize,
}

impl Rows {
    const READ: Self = Self { free: 0, each: 1 };

    const fn listed(count: usize) -> Self {
        Self { free: count, each: 0 }
    }

    /// With at most so many of another pattern for each.
    const fn times(self, count: usize) -> Self {
        Self { free: self.free.saturating_mul(count), each: self.each.saturating_mul(count) }
    }

    const fn plus(self, other: Self) -> Self {
        Self { free: self.free.saturating_add(other.free), each: self.each.saturating_add(other.each) }
    }

    /// The right pattern is evaluated for each of these rows.
    const fn then(self, right: Self) -> Self {
        self.times(right.free).plus(Self { free: 0, each: right.each })
    }

    const fn at_least_one(self) -> Self {
        Self { free: if self.free == 0 { 1 } else { self.free }, each: self.each }
    }
}

#[derive(Default)]
struct Judge {
    expressions: usize,
}

impl Judge {
    /// The rows of a pattern, where they are counted, and all that is kept of them.
    fn rows(&mut self, pattern: &GraphPattern) -> Option<Rows> {
        let rows = match pattern {
            GraphPattern::Values { bindings, .. } => Rows::listed(bindings.len()),
            GraphPattern::Filter { inner, expression } => self.filtered(inner, expression)?,
            GraphPattern::Extend { inner, expression, .. } => self.with(inner, expression)?,
            GraphPattern::Lateral { left, right } => self.rows(left)?.then(self.looked_up(right)?),
            // A row that meets many gives them all at once, unless one side has each key once.
            GraphPattern::Join { left, right, algorithm: JoinAlgorithm::HashBuildLeftProbeRight { keys } } => {
                let (left_rows, right_rows) = (self.rows(left)?, self.rows(right)?);
                let by_right = multiplicity(right, keys).map(|count| left_rows.times(count));
                by_right.or_else(|| multiplicity(left, keys).map(|count| right_rows.times(count)))?
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
                algorithm: LeftJoinAlgorithm::HashBuildRightProbeLeft { keys },
            } => {
                self.rows(right)?;
                self.with(left, expression)?.times(multiplicity(right, keys)?.max(1))
            }
            GraphPattern::Union { inner } => {
                let all = inner.iter().map(|inner| self.rows(inner)).collect::<Option<Vec<_>>>()?;
                all.into_iter().fold(Rows::listed(0), Rows::plus)
            }
            GraphPattern::OrderBy { inner, .. } | GraphPattern::Distinct { inner } if is_kept(inner) => {
                self.rows(inner)?
            }
            GraphPattern::Group { inner, aggregates, .. } if is_kept(inner) => {
                let are_plain = aggregates.iter().all(|(_, aggregate)| self.is_aggregate_plain(aggregate));
                are_plain.then_some(self.rows(inner)?.at_least_one())?
            }
            GraphPattern::Project { inner, .. }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. } => self.rows(inner)?,
            // What is read of these is not counted, or not bounded.
            GraphPattern::OrderBy { .. }
            | GraphPattern::Distinct { .. }
            | GraphPattern::Group { .. }
            | GraphPattern::QuadPattern { .. }
            | GraphPattern::Path { .. }
            | GraphPattern::Graph { .. }
            | GraphPattern::Minus { .. }
            | GraphPattern::Service { .. } => return None,
        };
        (rows.free <= QUERY_HERE_ROWS_PER_STEP_MAX && rows.each <= QUERY_HERE_ROWS_PER_STEP_MAX).then_some(rows)
    }

    fn with(&mut self, inner: &GraphPattern, expression: &Expression) -> Option<Rows> {
        if self.is_plain(expression) { self.rows(inner) } else { None }
    }

    /// The right side of look-ups, which stands without rows of its own where it is optional.
    fn looked_up(&mut self, pattern: &GraphPattern) -> Option<Rows> {
        match pattern {
            GraphPattern::LeftJoin { left, right, expression, .. } if left.is_empty_singleton() => {
                Some(self.with(right, expression)?.at_least_one())
            }
            other => self.rows(other),
        }
    }

    /// A filter, which has the count where it stands at what is read: the optimizer puts those of a look-up above it.
    fn filtered(&mut self, inner: &GraphPattern, expression: &Expression) -> Option<Rows> {
        let (before, read) = match inner {
            GraphPattern::QuadPattern { .. } => (Rows::listed(1), inner),
            GraphPattern::Lateral { left, right } if matches!(**right, GraphPattern::QuadPattern { .. }) => {
                (self.rows(left)?, &**right)
            }
            _ => return self.with(inner, expression),
        };
        let conditions = match expression {
            Expression::And(conditions) => conditions.as_slice(),
            other => std::slice::from_ref(other),
        };
        let (first, others) = conditions.split_first()?;
        let is_counted = is_step(first) && gives_each_quad(read) && others.iter().all(|other| self.is_plain(other));
        is_counted.then_some(before.then(Rows::READ))
    }

    fn is_aggregate_plain(&mut self, aggregate: &AggregateExpression) -> bool {
        match aggregate {
            AggregateExpression::CountSolutions { .. } => true,
            AggregateExpression::FunctionCall { name, expr, .. } => {
                !matches!(name, AggregateFunction::GroupConcat { .. } | AggregateFunction::Custom(_))
                    && self.is_plain(expr)
            }
        }
    }

    /// Whether an expression takes time by the length of its terms, and makes none that is much longer.
    fn is_plain(&mut self, expression: &Expression) -> bool {
        self.expressions += 1;
        self.expressions <= QUERY_HERE_EXPRESSIONS_MAX
            && match expression {
                Expression::NamedNode(_) | Expression::Literal(_) | Expression::Variable(_) | Expression::Bound(_) => {
                    true
                }
                Expression::Or(all) | Expression::And(all) | Expression::Coalesce(all) => {
                    all.iter().all(|each| self.is_plain(each))
                }
                Expression::Equal(left, right)
                | Expression::SameTerm(left, right)
                | Expression::Greater(left, right)
                | Expression::GreaterOrEqual(left, right)
                | Expression::Less(left, right)
                | Expression::LessOrEqual(left, right)
                | Expression::Add(left, right)
                | Expression::Subtract(left, right)
                | Expression::Multiply(left, right)
                | Expression::Divide(left, right) => self.is_plain(left) && self.is_plain(right),
                Expression::UnaryPlus(inner) | Expression::UnaryMinus(inner) | Expression::Not(inner) => {
                    self.is_plain(inner)
                }
                Expression::If(condition, then, otherwise) => {
                    self.is_plain(condition) && self.is_plain(then) && self.is_plain(otherwise)
                }
                Expression::Exists(pattern) => self.rows(pattern).is_some_and(|rows| rows.free <= 1),
                Expression::FunctionCall(Function::Regex, arguments) => {
                    is_regex_plain(arguments) && { arguments.iter().all(|argument| self.is_plain(argument)) }
                }
                Expression::FunctionCall(function, arguments) => {
                    is_function_plain(function) && arguments.iter().all(|argument| self.is_plain(argument))
                }
            }
    }
}

fn is_step(expression: &Expression) -> bool {
    matches!(expression, Expression::FunctionCall(Function::Custom(name), _) if name == steps::step())
}

/// Whether the rows of a pattern are counted by those of its operators that are its very rows.
fn is_kept(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Extend { inner, expression, .. } => {
            let is_count = |name: &_| *name == steps::keep() || *name == steps::group();
            matches!(expression, Expression::FunctionCall(Function::Custom(name), _) if is_count(name))
                || is_kept(inner)
        }
        GraphPattern::Filter { inner, .. } | GraphPattern::Project { inner, .. } => is_kept(inner),
        _ => false,
    }
}

/// How many rows a pattern has at most for each value of these variables, where that can be said.
fn multiplicity(pattern: &GraphPattern, keys: &[Variable]) -> Option<usize> {
    let are_keys = |variables: &[Variable]| variables.iter().all(|variable| keys.contains(variable)).then_some(1);
    match pattern {
        GraphPattern::Group { variables, .. } => are_keys(variables),
        GraphPattern::Distinct { inner } => match &**inner {
            GraphPattern::Project { variables, .. } => are_keys(variables),
            _ => None,
        },
        GraphPattern::Values { bindings, .. } => Some(bindings.len()),
        GraphPattern::Extend { inner, .. }
        | GraphPattern::Filter { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Slice { inner, .. } => multiplicity(inner, keys),
        _ => None,
    }
}

/// Whether each quad that is read for a pattern is a row. Those of other graphs, and those of which two parts differ
/// that should not, would be passed without a count.
fn gives_each_quad(pattern: &GraphPattern) -> bool {
    let GraphPattern::QuadPattern { subject, predicate, object, graph_name } = pattern else { return false };
    !matches!(graph_name, Some(NamedNodePattern::Variable(_))) && are_different(subject, predicate, object)
}

fn are_different(subject: &GroundTermPattern, predicate: &NamedNodePattern, object: &GroundTermPattern) -> bool {
    let term = |term: &GroundTermPattern| match term {
        GroundTermPattern::Variable(variable) => Some(variable.clone()),
        _ => None,
    };
    let predicate = match predicate {
        NamedNodePattern::Variable(variable) => Some(variable.clone()),
        NamedNodePattern::NamedNode(_) => None,
    };
    let mut variables: Vec<_> = [term(subject), predicate, term(object)].into_iter().flatten().collect();
    let count = variables.len();
    variables.sort();
    variables.dedup();
    variables.len() == count
}

/// A constant text without repetitions, groups or classes: it is looked for in time by the length of the text.
fn is_regex_plain(arguments: &[Expression]) -> bool {
    let is_plain = |character: char| character.is_alphanumeric() || " _-/:^$.".contains(character);
    let [_, Expression::Literal(pattern), flags @ ..] = arguments else { return false };
    let are_flags_plain = match flags {
        [] => true,
        [Expression::Literal(flags)] => matches!(flags.value(), "" | "i"),
        _ => false,
    };
    let text = pattern.value();
    are_flags_plain && text.chars().count() <= QUERY_HERE_REGEX_CHARACTERS_MAX && text.chars().all(is_plain)
}

fn is_function_plain(function: &Function) -> bool {
    match function {
        Function::Str
        | Function::Lang
        | Function::LangMatches
        | Function::Datatype
        | Function::Abs
        | Function::Ceil
        | Function::Floor
        | Function::Round
        | Function::SubStr
        | Function::StrLen
        | Function::UCase
        | Function::LCase
        | Function::Contains
        | Function::StrStarts
        | Function::StrEnds
        | Function::StrBefore
        | Function::StrAfter
        | Function::Year
        | Function::Month
        | Function::Day
        | Function::Hours
        | Function::Minutes
        | Function::Seconds
        | Function::Timezone
        | Function::Tz
        | Function::Now
        | Function::IsIri
        | Function::IsBlank
        | Function::IsLiteral
        | Function::IsNumeric => true,
        Function::Custom(name) => {
            steps::is_cast(name) || [&steps::keep(), &steps::group(), &steps::hold(), steps::step()].contains(&name)
        }
        _ => false,
    }
}
