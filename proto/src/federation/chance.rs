//! The jitter of pauses, from a seed.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From three to five quarters of `ms`, so that nodes that started together drift apart.
    pub(super) fn jitter_ms(&mut self, ms: u64) -> u64 {
        let span = ms / 2;
        ms - ms / 4 + if span == 0 { 0 } else { self.next() % span }
    }

    /// A number below `end`; zero where that is zero.
    pub(super) fn below(&mut self, end: usize) -> usize {
        // A remainder of 64 bits is uneven by less than one part in a thousand million.
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or_default()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
