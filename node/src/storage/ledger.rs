//! The ledger: entries, admissions and refusals in SQLite, durable before they are acknowledged.

mod candidate;
mod error;
mod judge;

mod columns;
mod command;
mod listing;
mod schema;

mod admit;
mod claims;
mod evidence;
mod placements;
mod reevaluate;
mod withdraw;
mod writer;

mod check;
mod endorsers;
mod entries;
mod exchange;
mod explain;
mod history;
mod lists;
mod readers;
mod refusals;
mod selection;
mod tallies;
mod totals;

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
use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::reconcile::Item;
use proto::timestamp::Timestamp;
use proto::trust::Trust;
use rusqlite::Transaction;
use tokio::sync::Mutex;
use web::registry::{Coordinates, Counts, Endorser, Explained, ListFilter, Page, Related, Summary, Tag};

use crate::bounds::LIST_STEPS_MAX;

pub use candidate::{
    Admitted, Candidate, Change, Description, Envelope, Freshness, Held, ItemChange, Novelty, OriginRule,
    SignedReceipt, Stored,
};
pub use check::CheckReport;
pub use error::{AdmitError, LedgerError};
pub(crate) use history::relations;
pub use judge::Judge;
pub(crate) use judge::overdue;
pub use mail::{Attempt, Mail, MailCounts, MailKind, QueuedMail, Queueing};
pub use pending::{NotAwaited, NotConfirmed, Pending, Question};
pub use reevaluate::{Reevaluation, Step};
pub use refusals::StoredRefusal;
pub use reminders::{Endorsements, Expiring, Reminding};

use readers::Readers;
use totals::SharedTotals;
use writer::{Session, Tidings, Writer};

/// The file of the ledger in the data folder.
pub const FILE: &str = "ledger.sqlite";

/// The one ledger of a node; clones share it.
///
/// Whatever an answer says was written is on disk. Reads see what was committed before them and never wait for writes.
#[derive(Debug, Clone)]
pub struct Ledger {
    writer: Arc<Writer>,
    readers: Readers,
    tidings: Arc<Tidings>,
    counted: Arc<Mutex<Option<Counted>>>,
    totals: SharedTotals,
}

/// What was counted last; the commits are those before it was.
#[derive(Debug)]
struct Counted {
    now: Timestamp,
    commits: u64,
    counts: Counts,
}

impl Ledger {
    /// Opens or makes the ledger in `folder`; what was judged by other settings waits for [`Self::reevaluate`].
    pub fn open(folder: &Path, judge: impl Into<Judge>) -> Result<Self, LedgerError> {
        let path = folder.join(FILE);
        let tidings = Arc::new(Tidings::default());
        let session = Session::open(schema::open_writer(&path)?, judge.into(), Arc::clone(&tidings))?;
        let writer = Arc::new(Writer::start(session)?);
        Ok(Self {
            writer,
            readers: Readers::open(&path)?,
            tidings,
            counted: Arc::default(),
            totals: SharedTotals::default(),
        })
    }

    /// Admits a candidate; the answer comes when it is durable. What peers bring and policy refuses is remembered.
    pub async fn admit(&self, candidate: Candidate) -> Result<Admitted, AdmitError> {
        self.writer.write_repeatably(move |session| session.admit(&candidate)).await?.map_err(AdmitError::Refused)
    }

    /// Leaves a refusal as it is until the settings change again.
    pub async fn keep_refused(&self, refusal: u64) -> Result<(), LedgerError> {
        self.writer.write(move |session| session.keep_refused(refusal)).await
    }

    /// Works by other settings from now on; what was judged by the former ones waits for [`Self::reevaluate`].
    pub async fn rejudge(&self, judge: Judge) -> Result<(), LedgerError> {
        self.writer.write(move |session| session.rejudge(judge)).await
    }

    /// Judges some of what is held by the settings in force, in one short commit; to be called until it is done, with
    /// [`Self::due_refusals`] tried in between.
    pub async fn reevaluate(&self) -> Result<Step, LedgerError> {
        self.writer.write(Session::reevaluate).await
    }

    /// Judges all that is held by the settings in force.
    pub async fn reevaluate_held(&self) -> Result<(), LedgerError> {
        while self.reevaluate().await? == Step::Held {}
        Ok(())
    }

    /// What the judging anew that is under way has changed so far, and what the last one did.
    pub async fn reevaluations(&self) -> Result<(Option<Reevaluation>, Option<Reevaluation>), LedgerError> {
        self.read(|snapshot| reevaluate::reports(snapshot)).await
    }

    /// How often something was committed since the start; whoever is told of a commit finds it counted.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.tidings.commits()
    }

    /// Returns when something is to be judged anew or [`Self::take_withdrawn`]; at once where there was something.
    pub async fn work(&self) {
        self.tidings.work().await;
    }

    /// Takes the federated items that were withdrawn since the last time.
    #[must_use]
    pub fn take_withdrawn(&self) -> Vec<AdmissionId> {
        self.tidings.take_withdrawn()
    }

    /// At most `limit` refusals that the settings in force have not judged.
    pub async fn due_refusals(&self, limit: usize) -> Result<Vec<StoredRefusal>, LedgerError> {
        self.read(move |snapshot| refusals::due(snapshot, limit)).await
    }

    /// A page of entries as they are at the moment `now`, in the order that the filter asks for.
    pub async fn list(&self, filter: ListFilter, now: Timestamp) -> Result<Page, LedgerError> {
        let commits = self.commits();
        let total = self.totals.get(&filter, now, commits);
        let totals = self.totals.clone();
        let work = move |snapshot: &Transaction<'_>| {
            let page = lists::list(snapshot, &filter, now, total)?;
            totals.keep(&filter, now, commits, page.total);
            Ok(page)
        };
        self.readers.read_at_most(LIST_STEPS_MAX, work).await
    }

    /// The entry with this identity.
    pub async fn entry(&self, entry: EntryId) -> Result<Option<Held>, LedgerError> {
        self.read(move |snapshot| entries::entry(snapshot, entry)).await
    }

    /// The entry at these coordinates: of several the one of higher standing, then the greater identity.
    pub async fn entry_at(&self, at: Coordinates) -> Result<Option<Held>, LedgerError> {
        self.read(move |snapshot| entries::entry_at(snapshot, &at)).await
    }

    /// Why the entry stands where it does by `judge`, and why it is listed or not.
    pub async fn explain(&self, entry: EntryId, judge: Judge) -> Result<Option<Explained>, LedgerError> {
        let address = self.writer.write(move |session| session.address_of(entry)).await?;
        let Some(address) = address else { return Ok(None) };
        self.read(move |snapshot| explain::explain(snapshot, entry, &address, &judge)).await
    }

    /// The raw documents of these entries, in this order; those that are not held are left out.
    pub async fn documents(&self, entries: Vec<EntryId>) -> Result<Vec<Bytes>, LedgerError> {
        self.read(move |snapshot| entries::documents(snapshot, &entries)).await
    }

    /// At most `limit` entries of an image up to the moment `until`, newest first, contested and superseded ones among them.
    pub async fn timeline(
        &self,
        image: ImageIdentifier,
        until: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Summary>, LedgerError> {
        self.read(move |snapshot| lists::timeline(snapshot, image, until, limit)).await
    }

    /// At most `limit` images that entries which are current, or were `at` a moment, connect with this one.
    pub async fn related(
        &self,
        image: ImageIdentifier,
        at: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Related>, LedgerError> {
        self.read(move |snapshot| history::related(snapshot, image, at, limit)).await
    }

    /// The entry of the newest image under a tag of an endorser.
    pub async fn tagged(&self, email: Email, tag: String) -> Result<Option<Held>, LedgerError> {
        self.read(move |snapshot| match history::tagged(snapshot, &email, &tag)? {
            Some(entry) => entries::entry(snapshot, entry),
            None => Ok(None),
        })
        .await
    }

    /// At most `limit` tags of an endorser whose name comes after `after`, by name.
    pub async fn tags(&self, email: Email, after: String, limit: usize) -> Result<Vec<Tag>, LedgerError> {
        self.read(move |snapshot| history::tags(snapshot, &email, &after, limit)).await
    }

    /// At most `limit` endorsers whose address comes after `after`, by address.
    pub async fn endorsers(&self, after: Option<Email>, limit: usize) -> Result<Vec<Endorser>, LedgerError> {
        self.read(move |snapshot| endorsers::endorsers(snapshot, after.as_ref(), limit)).await
    }

    /// What the ledger holds at the moment `now`. Current entries are looked at for what has expired, so that one asker
    /// counts for all of the same second and state, and others wait.
    pub async fn counts(&self, now: Timestamp) -> Result<Counts, LedgerError> {
        let mut counted = self.counted.lock().await;
        let commits = self.commits();
        if let Some(known) = counted.as_ref().filter(|known| (known.now, known.commits) == (now, commits)) {
            return Ok(known.counts);
        }
        let counts = self.read(move |snapshot| endorsers::counts(snapshot, now)).await?;
        *counted = Some(Counted { now, commits, counts });
        drop(counted);
        Ok(counts)
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

    /// At most `limit` refusals whose admission or entry has this identity.
    pub async fn refusals_named(
        &self,
        identity: Sha256Digest,
        limit: usize,
    ) -> Result<Vec<StoredRefusal>, LedgerError> {
        self.read(move |snapshot| refusals::named(snapshot, &identity, limit)).await
    }

    /// Has all that is refused tried again in the background; gives how many there are.
    pub async fn retry_refusals(&self) -> Result<usize, LedgerError> {
        self.writer.write(Session::reconsider_all).await
    }

    /// The admissions that were refused, but for those of local entries.
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

    /// At most `limit` changes before the change `before`, newest first.
    pub async fn changes_before(&self, before: u64, limit: usize) -> Result<Vec<Change>, LedgerError> {
        self.read(move |snapshot| entries::changes_before(snapshot, before, limit)).await
    }

    /// The last change; 0 where there is none.
    pub async fn last_change(&self) -> Result<u64, LedgerError> {
        self.read(|snapshot| entries::last_change(snapshot)).await
    }

    /// These entries as the graph reads them, in this order, none for those that are not held; as many as fit
    /// `bytes_max` but at least one.
    pub async fn stored(&self, entries: Vec<EntryId>, bytes_max: usize) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.read(move |snapshot| entries::stored_of(snapshot, &entries, bytes_max)).await
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
