//! The program: storage, network, configuration and command line of a marketplace node.

pub mod bounds;
pub mod clock;
pub mod files;

pub mod config;
pub mod identity;

pub mod control;

pub mod network;
