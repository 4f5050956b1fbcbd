//! The metadata: lists, single entries, and uploads.

pub(crate) mod entry;
pub(crate) mod list;
pub(crate) mod upload;

mod fields;
