//! Range-based set reconciliation: two nodes find what each lacks at a cost that grows with the difference.
//!
//! The protocol is negentropy's version 1, over a set that is counted and summed in every part. The initiator sends
//! fingerprints of ranges of its set, the responder answers with finer ones or with identities, until the initiator
//! knows what both sides lack. The responder keeps nothing between rounds, so that the initiator names none of its own
//! items: where the reference would, it sends an empty list, which the responder answers with its own.

mod frame;
mod round;
mod sum;
mod tree;
mod varint;

use bytes::Bytes;

use crate::admission::{self, AdmissionId};
use crate::digest::Sha256Digest;
use crate::timestamp::Instant;
use round::Lists;
use sum::{Fingerprint, Sum};
use tree::{Key, Tree};

/// What reconciliation counts by: an admission, ordered by its moment so that new ones stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// When the origin admitted.
    pub admitted: Instant,
    /// The admission.
    pub id: AdmissionId,
}

/// The latest moment that is told apart; negentropy uses the greatest number as its open end.
const LATEST: Instant = Instant::from_unix_ms(u64::MAX - 1);
const SIGNATURE_BYTES: usize = 64;
const ADMITTED_AT: usize = 1 + 32 + 32 + 32;

impl Item {
    /// The item of an admission's bytes, before anything about them was verified.
    ///
    /// The identity does not cover the signature: an Ed25519 signature can be altered by others and stay valid.
    #[must_use]
    pub fn of_admission(bytes: &[u8; admission::BYTES]) -> Self {
        let (signed, _) = bytes.split_at(bytes.len() - SIGNATURE_BYTES);
        let admitted = signed.iter().skip(ADMITTED_AT).take(8).fold(0, |ms, byte| ms << 8 | u64::from(*byte));
        let id = AdmissionId::from_digest(Sha256Digest::of(signed));
        Self { admitted: Instant::from_unix_ms(admitted), id }
    }

    fn told_apart(self) -> Self {
        Self { admitted: self.admitted.min(LATEST), ..self }
    }
}

/// The items that a node holds; a copy costs nothing and stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ItemSet {
    items: Tree<Item>,
    /// Where to look for an identity, in a sixth of the room that identities would take.
    places: Tree<Place>,
}

/// The start of an identity, and the moment of the item.
///
/// Two items may have one place, which takes whoever makes admissions 2^32 hashes; many need not be reckoned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    start: u64,
    admitted: Instant,
}

/// The side of a reconciliation that learns the differences; it works on the set as it was at the start.
#[derive(Debug)]
pub struct Initiator {
    set: ItemSet,
    frame_bytes_max: usize,
}

/// What a responder's frame led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The frame of the next round; `None` when every difference was named.
    pub next: Option<Bytes>,
    /// Items that the responder lacks, as far as this round told; in order, and no more than
    /// [`RECONCILE_HAVE_MAX`](crate::bounds::RECONCILE_HAVE_MAX).
    pub have: Vec<AdmissionId>,
    /// Items that the responder claims and the initiator lacks, as far as this round told; in order.
    pub need: Vec<AdmissionId>,
}

/// A reconciliation frame cannot be read; always the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a reconciliation frame: {0}")]
pub struct BadReconciliation(String);

impl ItemSet {
    /// Adds an item; an item that is there stays.
    pub fn insert(&mut self, item: Item) {
        if !self.contains(&item.id) {
            let item = item.told_apart();
            self.items.insert(item);
            self.places.insert(Place::of(&item));
        }
    }

    /// Takes an item away.
    pub fn remove(&mut self, id: &AdmissionId) {
        let Some(item) = self.find(id) else { return };
        self.items.remove(&item);
        let place = Place::of(&item);
        let next = self.items.at(self.items.rank(&place.least_item()));
        if next.is_none_or(|next| Place::of(&next) != place) {
            self.places.remove(&place);
        }
    }

    /// Whether the item is held.
    #[must_use]
    pub fn contains(&self, id: &AdmissionId) -> bool {
        self.find(id).is_some()
    }

    /// How many items are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items in their order.
    pub fn iter(&self) -> impl Iterator<Item = Item> {
        self.items.range(0..self.len())
    }

    /// Begins a reconciliation whose frames have at most about `frame_bytes_max` bytes; gives the first frame.
    #[must_use]
    pub fn start(&self, frame_bytes_max: usize) -> (Initiator, Bytes) {
        (Initiator { set: self.clone(), frame_bytes_max }, round::first_frame(self).into())
    }

    /// Begins a reconciliation of what was admitted before a moment; of later items nothing is said.
    #[must_use]
    pub fn start_before(&self, moment: Instant, frame_bytes_max: usize) -> (Initiator, Bytes) {
        let frame = round::first_frame_before(self, moment.min(LATEST));
        (Initiator { set: self.clone(), frame_bytes_max }, frame.into())
    }

    /// Answers an initiator's frame with one of at most about `frame_bytes_max` bytes.
    pub fn respond(&self, frame: &[u8], frame_bytes_max: usize) -> Result<Bytes, BadReconciliation> {
        round::answer(self, frame, frame_bytes_max).map(Bytes::from)
    }

    fn find(&self, id: &AdmissionId) -> Option<Item> {
        let start = start_of(id);
        let first = self.places.rank(&Place { start, admitted: Instant::default() });
        let places = self.places.range(first..self.places.len()).take_while(|place| place.start == start);
        places.map(|place| Item { admitted: place.admitted, id: *id }).find(|item| self.items.contains(item))
    }

    fn fingerprint(&self, positions: std::ops::Range<usize>) -> Fingerprint {
        let sum = self.items.sum_before(positions.end).minus(self.items.sum_before(positions.start));
        sum.fingerprint(positions.len())
    }
}

impl FromIterator<Item> for ItemSet {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        let mut items: Vec<_> = items.into_iter().map(Item::told_apart).collect();
        items.sort_unstable_by_key(|item| (item.id, item.admitted));
        items.dedup_by_key(|item| item.id);
        let mut places: Vec<_> = items.iter().map(Place::of).collect();
        places.sort_unstable();
        places.dedup();
        items.sort_unstable();
        Self { items: Tree::of_ordered(&items), places: Tree::of_ordered(&places) }
    }
}

impl Initiator {
    /// Reads the responder's frame.
    pub fn step(&mut self, frame: &[u8]) -> Result<Step, BadReconciliation> {
        self.step_by(frame, Lists::Empty)
    }

    fn step_by(&self, frame: &[u8], lists: Lists) -> Result<Step, BadReconciliation> {
        let (next, found) = round::step(&self.set, frame, self.frame_bytes_max, lists)?;
        Ok(Step { next: next.map(Bytes::from), have: found.have, need: found.need.into_iter().collect() })
    }
}

impl Key for Item {
    fn summand(&self) -> Sum {
        Sum::of(self.id.as_bytes())
    }
}

impl Place {
    fn of(item: &Item) -> Self {
        Self { start: start_of(&item.id), admitted: item.admitted }
    }

    /// What no item of this place is less than.
    fn least_item(self) -> Item {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&self.start.to_be_bytes());
        Item { admitted: self.admitted, id: AdmissionId::from_digest(Sha256Digest::from_bytes(id)) }
    }
}

impl Key for Place {
    /// Places are counted only.
    fn summand(&self) -> Sum {
        Sum::default()
    }
}

fn start_of(id: &AdmissionId) -> u64 {
    u64::from_be_bytes(*id.as_bytes().first_chunk().expect("an identity has 32 bytes"))
}

#[cfg(test)]
mod tests;
