//! Why an entry stands where it does, and why it is listed or not.

use std::collections::BTreeMap;

use proto::crypto::{Certificate, Chain, ChainError};
use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::standing::{Address, Explanation, Standing, Witness, explain as explain_standing};
use proto::timestamp::Timestamp;
use rusqlite::Connection;
use web::registry::{Scope, Summary};

use super::claims::{self, HeldClaim};
use super::columns;
use super::entries;
use super::error::LedgerError;
use super::evidence;
use super::judge::Judge;
use super::writer::Session;
use crate::bounds::EXPLAINED_SUPERSEDED_MAX;

/// Everything that decides about an entry, by the settings in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The standing with its reason.
    pub standing: Explanation,
    /// Whether default lists show it.
    pub listing: Listing,
    /// Whether it leaves this node.
    pub scope: Scope,
    /// The documents of its admissions, with what their certificates prove.
    pub documents: Vec<DocumentEvidence>,
    /// Who admitted it, earliest first.
    pub witnesses: Vec<Witness>,
    /// The newest entry that supersedes it.
    pub superseded_by: Option<EntryId>,
    /// Entries that name it as the newest that supersedes them, newest first, as many as are shown.
    pub supersedes: Vec<EntryId>,
    /// When the document was endorsed: certificates must be valid then.
    pub created: Timestamp,
    /// The moment at which revocations were looked at.
    pub now: Timestamp,
}

/// What the certificates of one document prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentEvidence {
    /// The digest of the document's bytes.
    pub document: Sha256Digest,
    /// The signer's certificate, then the hints that came with it.
    pub certificates: Vec<Certificate>,
    /// The chain to an anchor of this node, or why there is none.
    pub chain: Result<Chain, ChainError>,
    /// What only `legacy_algorithms` admits about the signature.
    pub legacy: Option<String>,
}

/// Whether default lists show an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// They do.
    Listed,
    /// It is contested: shown in timelines and on request.
    Contested,
    /// A newer entry superseded it.
    Superseded,
    /// Its endorser deprecated it.
    Deprecated,
    /// Its validity ended at this moment.
    Expired(Timestamp),
}

impl Listing {
    fn of(summary: &Summary, now: Timestamp) -> Self {
        match summary.valid.filter(|valid| *valid <= now) {
            _ if summary.standing == Standing::Contested => Self::Contested,
            _ if summary.superseded_by.is_some() => Self::Superseded,
            _ if summary.deprecated.is_some() => Self::Deprecated,
            Some(valid) => Self::Expired(valid),
            None => Self::Listed,
        }
    }
}

impl Session {
    /// The fold of an entry's address, which is kept here so that an endorser of many entries costs a reader nothing.
    pub(super) fn address_of(&mut self, entry: EntryId) -> Result<Option<Address>, LedgerError> {
        let Some(held) = claims::of_entry(&self.connection, entry)? else { return Ok(None) };
        let address = self.address(&held.claim.email)?;
        self.keep_address(&held.claim.email, address.clone());
        Ok(Some(address))
    }
}

/// Explains an entry whose address is known by `address`.
pub(super) fn explain(
    connection: &Connection,
    entry: EntryId,
    address: &Address,
    judge: &Judge,
) -> Result<Option<Explained>, LedgerError> {
    let (Some(HeldClaim { seq, mut claim, .. }), Some(held)) =
        (claims::of_entry(connection, entry)?, entries::entry(connection, entry)?)
    else {
        return Ok(None);
    };
    claim.witnesses.sort_by_key(|witness| (witness.admitted, witness.origin));
    Ok(Some(Explained {
        standing: explain_standing(&claim, address, &judge.trust),
        listing: Listing::of(&held.summary, judge.now),
        scope: held.summary.scope,
        documents: documents(connection, seq, claim.created, judge)?,
        superseded_by: held.summary.superseded_by,
        supersedes: supersedes(connection, &held.summary)?,
        created: claim.created,
        witnesses: claim.witnesses,
        now: judge.now,
    }))
}

fn documents(
    connection: &Connection,
    seq: i64,
    created: Timestamp,
    judge: &Judge,
) -> Result<Vec<DocumentEvidence>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT sha256, legacy FROM admission JOIN document ON document.sha256 = admission.document
         WHERE entry = ?1 ORDER BY document.seq",
    )?;
    let rows: Vec<(Sha256Digest, Option<String>)> =
        statement.query_map((seq,), |row| Ok((columns::digest(row, 0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut decoded = BTreeMap::new();
    let mut documents = Vec::with_capacity(rows.len());
    for (document, legacy) in rows {
        let certificates = evidence::certificates(connection, &document, &mut decoded)?;
        let Some((signer, hints)) = certificates.split_first() else {
            return Err(LedgerError::Corrupt(format!("the document {document} has no certificate")));
        };
        let chain = judge.anchors.verify(signer, hints, created, judge.now);
        documents.push(DocumentEvidence { document, certificates, chain, legacy });
    }
    Ok(documents)
}

fn supersedes(connection: &Connection, summary: &Summary) -> Result<Vec<EntryId>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM entry INDEXED BY by_group WHERE image = ?1 AND email = ?2 AND superseded_by = ?3
         ORDER BY created DESC, id DESC LIMIT ?4",
    )?;
    let (at, limit) = (&summary.at, i64::try_from(EXPLAINED_SUPERSEDED_MAX).unwrap_or(i64::MAX));
    let rows = statement.query_map((at.image.sha1(), at.email.as_str(), summary.entry.as_bytes(), limit), |row| {
        columns::entry_id(row, 0)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
