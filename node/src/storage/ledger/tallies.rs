//! How many entries there are of each kind, kept as entries come and go, so that nobody counts them.

use rusqlite::Connection;

use super::error::LedgerError;

/// The entries of an address by their standing; what of them is current, and of that deprecated. An address without
/// entries has no row.
///
/// Triggers keep them: no statement that changes an entry can forget to.
const TALLIES: &str = "
CREATE TABLE endorser (
    email TEXT NOT NULL,
    standing INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    current INTEGER NOT NULL,
    deprecated INTEGER NOT NULL,
    PRIMARY KEY (email, standing)
) STRICT, WITHOUT ROWID;
CREATE TABLE tally (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// Counts the entry that a trigger calls new.
const ADD: &str = "
    INSERT INTO endorser (email, standing, entries, current, deprecated)
        VALUES (NEW.email, NEW.standing, 1, NEW.superseded_by IS NULL,
                NEW.superseded_by IS NULL AND NEW.deprecated IS NOT NULL)
        ON CONFLICT (email, standing) DO UPDATE SET
            entries = entries + 1, current = current + excluded.current,
            deprecated = deprecated + excluded.deprecated;";

/// Counts the entry no more that a trigger calls old.
const SUBTRACT: &str = "
    UPDATE endorser SET
        entries = entries - 1,
        current = current - (OLD.superseded_by IS NULL),
        deprecated = deprecated - (OLD.superseded_by IS NULL AND OLD.deprecated IS NOT NULL)
        WHERE email = OLD.email AND standing = OLD.standing;
    DELETE FROM endorser WHERE email = OLD.email AND standing = OLD.standing AND entries = 0;";

/// The tables, and the triggers that keep them.
pub(super) fn make() -> String {
    format!(
        "{TALLIES}
         CREATE TRIGGER tally_of_admitted AFTER INSERT ON entry BEGIN {ADD} END;
         CREATE TRIGGER tally_of_changed AFTER UPDATE OF standing, superseded_by ON entry BEGIN {SUBTRACT} {ADD} END;
         CREATE TRIGGER tally_of_withdrawn AFTER DELETE ON entry BEGIN {SUBTRACT} END;
         CREATE TRIGGER image_of_admitted AFTER INSERT ON entry
             WHEN NOT EXISTS (SELECT 1 FROM entry WHERE image = NEW.image AND seq <> NEW.seq) BEGIN
             UPDATE tally SET count = count + 1 WHERE name = 'images';
         END;
         CREATE TRIGGER image_of_withdrawn AFTER DELETE ON entry
             WHEN NOT EXISTS (SELECT 1 FROM entry WHERE image = OLD.image) BEGIN
             UPDATE tally SET count = count - 1 WHERE name = 'images';
         END;"
    )
}

const ENDORSERS: &str = "
    SELECT email, standing, COUNT(*), SUM(superseded_by IS NULL),
           SUM(superseded_by IS NULL AND deprecated IS NOT NULL)
    FROM entry GROUP BY email, standing";
const IMAGES: &str = "SELECT 'images', COUNT(DISTINCT image) FROM entry";

/// Counts what there is.
pub(super) fn fill() -> String {
    format!(
        "INSERT INTO endorser (email, standing, entries, current, deprecated) {ENDORSERS};
         INSERT INTO tally (name, count) {IMAGES};"
    )
}

/// What is kept and is not what there is.
pub(super) fn wrong(connection: &Connection) -> Result<Vec<String>, LedgerError> {
    let statement = format!(
        "WITH counted AS ({ENDORSERS}), of_images AS ({IMAGES})
         SELECT email FROM (SELECT * FROM endorser EXCEPT SELECT * FROM counted)
         UNION SELECT email FROM (SELECT * FROM counted EXCEPT SELECT * FROM endorser)
         UNION SELECT name FROM (SELECT * FROM tally EXCEPT SELECT * FROM of_images)"
    );
    let mut statement = connection.prepare(&statement)?;
    let wrong = statement.query_map((), |row| row.get::<_, String>(0))?;
    wrong.map(|name| Ok(format!("the entries of {} are counted wrongly", name?))).collect()
}
