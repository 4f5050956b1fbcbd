//! What clients ask lists for: path, parameters and media types.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = web::is_list_request(bytes);
});
