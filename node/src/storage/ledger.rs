//! The ledger: entries, admissions and refusals in SQLite, durable before they are acknowledged.

mod candidate;
mod error;

mod columns;
mod schema;

mod admit;
mod claims;
mod placements;
mod writer;

mod check;
mod entries;
mod exchange;
mod lists;
mod readers;
mod refusals;

mod mail;
mod pending;
mod reminders;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::reconcile::Item;
use proto::timestamp::Timestamp;
use proto::trust::Trust;
use rusqlite::Transaction;
use web::registry::{Coordinates, Counts, Endorser, ListFilter, Page, Summary};

pub use candidate::{
    Admitted, Candidate, Change, Description, Envelope, Freshness, Held, ItemChange, Novelty, SignedReceipt, Stored,
};
pub use check::CheckReport;
pub use error::{AdmitError, LedgerError};
pub use mail::{Attempt, Mail, MailCounts, MailKind, QueuedMail, Queueing};
pub use pending::{NotAwaited, NotConfirmed, Pending, Question};
pub use refusals::{Refusal, RefusedAdmission, StoredRefusal};
pub use reminders::{Endorsements, Expiring, Reminding};

use readers::Readers;
use writer::{Session, Writer};

/// The file of the ledger in the data folder.
pub const FILE: &str = "ledger.sqlite";

/// The one ledger of a node; clones share it.
///
/// Whatever an answer says was written is on disk. Reads see what was committed before them and never wait for writes.
#[derive(Debug, Clone)]
pub struct Ledger {
    writer: Arc<Writer>,
    readers: Readers,
}

impl Ledger {
    /// Opens or makes the ledger in `folder`; computes all placements anew where `trust` is not that of the last time.
    ///
    /// Blocks while it does; for a start, not for a task.
    pub fn open(folder: &Path, trust: Trust) -> Result<Self, LedgerError> {
        let path = folder.join(FILE);
        let writer = Writer::start(Session::open(schema::open_writer(&path)?, trust)?)?;
        Ok(Self { writer: Arc::new(writer), readers: Readers::open(&path)? })
    }

    /// Admits a candidate; the answer comes when it is durable.
    pub async fn admit(&self, candidate: Candidate) -> Result<Admitted, AdmitError> {
        self.writer.write(move |session| session.admit(&candidate)).await
    }

    /// Remembers a refusal; a second one of the same item takes the place of the first.
    pub async fn refuse(&self, refusal: Refusal) -> Result<(), LedgerError> {
        self.writer.write(move |session| session.refuse(&refusal)).await
    }

    /// Forgets refusals, for they are tried again or the operator wants it so.
    pub async fn forget_refusals(&self, refusals: Vec<u64>) -> Result<(), LedgerError> {
        self.writer.write(move |session| refusals.iter().try_for_each(|seq| session.forget_refusal(*seq))).await
    }

    /// Takes new trust settings; returns how many entries stand elsewhere by them.
    pub async fn retrust(&self, trust: Trust) -> Result<usize, LedgerError> {
        self.writer.write(move |session| session.retrust(trust)).await
    }

    /// A page of entries as they are at the moment `now`, newest first.
    pub async fn list(&self, filter: ListFilter, now: Timestamp) -> Result<Page, LedgerError> {
        self.read(move |snapshot| lists::list(snapshot, &filter, now)).await
    }

    /// The entry with this identity.
    pub async fn entry(&self, entry: EntryId) -> Result<Option<Held>, LedgerError> {
        self.read(move |snapshot| entries::entry(snapshot, entry)).await
    }

    /// The entry at these coordinates: of several the one of higher standing, then the greater identity.
    pub async fn entry_at(&self, at: Coordinates) -> Result<Option<Held>, LedgerError> {
        self.read(move |snapshot| entries::entry_at(snapshot, &at)).await
    }

    /// The raw documents of these entries, in this order; those that are not held are left out.
    pub async fn documents(&self, entries: Vec<EntryId>) -> Result<Vec<Bytes>, LedgerError> {
        self.read(move |snapshot| entries::documents(snapshot, &entries)).await
    }

    /// At most `limit` entries of an image, newest first, contested and superseded ones among them.
    pub async fn timeline(&self, image: ImageIdentifier, limit: usize) -> Result<Vec<Summary>, LedgerError> {
        self.read(move |snapshot| lists::timeline(snapshot, image, limit)).await
    }

    /// At most `limit` endorsers whose address comes after `after`, by address.
    pub async fn endorsers(&self, after: Option<Email>, limit: usize) -> Result<Vec<Endorser>, LedgerError> {
        self.read(move |snapshot| lists::endorsers(snapshot, after.as_ref(), limit)).await
    }

    /// What the ledger holds at the moment `now`.
    pub async fn counts(&self, now: Timestamp) -> Result<Counts, LedgerError> {
        self.read(move |snapshot| lists::counts(snapshot, now)).await
    }

    /// Every admission of every federated entry, in no order: what reconciliation starts from.
    pub async fn items(&self) -> Result<Vec<Item>, LedgerError> {
        self.read(|snapshot| exchange::items(snapshot)).await
    }

    /// The envelopes of these admissions in this order, as many as fit `bytes_max` but at least one.
    ///
    /// Those that are not held, and those of local entries, are left out.
    pub async fn envelopes(
        &self,
        admissions: Vec<AdmissionId>,
        bytes_max: usize,
    ) -> Result<Vec<Envelope>, LedgerError> {
        self.read(move |snapshot| exchange::envelopes(snapshot, &admissions, bytes_max)).await
    }

    /// At most `limit` refusals after the place `after`, oldest first.
    pub async fn refusals(&self, after: u64, limit: usize) -> Result<Vec<StoredRefusal>, LedgerError> {
        self.read(move |snapshot| refusals::after(snapshot, after, limit)).await
    }

    /// The admissions that were refused.
    pub async fn refused_items(&self) -> Result<Vec<AdmissionId>, LedgerError> {
        self.read(|snapshot| refusals::items(snapshot)).await
    }

    /// How many documents each rule refused.
    pub async fn refusals_by_rule(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        self.read(|snapshot| refusals::by_rule(snapshot)).await
    }

    /// At most `limit` changes after the change `after`.
    pub async fn changes_after(&self, after: u64, limit: usize) -> Result<Vec<Change>, LedgerError> {
        self.read(move |snapshot| entries::changes_after(snapshot, after, limit)).await
    }

    /// The last change; 0 where there is none.
    pub async fn last_change(&self) -> Result<u64, LedgerError> {
        self.read(|snapshot| entries::last_change(snapshot)).await
    }

    /// An entry as the graph reads it.
    pub async fn stored(&self, entry: EntryId) -> Result<Option<Stored>, LedgerError> {
        self.read(move |snapshot| entries::stored(snapshot, entry)).await
    }

    /// At most `limit` entries after the place `after` of the order of arrival.
    pub async fn stored_after(&self, after: u64, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        self.read(move |snapshot| entries::stored_after(snapshot, after, limit)).await
    }

    /// Checks the file, and that every entry stands where the fold over all claims puts it.
    pub async fn check(&self, trust: Trust) -> Result<CheckReport, LedgerError> {
        self.read(move |snapshot| check::check(snapshot, &trust)).await
    }

    /// Commits what waits and closes the file; every later call is answered by [`LedgerError::Closed`].
    pub async fn close(&self) {
        self.readers.close();
        let writer = Arc::clone(&self.writer);
        if let Err(error) = tokio::task::spawn_blocking(move || writer.close()).await {
            tracing::error!(%error, "the ledger was not closed in order");
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.readers.read(work).await
    }
}
