//! What a query of the node itself has done so far, and its end where that is too much.
//!
//! The evaluator cannot be stopped from outside: it reads on where it is told of an error. So a count unwinds it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use oxigraph::model::vocab::xsd;
use oxigraph::model::{Literal, Term};
use oxigraph::sparql::SparqlEvaluator;

use super::leash::Leash;
use super::steps::{self, Counting};
use crate::bounds::{
    QUERY_HERE_COMPARISON_NS, QUERY_HERE_KEPT_BYTES_MAX, QUERY_HERE_LOOKED_UP_COMPARISON_NS,
    QUERY_HERE_SHORT_TEXT_BYTES, QUERY_HERE_SORT_NS_MAX, QUERY_HERE_VALUE_BYTES,
};

/// Why an evaluation was unwound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// Nobody waits for it any more.
    Ended,
    /// It keeps more than may be kept here.
    TooMuch,
}

/// Counts for one query.
pub(super) struct Meter {
    leash: Leash,
    row_bytes: u64,
    group_bytes: u64,
    kept_bytes: AtomicU64,
    sort: Mutex<Sort>,
}

/// What it will take to sort the rows that were kept. The later keys are looked at where the first are equal.
#[derive(Default)]
struct Sort {
    rows: u64,
    first_ns: u64,
    others_ns: u64,
    /// How many rows have the same first key, by its hash.
    equal: HashMap<u64, u32>,
}

impl Sort {
    /// Adds a row; an estimate of the time for all.
    fn add(&mut self, first: &Term, others: &[Term]) -> u64 {
        let mut hasher = DefaultHasher::new();
        first.hash(&mut hasher);
        let equal = self.equal.entry(hasher.finish()).or_default();
        *equal += 1;
        let rows_of_equal = match *equal {
            1 => 0,
            2 => 2,
            _ => 1,
        };
        self.rows += 1;
        self.first_ns += comparison_ns(first);
        self.others_ns += rows_of_equal * others.iter().map(comparison_ns).sum::<u64>();
        (self.first_ns + self.others_ns) * u64::from(self.rows.ilog2() + 1)
    }
}

impl Meter {
    pub(super) fn new(leash: Leash, counting: &Counting) -> Arc<Self> {
        let bytes = |values: usize| (values as u64 + 1) * QUERY_HERE_VALUE_BYTES;
        Arc::new(Self {
            leash,
            row_bytes: bytes(counting.variables),
            // A group has its keys twice: to be found, and in its row.
            group_bytes: bytes(2 * counting.group_width),
            kept_bytes: AtomicU64::new(0),
            sort: Mutex::default(),
        })
    }

    /// An evaluator whose queries count here.
    pub(super) fn evaluator(self: &Arc<Self>) -> SparqlEvaluator {
        let [step, keep, group, hold] = [(); 4].map(|()| Arc::clone(self));
        SparqlEvaluator::new()
            .with_custom_function(steps::step().clone(), move |_| Some(step.step()))
            .with_custom_function(steps::keep(), move |keys| keep.keep(keys))
            .with_custom_function(steps::group(), move |_| group.add(group.group_bytes))
            .with_custom_function(steps::hold(), move |terms| hold.hold(terms))
    }

    fn step(&self) -> Term {
        if self.leash.is_ended() {
            give_up(GivenUp::Ended);
        }
        // True, as every text that is not empty.
        Literal::new_simple_literal("+").into()
    }

    /// Counts a row, and what it will take to sort it by these keys.
    fn keep(&self, keys: &[Term]) -> Option<Term> {
        if let Some((first, others)) = keys.split_first() {
            let mut sort = self.sort.lock().unwrap_or_else(PoisonError::into_inner);
            if sort.add(first, others) > QUERY_HERE_SORT_NS_MAX {
                drop(sort);
                give_up(GivenUp::TooMuch);
            }
        }
        self.add(self.row_bytes)
    }

    fn hold(&self, terms: &[Term]) -> Option<Term> {
        let term = terms.first()?;
        self.add(QUERY_HERE_VALUE_BYTES + length(term) as u64);
        Some(term.clone())
    }

    fn add(&self, bytes: u64) -> Option<Term> {
        if self.kept_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > QUERY_HERE_KEPT_BYTES_MAX {
            give_up(GivenUp::TooMuch);
        }
        None
    }
}

fn comparison_ns(key: &Term) -> u64 {
    if is_looked_up(key) { QUERY_HERE_LOOKED_UP_COMPARISON_NS } else { QUERY_HERE_COMPARISON_NS }
}

fn length(term: &Term) -> usize {
    match term {
        Term::NamedNode(node) => node.as_str().len(),
        Term::BlankNode(node) => node.as_str().len(),
        Term::Literal(literal) => literal.value().len() + literal.language().map_or(0, str::len),
    }
}

/// Whether a term is not in the row itself: numbers and dates are, of whatever length.
fn is_looked_up(term: &Term) -> bool {
    match term {
        Term::Literal(literal) if literal.datatype() == xsd::STRING => {
            literal.value().len() >= QUERY_HERE_SHORT_TEXT_BYTES
        }
        Term::Literal(literal) => {
            let datatype = literal.datatype();
            let are_in_row = [xsd::DATE_TIME, xsd::DATE, xsd::INTEGER, xsd::DECIMAL, xsd::DOUBLE, xsd::BOOLEAN];
            !are_in_row.contains(&datatype)
        }
        Term::NamedNode(_) | Term::BlankNode(_) => true,
    }
}

/// Leaves the evaluator; it is caught where the evaluation was begun.
fn give_up(why: GivenUp) -> ! {
    std::panic::resume_unwind(Box::new(why))
}
