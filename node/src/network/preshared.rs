//! The pre-shared key of a private network, in the file format that libp2p programs share.

use std::str::FromStr;

use libp2p::pnet::PreSharedKey;

/// A key without which no connection comes about. It is an outer wall and no membership: whoever has it is nobody yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresharedKey(pub(super) PreSharedKey);

/// The text is not a key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; a key file has the lines /key/swarm/psk/1.0.0/, /base16/ and 64 hexadecimal digits")]
pub struct NotAPresharedKey(String);

impl FromStr for PresharedKey {
    type Err = NotAPresharedKey;

    fn from_str(text: &str) -> Result<Self, NotAPresharedKey> {
        text.parse().map(Self).map_err(|error: libp2p::pnet::KeyParseError| NotAPresharedKey(error.to_string()))
    }
}

impl PresharedKey {
    /// What tells keys apart without showing them.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_read_and_never_shown() {
        let digits = "5".repeat(64);
        let key: PresharedKey = format!("/key/swarm/psk/1.0.0/\n/base16/\n{digits}\n").parse().expect("a key");
        assert!(!format!("{key:?}").contains(&digits));
        assert!("5555".parse::<PresharedKey>().is_err());
    }
}
