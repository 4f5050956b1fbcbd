//! Files of trust anchors, of the kind that the first octet says.
#![no_main]

use proto::crypto::{AnchorFile, TrustAnchors};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((kind, content)) = bytes.split_first() else { return };
    let name = ["a.0", "a.r0", "a.signing_policy", "a.namespaces"][usize::from(kind % 4)].to_owned();
    let _ = TrustAnchors::read(vec![AnchorFile::new(name, content.to_vec())], proto::signature::Algorithms::Legacy);
});
