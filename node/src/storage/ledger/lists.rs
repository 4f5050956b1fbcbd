//! Lists of entries and of endorsers, and counts over all.

use proto::email::Email;
use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use web::registry::{Counts, Cursor, Endorser, ListFilter, Page, Status, Summary};

use super::columns;
use super::error::LedgerError;
use crate::bounds::LIST_PAGE_MAX;

/// A condition with its parameters, and the index that answers it in the order of lists.
struct Selection {
    index: &'static str,
    conditions: Vec<&'static str>,
    parameters: Vec<Value>,
}

/// A page of what `filter` selects at the moment `now`, newest first.
pub(super) fn list(connection: &Connection, filter: &ListFilter, now: Timestamp) -> Result<Page, LedgerError> {
    let mut selection = Selection::of(filter, now);
    let total = selection.count(connection)?;
    if let Some(after) = filter.after {
        selection
            .require("(created, id) < (?, ?)", [after.created.unix_seconds().into(), blob(after.entry.as_bytes())]);
    }
    let limit = filter.limit.clamp(1, LIST_PAGE_MAX);
    // One more than asked for tells whether there is a next page.
    let mut items = selection.newest(connection, limit + 1)?;
    let has_next = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_next).map(|last| Cursor { created: last.at.created, entry: last.entry });
    Ok(Page { total, items, next })
}

/// At most `limit` entries of an image, newest first, contested and superseded ones among them.
pub(super) fn timeline(
    connection: &Connection,
    image: ImageIdentifier,
    limit: usize,
) -> Result<Vec<Summary>, LedgerError> {
    let selection =
        Selection { index: "by_image", conditions: vec!["image = ?"], parameters: vec![blob(image.sha1())] };
    selection.newest(connection, limit)
}

impl Selection {
    fn of(filter: &ListFilter, now: Timestamp) -> Self {
        let index = match (filter.created.is_some(), filter.image.is_some(), filter.email.is_some()) {
            (true, true, true) => "by_group",
            (true, true, false) => "by_image",
            (true, false, true) => "by_email",
            (true, false, false) => "by_created",
            (false, true, _) => "current_by_image",
            (false, false, true) => "current_by_email",
            (false, false, false) => "current_by_created",
        };
        let mut selection = Self { index, conditions: Vec::new(), parameters: Vec::new() };
        selection.require_coordinates(filter);
        selection.require_status(filter.status, now);
        match filter.standing {
            Some(standing) => selection.require("standing = ?", [columns::standing_column(standing).into()]),
            None => selection.require("standing > 0", []),
        }
        selection
    }

    fn require_coordinates(&mut self, filter: &ListFilter) {
        if let Some(image) = &filter.image {
            self.require("image = ?", [blob(image.sha1())]);
        }
        if let Some(email) = &filter.email {
            self.require("email = ?", [email.as_str().to_owned().into()]);
        }
        match filter.created {
            Some(created) => self.require("created = ?", [created.unix_seconds().into()]),
            None => self.require("superseded_by IS NULL", []),
        }
    }

    fn require_status(&mut self, status: Status, now: Timestamp) {
        let now = || now.unix_seconds().into();
        match status {
            Status::Valid => self.require("is_deprecated = 0 AND (valid IS NULL OR valid > ?)", [now()]),
            Status::Expired => self.require("is_deprecated = 0 AND valid <= ?", [now()]),
            Status::Deprecated => self.require("is_deprecated = 1", []),
            Status::All => {}
        }
    }

    fn require<const N: usize>(&mut self, condition: &'static str, parameters: [Value; N]) {
        self.conditions.push(condition);
        self.parameters.extend(parameters);
    }

    fn source(&self) -> String {
        format!("FROM entry INDEXED BY {} WHERE {}", self.index, self.conditions.join(" AND "))
    }

    fn count(&self, connection: &Connection) -> Result<u64, LedgerError> {
        let mut statement = connection.prepare_cached(&format!("SELECT COUNT(*) {}", self.source()))?;
        let count: i64 = statement.query_row(params_from_iter(&self.parameters), |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }

    fn newest_statement(&self) -> String {
        format!("SELECT {} {} ORDER BY created DESC, id DESC LIMIT ?", columns::SUMMARY, self.source())
    }

    fn newest(mut self, connection: &Connection, limit: usize) -> Result<Vec<Summary>, LedgerError> {
        let mut statement = connection.prepare_cached(&self.newest_statement())?;
        self.parameters.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        let rows = statement.query_map(params_from_iter(&self.parameters), columns::summary)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn blob(bytes: &[u8]) -> Value {
    Value::Blob(bytes.to_vec())
}

const ENDORSERS: &str = "
    SELECT email, COUNT(*), SUM(is_superseded = 0 AND standing > 0), MAX(standing), MAX(created)
    FROM entry INDEXED BY by_email WHERE email > ?1 GROUP BY email ORDER BY email LIMIT ?2";

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
    SELECT COUNT(*),
        COALESCE(SUM(standing > 0 AND NOT is_superseded AND NOT is_deprecated AND (valid IS NULL OR valid > ?1)), 0),
        COALESCE(SUM(standing > 0 AND NOT is_superseded AND is_deprecated), 0),
        COALESCE(SUM(standing > 0 AND NOT is_superseded AND NOT is_deprecated AND valid <= ?1), 0),
        COALESCE(SUM(standing > 0 AND is_superseded), 0),
        COALESCE(SUM(standing = 0), 0),
        (SELECT COUNT(DISTINCT image) FROM entry),
        (SELECT COUNT(DISTINCT email) FROM entry),
        (SELECT COUNT(*) FROM refusal)
    FROM entry INDEXED BY by_created";

/// What the ledger holds at the moment `now`.
pub(super) fn counts(connection: &Connection, now: Timestamp) -> Result<Counts, LedgerError> {
    let mut statement = connection.prepare_cached(COUNTS)?;
    let counts = statement.query_row((now.unix_seconds(),), |row| {
        let number = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
        Ok(Counts {
            entries: number(0)?,
            valid: number(1)?,
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
