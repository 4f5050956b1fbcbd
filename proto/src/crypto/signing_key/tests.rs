//! Claims about keys from files.

use std::sync::LazyLock;

use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::rsa::Rsa;
use openssl::symm::Cipher;

use super::*;
use crate::crypto::{KeyKind, NewKey, SelfSigned, self_signed_pkcs12};
use crate::timestamp::Timestamp;

const PASSWORD: &str = "XYZXYZ";

static STORE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let request = SelfSigned {
        common_name: "Jane, \"the\" Tester é".to_owned(),
        email: "jane.tester@example.org".parse().expect("an address"),
        organisation: Some("StratusLab Project".to_owned()),
        key: NewKey::Rsa2048,
        days: 365,
    };
    self_signed_pkcs12(&request, PASSWORD, moment("2026-01-01T00:00:00Z")).expect("a key")
});

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn opened() -> ParsedPkcs12_2 {
    Pkcs12::from_der(&STORE).and_then(|store| store.parse2(PASSWORD)).expect("readable")
}

#[test]
fn a_made_key_is_read_with_its_certificate() {
    let key = SigningKey::from_pkcs12(&STORE, PASSWORD).expect("readable");
    let certificate = key.certificate();
    assert_eq!(certificate.subject(), "CN=Jane\\, \\\"the\\\" Tester é,O=StratusLab Project");
    assert_eq!(certificate.issuer(), certificate.subject());
    assert_eq!(certificate.email(), Some("jane.tester@example.org"));
    assert_eq!(certificate.not_before(), moment("2026-01-01T00:00:00Z"));
    assert_eq!(certificate.not_after(), moment("2027-01-01T00:00:00Z"));
    assert_eq!((certificate.key_kind(), certificate.key_bits()), (KeyKind::Rsa, 2048));
}

#[test]
fn a_made_certificate_is_signed_by_its_own_key_and_no_authority() {
    let certificate = opened().cert.expect("a certificate");
    let key = certificate.public_key().expect("a key");
    assert_eq!(certificate.verify(&key).ok(), Some(true));
    let text = String::from_utf8(certificate.to_text().expect("a text")).expect("UTF-8");
    for part in ["CA:FALSE", "Digital Signature, Non Repudiation", "sha256WithRSAEncryption", "Version: 3"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn faults_of_a_store_are_told_apart() {
    let refuse = |bytes: &[u8], password| SigningKey::from_pkcs12(bytes, password).expect_err("refused");
    assert_eq!(refuse(&STORE, "other"), BadSigningKey::WrongPassword);
    assert_eq!(refuse(&STORE, ""), BadSigningKey::WrongPassword);
    assert_eq!(refuse(&STORE, "XYZ\0XYZ"), BadSigningKey::WrongPassword);
    assert_eq!(refuse(b"not a store", PASSWORD), BadSigningKey::NotPkcs12);
    assert_eq!(refuse(&STORE[..STORE.len() / 2], PASSWORD), BadSigningKey::NotPkcs12);
}

#[test]
fn a_key_without_its_certificate_is_refused() {
    let certificate = opened().cert.expect("a certificate");
    let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
    let mut pem = key.private_key_to_pem_pkcs8().expect("PEM");
    assert_eq!(SigningKey::from_pem(&pem, None).expect_err("refused"), BadSigningKey::NoCertificate);
    pem.extend(certificate.to_pem().expect("PEM"));
    assert_eq!(SigningKey::from_pem(&pem, None).expect_err("refused"), BadSigningKey::KeyMismatch);
}

#[test]
fn an_old_store_is_read_with_the_legacy_provider() {
    let opened = opened();
    let (key, certificate) = (opened.pkey.expect("a key"), opened.cert.expect("a certificate"));
    load_legacy_provider();
    let store = Pkcs12::builder()
        .pkey(&key)
        .cert(&certificate)
        .key_algorithm(Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC)
        .cert_algorithm(Nid::PBE_WITHSHA1AND40BITRC2_CBC)
        .mac_md(MessageDigest::sha1())
        .build2(PASSWORD)
        .expect("the legacy provider is installed");
    SigningKey::from_pkcs12(&store.to_der().expect("DER"), PASSWORD).expect("readable");
}

#[test]
fn pem_is_read_in_any_order_and_with_its_password() {
    let opened = opened();
    let (key, certificate) = (opened.pkey.expect("a key"), opened.cert.expect("a certificate"));
    let certificate = certificate.to_pem().expect("PEM");
    let plain = key.private_key_to_pem_pkcs8().expect("PEM");
    let encrypted = key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), PASSWORD.as_bytes()).expect("PEM");
    let old = key.rsa().expect("RSA").private_key_to_pem_passphrase(Cipher::aes_128_cbc(), PASSWORD.as_bytes());
    let old = old.expect("PEM");
    for file in [[plain.clone(), certificate.clone()].concat(), [certificate.clone(), plain].concat()] {
        SigningKey::from_pem(&file, None).expect("readable");
    }
    for file in [[encrypted, certificate.clone()].concat(), [old, certificate.clone()].concat()] {
        SigningKey::from_pem(&file, Some(PASSWORD)).expect("readable");
        assert_eq!(SigningKey::from_pem(&file, None).expect_err("refused"), BadSigningKey::PasswordRequired);
        assert_eq!(SigningKey::from_pem(&file, Some("other")).expect_err("refused"), BadSigningKey::WrongPassword);
    }
    assert_eq!(SigningKey::from_pem(&certificate, None).expect_err("refused"), BadSigningKey::NotPem);
}

#[test]
fn a_certificate_with_other_bytes_around_it_is_refused() {
    let der = SigningKey::from_pkcs12(&STORE, PASSWORD).expect("readable").certificate().der().to_vec();
    assert_eq!(Certificate::from_der(&[der.as_slice(), &[0]].concat()), Err(BadCertificate::Encoding));
    assert_eq!(Certificate::from_der(&der[..der.len() - 1]), Err(BadCertificate::Encoding));
    assert_eq!(Certificate::from_der(&[]), Err(BadCertificate::Encoding));
    let length = crate::bounds::CERTIFICATE_BYTES_MAX + 1;
    assert_eq!(Certificate::from_der(&vec![0x30; length]), Err(BadCertificate::TooLarge { length }));
}
