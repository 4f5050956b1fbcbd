//! What the view promises, whoever adds whatever in whatever order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::admission::Confirmation;
use crate::digest::Sha256Digest;
use crate::node_id::NodeId;
use crate::standing::{CertificateEmail, Certification, Reason, Witness, explain};
use crate::timestamp::Instant;
use crate::trust::Confirmations;

fn member() -> NodeId {
    NodeId::from_public_key([1; 32])
}

fn stranger() -> NodeId {
    NodeId::from_public_key([9; 32])
}

fn jane() -> Email {
    "jane@example.org".parse().expect("an address")
}

fn key(number: u8) -> Sha256Digest {
    Sha256Digest::of(&[number])
}

fn instant(ms: u64) -> Instant {
    Instant::from_unix_ms(ms)
}

/// Entry `number` of `jane`, endorsed at `created` with key `key_number`, admitted by the member at `admitted`.
fn claim(number: u8, key_number: u8, created: i64, admitted: u64) -> Claim {
    Claim {
        entry: EntryId::of(&[number], &[key_number]),
        image: ImageIdentifier::from_sha1([0; 20]),
        email: jane(),
        created: Timestamp::from_unix_seconds(created).expect("a moment"),
        key: key(key_number),
        subject: format!("CN={key_number}"),
        certificate_email: CertificateEmail::Stated,
        certification: Certification::Unchained,
        first_seen: instant(admitted + 1),
        witnesses: vec![Witness {
            origin: member(),
            admitted: instant(admitted),
            confirmation: Confirmation::Unconfirmed,
        }],
    }
}

/// The same by a certificate without an address, whose chain ends at an anchor.
fn named(claim: Claim) -> Claim {
    Claim { certificate_email: CertificateEmail::Absent, certification: Certification::Subject, ..claim }
}

/// The same by a certificate with the address, whose chain ends at an anchor.
fn certified(claim: Claim) -> Claim {
    Claim { certification: Certification::Email, ..claim }
}

fn confirmed(mut claim: Claim) -> Claim {
    claim.witnesses[0].confirmation = Confirmation::Confirmed;
    claim
}

fn trust() -> Trust {
    Trust { members: BTreeMap::from([(member(), Confirmations::Believed)]), ..Trust::default() }
}

fn pinning(number: u8) -> Trust {
    Trust { endorser_keys: BTreeMap::from([(jane(), BTreeSet::from([key(number)]))]), ..trust() }
}

fn reason(claim: &Claim, claims: &[&Claim], trust: &Trust) -> Reason {
    explain(claim, &Address::of(claims.iter().copied(), trust), trust).reason
}

#[test]
fn the_key_of_the_earliest_admission_is_bare_and_another_is_contested() {
    let (first, other) = (claim(1, 1, 100, 10), claim(2, 2, 200, 20));
    let view = fold(&[other.clone(), first.clone()], &trust());
    assert_eq!(view[&first.entry], Placement { standing: Standing::Bare, superseded_by: None });
    assert_eq!(view[&other.entry], Placement { standing: Standing::Contested, superseded_by: None });
    let (since, origin) = (instant(10), Some(member()));
    assert_eq!(reason(&first, &[&first, &other], &trust()), Reason::Established { since, origin });
    let established = Reason::OtherKeyEstablished { key: key(1), since, origin };
    assert_eq!(reason(&other, &[&first, &other], &trust()), established);
}

#[test]
fn a_pinned_key_is_confirmed_and_contests_all_others_of_its_address() {
    let (first, pinned) = (claim(1, 1, 100, 10), claim(2, 2, 200, 20));
    let view = fold(&[first.clone(), pinned.clone()], &pinning(2));
    assert_eq!(view[&pinned.entry].standing, Standing::Confirmed);
    assert_eq!(view[&first.entry].standing, Standing::Contested);
    assert_eq!(view[&first.entry].superseded_by, Some(pinned.entry));
    assert_eq!(reason(&pinned, &[&first, &pinned], &pinning(2)), Reason::Pinned);
    assert_eq!(reason(&first, &[&first, &pinned], &pinning(2)), Reason::AddressVouched);
}

#[test]
fn a_believed_confirmation_confirms_and_a_disregarded_one_does_not() {
    let confirmed = confirmed(claim(1, 1, 100, 10));
    let view = fold(std::slice::from_ref(&confirmed), &trust());
    assert_eq!(view[&confirmed.entry].standing, Standing::Confirmed);
    let by = Reason::Confirmed { origin: member(), admitted: instant(10) };
    assert_eq!(reason(&confirmed, &[&confirmed], &trust()), by);

    let mut wary = trust();
    wary.members.insert(member(), Confirmations::Disregarded);
    let view = fold(std::slice::from_ref(&confirmed), &wary);
    assert_eq!(view[&confirmed.entry].standing, Standing::Bare);
}

#[test]
fn an_unlisted_origin_establishes_nothing_before_a_member() {
    let mut early = claim(1, 1, 100, 1);
    early.witnesses[0].origin = stranger();
    early.first_seen = instant(5);
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
    assert_eq!(reason(&silent, &[&silent], &trust()), Reason::Unbound);
    let address = Address::of([&silent], &pinning(1));
    assert_eq!(standing(&silent, &address, &pinning(1)), Some(Standing::Confirmed));
}

#[test]
fn a_chained_certificate_with_the_address_is_certified_and_contests_the_established_key() {
    let (established, chained) = (claim(1, 1, 100, 10), certified(claim(2, 2, 50, 90)));
    let view = fold(&[established.clone(), chained.clone()], &trust());
    assert_eq!(view[&chained.entry].standing, Standing::Certified);
    assert_eq!(view[&established.entry].standing, Standing::Contested);
    assert_eq!(reason(&chained, &[&established, &chained], &trust()), Reason::CertifiedEmail);
}

#[test]
fn a_chained_name_without_the_address_is_certified_only_where_it_is_the_addresss_own() {
    let (first, renewed, other) =
        (named(claim(1, 1, 100, 10)), named(claim(2, 2, 100, 20)), named(claim(3, 3, 100, 15)));
    let renewed = Claim { subject: first.subject.clone(), ..renewed };
    let claims = [&first, &renewed, &other];
    let view = fold(&claims.map(Clone::clone), &trust());
    let standings = claims.map(|claim| view[&claim.entry].standing);
    assert_eq!(standings, [Standing::Certified, Standing::Certified, Standing::Contested]);
    let by_name = Reason::FirstCertifiedSubject { since: instant(10), origin: Some(member()) };
    assert_eq!(reason(&renewed, &claims, &trust()), by_name);
    let others = Reason::OtherSubjectCertified { subjects: vec![first.subject.clone()] };
    assert_eq!(reason(&other, &claims, &trust()), others);
}

#[test]
fn a_name_whose_certificate_states_the_address_comes_before_the_first_name() {
    let (first, owner) = (named(claim(1, 1, 100, 10)), certified(claim(2, 2, 100, 20)));
    let owners_other = Claim { subject: owner.subject.clone(), ..named(claim(3, 3, 100, 30)) };
    let claims = [&first, &owner, &owners_other];
    let view = fold(&claims.map(Clone::clone), &trust());
    let standings = claims.map(|claim| view[&claim.entry].standing);
    assert_eq!(standings, [Standing::Contested, Standing::Certified, Standing::Certified]);
    assert_eq!(reason(&owners_other, &claims, &trust()), Reason::CertifiedSubject);
}

#[test]
fn certified_and_confirmed_entries_of_one_address_keep_their_standing() {
    let (chained, believed) = (certified(claim(1, 1, 100, 10)), confirmed(claim(2, 2, 200, 20)));
    let view = fold(&[chained.clone(), believed.clone()], &trust());
    assert_eq!(view[&chained.entry], Placement { standing: Standing::Certified, superseded_by: None });
    assert_eq!(view[&believed.entry], Placement { standing: Standing::Confirmed, superseded_by: None });
}

#[test]
fn the_newer_entry_supersedes_and_of_two_in_one_second_the_greater() {
    let (old, new) = (claim(1, 1, 100, 10), claim(2, 1, 200, 20));
    let view = fold(&[new.clone(), old.clone()], &trust());
    assert_eq!(view[&old.entry].superseded_by, Some(new.entry));
    assert_eq!(view[&new.entry].superseded_by, None);

    let newest = claim(5, 1, 300, 30);
    let view = fold(&[newest.clone(), old.clone(), new.clone()], &trust());
    assert_eq!(view[&old.entry].superseded_by, Some(new.entry), "what took its place stays the same");
    assert_eq!(view[&new.entry].superseded_by, Some(newest.entry));

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

/// A claim of one of three keys, with any evidence.
fn any_claim() -> impl Strategy<Value = Claim> {
    let made = (any::<u8>(), 0..3u8, 0..5i64, 0..3u8);
    let evidence = (0..2u8, 0..3u8, 0..3u8, 0..6u64, 0..2u8);
    (made, evidence).prop_map(|((number, key, created, image), (stated, chained, subject, admitted, origin))| {
        let certificate_email = [CertificateEmail::Absent, CertificateEmail::Stated][usize::from(stated)];
        let certification = match (chained, certificate_email) {
            (0 | 1, _) => Certification::Unchained,
            (_, email) => Certification::of_chained(email),
        };
        let mut claim = Claim {
            image: ImageIdentifier::from_sha1([image; 20]),
            entry: EntryId::of(&[number, image, u8::try_from(created).expect("below 5")], &[key]),
            subject: format!("CN={subject}"),
            certificate_email,
            certification,
            ..claim(number, key, created, admitted)
        };
        claim.witnesses[0].origin = [member(), stranger()][usize::from(origin)];
        if admitted == 3 {
            claim.witnesses[0].confirmation = Confirmation::Confirmed;
        }
        claim
    })
}

fn any_claims() -> impl Strategy<Value = Vec<Claim>> {
    let distinct = |claims: Vec<Claim>| {
        claims.into_iter().map(|claim| (claim.entry, claim)).collect::<BTreeMap<_, _>>().into_values().collect()
    };
    proptest::collection::vec(any_claim(), 0..12).prop_map(distinct)
}

/// Neither confirmed nor chained.
fn plain(claim: Claim) -> Claim {
    let mut claim = Claim { certification: Certification::Unchained, ..claim };
    claim.witnesses[0].confirmation = Confirmation::Unconfirmed;
    claim
}

/// By key 3, which nobody pins, neither confirmed nor chained.
fn of_stranger(claim: Claim) -> Claim {
    let mut claim = plain(claim);
    claim.entry = EntryId::of(claim.entry.as_bytes(), &[3]);
    claim.key = key(3);
    claim
}

fn together(some: &[Claim], others: &[Claim]) -> Vec<Claim> {
    some.iter().chain(others).cloned().collect()
}

proptest! {
    #[test]
    fn the_order_of_arrival_changes_nothing(
        (claims, shuffled) in any_claims().prop_flat_map(|claims| (Just(claims.clone()), Just(claims).prop_shuffle())),
        pinned in 0..4u8,
    ) {
        prop_assert_eq!(fold(&claims, &pinning(pinned)), fold(&shuffled, &pinning(pinned)));
    }

    #[test]
    fn an_address_folded_in_parts_and_twice_is_that_of_the_whole(
        claims in any_claims(), at in 0..12usize, pinned in 0..4u8,
    ) {
        let trust = pinning(pinned);
        let (some, others) = claims.split_at(at.min(claims.len()));
        let mut address = Address::of(others, &trust);
        // A claim whose better evidence comes later was there with less of it before.
        some.iter().for_each(|claim| address.add(&plain(claim.clone()), &trust));
        claims.iter().chain(some).for_each(|claim| address.add(claim, &trust));
        let whole = Address::of(&claims, &trust);
        prop_assert!(address.judges_as(&whole));
        for claim in &claims {
            prop_assert_eq!(standing(claim, &address, &trust), standing(claim, &whole, &trust));
        }
    }

    #[test]
    fn strangers_touch_nothing_of_what_a_vouched_key_says(
        claims in any_claims(), others in any_claims(), pinned in 0..3u8,
    ) {
        let trust = pinning(pinned);
        let alone = fold(&claims, &trust);
        let strangers: Vec<Claim> = others.into_iter().map(of_stranger).collect();
        let among = fold(&together(&claims, &strangers), &trust);
        let vouched = claims.iter().filter(|claim| alone[&claim.entry].standing >= Standing::Confirmed);
        for claim in vouched {
            prop_assert_eq!(alone[&claim.entry], among[&claim.entry]);
        }
    }

    #[test]
    fn a_later_stranger_changes_nothing_of_what_the_established_key_says(claims in any_claims(), others in any_claims()) {
        let alone = fold(&claims, &trust());
        let later = |claim: Claim| {
            let mut claim = of_stranger(claim);
            claim.first_seen = instant(1_000);
            claim.witnesses[0].admitted = instant(1_000);
            claim.witnesses[0].origin = stranger();
            claim
        };
        let strangers: Vec<Claim> = others.into_iter().map(later).collect();
        let among = fold(&together(&claims, &strangers), &trust());
        for claim in claims.iter().filter(|claim| alone[&claim.entry].standing >= Standing::Bare) {
            prop_assert_eq!(alone[&claim.entry], among[&claim.entry]);
        }
    }

    #[test]
    fn weaker_entries_hide_no_stronger_ones(claims in any_claims(), pinned in 0..4u8) {
        let trust = pinning(pinned);
        let view = fold(&claims, &trust);
        for claim in &claims {
            let own = view[&claim.entry].standing;
            let address = Address::of(&claims, &trust);
            let group: Vec<&Claim> = claims
                .iter()
                .filter(|other| other.image == claim.image && view[&other.entry].standing >= own)
                .collect();
            let among_strong = place(&group, &address, &trust).into_iter().collect::<BTreeMap<_, _>>();
            prop_assert_eq!(among_strong[&claim.entry], view[&claim.entry]);
        }
    }

    #[test]
    fn strangers_make_no_upload_stale(claims in any_claims(), others in any_claims(), upload in any_claim()) {
        let trust = pinning(0);
        let upload = Claim { key: key(0), ..upload };
        let claims: Vec<Claim> = claims.into_iter().filter(|claim| claim.image == upload.image).collect();
        let strangers: Vec<Claim> = others.into_iter().map(of_stranger).filter(|one| one.image == upload.image).collect();
        let check = |claims: &[Claim]| {
            let address = Address::of(claims.iter().chain([&upload]), &trust);
            check_fresh(&upload, &claims.iter().collect::<Vec<_>>(), &address, &trust)
        };
        prop_assert_eq!(check(&together(&claims, &strangers)), check(&claims));
    }

    #[test]
    fn a_standing_and_its_reason_agree(claims in any_claims(), pinned in 0..4u8) {
        let trust = pinning(pinned);
        let address = Address::of(&claims, &trust);
        for claim in &claims {
            let explanation = explain(claim, &address, &trust);
            let expected = match explanation.reason {
                Reason::CertifiedEmail | Reason::CertifiedSubject | Reason::FirstCertifiedSubject { .. } => {
                    Some(Standing::Certified)
                }
                Reason::Pinned | Reason::Confirmed { .. } => Some(Standing::Confirmed),
                Reason::Established { .. } => Some(Standing::Bare),
                Reason::Unbound => None,
                Reason::OtherKeyEstablished { .. } | Reason::AddressVouched | Reason::OtherSubjectCertified { .. } => {
                    Some(Standing::Contested)
                }
            };
            prop_assert_eq!(explanation.standing, expected);
        }
    }

    #[test]
    fn the_superseding_entry_is_the_next_that_is_newer_and_not_weaker(claims in any_claims(), pinned in 0..4u8) {
        let view = fold(&claims, &pinning(pinned));
        for claim in &claims {
            let placement = view[&claim.entry];
            let supersedes = |other: &&Claim| {
                let theirs = view[&other.entry].standing;
                other.image == claim.image
                    && (other.created, other.entry) > (claim.created, claim.entry)
                    && theirs >= placement.standing
                    && (theirs > Standing::Contested || other.key == claim.key)
            };
            let next = claims.iter().filter(supersedes).min_by_key(|other| (other.created, other.entry));
            prop_assert_eq!(next.map(|next| next.entry), placement.superseded_by);
        }
    }
}
