//! Which entries a list means, as conditions with their parameters over the index that answers them best.
//!
//! Lists of current entries go along an index in their order and pass over what does not match without reading its row:
//! other columns and texts are looked up once in their own indexes. Lists of the history go along the moments of
//! endorsement, or those of one image or endorser, and are sorted where they are read.

use proto::timestamp::Timestamp;
use rusqlite::types::Value;
use web::registry::{Column, ColumnFilter, Cursor, ListFilter, Matching, Order, Place, Status};

use super::columns;

/// Characters of the shortest term that the index of texts finds: those of a trigram.
const INDEXED_TERM_CHARACTERS_MIN: usize = 3;

/// Conditions with their parameters, the index that answers them, and the order of the list.
pub(super) struct Selection {
    index: Option<&'static str>,
    conditions: Vec<String>,
    parameters: Vec<Value>,
    sort: Column,
    order: Order,
}

impl Selection {
    /// What `filter` selects at the moment `now`.
    pub(super) fn of(filter: &ListFilter, now: Timestamp) -> Self {
        let mut selection = Self {
            index: None,
            conditions: Vec::new(),
            parameters: Vec::new(),
            sort: filter.sort,
            order: filter.order,
        };
        selection.require(standing_condition(filter), []);
        if let Some(at) = filter.at {
            let at = at.unix_seconds();
            selection.index = Some(index_of_history(filter));
            let current_then = "created <= ? AND (superseded_at IS NULL OR superseded_at > ?)";
            selection.require(current_then, [at.into(), at.into()]);
        } else if filter.created.is_some() || filter.since.is_some() {
            selection.index = Some(index_of_history(filter));
        } else {
            selection.index = Some(index_of_current(filter));
            selection.require("superseded_by IS NULL", []);
        }
        selection.require_coordinates(filter);
        selection.require_status(filter.status, filter.at.unwrap_or(now));
        selection.require_place(filter.place);
        filter.columns.iter().for_each(|column| selection.require_column(column));
        selection.require_terms(filter);
        selection
    }

    /// Every entry of an image up to a moment, newest first.
    pub(super) fn of_image(image: &[u8], until: Option<Timestamp>) -> Self {
        let mut selection = Self {
            index: Some("by_image"),
            conditions: vec!["image = ?".to_owned()],
            parameters: vec![Value::Blob(image.to_vec())],
            sort: Column::Created,
            order: Order::Descending,
        };
        if let Some(until) = until {
            selection.require("created <= ?", [until.unix_seconds().into()]);
        }
        selection
    }

    /// Only what stands after this place of the order.
    pub(super) fn require_after(&mut self, after: &Cursor) {
        let sign = if self.order == Order::Ascending { ">" } else { "<" };
        let place = [after.created.unix_seconds().into(), Value::Blob(after.entry.as_bytes().to_vec())];
        match key_of(self.sort) {
            None => self.require(format!("(created, id) {sign} (?, ?)"), place),
            Some((key, parameter)) => {
                let [created, id] = place;
                let place = [after.key.clone().into(), created, id];
                self.require(format!("({key}, created, id) {sign} ({parameter}, ?, ?)"), place);
            }
        }
    }

    /// How many entries this selects.
    pub(super) fn count_statement(&self) -> String {
        format!("SELECT COUNT(*) {}", self.source())
    }

    /// The rows that this selects, in their order; two more parameters are how many and how many are passed over.
    pub(super) fn page_statement(&self) -> String {
        let direction = if self.order == Order::Ascending { "ASC" } else { "DESC" };
        let key = key_of(self.sort).map(|(key, _)| format!("{key} {direction}, ")).unwrap_or_default();
        let order = format!("ORDER BY {key}created {direction}, id {direction}");
        format!("SELECT {} {} {order} LIMIT ? OFFSET ?", columns::SUMMARY, self.source())
    }

    /// The parameters of the conditions, in their order.
    pub(super) fn parameters(&self) -> &[Value] {
        &self.parameters
    }

    fn source(&self) -> String {
        let index = self.index.map(|index| format!("INDEXED BY {index}")).unwrap_or_default();
        format!("FROM entry {index} WHERE {}", self.conditions.join(" AND "))
    }

    fn require<const N: usize>(&mut self, condition: impl Into<String>, parameters: [Value; N]) {
        self.conditions.push(condition.into());
        self.parameters.extend(parameters);
    }

    /// Among current entries a condition is looked up once in the index of its column; in the history each row is read.
    fn require_in(&mut self, index: &str, condition: &str, parameter: Value) {
        let is_own = self.index.is_some_and(|own| own == index || !own.starts_with("current_"));
        if is_own || self.index.is_none() {
            self.require(condition, [parameter]);
        } else {
            let looked_up = format!(
                "seq IN (SELECT seq FROM entry INDEXED BY {index} WHERE superseded_by IS NULL AND {condition})"
            );
            self.require(looked_up, [parameter]);
        }
    }

    fn require_coordinates(&mut self, filter: &ListFilter) {
        if let Some(image) = &filter.image {
            self.require_in("current_by_image", "image = ?", Value::Blob(image.sha1().to_vec()));
        }
        if let Some(email) = &filter.email {
            self.require_in("current_by_email", "email = ?", email.as_str().to_owned().into());
        }
        if let Some(created) = filter.created {
            self.require("created = ?", [created.unix_seconds().into()]);
        }
        if let Some(since) = filter.since {
            self.require("created > ?", [since.unix_seconds().into()]);
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

    fn require_place(&mut self, place: Option<Place>) {
        match place {
            Some(Place::Web) => self.require("places & 1", []),
            Some(Place::Pdisk) => self.require("places & 2", []),
            None => {}
        }
    }

    fn require_column(&mut self, filter: &ColumnFilter) {
        let Some((key, index)) = text_of(filter.column) else {
            return self.require("FALSE", []);
        };
        let condition = match filter.matching {
            Matching::Whole => format!("{key} = ?"),
            Matching::Part => format!("instr(lower({key}), ?)"),
        };
        self.require_in(index, &condition, filter.text.clone().into());
    }

    /// Terms that the index of texts does not find are looked for in the rows that are left.
    fn require_terms(&mut self, filter: &ListFilter) {
        let is_current = self.index.is_some_and(|index| index.starts_with("current_"));
        let (long, short): (Vec<&String>, Vec<&String>) =
            filter.search.iter().partition(|term| is_current && term.chars().count() >= INDEXED_TERM_CHARACTERS_MIN);
        if !long.is_empty() {
            let phrases: Vec<String> = long.iter().map(|term| format!("\"{}\"", term.replace('"', "\"\""))).collect();
            let found = "seq IN (SELECT rowid FROM current_text WHERE current_text MATCH ?)";
            self.require(found, [phrases.join(" AND ").into()]);
        }
        for term in short {
            self.require("instr(lower(searched), ?)", [term.to_ascii_lowercase().into()]);
        }
    }
}

fn standing_condition(filter: &ListFilter) -> String {
    match filter.standing {
        Some(standing) => format!("standing = {}", columns::standing_column(standing)),
        None => "standing > 0".to_owned(),
    }
}

/// The index that has the list in its order; for lists that are sorted by moment that of a column which is given whole.
fn index_of_current(filter: &ListFilter) -> &'static str {
    if filter.image.is_some() {
        return "current_by_image";
    }
    match filter.sort {
        Column::Identifier => "current_by_image",
        Column::Created => {
            let whole = filter.columns.iter().filter(|column| column.matching == Matching::Whole);
            let given = whole.filter_map(|column| text_of(column.column)).map(|(_, index)| index).next();
            let by_email = filter.email.is_some().then_some("current_by_email");
            by_email.or(given).unwrap_or("current_by_created")
        }
        sorted => text_of(sorted).map_or("current_by_created", |(_, index)| index),
    }
}

const fn index_of_history(filter: &ListFilter) -> &'static str {
    match (filter.image.is_some(), filter.email.is_some()) {
        (true, true) => "by_group",
        (true, false) => "by_image",
        (false, true) => "by_email",
        (false, false) => "by_created",
    }
}

/// What a column is sorted by, and how a cursor's key becomes one of it; none where it is the moment, which always counts.
const fn key_of(column: Column) -> Option<(&'static str, &'static str)> {
    match column {
        Column::Created => None,
        Column::Identifier => Some(("image", "unhex(?)")),
        column => match text_of(column) {
            Some((key, _)) => Some((key, "?")),
            None => None,
        },
    }
}

/// The text of a column, and the index of current entries by it.
const fn text_of(column: Column) -> Option<(&'static str, &'static str)> {
    Some(match column {
        Column::Created | Column::Identifier => return None,
        Column::Email => ("email", "current_by_email"),
        Column::Title => ("title_key", "current_by_title"),
        Column::Description => ("description_key", "current_by_description"),
        Column::Os => ("os_key", "current_by_os"),
        Column::OsVersion => ("os_version_key", "current_by_os_version"),
        Column::OsArch => ("os_arch_key", "current_by_os_arch"),
        Column::Kind => ("kind_key", "current_by_kind"),
        Column::Location => ("location_key", "current_by_location"),
    })
}
