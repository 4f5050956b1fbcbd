//! Frames of foreign nodes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| proto::wire::decode_any(bytes));
