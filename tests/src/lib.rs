//! What needs more than one crate.

pub mod bench;
pub mod corpus;
pub mod follower;
pub mod http;
pub mod link;
pub mod linked;
pub mod relay;
pub mod simulator;
pub mod sites;
