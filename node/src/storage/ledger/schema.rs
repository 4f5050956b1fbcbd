//! The tables of the ledger, and how a connection to them is opened.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::LedgerError;
use super::{listing, mail, pending, reminders, tallies};
use crate::bounds::{LEDGER_CACHE_KIB, LEDGER_STATEMENTS_MAX, LEDGER_WAL_PAGES};

/// The version that this program writes, in SQLite's `user_version`.
const VERSION: u32 = 4;

/// Raw bytes stand apart from the entries, so that a list never reads past them.
///
/// What a certificate proves is kept with each document, for copies of an entry may carry different ones. A refusal
/// whose `judged` is below the number of the judgement in force is due to be tried again. An entry was current from its
/// `created` up to `superseded_at`, which is the `created` of the entry that supersedes it.
///
/// The `by_*` indexes serve the history, the groups of supersession and the endorsers; those of current entries are made
/// by [`listing`].
const TABLES: &str = "
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    image BLOB NOT NULL,
    email TEXT NOT NULL,
    created INTEGER NOT NULL,
    key BLOB NOT NULL,
    certificate_email INTEGER NOT NULL,
    certification INTEGER NOT NULL,
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    checksums TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    document BLOB NOT NULL,
    standing INTEGER NOT NULL,
    superseded_by BLOB,
    superseded_at INTEGER,
    deprecated TEXT,
    valid INTEGER,
    title TEXT,
    description TEXT,
    kind TEXT,
    os TEXT,
    os_version TEXT,
    os_arch TEXT,
    version TEXT,
    bytes INTEGER,
    locations TEXT NOT NULL,
    tags TEXT NOT NULL,
    is_deprecated INTEGER NOT NULL GENERATED ALWAYS AS (deprecated IS NOT NULL) STORED
) STRICT;
CREATE INDEX by_created ON entry (created, id, standing, is_deprecated, valid, superseded_at);
CREATE INDEX by_image ON entry (image, created, id, standing, is_deprecated, valid);
CREATE INDEX by_email ON entry (email, created, id, standing, is_deprecated, valid, superseded_at);
CREATE INDEX by_group ON entry (image, email, created, id, standing, is_deprecated, valid);

CREATE TABLE document (
    seq INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    raw BLOB NOT NULL,
    legacy TEXT,
    certificate_email INTEGER NOT NULL,
    certification INTEGER NOT NULL
) STRICT;

CREATE TABLE certificate (
    sha256 BLOB PRIMARY KEY,
    der BLOB NOT NULL
) STRICT;

CREATE TABLE document_certificate (
    document BLOB NOT NULL REFERENCES document (sha256),
    place INTEGER NOT NULL,
    certificate BLOB NOT NULL REFERENCES certificate (sha256),
    PRIMARY KEY (document, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_certificate_by_certificate ON document_certificate (certificate);

CREATE TABLE admission (
    entry INTEGER NOT NULL REFERENCES entry (seq),
    origin BLOB NOT NULL,
    id BLOB NOT NULL UNIQUE,
    admitted INTEGER NOT NULL,
    confirmation INTEGER NOT NULL,
    document BLOB NOT NULL REFERENCES document (sha256),
    bytes BLOB NOT NULL,
    PRIMARY KEY (entry, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX admission_by_document ON admission (document);

CREATE TABLE refusal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    item BLOB NOT NULL UNIQUE,
    document BLOB NOT NULL,
    rule TEXT NOT NULL,
    reason TEXT NOT NULL,
    refused INTEGER NOT NULL,
    raw BLOB NOT NULL,
    admission BLOB NOT NULL,
    entry BLOB NOT NULL,
    email TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    origin_rule INTEGER NOT NULL,
    judged INTEGER NOT NULL
) STRICT;
CREATE INDEX refusal_by_rule ON refusal (rule);
CREATE INDEX refusal_by_email ON refusal (email, rule);
CREATE INDEX refusal_by_judged ON refusal (judged, seq);
CREATE INDEX refusal_of_strangers ON refusal (seq) WHERE origin_rule = 0;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
";

/// A change names the entry by its identity, since the graph follows it also when the entry is withdrawn.
const CHANGES: &str = "
CREATE TABLE placement_change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    entry BLOB NOT NULL,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
";

/// What makes the third version of the ledger the fourth, in which changes say what happened and when, and an entry is
/// superseded by the next, no longer by the newest, and has the moment of it; [`tallies`] are new in it, too. Of the
/// changes before it is told what can be told: the first one of an entry admitted it, and it was seen then.
const FROM_VERSION_3: (&str, &str) = (
    "ALTER TABLE placement_change RENAME TO former_change;",
    "
INSERT INTO placement_change (seq, entry, kind, at)
    SELECT former_change.seq, former_change.entry,
           CASE WHEN held.id IS NULL THEN 3
                WHEN former_change.seq = first.seq THEN 0
                WHEN held.superseded_by IS NOT NULL THEN 1
                ELSE 2 END,
           COALESCE(held.first_seen, gone.refused, 0)
    FROM former_change
    JOIN (SELECT entry, MIN(seq) AS seq FROM former_change GROUP BY entry) AS first USING (entry)
    LEFT JOIN entry AS held ON held.id = former_change.entry
    LEFT JOIN (SELECT entry, MAX(refused) AS refused FROM refusal GROUP BY entry) AS gone USING (entry)
    ORDER BY former_change.seq;
DROP TABLE former_change;
UPDATE entry SET superseded_by = (
    SELECT newer.id FROM entry AS newer INDEXED BY by_group
    WHERE newer.image = entry.image AND newer.email = entry.email
        AND (newer.created, newer.id) > (entry.created, entry.id)
        AND newer.standing >= entry.standing AND (newer.standing > 0 OR newer.key = entry.key)
    ORDER BY newer.created, newer.id LIMIT 1)
WHERE superseded_by IS NOT NULL;
DROP INDEX by_created;
DROP INDEX by_email;
ALTER TABLE entry DROP COLUMN is_superseded;
ALTER TABLE entry ADD COLUMN superseded_at INTEGER;
UPDATE entry SET superseded_at = (SELECT newer.created FROM entry AS newer WHERE newer.id = entry.superseded_by)
WHERE superseded_by IS NOT NULL;
CREATE INDEX by_created ON entry (created, id, standing, is_deprecated, valid, superseded_at);
CREATE INDEX by_email ON entry (email, created, id, standing, is_deprecated, valid, superseded_at);
",
);

/// Opens the one connection that writes, and makes the tables where there are none.
pub(super) fn open_writer(path: &Path) -> Result<Connection, LedgerError> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // A negative size is one in KiB (sqlite.org/pragma.html#pragma_cache_size).
    connection.pragma_update(None, "cache_size", -LEDGER_CACHE_KIB)?;
    // What a savepoint would restore stays in memory.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "wal_autocheckpoint", LEDGER_WAL_PAGES)?;
    keep_plans(&connection)?;
    migrate(&connection)?;
    // These stand apart from what entries are, and a ledger without them gets them.
    for tables in [mail::TABLES, pending::TABLES, reminders::TABLES] {
        connection.execute_batch(tables)?;
    }
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// Keeps statements, and with them how they are run: SQLite would plan one anew for each value it is bound to, which
/// takes a quarter of the writer's time (sqlite.org/queryplanner-ng.html#qpsg).
fn keep_plans(connection: &Connection) -> Result<(), LedgerError> {
    connection.set_prepared_statement_cache_capacity(LEDGER_STATEMENTS_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn migrate(connection: &Connection) -> Result<(), LedgerError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => {
            let make =
                format!("{TABLES} {CHANGES} {} {} {}", listing::of_version_3(), tallies::make(), tallies::fill());
            as_version_4(connection, &make, |_| Ok(()))
        }
        2 => {
            let statements = format!("{} {}", listing::from_version_2(), from_version_3());
            as_version_4(connection, &statements, listing::fill_relations)
        }
        3 => as_version_4(connection, &from_version_3(), |_| Ok(())),
        VERSION => Ok(()),
        older if older < VERSION => Err(LedgerError::OlderSchema { found: older, known: VERSION }),
        newer => Err(LedgerError::NewerSchema { found: newer, known: VERSION }),
    }
}

fn from_version_3() -> String {
    let (rename, fill) = FROM_VERSION_3;
    format!("{rename} {CHANGES} {fill} {} {}", tallies::make(), tallies::fill())
}

/// Does all of it or nothing, and notes the version that it brings.
fn as_version_4(
    connection: &Connection,
    statements: &str,
    fill: impl Fn(&Connection) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch(statements)?;
    fill(&transaction)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}
