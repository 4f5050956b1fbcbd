//! What a list is asked for, and what a page of it holds.

use std::fmt::{self, Display};
use std::str::FromStr;

use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::standing::Standing;
use proto::timestamp::Timestamp;

use super::Summary;
use crate::bounds::COLUMN_KEY_CHARACTERS_MAX;

/// Which entries a list shows, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only of this image.
    pub image: Option<ImageIdentifier>,
    /// Only by this endorser.
    pub email: Option<Email>,
    /// Only endorsed at this moment; it opens the history as the original did.
    pub created: Option<Timestamp>,
    /// Only endorsed after this moment, superseded ones among them.
    pub since: Option<Timestamp>,
    /// Only in this state.
    pub status: Status,
    /// Only of this standing; where it is none, contested ones are left out.
    pub standing: Option<Standing>,
    /// Only what can be fetched so.
    pub place: Option<Place>,
    /// Only where all of these columns match.
    pub columns: Vec<ColumnFilter>,
    /// Only where each of these terms is part of a text of the entry, in any case of its letters.
    pub search: Vec<String>,
    /// As the registry would have listed at this moment what it holds now.
    pub at: Option<Timestamp>,
    /// By what the list is sorted; entries that are equal in it follow each other by moment and identity.
    pub sort: Column,
    /// In which direction.
    pub order: Order,
    /// At most so many, 1 to 1000.
    pub limit: usize,
    /// Only after this place of the order.
    pub after: Option<Cursor>,
    /// So many more are passed over; each is read.
    pub skipped: usize,
}

/// The state of entries that a list shows; all but `All` are about current ones unless `created` is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// Neither deprecated nor expired; without `dcterms:valid` an entry does not expire.
    #[default]
    Valid,
    /// Expired and not deprecated.
    Expired,
    /// Deprecated.
    Deprecated,
    /// Current, whatever it says.
    All,
}

/// Where an image lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At a location of `http`, `https` or `ftp`, or nowhere.
    Web,
    /// On a persistent disk of the original's clouds.
    Pdisk,
}

/// A column of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Column {
    /// When it was endorsed.
    #[default]
    Created,
    /// The image.
    Identifier,
    /// The endorser.
    Email,
    /// `dcterms:title`.
    Title,
    /// `dcterms:description`.
    Description,
    /// `slterms:os`.
    Os,
    /// `slterms:os-version`.
    OsVersion,
    /// `slterms:os-arch`.
    OsArch,
    /// `slterms:kind`, else `dcterms:type`.
    Kind,
    /// The first `slterms:location`.
    Location,
}

/// A direction of the order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The least first.
    Ascending,
    /// The greatest first.
    #[default]
    Descending,
}

/// What a column must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnFilter {
    /// Which column; those of moments and images match nothing.
    pub column: Column,
    /// How.
    pub matching: Matching,
    /// What, as [`Column::folded`] writes it.
    pub text: String,
}

/// How a column matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// It is the text.
    Whole,
    /// The text is a part of it.
    Part,
}

/// A place in the order of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// What the last entry has in the column of the order; empty where that is its moment.
    pub key: String,
    /// The last entry's moment.
    pub created: Timestamp,
    /// The last entry.
    pub entry: EntryId,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many entries the filter matches in all.
    pub total: u64,
    /// The entries of this page.
    pub items: Vec<Summary>,
    /// Where the next page starts; none at the end.
    pub next: Option<Cursor>,
}

/// A list has no such column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no column of lists")]
pub struct NoSuchColumn(String);

/// A list has no such order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither asc nor desc")]
pub struct NoSuchOrder(String);

impl Column {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Created,
        Self::Identifier,
        Self::Email,
        Self::Title,
        Self::Description,
        Self::Os,
        Self::OsVersion,
        Self::OsArch,
        Self::Kind,
        Self::Location,
    ];

    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Identifier => "identifier",
            Self::Email => "email",
            Self::Title => "title",
            Self::Description => "description",
            Self::Os => "os",
            Self::OsVersion => "os-version",
            Self::OsArch => "os-arch",
            Self::Kind => "kind",
            Self::Location => "location",
        }
    }

    /// The order in which people expect it: the newest first, texts from the start.
    #[must_use]
    pub const fn usual_order(self) -> Order {
        match self {
            Self::Created => Order::Descending,
            _ => Order::Ascending,
        }
    }

    /// What an entry is sorted and compared by in this column.
    #[must_use]
    pub fn key(self, summary: &Summary) -> String {
        let folded = |text: &Option<String>| Self::folded(text.as_deref().unwrap_or_default());
        match self {
            Self::Created => String::new(),
            Self::Identifier => summary.at.image.sha1().iter().map(|byte| format!("{byte:02x}")).collect(),
            Self::Email => summary.at.email.as_str().to_owned(),
            Self::Title => folded(&summary.title),
            Self::Description => folded(&summary.description),
            Self::Os => folded(&summary.os),
            Self::OsVersion => folded(&summary.os_version),
            Self::OsArch => folded(&summary.os_arch),
            Self::Kind => folded(&summary.kind),
            Self::Location => Self::folded(summary.locations.first().map_or("", String::as_str)),
        }
    }

    /// A text as columns are compared: its beginning, in lower case where the letters are of ASCII.
    #[must_use]
    pub fn folded(text: &str) -> String {
        text.chars().take(COLUMN_KEY_CHARACTERS_MAX).map(|c| c.to_ascii_lowercase()).collect()
    }
}

impl FromStr for Column {
    type Err = NoSuchColumn;

    fn from_str(text: &str) -> Result<Self, NoSuchColumn> {
        Self::ALL.into_iter().find(|column| column.name() == text).ok_or_else(|| NoSuchColumn(text.to_owned()))
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Order {
    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

impl FromStr for Order {
    type Err = NoSuchOrder;

    fn from_str(text: &str) -> Result<Self, NoSuchOrder> {
        let named =
            [Self::Ascending, Self::Descending].into_iter().find(|order| text.eq_ignore_ascii_case(order.name()));
        named.ok_or_else(|| NoSuchOrder(text.to_owned()))
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Place {
    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Pdisk => "pdisk",
        }
    }

    /// Whether an image with these locations lies here.
    #[must_use]
    pub fn holds(self, locations: &[String]) -> bool {
        let begins = |start: &str| locations.iter().any(|one| one.to_ascii_lowercase().starts_with(start));
        match self {
            Self::Web => locations.is_empty() || ["http://", "https://", "ftp://"].into_iter().any(begins),
            Self::Pdisk => begins("pdisk"),
        }
    }
}
