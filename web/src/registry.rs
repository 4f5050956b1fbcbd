//! What the face of a node needs of the registry behind it.

use std::future::Future;

use bytes::Bytes;
use proto::admission::Admission;
use proto::email::Email;
use proto::entry::{Entry, EntryId};
use proto::identifier::ImageIdentifier;
use proto::standing::Standing;
use proto::timestamp::{Instant, Timestamp};

mod change;
pub mod confirmation;
mod explained;
mod federation;
mod history;
mod lists;
mod load;
mod query;

pub use change::{Change, ChangeKind, Walk};
pub use explained::{DocumentEvidence, Explained, Listing};
pub use federation::{Federation, InSync, Listed, Peer, Roster};
pub use history::{Related, Relation, Tag};
pub use lists::{Column, ColumnFilter, Cursor, ListFilter, Matching, Order, Page, Place, Status};
pub use load::{Load, Used};
pub use query::{Dialect, GraphFormat, Query, QueryAnswer, QueryError, ResultsFormat};

use confirmation::{Acted, Action, ActionRefusal, ActionToken, Awaited, Awaiting};

/// A registry that can be read, queried and uploaded to.
pub trait Registry: Clone + Send + Sync + 'static {
    /// The node's present moment.
    fn now(&self) -> Instant;

    /// Is another number once anything is different that may be read, before the change is acknowledged.
    fn revision(&self) -> u64;

    /// Admits a document; the answer comes when it is durable and queryable.
    fn upload(&self, document: Bytes, scope: Scope) -> impl Future<Output = Result<Uploaded, UploadRefusal>> + Send;

    /// What a mailed link is about; none where it is unknown, was used already, or has expired.
    fn awaiting(&self, token: ActionToken) -> impl Future<Output = Result<Option<Awaiting>, RegistryError>> + Send;

    /// Does what the owner of an address decided; the answer to a confirmation comes when the entry is queryable.
    fn act(&self, token: ActionToken, action: Action) -> impl Future<Output = Result<Acted, ActionRefusal>> + Send;

    /// A page of entries in the order that the filter asks for.
    fn list(&self, filter: ListFilter) -> impl Future<Output = Result<Page, ListError>> + Send;

    /// The raw documents of these entries, in this order; those that are not held are left out.
    fn documents(&self, entries: Vec<EntryId>) -> impl Future<Output = Result<Vec<Bytes>, RegistryError>> + Send;

    /// The entry with this identity.
    fn entry(&self, entry: EntryId) -> impl Future<Output = Result<Option<Record>, RegistryError>> + Send;

    /// Why this entry stands where it does by the node's settings.
    fn explain(&self, entry: EntryId) -> impl Future<Output = Result<Option<Explained>, RegistryError>> + Send;

    /// The entry at these coordinates: of several the one of higher standing, then the greater identity.
    fn entry_at(&self, at: Coordinates) -> impl Future<Output = Result<Option<Record>, RegistryError>> + Send;

    /// The entries of an image up to the moment `until`, newest first, contested ones among them; at most `limit`.
    fn timeline(
        &self,
        image: ImageIdentifier,
        until: Option<Timestamp>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Summary>, RegistryError>> + Send;

    /// At most `limit` images that entries which are current, or were `at` a moment, connect with this one, the nearest
    /// first.
    fn related(
        &self,
        image: ImageIdentifier,
        at: Option<Timestamp>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Related>, RegistryError>> + Send;

    /// The entry of the newest image under a tag of an endorser.
    fn tagged(&self, email: Email, tag: String) -> impl Future<Output = Result<Option<Record>, RegistryError>> + Send;

    /// At most `limit` tags of an endorser whose name comes after `after`, by name.
    fn tags(
        &self,
        email: Email,
        after: String,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Tag>, RegistryError>> + Send;

    /// All endorsers by address; at most `limit` after the address `after`.
    fn endorsers(
        &self,
        after: Option<Email>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Endorser>, RegistryError>> + Send;

    /// Answers a SPARQL query within the node's limits.
    fn query(&self, query: Query) -> impl Future<Output = Result<QueryAnswer, QueryError>> + Send;

    /// This node and its peers.
    fn federation(&self) -> impl Future<Output = Result<Federation, RegistryError>> + Send;

    /// At most `limit` changes that queries show already.
    fn changes(&self, walk: Walk, limit: usize) -> impl Future<Output = Result<Vec<Change>, RegistryError>> + Send;

    /// Returns once queries show a change after the one with this number.
    fn changed(&self, after: u64) -> impl Future<Output = Result<(), RegistryError>> + Send;

    /// What the registry does now, and may do.
    fn load(&self) -> impl Future<Output = Result<Load, RegistryError>> + Send;

    /// What the registry holds.
    fn counts(&self) -> impl Future<Output = Result<Counts, RegistryError>> + Send;
}

/// Where an uploaded entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To every node of the federation.
    Federated,
    /// To this node only; it never leaves it.
    Local,
}

/// The address of an entry in URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinates {
    /// The image.
    pub image: ImageIdentifier,
    /// Its endorser.
    pub email: Email,
    /// When it was endorsed.
    pub created: Timestamp,
}

/// The answer to an upload that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uploaded {
    /// The entry is new here.
    Created(Located),
    /// This very entry is already held.
    AlreadyHeld(Located),
    /// The owner of the address was asked by e-mail; nothing is published before the answer.
    Awaiting(Awaited),
}

/// Where an entry is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Its exact address.
    pub entry: EntryId,
    /// Its address by coordinates.
    pub at: Coordinates,
    /// How well its endorser is known here.
    pub standing: Standing,
}

/// Why an upload was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadRefusal {
    /// The document breaks a rule.
    #[error("{rule}: {reason}")]
    Invalid {
        /// The rule's stable name.
        rule: String,
        /// What is wrong, with which value.
        reason: String,
    },
    /// The document is good; this node does not take it.
    #[error("{rule}: {reason}")]
    Policy {
        /// The rule's stable name.
        rule: String,
        /// Why.
        reason: String,
    },
    /// The endorser said something newer already.
    #[error("older than the latest entry: {reason}")]
    Stale {
        /// Which is the latest, and when both were created.
        reason: String,
        /// The latest entry.
        latest: EntryId,
    },
    /// The document has more bytes than this node takes.
    #[error("the document is larger than {bytes_max} bytes")]
    TooLarge {
        /// The bound.
        bytes_max: usize,
    },
    /// Too much is waiting; the same upload may succeed later.
    #[error("too many uploads are waiting, try again")]
    Overloaded,
    /// The key has signed as many uploads of the last minute as one may.
    #[error("more than {per_minute} uploads a minute by this endorser")]
    TooOften {
        /// The limit.
        per_minute: u32,
        /// When one is taken again.
        retry_after_s: u32,
    },
    /// The owner of the address was asked as much as is decent.
    #[error("{reason}")]
    AddressBusy {
        /// Which bound, and what to do.
        reason: String,
    },
    /// As many entries await their confirmation as this node keeps.
    #[error("{reason}")]
    ConfirmationsFull {
        /// Which bound, and what to do.
        reason: String,
    },
    /// This node cannot store now.
    #[error(transparent)]
    Unavailable(#[from] RegistryError),
}

/// The registry cannot answer now; the machine is at fault, and the log says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the registry cannot answer now")]
pub struct RegistryError;

/// Why there is no list; the first is the asker's to solve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// More would be read for it than a list may read.
    #[error(
        "the list would read more of the registry than one may: ask for an identifier, an email or a later moment, or \
         search for words of three letters and more"
    )]
    TooBroad,
    /// The registry cannot answer now.
    #[error(transparent)]
    Unavailable(#[from] RegistryError),
}

/// What lists show of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its exact address.
    pub entry: EntryId,
    /// Its address by coordinates.
    pub at: Coordinates,
    /// How well its endorser is known.
    pub standing: Standing,
    /// The entry that took its place; none where it is current.
    pub superseded_by: Option<EntryId>,
    /// Why it is deprecated, where it is; the reason may be empty.
    pub deprecated: Option<String>,
    /// Until when it is valid; none where it does not expire.
    pub valid: Option<Timestamp>,
    /// `dcterms:title`.
    pub title: Option<String>,
    /// `dcterms:description`.
    pub description: Option<String>,
    /// `slterms:kind`, else `dcterms:type`.
    pub kind: Option<String>,
    /// `slterms:os`.
    pub os: Option<String>,
    /// `slterms:os-version`.
    pub os_version: Option<String>,
    /// `slterms:os-arch`.
    pub os_arch: Option<String>,
    /// `slterms:version`.
    pub version: Option<String>,
    /// `slreq:bytes`.
    pub bytes: Option<u64>,
    /// `slterms:location`, in document order.
    pub locations: Vec<String>,
    /// `dcterms:alternative`, in document order.
    pub tags: Vec<String>,
    /// Whether it leaves this node.
    pub scope: Scope,
}

/// One entry with its evidence.
#[derive(Debug, Clone)]
pub struct Record {
    /// What lists show of it.
    pub summary: Summary,
    /// The bytes exactly as they were received by the node that admitted it first.
    pub raw: Bytes,
    /// The document, read again from those bytes, with its signer.
    pub entry: Entry,
    /// The receipts, earliest first.
    pub admissions: Vec<Admission>,
}

/// An endorser over all its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorser {
    /// Its address.
    pub email: Email,
    /// The subject of the newest entry of its strongest standing.
    pub subject: String,
    /// The issuer of the same.
    pub issuer: String,
    /// Its strongest standing.
    pub standing: Standing,
    /// Entries of any standing, superseded ones among them.
    pub entries: u64,
    /// Its current entries, contested ones apart.
    pub current: u64,
    /// When it endorsed last.
    pub latest: Timestamp,
}

/// What a registry holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All entries.
    pub entries: u64,
    /// Current, not contested, neither deprecated nor expired.
    pub valid: u64,
    /// Current, not contested, deprecated.
    pub deprecated: u64,
    /// Current, not contested, expired.
    pub expired: u64,
    /// Superseded, not contested.
    pub superseded: u64,
    /// Contested.
    pub contested: u64,
    /// Images.
    pub images: u64,
    /// Endorsers.
    pub endorsers: u64,
    /// Entries that local policy refused.
    pub refused: u64,
}
