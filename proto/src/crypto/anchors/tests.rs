//! Claims about chains to trust anchors.

mod chains;
mod cost;
mod files;
mod make;
mod policies;
mod revocation;
