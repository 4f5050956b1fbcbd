//! The program `marketplace`: its parts and how they are wired.

pub mod bounds;
pub mod storage;
//! The program: storage, network, configuration and command line of a marketplace node.

pub mod bounds;
pub mod clock;
pub mod files;

pub mod config;
pub mod identity;

pub mod network;
