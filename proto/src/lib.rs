//! The domain and the protocol of a marketplace node, pure: bytes and a clock go in, evidence and effects come out.
//!
//! The way of an entry is the order of the modules: bytes are read (`xml`, `rdf`), their signature is verified
//! (`crypto`, `signature`), they are understood (`document`), they become an `entry` with an `admission`, the
//! registry is folded into what is current (`standing`, `view`), and it is spread (`wire`, `reconcile`, `federation`).

pub mod bounds;
pub mod checksum;
pub mod digest;
pub mod email;
pub mod identifier;
pub mod timestamp;
pub mod vocabulary;

pub mod xml;

pub mod crypto;
pub mod rdf;

pub mod document;
pub mod signature;

pub mod endorsed;
pub mod entry;
pub mod intake;
pub mod rules;

pub mod admission;
pub mod node_id;
pub mod standing;
pub mod trust;
pub mod view;

pub mod reconcile;
pub mod roster;
pub mod wire;

pub mod federation;
