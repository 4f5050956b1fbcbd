//! E-mail addresses of endorsers.

use std::fmt;
use std::str::FromStr;

/// An address of the original's shape, `[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+` (docs/original.md 2).
///
/// It is compared as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// The text is not an address of that shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an e-mail address")]
pub struct NotAnEmail(String);

/// Longest address (RFC 5321 section 4.5.3.1.3: a path of 256 octets with its two brackets).
const BYTES_MAX: usize = 254;

impl Email {
    /// The address as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let is_local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
        let is_domain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        match text.split_once('@') {
            Some((local, domain))
                if text.len() <= BYTES_MAX
                    && !local.is_empty()
                    && !domain.is_empty()
                    && local.chars().all(is_local)
                    && domain.chars().all(is_domain) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotAnEmail(text.chars().take(80).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_originals_addresses_are_accepted() {
        for text in ["A@A", "a@a", "0@0", ".@.", "-@-", "_@A", "%@A", "+@A", "jane.tester@example.org"] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
    }

    #[test]
    fn the_originals_refusals_are_refused() {
        for text in ["", "@", "@A", "A@", "A@_", "A@%", "A@+", "a@b@c", "../../../tmp/x@y", "a@b\n", " a@b", "é@b"] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
    }
}
