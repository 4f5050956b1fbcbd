//! Admission: a candidate becomes an entry, or a further admission of one.

use proto::reconcile::Item;
use proto::standing::{Address, Claim, standing};
use proto::trust::PolicyRefusal;
use proto::view::{self, Placement};
use rusqlite::params;
use web::registry::Scope;

use super::candidate::{Admitted, Candidate, Freshness, ItemChange, Novelty, SignedReceipt};
use super::claims::{self, HeldClaim};
use super::columns;
use super::error::{AdmitError, LedgerError};
use super::writer::Session;

impl Session {
    pub(super) fn admit(&mut self, candidate: &Candidate) -> Result<Admitted, AdmitError> {
        let admitted = match claims::of_entry(&self.connection, candidate.entry)? {
            Some(held) => self.extend(candidate, &held)?,
            None => self.insert(candidate)?,
        };
        self.connection
            .prepare_cached("DELETE FROM refusal WHERE item = ?1")?
            .execute((candidate.receipt.id.as_bytes(),))?;
        Ok(admitted)
    }

    fn insert(&mut self, candidate: &Candidate) -> Result<Admitted, AdmitError> {
        let claim = candidate.claim();
        let before = self.address(&claim.email)?;
        let mut address = before.clone();
        address.add(&claim, &self.trust);
        let mut group = claims::of_group(&self.connection, claim.image, &claim.email)?;
        let placement = self.judge(candidate, &claim, &group, &address)?;

        let seq = self.insert_entry(candidate, placement)?;
        self.insert_admission(seq, candidate)?;
        self.log_change(seq)?;
        group.push(HeldClaim { seq, claim, placement });
        self.replace_after(&before, &address, &group)?;

        let federated = (candidate.scope == Scope::Federated).then(|| candidate.receipt.item());
        let items = ItemChange { added: federated.into_iter().collect(), removed: Vec::new() };
        let admitted = self.admitted(seq, Novelty::New, items)?;
        self.keep_address(&candidate.at.email, address);
        Ok(admitted)
    }

    /// Refuses what [`Self::admit`] would refuse of an entry that is not held.
    pub(super) fn judge_candidate(&self, candidate: &Candidate) -> Result<(), AdmitError> {
        let claim = candidate.claim();
        let mut address = self.address(&claim.email)?;
        address.add(&claim, &self.trust);
        let group = claims::of_group(&self.connection, claim.image, &claim.email)?;
        self.judge(candidate, &claim, &group, &address).map(|_| ())
    }

    /// Whether the new entry is taken, and where it would stand alone.
    fn judge(
        &self,
        candidate: &Candidate,
        claim: &Claim,
        group: &[HeldClaim],
        address: &Address,
    ) -> Result<Placement, AdmitError> {
        let unbound = || PolicyRefusal::UnboundEmail { email: claim.email.clone(), key: claim.key };
        let standing = standing(claim, address, &self.trust).ok_or_else(unbound)?;
        self.trust.policy.judge_standing(&claim.email, standing)?;
        if candidate.freshness == Freshness::Checked {
            let claims: Vec<&Claim> = group.iter().map(|held| &held.claim).collect();
            view::check_fresh(claim, &claims, address, &self.trust)?;
        }
        Ok(Placement { standing, superseded_by: None })
    }

    /// Moves what a changed claim moves: its group, or every entry of its address where that is now known otherwise.
    fn replace_after(&self, before: &Address, after: &Address, group: &[HeldClaim]) -> Result<(), LedgerError> {
        match group.first() {
            Some(first) if !before.judges_as(after) => {
                let all = claims::of_email(&self.connection, &first.claim.email)?;
                self.replace(&all, after)?;
            }
            _ => {
                self.replace(group, after)?;
            }
        }
        Ok(())
    }

    fn extend(&mut self, candidate: &Candidate, held: &HeldClaim) -> Result<Admitted, AdmitError> {
        let mut items = self.widen_scope(candidate, held.seq)?;
        let is_wider = !items.added.is_empty();
        let merge = self.merge_admission(candidate, held.seq, &mut items)?;
        if merge == Merge::Nothing && !is_wider {
            return Ok(self.admitted(held.seq, Novelty::Known, items)?);
        }
        let email = &held.claim.email;
        let before = self.address(email)?;
        let address = self.address_after(merge, &before, candidate, held)?;
        self.log_change(held.seq)?;
        let group = claims::of_group(&self.connection, held.claim.image, email)?;
        self.replace_after(&before, &address, &group)?;
        let admitted = self.admitted(held.seq, Novelty::Extended, items)?;
        self.keep_address(email, address);
        Ok(admitted)
    }

    fn address_after(
        &self,
        merge: Merge,
        before: &Address,
        candidate: &Candidate,
        held: &HeldClaim,
    ) -> Result<Address, LedgerError> {
        let mut address = before.clone();
        match merge {
            Merge::Nothing => {}
            Merge::Added => {
                let mut claim = held.claim.clone();
                claim.witnesses.extend(candidate.claim().witnesses);
                address.add(&claim, &self.trust);
            }
            // The fold may have stood on the admission that is gone.
            Merge::Replaced => address = self.fold_address(&held.claim.email)?,
        }
        Ok(address)
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
        if replaced.is_some_and(|replaced| replaced.item <= receipt.item()) {
            return Ok(Merge::Nothing);
        }
        if let Some(replaced) = replaced {
            self.delete_admission(seq, replaced)?;
        }
        self.insert_admission(seq, candidate)?;
        self.serve_earliest(seq)?;
        self.forget_unbound_document(replaced)?;
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
    fn serve_earliest(&self, seq: i64) -> Result<(), LedgerError> {
        let earliest = self.admissions(seq)?.into_iter().min_by_key(|kept| kept.item);
        if let Some(earliest) = earliest {
            self.connection
                .prepare_cached("UPDATE entry SET document = ?2 WHERE seq = ?1 AND document <> ?2")?
                .execute((seq, earliest.document))?;
        }
        Ok(())
    }

    fn forget_unbound_document(&self, replaced: Option<&KeptAdmission>) -> Result<(), LedgerError> {
        if let Some(replaced) = replaced {
            self.connection
                .prepare_cached(
                    "DELETE FROM document WHERE sha256 = ?1
                     AND NOT EXISTS (SELECT 1 FROM admission WHERE admission.document = document.sha256)",
                )?
                .execute((replaced.document,))?;
        }
        Ok(())
    }

    /// A document is kept for each digest that an admission binds, so that every envelope can be checked by a peer.
    fn insert_admission(&self, seq: i64, candidate: &Candidate) -> Result<(), LedgerError> {
        let SignedReceipt { id, receipt, bytes } = &candidate.receipt;
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO document (sha256, raw) VALUES (?1, ?2)")?
            .execute((receipt.document.as_bytes(), &candidate.raw[..]))?;
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

    fn insert_entry(&self, candidate: &Candidate, placement: Placement) -> Result<i64, LedgerError> {
        let shown = &candidate.description;
        self.connection.prepare_cached(INSERT_ENTRY)?.execute(params![
            candidate.entry.as_bytes(),
            candidate.at.image.sha1(),
            candidate.at.email.as_str(),
            candidate.at.created.unix_seconds(),
            candidate.key.as_bytes(),
            columns::certificate_email_column(candidate.certificate_email),
            candidate.subject,
            candidate.issuer,
            columns::instant_column(candidate.seen),
            columns::scope_column(candidate.scope),
            candidate.receipt.receipt.document.as_bytes(),
            columns::standing_column(placement.standing),
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
        Ok(self.connection.last_insert_rowid())
    }

    fn admitted(&self, seq: i64, novelty: Novelty, items: ItemChange) -> Result<Admitted, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT standing, superseded_by, (SELECT MAX(seq) FROM placement_change WHERE entry = entry.seq)
             FROM entry WHERE seq = ?1",
        )?;
        let admitted = statement.query_row((seq,), |row| {
            let superseded_by = row.get::<_, Option<[u8; 32]>>(1)?.map(columns::to_entry_id);
            let placement = Placement { standing: columns::standing(row, 0)?, superseded_by };
            Ok(Admitted { novelty, placement, change: row.get::<_, i64>(2)?.cast_unsigned(), items })
        })?;
        Ok(admitted)
    }
}

const INSERT_ENTRY: &str = "
    INSERT INTO entry (id, image, email, created, key, certificate_email, subject, issuer, first_seen, scope, document,
                       standing, deprecated, valid, title, description, kind, os, os_version, os_arch, version, bytes,
                       locations, tags)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
            ?24)";

/// What an admission changed among those of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merge {
    Nothing,
    Added,
    Replaced,
}

#[derive(Debug)]
struct KeptAdmission {
    origin: [u8; 32],
    item: Item,
    document: [u8; 32],
}
