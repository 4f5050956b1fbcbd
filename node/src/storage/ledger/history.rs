//! What became of images: which replace which, and which stand under a tag.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proto::document::Document;
use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use web::registry::{Related, Relation, Tag};

use super::columns;
use super::error::LedgerError;
use crate::bounds::{RELATED_PER_IMAGE_MAX, RELATIONS_MAX, TAGGED_ENTRIES_MAX};

/// The other images that a document names, each once; what is no identifier is left out.
pub(crate) fn relations(document: &Document) -> Vec<(Relation, ImageIdentifier)> {
    let named = [
        (Relation::Replaced, document.replaces()),
        (Relation::Replacing, document.is_replaced_by()),
        (Relation::Original, document.is_version_of()),
    ];
    let read = |(relation, texts): (Relation, &[String])| {
        texts.iter().filter_map(move |text| Some((relation, text.trim().parse().ok()?))).collect::<Vec<_>>()
    };
    let distinct: BTreeSet<_> = named.into_iter().flat_map(read).collect();
    distinct.into_iter().filter(|(_, image)| *image != document.identifier()).take(RELATIONS_MAX).collect()
}

/// Keeps what the entry at the place `seq` says of other images.
pub(super) fn keep(
    connection: &Connection,
    seq: i64,
    relations: &[(Relation, ImageIdentifier)],
) -> Result<(), LedgerError> {
    let mut statement =
        connection.prepare_cached("INSERT OR IGNORE INTO relation (entry, relation, image) VALUES (?1, ?2, ?3)")?;
    for (relation, image) in relations {
        statement.execute((seq, columns::relation_column(*relation), image.sha1()))?;
    }
    Ok(())
}

/// What is current, and what was at the moment `?3`.
const CURRENT: &str = "entry.superseded_by IS NULL";
const CURRENT_THEN: &str = "entry.created <= ?3 AND (entry.superseded_at IS NULL OR entry.superseded_at > ?3)";

/// The indexes are named, for SQLite knows nothing of how many entries name one image.
fn said_of_others(at: Option<Timestamp>) -> String {
    let (index, current) = at.map_or(("current_by_image", CURRENT), |_| ("by_image", CURRENT_THEN));
    format!(
        "SELECT relation.relation, relation.image, entry.id, entry.email, entry.standing
         FROM entry INDEXED BY {index} CROSS JOIN relation ON relation.entry = entry.seq
         WHERE entry.image = ?1 AND {current} AND entry.standing > 0 LIMIT ?2"
    )
}

fn said_by_others(at: Option<Timestamp>) -> String {
    let current = at.map_or(CURRENT, |_| CURRENT_THEN);
    format!(
        "SELECT relation.relation, entry.image, entry.id, entry.email, entry.standing
         FROM relation INDEXED BY relation_by_image CROSS JOIN entry ON entry.seq = relation.entry
         WHERE relation.image = ?1 AND {current} AND entry.standing > 0 LIMIT ?2"
    )
}

/// At most `limit` images that entries which are current, or were `at` a moment, connect with this one: those it is
/// replaced by and replaces over any number of steps, and its versions. No image is looked at twice, so what goes round
/// in a circle ends.
pub(super) fn related(
    connection: &Connection,
    image: ImageIdentifier,
    at: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<Related>, LedgerError> {
    let mut found: Vec<Related> = Vec::new();
    let mut known = BTreeSet::from([Relation::Replacing, Relation::Replaced].map(|relation| (relation, image)));
    let mut waiting = VecDeque::from([(image, 0, None)]);
    while let Some((from, steps, followed)) = waiting.pop_front() {
        for neighbour in neighbours(connection, from, at)? {
            let is_followed = followed.is_none_or(|followed| followed == neighbour.relation);
            if !is_followed || neighbour.image == image || !known.insert((neighbour.relation, neighbour.image)) {
                continue;
            }
            if found.len() == limit {
                return Ok(found);
            }
            if matches!(neighbour.relation, Relation::Replacing | Relation::Replaced) {
                waiting.push_back((neighbour.image, steps + 1, Some(neighbour.relation)));
            }
            found.push(Related { steps: steps + 1, ..neighbour });
        }
    }
    Ok(found)
}

fn neighbours(
    connection: &Connection,
    image: ImageIdentifier,
    at: Option<Timestamp>,
) -> Result<Vec<Related>, LedgerError> {
    let mut neighbours = read_related(connection, &said_of_others(at), image, at)?;
    let by_others = read_related(connection, &said_by_others(at), image, at)?;
    neighbours.extend(by_others.into_iter().map(|said| Related { relation: said.relation.inverse(), ..said }));
    Ok(neighbours)
}

fn read_related(
    connection: &Connection,
    said: &str,
    image: ImageIdentifier,
    at: Option<Timestamp>,
) -> Result<Vec<Related>, LedgerError> {
    let mut statement = connection.prepare_cached(said)?;
    let fixed = [Value::Blob(image.sha1().to_vec()), columns::count_column(RELATED_PER_IMAGE_MAX).into()];
    let parameters = fixed.into_iter().chain(at.map(|at| at.unix_seconds().into()));
    let rows = statement.query_map(params_from_iter(parameters), |row| {
        Ok(Related {
            relation: columns::relation(row, 0)?,
            image: columns::image(row, 1)?,
            steps: 1,
            entry: columns::entry_id(row, 2)?,
            email: columns::email(row, 3)?,
            standing: columns::standing(row, 4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest image under a tag of an endorser, by its newest entry with the tag; an image of which an entry with the
/// tag is deprecated stands no longer under it. Expiry does not count.
pub(super) fn tagged(connection: &Connection, email: &Email, tag: &str) -> Result<Option<EntryId>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT entry.id, image, is_deprecated FROM tag INDEXED BY tag_by_name CROSS JOIN entry ON entry.seq = tag.entry
         WHERE tag.email = ?1 AND tag.name = ?2 AND standing > 0
         ORDER BY tag.created DESC, tag.entry DESC LIMIT {TAGGED_ENTRIES_MAX}"
    ))?;
    let rows = statement.query_map((email.as_str(), tag), |row| {
        Ok((columns::entry_id(row, 0)?, row.get::<_, [u8; 20]>(1)?, row.get::<_, bool>(2)?))
    })?;
    let mut images = BTreeMap::<[u8; 20], (usize, EntryId)>::new();
    let mut deprecated = BTreeSet::new();
    for (place, row) in rows.enumerate() {
        let (entry, image, is_deprecated) = row?;
        images.entry(image).or_insert((place, entry));
        if is_deprecated {
            deprecated.insert(image);
        }
    }
    let standing = images.into_iter().filter(|(image, _)| !deprecated.contains(image)).map(|(_, newest)| newest);
    Ok(standing.min().map(|(_, entry)| entry))
}

/// At most `limit` tags of an endorser whose name comes after `after`, by name.
pub(super) fn tags(connection: &Connection, email: &Email, after: &str, limit: usize) -> Result<Vec<Tag>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT tag.name, COUNT(*), MAX(tag.created)
         FROM tag INDEXED BY tag_by_name CROSS JOIN entry ON entry.seq = tag.entry
         WHERE tag.email = ?1 AND tag.name > ?2 AND standing > 0 GROUP BY tag.name ORDER BY tag.name LIMIT ?3",
    )?;
    let rows = statement.query_map((email.as_str(), after, columns::count_column(limit)), |row| {
        let entries = row.get::<_, i64>(1)?.cast_unsigned();
        Ok(Tag { name: row.get(0)?, entries, latest: columns::timestamp(row, 2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
