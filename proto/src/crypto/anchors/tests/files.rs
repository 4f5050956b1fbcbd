//! Claims about files: what is read from them, what is found wrong with them, and what they add up to.

use proptest::prelude::*;

use super::make::{Party, anchors, authority, file, list, moment, pem, person, plain, read, verify};
use crate::bounds;
use crate::crypto::anchors::{AnchorFile, BadAnchor, NamespaceReport, RevocationReport, TrustAnchors};
use crate::crypto::der;
use crate::signature::Algorithms;

fn root() -> Party {
    authority("/C=CH/CN=Root").self_signed()
}

/// What is wrong with a file of these bytes.
fn problems(name: &str, bytes: impl AsRef<[u8]>) -> Vec<String> {
    let (anchors, findings) = read(vec![file(name, bytes)]);
    assert!(anchors.is_empty());
    findings.into_iter().map(|finding| finding.to_string()).collect()
}

#[test]
fn certificates_are_read_from_pem_and_der() {
    let (root, other) = (root(), authority("/CN=Other").self_signed());
    let der = root.x509.to_der().expect("DER");
    let bundles = [
        ("bundle.pem", [root.pem(), b"some text\n".to_vec(), other.pem()].concat(), 2),
        ("root.der", der.clone(), 1),
        ("0a1b2c3d.0", der.clone(), 1),
        ("old.crt", pem("X509 CERTIFICATE", &der), 1),
    ];
    for (name, bytes, count) in bundles {
        assert_eq!(anchors(vec![file(name, bytes)]).report(moment("2026-01-15")).len(), count, "{name}");
    }
}

#[test]
fn a_certificate_under_several_names_is_one_anchor() {
    let root = root();
    let names = ["folder/0a1b2c3d.0", "folder/root.pem", "folder/4e5f6a7b.0"];
    let anchors = anchors(names.iter().map(|name| file(name, root.pem())).collect());
    let report = anchors.report(moment("2026-01-15"));
    assert_eq!((report.len(), report[0].file.as_str()), (1, "folder/0a1b2c3d.0"));
}

#[test]
fn the_report_tells_of_each_authority_by_name() {
    let (root, other) = (root(), authority("/CN=Another").valid("2020-01-01", "2028-01-01").by(&root()));
    let report = anchors(vec![file("a.pem", root.pem()), file("b.pem", other.pem())]).report(moment("2026-01-15"));
    assert_eq!(report.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>(), ["CN=Another", "CN=Root,C=CH"]);
    assert_eq!((report[0].not_after, report[0].fingerprint), (moment("2028-01-01"), other.certificate.fingerprint()));
    assert_eq!((report[1].subject_slash.as_str(), report[1].file.as_str()), ("/C=CH/CN=Root", "a.pem"));
    assert_eq!(report[1].namespace, NamespaceReport::Unrestricted);
    assert_eq!(report[1].revocations, RevocationReport::None);
}

#[test]
fn a_person_among_the_anchors_is_not_trusted() {
    let jane = person("/CN=Jane").self_signed();
    let text =
        "jane.pem: CN=Jane is no authority and is not trusted; to trust its key, pin it by endorser_keys in [trust]";
    assert_eq!(problems("jane.pem", jane.pem()), [text]);
    let root = root();
    let (anchors, findings) = read(vec![file("root.pem", root.pem()), file("jane.pem", jane.pem())]);
    assert_eq!(findings.len(), 1);
    assert!(verify(&anchors, &jane, &[]).is_err());
    assert!(verify(&anchors, &person("/CN=John").by(&root), &[]).is_ok());
}

#[test]
fn without_extensions_only_version_1_and_its_own_signature_make_an_authority() {
    let is_trusted = |party: &Party| !read(vec![file("a.pem", party.pem())]).0.is_empty();
    let other = root();
    assert!(is_trusted(&plain("/CN=Old").version_1().self_signed()));
    assert!(!is_trusted(&plain("/CN=Old").version_1().by(&other)));
    assert!(!is_trusted(&plain("/CN=New").self_signed()));
}

#[test]
fn a_certificate_that_openssl_alone_reads_is_found_wrong_and_spoils_no_other() {
    let (root, other) = (root(), authority("/CN=Other").self_signed());
    let der = other.x509.to_der().expect("DER");
    // A length of more octets than it needs is BER.
    let loose = [&[0x30, 0x83, 0][..], &der[2..]].concat();
    assert_eq!(der[1], 0x82);
    assert!(openssl::x509::X509::from_der(&loose).is_ok());
    let bytes = [pem("CERTIFICATE", &loose), root.pem()].concat();
    let (anchors, findings) = read(vec![file("a.pem", bytes)]);
    let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(findings, ["a.pem: the certificate is not DER-encoded X.509"]);
    assert!(verify(&anchors, &person("/CN=Jane").by(&root), &[]).is_ok());
    assert!(verify(&anchors, &person("/CN=Jane").by(&other), &[]).is_err());
}

#[test]
fn what_is_neither_certificate_nor_list_is_said() {
    let der = root().x509.to_der().expect("DER");
    let text = "a: the file holds neither certificates nor revocation lists in PEM or DER";
    assert_eq!([problems("a", ""), problems("a", "garbage")], [[text], [text]]);
    let text = "a: the file holds a TRUSTED CERTIFICATE; write it anew by `openssl x509 -in FILE -out FILE.pem`";
    assert_eq!(problems("a", pem("TRUSTED CERTIFICATE", &der)), [text]);
    let text = "a: the file holds a RSA PRIVATE KEY, which is no certificate or revocation list";
    assert_eq!(problems("a", pem("RSA PRIVATE KEY", &der)), [text]);
    let text = "a: the file holds a CERTIFICATE that does not end, or is not base64";
    assert_eq!(problems("a", "-----BEGIN CERTIFICATE-----\nAAAA\n"), [text]);
    assert_eq!(problems("a", &der[..der.len() - 1]), ["a: the certificate is not DER-encoded X.509"]);
    assert_eq!(problems("a", [&der[..], b"x"].concat()), ["a: the certificate is not DER-encoded X.509"]);
}

#[test]
fn a_bad_object_does_not_spoil_the_others() {
    let root = root();
    let bytes = [pem("CERTIFICATE", b"nonsense"), root.pem(), b"-----BEGIN CERTIFICATE-----\n!".to_vec()].concat();
    let (anchors, findings) = read(vec![file("a.pem", bytes)]);
    assert_eq!(findings.len(), 2);
    assert!(!anchors.is_empty());
}

#[test]
fn files_for_other_programs_are_passed_over() {
    let root = root();
    let with = |name, text| anchors(vec![file("root.pem", root.pem()), file(name, text)]);
    let without = anchors(vec![file("root.pem", root.pem())]);
    for name in ["root.info", "0a1b2c3d.crl_url"] {
        assert_eq!(with(name, "one").fingerprint(), without.fingerprint());
    }
}

#[test]
fn the_fingerprint_covers_every_byte_of_every_file_in_any_order() {
    let (root, other) = (root(), authority("/CN=Other").self_signed());
    let crl = list(1).by(&root);
    let files = [file("root.pem", root.pem()), file("root.r0", &crl), file("other.pem", other.pem())];
    let fingerprint = |files: &[AnchorFile]| read(files.to_vec()).0.fingerprint();
    let whole = fingerprint(&files);
    let [first, second, third] = files.clone();
    assert_eq!(fingerprint(&[third.clone(), first.clone(), second.clone()]), whole);
    let others = [
        vec![first.clone(), second.clone()],
        vec![first.clone(), second, file("other.pem", root.pem())],
        vec![first.clone(), file("root.r0", list(2).by(&root)), third.clone()],
        vec![first.clone(), file("root.r1", &crl), third.clone()],
        vec![first, AnchorFile::unread("root.r0".to_owned(), "reason".to_owned()), third],
    ];
    for other in others {
        assert_ne!(fingerprint(&other), whole);
    }
    let legacy = TrustAnchors::read(files.to_vec(), Algorithms::Legacy).0;
    assert_ne!(legacy.fingerprint(), whole);
    assert_ne!(legacy, read(files.to_vec()).0);
}

#[test]
fn files_past_the_bound_are_not_read_and_keep_out_what_they_may_limit() {
    let root = root();
    let empty = (0..bounds::ANCHOR_FILES_MAX - 1).map(|index| file(&format!("b{index}"), ""));
    let last = file("z/root.r0", list(1).by(&root));
    let files = [file("a/root.pem", root.pem())].into_iter().chain(empty).chain([last]);
    let (anchors, findings) = read(files.collect());
    let unread: Vec<_> = findings.iter().filter(|finding| finding.problem == BadAnchor::TooManyFiles).collect();
    assert_eq!(unread.iter().map(|finding| finding.file.as_str()).collect::<Vec<_>>(), ["z/root.r0"]);
    assert!(verify(&anchors, &person("/CN=Jane").by(&root), &[]).is_err());
}

#[test]
fn a_file_past_the_bound_is_not_read() {
    let large = vec![b'x'; bounds::ANCHOR_FILE_BYTES_MAX + 1];
    let text = "a: the file is not read: a file of trust anchors has at most 16777216 bytes, all of them together at \
                most 134217728";
    assert_eq!(problems("a", large), [text]);
}

#[test]
fn authorities_past_the_bound_are_passed_over() {
    let root = root();
    let der = root.x509.to_der().expect("DER");
    // Each octet of the signature makes another certificate, for nobody verifies how an anchor signed itself.
    let variant = |index: usize| {
        let mut der = der.clone();
        let at = der.len() - 8;
        der[at..at + 4].copy_from_slice(&u32::try_from(index).expect("a small number").to_be_bytes());
        pem("CERTIFICATE", &der)
    };
    let bytes: Vec<u8> = (0..=bounds::ANCHORS_MAX).flat_map(variant).collect();
    let (anchors, findings) = read(vec![file("a.pem", bytes)]);
    assert_eq!(findings.iter().map(|finding| &finding.problem).collect::<Vec<_>>(), [&BadAnchor::TooManyAuthorities]);
    assert_eq!(anchors.report(moment("2026-01-15")).len(), bounds::ANCHORS_MAX);
}

#[test]
fn deeply_nested_bytes_are_refused() {
    let nested = (0..5_000).fold(Vec::new(), |content, _| der::encode(0x30, &content));
    for name in ["a.pem", "a.r0", "a.0"] {
        assert_eq!(problems(name, &nested).len(), 1, "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_found_wrong(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        suffix in "(pem|0|r0|crl|signing_policy|namespaces|info|)",
    ) {
        let (anchors, findings) = read(vec![file(&format!("a.{suffix}"), bytes)]);
        prop_assert!(anchors.is_empty());
        prop_assert_eq!(findings.is_empty(), suffix == "info");
    }

    #[test]
    fn damaged_files_never_make_another_anchor_than_the_operators(
        at in 0_usize..10_000, octet in any::<u8>(), cut in 0_usize..10_000,
    ) {
        let root = authority("/CN=Root").self_signed();
        let mut der = root.x509.to_der().expect("DER");
        let at = at % der.len();
        der[at] = octet;
        der.truncate(der.len() - cut % 3);
        let (anchors, _) = read(vec![file("a.0", der), file("a.namespaces", [octet; 9])]);
        let jane = person("/CN=Jane").self_signed();
        prop_assert!(verify(&anchors, &jane, &[]).is_err());
    }
}
