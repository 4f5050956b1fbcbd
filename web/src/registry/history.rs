//! How images follow each other, and the names that endorsers give them.

use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::standing::Standing;
use proto::timestamp::Timestamp;

/// How another image stands to the one that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The one that is looked at replaces it.
    Replaced,
    /// It replaces the one that is looked at.
    Replacing,
    /// The one that is looked at is a version of it.
    Original,
    /// It is a version of the one that is looked at.
    Version,
}

impl Relation {
    /// How the image that is looked at stands to the other.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::Replaced => Self::Replacing,
            Self::Replacing => Self::Replaced,
            Self::Original => Self::Version,
            Self::Version => Self::Original,
        }
    }
}

/// Another image, and the entry by which it belongs to the one that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The other image; it need not be held.
    pub image: ImageIdentifier,
    /// How it stands to the one that is looked at.
    pub relation: Relation,
    /// Over how many entries: 1 where one entry says so.
    pub steps: usize,
    /// The entry that says the last step; it is current and not contested.
    pub entry: EntryId,
    /// Who says so.
    pub email: Email,
    /// How well this endorser is known.
    pub standing: Standing,
}

/// A name that an endorser has given to images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The endorser's entries with it, superseded ones among them.
    pub entries: u64,
    /// When it was given last.
    pub latest: Timestamp,
}
