//! One frame read and the next one written, by either side.

use std::collections::BTreeSet;
use std::ops::Range;

use super::frame::{self, Bound, Claim, VERSION, Writer};
use super::{BadReconciliation, ItemSet};
use crate::admission::AdmissionId;
use crate::bounds::RECONCILE_HAVE_MAX;
use crate::digest::Sha256Digest;
use crate::timestamp::Instant;

/// What negentropy accepts as a frame limit at the least.
pub(super) const FRAME_BYTES_MIN: usize = 4096;
/// Room that a full frame leaves for an identity, two bounds, and the fingerprint of all that was not dealt with.
const FRAME_BYTES_LEFT: usize = 200;

/// In how many parts a range is split.
const PARTS: usize = 16;
/// Ranges with fewer items are listed.
const LISTED_MAX: usize = 2 * PARTS;

/// What the initiator learnt from a frame.
#[derive(Debug, Default)]
pub(super) struct Differences {
    pub(super) have: Vec<AdmissionId>,
    pub(super) need: BTreeSet<AdmissionId>,
}

/// Where the parts of a range that is split meet.
#[derive(Clone, Copy)]
enum Cut {
    /// Equal parts.
    Even,
    /// The first and the last part lose or gain up to half of theirs, as the number says.
    Shifted(u64),
}

/// What stands in the lists of a frame.
#[derive(Clone, Copy)]
pub(super) enum Lists {
    /// Every item of the range.
    Named,
    /// None: the list asks for the other side's. The responder learns nothing from an initiator's items.
    Empty,
}

struct Round<'a> {
    set: &'a ItemSet,
    lists: Lists,
    /// Frames longer than this are cut.
    bytes_max: usize,
    out: Writer,
    /// How much of `out` stays when the rest does not fit, and the position of the first item that it says nothing of.
    kept: (usize, usize),
    /// Where ranges end that need no answer and are not yet marked so.
    skipped: Option<Bound>,
}

/// The frame that opens a reconciliation.
///
/// Its cuts depend on the whole set. Sums can be made to collide by whoever chooses many identities, and such a range
/// would pass for equal; with every change of the set the cuts move, and one that falls into the collision shows it.
pub(super) fn first_frame(set: &ItemSet) -> Vec<u8> {
    let size = set.len();
    let fingerprint = set.items.sum_before(size).fingerprint(size);
    let shift = u64::from_le_bytes(*fingerprint.first_chunk().expect("a fingerprint has 16 bytes"));
    whole(set, Cut::Shifted(shift), Lists::Empty)
}

/// The frame that opens a reconciliation of what was admitted before a moment. What stands after the last range of a
/// frame counts as skipped.
pub(super) fn first_frame_before(set: &ItemSet, moment: Instant) -> Vec<u8> {
    let (bound, mut out) = (Bound::at(moment), Writer::new());
    split(&mut out, set, 0..set.items.rank(&bound.item), bound, Cut::Even, Lists::Empty);
    out.into_bytes()
}

/// The frame that the reference opens with.
#[cfg(test)]
pub(super) fn first_even_frame(set: &ItemSet) -> Vec<u8> {
    whole(set, Cut::Even, Lists::Named)
}

/// A responder's answer.
pub(super) fn answer(set: &ItemSet, frame: &[u8], frame_bytes_max: usize) -> Result<Vec<u8>, BadReconciliation> {
    let (version, ranges) = frame::open(frame)?;
    let mut round = Round::new(set, frame_bytes_max, Lists::Named);
    if version == VERSION {
        round.read(ranges, None)?;
    }
    Ok(round.out.into_bytes())
}

/// The initiator's next frame, if one is needed, and what the responder's frame told.
pub(super) fn step(
    set: &ItemSet,
    frame: &[u8],
    frame_bytes_max: usize,
    lists: Lists,
) -> Result<(Option<Vec<u8>>, Differences), BadReconciliation> {
    let (version, ranges) = frame::open(frame)?;
    if version != VERSION {
        return Err(BadReconciliation(format!("it has version {version:#04x} instead of {VERSION:#04x}")));
    }
    let mut found = Differences::default();
    let mut round = Round::new(set, frame_bytes_max, lists);
    round.read(ranges, Some(&mut found))?;
    let next = (!round.out.is_empty()).then(|| round.out.into_bytes());
    found.have.sort_unstable();
    Ok((next, found))
}

fn whole(set: &ItemSet, cut: Cut, lists: Lists) -> Vec<u8> {
    let mut out = Writer::new();
    split(&mut out, set, 0..set.len(), Bound::end(), cut, lists);
    out.into_bytes()
}

/// Lists a range, or gives the fingerprints of its parts where it has many items.
fn split(out: &mut Writer, set: &ItemSet, positions: Range<usize>, upper: Bound, cut: Cut, lists: Lists) {
    let count = positions.len();
    if count < LISTED_MAX {
        return match lists {
            Lists::Named => out.ids(&upper, count, set.items.range(positions)),
            Lists::Empty => out.ids(&upper, 0, std::iter::empty()),
        };
    }
    let (part, larger) = (count / PARTS, count % PARTS);
    let shift = match cut {
        Cut::Even => part / 2,
        Cut::Shifted(number) => usize::try_from(number % part as u64).expect("it is less than a usize"),
    };
    let (mut start, mut sum_before) = (positions.start, set.items.sum_before(positions.start));
    for number in 1..=PARTS {
        let (end, bound) = if number == PARTS {
            (positions.end, upper)
        } else {
            let end = positions.start + number * part + number.min(larger) + shift - part / 2;
            let mut around = set.items.range(end - 1..end + 1);
            let pair = around.next().zip(around.next()).expect("each part has an item, and another part follows");
            (end, Bound::between(&pair.0, &pair.1))
        };
        let sum = set.items.sum_before(end);
        out.fingerprint(&bound, &sum.minus(sum_before).fingerprint(end - start));
        (start, sum_before) = (end, sum);
    }
}

impl<'a> Round<'a> {
    fn new(set: &'a ItemSet, frame_bytes_max: usize, lists: Lists) -> Self {
        let bytes_max = frame_bytes_max.max(FRAME_BYTES_MIN) - FRAME_BYTES_LEFT;
        let out = Writer::new();
        Self { set, lists, bytes_max, kept: (out.len(), 0), out, skipped: None }
    }

    /// Reads the ranges and writes what they ask for; the initiator notes differences.
    fn read(
        &mut self,
        ranges: frame::Ranges<'_>,
        mut found: Option<&mut Differences>,
    ) -> Result<(), BadReconciliation> {
        let mut lower = 0;
        for range in ranges {
            let (bound, claim) = range?;
            let mut upper = self.set.items.rank(&bound.item).max(lower);
            match (claim, &mut found) {
                (Claim::Fingerprint(theirs), _) if theirs != self.set.fingerprint(lower..upper) => {
                    self.mark_skipped();
                    split(&mut self.out, self.set, lower..upper, bound, Cut::Even, self.lists);
                }
                (Claim::Ids(_), None) => upper = self.list(lower..upper, bound),
                (Claim::Ids(ids), Some(found)) => {
                    found.compare(self.set, lower..upper, ids);
                    self.skipped = Some(bound);
                }
                (Claim::Skip | Claim::Fingerprint(_), _) => self.skipped = Some(bound),
            }
            if self.out.len() > self.bytes_max {
                self.cut();
                break;
            }
            if self.out.len() > self.kept.0 {
                self.kept = (self.out.len(), upper);
            }
            lower = upper;
        }
        Ok(())
    }

    fn mark_skipped(&mut self) {
        if let Some(bound) = self.skipped.take() {
            self.out.skip(&bound);
        }
    }

    /// Lists the items that fit; gives the position after the last.
    fn list(&mut self, positions: Range<usize>, upper: Bound) -> usize {
        // The frame may be crossed by one identity, as the reference has it.
        let room = (self.bytes_max - self.out.len()) / 32 + 1;
        self.mark_skipped();
        let end = positions.end.min(positions.start + room);
        let is_cut = end < positions.end;
        let first_left_out = is_cut.then(|| self.set.items.at(end)).flatten();
        let bound = first_left_out.map_or(upper, |item| Bound::before(&item));
        self.out.ids(&bound, end - positions.start, self.set.items.range(positions.start..end));
        self.kept = (self.out.len(), end);
        end
    }

    /// Ends a full frame with the fingerprint of everything that it does not deal with.
    fn cut(&mut self) {
        let (bytes, first) = self.kept;
        self.out.truncate(bytes);
        let rest = self.set.fingerprint(first..self.set.len());
        self.out.fingerprint(&Bound::end(), &rest);
    }
}

impl Differences {
    /// Compares our items of a range with all those that the responder has there.
    fn compare(&mut self, set: &ItemSet, positions: Range<usize>, ids: &[[u8; 32]]) {
        let theirs: BTreeSet<_> =
            ids.iter().map(|id| AdmissionId::from_digest(Sha256Digest::from_bytes(*id))).collect();
        let is_ours = |id: &AdmissionId| set.find(id).is_some_and(|item| positions.contains(&set.items.rank(&item)));
        let (both, need): (BTreeSet<_>, BTreeSet<_>) = theirs.into_iter().partition(is_ours);
        let room = RECONCILE_HAVE_MAX - self.have.len();
        let have = set.items.range(positions.clone()).map(|item| item.id).filter(|id| !both.contains(id));
        self.have.extend(have.take(room));
        self.need.extend(need);
    }
}
