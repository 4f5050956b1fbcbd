//! Enveloped XML signatures in one strict profile: verified, which alone makes [`Signed`], and made.
//!
//! The profile is a small part of XML Signature (W3C, second edition) where nothing can stand in two ways: see
//! [`verify`]. What it refuses is refused even where XML Signature would allow it.

mod algorithm;
mod endorse;
mod error;
mod profile;
mod rule;
#[cfg(test)]
mod samples;
mod self_test;
mod sign;
mod verify;

pub use algorithm::Algorithms;
pub use error::SignatureError;
pub use rule::SignatureRule;
pub use self_test::self_test;
pub use sign::{SignRequest, SigningError, SigningHash, sign};
pub(crate) use verify::covered;
pub use verify::{Signed, verify};
