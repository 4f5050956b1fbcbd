//! Certificates and a revocation list of other makers, read from `../shared` where it is present.
#![expect(clippy::print_stdout, reason = "a run says what it skipped")]

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::crypto::{AnchorFile, Certificate, ChainError, RevocationReason, TrustAnchors};
use proto::signature::Algorithms;
use proto::timestamp::Timestamp;

#[path = "support/shared.rs"]
mod shared;

/// The interoperability vectors of 2002 by Merlin Hughes: DSA keys and SHA-1.
fn folder() -> Option<PathBuf> {
    let folder = shared::folder("vectors/xmlsec/tests/merlin-xmldsig-twenty-three");
    if folder.is_none() {
        println!("skipped: no ../shared/vectors");
    }
    folder
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn authority(folder: &std::path::Path) -> AnchorFile {
    AnchorFile::new("ca.pem".to_owned(), fs::read(folder.join("certs/ca.pem")).expect("a vector"))
}

/// The one object of this element in the vector that brings a certificate and a list.
fn element(folder: &std::path::Path, name: &str) -> Vec<u8> {
    let text = fs::read_to_string(folder.join("signature-x509-crt-crl.xml")).expect("a vector");
    let (_, rest) = text.split_once(&format!("<{name}>")).expect("the element");
    let (digits, _) = rest.split_once(&format!("</{name}>")).expect("its end");
    STANDARD.decode(digits.split_ascii_whitespace().collect::<String>()).expect("base64")
}

#[test]
fn chains_of_2002_verify_for_their_time_with_legacy_algorithms_only() {
    let Some(folder) = folder() else { return };
    let now = moment("2026-01-01T00:00:00Z");
    let read = |algorithms| TrustAnchors::read(vec![authority(&folder)], algorithms).0;
    for name in ["badb", "balor", "macha", "nemain", "lugh-cert"] {
        let der = fs::read(folder.join(format!("certs/{name}.der"))).expect("a vector");
        let signer = Certificate::from_der(&der).expect("a certificate");
        let verify = |algorithms, created| read(algorithms).verify(&signer, &[], moment(created), now);
        let chain = verify(Algorithms::Legacy, "2003-01-01T00:00:00Z").expect("a chain");
        assert_eq!(chain.anchor().subject().split(',').next(), Some("CN=Another Transient CA"), "{name}");
        let modern = verify(Algorithms::Modern, "2003-01-01T00:00:00Z");
        assert!(matches!(modern, Err(ChainError::Refused { .. })), "{name}: {modern:?}");
        let late = verify(Algorithms::Legacy, "2013-01-01T00:00:00Z");
        assert!(matches!(late, Err(ChainError::Expired { .. })), "{name}: {late:?}");
    }
}

#[test]
fn a_revocation_list_of_2002_revokes_whom_it_lists() {
    let Some(folder) = folder() else { return };
    let files = vec![authority(&folder), AnchorFile::new("ca.r0".to_owned(), element(&folder, "X509CRL"))];
    let (anchors, findings) = TrustAnchors::read(files, Algorithms::Legacy);
    assert_eq!(findings, []);
    let (created, now) = (moment("2002-04-03T12:00:00Z"), moment("2010-01-01T00:00:00Z"));
    let bres = Certificate::from_der(&element(&folder, "X509Certificate")).expect("a certificate");
    let error = anchors.verify(&bres, &[], created, now).expect_err("it is revoked");
    let ChainError::Revoked { revoked, reason, .. } = error else { panic!("{error}") };
    assert_eq!((revoked, reason), (moment("2002-04-04T02:16:58Z"), RevocationReason::Unspecified));
    let badb =
        Certificate::from_der(&fs::read(folder.join("certs/badb.der")).expect("a vector")).expect("a certificate");
    assert!(anchors.verify(&badb, &[], created, now).is_ok());
    let later = anchors.verify(&badb, &[], created, moment("2012-01-01T00:00:00Z"));
    assert!(matches!(later, Err(ChainError::CrlOverdue { .. })), "{later:?}");
}
