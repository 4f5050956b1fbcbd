//! Configuration files, whose findings must name lines that are there.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = node::config::parse(text);
});
