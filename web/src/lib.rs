//! The face of a node: REST, the SPARQL protocol and pages, over whatever [`Registry`](registry::Registry) stands behind.
//!
//! The way of a request is the order of the modules: its path is tidied and routed (`router`), what it asks for is read
//! (`asked`, `media`, `filter`), a resource answers it, and errors become answers in one place (`problem`).

pub mod registry;
mod settings;

mod bounds;
mod router;
mod server;
mod tidy;
mod trace;

mod asked;
mod cross_site;
mod filter;
mod headers;
mod media;
mod problem;
mod urls;

mod action;
mod endorsers;
mod entries;
mod federation;
mod health;
mod home;
mod images;
mod metadata;
mod query;
mod sparql;
mod style;
mod tags;

mod page;
mod rdf;
mod summary;
mod text;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use metadata::list::is_list_request;
pub use router::router;
pub use server::serve;
pub use settings::{BasePath, NotABasePath, NotAPublicUrl, PublicUrl, Settings};
