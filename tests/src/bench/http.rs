//! REST and SPARQL on a large registry: beside a bare handler, and beside the bare `oxigraph` server on the same triples.

mod bare;
mod busy;
mod catalogue;
mod constant;
mod registry;
mod rest;
mod sparql;
mod wrk;

use std::path::Path;

use node::clock::Clock;

use super::report::Report;
use super::running::Running;
use super::uploads;
use bare::Bare;
use registry::Registry;

/// Measures a node with `entries` current entries and nine times as many superseded ones.
pub(super) fn measure(program: &Path, clock: &Clock, entries: usize) -> anyhow::Result<Report> {
    let registry = Registry::prepared(program, clock, entries)?;
    let copy = registry.copied()?;
    let graph = copy.graph()?;
    let node = Running::start(copy.site(), program)?;
    let bare = Bare::start(&graph)?;
    let subject = catalogue::Subject::find(&node)?;
    let total = entries * registry::VERSIONS;
    let mut report = Report::new(&format!("http: a registry of {entries} current entries of {total}, disk graph"));
    rest::measure(&node, &subject, &mut report)?;
    sparql::measure(&node, &bare, &subject, &mut report)?;
    drop(bare);
    busy::measure(&node, &mut report)?;
    uploads::measure_on(&node, clock, &mut report)?;
    report.note("the clients and the peers run on the same cores as the node".to_owned());
    Ok(report)
}
