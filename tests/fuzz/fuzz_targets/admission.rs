//! Receipts of foreign nodes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = proto::admission::Admission::verify(bytes);
});
