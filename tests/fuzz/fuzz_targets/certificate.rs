//! Certificates of foreign endorsers.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = proto::crypto::Certificate::from_der(bytes);
});
