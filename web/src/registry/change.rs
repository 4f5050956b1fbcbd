//! What happened to the entries of a registry, in its order.

use proto::entry::EntryId;
use proto::timestamp::Instant;

use super::Summary;

/// Something that happened to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place in the order of changes, from 1; numbers may be missing and never come again.
    pub number: u64,
    /// What happened.
    pub kind: ChangeKind,
    /// The entry.
    pub entry: EntryId,
    /// When it happened at this node.
    pub at: Instant,
    /// The entry as it stands now; none where it is held no more.
    pub summary: Option<Summary>,
}

/// What can happen to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It came to be held.
    Admitted,
    /// A newer one took its place.
    Superseded,
    /// It stands otherwise than before, or came to be current again.
    Moved,
    /// It is held no more, because other settings refuse it.
    Withdrawn,
}

/// Which changes are asked for, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// Those after this one, oldest first.
    On {
        /// The last that is known.
        after: u64,
    },
    /// Those before this one or all, newest first.
    Back {
        /// The last of the page before.
        before: Option<u64>,
    },
}

impl ChangeKind {
    /// The word for it in every representation, and that of the node's own events.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admitted => "entry_admitted",
            Self::Superseded => "entry_superseded",
            Self::Moved => "entry_moved",
            Self::Withdrawn => "entry_withdrawn",
        }
    }
}
