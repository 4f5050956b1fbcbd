//! The face of a node: REST, the SPARQL protocol and pages, over whatever [`Registry`](registry::Registry) stands behind.
//!
//! The way of a request: the server lets it in (`server`, `doors`), it gets a name (`trace`, `origin`), its path is
//! tidied and routed (`router`), what it asks for is read (`asked`, `media`, `filter`), a resource answers it, errors
//! become answers in one place (`problem`), and what the client holds already is not sent again
//! (`conditional`). An answer that would be given again within the second is kept (`kept`).

pub mod registry;
mod settings;

mod bounds;
mod conditional;
mod doors;
mod options;
mod origin;
mod router;
mod server;
mod tidy;
mod trace;

mod asked;
mod cross_site;
mod filter;
mod headers;
mod kept;
mod media;
mod problem;
mod urls;

mod action;
mod bindings;
mod changes;
mod endorsers;
mod entries;
mod federation;
mod health;
mod home;
mod images;
mod metadata;
mod metrics;
mod openapi;
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

pub use doors::{Doors, Rates};
pub use metadata::list::is_list_request;
pub use origin::{AddressRange, Connected, NotAnAddressRange, Transport};
pub use router::router;
pub use server::{Tls, TlsError, serve};
pub use settings::{BasePath, Limits, NotABasePath, NotAPublicUrl, PublicUrl, Settings};
