//! Refused documents, remembered with their reason so that they are not fetched again.

use std::collections::BTreeMap;

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::entry::EntryId;
use proto::timestamp::Instant;
use proto::trust::PolicyRefusal;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use web::registry::Scope;

use super::candidate::{Candidate, OriginRule};
use super::columns;
use super::error::LedgerError;
use super::writer::Session;
use crate::bounds::REFUSALS_MAX;

/// A document that this node refuses, with what is needed to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefusal {
    /// Its place in the order of refusals.
    pub seq: u64,
    /// The identity of its admission.
    pub item: AdmissionId,
    /// Its admission.
    pub admission: Bytes,
    /// The entry.
    pub entry: EntryId,
    /// The document.
    pub raw: Bytes,
    /// The stable name of the rule that refused it.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// When.
    pub refused: Instant,
    /// When this node first saw the entry.
    pub first_seen: Instant,
    /// Whether it may leave this node, were it held.
    pub scope: Scope,
    /// Whether it matters who admitted it; it does not where it was held here.
    pub origin_rule: OriginRule,
}

/// The rule by which an admission gives way to an earlier one of its entry and origin.
const OUTRANKED: &str = "outranked";

impl Session {
    /// Remembers a candidate that policy refuses; where it was refused before, or held, that stays known.
    pub(super) fn remember_refused(&self, candidate: &Candidate, refusal: &PolicyRefusal) -> Result<(), LedgerError> {
        self.remember(candidate, refusal.rule(), &refusal.to_string())
    }

    /// Remembers a candidate that an earlier admission of its entry and origin outranks.
    pub(super) fn remember_outranked(&self, candidate: &Candidate) -> Result<(), LedgerError> {
        self.remember(candidate, OUTRANKED, "an earlier admission of its origin is held")
    }

    fn remember(&self, candidate: &Candidate, rule: &str, reason: &str) -> Result<(), LedgerError> {
        let refused = columns::instant_column(candidate.now.into());
        self.connection.prepare_cached(REMEMBER)?.execute(params![
            candidate.receipt.id.as_bytes(),
            candidate.receipt.receipt.document.as_bytes(),
            rule,
            reason,
            refused,
            &candidate.raw[..],
            &candidate.receipt.bytes[..],
            candidate.entry.as_bytes(),
            candidate.at.email.as_str(),
            columns::instant_column(candidate.seen),
            columns::scope_column(candidate.scope),
            columns::origin_rule_column(candidate.origin_rule),
            self.judgement()?,
        ])?;
        self.forget_oldest()
    }

    /// Remembers an admission that is held and gives way to an earlier one.
    pub(super) fn remember_replaced(&self, item: &AdmissionId, now: Instant) -> Result<(), LedgerError> {
        let values = params![
            item.as_bytes(),
            OUTRANKED,
            "an earlier admission of its origin is held",
            columns::instant_column(now),
            self.judgement()?,
            columns::origin_rule_column(OriginRule::Applies),
        ];
        self.connection.prepare_cached(MOVE)?.execute(values)?;
        self.forget_oldest()
    }

    /// What was held stays, for it may come back; of the rest the oldest goes.
    fn forget_oldest(&self) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(
                "DELETE FROM refusal WHERE seq IN
                 (SELECT seq FROM refusal WHERE origin_rule = 0 ORDER BY seq
                  LIMIT MAX(0, (SELECT COUNT(*) FROM refusal WHERE origin_rule = 0) - ?1))",
            )?
            .execute((i64::try_from(REFUSALS_MAX).unwrap_or(i64::MAX),))?;
        Ok(())
    }

    /// Takes an item out of the refusals; gives when the entry was first seen here, where the item was among them.
    pub(super) fn take_refused(&self, item: &AdmissionId) -> Result<Option<Instant>, LedgerError> {
        let mut statement =
            self.connection.prepare_cached("DELETE FROM refusal WHERE item = ?1 RETURNING first_seen")?;
        Ok(statement.query_row((item.as_bytes(),), |row| columns::instant(row, 0)).optional()?)
    }

    /// Has what was refused for its standing at this address tried again.
    pub(super) fn reconsider(&mut self, email: &Email) -> Result<(), LedgerError> {
        let due = self
            .connection
            .prepare_cached(
                "UPDATE refusal SET judged = 0
                 WHERE email = ?1 AND rule IN ('unbound-email', 'bare-refused') AND judged > 0",
            )?
            .execute((email.as_str(),))?;
        if due > 0 {
            self.tell_work();
        }
        Ok(())
    }

    /// Has the other admissions of an entry tried again that were refused for its standing.
    pub(super) fn reconsider_entry(&mut self, entry: EntryId, email: &Email) -> Result<(), LedgerError> {
        let due = self
            .connection
            .prepare_cached(
                "UPDATE refusal SET judged = 0
                 WHERE email = ?1 AND rule IN ('unbound-email', 'bare-refused') AND entry = ?2 AND judged > 0",
            )?
            .execute((email.as_str(), entry.as_bytes()))?;
        if due > 0 {
            self.tell_work();
        }
        Ok(())
    }

    /// Has all that is refused tried again; gives how many there are.
    pub(super) fn reconsider_all(&mut self) -> Result<usize, LedgerError> {
        let due = self.connection.prepare_cached("UPDATE refusal SET judged = 0")?.execute(())?;
        if due > 0 {
            self.tell_work();
        }
        Ok(due)
    }

    /// Leaves a refusal as it is under the judgement in force.
    pub(super) fn keep_refused(&self, seq: u64) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("UPDATE refusal SET judged = ?2 WHERE seq = ?1")?
            .execute((seq.cast_signed(), self.judgement()?))?;
        Ok(())
    }
}

const REMEMBER: &str = "
    INSERT INTO refusal
        (item, document, rule, reason, refused, raw, admission, entry, email, first_seen, scope, origin_rule, judged)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT (item) DO UPDATE SET rule = excluded.rule, reason = excluded.reason, refused = excluded.refused,
        first_seen = MIN(first_seen, excluded.first_seen), origin_rule = MAX(origin_rule, excluded.origin_rule),
        judged = excluded.judged";

/// Copies a held admission to the refusals.
pub(super) const MOVE: &str = "
    INSERT OR REPLACE INTO refusal
        (item, document, rule, reason, refused, raw, admission, entry, email, first_seen, scope, origin_rule, judged)
    SELECT admission.id, document.sha256, ?2, ?3, ?4, raw, admission.bytes, entry.id, email, first_seen, scope, ?6, ?5
    FROM admission JOIN document ON document.sha256 = admission.document JOIN entry ON entry.seq = admission.entry
    WHERE admission.id = ?1";

const STORED: &str =
    "SELECT seq, item, admission, entry, raw, rule, reason, refused, first_seen, scope, origin_rule FROM refusal";

/// At most `limit` refusals after the place `after`, oldest first.
pub(super) fn after(connection: &Connection, after: u64, limit: usize) -> Result<Vec<StoredRefusal>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!("{STORED} WHERE seq > ?1 ORDER BY seq LIMIT ?2"))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map((after.cast_signed(), limit), stored)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// At most `limit` refusals that the judgement in force has not seen.
pub(super) fn due(connection: &Connection, limit: usize) -> Result<Vec<StoredRefusal>, LedgerError> {
    let statement = format!(
        "{STORED} WHERE judged < (SELECT value FROM setting WHERE name = 'judgement') ORDER BY judged, seq LIMIT ?1"
    );
    let mut statement = connection.prepare_cached(&statement)?;
    let rows = statement.query_map((i64::try_from(limit).unwrap_or(i64::MAX),), stored)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// At most `limit` refusals whose admission or entry has this identity, oldest first.
pub(super) fn named(
    connection: &Connection,
    identity: &Sha256Digest,
    limit: usize,
) -> Result<Vec<StoredRefusal>, LedgerError> {
    let mut statement =
        connection.prepare_cached(&format!("{STORED} WHERE item = ?1 OR entry = ?1 ORDER BY seq LIMIT ?2"))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map((identity.as_bytes(), limit), stored)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The admissions that were refused.
pub(super) fn items(connection: &Connection) -> Result<Vec<AdmissionId>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT item FROM refusal WHERE scope = 0 ORDER BY seq")?;
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
    Ok(StoredRefusal {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        item: columns::admission_id(row, 1)?,
        admission: row.get::<_, Vec<u8>>(2)?.into(),
        entry: columns::entry_id(row, 3)?,
        raw: row.get::<_, Vec<u8>>(4)?.into(),
        rule: row.get(5)?,
        reason: row.get(6)?,
        refused: columns::instant(row, 7)?,
        first_seen: columns::instant(row, 8)?,
        scope: columns::scope(row, 9)?,
        origin_rule: columns::origin_rule(row, 10)?,
    })
}
