//! What needs more than one crate.

pub mod bench;
pub mod corpus;
pub mod http;
pub mod relay;
pub mod simulator;
pub mod sites;
