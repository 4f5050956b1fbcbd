//! Who endorses, and counts over all.

use proto::email::Email;
use proto::timestamp::Timestamp;
use rusqlite::Connection;
use web::registry::{Counts, Endorser};

use super::columns;
use super::error::LedgerError;

const ENDORSERS: &str = "
    SELECT email, SUM(entries), SUM(IIF(standing > 0, current, 0)), MAX(standing),
        (SELECT created FROM entry INDEXED BY by_email WHERE entry.email = endorser.email
         ORDER BY created DESC, id DESC LIMIT 1)
    FROM endorser WHERE email > ?1 GROUP BY email ORDER BY email LIMIT ?2";

const SIGNER: &str = "
    SELECT subject, issuer FROM entry INDEXED BY by_email
    WHERE email = ?1 AND standing = ?2 ORDER BY created DESC, id DESC LIMIT 1";

/// At most `limit` endorsers whose address comes after `after`, by address.
pub(super) fn endorsers(
    connection: &Connection,
    after: Option<&Email>,
    limit: usize,
) -> Result<Vec<Endorser>, LedgerError> {
    let mut statement = connection.prepare_cached(ENDORSERS)?;
    let mut signer = connection.prepare_cached(SIGNER)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map((after.map_or("", Email::as_str), limit), |row| {
        let (email, standing) = (columns::email(row, 0)?, columns::standing(row, 3)?);
        let of_strongest = (email.as_str(), columns::standing_column(standing));
        let (subject, issuer) = signer.query_row(of_strongest, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (entries, current) = (row.get::<_, i64>(1)?.cast_unsigned(), row.get::<_, i64>(2)?.cast_unsigned());
        Ok(Endorser { email, subject, issuer, standing, entries, current, latest: columns::timestamp(row, 4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const COUNTS: &str = "
    SELECT COALESCE(SUM(entries), 0),
        COALESCE(SUM(IIF(standing > 0, current, 0)), 0),
        COALESCE(SUM(IIF(standing > 0, deprecated, 0)), 0),
        (SELECT COUNT(*) FROM entry INDEXED BY current_by_created
         WHERE superseded_by IS NULL AND standing > 0 AND NOT is_deprecated AND valid <= ?1),
        COALESCE(SUM(IIF(standing > 0, entries - current, 0)), 0),
        COALESCE(SUM(IIF(standing = 0, entries, 0)), 0),
        (SELECT count FROM tally WHERE name = 'images'),
        COUNT(DISTINCT email),
        (SELECT COUNT(*) FROM refusal)
    FROM endorser";

/// What the ledger holds at the moment `now`.
pub(super) fn counts(connection: &Connection, now: Timestamp) -> Result<Counts, LedgerError> {
    let mut statement = connection.prepare_cached(COUNTS)?;
    let counts = statement.query_row((now.unix_seconds(),), |row| {
        let number = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
        Ok(Counts {
            entries: number(0)?,
            valid: number(1)?.saturating_sub(number(2)? + number(3)?),
            deprecated: number(2)?,
            expired: number(3)?,
            superseded: number(4)?,
            contested: number(5)?,
            images: number(6)?,
            endorsers: number(7)?,
            refused: number(8)?,
        })
    })?;
    Ok(counts)
}
