//! Lists of entries, a page at a time.

use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;
use rusqlite::{Connection, params_from_iter};
use web::registry::{Cursor, ListFilter, Page, Summary};

use super::columns;
use super::error::LedgerError;
use super::selection::Selection;
use crate::bounds::LIST_PAGE_MAX;

/// A page of what `filter` selects at the moment `now`, which is counted where `total` does not say how much it is.
pub(super) fn list(
    connection: &Connection,
    filter: &ListFilter,
    now: Timestamp,
    total: Option<u64>,
) -> Result<Page, LedgerError> {
    let mut selection = Selection::of(filter, now);
    let total = match total {
        Some(total) => total,
        None => count(connection, &selection)?,
    };
    if let Some(after) = &filter.after {
        selection.require_after(after);
    }
    let limit = filter.limit.clamp(1, LIST_PAGE_MAX);
    // One more than asked for tells whether there is a next page.
    let mut items = read(connection, &selection, limit + 1, filter.skipped)?;
    let has_next = items.len() > limit;
    items.truncate(limit);
    let place = |last: &Summary| Cursor { key: filter.sort.key(last), created: last.at.created, entry: last.entry };
    let next = items.last().filter(|_| has_next).map(place);
    Ok(Page { total, items, next })
}

/// At most `limit` entries of an image up to a moment, newest first, contested and superseded ones among them.
pub(super) fn timeline(
    connection: &Connection,
    image: ImageIdentifier,
    until: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<Summary>, LedgerError> {
    read(connection, &Selection::of_image(image.sha1(), until), limit, 0)
}

fn count(connection: &Connection, selection: &Selection) -> Result<u64, LedgerError> {
    let mut statement = connection.prepare_cached(&selection.count_statement())?;
    let count: i64 = statement.query_row(params_from_iter(selection.parameters()), |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

fn read(
    connection: &Connection,
    selection: &Selection,
    limit: usize,
    skipped: usize,
) -> Result<Vec<Summary>, LedgerError> {
    let mut statement = connection.prepare_cached(&selection.page_statement())?;
    let bounds = [limit, skipped].map(|count| columns::count_column(count).into());
    let rows = statement.query_map(params_from_iter(selection.parameters().iter().chain(&bounds)), columns::summary)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
