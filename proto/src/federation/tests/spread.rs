//! Stories of gossip.

use super::*;
use crate::bounds::GROWN_AFTER_LOSS_MS;

/// Alice, connected to Bob.
fn alice_with_bob() -> Person {
    let mut alice = Person::knowing("alice", &["bob"]);
    alice.meets("bob");
    alice
}

#[test]
fn a_new_entry_is_forwarded_only_after_verification() {
    let mut alice = alice_with_bob();
    let effects = alice.hears("bob", &Gossip::Entry(entry(1)));
    assert_eq!((verdicts(&effects), intakes(&effects)), (vec![], 1));
    assert_eq!(verdicts(&alice.verifies(effects)), [Verdict::Accept]);
    assert!(alice.federation.holds(&entry(1).item().id));
}

#[test]
fn a_known_entry_is_ignored_without_verification() {
    let mut alice = alice_with_bob().holding(1..2);
    let effects = alice.hears("bob", &Gossip::Entry(entry(1)));
    assert_eq!((verdicts(&effects), intakes(&effects)), (vec![Verdict::Ignore], 0));
}

#[test]
fn what_policy_refuses_is_ignored_and_costs_nobody_anything() {
    let mut alice = alice_with_bob();
    for _ in 0..2 {
        let effects = alice.hears("bob", &Gossip::Entry(entry(800)));
        let effects = alice.verifies(effects);
        assert_eq!((verdicts(&effects), penalties(&effects)), (vec![Verdict::Ignore], 0));
    }
    assert_eq!((alice.federation.held_count(), alice.federation.refused_count()), (0, 1));
}

#[test]
fn a_forged_entry_is_rejected_and_costs_its_sender() {
    let mut alice = alice_with_bob();
    let effects = alice.hears("bob", &Gossip::Entry(entry(900)));
    let effects = alice.verifies(effects);
    assert_eq!((verdicts(&effects), penalties(&effects)), (vec![Verdict::Reject], 1));
    assert_eq!(alice.federation.held_count(), 0);
}

#[test]
fn garbage_and_other_versions_are_rejected_and_cost_their_sender() {
    let mut alice = alice_with_bob();
    let mut other_version = Gossip::Entry(entry(1)).encode().to_vec();
    other_version[0] = 9;
    for bytes in [Bytes::from_static(b""), Bytes::from_static(b"garbage"), other_version.into()] {
        let effects = alice.hears_bytes("bob", bytes);
        assert_eq!((verdicts(&effects), penalties(&effects)), (vec![Verdict::Reject], 1));
    }
}

#[test]
fn gossip_beyond_the_bound_of_verification_is_ignored_and_reported() {
    let mut alice = alice_with_bob();
    let numbers: Vec<_> = (0..800).chain(1000..3000).take(GOSSIP_INTAKES_MAX).collect();
    for number in numbers {
        alice.hears("bob", &Gossip::Entry(entry(number)));
    }
    let effects = alice.hears("bob", &Gossip::Entry(entry(5000)));
    assert_eq!(verdicts(&effects), [Verdict::Ignore]);
    assert!(effects.contains(&Effect::Report(Event::GossipDropped { from: named("bob") })));
}

#[test]
fn a_local_entry_is_published_and_a_large_one_announced() {
    let mut alice = alice_with_bob();
    for (envelope, is_whole) in [(entry(1), true), (sized_entry(2, GOSSIP_DOCUMENT_BYTES_MAX + 1), false)] {
        let item = envelope.item();
        let effects = alice.is_told(Input::EntryAdmitted { item, replaces: None, envelope });
        let [Effect::Publish { bytes }] = effects.as_slice() else { panic!("{effects:?}") };
        let message = Gossip::decode(bytes).expect("own frames are read").message;
        assert_eq!(matches!(message, Gossip::Entry(_)), is_whole);
        assert!(alice.federation.holds(&item.id));
    }
}

#[test]
fn an_announced_document_is_pulled_from_the_announcer_and_then_passed_on() {
    let mut alice = alice_with_bob();
    let large = sized_entry(2, GOSSIP_DOCUMENT_BYTES_MAX + 1);
    let effects = alice.hears("bob", &Gossip::of(large.clone()));
    let [(request, Request::Fetch { items })] = &requests(&effects)[..] else { panic!("{effects:?}") };
    let answer = Response::of_envelopes(items, &[large]);
    let effects = alice.is_answered("bob", *request, &answer);
    assert_eq!(verdicts(&alice.verifies(effects)), [Verdict::Accept]);
}

#[test]
fn an_announcement_that_nothing_follows_is_ignored() {
    let mut alice = alice_with_bob();
    alice.hears("bob", &Gossip::Announcement(entry(3).item()));
    assert_eq!(verdicts(&alice.waits(REQUEST_MS_MAX)), [Verdict::Ignore]);
    alice.hears("bob", &Gossip::Announcement(entry(4).item()));
    assert_eq!(verdicts(&alice.is_told(Input::PeerDisconnected { peer: named("bob") })), [Verdict::Ignore]);
}

#[test]
fn an_earlier_admission_takes_the_place_of_another() {
    let mut alice = alice_with_bob().holding(1..2);
    let effects = alice.hears("bob", &Gossip::Entry(entry(2)));
    let Some(Effect::Admit { intake, .. }) = effects.first() else { panic!("{effects:?}") };
    let outcome = Outcome::Held { item: entry(2).item(), replaces: Some(entry(1).item()) };
    alice.is_told(Input::IntakeFinished { intake: *intake, outcome });
    assert!(alice.federation.holds(&entry(2).item().id) && !alice.federation.holds(&entry(1).item().id));
    assert_eq!(verdicts(&alice.hears("bob", &Gossip::Entry(entry(1)))), [Verdict::Ignore]);
}

#[test]
fn a_peer_that_announces_what_it_never_sends_leaves_room_for_the_announcements_of_others() {
    let mut alice = Person::knowing("alice", &["bob", "mallory"]);
    alice.meets("bob");
    alice.meets("mallory");
    let asked = |alice: &mut Person, who: &str, numbers: std::ops::Range<u16>| -> usize {
        numbers.map(|number| requests(&alice.hears(who, &Gossip::Announcement(entry(number).item()))).len()).sum()
    };
    assert_eq!(asked(&mut alice, "mallory", 0..100), ANNOUNCED_PER_PEER_MAX);
    assert_eq!(asked(&mut alice, "bob", 100..101), 1);
}

#[test]
fn a_local_entry_that_was_withdrawn_before_it_was_told_of_is_neither_held_nor_published() {
    let mut alice = alice_with_bob();
    let item = entry(1).item();
    alice.is_told(Input::ItemsWithdrawn { items: vec![item.id] });
    let effects = alice.is_told(Input::EntryAdmitted { item, replaces: None, envelope: entry(1) });
    assert_eq!((effects, alice.federation.held_count()), (Vec::new(), 0));
}

#[test]
fn an_entry_withdrawn_before_it_was_told_of_still_takes_the_place_of_what_it_replaced() {
    let mut alice = alice_with_bob().holding(1..2);
    let effects = alice.hears("bob", &Gossip::Entry(entry(2)));
    let Some(Effect::Admit { intake, .. }) = effects.first() else { panic!("{effects:?}") };
    alice.is_told(Input::ItemsWithdrawn { items: vec![entry(2).item().id] });
    let outcome = Outcome::Held { item: entry(2).item(), replaces: Some(entry(1).item()) };
    let effects = alice.is_told(Input::IntakeFinished { intake: *intake, outcome });
    assert_eq!((verdicts(&effects), alice.federation.held_count()), (vec![Verdict::Ignore], 0));
}

/// Alice, with intakes of one entry from Bob's gossip and from Carol's.
fn alice_with_two_intakes() -> (Person, [IntakeId; 2]) {
    let mut alice = Person::knowing("alice", &["bob", "carol"]);
    let begun = ["bob", "carol"].map(|name| {
        alice.meets(name);
        let effects = alice.hears(name, &Gossip::Entry(entry(1)));
        let Some(Effect::Admit { intake, .. }) = effects.first() else { panic!("{effects:?}") };
        *intake
    });
    (alice, begun)
}

fn held() -> Outcome {
    Outcome::Held { item: entry(1).item(), replaces: None }
}

fn refused() -> Outcome {
    Outcome::Refused { reason: "policy".to_owned() }
}

#[test]
fn an_entry_that_the_ledger_refused_and_then_took_is_held() {
    let (mut alice, [first, second]) = alice_with_two_intakes();
    alice.is_told(Input::IntakeFinished { intake: first, outcome: refused() });
    let effects = alice.is_told(Input::IntakeFinished { intake: second, outcome: held() });
    assert_eq!((verdicts(&effects), alice.federation.held_count()), (vec![Verdict::Accept], 1));
    assert_eq!(alice.federation.refused_count(), 0);
}

#[test]
fn of_two_intakes_whose_entry_was_withdrawn_meanwhile_neither_holds_it_in_whatever_order_they_end() {
    for (first_outcome, second_outcome) in [(held(), Outcome::Known), (Outcome::Known, held())] {
        let (mut alice, [first, second]) = alice_with_two_intakes();
        alice.is_told(Input::ItemsWithdrawn { items: vec![entry(1).item().id] });
        alice.is_told(Input::IntakeFinished { intake: first, outcome: first_outcome });
        alice.is_told(Input::IntakeFinished { intake: second, outcome: second_outcome });
        assert_eq!(alice.federation.held_count(), 0);
    }
}

#[test]
fn a_refusal_that_is_told_after_the_entry_was_restored_counts_for_nothing() {
    let (mut alice, [first, _]) = alice_with_two_intakes();
    alice.is_told(Input::ItemsRestored { items: vec![entry(1).item()] });
    alice.is_told(Input::IntakeFinished { intake: first, outcome: refused() });
    assert_eq!((alice.federation.held_count(), alice.federation.refused_count()), (1, 0));
}

#[test]
fn an_announced_document_that_was_settled_before_it_came_is_not_verified_again() {
    for (number, expected) in [(2, (1, 0)), (802, (0, 1))] {
        let mut alice = alice_with_bob();
        let large = sized_entry(number, GOSSIP_DOCUMENT_BYTES_MAX + 1);
        let answer = Response::of_envelopes(&[large.item().id], std::slice::from_ref(&large));
        let first = alice.hears("bob", &Gossip::of(large.clone()));
        let in_verification = alice.is_answered("bob", requests(&first)[0].0, &answer);
        let second = alice.hears("bob", &Gossip::of(large));
        alice.verifies(in_verification);
        let effects = alice.is_answered("bob", requests(&second)[0].0, &answer);
        assert_eq!((verdicts(&effects), intakes(&effects)), (vec![Verdict::Ignore], 0));
        assert_eq!((alice.federation.held_count(), alice.federation.refused_count()), expected);
    }
}

#[test]
fn gossip_without_measure_is_ignored_and_nobody_is_at_fault() {
    let mut alice = Person::knowing("alice", &["bob"]).holding(0..1);
    alice.meets("bob");
    let known = Gossip::Entry(entry(0));
    for _ in 0..GOSSIP_BURST {
        assert!(!alice.hears("bob", &known).contains(&Effect::Report(Event::GossipDropped { from: named("bob") })));
    }
    let effects = alice.hears("bob", &Gossip::Entry(entry(1)));
    assert_eq!((verdicts(&effects), intakes(&effects), penalties(&effects)), (vec![Verdict::Ignore], 0, 0));
}

#[test]
fn gossip_that_was_lost_is_made_good_by_a_word_to_every_peer() {
    let mut alice = Person::knowing("alice", &["bob", "carol"]);
    alice.meets("bob");
    alice.meets("carol");
    alice.is_told(Input::GossipLost);
    let told = requests(&alice.waits(GROWN_AFTER_LOSS_MS));
    assert_eq!(told.iter().filter(|(_, request)| matches!(request, Request::Grown)).count(), 2);
    alice.is_told(Input::GossipLost);
    let told = requests(&alice.waits(GROWN_AFTER_LOSS_MS));
    assert!(
        !told.iter().any(|(_, request)| matches!(request, Request::Grown)),
        "who has not answered yet is not told again"
    );
}
