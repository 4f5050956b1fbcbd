//! Claims about rosters among peers.

use std::collections::BTreeSet;

use super::*;
use crate::bounds::{ROSTER_INTERVAL_MS, ROSTER_LINKS};
use crate::crypto::NodeKey;
use crate::roster::{Member, Roster, RosterAuthority, SignedRoster, VerifiedRoster};
use crate::timestamp::Timestamp;

fn operator(number: u8) -> NodeKey {
    NodeKey::from_seed([number; 32])
}

fn authority() -> RosterAuthority {
    let keys = [1, 2, 3].map(|number| operator(number).node_id());
    RosterAuthority { federation: "test".to_owned(), keys: keys.into(), threshold: 2 }
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn signed(version: u64, operators: &[u8]) -> SignedRoster {
    let roster = Roster {
        federation: "test".to_owned(),
        version,
        issued: moment("2026-01-01T00:00:00Z"),
        expires: moment("2027-01-01T00:00:00Z"),
        members: [(named("bob"), Member { name: "bob".to_owned(), ..Member::default() })].into(),
        former: BTreeMap::new(),
    };
    let mut signed = SignedRoster::unsigned(&roster).expect("within bounds");
    operators.iter().for_each(|number| signed.sign(&operator(*number)));
    signed
}

fn verified(version: u64) -> VerifiedRoster {
    signed(version, &[1, 2]).verify(&authority()).expect("two have signed")
}

fn with_roster(name: &str, peers: &[&str], roster: Option<VerifiedRoster>) -> Settings {
    Settings { roster_authority: Some(authority()), roster, ..settings(name, Admittance::Closed, peers) }
}

/// A node with this roster, which takes over what it adopts.
fn person(name: &str, peer: &str, roster: Option<VerifiedRoster>) -> Person {
    let mut person = Person::knowing(name, &[peer]);
    person.is_told(Input::MembersChanged { settings: with_roster(name, &[peer], roster) });
    person
}

fn adopted(effects: &[Effect]) -> Vec<u64> {
    let version = |effect: &Effect| match effect {
        Effect::AdoptRoster { roster } => Some(roster.roster().version),
        _ => None,
    };
    effects.iter().filter_map(version).collect()
}

/// A node with this roster that is connected to bob, who has answered at his level.
fn alice_who_heard_bob(roster: Option<VerifiedRoster>) -> (Person, RequestId) {
    let mut alice = person("alice", "bob", roster);
    alice.meets("bob");
    let asked = requests(&alice.is_asked("bob", &Request::Grown));
    let (id, _) = asked
        .into_iter()
        .find(|(_, request)| matches!(request, Request::Roster { .. }))
        .expect("she asks for his roster");
    (alice, id)
}

#[test]
fn a_newer_roster_is_taken_from_a_peer() {
    let (mut alice, id) = alice_who_heard_bob(Some(verified(2)));
    let newer = verified(3);
    let answer = Response::Roster { held: Some(newer.rank()), newer: Some(newer.signed().to_bytes()) };
    assert_eq!(adopted(&alice.is_answered("bob", id, &answer)), [3]);
}

#[test]
fn an_older_roster_is_never_taken() {
    let (mut alice, id) = alice_who_heard_bob(Some(verified(2)));
    let older = verified(1);
    let answer = Response::Roster { held: Some(older.rank()), newer: Some(older.signed().to_bytes()) };
    assert_eq!(adopted(&alice.is_answered("bob", id, &answer)), [0_u64; 0]);
}

#[test]
fn a_roster_with_too_few_signatures_is_reported_and_nobody_is_at_fault() {
    let (mut alice, id) = alice_who_heard_bob(None);
    let foreign = signed(9, &[1, 7, 8]);
    let answer = Response::Roster { held: Some(foreign.rank()), newer: Some(foreign.to_bytes()) };
    let effects = alice.is_answered("bob", id, &answer);
    assert_eq!((adopted(&effects).len(), penalties(&effects)), (0, 0));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Report(Event::RosterRefused { .. }))), "{effects:?}");
}

#[test]
fn what_is_no_roster_costs_its_sender() {
    let (mut alice, id) = alice_who_heard_bob(None);
    let answer = Response::Roster { held: None, newer: Some(Bytes::from_static(b"{}")) };
    assert_eq!(penalties(&alice.is_answered("bob", id, &answer)), 1);
}

#[test]
fn of_two_rosters_of_one_version_all_nodes_take_the_same() {
    let one = verified(2);
    let mut other = signed(2, &[]).roster().clone();
    other.expires = moment("2028-01-01T00:00:00Z");
    let mut other = SignedRoster::unsigned(&other).expect("within bounds");
    [1, 2].into_iter().for_each(|number| other.sign(&operator(number)));
    let other = other.verify(&authority()).expect("two have signed");
    let takes = |held: &VerifiedRoster, offered: &VerifiedRoster| {
        let (mut alice, id) = alice_who_heard_bob(Some(held.clone()));
        let answer = Response::Roster { held: Some(offered.rank()), newer: Some(offered.signed().to_bytes()) };
        !adopted(&alice.is_answered("bob", id, &answer)).is_empty()
    };
    assert_ne!(takes(&one, &other), takes(&other, &one));
}

#[test]
fn a_peer_of_level_1_is_not_asked_for_its_roster() {
    let mut alice = person("alice", "bob", Some(verified(1)));
    alice.meets("bob");
    let mut of_level_1 = Request::Grown.encode().to_vec();
    of_level_1[1] = 1;
    let input = Input::RequestArrived { from: named("bob"), request: ServedId(1), bytes: of_level_1.into() };
    let mut effects = alice.is_told(input);
    effects.extend(alice.waits(2 * ROSTER_INTERVAL_MS));
    let asked = requests(&effects);
    assert!(!asked.iter().any(|(_, request)| matches!(request, Request::Roster { .. })), "{asked:?}");
}

#[test]
fn a_roster_is_given_to_whoever_has_an_older_one() {
    let newer = verified(5);
    let mut alice = person("alice", "bob", Some(newer.clone()));
    alice.meets("bob");
    for theirs in [None, Some(verified(4).rank())] {
        let answer = responses(&alice.is_asked("bob", &Request::Roster { held: theirs }));
        let expected = Response::Roster { held: Some(newer.rank()), newer: Some(newer.signed().to_bytes()) };
        assert_eq!(answer, [expected]);
    }
    let same = responses(&alice.is_asked("bob", &Request::Roster { held: Some(newer.rank()) }));
    assert_eq!(same, [Response::Roster { held: Some(newer.rank()), newer: None }]);
}

#[test]
fn a_new_roster_is_told_to_connected_peers_at_once() {
    let (mut alice, id) = alice_who_heard_bob(None);
    alice.is_answered("bob", id, &Response::Roster { held: None, newer: None });
    let effects = alice.is_told(Input::MembersChanged { settings: with_roster("alice", &["bob"], Some(verified(1))) });
    assert_eq!(requests(&effects).len(), 1, "{effects:?}");
}

#[test]
fn two_nodes_end_with_the_newer_roster_whoever_has_it() {
    for (of_alice, of_bob) in [(Some(1), Some(2)), (Some(2), Some(1)), (None, Some(1)), (Some(1), None)] {
        let mut alice = person("alice", "bob", of_alice.map(verified));
        let mut bob = person("bob", "alice", of_bob.map(verified));
        let mut effects = alice.meets("bob");
        bob.meets("alice");
        let mut newest = None;
        for _ in 0..3 {
            let events = talk(&mut alice, &mut bob, effects);
            let arrived = events.iter().find_map(|event| match event {
                Event::RosterArrived { version, .. } => Some(*version),
                _ => None,
            });
            newest = newest.or(arrived);
            effects = bob.waits(1);
            std::mem::swap(&mut alice, &mut bob);
        }
        assert_eq!(newest, of_alice.max(of_bob), "{of_alice:?} {of_bob:?}");
    }
}

#[test]
fn a_member_that_a_newer_roster_leaves_out_is_cut_off_at_once() {
    let mut alice = person("alice", "bob", Some(verified(1)));
    alice.meets("bob");
    let effects = alice.is_told(Input::MembersChanged { settings: with_roster("alice", &[], Some(verified(2))) });
    assert_eq!(cuts(&effects), [DisconnectReason::NotListed]);
}

#[test]
fn some_members_of_a_large_roster_are_dialled_and_the_next_where_those_are_down() {
    let names: Vec<_> = (0..40).map(|number| format!("site {number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut settings = with_roster("alice", &names, Some(verified(1)));
    settings.peers.iter_mut().for_each(|peer| peer.listed_by = ListedBy::Roster);
    let mut alice = Person::knowing("alice", &[]);
    let mut effects = alice.is_told(Input::MembersChanged { settings });
    let mut connected = BTreeSet::new();
    let mut failed = 0;
    for _ in 0..100 {
        let dialled: Vec<_> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Dial { peer, .. } => Some(*peer),
                _ => None,
            })
            .collect();
        effects = Vec::new();
        for peer in dialled {
            // Every other one is down.
            if peer.public_key()[0] % 2 == 0 {
                connected.insert(peer);
                effects.extend(alice.is_told(Input::PeerConnected { peer }));
            } else {
                failed += 1;
                effects.extend(alice.is_told(Input::DialFailed { peer }));
            }
        }
        effects.extend(alice.waits(10_000));
    }
    assert!((ROSTER_LINKS..=20).contains(&connected.len()), "{} connected, {failed} failed", connected.len());
}
