//! Claims about chains to trust anchors.

use super::*;

#[test]
fn without_anchors_no_chain_is_accepted() {
    let (signer, _) = crate::crypto::samples::dsa_signature(b"message");
    let moment = "2026-01-01T00:00:00Z".parse().expect("a moment");
    assert_eq!(TrustAnchors::default().verify(&signer, &[], moment, moment), Err(ChainError::NoAnchors));
}
