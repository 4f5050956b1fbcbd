//! Documents as they arrive: signature, old algorithms, rules.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = proto::intake::examine(bytes, proto::signature::Algorithms::Modern);
});
