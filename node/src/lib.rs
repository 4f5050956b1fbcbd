//! The program `marketplace`: its parts and how they are wired.

pub mod bounds;
pub mod clock;
pub mod files;

pub mod config;
pub mod identity;

pub mod storage;

pub mod control;
pub mod intake;

pub mod network;

pub mod client;
