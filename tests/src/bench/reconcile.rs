//! Reconciliation of large sets beside the crate negentropy, over the same sets and frame limit.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use negentropy::{Id, Negentropy, NegentropyStorageVector};
use proto::admission::AdmissionId;
use proto::bounds::{RECONCILE_FRAME_BYTES_MAX, RECONCILE_ROUNDS_MAX};
use proto::digest::Sha256Digest;
use proto::reconcile::{Item, ItemSet};
use proto::timestamp::Instant;

use super::machine;
use super::report::Report;

const MILLION: u64 = 1_000_000;
const SCATTERED_OF: u64 = 100_000;
const MISSING: usize = 1_000;
const NEWEST: usize = 100;
/// 2026-11-22T00:00:00Z: moments as long as real ones.
const NOW_MS: u64 = 1_795_305_600_000;
/// An entry in two and a half minutes for five years.
const PAUSE_MS: u64 = 157_680;
/// User CPU comes in hundredths of a second.
const OURS_REPEATED: u32 = 10_000;
const THEIRS_REPEATED: u32 = 20;

/// What one reconciliation took.
struct Cost {
    bytes: usize,
    rounds: u32,
    needed: usize,
}

/// Adds what three reconciliations take.
pub(super) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let items: Vec<Item> = (0..MILLION).map(item).collect();
    let all: ItemSet = items.iter().copied().collect();
    let vector = vector(&all)?;

    let (cost, ours) = timed(OURS_REPEATED, || ours(&all, &all))?;
    let (reference, theirs) = timed(THEIRS_REPEATED, || theirs(&vector, &vector))?;
    let text = format!("{} round, {} bytes", cost.rounds, cost.bytes);
    let goal = (cost.bytes as f64 / 400.0, 1.0);
    report.held_below("equal sets of 1,000,000", text, "goal 1 round, 400 bytes".to_owned(), goal);
    let [ours_us, theirs_us] = [ours, theirs].map(|cpu| cpu.as_secs_f64() * 1e6);
    report.held_below(
        "the same: CPU of both sides",
        format!("{ours_us:.0} µs"),
        "goal 1000 µs".to_owned(),
        (ours_us / 1e3, 1.0),
    );
    report.beside("the same, beside negentropy", format!("{ours_us:.0} µs"), format!("{theirs_us:.0} µs"), {
        ours_us / theirs_us
    });
    ensure!(reference.needed + cost.needed == 0, "equal sets differ");

    let lacking: ItemSet = items[..items.len() - NEWEST].iter().copied().collect();
    let cost = self::ours(&lacking, &all)?;
    ensure!(cost.needed == NEWEST, "{} of {NEWEST} were found", cost.needed);
    let text = format!("{} bytes, {} rounds", cost.bytes, cost.rounds);
    let goal = (cost.bytes as f64 / 6e3, 1.0);
    report.held_below("100 newest of 1,000,000 missing", text, "goal 6000 bytes".to_owned(), goal);

    let all: ItemSet = items[..usize::try_from(SCATTERED_OF)?].iter().copied().collect();
    let mut lacking = all.clone();
    items.iter().step_by(97).take(MISSING).for_each(|item| lacking.remove(&item.id));
    let cost = self::ours(&lacking, &all)?;
    let reference = self::theirs(&self::vector(&lacking)?, &self::vector(&all)?)?;
    ensure!((cost.needed, reference.needed) == (MISSING, MISSING), "not all {MISSING} were found");
    let of = |cost: &Cost| format!("{} bytes, {} rounds", cost.bytes, cost.rounds);
    let ratio = cost.bytes as f64 / reference.bytes as f64;
    let beside = format!("{} by negentropy", of(&reference));
    report.held_below("1,000 scattered of 100,000 missing", of(&cost), beside, (ratio, 1.1));
    Ok(())
}

fn item(number: u64) -> Item {
    let id = AdmissionId::from_digest(Sha256Digest::of(&number.to_be_bytes()));
    Item { admitted: Instant::from_unix_ms(NOW_MS - (MILLION - number) * PAUSE_MS), id }
}

fn vector(set: &ItemSet) -> anyhow::Result<NegentropyStorageVector> {
    let mut vector = NegentropyStorageVector::with_capacity(set.len());
    for item in set.iter() {
        vector.insert(item.admitted.unix_ms(), Id::from_byte_array(*item.id.as_bytes()))?;
    }
    vector.seal()?;
    Ok(vector)
}

/// What `reconcile` took, and the user CPU of one of so many times.
fn timed(times: u32, reconcile: impl Fn() -> anyhow::Result<Cost>) -> anyhow::Result<(Cost, Duration)> {
    let before = machine::user_cpu_of_thread()?;
    let mut last = None;
    for _ in 0..times {
        last = Some(reconcile()?);
    }
    Ok((last.context("it ran at least once")?, (machine::user_cpu_of_thread()? - before) / times))
}

fn ours(lacking: &ItemSet, all: &ItemSet) -> anyhow::Result<Cost> {
    let (mut initiator, frame) = lacking.start(RECONCILE_FRAME_BYTES_MAX);
    let mut cost = Cost { bytes: 0, rounds: 0, needed: 0 };
    let mut next: Option<Bytes> = Some(frame);
    while let Some(frame) = next {
        ensure!(cost.rounds < RECONCILE_ROUNDS_MAX, "it does not end");
        let answer = all.respond(&frame, RECONCILE_FRAME_BYTES_MAX)?;
        let step = initiator.step(&answer)?;
        cost.bytes += frame.len() + answer.len();
        cost.rounds += 1;
        cost.needed += step.need.len();
        next = step.next;
    }
    Ok(cost)
}

fn theirs(lacking: &NegentropyStorageVector, all: &NegentropyStorageVector) -> anyhow::Result<Cost> {
    let limit = RECONCILE_FRAME_BYTES_MAX as u64;
    let (mut initiator, mut responder) = (Negentropy::borrowed(lacking, limit)?, Negentropy::borrowed(all, limit)?);
    let mut cost = Cost { bytes: 0, rounds: 0, needed: 0 };
    let mut next = Some(initiator.initiate()?);
    while let Some(frame) = next {
        ensure!(cost.rounds < RECONCILE_ROUNDS_MAX, "it does not end");
        let answer = responder.reconcile(&frame)?;
        let mut need = Vec::new();
        next = initiator.reconcile_with_ids(&answer, &mut Vec::new(), &mut need)?;
        cost.bytes += frame.len() + answer.len();
        cost.rounds += 1;
        cost.needed += need.len();
    }
    Ok(cost)
}
