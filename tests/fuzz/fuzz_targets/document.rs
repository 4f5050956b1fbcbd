//! What documents say, in either strength.
#![no_main]

use proto::document::{Document, Strength};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Document::read(bytes, Strength::Server);
    let _ = Document::read(bytes, Strength::Strict);
});
