//! Range-based set reconciliation: two nodes find what each lacks at a cost that grows with the difference.
//!
//! The protocol is negentropy's version 1; this module is the only home of the crate. The initiator sends
//! fingerprints of ranges of its set, the responder answers with finer ones or with identities, until the initiator
//! knows what both sides lack. The responder keeps nothing between rounds.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use negentropy::{Bound, Id, Negentropy, NegentropyStorageBase, NegentropyStorageVector};

use crate::admission::{self, AdmissionId};
use crate::digest::Sha256Digest;
use crate::timestamp::Instant;

/// What reconciliation counts by: an admission, ordered by its moment so that new ones stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// When the origin admitted.
    pub admitted: Instant,
    /// The admission.
    pub id: AdmissionId,
}

/// The latest moment that is told apart; negentropy uses the greatest number as its open end.
const LATEST_MS: u64 = u64::MAX - 1;
const SIGNATURE_BYTES: usize = 64;
const ADMITTED_AT: usize = 1 + 32 + 32 + 32;
/// What negentropy accepts as a frame limit at the least.
const FRAME_BYTES_MIN: usize = 4096;

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
}

/// The items that a node holds.
///
/// The sealed form that negentropy reads is kept until the set changes: sealing costs 8 ms for 100,000 items and 89 ms
/// for 1,000,000, a round between equal sets 0.5 ms and 6.6 ms.
#[derive(Debug, Clone, Default)]
pub struct ItemSet {
    items: BTreeMap<AdmissionId, Instant>,
    sealed: Option<Sealed>,
}

#[derive(Debug, Clone)]
struct Sealed(Arc<NegentropyStorageVector>);

/// The side of a reconciliation that learns the differences; it works on the set as it was at the start.
#[derive(Debug)]
pub struct Initiator {
    negentropy: Negentropy<'static, Sealed>,
}

/// What a responder's frame led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The frame of the next round; `None` when every difference was named.
    pub next: Option<Bytes>,
    /// Items that the responder lacks, as far as this round told.
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
        if self.items.insert(item.id, item.admitted).is_none() {
            self.sealed = None;
        }
    }

    /// Takes an item away.
    pub fn remove(&mut self, id: &AdmissionId) {
        if self.items.remove(id).is_some() {
            self.sealed = None;
        }
    }

    /// Whether the item is held.
    #[must_use]
    pub fn contains(&self, id: &AdmissionId) -> bool {
        self.items.contains_key(id)
    }

    /// How many items are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items by identity.
    pub fn iter(&self) -> impl Iterator<Item = Item> {
        self.items.iter().map(|(id, admitted)| Item { admitted: *admitted, id: *id })
    }

    /// Begins a reconciliation whose frames have at most about `frame_bytes_max` bytes; gives the first frame.
    pub fn start(&mut self, frame_bytes_max: usize) -> (Initiator, Bytes) {
        let mut negentropy = self.negentropy(frame_bytes_max);
        let frame = negentropy.initiate().expect("a new instance over a sealed set initiates");
        (Initiator { negentropy }, frame.into())
    }

    /// Answers an initiator's frame with one of at most about `frame_bytes_max` bytes.
    pub fn respond(&mut self, frame: &[u8], frame_bytes_max: usize) -> Result<Bytes, BadReconciliation> {
        let answer = self.negentropy(frame_bytes_max).reconcile(frame).map_err(BadReconciliation::from)?;
        Ok(answer.into())
    }

    fn negentropy(&mut self, frame_bytes_max: usize) -> Negentropy<'static, Sealed> {
        let limit = frame_bytes_max.max(FRAME_BYTES_MIN) as u64;
        Negentropy::owned(self.sealed(), limit).expect("the limit is at least what negentropy asks for")
    }

    fn sealed(&mut self) -> Sealed {
        let items = &self.items;
        self.sealed.get_or_insert_with(|| Sealed::of(items)).clone()
    }
}

impl FromIterator<Item> for ItemSet {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        Self { items: items.into_iter().map(|item| (item.id, item.admitted)).collect(), sealed: None }
    }
}

impl Initiator {
    /// Reads the responder's frame.
    pub fn step(&mut self, frame: &[u8]) -> Result<Step, BadReconciliation> {
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let next = self.negentropy.reconcile_with_ids(frame, &mut have, &mut need).map_err(BadReconciliation::from)?;
        Ok(Step { next: next.map(Bytes::from), have: ordered(&have), need: ordered(&need) })
    }
}

/// Negentropy names differences in the order of a hash table; runs must not depend on it.
fn ordered(ids: &[Id]) -> Vec<AdmissionId> {
    let mut ids: Vec<_> = ids.iter().map(|id| AdmissionId::from_digest(Sha256Digest::from_bytes(**id))).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl Sealed {
    fn of(items: &BTreeMap<AdmissionId, Instant>) -> Self {
        let mut vector = NegentropyStorageVector::with_capacity(items.len());
        for (id, admitted) in items {
            let moment_ms = admitted.unix_ms().min(LATEST_MS);
            vector.insert(moment_ms, Id::from_byte_array(*id.as_bytes())).expect("the vector is not sealed yet");
        }
        vector.seal().expect("the vector is sealed once");
        Self(Arc::new(vector))
    }
}

impl NegentropyStorageBase for Sealed {
    fn size(&self) -> Result<usize, negentropy::Error> {
        self.0.size()
    }

    fn get_item(&self, index: usize) -> Result<Option<negentropy::Item>, negentropy::Error> {
        self.0.get_item(index)
    }

    fn iterate(
        &self,
        begin: usize,
        end: usize,
        visit: &mut dyn FnMut(negentropy::Item, usize) -> Result<bool, negentropy::Error>,
    ) -> Result<(), negentropy::Error> {
        self.0.iterate(begin, end, visit)
    }

    fn find_lower_bound(&self, first: usize, last: usize, bound: &Bound) -> usize {
        self.0.find_lower_bound(first, last, bound)
    }
}

impl From<negentropy::Error> for BadReconciliation {
    fn from(error: negentropy::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::bounds::RECONCILE_ROUNDS_MAX;

    fn item(admitted_ms: u64, number: u64) -> Item {
        let id = AdmissionId::from_digest(Sha256Digest::of(&number.to_be_bytes()));
        Item { admitted: Instant::from_unix_ms(admitted_ms), id }
    }

    /// Runs a reconciliation to its end: what it found, and in how many rounds.
    fn reconcile(
        ours: &mut ItemSet,
        theirs: &mut ItemSet,
        limits: (usize, usize),
    ) -> (BTreeSet<AdmissionId>, BTreeSet<AdmissionId>, u32) {
        let (mut have, mut need) = (BTreeSet::new(), BTreeSet::new());
        let (mut initiator, mut frame) = ours.start(limits.0);
        for round in 1..=RECONCILE_ROUNDS_MAX {
            let answer = theirs.respond(&frame, limits.1).expect("frames of this module are read");
            assert!(answer.len() <= limits.1.max(FRAME_BYTES_MIN), "{} bytes", answer.len());
            let step = initiator.step(&answer).expect("frames of this module are read");
            have.extend(step.have);
            need.extend(step.need);
            match step.next {
                Some(next) => {
                    assert!(next.len() <= limits.0.max(FRAME_BYTES_MIN), "{} bytes", next.len());
                    frame = next;
                }
                None => return (have, need, round),
            }
        }
        panic!("reconciliation did not end");
    }

    fn difference(ours: &ItemSet, theirs: &ItemSet) -> BTreeSet<AdmissionId> {
        ours.iter().filter(|item| !theirs.contains(&item.id)).map(|item| item.id).collect()
    }

    proptest! {
        #[test]
        fn the_differences_are_found_exactly(
            common in 0_u64..3000, ours_only in 0_u64..300, theirs_only in 0_u64..300,
            moments in 1_u64..5000, our_limit in 4096_usize..70_000, their_limit in 4096_usize..70_000,
        ) {
            let moment = |number: u64| if number.is_multiple_of(97) { u64::MAX - number % 2 } else { number * 31 % moments };
            let make = |numbers: std::ops::Range<u64>| numbers.map(|number| item(moment(number), number));
            let mut ours: ItemSet = make(0..common).chain(make(100_000..100_000 + ours_only)).collect();
            let mut theirs: ItemSet = make(0..common).chain(make(200_000..200_000 + theirs_only)).collect();
            let (have, need, _) = reconcile(&mut ours, &mut theirs, (our_limit, their_limit));
            prop_assert_eq!(have, difference(&ours, &theirs));
            prop_assert_eq!(need, difference(&theirs, &ours));
        }

        #[test]
        fn foreign_bytes_never_break_either_side(bytes in proptest::collection::vec(any::<u8>(), 0..600), tagged: bool) {
            let mut set: ItemSet = (0..500).map(|number| item(number / 3, number)).collect();
            let mut frame = bytes;
            if tagged {
                frame.insert(0, 0x61);
            }
            let _ = set.respond(&frame, FRAME_BYTES_MIN);
            let (mut initiator, _) = set.start(FRAME_BYTES_MIN);
            let _ = initiator.step(&frame);
        }
    }

    #[test]
    fn equal_sets_need_one_round_and_few_bytes() {
        let mut ours: ItemSet = (0..20_000).map(|number| item(number, number)).collect();
        let mut theirs = ours.clone();
        let (_, frame) = ours.start(65_536);
        assert!(frame.len() <= 400, "{} bytes", frame.len());
        assert_eq!(reconcile(&mut ours, &mut theirs, (65_536, 65_536)), (BTreeSet::new(), BTreeSet::new(), 1));
    }

    #[test]
    fn an_empty_node_learns_everything_in_bounded_rounds() {
        let mut theirs: ItemSet = (0..20_000).map(|number| item(number, number)).collect();
        let (_, need, rounds) = reconcile(&mut ItemSet::default(), &mut theirs, (65_536, 65_536));
        assert_eq!(need.len(), 20_000);
        assert!(rounds <= 12, "{rounds} rounds");
    }

    #[test]
    fn the_sealed_form_follows_changes() {
        let mut set = ItemSet::default();
        let mut empty = ItemSet::default();
        set.insert(item(1, 1));
        assert_eq!(reconcile(&mut set, &mut empty, (4096, 4096)).0.len(), 1);
        set.insert(item(2, 2));
        assert_eq!(reconcile(&mut set, &mut empty, (4096, 4096)).0.len(), 2);
        set.remove(&item(1, 1).id);
        assert_eq!(reconcile(&mut set, &mut empty, (4096, 4096)).0.len(), 1);
    }
}
