//! Claims with their witnesses, read from the tables.

use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::standing::{Certification, Claim, Witness};
use proto::view::Placement;
use rusqlite::{Connection, Params, Row};

use super::columns;

/// A held claim and where it stands by the tables.
#[derive(Debug)]
pub(super) struct HeldClaim {
    pub(super) seq: i64,
    pub(super) claim: Claim,
    pub(super) placement: Placement,
}

const CLAIMS: &str = "
    SELECT entry.seq, entry.id, image, email, created, key, certificate_email, first_seen, standing, superseded_by,
           origin, admitted, confirmation, subject
    FROM entry LEFT JOIN admission ON admission.entry = entry.seq";

/// All claims of an address about an image.
pub(super) fn of_group(
    connection: &Connection,
    image: ImageIdentifier,
    email: &Email,
) -> rusqlite::Result<Vec<HeldClaim>> {
    let filter = "WHERE image = ?1 AND email = ?2 ORDER BY entry.seq, origin";
    load(connection, filter, (image.sha1(), email.as_str()))
}

/// All claims of an address.
pub(super) fn of_email(connection: &Connection, email: &Email) -> rusqlite::Result<Vec<HeldClaim>> {
    load(connection, "WHERE email = ?1 ORDER BY entry.seq, origin", (email.as_str(),))
}

/// The claim of an entry, where it is held.
pub(super) fn of_entry(connection: &Connection, entry: EntryId) -> rusqlite::Result<Option<HeldClaim>> {
    Ok(load(connection, "WHERE entry.id = ?1 ORDER BY origin", (entry.as_bytes(),))?.pop())
}

/// At most `limit` addresses after `after`, in order.
pub(super) fn emails_after(connection: &Connection, after: &str, limit: i64) -> rusqlite::Result<Vec<Email>> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT email FROM entry WHERE email > ?1 ORDER BY email LIMIT ?2")?;
    statement.query_map((after, limit), |row| columns::email(row, 0))?.collect()
}

fn load(connection: &Connection, filter: &str, parameters: impl Params) -> rusqlite::Result<Vec<HeldClaim>> {
    let mut statement = connection.prepare_cached(&format!("{CLAIMS} {filter}"))?;
    let mut rows = statement.query(parameters)?;
    let mut claims: Vec<HeldClaim> = Vec::new();
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        let witness = witness(row)?;
        match claims.last_mut().filter(|last| last.seq == seq) {
            Some(last) => last.claim.witnesses.extend(witness),
            None => claims.push(held(row, seq, witness)?),
        }
    }
    Ok(claims)
}

fn held(row: &Row<'_>, seq: i64, witness: Option<Witness>) -> rusqlite::Result<HeldClaim> {
    let claim = Claim {
        entry: columns::entry_id(row, 1)?,
        image: columns::image(row, 2)?,
        email: columns::email(row, 3)?,
        created: columns::timestamp(row, 4)?,
        key: columns::digest(row, 5)?,
        subject: row.get(13)?,
        certificate_email: columns::certificate_email(row, 6)?,
        certification: Certification::Unchained,
        first_seen: columns::instant(row, 7)?,
        witnesses: witness.into_iter().collect(),
    };
    let superseded_by = row.get::<_, Option<[u8; 32]>>(9)?.map(columns::to_entry_id);
    Ok(HeldClaim { seq, claim, placement: Placement { standing: columns::standing(row, 8)?, superseded_by } })
}

fn witness(row: &Row<'_>) -> rusqlite::Result<Option<Witness>> {
    if row.get_ref(10)? == rusqlite::types::ValueRef::Null {
        return Ok(None);
    }
    Ok(Some(Witness {
        origin: columns::node(row, 10)?,
        admitted: columns::instant(row, 11)?,
        confirmation: columns::confirmation(row, 12)?,
    }))
}
