//! Claims about rosters.

use proptest::prelude::*;

use super::*;
use crate::bounds::{ROSTER_BYTES_MAX, ROSTER_MEMBERS_MAX};

fn operator(number: u8) -> NodeKey {
    NodeKey::from_seed([number; 32])
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn authority(operators: &[u8], threshold: usize) -> RosterAuthority {
    let keys = operators.iter().map(|number| operator(*number).node_id()).collect();
    RosterAuthority { federation: "grid".to_owned(), keys, threshold }
}

fn roster(version: u64) -> Roster {
    let member = Member {
        name: "site A".to_owned(),
        url: Some("https://a.example.org".to_owned()),
        addresses: vec!["/dns4/a.example.org/udp/4040/quic-v1".to_owned()],
        contact: Some("admin@a.example.org".to_owned()),
    };
    Roster {
        federation: "grid".to_owned(),
        version,
        issued: moment("2026-01-01T00:00:00Z"),
        expires: moment("2026-04-01T00:00:00Z"),
        members: [(operator(50).node_id(), member)].into(),
        former: [(operator(51).node_id(), moment("2025-12-01T00:00:00Z"))].into(),
    }
}

fn signed(version: u64, operators: &[u8]) -> SignedRoster {
    let mut signed = SignedRoster::unsigned(&roster(version)).expect("within bounds");
    operators.iter().for_each(|number| signed.sign(&operator(*number)));
    signed
}

#[test]
fn a_signed_roster_survives_its_file() {
    let signed = signed(3, &[1, 2]);
    let read = SignedRoster::read(&signed.to_bytes()).expect("it is read");
    assert_eq!(read, signed);
    assert_eq!(read.roster(), &roster(3));
    assert_eq!(read.signers(), [1, 2].map(|number| operator(number).node_id()).into());
}

#[test]
fn a_roster_that_an_operator_wrote_by_hand_is_read() {
    let id = operator(50).node_id();
    let text = format!(
        r#"{{"federation":"grid","version":1,"issued":"2026-01-01T00:00:00Z","expires":"2026-04-01T00:00:00Z",
           "members":[{{"id":"{id}","name":"A","motto":"a field of a later version"}}]}}"#
    );
    let read = SignedRoster::read(text.as_bytes()).expect("it is read");
    assert_eq!(read.roster().members[&id].name, "A");
    assert_eq!(read.payload(), text.as_bytes());
    assert!(read.signers().is_empty());
}

#[test]
fn as_many_operators_as_the_threshold_must_have_signed() {
    let authority = authority(&[1, 2, 3], 2);
    assert!(signed(1, &[1, 3]).verify(&authority).is_ok());
    assert!(signed(1, &[1, 2, 3, 9]).verify(&authority).is_ok());
    for too_few in [&[][..], &[1], &[1, 8, 9]] {
        let refusal = signed(1, too_few).verify(&authority).expect_err("too few");
        assert!(matches!(refusal, RosterRefusal::TooFewSignatures { threshold: 2, .. }), "{refusal}");
    }
}

#[test]
fn a_threshold_of_none_still_needs_one_signature() {
    assert!(signed(1, &[]).verify(&authority(&[1], 0)).is_err());
}

#[test]
fn a_signature_over_another_roster_does_not_count() {
    let (one, other) = (signed(1, &[1, 2]), signed(2, &[]));
    let mixed = SignedRoster { signatures: one.signatures, ..other };
    assert!(mixed.signers().is_empty());
    assert!(mixed.verify(&authority(&[1, 2], 1)).is_err());
}

#[test]
fn what_is_signed_is_the_pre_authentication_encoding_of_dsse() {
    let expected = b"DSSEv1 39 application/vnd.marketplace.roster+json 2 {}";
    assert_eq!(envelope::signed_bytes(b"{}"), expected);
}

#[test]
fn the_roster_of_another_federation_does_not_count() {
    let other = RosterAuthority { federation: "other".to_owned(), ..authority(&[1], 1) };
    assert!(matches!(signed(1, &[1]).verify(&other), Err(RosterRefusal::OtherFederation { .. })));
}

#[test]
fn versions_never_go_back() {
    let verified = |version| signed(version, &[1]).verify(&authority(&[1], 1)).expect("signed");
    let (two, three) = (verified(2), verified(3));
    assert_eq!(three.may_replace(Some(&two)), Ok(()));
    assert_eq!(two.may_replace(Some(&two)), Ok(()));
    assert_eq!(two.may_replace(None), Ok(()));
    assert_eq!(two.may_replace(Some(&three)), Err(RosterRefusal::Older { version: 2, held: 3 }));
    let mut twin = roster(3);
    twin.members.clear();
    let mut twin = SignedRoster::unsigned(&twin).expect("within bounds");
    twin.sign(&operator(1));
    let twin = twin.verify(&authority(&[1], 1)).expect("signed");
    assert_eq!(twin.may_replace(Some(&three)), Err(RosterRefusal::Conflict { version: 3 }));
    assert_ne!(twin.rank() > three.rank(), three.rank() > twin.rank());
}

#[test]
fn a_roster_expires() {
    let roster = roster(1);
    assert!(!roster.is_expired(moment("2026-03-31T23:59:59Z")));
    assert!(roster.is_expired(moment("2026-04-01T00:00:00Z")));
}

fn check_refused(change: impl Fn(&mut Roster), expected: fn(&BadRoster) -> bool) {
    let mut changed = roster(1);
    change(&mut changed);
    let bad = SignedRoster::unsigned(&changed).expect_err("it breaks a bound");
    assert!(expected(&bad), "{bad}");
}

#[test]
fn what_breaks_a_bound_is_refused() {
    check_refused(|roster| roster.version = 0, |bad| matches!(bad, BadRoster::Version));
    check_refused(|roster| roster.expires = roster.issued, |bad| matches!(bad, BadRoster::Validity { .. }));
    check_refused(|roster| roster.federation.clear(), |bad| matches!(bad, BadRoster::Text { .. }));
    check_refused(
        |roster| roster.members.values_mut().for_each(|member| member.name = "a\nb".to_owned()),
        |bad| matches!(bad, BadRoster::Text { .. }),
    );
    check_refused(
        |roster| roster.members.values_mut().for_each(|member| member.addresses = vec!["/ip4".to_owned(); 9]),
        |bad| matches!(bad, BadRoster::TooMany { .. }),
    );
    check_refused(
        |roster| {
            let until = roster.issued;
            roster.former.extend(roster.members.keys().map(|node| (*node, until)));
        },
        |bad| matches!(bad, BadRoster::Twice(_)),
    );
    check_refused(
        |roster| {
            let member = Member { name: "x".to_owned(), ..Member::default() };
            let node = |number: u32| NodeId::from_public_key(*Sha256Digest::of(&number.to_be_bytes()).as_bytes());
            roster.members = (0..=ROSTER_MEMBERS_MAX as u32).map(|number| (node(number), member.clone())).collect();
        },
        |bad| matches!(bad, BadRoster::TooMany { .. }),
    );
    assert!(matches!(SignedRoster::read(&vec![b' '; ROSTER_BYTES_MAX + 1]), Err(BadRoster::TooLarge { .. })));
}

#[test]
fn an_envelope_of_something_else_is_refused() {
    let text = String::from_utf8(signed(1, &[1]).to_bytes().to_vec()).expect("JSON");
    let other = text.replace(PAYLOAD_TYPE, "application/vnd.in-toto+json");
    assert!(matches!(SignedRoster::read(other.as_bytes()), Err(BadRoster::PayloadType(_))));
}

proptest! {
    #[test]
    fn foreign_bytes_are_a_roster_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = SignedRoster::read(&bytes);
    }

    #[test]
    fn an_altered_roster_is_refused_or_counts_as_what_was_signed(at in any::<prop::sample::Index>(), byte: u8) {
        let original = signed(1, &[1, 2]);
        let mut bytes = original.to_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = SignedRoster::read(&bytes)
            && let Ok(verified) = read.verify(&authority(&[1, 2], 2))
        {
            prop_assert_eq!(verified.roster(), original.roster());
        }
    }
}
