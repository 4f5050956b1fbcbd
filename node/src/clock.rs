//! The clock: the only reader of the system's time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use proto::timestamp::{Instant, Timestamp};

/// A clock that never goes back and never stands still; clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<State>);

#[derive(Debug)]
struct State {
    source: Source,
    beginning: std::time::Instant,
    shown: Mutex<Shown>,
}

/// What the clock has shown, so that a system clock that is set back does not show again what has passed.
#[derive(Debug, Default)]
struct Shown {
    latest_ms: u64,
    /// While the system's clock lies behind: what was shown when that was noticed, and when it was by the steady clock.
    behind: Option<(u64, Duration)>,
}

impl Shown {
    /// What to show where the system's clock shows `system_ms` and the steady one `steady`.
    ///
    /// A clock that was set back is waited for at half the speed: whoever waits for a moment waits twice as long at most.
    fn show(&mut self, system_ms: u64, steady: Duration) -> u64 {
        let shown_ms = if system_ms >= self.latest_ms {
            self.behind = None;
            system_ms
        } else {
            let (from_ms, since) = *self.behind.get_or_insert((self.latest_ms, steady));
            from_ms.saturating_add(as_ms(steady.saturating_sub(since)) / 2)
        };
        self.latest_ms = self.latest_ms.max(shown_ms);
        self.latest_ms
    }
}

#[derive(Debug)]
enum Source {
    System,
    Started { at: Timestamp, started: std::time::Instant },
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::of(Source::System)
    }

    /// A clock that shows `at` now and runs on from there; for tests and demonstrations.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn started_at(at: Timestamp) -> Self {
        Self::of(Source::Started { at, started: std::time::Instant::now() })
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn of(source: Source) -> Self {
        Self(Arc::new(State { source, beginning: std::time::Instant::now(), shown: Mutex::default() }))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Instant {
        let shown_ms = match &self.0.source {
            Source::System => system_ms(),
            Source::Started { at, started } => Instant::from(*at).plus_ms(as_ms(started.elapsed())).unix_ms(),
        };
        let mut shown = self.0.shown.lock().unwrap_or_else(PoisonError::into_inner);
        Instant::from_unix_ms(shown.show(shown_ms, self.0.beginning.elapsed()))
    }

    /// Where this clock was started; none where it is the system's.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        match self.0.source {
            Source::System => None,
            Source::Started { at, .. } => Some(at),
        }
    }
}

/// Measures how long something takes, finer than a [`Clock`] shows; for benchmarks.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts at this moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_ms() -> u64 {
    // A system clock before 1970 is not set; then the time is 1970.
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, as_ms)
}

fn as_ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_clock_that_is_set_back_is_waited_for_at_half_the_speed() {
        let steady = |ms| Duration::from_millis(ms);
        let mut shown = Shown::default();
        assert_eq!(shown.show(10_000, steady(0)), 10_000);
        // Set back by six seconds, and read often.
        let readings: Vec<_> = (1..=12_000).map(|ms| shown.show(4_000 + ms, steady(ms))).collect();
        assert!(readings.is_sorted());
        assert_eq!((readings[999], readings[5_999], readings[11_999]), (10_499, 12_999, 16_000));
        assert_eq!(shown.show(16_500, steady(12_500)), 16_500);
    }

    #[test]
    fn a_clock_that_is_set_back_twice_goes_on() {
        let steady = |ms| Duration::from_millis(ms);
        let mut shown = Shown::default();
        shown.show(10_000, steady(0));
        assert_eq!(shown.show(5_000, steady(1_000)), 10_000);
        assert_eq!(shown.show(1_000, steady(2_000)), 10_500);
        assert_eq!(shown.show(2_000, steady(3_000)), 11_000);
    }

    #[test]
    fn a_started_clock_runs_on_from_its_start() {
        let start = "2015-01-01T00:00:00Z".parse().expect("a moment");
        let clock = Clock::started_at(start);
        assert_eq!(clock.start(), Some(start));
        assert!(clock.now() >= Instant::from(start));
        assert!(clock.now().ms_since(Instant::from(start)) < 60_000);
    }

    #[test]
    fn a_clock_never_goes_back() {
        let clock = Clock::system();
        let later = clock.now().plus_ms(3_600_000);
        clock.0.shown.lock().expect("no panics").latest_ms = later.unix_ms();
        assert_eq!(clock.now(), later);
    }
}
