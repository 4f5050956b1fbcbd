//! Sums of identities modulo 2^256, and the fingerprints that negentropy makes of them.

use super::varint;
use crate::crypto::sha256;

/// What ranges are compared by: the start of SHA-256 over the sum of the identities and their number.
pub(super) type Fingerprint = [u8; 16];

/// A sum of identities, each read as a number whose first byte counts least; in 64-bit lanes, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum([u64; 4]);

impl Sum {
    /// The sum of one identity.
    pub(super) fn of(id: &[u8; 32]) -> Self {
        let (lanes, _) = id.as_chunks::<8>();
        let mut sum = [0; 4];
        for (lane, bytes) in sum.iter_mut().zip(lanes) {
            *lane = u64::from_le_bytes(*bytes);
        }
        Self(sum)
    }

    /// Both sums in one.
    pub(super) fn plus(self, other: Self) -> Self {
        self.by_lane(other, u64::carrying_add)
    }

    /// What is left of this sum without the other.
    pub(super) fn minus(self, other: Self) -> Self {
        self.by_lane(other, u64::borrowing_sub)
    }

    fn by_lane(mut self, other: Self, step: impl Fn(u64, u64, bool) -> (u64, bool)) -> Self {
        let mut carry = false;
        for (lane, theirs) in self.0.iter_mut().zip(other.0) {
            (*lane, carry) = step(*lane, theirs, carry);
        }
        self
    }

    /// The fingerprint of the `count` identities that make this sum.
    pub(super) fn fingerprint(self, count: usize) -> Fingerprint {
        let mut bytes = [0; 32];
        for (bytes, lane) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *bytes = lane.to_le_bytes();
        }
        let mut number = Vec::with_capacity(varint::BYTES_MAX);
        varint::write(&mut number, count as u64);
        let digest = sha256(&[&bytes, &number]);
        *digest.first_chunk().expect("a digest has 32 bytes")
    }
}
