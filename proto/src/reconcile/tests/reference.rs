//! The crate negentropy is the reference: fingerprints, frames and findings are its own, byte by byte, but for an
//! initiator's lists, which are empty.

use negentropy::{Id, Negentropy, NegentropyStorageBase, NegentropyStorageVector};

use super::*;
use crate::reconcile::round::{self, Lists};

pub(super) fn vector(set: &ItemSet) -> NegentropyStorageVector {
    let mut vector = NegentropyStorageVector::with_capacity(set.len());
    for item in set.iter() {
        vector.insert(item.admitted.unix_ms(), Id::from_byte_array(*item.id.as_bytes())).expect("it is open");
    }
    vector.seal().expect("it is sealed once");
    vector
}

/// How many bytes and rounds the reference needs.
pub(super) fn reference_cost(ours: &ItemSet, theirs: &ItemSet, limit: u64) -> (usize, u32) {
    let mut initiator = Negentropy::owned(vector(ours), limit).expect("the limit is large enough");
    let mut responder = Negentropy::owned(vector(theirs), limit).expect("the limit is large enough");
    let (mut bytes, mut rounds) = (0, 0);
    let mut next = Some(initiator.initiate().expect("it is new"));
    while let Some(frame) = next {
        let answer = responder.reconcile(&frame).expect("frames of the reference");
        (bytes, rounds) = (bytes + frame.len() + answer.len(), rounds + 1);
        next =
            initiator.reconcile_with_ids(&answer, &mut Vec::new(), &mut Vec::new()).expect("frames of the reference");
    }
    (bytes, rounds)
}

fn ordered(ids: &[Id]) -> Vec<AdmissionId> {
    let ids: BTreeSet<_> = ids.iter().map(|id| AdmissionId::from_digest(Sha256Digest::from_bytes(**id))).collect();
    ids.into_iter().collect()
}

/// The reference's step, as one of ours.
fn reference_step(set: &NegentropyStorageVector, frame: &[u8], limit: usize) -> Result<Step, negentropy::Error> {
    let mut reference = Negentropy::borrowed(set, limit as u64).expect("the limit is large enough");
    reference.set_initiator();
    let (mut have, mut need) = (Vec::new(), Vec::new());
    let next = reference.reconcile_with_ids(frame, &mut have, &mut need)?;
    Ok(Step { next: next.map(Bytes::from), have: ordered(&have), need: ordered(&need) })
}

fn reference_answer(set: &NegentropyStorageVector, frame: &[u8], limit: usize) -> Result<Vec<u8>, negentropy::Error> {
    Negentropy::borrowed(set, limit as u64).expect("the limit is large enough").reconcile(frame)
}

proptest! {
    #[test]
    fn fingerprints_are_those_of_the_reference(count in 0_u64..5000, moments in 1_u64..5000, start: usize, end: usize) {
        let set: ItemSet = clashing(0..count, moments).collect();
        let (start, end) = (start % (set.len() + 1), end % (set.len() + 1));
        let (start, end) = (start.min(end), start.max(end));
        let theirs = vector(&set).fingerprint(start, end).expect("the range lies within the set");
        prop_assert_eq!(set.fingerprint(start..end), theirs.to_bytes());
    }

    #[test]
    fn every_frame_and_finding_is_that_of_the_reference(
        common in 0_u64..6000, ours_only in 0_u64..600, theirs_only in 0_u64..600,
        moments in 1_u64..9000, our_limit in 4096_usize..20_000, their_limit in 4096_usize..20_000,
    ) {
        let make = |numbers| clashing(numbers, moments);
        let ours: ItemSet = make(0..common).chain(make(100_000..100_000 + ours_only)).collect();
        let theirs: ItemSet = make(0..common).chain(make(200_000..200_000 + theirs_only)).collect();
        let (our_vector, their_vector) = (vector(&ours), vector(&theirs));
        let even = round::first_even_frame(&ours);
        prop_assert_eq!(&even, &Negentropy::borrowed(&our_vector, 0).expect("no limit").initiate().expect("it is new"));
        for first in [Bytes::from(even), ours.start(our_limit).1] {
            let (initiator, _) = ours.start(our_limit);
            let mut next = Some(first);
            while let Some(frame) = next {
                let answer = theirs.respond(&frame, their_limit).expect("our own");
                prop_assert_eq!(&answer[..], &reference_answer(&their_vector, &frame, their_limit).expect("valid")[..]);
                let step = initiator.step_by(&answer, Lists::Named).expect("our own");
                prop_assert_eq!(&step, &reference_step(&our_vector, &answer, our_limit).expect("valid"));
                next = step.next;
            }
        }
    }

    #[test]
    fn changed_frames_are_refused_or_read_as_the_reference_reads_them(
        count in 0_u64..3000, changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6), cut: usize,
    ) {
        let ours: ItemSet = clashing(0..count, 500).collect();
        let theirs: ItemSet = clashing(count / 10..count + 50, 500).collect();
        let (our_vector, their_vector) = (vector(&ours), vector(&theirs));
        let (initiator, first) = ours.start(4096);
        let answer = theirs.respond(&first, 4096).expect("our own");
        for frame in [first, answer] {
            let mut frame = frame.to_vec();
            for (at, byte) in &changes {
                let at = at % frame.len();
                frame[at] = *byte;
            }
            frame.truncate(frame.len() - cut % 3);
            if let Ok(answer) = theirs.respond(&frame, 4096) {
                prop_assert_eq!(Ok(answer.to_vec()), reference_answer(&their_vector, &frame, 4096));
            }
            if let Ok(step) = initiator.step_by(&frame, Lists::Named) {
                prop_assert_eq!(Ok(step), reference_step(&our_vector, &frame, 4096));
            }
        }
    }
}
