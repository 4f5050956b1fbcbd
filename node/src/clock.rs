//! The clock: the only reader of the system's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use proto::timestamp::{Instant, Timestamp};

/// A clock that never goes back; clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<State>);

#[derive(Debug)]
struct State {
    source: Source,
    /// The latest moment that was shown, so that a system clock that is set back does not show again what has passed.
    latest_ms: AtomicU64,
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

    fn of(source: Source) -> Self {
        Self(Arc::new(State { source, latest_ms: AtomicU64::new(0) }))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Instant {
        let shown_ms = match &self.0.source {
            Source::System => system_ms(),
            Source::Started { at, started } => Instant::from(*at).plus_ms(as_ms(started.elapsed())).unix_ms(),
        };
        let latest_ms = self.0.latest_ms.fetch_max(shown_ms, Ordering::Relaxed);
        Instant::from_unix_ms(latest_ms.max(shown_ms))
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
        clock.0.latest_ms.store(later.unix_ms(), Ordering::Relaxed);
        assert_eq!(clock.now(), later);
    }
}
