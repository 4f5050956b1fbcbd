//! The current view: a pure fold over all claims and the trust settings.

use std::collections::BTreeMap;

use crate::email::Email;
use crate::entry::EntryId;
use crate::identifier::ImageIdentifier;
use crate::standing::{Address, Claim, Standing, standing};
use crate::timestamp::Timestamp;
use crate::trust::Trust;

/// Where an entry stands in the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// How well its endorser is known.
    pub standing: Standing,
    /// The entry that took its place: the next newer one of those that may; none where it is current.
    pub superseded_by: Option<EntryId>,
}

/// An upload that is older than what its endorser already said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("created {created} is older than the latest entry of {email} for {image}, created {latest_created}: {latest}")]
pub struct Stale {
    /// When the uploaded document was endorsed.
    pub created: Timestamp,
    /// Its endorser.
    pub email: Email,
    /// Its image.
    pub image: ImageIdentifier,
    /// The latest entry.
    pub latest: EntryId,
    /// When that was endorsed.
    pub latest_created: Timestamp,
}

/// The view of a whole registry.
#[must_use]
pub fn fold(claims: &[Claim], trust: &Trust) -> BTreeMap<EntryId, Placement> {
    let mut by_email: BTreeMap<&Email, Vec<&Claim>> = BTreeMap::new();
    for claim in claims {
        by_email.entry(&claim.email).or_default().push(claim);
    }
    let mut view = BTreeMap::new();
    for claims in by_email.into_values() {
        let address = Address::of(claims.iter().copied(), trust);
        let mut by_image: BTreeMap<ImageIdentifier, Vec<&Claim>> = BTreeMap::new();
        for claim in claims {
            by_image.entry(claim.image).or_default().push(claim);
        }
        for group in by_image.into_values() {
            view.extend(place(&group, &address, trust));
        }
    }
    view
}

/// The placements of one group: all claims of one endorser's address about one image.
#[must_use]
pub fn place(group: &[&Claim], address: &Address, trust: &Trust) -> Vec<(EntryId, Placement)> {
    let mut newest_first: Vec<(&Claim, Standing)> =
        group.iter().map(|claim| (*claim, standing(claim, address, trust).unwrap_or(Standing::Contested))).collect();
    newest_first.sort_by_key(|(claim, _)| std::cmp::Reverse((claim.created, claim.entry)));

    // The last that was seen of each standing, and of each key among the contested, with its rank: none is nearer.
    let mut newer: BTreeMap<Standing, (usize, EntryId)> = BTreeMap::new();
    let mut newer_contested = BTreeMap::new();
    let mut placements = Vec::with_capacity(group.len());
    for (rank, (claim, standing)) in newest_first.into_iter().enumerate() {
        let stronger = newer.range(standing.max(Standing::Bare)..).map(|(_, ranked)| *ranked);
        let same_key = newer_contested.get(&claim.key).copied().filter(|_| standing == Standing::Contested);
        let superseded_by = stronger.chain(same_key).max().map(|(_, entry)| entry);
        placements.push((claim.entry, Placement { standing, superseded_by }));
        match standing {
            Standing::Contested => newer_contested.insert(claim.key, (rank, claim.entry)),
            _ => newer.insert(standing, (rank, claim.entry)),
        };
    }
    placements
}

/// The upload rule: an endorser does not go back behind its own latest entry.
///
/// It compares within the same standing and, below confirmed, the same key; so a stranger's later date stops nobody.
/// It protects an endorser from a slip and never applies to what peers bring.
pub fn check_fresh(candidate: &Claim, group: &[&Claim], address: &Address, trust: &Trust) -> Result<(), Stale> {
    let of = |claim: &Claim| standing(claim, address, trust).unwrap_or(Standing::Contested);
    let own = of(candidate);
    let latest = group
        .iter()
        .filter(|claim| of(claim) == own && (own >= Standing::Confirmed || claim.key == candidate.key))
        .max_by_key(|claim| (claim.created, claim.entry));
    match latest {
        Some(latest) if latest.created > candidate.created => Err(Stale {
            created: candidate.created,
            email: candidate.email.clone(),
            image: candidate.image,
            latest: latest.entry,
            latest_created: latest.created,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
