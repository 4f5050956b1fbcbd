//! The mail queue: what is to be sent, and what became of what was.

use proto::email::Email;
use proto::timestamp::Instant;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Ledger;
use super::columns;
use super::error::LedgerError;
use super::writer::Session;
use crate::bounds;

/// The body goes when the mail has ended: it may hold the secret of a link.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS mail (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    dedup TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    queued INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    tried INTEGER,
    last_error TEXT,
    state INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS mail_by_next_attempt ON mail (state, next_attempt, seq);
CREATE INDEX IF NOT EXISTS mail_by_recipient ON mail (recipient, kind, queued);
";

/// A mail before it is queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// What it is about; of two mails with the same one only the first is ever queued.
    pub dedup: String,
    /// Why it is sent.
    pub kind: MailKind,
    /// To whom.
    pub to: Email,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
}

/// Why a mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// An entry awaits its confirmation.
    Confirmation,
    /// The owner of an address reports an abuse of it.
    Abuse,
    /// An endorser is reminded of its entries.
    Reminder,
    /// An entry's validity ends.
    Expiry,
}

/// A mail that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// Its place in the queue.
    pub seq: u64,
    /// The mail.
    pub mail: Mail,
    /// When it was queued.
    pub queued: Instant,
    /// How often it was tried in vain.
    pub attempts: u32,
}

/// What became of a mail when it was put into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queueing {
    /// It waits to be sent.
    Queued,
    /// It was queued before.
    Known,
    /// The queue is full.
    Full,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The relay took the mail.
    Sent,
    /// It is tried again.
    Deferred {
        /// When.
        next: Instant,
        /// What the relay said.
        error: String,
    },
    /// It is not tried again.
    Failed {
        /// What the relay said.
        error: String,
    },
}

/// The state of the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailCounts {
    /// Mails that wait to be sent.
    pub queued: u64,
    /// Mails that were sent lately.
    pub sent: u64,
    /// Mails that were given up lately.
    pub failed: u64,
    /// What went wrong last with one that is not sent.
    pub last_error: Option<String>,
    /// Entries that await their confirmation.
    pub pending: u64,
}

const QUEUED: i64 = 0;
const SENT: i64 = 1;
const FAILED: i64 = 2;

const KINDS: [MailKind; 4] = [MailKind::Confirmation, MailKind::Abuse, MailKind::Reminder, MailKind::Expiry];

impl MailKind {
    /// The word for it in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Abuse => "abuse",
            Self::Reminder => "reminder",
            Self::Expiry => "expiry",
        }
    }

    pub(super) const fn column(self) -> i64 {
        match self {
            Self::Confirmation => 0,
            Self::Abuse => 1,
            Self::Reminder => 2,
            Self::Expiry => 3,
        }
    }
}

impl Ledger {
    /// Puts a mail into the queue.
    pub async fn queue_mail(&self, mail: Mail, now: Instant) -> Result<Queueing, LedgerError> {
        self.writer.write(move |session| session.queue_mail(&mail, now)).await
    }

    /// At most `limit` mails whose time has come at `now`, in the order of their turns.
    pub async fn due_mail(&self, now: Instant, limit: usize) -> Result<Vec<QueuedMail>, LedgerError> {
        self.read(move |snapshot| due(snapshot, now, limit)).await
    }

    /// When the next mail has its turn.
    pub async fn next_mail(&self) -> Result<Option<Instant>, LedgerError> {
        self.read(|snapshot| next(snapshot)).await
    }

    /// Keeps what became of an attempt; once a mail has ended it stays so, and its text is forgotten.
    pub async fn note_attempt(&self, seq: u64, now: Instant, attempt: Attempt) -> Result<(), LedgerError> {
        self.writer.write(move |session| session.note_attempt(seq, now, &attempt)).await
    }

    /// The state of the queue.
    pub async fn mail_counts(&self) -> Result<MailCounts, LedgerError> {
        self.read(|snapshot| counts(snapshot)).await
    }

    /// Forgets mails that ended long before `now`.
    pub async fn forget_mail(&self, now: Instant) -> Result<usize, LedgerError> {
        self.writer.write(move |session| session.forget_mail(now)).await
    }
}

impl Session {
    pub(super) fn queue_mail(&self, mail: &Mail, now: Instant) -> Result<Queueing, LedgerError> {
        let mut known = self.connection.prepare_cached("SELECT 1 FROM mail WHERE dedup = ?1")?;
        if known.exists((&mail.dedup,))? {
            return Ok(Queueing::Known);
        }
        let mut waiting = self.connection.prepare_cached("SELECT COUNT(*) FROM mail WHERE state = ?1")?;
        if waiting.query_row((QUEUED,), |row| row.get::<_, i64>(0))? >= columns::count_column(bounds::MAIL_QUEUE_MAX) {
            return Ok(Queueing::Full);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO mail (dedup, kind, recipient, subject, body, queued, attempts, next_attempt, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?6, ?7)",
            )?
            .execute(params![
                mail.dedup,
                mail.kind.column(),
                mail.to.as_str(),
                mail.subject,
                mail.body,
                columns::instant_column(now),
                QUEUED,
            ])?;
        Ok(Queueing::Queued)
    }

    fn note_attempt(&self, seq: u64, now: Instant, attempt: &Attempt) -> Result<(), LedgerError> {
        let now = columns::instant_column(now);
        let (state, next, error) = match attempt {
            Attempt::Sent => (SENT, now, None),
            Attempt::Deferred { next, error } => (QUEUED, columns::instant_column(*next), Some(error)),
            Attempt::Failed { error } => (FAILED, now, Some(error)),
        };
        self.connection
            .prepare_cached(
                "UPDATE mail SET state = ?2, attempts = attempts + 1, next_attempt = ?3, last_error = ?4, tried = ?5,
                                 body = CASE ?2 WHEN 0 THEN body ELSE '' END
                 WHERE seq = ?1 AND state = 0",
            )?
            .execute(params![seq.cast_signed(), state, next, error, now])?;
        Ok(())
    }

    fn forget_mail(&self, now: Instant) -> Result<usize, LedgerError> {
        let before = Instant::from_unix_ms(now.unix_ms().saturating_sub(bounds::MAIL_KEPT_MS));
        let old = self
            .connection
            .prepare_cached("DELETE FROM mail WHERE state <> 0 AND tried < ?1")?
            .execute((columns::instant_column(before),))?;
        let beyond = self
            .connection
            .prepare_cached(
                "DELETE FROM mail WHERE seq IN
                 (SELECT seq FROM mail WHERE state <> 0 ORDER BY seq DESC LIMIT -1 OFFSET ?1)",
            )?
            .execute((columns::count_column(bounds::MAIL_KEPT_MAX),))?;
        Ok(old + beyond)
    }
}

fn due(connection: &Connection, now: Instant, limit: usize) -> Result<Vec<QueuedMail>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, dedup, kind, recipient, subject, body, queued, attempts FROM mail
         WHERE state = 0 AND next_attempt <= ?1 ORDER BY next_attempt, seq LIMIT ?2",
    )?;
    let rows = statement.query_map((columns::instant_column(now), columns::count_column(limit)), queued)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn next(connection: &Connection) -> Result<Option<Instant>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT next_attempt FROM mail WHERE state = 0 ORDER BY next_attempt LIMIT 1")?;
    Ok(statement.query_row((), |row| columns::instant(row, 0)).optional()?)
}

fn counts(connection: &Connection) -> Result<MailCounts, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT COUNT(*) FROM mail WHERE state = ?1")?;
    let mut count = |state: i64| statement.query_row((state,), |row| row.get::<_, i64>(0).map(i64::cast_unsigned));
    let (queued, sent, failed) = (count(QUEUED)?, count(SENT)?, count(FAILED)?);
    let mut statement = connection.prepare_cached(
        "SELECT last_error FROM mail WHERE last_error IS NOT NULL AND state <> 1 ORDER BY tried DESC, seq DESC LIMIT 1",
    )?;
    let last_error = statement.query_row((), |row| row.get(0)).optional()?;
    let mut statement = connection.prepare_cached("SELECT COUNT(*) FROM pending WHERE reported = 0")?;
    let pending = statement.query_row((), |row| row.get::<_, i64>(0))?.cast_unsigned();
    Ok(MailCounts { queued, sent, failed, last_error, pending })
}

fn queued(row: &Row<'_>) -> rusqlite::Result<QueuedMail> {
    Ok(QueuedMail {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        mail: Mail {
            dedup: row.get(1)?,
            kind: columns::of_number(row, 2, "kind of mail", &KINDS)?,
            to: columns::email(row, 3)?,
            subject: row.get(4)?,
            body: row.get(5)?,
        },
        queued: columns::instant(row, 6)?,
        attempts: row.get(7)?,
    })
}
