//! The graph's claims over hand-made entries.

mod following;
mod make;
mod queries;
