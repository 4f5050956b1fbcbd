//! Where entries stand: the stored outcome of the view's fold, kept up to date as claims arrive.

use std::collections::BTreeMap;

use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::standing::{Address, Claim};
use proto::timestamp::Instant;
use proto::view::{self, Placement};
use rusqlite::Connection;
use web::registry::ChangeKind;

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
        Ok(Address::of(held.iter().map(|held| &held.claim), &self.judge.trust))
    }

    /// Stores where these claims stand, which are all of some groups; returns how many moved.
    pub(super) fn replace(&self, claims: &[HeldClaim], address: &Address, now: Instant) -> Result<usize, LedgerError> {
        let mut moved = 0;
        for group in groups(claims).into_values() {
            let before: BTreeMap<_, _> = group.iter().map(|held| (held.claim.entry, held)).collect();
            let claims: Vec<&Claim> = group.iter().map(|held| &held.claim).collect();
            for (entry, placement) in view::place(&claims, address, &self.judge.trust) {
                let held = before.get(&entry).filter(|held| held.placement != placement);
                if let Some(held) = held {
                    self.store(held, placement, now)?;
                    moved += 1;
                }
            }
        }
        Ok(moved)
    }

    fn store(&self, held: &HeldClaim, placement: Placement, now: Instant) -> Result<(), LedgerError> {
        let superseded_by = placement.superseded_by.map(|by| *by.as_bytes());
        self.connection
            .prepare_cached(
                "UPDATE entry SET standing = ?2, superseded_by = ?3,
                     superseded_at = (SELECT newer.created FROM entry AS newer WHERE newer.id = ?3)
                 WHERE seq = ?1",
            )?
            .execute((held.seq, columns::standing_column(placement.standing), superseded_by))?;
        let kind = match (held.placement.superseded_by, placement.superseded_by) {
            (None, Some(_)) => ChangeKind::Superseded,
            _ => ChangeKind::Moved,
        };
        self.log_change(held.claim.entry, kind, now)
    }

    /// Tells the graph to look at an entry again, and all others what happened to it.
    pub(super) fn log_change(&self, entry: EntryId, kind: ChangeKind, now: Instant) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("INSERT INTO placement_change (entry, kind, at) VALUES (?1, ?2, ?3)")?
            .execute((entry.as_bytes(), columns::change_kind_column(kind), columns::instant_column(now)))?;
        Ok(())
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
