//! What a peer may cause, and what a node may put on its links: buckets of tokens, which fill at a steady rate.

use crate::timestamp::Instant;

/// The measures of a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// Tokens that a second brings.
    pub(super) per_second: u64,
    /// Tokens that the bucket holds.
    pub(super) burst: u64,
}

/// A bucket.
#[derive(Debug)]
pub(super) struct Allowance {
    /// Thousandths of a token that were taken and have not come back.
    taken: u64,
    counted: Instant,
}

impl Allowance {
    /// A full one.
    pub(super) const fn full(now: Instant) -> Self {
        Self { taken: 0, counted: now }
    }

    /// Takes a token; whether there was one.
    pub(super) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        self.take_many(now, rate, 1)
    }

    /// Takes so many tokens or none; whether there were as many.
    pub(super) fn take_many(&mut self, now: Instant, rate: Rate, tokens: u64) -> bool {
        let back = now.ms_since(self.counted).saturating_mul(rate.per_second);
        self.taken = self.taken.saturating_sub(back);
        self.counted = now;
        let taken = self.taken.saturating_add(tokens.saturating_mul(1_000));
        let is_left = taken <= rate.burst.saturating_mul(1_000);
        if is_left {
            self.taken = taken;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2, burst: 5 };

    fn taken(allowance: &mut Allowance, now_ms: u64) -> usize {
        (0..100).filter(|_| allowance.take(Instant::from_unix_ms(now_ms), RATE)).count()
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut allowance = Allowance::full(Instant::from_unix_ms(0));
        assert_eq!(taken(&mut allowance, 0), 5);
        assert_eq!(taken(&mut allowance, 499), 0);
        assert_eq!(taken(&mut allowance, 1_499), 2);
        assert_eq!(taken(&mut allowance, 1_000_000), 5);
    }

    #[test]
    fn more_than_is_left_takes_nothing() {
        let (mut allowance, now) = (Allowance::full(Instant::from_unix_ms(0)), Instant::from_unix_ms(0));
        assert_eq!(
            [3, 3, 2, u64::MAX].map(|tokens| allowance.take_many(now, RATE, tokens)),
            [true, false, true, false]
        );
    }

    #[test]
    fn a_moment_that_goes_back_gives_nothing() {
        let mut allowance = Allowance::full(Instant::from_unix_ms(10_000));
        assert_eq!(taken(&mut allowance, 10_000), 5);
        assert_eq!(taken(&mut allowance, 0), 0);
    }
}
