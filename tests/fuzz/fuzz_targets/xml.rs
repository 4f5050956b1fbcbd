//! Foreign XML.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = proto::xml::parse(bytes);
});
