//! What a node keeps: the ledger is the truth, the graph is derived from it.

pub mod graph;
pub mod ledger;
