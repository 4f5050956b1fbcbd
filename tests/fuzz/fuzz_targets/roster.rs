//! Rosters of foreign nodes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = proto::roster::SignedRoster::read(bytes);
});
