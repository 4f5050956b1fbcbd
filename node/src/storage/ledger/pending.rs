//! Uploads that await the confirmation of their endorser's address.

use bytes::Bytes;
use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::timestamp::Instant;
use rusqlite::{Connection, OptionalExtension as _, params};
use web::registry::Scope;
use web::registry::confirmation::Awaited;

use super::Ledger;
use super::candidate::{Admitted, Candidate};
use super::columns;
use super::error::{AdmitError, LedgerError};
use super::mail::{Mail, MailKind, Queueing};
use super::writer::Session;
use crate::bounds;

/// Of the mailed links only digests are kept. What was reported stays until it expires, so that it does not come again.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS pending (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    entry BLOB NOT NULL UNIQUE,
    email TEXT NOT NULL,
    scope INTEGER NOT NULL,
    uploaded INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    mailed INTEGER NOT NULL,
    mails INTEGER NOT NULL,
    reported INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    raw BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS pending_by_email ON pending (email);
CREATE INDEX IF NOT EXISTS pending_by_expires ON pending (expires);
CREATE TABLE IF NOT EXISTS pending_token (
    sha256 BLOB PRIMARY KEY,
    pending INTEGER NOT NULL REFERENCES pending (seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_token_by_pending ON pending_token (pending);
";

/// An upload that is to await its confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The entry as it would be admitted once it is confirmed.
    pub candidate: Candidate,
    /// The digest of the secret in the mail's links.
    pub token: Sha256Digest,
    /// When it is forgotten.
    pub expires: Instant,
    /// The mail that asks.
    pub mail: Mail,
}

/// An upload that awaits its confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its place.
    pub seq: u64,
    /// The bytes that were uploaded.
    pub raw: Bytes,
    /// Where the entry will go.
    pub scope: Scope,
    /// When it was uploaded.
    pub uploaded: Instant,
    /// When it is forgotten.
    pub expires: Instant,
}

/// Why an upload cannot await its confirmation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAwaited {
    /// It would not be admitted if it were confirmed.
    #[error(transparent)]
    Admit(#[from] AdmitError),
    /// The owner of the address reported this very entry.
    #[error("the owner of the address reported this entry as an abuse")]
    Reported,
    /// As many entries as are allowed await the confirmation of this address.
    #[error(
        "{max} entries await the confirmation of this address already; answer the mails that were sent",
        max = bounds::PENDING_PER_ADDRESS_MAX
    )]
    AddressPending,
    /// As many mails as are decent were sent to this address.
    #[error(
        "{max} confirmation mails were sent to this address within a day; try again tomorrow",
        max = bounds::CONFIRMATIONS_PER_ADDRESS_MAX
    )]
    AddressMails,
    /// The node keeps no more.
    #[error("as many entries await their confirmation as this node keeps; try again later or use another node")]
    Full,
    /// The mail queue takes no more.
    #[error("the node's mail queue is full; try again later or use another node")]
    MailFull,
}

/// Why nothing was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotConfirmed {
    /// It was confirmed, aborted or forgotten meanwhile.
    #[error("nothing awaits this confirmation any more")]
    Gone,
    /// It is not admitted now.
    #[error(transparent)]
    Admit(#[from] AdmitError),
}

impl From<LedgerError> for NotAwaited {
    fn from(error: LedgerError) -> Self {
        Self::Admit(error.into())
    }
}

impl From<rusqlite::Error> for NotAwaited {
    fn from(error: rusqlite::Error) -> Self {
        Self::Admit(error.into())
    }
}

impl From<LedgerError> for NotConfirmed {
    fn from(error: LedgerError) -> Self {
        Self::Admit(error.into())
    }
}

impl From<rusqlite::Error> for NotConfirmed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Admit(error.into())
    }
}

impl Ledger {
    /// Has an upload await its confirmation and queues the mail that asks for it, both or neither.
    ///
    /// One that awaits it already stays as it is; its mail is sent again where the last one is some time ago.
    pub async fn await_confirmation(&self, question: Question) -> Result<Awaited, NotAwaited> {
        self.writer.write(move |session| session.await_confirmation(&question)).await
    }

    /// What awaits the answer to the link with this digest at the moment `now`.
    pub async fn pending(&self, token: Sha256Digest, now: Instant) -> Result<Option<Pending>, LedgerError> {
        self.read(move |snapshot| pending(snapshot, token, now)).await
    }

    /// Admits what was pending and forgets that it was, both or neither.
    pub async fn confirm(&self, pending: u64, candidate: Candidate) -> Result<Admitted, NotConfirmed> {
        self.writer.write(move |session| session.confirm(pending, &candidate)).await
    }

    /// Forgets what was pending; whether it still was.
    pub async fn abort(&self, pending: u64) -> Result<bool, LedgerError> {
        self.writer.write(move |session| session.forget_pending(pending)).await
    }

    /// Takes an entry from what can be confirmed and queues the mail that tells of it; whether it still was there.
    pub async fn report(&self, pending: u64, mail: Mail, now: Instant) -> Result<bool, NotAwaited> {
        self.writer.write(move |session| session.report(pending, &mail, now)).await
    }

    /// Forgets what nobody confirmed in time; returns how many entries that were.
    pub async fn forget_expired(&self, now: Instant) -> Result<usize, LedgerError> {
        self.writer.write(move |session| session.forget_expired(now)).await
    }
}

impl Session {
    fn await_confirmation(&mut self, question: &Question) -> Result<Awaited, NotAwaited> {
        let Candidate { entry, at, seen: now, .. } = &question.candidate;
        self.judge_candidate(&question.candidate)?;
        self.forget_expired(*now)?;
        let expires = match self.known(*entry)? {
            Some(known) if known.is_reported => return Err(NotAwaited::Reported),
            Some(known) => {
                self.ask_again(&known, question)?;
                known.expires
            }
            None => {
                self.check_room(question)?;
                let seq = self.insert_pending(question)?;
                self.ask(seq, question)?;
                question.expires
            }
        };
        Ok(Awaited { entry: *entry, at: at.clone(), expires })
    }

    fn known(&self, entry: EntryId) -> Result<Option<Known>, LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, expires, mailed, mails, reported FROM pending WHERE entry = ?1")?;
        let known = statement.query_row((entry.as_bytes(),), |row| {
            Ok(Known {
                seq: row.get(0)?,
                expires: columns::instant(row, 1)?,
                mailed: columns::instant(row, 2)?,
                mails: row.get(3)?,
                is_reported: row.get(4)?,
            })
        });
        Ok(known.optional()?)
    }

    /// The links of earlier mails stay good: a stranger who uploads the document again takes nothing from its endorser.
    fn ask_again(&self, known: &Known, question: &Question) -> Result<(), NotAwaited> {
        let now = question.candidate.seen;
        if question.candidate.scope == Scope::Federated {
            self.connection
                .prepare_cached("UPDATE pending SET scope = ?2 WHERE seq = ?1")?
                .execute((known.seq, columns::scope_column(Scope::Federated)))?;
        }
        let is_early = now.ms_since(known.mailed) < bounds::CONFIRMATION_AGAIN_MS;
        if is_early || known.mails >= columns::count_column(bounds::CONFIRMATIONS_PER_ENTRY_MAX) {
            return Ok(());
        }
        self.check_mails(question)?;
        self.connection
            .prepare_cached("UPDATE pending SET mailed = ?2, mails = mails + 1 WHERE seq = ?1")?
            .execute((known.seq, columns::instant_column(now)))?;
        self.ask(known.seq, question)
    }

    fn ask(&self, seq: i64, question: &Question) -> Result<(), NotAwaited> {
        self.connection
            .prepare_cached("INSERT INTO pending_token (sha256, pending) VALUES (?1, ?2)")?
            .execute((question.token.as_bytes(), seq))?;
        match self.queue_mail(&question.mail, question.candidate.seen)? {
            Queueing::Queued | Queueing::Known => Ok(()),
            Queueing::Full => Err(NotAwaited::MailFull),
        }
    }

    fn check_room(&self, question: &Question) -> Result<(), NotAwaited> {
        let mut statement = self.connection.prepare_cached("SELECT COUNT(*) FROM pending WHERE email = ?1")?;
        let of_address: i64 = statement.query_row((question.candidate.at.email.as_str(),), |row| row.get(0))?;
        if of_address >= columns::count_column(bounds::PENDING_PER_ADDRESS_MAX) {
            return Err(NotAwaited::AddressPending);
        }
        self.check_mails(question)?;
        let mut statement = self.connection.prepare_cached("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM pending")?;
        let (entries, bytes): (i64, i64) = statement.query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let more = columns::count_column(question.candidate.raw.len());
        let is_full = entries >= columns::count_column(bounds::PENDING_MAX)
            || bytes.saturating_add(more) > columns::count_column(bounds::PENDING_BYTES_MAX);
        if is_full { Err(NotAwaited::Full) } else { Ok(()) }
    }

    fn check_mails(&self, question: &Question) -> Result<(), NotAwaited> {
        let Candidate { at, seen, .. } = &question.candidate;
        let since = Instant::from_unix_ms(seen.unix_ms().saturating_sub(bounds::CONFIRMATIONS_MS));
        let mut statement = self
            .connection
            .prepare_cached("SELECT COUNT(*) FROM mail WHERE recipient = ?1 AND kind = ?2 AND queued > ?3")?;
        let filter = (at.email.as_str(), MailKind::Confirmation.column(), columns::instant_column(since));
        let mails: i64 = statement.query_row(filter, |row| row.get(0))?;
        if mails >= columns::count_column(bounds::CONFIRMATIONS_PER_ADDRESS_MAX) {
            Err(NotAwaited::AddressMails)
        } else {
            Ok(())
        }
    }

    fn insert_pending(&self, question: &Question) -> Result<i64, LedgerError> {
        let Candidate { entry, at, seen, scope, raw, .. } = &question.candidate;
        self.connection
            .prepare_cached(
                "INSERT INTO pending (entry, email, scope, uploaded, expires, mailed, mails, reported, bytes, raw)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?4, 1, 0, ?6, ?7)",
            )?
            .execute(params![
                entry.as_bytes(),
                at.email.as_str(),
                columns::scope_column(*scope),
                columns::instant_column(*seen),
                columns::instant_column(question.expires),
                columns::count_column(raw.len()),
                &raw[..],
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    fn confirm(&mut self, pending: u64, candidate: &Candidate) -> Result<Admitted, NotConfirmed> {
        if !self.forget_pending(pending)? {
            return Err(NotConfirmed::Gone);
        }
        Ok(self.admit(candidate)?)
    }

    /// What was reported is not forgotten by its links.
    fn forget_pending(&self, pending: u64) -> Result<bool, LedgerError> {
        let forgotten = self
            .connection
            .prepare_cached("DELETE FROM pending WHERE seq = ?1 AND reported = 0")?
            .execute((pending.cast_signed(),))?;
        Ok(forgotten > 0)
    }

    fn report(&self, pending: u64, mail: &Mail, now: Instant) -> Result<bool, NotAwaited> {
        let reported = self
            .connection
            .prepare_cached("UPDATE pending SET reported = 1 WHERE seq = ?1 AND reported = 0")?
            .execute((pending.cast_signed(),))?;
        if reported == 0 {
            return Ok(false);
        }
        match self.queue_mail(mail, now)? {
            Queueing::Queued | Queueing::Known => Ok(true),
            Queueing::Full => Err(NotAwaited::MailFull),
        }
    }

    fn forget_expired(&self, now: Instant) -> Result<usize, LedgerError> {
        let mut statement = self.connection.prepare_cached("DELETE FROM pending WHERE expires <= ?1")?;
        Ok(statement.execute((columns::instant_column(now),))?)
    }
}

/// What is known of an entry that is uploaded again.
struct Known {
    seq: i64,
    expires: Instant,
    mailed: Instant,
    mails: i64,
    is_reported: bool,
}

fn pending(connection: &Connection, token: Sha256Digest, now: Instant) -> Result<Option<Pending>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, raw, scope, uploaded, expires FROM pending_token JOIN pending ON seq = pending_token.pending
         WHERE sha256 = ?1 AND reported = 0 AND expires > ?2",
    )?;
    let found = statement.query_row((token.as_bytes(), columns::instant_column(now)), |row| {
        Ok(Pending {
            seq: row.get::<_, i64>(0)?.cast_unsigned(),
            raw: row.get::<_, Vec<u8>>(1)?.into(),
            scope: columns::scope(row, 2)?,
            uploaded: columns::instant(row, 3)?,
            expires: columns::instant(row, 4)?,
        })
    });
    Ok(found.optional()?)
}
