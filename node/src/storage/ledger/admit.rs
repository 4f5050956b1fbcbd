//! Admission: a candidate becomes an entry, or a further admission of one.

use proto::reconcile::Item;
use proto::standing::{Address, Certification, Claim, Standing, standing};
use proto::timestamp::Instant;
use proto::trust::PolicyRefusal;
use proto::view::{self, Placement};
use rusqlite::params;
use web::registry::{ChangeKind, Coordinates, Scope};

use super::candidate::{Admitted, Candidate, Freshness, ItemChange, Novelty, SignedReceipt};
use super::claims::{self, HeldClaim};
use super::columns;
use super::entries;
use super::error::{AdmitError, LedgerError};
use super::history;
use super::withdraw::Part;
use super::writer::Session;

impl Session {
    /// Admits a candidate. What policy refuses of what others admitted is remembered in the same commit.
    pub(super) fn admit(&mut self, candidate: &Candidate) -> Result<Result<Admitted, PolicyRefusal>, AdmitError> {
        self.reevaluate_early(&candidate.at.email)?;
        let outcome = match self.judge.judge_document(candidate) {
            Ok(()) => self.merge(candidate),
            Err(refusal) => Err(refusal.into()),
        };
        match outcome {
            Ok(admitted) => Ok(Ok(admitted)),
            Err(AdmitError::Refused(refusal)) if candidate.freshness == Freshness::Waived => {
                self.remember_refused(candidate, &refusal)?;
                Ok(Err(refusal))
            }
            Err(error) => Err(error),
        }
    }

    fn merge(&mut self, candidate: &Candidate) -> Result<Admitted, AdmitError> {
        match claims::of_entry(&self.connection, candidate.entry)? {
            Some(held) => self.extend(candidate, held),
            None => self.insert(candidate),
        }
    }

    fn insert(&mut self, candidate: &Candidate) -> Result<Admitted, AdmitError> {
        let certification = self.certify(candidate);
        let mut claim = candidate.claim(certification);
        let before = self.address(&claim.email)?;
        let group = claims::of_group(&self.connection, claim.image, &claim.email)?;
        let standing = self.judge(candidate, &claim, &group, &before)?;

        let refused = self.take_refused(&candidate.receipt.id)?;
        if let Some(first_seen) = refused {
            claim.first_seen = claim.first_seen.min(first_seen);
            self.count_admitted()?;
        }
        let seq = self.insert_entry(candidate, &claim, standing)?;
        self.insert_admission(seq, candidate, certification)?;
        self.log_change(candidate.entry, ChangeKind::Admitted, candidate.now.into())?;
        let change = self.connection.last_insert_rowid().cast_unsigned();
        let federated = (candidate.scope == Scope::Federated).then(|| candidate.receipt.item());
        let items = ItemChange { added: federated.into_iter().collect(), removed: Vec::new() };
        let mut after = before.clone();
        after.add(&claim, &self.judge.trust);
        if group.is_empty() && refused.is_none() && before.judges_as(&after) {
            // It moves no other, and stands as it was inserted.
            self.reconsider_entry(candidate.entry, &candidate.at.email)?;
            self.keep_address(&candidate.at.email, after);
            let placement = Placement { standing, superseded_by: None };
            return Ok(Admitted { novelty: Novelty::New, placement, change, items });
        }
        let after = self.settle(&candidate.at, &before, after, candidate.now.into())?;
        self.reconsider_entry(candidate.entry, &candidate.at.email)?;
        let admitted = self.admitted(seq, Novelty::New, items)?;
        self.keep_address(&candidate.at.email, after);
        Ok(admitted)
    }

    /// Refuses what [`Self::admit`] would refuse of an entry that is not held.
    pub(super) fn judge_candidate(&self, candidate: &Candidate) -> Result<(), AdmitError> {
        self.judge.judge_document(candidate)?;
        let claim = candidate.claim(self.certify(candidate));
        let before = self.address(&claim.email)?;
        let group = claims::of_group(&self.connection, claim.image, &claim.email)?;
        self.judge(candidate, &claim, &group, &before).map(|_| ())
    }

    /// Whether the new entry is taken, and how well its endorser is known.
    fn judge(
        &self,
        candidate: &Candidate,
        claim: &Claim,
        group: &[HeldClaim],
        before: &Address,
    ) -> Result<Standing, AdmitError> {
        let trust = &self.judge.trust;
        let mut address = before.clone();
        address.add(claim, trust);
        let unbound = || PolicyRefusal::UnboundEmail { email: claim.email.clone(), key: claim.key };
        let standing = standing(claim, &address, trust).ok_or_else(unbound)?;
        trust.policy.judge_standing(&claim.email, standing)?;
        if candidate.freshness == Freshness::Checked {
            let claims: Vec<&Claim> = group.iter().map(|held| &held.claim).collect();
            view::check_fresh(claim, &claims, &address, trust)?;
        }
        Ok(standing)
    }

    /// Moves what a changed claim moves: its group, or every entry of its address where that is now known otherwise.
    ///
    /// What its standing refuses by now is withdrawn, and what was refused for its standing is tried again.
    fn settle(
        &mut self,
        at: &Coordinates,
        before: &Address,
        after: Address,
        now: Instant,
    ) -> Result<Address, LedgerError> {
        let is_same = before.judges_as(&after);
        let held = match is_same {
            true => claims::of_group(&self.connection, at.image, &at.email)?,
            false => claims::of_email(&self.connection, &at.email)?,
        };
        let (mut kept, mut is_whole) = (Vec::with_capacity(held.len()), true);
        for held in held {
            match self.refused_standing(&held, &after) {
                Some(refusal) => {
                    self.withdraw(held.seq, Part::Whole, &refusal, now)?;
                    is_whole = false;
                }
                None => kept.push(held),
            }
        }
        let after = if is_whole { after } else { self.fold_address(&at.email)? };
        self.replace(&kept, &after, now)?;
        if !is_same {
            self.reconsider(&at.email)?;
        }
        Ok(after)
    }

    fn extend(&mut self, candidate: &Candidate, held: HeldClaim) -> Result<Admitted, AdmitError> {
        let (seq, before) = (held.seq, self.address(&held.claim.email)?);
        let first_seen = self.take_refused(&candidate.receipt.id)?.unwrap_or(candidate.seen).min(candidate.seen);
        let mut items = self.widen_scope(candidate, seq)?;
        let is_wider = !items.added.is_empty();
        let merge = self.merge_admission(candidate, seq, &mut items)?;
        let novelty = match merge {
            Merge::Known if !is_wider => return Ok(self.admitted(seq, Novelty::Known, items)?),
            Merge::Outranked if !is_wider => return Ok(self.admitted(seq, Novelty::Outranked, items)?),
            _ => Novelty::Extended,
        };
        if first_seen < held.claim.first_seen {
            self.connection
                .prepare_cached("UPDATE entry SET first_seen = ?2 WHERE seq = ?1")?
                .execute((seq, columns::instant_column(first_seen)))?;
        }
        self.log_change(candidate.entry, ChangeKind::Moved, candidate.now.into())?;
        let after = self.address_after(merge, &before, candidate)?;
        let held = claims::of_entry(&self.connection, candidate.entry)?;
        let refusal = held.and_then(|held| self.refused_standing(&held, &after));
        let after = self.settle(&candidate.at, &before, after, candidate.now.into())?;
        self.reconsider_entry(candidate.entry, &candidate.at.email)?;
        if let Some(refusal) = refusal {
            // Its best admission gave way to a lesser one, and it was withdrawn just now.
            self.forget_address(&candidate.at.email);
            return Err(refusal.into());
        }
        let admitted = self.admitted(seq, novelty, items)?;
        self.keep_address(&candidate.at.email, after);
        Ok(admitted)
    }

    fn address_after(&self, merge: Merge, before: &Address, candidate: &Candidate) -> Result<Address, LedgerError> {
        match (merge, claims::of_entry(&self.connection, candidate.entry)?) {
            (Merge::Known | Merge::Outranked, _) => Ok(before.clone()),
            (Merge::Added, Some(extended)) => {
                let mut address = before.clone();
                address.add(&extended.claim, &self.judge.trust);
                Ok(address)
            }
            // The fold may have stood on the admission that is gone.
            _ => self.fold_address(&candidate.at.email),
        }
    }

    /// An entry that was local becomes federated with the admissions it has; the other way there is none.
    fn widen_scope(&self, candidate: &Candidate, seq: i64) -> Result<ItemChange, LedgerError> {
        let mut items = ItemChange::default();
        if candidate.scope == Scope::Federated {
            let widened = self
                .connection
                .prepare_cached("UPDATE entry SET scope = ?2 WHERE seq = ?1 AND scope <> ?2")?
                .execute((seq, columns::scope_column(Scope::Federated)))?;
            if widened > 0 {
                items.added = self.admissions(seq)?.into_iter().map(|kept| kept.item).collect();
            }
        }
        Ok(items)
    }

    /// Keeps the least admission of each origin.
    fn merge_admission(&self, candidate: &Candidate, seq: i64, items: &mut ItemChange) -> Result<Merge, LedgerError> {
        let receipt = &candidate.receipt;
        let kept = self.admissions(seq)?;
        let replaced = kept.iter().find(|kept| kept.origin == *receipt.receipt.origin.public_key());
        if replaced.is_some_and(|replaced| replaced.item == receipt.item()) {
            return Ok(Merge::Known);
        }
        if replaced.is_some_and(|replaced| replaced.item < receipt.item()) {
            if candidate.freshness == Freshness::Waived {
                self.remember_outranked(candidate)?;
            }
            return Ok(Merge::Outranked);
        }
        if let Some(replaced) = replaced {
            self.remember_replaced(&replaced.item.id, candidate.now.into())?;
            self.delete_admission(seq, replaced)?;
        }
        self.insert_admission(seq, candidate, self.certify(candidate))?;
        self.serve_earliest(seq)?;
        if let Some(replaced) = replaced {
            self.forget_unbound_document(&replaced.document)?;
        }
        self.gather_evidence(seq)?;
        if self.scope(seq)? == Scope::Federated {
            items.added.retain(|item| Some(item) != replaced.map(|replaced| &replaced.item));
            items.removed.extend(replaced.map(|replaced| replaced.item));
            items.added.push(receipt.item());
        }
        Ok(if replaced.is_some() { Merge::Replaced } else { Merge::Added })
    }

    fn scope(&self, seq: i64) -> Result<Scope, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT scope FROM entry WHERE seq = ?1")?;
        Ok(statement.query_row((seq,), |row| columns::scope(row, 0))?)
    }

    fn admissions(&self, seq: i64) -> Result<Vec<KeptAdmission>, LedgerError> {
        let mut statement =
            self.connection.prepare_cached("SELECT origin, id, admitted, document FROM admission WHERE entry = ?1")?;
        let kept = statement.query_map((seq,), |row| {
            Ok(KeptAdmission {
                origin: row.get(0)?,
                item: Item { admitted: columns::instant(row, 2)?, id: columns::admission_id(row, 1)? },
                document: row.get(3)?,
            })
        })?;
        Ok(kept.collect::<Result<_, _>>()?)
    }

    fn delete_admission(&self, seq: i64, replaced: &KeptAdmission) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("DELETE FROM admission WHERE entry = ?1 AND origin = ?2")?
            .execute((seq, replaced.origin))?;
        Ok(())
    }

    /// The bytes served are those of the earliest admission over all origins.
    pub(super) fn serve_earliest(&self, seq: i64) -> Result<(), LedgerError> {
        let earliest = self.admissions(seq)?.into_iter().min_by_key(|kept| kept.item);
        if let Some(earliest) = earliest {
            self.connection
                .prepare_cached("UPDATE entry SET document = ?2 WHERE seq = ?1 AND document <> ?2")?
                .execute((seq, earliest.document))?;
        }
        Ok(())
    }

    /// A document is kept for each digest that an admission binds, so that every envelope can be checked by a peer.
    fn insert_admission(
        &self,
        seq: i64,
        candidate: &Candidate,
        certification: Certification,
    ) -> Result<(), LedgerError> {
        let SignedReceipt { id, receipt, bytes } = &candidate.receipt;
        self.keep_document(candidate, certification)?;
        self.connection
            .prepare_cached(
                "INSERT INTO admission (entry, origin, id, admitted, confirmation, document, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                seq,
                receipt.origin.public_key(),
                id.as_bytes(),
                columns::instant_column(receipt.admitted),
                columns::confirmation_column(receipt.confirmation),
                receipt.document.as_bytes(),
                &bytes[..],
            ])?;
        Ok(())
    }

    /// The entry as if it were alone; what supersedes it is found with all others.
    fn insert_entry(&self, candidate: &Candidate, claim: &Claim, standing: Standing) -> Result<i64, LedgerError> {
        let shown = &candidate.description;
        self.connection.prepare_cached(INSERT_ENTRY)?.execute(params![
            candidate.entry.as_bytes(),
            candidate.at.image.sha1(),
            candidate.at.email.as_str(),
            candidate.at.created.unix_seconds(),
            candidate.key.as_bytes(),
            columns::certificate_email_column(candidate.certificate_email),
            columns::certification_column(claim.certification),
            candidate.subject,
            candidate.issuer,
            columns::checksums_column(&candidate.checksums),
            columns::instant_column(claim.first_seen),
            columns::scope_column(candidate.scope),
            candidate.receipt.receipt.document.as_bytes(),
            columns::standing_column(standing),
            shown.deprecated,
            shown.valid.map(|valid| valid.unix_seconds()),
            shown.title,
            shown.description,
            shown.kind,
            shown.os,
            shown.os_version,
            shown.os_arch,
            shown.version,
            shown.bytes.map(u64::cast_signed),
            columns::texts_column(&shown.locations),
            columns::texts_column(&shown.tags),
        ])?;
        let seq = self.connection.last_insert_rowid();
        history::keep(&self.connection, seq, &shown.relations)?;
        Ok(seq)
    }

    /// Who waits for the change waits for all before it: what is known already came with one of those.
    fn admitted(&self, seq: i64, novelty: Novelty, items: ItemChange) -> Result<Admitted, LedgerError> {
        let change = entries::last_change(&self.connection)?;
        let mut statement =
            self.connection.prepare_cached("SELECT standing, superseded_by FROM entry WHERE seq = ?1")?;
        let admitted = statement.query_row((seq,), |row| {
            let superseded_by = row.get::<_, Option<[u8; 32]>>(1)?.map(columns::to_entry_id);
            let placement = Placement { standing: columns::standing(row, 0)?, superseded_by };
            Ok(Admitted { novelty, placement, change, items })
        })?;
        Ok(admitted)
    }
}

const INSERT_ENTRY: &str = "
    INSERT INTO entry (id, image, email, created, key, certificate_email, certification, subject, issuer, checksums,
                       first_seen, scope, document, standing, deprecated, valid, title, description, kind, os,
                       os_version, os_arch, version, bytes, locations, tags)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
            ?24, ?25, ?26)";

/// What an admission changed among those of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merge {
    Known,
    Outranked,
    Added,
    Replaced,
}

#[derive(Debug)]
struct KeptAdmission {
    origin: [u8; 32],
    item: Item,
    document: [u8; 32],
}
