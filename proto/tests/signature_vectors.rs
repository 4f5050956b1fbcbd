//! Documents and values that other programs signed, one for each algorithm of the profile.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::crypto::{Certificate, Hash, PublicKey, Scheme, Verification};
use proto::signature::{Algorithms, verify};
use proto::vocabulary::XMLDSIG;
use proto::xml::{self, Canonicalization, Comments, Element, Node};

#[path = "support/shared.rs"]
mod shared;

/// The documents in `vectors/signatures`, which libxmlsec 1.3.9 signed by way of Python's xmlsec 1.3.17, each named for
/// its algorithm and its key; canonicalisations take turns, Canonical XML 1.1 and a root with xml:id among them.
fn vectors() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/signatures");
    let entries = fs::read_dir(folder).expect("the folder is beside this file");
    let mut vectors: Vec<(String, String)> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a document"))
        })
        .collect();
    vectors.sort();
    vectors
}

#[test]
fn what_libxmlsec_signed_is_verified() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 22);
    for (name, document) in vectors {
        let read = verify(document.as_bytes(), Algorithms::Modern).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (algorithm, _key) = name.rsplit_once('-').expect("an algorithm and a key");
        assert_eq!(read.signature_algorithm(), algorithm);
        assert!(algorithm.contains(read.digest_algorithm().trim_start_matches("sha")), "{name}");
    }
}

#[test]
fn what_libxmlsec_signed_is_refused_once_it_is_changed() {
    for (name, document) in vectors() {
        let rule = |changed: String| {
            assert_ne!(changed, document, "{name}");
            verify(changed.as_bytes(), Algorithms::Modern).map_err(|error| error.rule()).expect_err(&name)
        };
        assert_eq!(rule(document.replace("<dcterms:title>", "<dcterms:title> ")), "digest-mismatch", "{name}");
        assert_eq!(rule(document.replace("<SignedInfo>", "<SignedInfo> ")), "signature-mismatch", "{name}");
        let (before, value) = document.split_once("<SignatureValue>").expect("a value");
        let other = if value.starts_with('A') { "B" } else { "A" };
        assert_eq!(rule(format!("{before}<SignatureValue>{other}{}", &value[1..])), "signature-mismatch", "{name}");
        assert_eq!(rule(format!("{before}<SignatureValue>AAAA{value}")), "signature-mismatch", "{name}");
    }
}

/// The published vectors are outside of the profile (they envelop, and name their key), but their values are made as
/// the profile has it.
#[test]
fn the_values_of_the_published_interoperability_vectors_are_verified() {
    let Some(folder) = shared::folder("vectors/xmlsec/tests/aleksey-xmldsig-01") else {
        println!("skipped: no ../shared/vectors/xmlsec");
        return;
    };
    for (name, scheme) in [
        ("enveloping-sha256-rsa-sha256", Scheme::RsaPkcs1(Hash::Sha256)),
        ("enveloping-sha384-rsa-sha384", Scheme::RsaPkcs1(Hash::Sha384)),
        ("enveloping-sha512-rsa-sha512", Scheme::RsaPkcs1(Hash::Sha512)),
        ("enveloping-rsa-pss-sha256", Scheme::RsaPss(Hash::Sha256)),
        ("enveloping-rsa-pss-sha384", Scheme::RsaPss(Hash::Sha384)),
        ("enveloping-rsa-pss-sha512", Scheme::RsaPss(Hash::Sha512)),
        ("enveloping-rsa-pss-sha3_256", Scheme::RsaPss(Hash::Sha3_256)),
        ("enveloping-rsa-pss-sha3_384", Scheme::RsaPss(Hash::Sha3_384)),
        ("enveloping-rsa-pss-sha3_512", Scheme::RsaPss(Hash::Sha3_512)),
        ("enveloping-sha256-ecdsa-sha256", Scheme::Ecdsa(Hash::Sha256)),
        ("enveloping-sha256-eddsa-ed25519-der-encoded-key-value", Scheme::Ed25519),
    ] {
        let bytes = fs::read(folder.join(name).with_extension("xml")).expect("the vector is there");
        let tree = xml::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (message, value) = signed_info_and_value(&tree.root);
        let verifies = |key: &PublicKey| key.verify(scheme, &message, &value) == Verification::Verified;
        assert!(keys(&tree.root).iter().any(verifies), "{name}");
    }
}

#[test]
fn published_vectors_with_other_curves_or_paddings_are_not_verified() {
    let Some(folder) = shared::folder("vectors/xmlsec/tests/aleksey-xmldsig-01") else {
        println!("skipped: no ../shared/vectors/xmlsec");
        return;
    };
    for (name, scheme) in [
        ("enveloping-sha384-ecdsa-sha384", Scheme::Ecdsa(Hash::Sha384)),
        ("enveloping-sha512-ecdsa-sha512", Scheme::Ecdsa(Hash::Sha512)),
        ("enveloping-sha256-ecdsa-sha256_padded", Scheme::Ecdsa(Hash::Sha256)),
    ] {
        let bytes = fs::read(folder.join(name).with_extension("xml")).expect("the vector is there");
        let tree = xml::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (message, value) = signed_info_and_value(&tree.root);
        let keys = keys(&tree.root);
        assert!(!keys.is_empty(), "{name}");
        assert!(keys.iter().all(|key| key.verify(scheme, &message, &value) != Verification::Verified), "{name}");
    }
}

fn signed_info_and_value(signature: &Element) -> (Vec<u8>, Vec<u8>) {
    let child = |name| signature.elements().find(|one| one.name.is(XMLDSIG, name)).expect("the vectors are signatures");
    let (method, comments) = (Canonicalization::Inclusive, Comments::Without);
    let message = xml::canonicalize_element(&[signature], child("SignedInfo"), &method, comments);
    (message, decoded(child("SignatureValue")))
}

/// Every key in it: of certificates, and as such.
fn keys(element: &Element) -> Vec<PublicKey> {
    let own = match &*element.name.local {
        "X509Certificate" => Certificate::from_der(&decoded(element))
            .ok()
            .map(|certificate| PublicKey::from_der(certificate.key_der()).expect("a key in its one form is a key")),
        "DEREncodedKeyValue" => PublicKey::from_der(&decoded(element)),
        _ => None,
    };
    own.into_iter().chain(element.elements().flat_map(keys)).collect()
}

fn decoded(element: &Element) -> Vec<u8> {
    let texts = element.children.iter().filter_map(|child| match child {
        Node::Text(text) => Some(&**text),
        _ => None,
    });
    let digits: String = texts.collect::<String>().split_whitespace().collect();
    STANDARD.decode(digits).expect("the vectors hold base64")
}
