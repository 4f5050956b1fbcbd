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
    /// The newest entry that supersedes it; none where it is current.
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

    // The first of each standing, and of each key among the contested, with its rank: none other supersedes before it.
    let mut newest: BTreeMap<Standing, (usize, EntryId)> = BTreeMap::new();
    let mut newest_contested = BTreeMap::new();
    let mut placements = Vec::with_capacity(group.len());
    for (rank, (claim, standing)) in newest_first.into_iter().enumerate() {
        let stronger = newest.range(standing.max(Standing::Bare)..).map(|(_, ranked)| *ranked);
        let same_key = newest_contested.get(&claim.key).copied().filter(|_| standing == Standing::Contested);
        let superseded_by = stronger.chain(same_key).min().map(|(_, entry)| entry);
        placements.push((claim.entry, Placement { standing, superseded_by }));
        match standing {
            Standing::Contested => newest_contested.entry(claim.key).or_insert((rank, claim.entry)),
            _ => newest.entry(standing).or_insert((rank, claim.entry)),
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
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::admission::Confirmation;
    use crate::digest::Sha256Digest;
    use crate::node_id::NodeId;
    use crate::standing::{CertificateEmail, Witness};
    use crate::timestamp::Instant;
    use crate::trust::Confirmations;

    fn member() -> NodeId {
        NodeId::from_public_key([1; 32])
    }

    fn jane() -> Email {
        "jane@example.org".parse().expect("an address")
    }

    fn key(number: u8) -> Sha256Digest {
        Sha256Digest::of(&[number])
    }

    /// Entry `number` of `jane`, endorsed at `created` with key `key_number`, admitted by the member at `admitted`.
    fn claim(number: u8, key_number: u8, created: i64, admitted: u64) -> Claim {
        Claim {
            entry: EntryId::of(&[number], &[key_number]),
            image: ImageIdentifier::from_sha1([0; 20]),
            email: jane(),
            created: Timestamp::from_unix_seconds(created).expect("a moment"),
            key: key(key_number),
            certificate_email: CertificateEmail::Stated,
            first_seen: Instant::from_unix_ms(admitted + 1),
            witnesses: vec![Witness {
                origin: member(),
                admitted: Instant::from_unix_ms(admitted),
                confirmation: Confirmation::Unconfirmed,
            }],
        }
    }

    fn trust() -> Trust {
        Trust { members: BTreeMap::from([(member(), Confirmations::Believed)]), ..Trust::default() }
    }

    fn pinning(number: u8) -> Trust {
        Trust { endorser_keys: BTreeMap::from([(jane(), BTreeSet::from([key(number)]))]), ..trust() }
    }

    #[test]
    fn the_key_of_the_earliest_admission_is_bare_and_another_is_contested() {
        let (first, other) = (claim(1, 1, 100, 10), claim(2, 2, 200, 20));
        let view = fold(&[other.clone(), first.clone()], &trust());
        assert_eq!(view[&first.entry], Placement { standing: Standing::Bare, superseded_by: None });
        assert_eq!(view[&other.entry], Placement { standing: Standing::Contested, superseded_by: None });
    }

    #[test]
    fn a_pinned_key_is_confirmed_and_contests_all_others_of_its_address() {
        let (first, pinned) = (claim(1, 1, 100, 10), claim(2, 2, 200, 20));
        let view = fold(&[first.clone(), pinned.clone()], &pinning(2));
        assert_eq!(view[&pinned.entry].standing, Standing::Confirmed);
        assert_eq!(view[&first.entry].standing, Standing::Contested);
        assert_eq!(view[&first.entry].superseded_by, Some(pinned.entry));
    }

    #[test]
    fn a_believed_confirmation_confirms_and_a_disregarded_one_does_not() {
        let mut confirmed = claim(1, 1, 100, 10);
        confirmed.witnesses[0].confirmation = Confirmation::Confirmed;
        let view = fold(std::slice::from_ref(&confirmed), &trust());
        assert_eq!(view[&confirmed.entry].standing, Standing::Confirmed);

        let mut wary = trust();
        wary.members.insert(member(), Confirmations::Disregarded);
        let view = fold(std::slice::from_ref(&confirmed), &wary);
        assert_eq!(view[&confirmed.entry].standing, Standing::Bare);
    }

    #[test]
    fn an_unlisted_origin_establishes_nothing_before_a_member() {
        let mut early = claim(1, 1, 100, 1);
        early.witnesses[0].origin = NodeId::from_public_key([9; 32]);
        early.first_seen = Instant::from_unix_ms(5);
        let late = claim(2, 2, 50, 1000);
        let view = fold(&[early.clone(), late.clone()], &trust());
        assert_eq!(view[&late.entry].standing, Standing::Bare);
        assert_eq!(view[&early.entry].standing, Standing::Contested);
    }

    #[test]
    fn a_certificate_without_an_address_has_no_standing_until_its_key_is_pinned() {
        let mut silent = claim(1, 1, 100, 10);
        silent.certificate_email = CertificateEmail::Absent;
        let address = Address::of([&silent], &trust());
        assert_eq!(standing(&silent, &address, &trust()), None);
        let address = Address::of([&silent], &pinning(1));
        assert_eq!(standing(&silent, &address, &pinning(1)), Some(Standing::Confirmed));
    }

    #[test]
    fn the_newer_entry_supersedes_and_of_two_in_one_second_the_greater() {
        let (old, new) = (claim(1, 1, 100, 10), claim(2, 1, 200, 20));
        let view = fold(&[new.clone(), old.clone()], &trust());
        assert_eq!(view[&old.entry].superseded_by, Some(new.entry));
        assert_eq!(view[&new.entry].superseded_by, None);

        let (a, b) = (claim(3, 1, 300, 30), claim(4, 1, 300, 30));
        let view = fold(&[a.clone(), b.clone()], &trust());
        assert_eq!(view[&a.entry.min(b.entry)].superseded_by, Some(a.entry.max(b.entry)));
    }

    #[test]
    fn an_upload_behind_the_own_latest_is_stale_and_behind_a_strangers_is_not() {
        let (latest, stranger) = (claim(1, 1, 200, 10), claim(2, 2, 900, 20));
        let (behind, equal) = (claim(3, 1, 100, 30), claim(4, 1, 200, 30));
        let group = [&latest, &stranger];
        let address = Address::of([&latest, &stranger], &trust());
        let stale = check_fresh(&behind, &group, &address, &trust()).expect_err("it is older");
        assert_eq!(stale.latest, latest.entry);
        assert_eq!(check_fresh(&equal, &group, &address, &trust()), Ok(()));
    }

    fn any_claim() -> impl Strategy<Value = Claim> {
        (any::<u8>(), 0..3u8, 0..5i64, 0..6u64, 0..3u8).prop_map(|(number, key, created, admitted, image)| Claim {
            image: ImageIdentifier::from_sha1([image; 20]),
            entry: EntryId::of(&[number, image, u8::try_from(created).expect("below 5")], &[key]),
            ..claim(number, key, created, admitted)
        })
    }

    fn distinct(claims: Vec<Claim>) -> Vec<Claim> {
        claims.into_iter().map(|claim| (claim.entry, claim)).collect::<BTreeMap<_, _>>().into_values().collect()
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_changes_nothing(
            claims in proptest::collection::vec(any_claim(), 0..12).prop_map(distinct),
            pinned in 0..4u8,
        ) {
            let trust = pinning(pinned);
            let forward = fold(&claims, &trust);
            let backward: Vec<Claim> = claims.iter().rev().cloned().collect();
            prop_assert_eq!(forward, fold(&backward, &trust));
        }

        #[test]
        fn strangers_keys_do_not_touch_what_a_pinned_key_says(
            claims in proptest::collection::vec(any_claim(), 0..12).prop_map(distinct),
        ) {
            let trust = pinning(0);
            let own: Vec<Claim> = claims.iter().filter(|claim| claim.key == key(0)).cloned().collect();
            let (alone, among) = (fold(&own, &trust), fold(&claims, &trust));
            for claim in &own {
                prop_assert_eq!(alone[&claim.entry], among[&claim.entry]);
            }
        }

        #[test]
        fn the_superseding_entry_is_newer_and_not_weaker(
            claims in proptest::collection::vec(any_claim(), 0..12).prop_map(distinct),
            pinned in 0..4u8,
        ) {
            let view = fold(&claims, &pinning(pinned));
            let by_entry: BTreeMap<_, _> = claims.iter().map(|claim| (claim.entry, claim)).collect();
            for claim in &claims {
                let placement = view[&claim.entry];
                let supersedes = |other: &&Claim| {
                    let theirs = view[&other.entry].standing;
                    other.image == claim.image
                        && (other.created, other.entry) > (claim.created, claim.entry)
                        && theirs >= placement.standing
                        && (theirs > Standing::Contested || other.key == claim.key)
                };
                prop_assert_eq!(claims.iter().any(|other| supersedes(&other)), placement.superseded_by.is_some());
                if let Some(by) = placement.superseded_by {
                    prop_assert!(supersedes(&by_entry[&by]));
                }
            }
        }
    }
}
