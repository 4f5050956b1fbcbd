//! The triples of one entry, written for readers of RDF; the document's own subjects are kept.

pub(crate) mod json;
pub(crate) mod json_ld;
pub(crate) mod turtle;
