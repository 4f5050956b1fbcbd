//! Stories of who may connect.

use super::*;

#[test]
fn listed_peers_are_dialled_and_the_node_itself_is_not() {
    let mut alice = Person::knowing("alice", &["alice", "bob"]);
    assert_eq!(dials(&alice.waits(0)), ["bob/1"]);
    assert_eq!(dials(&alice.waits(1)), [] as [&str; 0]);
}

#[test]
fn a_failed_dial_is_repeated_at_the_next_address_after_growing_pauses() {
    let mut alice = Person::knowing("alice", &["bob"]);
    let mut last = dials(&alice.waits(0)).concat();
    let mut pauses_ms = Vec::new();
    for _ in 0..12 {
        alice.is_told(Input::DialFailed { peer: named("bob") });
        let wake = alice.federation.next_wake().expect("the next dial is planned");
        pauses_ms.push(wake.ms_since(alice.now));
        let next = dials(&alice.waits(wake.ms_since(alice.now))).concat();
        assert_ne!(next, last);
        last = next;
    }
    assert!(pauses_ms[0] < pauses_ms[3] && pauses_ms[3] < pauses_ms[8], "{pauses_ms:?}");
    assert!(pauses_ms.iter().all(|pause| *pause <= BACKOFF_MS_MAX * 5 / 4), "{pauses_ms:?}");
}

#[test]
fn a_closed_node_cuts_strangers_off_and_an_open_one_syncs_with_them() {
    let mut alice = Person::knowing("alice", &[]);
    assert_eq!(cuts(&alice.meets("mallory")), [DisconnectReason::NotListed]);
    let mut olga = Person::new("olga", Admittance::Open, &[]);
    assert_eq!(requests(&olga.meets("mallory")).len(), 1);
    olga.is_told(Input::PeerDisconnected { peer: named("mallory") });
    assert_eq!(olga.federation.peers().count(), 0, "a stranger that left is forgotten");
}

#[test]
fn strangers_get_no_answer_and_no_verification_from_a_closed_node() {
    let mut alice = Person::knowing("alice", &["bob"]).holding(0..3);
    let effects = alice.is_asked("mallory", &Request::Fetch { items: vec![entry(1).item().id] });
    assert_eq!(responses(&effects), [Response::Refused(RequestRefusal::NotAPeer)]);
    let effects = alice.hears("mallory", &Gossip::Entry(entry(7)));
    assert_eq!((verdicts(&effects), intakes(&effects)), (vec![Verdict::Ignore], 0));
}

#[test]
fn a_removed_member_is_cut_off_at_once() {
    let mut alice = Person::knowing("alice", &["bob", "carol"]);
    alice.meets("bob");
    let settings = settings("alice", Admittance::Closed, &["carol"]);
    assert_eq!(cuts(&alice.is_told(Input::MembersChanged { settings })), [DisconnectReason::NotListed]);
    assert_eq!(cuts(&alice.meets("bob")), [DisconnectReason::NotListed]);
}

#[test]
fn a_peer_added_at_run_time_is_dialled() {
    let mut alice = Person::knowing("alice", &[]);
    let settings = settings("alice", Admittance::Closed, &["bob"]);
    assert_eq!(dials(&alice.is_told(Input::MembersChanged { settings })), ["bob/1"]);
}

#[test]
fn an_attacker_is_out_within_ten_bad_messages_and_may_come_back_later() {
    let mut alice = Person::knowing("alice", &["mallory"]);
    alice.meets("mallory");
    let cut_after = (1..=FAULTS_MAX)
        .find(|_| cuts(&alice.hears_bytes("mallory", Bytes::from_static(b"garbage"))) == [DisconnectReason::Expelled]);
    assert_eq!(cut_after, Some(10));
    assert_eq!(cuts(&alice.meets("mallory")), [DisconnectReason::Expelled]);
    assert_eq!(dials(&alice.waits(EXPULSION_MS - 1)), [] as [&str; 0]);
    assert_eq!(dials(&alice.waits(1)), ["mallory/1"]);
    assert_eq!(cuts(&alice.meets("mallory")), []);
}

#[test]
fn the_status_lists_peers_that_are_not_connected_with_the_next_attempt() {
    let mut alice = Person::knowing("alice", &["bob", "carol"]);
    alice.waits(0);
    alice.meets("bob");
    alice.is_told(Input::DialFailed { peer: named("carol") });
    let links: BTreeMap<_, _> = alice.federation.peers().map(|peer| (peer.node, peer.link)).collect();
    assert_eq!(links[&named("bob")], LinkStatus::Connected { since: alice.now });
    assert!(
        matches!(links[&named("carol")], LinkStatus::Apart { since: None, failures: 1, next_dial: Some(at) } if at > alice.now)
    );
}

#[test]
fn a_federation_may_be_driven_from_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Person::knowing("alice", &[]).federation);
}

#[test]
fn a_peer_without_an_address_is_dialled_where_it_said_it_is_reached() {
    let mut alice = Person::knowing("alice", &["bob"]);
    let mut settings = settings("alice", Admittance::Closed, &["bob"]);
    settings.peers[0].addresses.clear();
    alice.is_told(Input::MembersChanged { settings: settings.clone() });
    alice.meets("bob");
    let addresses = vec!["bob/9".to_owned()];
    let learned = Input::AddressesLearned { peer: named("bob"), addresses: addresses.clone() };
    let kept = alice.is_told(learned.clone());
    assert!(kept.contains(&Effect::KeepAddresses { peer: named("bob"), addresses }), "{kept:?}");
    assert!(alice.is_told(learned).is_empty(), "what is known is not kept again");
    alice.is_told(Input::MembersChanged { settings });
    alice.is_told(Input::PeerDisconnected { peer: named("bob") });
    assert_eq!(dials(&alice.waits(10_000)), ["bob/9"]);
}

#[test]
fn what_strangers_say_of_their_addresses_is_not_kept() {
    let mut alice = Person::new("alice", Admittance::Open, &[]);
    alice.meets("mallory");
    let addresses = vec!["victim/1".to_owned()];
    assert!(alice.is_told(Input::AddressesLearned { peer: named("mallory"), addresses }).is_empty());
}

fn errs(person: &mut Person, who: &str, times: u32) -> Vec<DisconnectReason> {
    (0..times).flat_map(|_| cuts(&person.hears_bytes(who, Bytes::from_static(b"garbage")))).collect()
}

#[test]
fn a_stranger_does_not_shed_its_faults_by_connecting_anew() {
    let mut olga = Person::new("olga", Admittance::Open, &[]);
    olga.meets("mallory");
    assert_eq!(errs(&mut olga, "mallory", FAULTS_MAX - 1), []);
    olga.is_told(Input::PeerDisconnected { peer: named("mallory") });
    olga.meets("mallory");
    assert_eq!(errs(&mut olga, "mallory", 1), [DisconnectReason::Expelled]);
}

#[test]
fn a_member_does_not_shed_its_faults_by_being_listed_anew() {
    let mut alice = Person::knowing("alice", &["mallory"]);
    alice.meets("mallory");
    assert_eq!(errs(&mut alice, "mallory", FAULTS_MAX - 1), []);
    for peers in [[].as_slice(), &["mallory"]] {
        alice.is_told(Input::MembersChanged { settings: settings("alice", Admittance::Closed, peers) });
    }
    alice.meets("mallory");
    assert_eq!(errs(&mut alice, "mallory", 1), [DisconnectReason::Expelled]);
}

#[test]
fn a_stranger_that_leaves_before_its_forgeries_are_verified_is_expelled_all_the_same() {
    let mut olga = Person::new("olga", Admittance::Open, &[]);
    olga.meets("mallory");
    let forged: Vec<_> = (900..910).flat_map(|number| olga.hears("mallory", &Gossip::Entry(entry(number)))).collect();
    olga.is_told(Input::PeerDisconnected { peer: named("mallory") });
    olga.verifies(forged);
    assert_eq!(cuts(&olga.meets("mallory")), [DisconnectReason::Expelled]);
}

#[test]
fn strangers_that_left_make_room_for_others_and_are_forgotten_when_their_faults_are() {
    let mut olga = Person::new("olga", Admittance::Open, &[]);
    for number in 0..STRANGERS_MAX + 50 {
        let name = format!("mallory {number}");
        assert_eq!(cuts(&olga.meets(&name)), []);
        errs(&mut olga, &name, 1);
        olga.is_told(Input::PeerDisconnected { peer: named(&name) });
    }
    assert_eq!(olga.federation.load().strangers, STRANGERS_MAX);
    olga.waits(FAULT_FORGIVEN_MS);
    assert_eq!(olga.federation.load().strangers, 0);
}
