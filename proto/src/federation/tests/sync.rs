//! Stories of sync.

use super::*;
use crate::bounds::SETTLED_AFTER_MS;

/// Bob, connected to Alice and at rest.
fn bob_holding(numbers: std::ops::Range<u16>) -> Person {
    let mut bob = Person::knowing("bob", &["alice"]).holding(numbers);
    let effects = bob.meets("alice");
    let [(request, _)] = &requests(&effects)[..] else { panic!("{effects:?}") };
    bob.is_answered("alice", *request, &Response::Refused(RequestRefusal::Overloaded));
    bob
}

fn summaries(events: &[Event]) -> Vec<SyncSummary> {
    let summary = |event: &Event| match event {
        Event::SyncFinished { summary, .. } => Some(*summary),
        _ => None,
    };
    events.iter().filter_map(summary).collect()
}

#[test]
fn an_empty_node_takes_over_everything_at_connect() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]), bob_holding(0..700));
    let effects = alice.meets("bob");
    let events = talk(&mut alice, &mut bob, effects);
    assert_eq!(alice.federation.held_count(), 700);
    assert_eq!((summaries(&events)[0].needed, summaries(&events)[0].fetched), (700, 700));
}

#[test]
fn tens_of_thousands_come_over_in_a_few_sessions() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]), bob_holding(1000..51_000));
    let effects = alice.meets("bob");
    talk(&mut alice, &mut bob, effects);
    for _ in 0..2 {
        let effects = alice.waits(1_000);
        talk(&mut alice, &mut bob, effects);
    }
    assert_eq!(alice.federation.held_count(), 50_000);
}

#[test]
fn equal_nodes_need_one_round_and_then_rest_for_the_interval() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]).holding(0..700), bob_holding(0..700));
    let effects = alice.meets("bob");
    let events = talk(&mut alice, &mut bob, effects);
    assert_eq!(summaries(&events), [SyncSummary { rounds: 1, ..SyncSummary::default() }]);
    let wake = alice.federation.next_wake().expect("the next sync is planned");
    assert!((INTERVAL_MS * 3 / 4..INTERVAL_MS * 5 / 4).contains(&wake.ms_since(alice.now)));
}

#[test]
fn bad_and_refused_items_do_not_stop_the_batch() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]), bob_holding(795..905));
    let effects = alice.meets("bob");
    let events = talk(&mut alice, &mut bob, effects);
    let expected =
        SyncSummary { needed: 110, fetched: 5, refused: 100, invalid: 5, rounds: 1, ..SyncSummary::default() };
    assert_eq!(summaries(&events), [SyncSummary { rounds: summaries(&events)[0].rounds, ..expected }]);
    assert_eq!(alice.federation.held_count(), 5);
}

#[test]
fn what_was_refused_is_not_fetched_again_until_trust_changes() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]), bob_holding(800..810));
    let effects = alice.meets("bob");
    talk(&mut alice, &mut bob, effects);
    let effects = alice.waits(2 * INTERVAL_MS);
    let events = talk(&mut alice, &mut bob, effects);
    assert_eq!((summaries(&events)[0].needed, summaries(&events)[0].refused), (0, 0));
    let effects = alice.is_told(Input::TrustChanged { refused: Vec::new() });
    let events = talk(&mut alice, &mut bob, effects);
    assert_eq!((summaries(&events)[0].needed, summaries(&events)[0].refused), (10, 10));
}

#[test]
fn what_stays_refused_when_trust_changes_is_not_fetched_again() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]), bob_holding(800..810));
    let effects = alice.meets("bob");
    talk(&mut alice, &mut bob, effects);
    let refused = (800..809).map(|number| entry(number).item().id).collect();
    let effects = alice.is_told(Input::TrustChanged { refused });
    let events = talk(&mut alice, &mut bob, effects);
    assert_eq!((summaries(&events)[0].needed, summaries(&events)[0].refused), (1, 1));
}

#[test]
fn what_is_withdrawn_is_neither_offered_nor_fetched_and_what_is_restored_is_offered_again() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]), bob_holding(0..3));
    let effects = alice.meets("bob");
    talk(&mut alice, &mut bob, effects);
    assert_eq!(alice.federation.held_count(), 3);
    let items: Vec<_> = (0..2).map(|number| entry(number).item()).collect();
    alice.is_told(Input::ItemsWithdrawn { items: items.iter().map(|item| item.id).collect() });
    assert_eq!(alice.federation.held_count(), 1);
    let effects = alice.waits(2 * INTERVAL_MS);
    let events = talk(&mut alice, &mut bob, effects);
    assert_eq!((summaries(&events)[0].needed, alice.federation.held_count()), (0, 1));

    let effects = alice.is_told(Input::ItemsRestored { items });
    assert_eq!(alice.federation.held_count(), 3);
    let told = requests(&effects).into_iter().filter(|(_, request)| matches!(request, Request::Grown));
    assert_eq!(told.count(), 1, "bob hears that it is worth asking");
}

#[test]
fn an_intake_that_ends_after_its_item_was_withdrawn_holds_nothing() {
    let mut alice = Person::knowing("alice", &["bob"]);
    alice.meets("bob");
    let effects = alice.hears("bob", &Gossip::of(entry(1)));
    alice.is_told(Input::ItemsWithdrawn { items: vec![entry(1).item().id] });
    alice.verifies(effects);
    assert_eq!(alice.federation.held_count(), 0);
}

#[test]
fn refusals_of_an_earlier_run_are_not_fetched() {
    let mut bob = bob_holding(800..810);
    let mut alice = Person::knowing("alice", &["bob"]);
    let refused = (800..810).map(|number| entry(number).item().id);
    alice.federation = Federation::new(settings("alice", Admittance::Closed, &["bob"]), [], refused);
    let effects = alice.meets("bob");
    let events = talk(&mut alice, &mut bob, effects);
    assert_eq!(summaries(&events)[0].needed, 0);
}

#[test]
fn what_is_claimed_but_withheld_ends_the_session_and_is_not_asked_for_at_once() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]), bob_holding(0..10));
    bob.ledger.clear();
    let effects = alice.meets("bob");
    let events = talk(&mut alice, &mut bob, effects);
    assert_eq!(summaries(&events)[0].withheld, 10);
    let wake = alice.federation.next_wake().expect("the next sync is planned");
    assert!(wake.ms_since(alice.now) >= INTERVAL_MS * 3 / 4);
}

#[test]
fn a_peer_that_does_not_answer_is_asked_again_after_growing_pauses() {
    let mut alice = Person::knowing("alice", &["bob"]);
    alice.meets("bob");
    let mut pauses_ms = Vec::new();
    for _ in 0..5 {
        let effects = alice.waits(REQUEST_MS_MAX);
        let failed = Effect::Report(Event::SyncFailed { peer: named("bob"), failure: SyncFailure::NoAnswer });
        assert!(effects.contains(&failed), "{effects:?}");
        let pause_ms = alice.federation.next_wake().expect("the next sync is planned").ms_since(alice.now);
        pauses_ms.push(pause_ms);
        assert_eq!(requests(&alice.waits(pause_ms)).len(), 1);
    }
    assert!(pauses_ms[0] < pauses_ms[4], "{pauses_ms:?}");
}

#[test]
fn an_envelope_that_was_not_asked_for_costs_the_sender_and_is_not_verified() {
    let mut alice = Person::knowing("alice", &["bob"]);
    let (bob, effects) = (bob_holding(0..3), alice.meets("bob"));
    let (round, Request::Reconcile { frame }) = requests(&effects)[0].clone() else { panic!("{effects:?}") };
    let frame = bob.federation.items.respond(&frame, 65_536).expect("own frames are read");
    let effects = alice.is_answered("bob", round, &Response::Reconciled { frame });
    let (batch, Request::FetchPacked { items }) = requests(&effects)[0].clone() else { panic!("{effects:?}") };
    assert_eq!(items.len(), 3);
    let answer = Response::Envelopes { considered: 3, envelopes: vec![entry(50), entry(1), entry(1)] };
    let effects = alice.is_answered("bob", batch, &answer);
    assert_eq!((penalties(&effects), intakes(&effects)), (2, 1));
}

#[test]
fn a_bad_reconciliation_costs_the_sender_on_either_side() {
    let mut alice = Person::knowing("alice", &["bob"]);
    let effects = alice.meets("bob");
    let frame = Bytes::from_static(b"\x61garbage");
    let effects = alice.is_answered("bob", requests(&effects)[0].0, &Response::Reconciled { frame: frame.clone() });
    assert_eq!(penalties(&effects), 1);
    let effects = alice.is_asked("bob", &Request::Reconcile { frame });
    assert_eq!((responses(&effects), penalties(&effects)), (vec![Response::Refused(RequestRefusal::Unreadable)], 1));
}

#[test]
fn verification_and_fetching_stay_within_their_bound() {
    let (mut alice, mut bob) = (Person::knowing("alice", &["bob"]), bob_holding(1000..5000));
    let mut todo: std::collections::VecDeque<_> = requests(&alice.meets("bob")).into();
    let mut most = 0;
    while let Some((request, message)) = todo.pop_front() {
        let bytes = message.encode();
        let served = bob.is_told(Input::RequestArrived { from: named("alice"), request: ServedId(1), bytes });
        let response = match &served[..] {
            [Effect::Respond { bytes, .. }] => Response::decode(bytes).expect("own frames are read").message,
            [Effect::Load { load, items, .. }] => {
                let envelopes = items.iter().filter_map(|id| bob.ledger.get(id).cloned()).collect();
                responses(&bob.is_told(Input::Loaded { load: *load, envelopes })).remove(0)
            }
            other => panic!("{other:?}"),
        };
        todo.extend(requests(&alice.is_answered("bob", request, &response)));
        most = most.max(alice.federation.load().intakes);
    }
    assert!((FETCH_ITEMS_MAX..=INTAKES_MAX).contains(&most), "{most}");
}

#[test]
fn a_peer_that_has_grown_is_synced_with_at_once() {
    let (mut bob, mut carol) = (bob_holding(0..5), Person::knowing("carol", &["bob"]).holding(0..5));
    let effects = carol.meets("bob");
    talk(&mut carol, &mut bob, effects);
    carol.now = carol.now.plus_ms(1_000);
    let effects = carol.is_asked("bob", &Request::Grown);
    assert_eq!(responses(&effects), [Response::Noted]);
    assert_eq!(requests(&effects).len(), 1, "the sync begins at once");
}

#[test]
fn a_peer_that_has_grown_is_asked_for_what_has_settled_and_later_for_the_rest() {
    let now_ms = Person::knowing("carol", &[]).now.unix_ms();
    let admitted = |number: u8, ms: u64| {
        let mut admission = [number; admission::BYTES];
        admission[97..105].copy_from_slice(&ms.to_be_bytes());
        Envelope::new(Bytes::from(vec![b'x'; 100]), admission).expect("within bounds")
    };
    let (old, new) = (admitted(1, now_ms - 60_000), admitted(2, now_ms));
    let mut bob = Person::knowing("bob", &["carol"]).holding(0..5);
    bob.meets("carol");
    let mut carol = Person::knowing("carol", &["bob"]).holding(0..5);
    let effects = carol.meets("bob");
    talk(&mut carol, &mut bob, effects);
    for envelope in [&old, &new] {
        bob.federation.items.insert(envelope.item());
        bob.ledger.insert(envelope.item().id, envelope.clone());
    }
    carol.now = carol.now.plus_ms(1_000);
    let effects = carol.is_asked("bob", &Request::Grown);
    talk(&mut carol, &mut bob, effects);
    assert_eq!([&old, &new].map(|envelope| carol.federation.holds(&envelope.item().id)), [true, false]);
    let effects = carol.waits(SETTLED_AFTER_MS);
    talk(&mut carol, &mut bob, effects);
    assert!(carol.federation.holds(&new.item().id));
}

#[test]
fn a_peer_that_asks_for_too_much_at_once_is_told_to_wait() {
    let mut bob = bob_holding(0..5);
    let fetch = Request::Fetch { items: vec![entry(1).item().id] };
    for _ in 0..SERVED_PER_PEER_MAX {
        assert_eq!(responses(&bob.is_asked("alice", &fetch)), []);
    }
    assert_eq!(responses(&bob.is_asked("alice", &fetch)), [Response::Refused(RequestRefusal::Overloaded)]);
}

#[test]
fn a_peer_that_leaves_takes_its_session_with_it() {
    let mut alice = Person::knowing("alice", &["bob"]);
    let effects = alice.meets("bob");
    alice.is_told(Input::PeerDisconnected { peer: named("bob") });
    assert_eq!(alice.federation.load(), Load::default());
    let effects = alice.is_answered("bob", requests(&effects)[0].0, &Response::Noted);
    assert_eq!(penalties(&effects), 0, "a late answer is nobody's fault");
}

#[test]
fn slow_strangers_leave_places_for_sessions_with_listed_peers() {
    let mut olga = Person::new("olga", Admittance::Open, &["bob"]);
    let begun = (0..20).map(|number| requests(&olga.meets(&format!("mallory {number}"))).len()).sum::<usize>();
    assert_eq!(begun, STRANGER_SESSIONS_MAX);
    assert_eq!(requests(&olga.meets("bob")).len(), 1);
    let wake = olga.federation.next_wake().expect("an answer is awaited");
    assert_eq!(wake.ms_since(olga.now), REQUEST_MS_MAX, "waiting strangers do not keep the node awake");
}

#[test]
fn listed_peers_are_served_while_strangers_ask_for_all_they_can() {
    let mut olga = Person::new("olga", Admittance::Open, &["bob"]).holding(0..5);
    olga.meets("bob");
    let fetch = Request::Fetch { items: vec![entry(1).item().id] };
    for number in 0..20 {
        let name = format!("mallory {number}");
        olga.meets(&name);
        for _ in 0..SERVED_PER_PEER_MAX {
            olga.is_asked(&name, &fetch);
        }
    }
    assert_eq!(olga.federation.load().served, STRANGERS_SERVED_MAX);
    assert_eq!(responses(&olga.is_asked("bob", &fetch)), []);
}

#[test]
fn peers_that_withhold_what_they_claim_do_not_take_all_room_for_fetching() {
    let names = ["m1", "m2", "m3", "m4", "m5", "m6", "bob"];
    let (mut alice, mut claimed) = (Person::knowing("alice", &names), 1000..1000);
    for name in names {
        claimed = claimed.end..claimed.end + 300;
        let theirs: crate::reconcile::ItemSet = claimed.clone().map(|number| entry(number).item()).collect();
        let effects = alice.meets(name);
        let [(round, Request::Reconcile { frame })] = &requests(&effects)[..] else { panic!("{effects:?}") };
        let frame = theirs.respond(frame, 65_536).expect("own frames are read");
        let effects = alice.is_answered(name, *round, &Response::Reconciled { frame });
        assert!(matches!(&requests(&effects)[..], [(_, Request::FetchPacked { .. }), ..]), "{name}: {effects:?}");
    }
}

#[test]
fn a_peer_that_asks_without_measure_is_put_off_and_served_again_later() {
    let mut alice = Person::knowing("alice", &["bob"]);
    alice.meets("bob");
    let is_put_off = |alice: &mut Person| {
        let overloaded = Response::Refused(RequestRefusal::Overloaded);
        responses(&alice.is_asked("bob", &Request::Grown)) == [overloaded]
    };
    let answered = (0..2 * REQUESTS_BURST).take_while(|_| !is_put_off(&mut alice)).count() as u64;
    assert_eq!(answered, REQUESTS_BURST);
    alice.waits(1_000);
    assert!(!is_put_off(&mut alice));
}
