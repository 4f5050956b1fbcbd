//! Frames of negentropy's version 1: a version, then ranges, each with its upper bound and what is claimed about it.

use super::sum::Fingerprint;
use super::{BadReconciliation, Item, varint};
use crate::admission::AdmissionId;
use crate::bounds::RECONCILE_RANGES_MAX;
use crate::digest::Sha256Digest;
use crate::timestamp::Instant;

/// The version, which a responder also answers a later one with.
pub(super) const VERSION: u8 = 0x61;
const VERSIONS: std::ops::RangeInclusive<u8> = 0x60..=0x6f;

const ID_BYTES: usize = 32;
const SKIP: u64 = 0;
const FINGERPRINT: u64 = 1;
const ID_LIST: u64 = 2;

/// Where a range ends: before the first item that is not less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// Its identity is filled up with zeros.
    pub(super) item: Item,
    id_bytes: usize,
}

/// What the sender says about a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim<'a> {
    /// Nothing is to be done.
    Skip,
    /// The fingerprint of the sender's items.
    Fingerprint(Fingerprint),
    /// The identities of all the sender's items.
    Ids(&'a [[u8; ID_BYTES]]),
}

/// The ranges of a frame that is read; nothing follows an error.
#[derive(Debug)]
pub(super) struct Ranges<'a> {
    rest: &'a [u8],
    count: usize,
    /// The moment of the last bound, from which the next is counted.
    ms: u64,
}

/// A frame that is written.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    ms: u64,
}

impl Bound {
    /// Past every item.
    pub(super) fn end() -> Self {
        Self::of(u64::MAX, &[])
    }

    /// Before every item of a moment and of later ones.
    pub(super) fn at(moment: Instant) -> Self {
        Self::of(moment.unix_ms(), &[])
    }

    /// Before the item itself, with its whole identity.
    pub(super) fn before(item: &Item) -> Self {
        Self { item: *item, id_bytes: ID_BYTES }
    }

    /// The shortest bound between two items that follow each other.
    pub(super) fn between(first: &Item, second: &Item) -> Self {
        let ms = second.admitted.unix_ms();
        if first.admitted != second.admitted {
            return Self::of(ms, &[]);
        }
        let (first, second) = (first.id.as_bytes(), second.id.as_bytes());
        let shared = first.iter().zip(second).take_while(|(first, second)| first == second).count();
        Self::of(ms, &second[..=shared.min(ID_BYTES - 1)])
    }

    fn of(ms: u64, start: &[u8]) -> Self {
        let mut id = [0; ID_BYTES];
        id[..start.len()].copy_from_slice(start);
        let id = AdmissionId::from_digest(Sha256Digest::from_bytes(id));
        Self { item: Item { admitted: Instant::from_unix_ms(ms), id }, id_bytes: start.len() }
    }
}

/// Begins to read a frame: its version and its ranges.
pub(super) fn open(frame: &[u8]) -> Result<(u8, Ranges<'_>), BadReconciliation> {
    match frame.split_first() {
        Some((version, rest)) if VERSIONS.contains(version) => Ok((*version, Ranges { rest, count: 0, ms: 0 })),
        Some((other, _)) => Err(BadReconciliation(format!("it begins with {other:#04x} instead of a version"))),
        None => Err(BadReconciliation("it is empty".to_owned())),
    }
}

impl<'a> Iterator for Ranges<'a> {
    type Item = Result<(Bound, Claim<'a>), BadReconciliation>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let range = self.range();
        if range.is_err() {
            self.rest = &[];
        }
        Some(range)
    }
}

impl<'a> Ranges<'a> {
    fn range(&mut self) -> Result<(Bound, Claim<'a>), BadReconciliation> {
        self.count += 1;
        if self.count > RECONCILE_RANGES_MAX {
            return Err(BadReconciliation(format!("it has more than {RECONCILE_RANGES_MAX} ranges")));
        }
        let bound = self.bound()?;
        let claim = match self.number()? {
            SKIP => Claim::Skip,
            FINGERPRINT => {
                let (fingerprint, rest) = self.rest.split_first_chunk().ok_or_else(|| self.cut_off())?;
                self.rest = rest;
                Claim::Fingerprint(*fingerprint)
            }
            ID_LIST => {
                let count = self.number()?;
                let (ids, _) = self.rest.as_chunks();
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                let ids = ids.get(..count).ok_or_else(|| {
                    let bytes = self.rest.len();
                    BadReconciliation(format!("{bytes} bytes follow where it promises {count} identities"))
                })?;
                self.rest = &self.rest[ids.as_flattened().len()..];
                Claim::Ids(ids)
            }
            other => return Err(BadReconciliation(format!("range {} claims something by mode {other}", self.count))),
        };
        Ok((bound, claim))
    }

    fn bound(&mut self) -> Result<Bound, BadReconciliation> {
        // Nought stands for the open end, and later moments are counted from the one before.
        self.ms = self.number()?.checked_sub(1).map_or(u64::MAX, |gap| self.ms.saturating_add(gap));
        let bytes = self.number()?;
        let count = usize::try_from(bytes).ok().filter(|count| *count <= ID_BYTES).ok_or_else(|| {
            BadReconciliation(format!("range {} ends at an identity of {bytes} bytes, which have 32", self.count))
        })?;
        let (start, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.cut_off())?;
        self.rest = rest;
        Ok(Bound::of(self.ms, start))
    }

    fn number(&mut self) -> Result<u64, BadReconciliation> {
        varint::read(&mut self.rest).ok_or_else(|| self.cut_off())
    }

    fn cut_off(&self) -> BadReconciliation {
        BadReconciliation(format!("range {} does not end", self.count))
    }
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { bytes: vec![VERSION], ms: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no range was written.
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.len() == 1
    }

    /// Forgets all but the first bytes; what is written next ends at [`Bound::end`], which needs no bound before it.
    pub(super) fn truncate(&mut self, bytes: usize) {
        self.bytes.truncate(bytes);
    }

    pub(super) fn skip(&mut self, upper: &Bound) {
        self.range(upper, SKIP);
    }

    pub(super) fn fingerprint(&mut self, upper: &Bound, fingerprint: &Fingerprint) {
        self.range(upper, FINGERPRINT);
        self.bytes.extend_from_slice(fingerprint);
    }

    /// A list of as many identities as the count says.
    pub(super) fn ids(&mut self, upper: &Bound, count: usize, items: impl Iterator<Item = Item>) {
        self.range(upper, ID_LIST);
        varint::write(&mut self.bytes, count as u64);
        items.for_each(|item| self.bytes.extend_from_slice(item.id.as_bytes()));
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn range(&mut self, upper: &Bound, mode: u64) {
        let ms = upper.item.admitted.unix_ms();
        let gap = if ms == u64::MAX { 0 } else { (ms - self.ms.min(ms)).saturating_add(1) };
        self.ms = ms;
        varint::write(&mut self.bytes, gap);
        varint::write(&mut self.bytes, upper.id_bytes as u64);
        self.bytes.extend_from_slice(&upper.item.id.as_bytes()[..upper.id_bytes]);
        varint::write(&mut self.bytes, mode);
    }
}
