//! Queries that the node evaluates itself: those whose plan is tame, over the store's own terms.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use web::registry::{Query, QueryAnswer, QueryError};

use super::answer::{Answering, failed, media_type};
use super::gate;
use super::leash::Leash;
use super::meter::{GivenUp, Meter};
use super::query::QueryLimits;
use super::rewrite::look_up_equals;
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
    let counting = steps::counting(look_up_equals(parsed))?;
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
