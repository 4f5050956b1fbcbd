//! Stories of clocks that are set while the node runs.

use super::*;

const HOUR_MS: u64 = 3_600_000;

impl Person {
    fn sets_clock_back(&mut self, ms: u64) {
        self.now = Instant::from_unix_ms(self.now.unix_ms() - ms);
    }

    fn pause_ms(&self) -> u64 {
        self.federation.next_wake().expect("something is planned").ms_since(self.now)
    }
}

#[test]
fn a_clock_that_is_set_back_delays_nothing() {
    let mut alice = Person::knowing("alice", &["bob"]);
    alice.meets("bob");
    alice.sets_clock_back(HOUR_MS);
    alice.waits(0);
    assert!(alice.pause_ms() <= REQUEST_MS_MAX, "{}", alice.pause_ms());
    let pause_ms = alice.pause_ms();
    let effects = alice.waits(pause_ms);
    let failed = Effect::Report(Event::SyncFailed { peer: named("bob"), failure: SyncFailure::NoAnswer });
    assert!(effects.contains(&failed), "{effects:?}");
}

#[test]
fn what_is_due_comes_after_its_usual_pause_though_the_clock_is_set_back_again_and_again() {
    let mut alice = Person::knowing("alice", &["bob"]);
    alice.waits(0);
    alice.is_told(Input::DialFailed { peer: named("bob") });
    let pause_ms = alice.pause_ms();
    for _ in 0..3 {
        alice.sets_clock_back(HOUR_MS);
        assert_eq!(dials(&alice.waits(0)), [] as [&str; 0]);
        assert_eq!(alice.pause_ms(), pause_ms);
    }
    assert_eq!(dials(&alice.waits(pause_ms)), ["bob/2"]);
}

#[test]
fn a_clock_that_is_set_forward_makes_due_what_it_skipped_and_back_again_nothing_more() {
    let mut alice = Person::knowing("alice", &["bob"]);
    alice.waits(0);
    alice.is_told(Input::DialFailed { peer: named("bob") });
    assert_eq!(dials(&alice.waits(HOUR_MS)), ["bob/2"]);
    alice.meets("bob");
    alice.sets_clock_back(HOUR_MS);
    alice.waits(0);
    assert!(alice.pause_ms() <= REQUEST_MS_MAX);
}

#[test]
fn the_status_shows_moments_as_the_clock_shows_them_now() {
    let mut alice = Person::knowing("alice", &["bob"]);
    alice.meets("bob");
    alice.waits(5_000);
    alice.sets_clock_back(HOUR_MS);
    alice.waits(0);
    let links: Vec<_> = alice.federation.peers().map(|peer| peer.link).collect();
    let since = Instant::from_unix_ms(alice.now.unix_ms() - 5_000);
    assert_eq!(links, [LinkStatus::Connected { since }], "as long ago as it was");
}

#[test]
fn an_expulsion_is_not_prolonged_by_a_clock_that_is_set_back() {
    let mut alice = Person::knowing("alice", &["mallory"]);
    alice.meets("mallory");
    for _ in 0..FAULTS_MAX {
        alice.hears_bytes("mallory", Bytes::from_static(b"garbage"));
    }
    alice.sets_clock_back(HOUR_MS);
    assert_eq!(cuts(&alice.meets("mallory")), [DisconnectReason::Expelled]);
    assert_eq!(dials(&alice.waits(EXPULSION_MS)), ["mallory/1"]);
}
