//! Frames that no honest peer sends: nothing panics, answers stay within the limit, and the work is bounded.

use super::*;
use crate::bounds::{RECONCILE_FRAME_BYTES_MAX, RECONCILE_RANGES_MAX};
use crate::reconcile::tree::visits;

/// Most visits of one frame; some milliseconds.
const VISITS_MAX: usize = 150_000;

/// A frame of as many ranges as fit, each made of its number.
fn filled(range: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut frame = vec![0x61];
    for number in 0..RECONCILE_RANGES_MAX {
        let range = range(number);
        if frame.len() + range.len() > RECONCILE_FRAME_BYTES_MAX {
            break;
        }
        frame.extend(range);
    }
    frame
}

/// A number of up to fourteen bits.
fn number(number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint::write(&mut bytes, number as u64);
    bytes
}

/// The ids of every so many items, claimed to be all.
fn listed(set: &ItemSet, step: usize) -> Vec<u8> {
    let ids: Vec<_> = set.iter().step_by(step).take(2000).collect();
    let mut frame = vec![0x61, 0, 0, 2];
    frame.extend(number(ids.len()));
    ids.iter().for_each(|item| frame.extend(item.id.as_bytes()));
    frame
}

/// The nastiest frames to a set whose items lie 50 ms apart.
fn frames(set: &ItemSet) -> Vec<(&'static str, Vec<u8>)> {
    let fingerprints = |gap: usize| filled(|_| [number(gap + 1), vec![0, 1], vec![7; 16]].concat());
    let true_fingerprints = || {
        let mut frame = vec![0x61];
        for number in 0..3000_u64 {
            let (start, end) = (number * 16_000, (number + 1) * 16_000);
            let position = |ms| {
                set.items.rank(&Item {
                    admitted: Instant::from_unix_ms(ms),
                    id: AdmissionId::from_digest(Sha256Digest::from_bytes([0; 32])),
                })
            };
            let gap = if number == 0 { end + 1 } else { end - start + 1 };
            varint::write(&mut frame, gap);
            frame.extend([0, 1]);
            frame.extend(set.fingerprint(position(start)..position(end)));
        }
        frame
    };
    let unlike = filled(|_| [vec![1, 32], vec![0xff; 32], vec![1], vec![7; 16]].concat());
    vec![
        ("an empty list of everything", vec![0x61, 0, 0, 2, 0]),
        ("a wrong fingerprint of everything", [&[0x61, 0, 0, 1][..], &[7; 16]].concat()),
        ("ranges to skip", filled(|_| vec![51, 0, 0])),
        (
            "skips and empty lists by turns",
            filled(|count| if count % 2 == 0 { vec![101, 0, 0] } else { vec![101, 0, 2, 0] }),
        ),
        ("empty lists of single items", filled(|_| vec![51, 0, 2, 0])),
        ("empty lists of nothing", filled(|_| vec![1, 0, 2, 0])),
        ("empty lists of the open end", filled(|_| vec![0, 0, 2, 0])),
        ("empty lists with growing and falling bounds", filled(|count| vec![1, 1, count as u8, 2, 0])),
        ("wrong fingerprints of nothing", fingerprints(0)),
        ("wrong fingerprints of single items", fingerprints(50)),
        ("wrong fingerprints of 31 items", fingerprints(31 * 50)),
        ("wrong fingerprints of 32 items", fingerprints(32 * 50)),
        ("wrong fingerprints of 300 items", fingerprints(300 * 50)),
        ("wrong fingerprints past every item", unlike),
        ("right fingerprints", true_fingerprints()),
        ("the first items as all", listed(set, 1)),
        ("scattered items as all", listed(set, set.len() / 2000)),
        ("items that nobody holds", [vec![0x61, 0, 0, 2], number(2000), vec![9; 64_000]].concat()),
    ]
}

#[test]
fn the_work_for_a_frame_is_bounded_in_a_set_of_a_million() {
    let set: ItemSet = (0..1_000_000).map(|number| item(number * 50, number)).collect();
    let (mut initiator, _) = set.start(RECONCILE_FRAME_BYTES_MAX);
    for (name, frame) in frames(&set) {
        assert!(frame.len() <= RECONCILE_FRAME_BYTES_MAX, "{name}: {} bytes", frame.len());
        let (answer, visited) = visits(|| set.respond(&frame, RECONCILE_FRAME_BYTES_MAX).expect(name));
        assert!(visited <= VISITS_MAX, "{name}: {visited} visits");
        assert!(answer.len() <= RECONCILE_FRAME_BYTES_MAX, "{name}: answered with {} bytes", answer.len());
        let (step, visited) = visits(|| initiator.step(&frame).expect(name));
        assert!(visited <= VISITS_MAX, "{name}: {visited} visits of the initiator");
        assert!(step.next.is_none_or(|next| next.len() <= RECONCILE_FRAME_BYTES_MAX), "{name}");
        assert!(step.have.len() <= RECONCILE_HAVE_MAX, "{name}");
    }
}

#[test]
fn a_frame_of_too_many_ranges_is_refused() {
    let ranges = |count| [vec![0x61], [1, 0, 0].repeat(count)].concat();
    let set = ItemSet::default();
    assert_eq!(set.respond(&ranges(RECONCILE_RANGES_MAX), 65_536).expect("not too many").len(), 1);
    let error = set.respond(&ranges(RECONCILE_RANGES_MAX + 1), 65_536).expect_err("too many");
    assert_eq!(error.to_string(), "not a reconciliation frame: it has more than 12288 ranges");
}

#[test]
fn a_refusal_says_what_is_wrong() {
    let set = ItemSet::default();
    for (frame, says) in [
        (&b""[..], "it is empty"),
        (b"Garbage", "it begins with 0x47 instead of a version"),
        (b"\x61\x01", "range 1 does not end"),
        (b"\x61\x01\x00\x00\x01\x21", "range 2 ends at an identity of 33 bytes, which have 32"),
        (b"\x61\x01\x20abc", "range 1 does not end"),
        (b"\x61\x00\x00\x01short", "range 1 does not end"),
        (b"\x61\x00\x00\x03", "range 1 claims something by mode 3"),
        (b"\x61\x00\x00\x02\x82\x00", "0 bytes follow where it promises 256 identities"),
        (b"\x61\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", "range 1 does not end"),
    ] {
        let error = set.respond(frame, 65_536).expect_err(says);
        assert_eq!(error.to_string(), format!("not a reconciliation frame: {says}"));
    }
    let (mut initiator, _) = set.start(65_536);
    let error = initiator.step(b"\x62").expect_err("a later version");
    assert_eq!(error.to_string(), "not a reconciliation frame: it has version 0x62 instead of 0x61");
    assert_eq!(&set.respond(b"\x62whatever", 65_536).expect("versions are negotiated")[..], b"\x61");
}

proptest! {
    #[test]
    fn foreign_bytes_never_break_either_side(bytes in proptest::collection::vec(any::<u8>(), 0..600), tagged: bool) {
        let set: ItemSet = (0..500).map(|number| item(number / 3, number)).collect();
        let mut frame = bytes;
        if tagged {
            frame.insert(0, 0x61);
        }
        if let Ok(answer) = set.respond(&frame, FRAME_BYTES_MIN) {
            prop_assert!(answer.len() <= FRAME_BYTES_MIN);
        }
        let (mut initiator, _) = set.start(FRAME_BYTES_MIN);
        if let Ok(Step { next: Some(next), .. }) = initiator.step(&frame) {
            prop_assert!(next.len() <= FRAME_BYTES_MIN);
        }
    }
}
