//! Who was reminded of what it endorses, and which ends of validity were announced.

use proto::email::Email;
use proto::node_id::NodeId;
use proto::timestamp::{Instant, Timestamp};
use rusqlite::Connection;
use web::registry::Coordinates;

use super::Ledger;
use super::columns;
use super::error::LedgerError;
use super::mail::{Mail, Queueing};
use super::writer::Session;
use crate::bounds;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS reminder (
    email TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS expiry_notice (
    entry INTEGER PRIMARY KEY REFERENCES entry (seq)
) STRICT;
";

/// Entries that their endorsers are reminded of: valid ones that the node `?1` itself admitted, at the moment `?2`.
///
/// What peers admitted is theirs to speak of, so that a federation does not write as often as it has nodes.
const OWN_VALID: &str = "
    FROM entry JOIN admission ON admission.entry = entry.seq AND admission.origin = ?1
    WHERE superseded_by IS NULL AND standing > 0 AND deprecated IS NULL AND (valid IS NULL OR valid > ?2)";

/// Endorsers whose turn it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reminding {
    /// Those who have entries and were not counted yet: their time begins now.
    pub new: Vec<Email>,
    /// Those whose time has come, and when it began.
    pub due: Vec<(Email, Instant)>,
}

/// What an endorser is reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorsements {
    /// The newest of them.
    pub entries: Vec<Coordinates>,
    /// How many there are in all.
    pub total: u64,
}

/// An entry whose validity ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// Its place in the ledger.
    pub seq: u64,
    /// Its address.
    pub at: Coordinates,
    /// When it ends.
    pub valid: Timestamp,
}

impl Ledger {
    /// Whom to remind of the entries that `origin` admitted; at most a batch, those without entries are forgotten.
    pub async fn reminding(&self, origin: NodeId, now: Instant) -> Result<Reminding, LedgerError> {
        self.read(move |snapshot| reminding(snapshot, origin, now)).await
    }

    /// What `email` endorses and `origin` admitted.
    pub async fn endorsements(&self, origin: NodeId, email: Email, now: Instant) -> Result<Endorsements, LedgerError> {
        self.read(move |snapshot| endorsements(snapshot, origin, &email, now)).await
    }

    /// Counts the time of these endorsers from `now`, and forgets those who have no entries any more.
    pub async fn begin_reminding(&self, new: Vec<Email>, origin: NodeId, now: Instant) -> Result<(), LedgerError> {
        self.writer.write(move |session| session.begin_reminding(&new, origin, now)).await
    }

    /// Queues a reminder and counts anew from `now`, both or neither; whether the queue had room.
    pub async fn remind(&self, mail: Mail, now: Instant) -> Result<bool, LedgerError> {
        self.writer.write(move |session| session.remind(&mail, now)).await
    }

    /// A batch of the entries that `origin` admitted whose validity ends soon and was not announced.
    pub async fn expiring(&self, origin: NodeId, now: Instant) -> Result<Vec<Expiring>, LedgerError> {
        self.read(move |snapshot| expiring(snapshot, origin, now)).await
    }

    /// Queues the notice of an end of validity and remembers it, both or neither; whether the queue had room.
    pub async fn announce_expiry(&self, entry: u64, mail: Mail, now: Instant) -> Result<bool, LedgerError> {
        self.writer.write(move |session| session.announce_expiry(entry, &mail, now)).await
    }
}

impl Session {
    fn begin_reminding(&self, new: &[Email], origin: NodeId, now: Instant) -> Result<(), LedgerError> {
        let forget = format!("DELETE FROM reminder WHERE NOT EXISTS (SELECT 1 {OWN_VALID} AND email = reminder.email)");
        let seconds = now.timestamp().unix_seconds();
        self.connection.prepare_cached(&forget)?.execute((origin.public_key(), seconds))?;
        let mut insert =
            self.connection.prepare_cached("INSERT OR IGNORE INTO reminder (email, last) VALUES (?1, ?2)")?;
        for email in new {
            insert.execute((email.as_str(), columns::instant_column(now)))?;
        }
        Ok(())
    }

    fn remind(&self, mail: &Mail, now: Instant) -> Result<bool, LedgerError> {
        if self.queue_mail(mail, now)? == Queueing::Full {
            return Ok(false);
        }
        self.connection
            .prepare_cached("UPDATE reminder SET last = ?2 WHERE email = ?1")?
            .execute((mail.to.as_str(), columns::instant_column(now)))?;
        Ok(true)
    }

    fn announce_expiry(&self, entry: u64, mail: &Mail, now: Instant) -> Result<bool, LedgerError> {
        if self.queue_mail(mail, now)? == Queueing::Full {
            return Ok(false);
        }
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO expiry_notice (entry) VALUES (?1)")?
            .execute((entry.cast_signed(),))?;
        Ok(true)
    }
}

fn reminding(connection: &Connection, origin: NodeId, now: Instant) -> Result<Reminding, LedgerError> {
    let seconds = now.timestamp().unix_seconds();
    let statement = format!(
        "SELECT DISTINCT email {OWN_VALID} AND email NOT IN (SELECT email FROM reminder) ORDER BY email LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&statement)?;
    let new = statement.query_map((origin.public_key(), seconds, batch()), |row| columns::email(row, 0))?;
    let new = new.collect::<Result<_, _>>()?;
    let begun_before = Instant::from_unix_ms(now.unix_ms().saturating_sub(bounds::REMINDER_MS));
    let mut statement =
        connection.prepare_cached("SELECT email, last FROM reminder WHERE last <= ?1 ORDER BY last, email LIMIT ?2")?;
    let due = statement.query_map((columns::instant_column(begun_before), batch()), |row| {
        Ok((columns::email(row, 0)?, columns::instant(row, 1)?))
    })?;
    Ok(Reminding { new, due: due.collect::<Result<_, _>>()? })
}

fn endorsements(
    connection: &Connection,
    origin: NodeId,
    email: &Email,
    now: Instant,
) -> Result<Endorsements, LedgerError> {
    let filter = (origin.public_key(), now.timestamp().unix_seconds(), email.as_str());
    let count = format!("SELECT COUNT(*) {OWN_VALID} AND email = ?3");
    let total = connection.prepare_cached(&count)?.query_row(filter, |row| row.get::<_, i64>(0))?.cast_unsigned();
    let newest =
        format!("SELECT image, created {OWN_VALID} AND email = ?3 ORDER BY created DESC, entry.id DESC LIMIT ?4");
    let limit = columns::count_column(bounds::REMINDER_ENTRIES_MAX);
    let mut statement = connection.prepare_cached(&newest)?;
    let rows = statement.query_map((filter.0, filter.1, filter.2, limit), |row| {
        Ok(Coordinates { image: columns::image(row, 0)?, email: email.clone(), created: columns::timestamp(row, 1)? })
    })?;
    Ok(Endorsements { entries: rows.collect::<Result<_, _>>()?, total })
}

fn expiring(connection: &Connection, origin: NodeId, now: Instant) -> Result<Vec<Expiring>, LedgerError> {
    let statement = format!(
        "SELECT entry.seq, image, email, created, valid {OWN_VALID}
             AND valid <= ?3 AND NOT EXISTS (SELECT 1 FROM expiry_notice WHERE expiry_notice.entry = entry.seq)
         ORDER BY valid, entry.seq LIMIT ?4"
    );
    let until = now.plus_ms(bounds::EXPIRY_NOTICE_MS).timestamp().unix_seconds();
    let mut statement = connection.prepare_cached(&statement)?;
    let filter = (origin.public_key(), now.timestamp().unix_seconds(), until, batch());
    let rows = statement.query_map(filter, |row| {
        let at = Coordinates {
            image: columns::image(row, 1)?,
            email: columns::email(row, 2)?,
            created: columns::timestamp(row, 3)?,
        };
        Ok(Expiring { seq: row.get::<_, i64>(0)?.cast_unsigned(), at, valid: columns::timestamp(row, 4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn batch() -> i64 {
    columns::count_column(bounds::REMINDER_BATCH_MAX)
}
