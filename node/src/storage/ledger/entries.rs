//! Single entries with their evidence, and all entries in the order of arrival.

use bytes::Bytes;
use proto::entry::EntryId;
use rusqlite::{Connection, OptionalExtension as _};
use web::registry::Coordinates;

use super::candidate::{Change, Held, Stored};
use super::claims;
use super::columns;
use super::error::LedgerError;

/// The entry with this identity.
pub(super) fn entry(connection: &Connection, entry: EntryId) -> Result<Option<Held>, LedgerError> {
    let statement = format!(
        "SELECT {}, entry.seq, first_seen, raw
         FROM entry JOIN document ON document.sha256 = entry.document WHERE id = ?1",
        columns::SUMMARY
    );
    let mut statement = connection.prepare_cached(&statement)?;
    let held = statement.query_row((entry.as_bytes(),), |row| {
        let seq = row.get::<_, i64>(19)?.cast_unsigned();
        let raw = row.get::<_, Vec<u8>>(21)?.into();
        let (summary, first_seen) = (columns::summary(row)?, columns::instant(row, 20)?);
        Ok(Held { seq, summary, first_seen, raw, admissions: Vec::new() })
    });
    let Some(mut held) = held.optional()? else { return Ok(None) };
    held.admissions = admissions(connection, held.seq)?;
    Ok(Some(held))
}

/// The entry at these coordinates: of several the one of higher standing, then the greater identity.
pub(super) fn entry_at(connection: &Connection, at: &Coordinates) -> Result<Option<Held>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM entry INDEXED BY by_group WHERE image = ?1 AND email = ?2 AND created = ?3
         ORDER BY standing DESC, id DESC LIMIT 1",
    )?;
    let coordinates = (at.image.sha1(), at.email.as_str(), at.created.unix_seconds());
    let found = statement.query_row(coordinates, |row| columns::entry_id(row, 0)).optional()?;
    found.map_or(Ok(None), |found| entry(connection, found))
}

/// The raw documents of these entries, in this order; those that are not held are left out.
pub(super) fn documents(connection: &Connection, entries: &[EntryId]) -> Result<Vec<Bytes>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT raw FROM entry JOIN document ON document.sha256 = entry.document WHERE id = ?1")?;
    let mut documents = Vec::with_capacity(entries.len());
    for entry in entries {
        let raw: Option<Vec<u8>> = statement.query_row((entry.as_bytes(),), |row| row.get(0)).optional()?;
        documents.extend(raw.map(Bytes::from));
    }
    Ok(documents)
}

/// At most `limit` entries after the place `after` of the order of arrival.
pub(super) fn stored_after(connection: &Connection, after: u64, limit: usize) -> Result<Vec<Stored>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT id FROM entry WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ids: Vec<EntryId> = statement
        .query_map((after.cast_signed(), limit), |row| columns::entry_id(row, 0))?
        .collect::<Result<_, _>>()?;
    let mut entries = Vec::with_capacity(ids.len());
    for id in ids {
        entries.extend(stored(connection, id)?);
    }
    Ok(entries)
}

/// These entries in this order, none for those that are not held, as many as fit `bytes_max` but at least one.
pub(super) fn stored_of(
    connection: &Connection,
    entries: &[EntryId],
    bytes_max: usize,
) -> Result<Vec<Option<Stored>>, LedgerError> {
    let (mut read, mut bytes) = (Vec::with_capacity(entries.len()), 0);
    for entry in entries {
        let stored = stored(connection, *entry)?;
        bytes += stored.as_ref().map_or(0, |stored| stored.raw.len());
        if bytes > bytes_max && !read.is_empty() {
            break;
        }
        read.push(stored);
    }
    Ok(read)
}

/// An entry as the graph and the checks read it.
pub(super) fn stored(connection: &Connection, entry: EntryId) -> Result<Option<Stored>, LedgerError> {
    let Some(held) = claims::of_entry(connection, entry)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT sha256, raw, scope FROM entry JOIN document ON document.sha256 = entry.document WHERE entry.seq = ?1",
    )?;
    let (document, raw, scope) = statement.query_row((held.seq,), |row| {
        Ok((columns::digest(row, 0)?, row.get::<_, Vec<u8>>(1)?, columns::scope(row, 2)?))
    })?;
    let (seq, claim, placement) = (held.seq.cast_unsigned(), held.claim, held.placement);
    Ok(Some(Stored { seq, claim, placement, scope, document, raw: raw.into() }))
}

/// At most `limit` changes after the change `after`.
pub(super) fn changes_after(connection: &Connection, after: u64, limit: usize) -> Result<Vec<Change>, LedgerError> {
    let statement = "SELECT seq, entry, kind, at FROM placement_change WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    changes(connection, statement, after, limit)
}

/// At most `limit` changes before the change `before`, newest first.
pub(super) fn changes_before(connection: &Connection, before: u64, limit: usize) -> Result<Vec<Change>, LedgerError> {
    let statement = "SELECT seq, entry, kind, at FROM placement_change WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
    changes(connection, statement, before, limit)
}

fn changes(connection: &Connection, statement: &str, from: u64, limit: usize) -> Result<Vec<Change>, LedgerError> {
    let mut statement = connection.prepare_cached(statement)?;
    let (from, limit) = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = statement.query_map((from, limit), |row| {
        let seq = row.get::<_, i64>(0)?.cast_unsigned();
        let (kind, at) = (columns::change_kind(row, 2)?, columns::instant(row, 3)?);
        Ok(Change { seq, entry: columns::entry_id(row, 1)?, kind, at })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The last change; 0 where there is none.
pub(super) fn last_change(connection: &Connection) -> Result<u64, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT COALESCE(MAX(seq), 0) FROM placement_change")?;
    Ok(statement.query_row((), |row| row.get::<_, i64>(0))?.cast_unsigned())
}

/// Moments are of any size and not ordered by the database, so the order is made here.
fn admissions(connection: &Connection, seq: u64) -> Result<Vec<Bytes>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT admitted, id, bytes FROM admission WHERE entry = ?1")?;
    let rows = statement.query_map((seq.cast_signed(),), |row| {
        Ok((columns::instant(row, 0)?, columns::admission_id(row, 1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    let mut admissions = rows.collect::<Result<Vec<_>, _>>()?;
    admissions.sort();
    Ok(admissions.into_iter().map(|(_, _, bytes)| bytes.into()).collect())
}
