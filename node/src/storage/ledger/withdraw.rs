//! Withdrawal: what was held and is refused now moves to the refusals, whole, so that it can come back as it was.

use proto::admission::AdmissionId;
use proto::entry::EntryId;
use proto::standing::{Address, standing};
use proto::timestamp::Instant;
use proto::trust::PolicyRefusal;
use rusqlite::{OptionalExtension as _, params};
use web::registry::{ChangeKind, Scope};

use super::candidate::OriginRule;
use super::claims::HeldClaim;
use super::columns;
use super::error::LedgerError;
use super::refusals::MOVE;
use super::writer::Session;

/// What is moved at once: all admissions of an entry, or those of its documents that are legacy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Legacy,
}

impl Session {
    /// Why an entry may not be held for its standing.
    pub(super) fn refused_standing(&self, held: &HeldClaim, address: &Address) -> Option<PolicyRefusal> {
        let claim = &held.claim;
        let judged = match standing(claim, address, &self.judge.trust) {
            Some(standing) => self.judge.trust.policy.judge_standing(&claim.email, standing),
            None => Err(PolicyRefusal::UnboundEmail { email: claim.email.clone(), key: claim.key }),
        };
        judged.err()
    }

    /// Moves an entry, or the part of it, to the refusals; the graph and the federation are told.
    pub(super) fn withdraw(
        &mut self,
        seq: i64,
        part: Part,
        refusal: &PolicyRefusal,
        now: Instant,
    ) -> Result<(), LedgerError> {
        let judged = self.judgement()?;
        let moved = self.withdrawn_admissions(seq, part)?;
        for (item, document) in &moved.admissions {
            self.connection.prepare_cached(MOVE)?.execute(params![
                item.as_bytes(),
                refusal.rule(),
                refusal.to_string(),
                columns::instant_column(now),
                judged,
                columns::origin_rule_column(OriginRule::Waived),
            ])?;
            self.connection.prepare_cached("DELETE FROM admission WHERE id = ?1")?.execute((item.as_bytes(),))?;
            self.forget_unbound_document(document)?;
        }
        let is_left: bool = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM admission WHERE entry = ?1)")?
            .query_row((seq,), |row| row.get(0))?;
        let kind = if is_left {
            self.gather_evidence(seq)?;
            self.serve_earliest(seq)?;
            ChangeKind::Moved
        } else {
            self.connection.prepare_cached("DELETE FROM entry WHERE seq = ?1")?.execute((seq,))?;
            ChangeKind::Withdrawn
        };
        self.log_change(moved.entry, kind, now)?;
        if moved.scope == Scope::Federated {
            self.tell_withdrawn(moved.admissions.into_iter().map(|(item, _)| item));
        }
        Ok(())
    }

    fn withdrawn_admissions(&self, seq: i64, part: Part) -> Result<Moved, LedgerError> {
        let (entry, scope) = self
            .connection
            .prepare_cached("SELECT id, scope FROM entry WHERE seq = ?1")?
            .query_row((seq,), |row| Ok((columns::entry_id(row, 0)?, columns::scope(row, 1)?)))?;
        let mut statement = self.connection.prepare_cached(
            "SELECT id, document FROM admission JOIN document ON document.sha256 = admission.document
             WHERE entry = ?1 AND (?2 OR legacy IS NOT NULL)",
        )?;
        let admissions = statement
            .query_map((seq, part == Part::Whole), |row| Ok((columns::admission_id(row, 0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        Ok(Moved { entry, scope, admissions })
    }

    /// What only old algorithms make good about a document of the entry.
    pub(super) fn legacy(&self, seq: i64) -> Result<Option<String>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT legacy FROM admission JOIN document ON document.sha256 = admission.document
             WHERE entry = ?1 AND legacy IS NOT NULL LIMIT 1",
        )?;
        Ok(statement.query_row((seq,), |row| row.get(0)).optional()?)
    }
}

struct Moved {
    entry: EntryId,
    scope: Scope,
    admissions: Vec<(AdmissionId, [u8; 32])>,
}
