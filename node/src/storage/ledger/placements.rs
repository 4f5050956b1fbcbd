//! Where entries stand: the stored outcome of the view's fold, kept up to date as claims arrive.

use std::collections::BTreeMap;

use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::identifier::ImageIdentifier;
use proto::standing::{Address, Claim};
use proto::trust::Trust;
use proto::view::{self, Placement};
use rusqlite::{Connection, OptionalExtension as _};

use super::claims::{self, HeldClaim};
use super::columns;
use super::error::LedgerError;
use super::writer::Session;

/// Addresses that are read at once where all are passed through.
const EMAILS_AT_ONCE: i64 = 256;

impl Session {
    /// What is known of an address over its committed claims.
    pub(super) fn address(&self, email: &Email) -> Result<Address, LedgerError> {
        match self.known_address(email) {
            Some(address) => Ok(address),
            None => self.fold_address(email),
        }
    }

    /// The same, read from the tables.
    pub(super) fn fold_address(&self, email: &Email) -> Result<Address, LedgerError> {
        let held = claims::of_email(&self.connection, email)?;
        Ok(Address::of(held.iter().map(|held| &held.claim), &self.trust))
    }

    /// Stores where these claims stand, which are all of some groups; returns how many moved.
    pub(super) fn replace(&self, claims: &[HeldClaim], address: &Address) -> Result<usize, LedgerError> {
        let mut moved = 0;
        for group in groups(claims).into_values() {
            let before: BTreeMap<_, _> = group.iter().map(|held| (held.claim.entry, held)).collect();
            let claims: Vec<&Claim> = group.iter().map(|held| &held.claim).collect();
            for (entry, placement) in view::place(&claims, address, &self.trust) {
                let held = before.get(&entry).filter(|held| held.placement != placement);
                if let Some(held) = held {
                    self.store(held.seq, placement)?;
                    moved += 1;
                }
            }
        }
        Ok(moved)
    }

    fn store(&self, seq: i64, placement: Placement) -> Result<(), LedgerError> {
        let superseded_by = placement.superseded_by.map(|by| *by.as_bytes());
        self.connection
            .prepare_cached("UPDATE entry SET standing = ?2, superseded_by = ?3 WHERE seq = ?1")?
            .execute((seq, columns::standing_column(placement.standing), superseded_by))?;
        self.log_change(seq)
    }

    /// Tells the graph to look at an entry again.
    pub(super) fn log_change(&self, seq: i64) -> Result<(), LedgerError> {
        self.connection.prepare_cached("INSERT INTO placement_change (entry) VALUES (?1)")?.execute((seq,))?;
        Ok(())
    }

    /// Takes new trust settings; computes every placement anew where they differ from those of the last time.
    pub(super) fn retrust(&mut self, trust: Trust) -> Result<usize, LedgerError> {
        let fingerprint = fingerprint(&trust);
        let stored: Option<[u8; 32]> = self
            .connection
            .prepare_cached("SELECT value FROM setting WHERE name = 'trust'")?
            .query_row((), |row| row.get(0))
            .optional()?;
        let before = self.trust.clone();
        self.replace_trust(trust);
        if stored.as_ref() == Some(fingerprint.as_bytes()) {
            return Ok(0);
        }
        self.place_all(&fingerprint).inspect_err(|_| self.replace_trust(before))
    }

    fn place_all(&self, fingerprint: &Sha256Digest) -> Result<usize, LedgerError> {
        let mut moved = 0;
        for_each_email(&self.connection, |email| {
            let held = claims::of_email(&self.connection, email)?;
            let address = Address::of(held.iter().map(|held| &held.claim), &self.trust);
            moved += self.replace(&held, &address)?;
            Ok(())
        })?;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES ('trust', ?1)")?
            .execute((fingerprint.as_bytes(),))?;
        Ok(moved)
    }
}

/// Passes through all addresses in order.
pub(super) fn for_each_email(
    connection: &Connection,
    mut visit: impl FnMut(&Email) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut after = String::new();
    loop {
        let emails = claims::emails_after(connection, &after, EMAILS_AT_ONCE)?;
        let Some(last) = emails.last() else { return Ok(()) };
        after = last.as_str().to_owned();
        emails.iter().try_for_each(&mut visit)?;
    }
}

fn groups(claims: &[HeldClaim]) -> BTreeMap<(ImageIdentifier, &Email), Vec<&HeldClaim>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for held in claims {
        groups.entry((held.claim.image, &held.claim.email)).or_default().push(held);
    }
    groups
}

/// The settings' `Debug` text is in order and complete; that it may change between versions costs one pass.
fn fingerprint(trust: &Trust) -> Sha256Digest {
    Sha256Digest::of(format!("{trust:?}").as_bytes())
}
