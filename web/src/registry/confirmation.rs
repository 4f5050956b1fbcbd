//! Confirmation by e-mail: what awaits it, and what the owner of the address may decide.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proto::digest::Sha256Digest;
use proto::entry::{Entry, EntryId};
use proto::timestamp::Instant;

use super::{Coordinates, Located, RegistryError, Scope, UploadRefusal};

/// The secret of a link that was mailed: who has it speaks for the owner of the address.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionToken([u8; 32]);

/// The text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link is not complete: its secret has {TOKEN_CHARACTERS} letters, digits, - and _")]
pub struct NotAToken;

/// 256 bits in radix 64.
const TOKEN_CHARACTERS: usize = 43;

impl ActionToken {
    /// The token of 256 random bits.
    #[must_use]
    pub const fn from_secret(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// What is kept of it: whoever reads the store learns no link.
    #[must_use]
    pub fn sha256(&self) -> Sha256Digest {
        Sha256Digest::of(&self.0)
    }

    /// The segment of a path that carries it.
    #[must_use]
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for ActionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ActionToken(…)")
    }
}

impl FromStr for ActionToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let secret = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        secret.map(Self).ok_or(NotAToken)
    }
}

/// What the owner of the address decides about an entry that awaits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The entry is mine, publish it.
    Confirm,
    /// I do not want it published.
    Abort,
    /// Somebody else uses my address.
    Abuse,
}

impl Action {
    /// All of them, the usual one first.
    pub const ALL: [Self; 3] = [Self::Confirm, Self::Abort, Self::Abuse];

    /// The word for it in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Abort => "abort",
            Self::Abuse => "abuse",
        }
    }

    /// The path of the link that shows it, below the node's address.
    #[must_use]
    pub fn path(self, token: &ActionToken) -> String {
        format!("/action/{}/{}", token.reveal(), self.as_str())
    }
}

/// An upload that was taken and awaits its confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// The identity that the entry will have.
    pub entry: EntryId,
    /// Where it will be; the e-mail address is the one that was asked.
    pub at: Coordinates,
    /// When it is forgotten.
    pub expires: Instant,
}

/// What a link is about.
#[derive(Debug, Clone)]
pub struct Awaiting {
    /// The entry, read again from the bytes that were uploaded.
    pub entry: Entry,
    /// Where it will go.
    pub scope: Scope,
    /// When it was uploaded.
    pub uploaded: Instant,
    /// When it is forgotten.
    pub expires: Instant,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// The entry was admitted as confirmed.
    Confirmed(Located),
    /// The entry was removed.
    Aborted(EntryId),
    /// The entry was removed, and the administrators are told.
    Reported(EntryId),
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionRefusal {
    /// Nothing awaits this token.
    #[error("this link is unknown, was used already, or has expired")]
    Unknown,
    /// The entry is not admitted now, as an upload would not be.
    #[error(transparent)]
    Upload(#[from] UploadRefusal),
}

impl From<RegistryError> for ActionRefusal {
    fn from(error: RegistryError) -> Self {
        Self::Upload(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_from_its_link_and_shown_nowhere_else() {
        let token = ActionToken::from_secret([0xfb; 32]);
        assert_eq!(token.reveal().parse(), Ok(token.clone()));
        assert_eq!(token.reveal().len(), TOKEN_CHARACTERS);
        assert!(!format!("{token:?}").contains(&token.reveal()));
    }

    #[test]
    fn a_token_has_one_text() {
        let text = ActionToken::from_secret([0; 32]).reveal();
        for other in [&text[1..], &format!("{text}="), &text.replacen('A', "+", 1), &(text[..42].to_owned() + "B"), ""]
        {
            assert!(other.parse::<ActionToken>().is_err(), "{other}");
        }
    }
}
