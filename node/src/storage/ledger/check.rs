//! Whether the ledger is whole: its pages, its references, and its placements.

use proto::entry::EntryId;
use proto::standing::Claim;
use proto::trust::Trust;
use proto::view;
use rusqlite::Connection;

use super::claims;
use super::columns;
use super::error::LedgerError;
use super::placements::for_each_email;
use super::tallies;

/// What a check found; it is clean where both are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Faults of the file, in SQLite's words.
    pub faults: Vec<String>,
    /// Entries that stand elsewhere than the fold over all claims puts them.
    pub misplaced: Vec<EntryId>,
}

impl CheckReport {
    /// Whether nothing was found.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.misplaced.is_empty()
    }
}

pub(super) fn check(connection: &Connection, trust: &Trust) -> Result<CheckReport, LedgerError> {
    let mut report = CheckReport { faults: file_faults(connection)?, misplaced: Vec::new() };
    report.faults.extend(tallies::wrong(connection)?);
    report.misplaced.extend(with_wrong_end(connection)?);
    for_each_email(connection, |email| {
        let held = claims::of_email(connection, email)?;
        let claims: Vec<Claim> = held.iter().map(|held| held.claim.clone()).collect();
        let view = view::fold(&claims, trust);
        let misplaced = held.iter().filter(|held| view.get(&held.claim.entry) != Some(&held.placement));
        report.misplaced.extend(misplaced.map(|held| held.claim.entry));
        Ok(())
    })?;
    Ok(report)
}

/// Entries of which it is stored that they were current up to another moment than the one of the entry after them.
fn with_wrong_end(connection: &Connection) -> Result<Vec<EntryId>, LedgerError> {
    let mut statement = connection.prepare(
        "SELECT entry.id FROM entry LEFT JOIN entry AS newer ON newer.id = entry.superseded_by
         WHERE entry.superseded_at IS NOT newer.created",
    )?;
    let rows = statement.query_map((), |row| columns::entry_id(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn file_faults(connection: &Connection) -> Result<Vec<String>, LedgerError> {
    let mut faults: Vec<String> = Vec::new();
    connection.pragma_query(None, "integrity_check", |row| {
        faults.push(row.get(0)?);
        Ok(())
    })?;
    faults.retain(|fault| fault != "ok");
    connection.pragma_query(None, "foreign_key_check", |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        faults.push(format!("a row of {table} refers to a row of {parent} that is missing"));
        Ok(())
    })?;
    Ok(faults)
}
