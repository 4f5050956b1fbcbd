//! Frames of foreign responders and initiators, answered from a small set.
#![no_main]

use proto::admission::AdmissionId;
use proto::bounds::RECONCILE_FRAME_BYTES_MAX;
use proto::digest::Sha256Digest;
use proto::reconcile::{Item, ItemSet};
use proto::timestamp::Instant;

const ITEMS: u64 = 100;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let item = |number: u64| Item {
        admitted: Instant::from_unix_ms(number * 1000),
        id: AdmissionId::from_digest(Sha256Digest::of(&number.to_be_bytes())),
    };
    let held: ItemSet = (0..ITEMS).map(item).collect();
    if let Ok(answer) = held.respond(bytes, RECONCILE_FRAME_BYTES_MAX) {
        // The answer is cut at the limit, give or take the item that crosses it.
        assert!(answer.len() <= RECONCILE_FRAME_BYTES_MAX + 1024, "an answer of {} bytes", answer.len());
    }
    let (mut initiator, _) = held.start(RECONCILE_FRAME_BYTES_MAX);
    let _ = initiator.step(bytes);
});
