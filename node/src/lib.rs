//! The program `marketplace`: its parts and how they are wired.

pub mod bounds;
pub mod clock;
pub mod files;

pub mod address_book;
pub mod anchors;
pub mod config;
pub mod identity;
pub mod roster;
pub mod terms;

pub mod storage;

pub mod mail;

pub mod intake;
pub mod network;
pub mod registry;

pub mod control;
pub mod events;
pub mod hooks;
pub mod serve;

pub mod maintenance;

pub mod client;
pub mod demo;

pub mod cli;
