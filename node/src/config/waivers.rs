//! Endorsers whose uploads need no confirmation by e-mail.

use std::str::FromStr;

use proto::email::{Email, NotAnEmail};
use proto::entry::Entry;

/// An endorser whose uploads need no confirmation, by address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiver(Email);

/// The text names no endorser.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct NotAWaiver(#[from] NotAnEmail);

impl Waiver {
    /// Whether the endorser of this entry is meant.
    #[must_use]
    pub fn covers(&self, entry: &Entry) -> bool {
        self.0 == *entry.document().email()
    }
}

impl FromStr for Waiver {
    type Err = NotAWaiver;

    fn from_str(text: &str) -> Result<Self, NotAWaiver> {
        Ok(Self(text.parse()?))
    }
}
