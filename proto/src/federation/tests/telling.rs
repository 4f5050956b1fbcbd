//! Stories of telling peers what a node holds.

use super::*;
use crate::bounds::{
    FAR_GOSSIP_BYTES_BURST, FAR_GOSSIP_BYTES_PER_SECOND, FAR_ROUND_TRIP_MS, FIRST_TOLD, GOSSIP_PAUSE_MS,
    GROWN_AFTER_LOSS_MS, HOLDING_ITEMS_MAX, TELL_AGAIN_MS, TELL_ALL_MS,
};
use crate::reconcile::ItemSet;
use crate::wire::{HOLDING_LEVEL, PACKED_LEVEL};

/// What is asked of whom.
fn asked(effects: &[Effect]) -> Vec<(NodeId, RequestId, Request)> {
    let request = |effect: &Effect| match effect {
        Effect::SendRequest { to, request, bytes } => {
            Some((*to, *request, Request::decode(bytes).expect("own frames are read").message))
        }
        _ => None,
    };
    effects.iter().filter_map(request).collect()
}

/// Whom the effects tell that this node holds `item`.
fn told_of(effects: &[Effect], item: AdmissionId) -> Vec<NodeId> {
    let is_telling = |request: &Request| matches!(request, Request::Holding { items } if items.contains(&item));
    asked(effects).into_iter().filter(|(.., request)| is_telling(request)).map(|(peer, ..)| peer).collect()
}

/// Alice, at rest with all of these peers.
fn alice_with(peers: &[&str]) -> Person {
    let mut alice = Person::knowing("alice", peers);
    for peer in peers {
        let effects = alice.meets(peer);
        let [(_, request, Request::Reconcile { frame })] = &asked(&effects)[..] else { panic!("{effects:?}") };
        let frame = ItemSet::default().respond(frame, 65_536).expect("own frames are read");
        alice.is_answered(peer, *request, &Response::Reconciled { frame });
    }
    alice
}

/// Alice, whose links do not carry her gossip; each peer has heard so.
fn alice_without_gossip(peers: &[&str]) -> Person {
    let mut alice = alice_with(peers);
    let effects = alice.is_told(Input::GossipLost);
    assert!(effects.contains(&Effect::Report(Event::GossipPaused)));
    for (peer, request, _) in asked(&alice.waits(GROWN_AFTER_LOSS_MS)) {
        let answer = Answer::Response(Response::Noted.encode());
        alice.is_told(Input::ResponseArrived { from: peer, request, answer });
    }
    alice.now = alice.now.plus_ms(1_000);
    alice
}

fn uploads(alice: &mut Person, number: u16) -> Vec<Effect> {
    let envelope = entry(number);
    alice.ledger.insert(envelope.item().id, envelope.clone());
    alice.is_told(Input::EntryAdmitted { item: envelope.item(), replaces: None, envelope })
}

fn is_published(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Publish { .. }))
}

#[test]
fn where_gossip_was_lost_few_peers_are_told_of_an_upload_and_nothing_is_gossiped() {
    let mut alice = alice_without_gossip(&["bob", "carol", "dave"]);
    let effects = uploads(&mut alice, 1);
    assert_eq!((is_published(&effects), told_of(&effects, entry(1).item().id).len()), (false, FIRST_TOLD));
    alice.waits(GOSSIP_PAUSE_MS);
    assert!(is_published(&uploads(&mut alice, 2)), "the links are tried again after a while");
}

#[test]
fn what_was_gossiped_shortly_before_the_loss_is_told_of_too() {
    let mut alice = alice_with(&["bob", "carol", "dave"]);
    assert!(is_published(&uploads(&mut alice, 1)));
    alice.now = alice.now.plus_ms(10_000);
    assert!(is_published(&uploads(&mut alice, 2)));
    let effects = alice.is_told(Input::GossipLost);
    let told = [entry(1), entry(2)].map(|envelope| told_of(&effects, envelope.item().id).len());
    assert_eq!(told, [0, 3], "the first went out long ago");
}

#[test]
fn what_nobody_listened_to_is_told_of_and_the_next_is_gossiped() {
    let mut alice = alice_with(&["bob", "carol"]);
    assert!(is_published(&uploads(&mut alice, 1)));
    let effects = alice.is_told(Input::GossipUnheard);
    assert_eq!(told_of(&effects, entry(1).item().id).len(), 2);
    assert!(!effects.contains(&Effect::Report(Event::GossipPaused)));
    assert!(is_published(&uploads(&mut alice, 2)), "the links carry gossip as far as is known");
}

#[test]
fn what_is_gossiped_to_a_node_whose_links_carry_none_is_told_and_not_passed_on() {
    let mut alice = alice_with(&["bob", "carol"]);
    let judged = |alice: &mut Person, number: u16| {
        let effects = alice.hears("bob", &Gossip::Entry(entry(number)));
        let effects = alice.verifies(effects);
        (verdicts(&effects), told_of(&effects, entry(number).item().id))
    };
    assert_eq!(judged(&mut alice, 1), (vec![Verdict::Accept], vec![]));
    let effects = alice.is_told(Input::GossipLost);
    assert_eq!(told_of(&effects, entry(1).item().id).len(), 2, "it was passed on just before");
    for (peer, request, _) in asked(&effects) {
        let answer = Answer::Response(Response::Noted.encode());
        alice.is_told(Input::ResponseArrived { from: peer, request, answer });
    }
    alice.now = alice.now.plus_ms(1_000);
    assert_eq!(judged(&mut alice, 2), (vec![Verdict::Ignore], vec![named("carol")]));
}

#[test]
fn far_peers_are_gossiped_a_little_and_told_of_the_rest() {
    const DOCUMENT_BYTES: u64 = 4_096;
    let mut alice = alice_with(&["bob", "carol", "dave"]);
    let measured = |alice: &mut Person, peer: &str, ms: u64| {
        alice.is_told(Input::RoundTripMeasured { peer: named(peer), ms });
    };
    let gossiped_of_20 = |alice: &mut Person, first: u16| {
        let mut gossiped = 0;
        for number in first..first + 20 {
            let envelope = sized_entry(number, usize::try_from(DOCUMENT_BYTES).unwrap());
            let item = envelope.item();
            alice.ledger.insert(item.id, envelope.clone());
            let effects = alice.is_told(Input::EntryAdmitted { item, replaces: None, envelope });
            gossiped += u64::from(is_published(&effects));
        }
        gossiped
    };
    measured(&mut alice, "bob", FAR_ROUND_TRIP_MS);
    assert_eq!(gossiped_of_20(&mut alice, 0), 20, "most are near, as far as is known");
    measured(&mut alice, "carol", 10 * FAR_ROUND_TRIP_MS);
    assert_eq!(gossiped_of_20(&mut alice, 20), FAR_GOSSIP_BYTES_BURST / DOCUMENT_BYTES);
    alice.now = alice.now.plus_ms(1_000);
    assert_eq!(gossiped_of_20(&mut alice, 40), FAR_GOSSIP_BYTES_PER_SECOND / DOCUMENT_BYTES);
    measured(&mut alice, "carol", FAR_ROUND_TRIP_MS - 1);
    assert_eq!(gossiped_of_20(&mut alice, 60), 20);
}

#[test]
fn who_told_of_an_item_is_not_told_of_it() {
    let mut alice = alice_with(&["bob", "carol", "dave"]);
    let item = entry(1).item().id;
    let effects = alice.is_asked("bob", &Request::Holding { items: vec![item] });
    let [(_, fetch, _)] = asked(&effects)[..] else { panic!("{effects:?}") };
    alice.is_asked("carol", &Request::Holding { items: vec![item] });
    let effects = alice.is_answered("bob", fetch, &Response::of_envelopes(&[item], &[entry(1)]));
    let effects = alice.verifies(effects);
    assert_eq!(told_of(&effects, item), [named("dave")]);
}

#[test]
fn another_peer_is_told_of_what_nobody_fetched() {
    let mut alice = alice_without_gossip(&["bob", "carol", "dave", "erin"]);
    let item = entry(1).item().id;
    let mut told: BTreeSet<NodeId> = told_of(&uploads(&mut alice, 1), item).into_iter().collect();
    for _ in 0..20 {
        for (peer, request, _) in asked(&alice.waits(TELL_AGAIN_MS)) {
            told.insert(peer);
            alice.is_told(Input::ResponseArrived { from: peer, request, answer: Answer::Failed });
        }
    }
    assert!(told.len() > 1, "{told:?}");
}

#[test]
fn all_are_told_of_what_one_peer_fetched_a_while_ago() {
    let mut alice = alice_without_gossip(&["bob", "carol", "dave", "erin"]);
    let envelope = entry(1);
    let item = envelope.item().id;
    uploads(&mut alice, 1);
    let effects = alice.is_asked("bob", &Request::Fetch { items: vec![item] });
    let [Effect::Load { load, .. }] = effects[..] else { panic!("{effects:?}") };
    alice.is_told(Input::Loaded { load, envelopes: vec![envelope] });
    assert_eq!(told_of(&alice.waits(TELL_AGAIN_MS), item), [], "bob tells the others");
    let told = told_of(&alice.waits(TELL_ALL_MS), item);
    assert!(told.len() >= 2, "in case that bob did not: {told:?}");
}

#[test]
fn what_a_peer_tells_of_is_fetched_without_a_reconciliation() {
    let mut alice = alice_with(&["bob"]);
    let (lacked, held) = (entry(1).item().id, entry(2).item().id);
    uploads(&mut alice, 2);
    let effects = alice.is_asked("bob", &Request::Holding { items: vec![held, lacked, lacked] });
    assert_eq!(responses(&effects), [Response::Noted]);
    let [(_, request, Request::FetchPacked { items })] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(items[..], [lacked], "once, and nothing that is held");
    let answer = Response::of_envelopes(&[lacked], &[entry(1)]);
    let effects = alice.is_answered("bob", *request, &answer);
    alice.verifies(effects);
    assert!(alice.federation.holds(&lacked));
    assert_eq!(alice.federation.load(), Load { known: 2, fresh: 1, ..Load::default() }, "the session is over");
}

#[test]
fn what_a_peer_told_of_and_did_not_send_is_looked_for_by_a_sync() {
    let mut alice = alice_with(&["bob"]);
    let effects = alice.is_asked("bob", &Request::Holding { items: vec![entry(1).item().id] });
    let answer = Response::of_envelopes(&[entry(1).item().id], &[]);
    alice.is_answered("bob", asked(&effects)[0].1, &answer);
    let effects = alice.waits(2_000);
    assert!(matches!(asked(&effects)[..], [(.., Request::Reconcile { .. })]), "{effects:?}");
}

#[test]
fn what_came_by_sync_is_told_to_every_other_peer_and_not_to_its_source() {
    let mut alice = alice_with(&["bob", "carol"]);
    let item = entry(1).item().id;
    let effects = alice.is_asked("bob", &Request::Holding { items: vec![item] });
    let fetch = asked(&effects).into_iter().find(|(.., request)| matches!(request, Request::FetchPacked { .. }));
    let (_, request, _) = fetch.expect("it is fetched");
    let effects = alice.is_answered("bob", request, &Response::of_envelopes(&[item], &[entry(1)]));
    let effects = alice.verifies(effects);
    assert_eq!(told_of(&effects, item), [named("carol")]);
}

#[test]
fn more_than_one_message_holds_is_left_to_a_sync() {
    let mut alice = alice_without_gossip(&["bob"]);
    let first = uploads(&mut alice, 0);
    let [(_, request, Request::Holding { .. })] = &asked(&first)[..] else { panic!("{first:?}") };
    for number in 1000..1000 + 2 * HOLDING_ITEMS_MAX as u16 {
        assert_eq!(asked(&uploads(&mut alice, number)).len(), 0, "one message is under way at a time");
    }
    alice.is_answered("bob", *request, &Response::Noted);
    let effects = alice.waits(100);
    let [(_, request, Request::Holding { items })] = &asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(items.len(), HOLDING_ITEMS_MAX);
    alice.is_answered("bob", *request, &Response::Noted);
    assert!(matches!(asked(&alice.waits(100))[..], [(.., Request::Grown)]));
}

#[test]
fn a_peer_of_an_earlier_level_is_told_of_growth_alone() {
    let mut alice = alice_without_gossip(&["bob"]);
    let mut of_level_2 = Request::Grown.encode().to_vec();
    of_level_2[1] = HOLDING_LEVEL - 1;
    alice.is_told(Input::RequestArrived { from: named("bob"), request: ServedId(1), bytes: of_level_2.into() });
    let effects = uploads(&mut alice, 1);
    assert!(asked(&effects).iter().any(|(.., request)| *request == Request::Grown), "{effects:?}");
    assert_eq!(told_of(&effects, entry(1).item().id), []);
}

#[test]
fn a_slow_peer_is_asked_for_less_at_once_and_a_fast_one_for_more() {
    for (pause_ms, is_more) in [(1, true), (2_000, false)] {
        let mut alice = alice_with(&["bob"]);
        let items: Vec<_> = (1000..1256).map(|number| entry(number).item().id).collect();
        let effects = alice.is_asked("bob", &Request::Holding { items });
        let [(_, request, Request::FetchPacked { items: first }), ..] = &asked(&effects)[..] else {
            panic!("{effects:?}")
        };
        alice.now = alice.now.plus_ms(pause_ms);
        let effects = alice.is_answered("bob", *request, &Response::of_envelopes(first, &[]));
        let [(.., Request::FetchPacked { items: next }), ..] = &asked(&effects)[..] else { panic!("{effects:?}") };
        assert_eq!((next.len() > first.len(), next.len() < first.len()), (is_more, !is_more));
    }
}

#[test]
fn a_fast_link_and_a_peer_of_an_earlier_level_are_asked_for_plain_batches() {
    let items: Vec<_> = (1000..1256).map(|number| entry(number).item().id).collect();
    let mut alice = alice_with(&["bob"]);
    let mut of_level_3 = Request::Holding { items: items.clone() }.encode().to_vec();
    of_level_3[1] = PACKED_LEVEL - 1;
    let effects =
        alice.is_told(Input::RequestArrived { from: named("bob"), request: ServedId(1), bytes: of_level_3.into() });
    assert!(matches!(asked(&effects)[0], (.., Request::Fetch { .. })), "{effects:?}");

    let mut alice = alice_with(&["bob"]);
    let mut todo = asked(&alice.is_asked("bob", &Request::Holding { items: items.clone() }));
    let mut packed = 0;
    let last = loop {
        let Some((_, request, Request::FetchPacked { items: batch })) = todo.last().cloned() else { break todo.pop() };
        todo.pop();
        packed += 1;
        assert!(packed < 20, "the link is fast, and still asked for packed batches");
        let effects = alice.is_answered("bob", request, &Response::of_envelopes(&batch, &[]).packed());
        todo.extend(asked(&effects));
        todo.extend(asked(&alice.is_asked("bob", &Request::Holding { items: items.clone() })));
        todo.retain(|(.., request)| !matches!(request, Request::Reconcile { .. }));
    };
    assert!(matches!(last, Some((.., Request::Fetch { .. }))), "{last:?}");
    assert!(packed > 1, "how fast the link is is not known at first");
}
