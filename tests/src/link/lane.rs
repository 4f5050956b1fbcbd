//! What travels one way over a link, until it is due.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Fate, OVERTAKEN_BY, Passage, SENT_AGAIN_AFTER, Shared, State, WAITING_BYTES_MAX, Way};

/// One way of a link.
#[derive(Debug)]
pub(super) struct Lane {
    way: Way,
    last_number: u64,
    /// By the moment when it is due, then by its number, and whether it comes for the first or the second time.
    waiting: BTreeMap<(Duration, u64, Time), Vec<u8>>,
    waiting_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Time {
    First,
    Second,
}

impl Lane {
    pub(super) const fn new(way: Way) -> Self {
        Self { way, last_number: 0, waiting: BTreeMap::new(), waiting_bytes: 0 }
    }

    /// Takes a datagram, which may be lost, doubled or overtaken; also where there is no room.
    pub(super) fn take_datagram(&mut self, bytes: &[u8], shared: &Shared) {
        let State { weather, passage } = *shared.state.borrow();
        self.last_number += 1;
        let fate = Fate::of(shared.seed, self.way, self.last_number, &weather);
        if passage == Passage::Cut || fate.is_lost || !self.has_room() {
            return shared.traffic.of(self.way).lose(1);
        }
        let due = shared.stopwatch.elapsed() + weather.delay;
        let later = due + OVERTAKEN_BY;
        self.keep(if fate.is_overtaken { later } else { due }, Time::First, bytes);
        if fate.is_doubled {
            self.keep(later, Time::Second, bytes);
        }
    }

    /// Takes a piece of a stream: it arrives after what came before, and late where it would have been lost.
    pub(super) fn take_piece(&mut self, bytes: &[u8], shared: &Shared) {
        let weather = shared.state.borrow().weather;
        self.last_number += 1;
        let fate = Fate::of(shared.seed, self.way, self.last_number, &weather);
        let again = if fate.is_lost { SENT_AGAIN_AFTER + 2 * weather.delay } else { Duration::ZERO };
        let before = self.waiting.last_key_value().map_or(Duration::ZERO, |((due, ..), _)| *due);
        self.keep(before.max(shared.stopwatch.elapsed() + weather.delay + again), Time::First, bytes);
    }

    /// Whether a further piece may wait.
    pub(super) const fn has_room(&self) -> bool {
        self.waiting_bytes < WAITING_BYTES_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits until something may pass; for ever where nothing waits or the link is held.
    pub(super) async fn due(&self, shared: &Shared) {
        match self.waiting.first_key_value() {
            Some(((due, ..), _)) if shared.state.borrow().passage == Passage::Open => {
                tokio::time::sleep(due.saturating_sub(shared.stopwatch.elapsed())).await;
            }
            _ => std::future::pending().await,
        }
    }

    /// Hands out what waits longest.
    pub(super) fn hand_out(&mut self, shared: &Shared) -> Option<Vec<u8>> {
        let (_, bytes) = self.waiting.pop_first()?;
        self.waiting_bytes -= bytes.len();
        shared.traffic.of(self.way).pass(bytes.len());
        Some(bytes)
    }

    /// Loses all that waits.
    pub(super) fn lose_all(&mut self, shared: &Shared) {
        shared.traffic.of(self.way).lose(self.waiting.len());
        self.waiting.clear();
        self.waiting_bytes = 0;
    }

    fn keep(&mut self, due: Duration, time: Time, bytes: &[u8]) {
        self.waiting_bytes += bytes.len();
        self.waiting.insert((due, self.last_number, time), bytes.to_vec());
    }
}
