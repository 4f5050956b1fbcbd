//! What lists of current entries are read from: the columns they are sorted and compared by, their indexes, and the
//! index of texts; and how a ledger that has none gets them.

use bytes::Bytes;
use proto::intake::examine;
use proto::signature::Algorithms;
use rusqlite::Connection;

use super::error::LedgerError;
use super::history;
use crate::bounds::SEARCHED_CHARACTERS_MAX;

/// The columns that lists compare; each is what `web::registry::Column::folded` makes of a text.
const FOLDED: [(&str, &str); 7] = [
    ("title_key", "title"),
    ("description_key", "description"),
    ("os_key", "os"),
    ("os_version_key", "os_version"),
    ("os_arch_key", "os_arch"),
    ("kind_key", "kind"),
    ("location_key", "locations ->> 0"),
];

/// Where an image lies: 1 for the web, 2 for a persistent disk. Within the text of a list in JSON a quotation mark after
/// a bracket or a comma begins an element, as those within elements are escaped.
const PLACES: &str = r#"
    (locations = '[]'
        OR instr(lower(locations), '["http://') OR instr(lower(locations), ',"http://')
        OR instr(lower(locations), '["https://') OR instr(lower(locations), ',"https://')
        OR instr(lower(locations), '["ftp://') OR instr(lower(locations), ',"ftp://'))
    + 2 * (instr(lower(locations), '["pdisk') OR instr(lower(locations), ',"pdisk'))"#;

/// The texts in which lists are searched, apart by line feeds, which no term has; the longest stands last.
const SEARCHED: &str = "COALESCE(title, '') || char(10) || COALESCE(os, '') || char(10) || COALESCE(os_version, '') || \
     char(10) || COALESCE(os_arch, '') || char(10) || COALESCE(kind, '') || char(10) || email || char(10) || tags || \
     char(10) || COALESCE(description, '')";

/// Indexes of current entries. They carry what every list filters by, so that an entry outside of the page is passed
/// over without reading its row, and are ordered as lists that are sorted by their first column.
const INDEXES: [(&str, &str); 10] = [
    ("current_by_created", ""),
    ("current_by_image", "image, "),
    ("current_by_email", "email, "),
    ("current_by_title", "title_key, "),
    ("current_by_description", "description_key, "),
    ("current_by_os", "os_key, "),
    ("current_by_os_version", "os_version_key, "),
    ("current_by_os_arch", "os_arch_key, "),
    ("current_by_kind", "kind_key, "),
    ("current_by_location", "location_key, "),
];

/// The texts of current entries by their trigrams; the table keeps no copy of them (sqlite.org/fts5.html#contentless).
/// What came and went is noted, and the index is written at the end of a transaction or of several: at each savepoint it
/// would write all that it has gathered. It gathers 16 MB in memory and lets eight parts come together before they are
/// merged: a search looks into some more, an upload writes less.
const TEXTS: &str = "
CREATE VIRTUAL TABLE current_text
    USING fts5 (searched, content = '', contentless_delete = 1, tokenize = 'trigram');
INSERT INTO current_text (current_text, rank) VALUES ('hashsize', 16777216);
INSERT INTO current_text (current_text, rank) VALUES ('automerge', 8);
CREATE TABLE text_due (seq INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER text_of_admitted AFTER INSERT ON entry WHEN NEW.superseded_by IS NULL BEGIN
    INSERT OR IGNORE INTO text_due VALUES (NEW.seq);
END;
CREATE TRIGGER text_of_changed AFTER UPDATE OF superseded_by ON entry
    WHEN (OLD.superseded_by IS NULL) <> (NEW.superseded_by IS NULL) BEGIN
    INSERT OR IGNORE INTO text_due VALUES (NEW.seq);
END;
CREATE TRIGGER text_of_withdrawn AFTER DELETE ON entry WHEN OLD.superseded_by IS NULL BEGIN
    INSERT OR IGNORE INTO text_due VALUES (OLD.seq);
END;
";

/// What a transaction does at its end, so that the index of texts has what came in it and not what went.
pub(super) const INDEX_TEXTS: [&str; 3] = [
    "DELETE FROM current_text WHERE rowid IN (SELECT seq FROM text_due)",
    "INSERT INTO current_text (rowid, searched)
     SELECT entry.seq, searched FROM text_due JOIN entry USING (seq) WHERE superseded_by IS NULL",
    "DELETE FROM text_due",
];

/// What entries say of other images, and the tags of endorsers; both follow their entry. Longer tags are in no address.
const HISTORY: &str = "
CREATE TABLE relation (
    entry INTEGER NOT NULL,
    relation INTEGER NOT NULL,
    image BLOB NOT NULL,
    PRIMARY KEY (entry, relation, image)
) STRICT, WITHOUT ROWID;
CREATE INDEX relation_by_image ON relation (image, entry, relation);
CREATE TABLE tag (
    entry INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (entry, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_by_name ON tag (email, name, created, entry);
CREATE TRIGGER tag_of_admitted AFTER INSERT ON entry WHEN NEW.tags <> '[]' BEGIN
    INSERT OR IGNORE INTO tag (entry, name, email, created)
        SELECT NEW.seq, value, NEW.email, NEW.created FROM json_each(NEW.tags) WHERE length(value) <= 255;
END;
CREATE TRIGGER history_of_withdrawn AFTER DELETE ON entry BEGIN
    DELETE FROM tag WHERE entry = OLD.seq;
    DELETE FROM relation WHERE entry = OLD.seq;
END;
";

/// What a new ledger has beside its tables.
pub(super) fn of_version_3() -> String {
    format!("{} {} {TEXTS} {HISTORY}", columns(), indexes())
}

/// What makes the second version of the ledger the third; the texts of what is held are indexed.
pub(super) fn from_version_2() -> String {
    let former = ["current_by_created", "current_by_image", "current_by_email"];
    let drop: String = former.into_iter().map(|index| format!("DROP INDEX {index}; ")).collect();
    let fill = "INSERT INTO current_text (rowid, searched)
        SELECT seq, searched FROM entry WHERE superseded_by IS NULL;
        INSERT OR IGNORE INTO tag (entry, name, email, created)
        SELECT seq, value, email, created FROM entry, json_each(entry.tags) WHERE length(value) <= 255;";
    format!("{drop} {} {fill}", of_version_3())
}

/// Keeps what the entries held say of other images: only documents that have one of the words are read again.
pub(super) fn fill_relations(connection: &Connection) -> Result<(), LedgerError> {
    let mut naming = connection.prepare(
        "SELECT entry.seq, raw FROM entry JOIN document ON document.sha256 = entry.document
         WHERE instr(raw, CAST('eplace' AS BLOB)) OR instr(raw, CAST('isVersionOf' AS BLOB))",
    )?;
    let mut rows = naming.query(())?;
    while let Some(row) = rows.next()? {
        let raw = Bytes::from(row.get::<_, Vec<u8>>(1)?);
        if let Ok(entry) = examine(&raw, Algorithms::Legacy) {
            history::keep(connection, row.get(0)?, &history::relations(entry.document()))?;
        }
    }
    Ok(())
}

/// The columns are computed where they are read, and stored in the indexes only.
fn columns() -> String {
    let column = |(name, of): (&str, String)| {
        let kind = if name == "places" { "INTEGER" } else { "TEXT" };
        format!("ALTER TABLE entry ADD COLUMN {name} {kind} GENERATED ALWAYS AS ({of}) VIRTUAL;\n")
    };
    let folded = FOLDED.map(|(name, of)| (name, format!("lower(substr(COALESCE({of}, ''), 1, 64))")));
    let searched = format!("substr({SEARCHED}, 1, {SEARCHED_CHARACTERS_MAX})");
    folded.into_iter().chain([("places", PLACES.to_owned()), ("searched", searched)]).map(column).collect()
}

fn indexes() -> String {
    let index = |(name, first): (&str, &str)| {
        format!(
            "CREATE INDEX {name} ON entry ({first}created, id, standing, is_deprecated, valid, places, superseded_by)
             WHERE superseded_by IS NULL;\n"
        )
    };
    INDEXES.into_iter().map(index).collect()
}
