//! Refused documents, remembered with their reason so that they are not fetched again.

use std::collections::BTreeMap;

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::digest::Sha256Digest;
use proto::timestamp::Instant;
use rusqlite::{Connection, Row, params};

use super::columns;
use super::error::LedgerError;
use super::writer::Session;
use crate::bounds::REFUSALS_MAX;

/// A document that this node refused, with what is needed to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The admission that a peer brought; none where it was an upload.
    pub admission: Option<RefusedAdmission>,
    /// The digest of the document.
    pub document: Sha256Digest,
    /// The document.
    pub raw: Bytes,
    /// The stable name of the rule that refused it.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// When.
    pub refused: Instant,
}

/// The admission of a refused document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedAdmission {
    /// Its identity.
    pub id: AdmissionId,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A refusal at its place in the order of refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefusal {
    /// Its place.
    pub seq: u64,
    /// What was refused.
    pub refusal: Refusal,
}

impl Session {
    pub(super) fn refuse(&self, refusal: &Refusal) -> Result<(), LedgerError> {
        let item = refusal.admission.as_ref().map(|admission| *admission.id.as_bytes());
        self.connection
            .prepare_cached("DELETE FROM refusal WHERE item IS ?1 AND document = ?2")?
            .execute((item, refusal.document.as_bytes()))?;
        self.connection
            .prepare_cached(
                "INSERT INTO refusal (item, document, rule, reason, refused, raw, admission)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                item,
                refusal.document.as_bytes(),
                refusal.rule,
                refusal.reason,
                columns::instant_column(refusal.refused),
                &refusal.raw[..],
                refusal.admission.as_ref().map(|admission| &admission.bytes[..]),
            ])?;
        self.forget_oldest()
    }

    fn forget_oldest(&self) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(
                "DELETE FROM refusal WHERE seq IN
                 (SELECT seq FROM refusal ORDER BY seq LIMIT MAX(0, (SELECT COUNT(*) FROM refusal) - ?1))",
            )?
            .execute((i64::try_from(REFUSALS_MAX).unwrap_or(i64::MAX),))?;
        Ok(())
    }

    pub(super) fn forget_refusal(&self, seq: u64) -> Result<(), LedgerError> {
        self.connection.prepare_cached("DELETE FROM refusal WHERE seq = ?1")?.execute((seq.cast_signed(),))?;
        Ok(())
    }
}

/// At most `limit` refusals after the place `after`, oldest first.
pub(super) fn after(connection: &Connection, after: u64, limit: usize) -> Result<Vec<StoredRefusal>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, item, document, rule, reason, refused, raw, admission FROM refusal
         WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map((after.cast_signed(), limit), stored)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The admissions that were refused.
pub(super) fn items(connection: &Connection) -> Result<Vec<AdmissionId>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT item FROM refusal WHERE item IS NOT NULL ORDER BY seq")?;
    let rows = statement.query_map((), |row| columns::admission_id(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many were refused by each rule.
pub(super) fn by_rule(connection: &Connection) -> Result<BTreeMap<String, u64>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT rule, COUNT(*) FROM refusal GROUP BY rule")?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredRefusal> {
    let item: Option<[u8; 32]> = row.get(1)?;
    let bytes: Option<Vec<u8>> = row.get(7)?;
    let admission = item.zip(bytes).map(|(id, bytes)| RefusedAdmission {
        id: AdmissionId::from_digest(Sha256Digest::from_bytes(id)),
        bytes: bytes.into(),
    });
    let refusal = Refusal {
        admission,
        document: columns::digest(row, 2)?,
        raw: row.get::<_, Vec<u8>>(6)?.into(),
        rule: row.get(3)?,
        reason: row.get(4)?,
        refused: columns::instant(row, 5)?,
    };
    Ok(StoredRefusal { seq: row.get::<_, i64>(0)?.cast_unsigned(), refusal })
}
