//! Packing for links that are slow: DEFLATE (RFC 1951), by which documents of one endorser become a fifth.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::BadFrame;

/// Packs bytes, fast rather than small.
pub(super) fn pack(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("a vector takes all")
}

/// What was packed, of at most `bytes_max` bytes; nothing may follow it.
pub(super) fn unpack(packed: &[u8], bytes_max: usize) -> Result<Vec<u8>, BadFrame> {
    let mut decoder = DeflateDecoder::new(packed);
    let mut plain = Vec::new();
    let one_more = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let read = decoder.by_ref().take(one_more).read_to_end(&mut plain);
    read.map_err(|error| BadFrame::Malformed(format!("packed envelopes: {error}")))?;
    if plain.len() > bytes_max {
        return Err(BadFrame::TooLong { length: plain.len(), max: bytes_max });
    }
    if usize::try_from(decoder.total_in()) != Ok(packed.len()) {
        return Err(BadFrame::NotCanonical);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_becomes_small_and_comes_back() {
        let plain = b"the same words, ".repeat(1000);
        let packed = pack(&plain);
        assert!(packed.len() < plain.len() / 20, "{} bytes", packed.len());
        assert_eq!(unpack(&packed, plain.len()), Ok(plain));
    }

    #[test]
    fn what_would_become_too_large_is_refused_before_it_does() {
        let packed = pack(&vec![b' '; 50_000_000]);
        assert!(packed.len() < 1024 * 1024);
        let allocated = allocation_counter::measure(|| {
            assert_eq!(unpack(&packed, 1000), Err(BadFrame::TooLong { length: 1001, max: 1000 }));
        });
        assert!(allocated.bytes_max < 1024 * 1024, "{allocated:?}");
    }

    #[test]
    fn what_ends_early_or_late_or_is_no_deflate_is_refused() {
        let packed = pack(b"some words");
        assert!(matches!(unpack(&packed[..packed.len() - 1], 100), Err(BadFrame::Malformed(_))));
        assert_eq!(unpack(&[&packed[..], &[0]].concat(), 100), Err(BadFrame::NotCanonical));
        assert!(matches!(unpack(&[0xFF; 20], 100), Err(BadFrame::Malformed(_))));
    }
}
