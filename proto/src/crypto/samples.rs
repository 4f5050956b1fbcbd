//! Keys for tests that no endorser should have.

use std::sync::LazyLock;

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::dsa::{Dsa, DsaSig};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::{X509, X509Name};

use super::{Certificate, NewKey, SelfSigned, SigningKey, self_signed_pkcs12};

/// A key of the kind with a self-signed certificate; the same one each time.
pub(crate) fn key_of(kind: NewKey) -> &'static SigningKey {
    static KEYS: LazyLock<Vec<(NewKey, SigningKey)>> = LazyLock::new(|| {
        let kinds = [NewKey::Rsa2048, NewKey::EcP256, NewKey::EcP384, NewKey::Ed25519];
        kinds.map(|kind| (kind, new_key(kind))).into()
    });
    KEYS.iter().find(|(made, _)| *made == kind).map(|(_, key)| key).expect("a key of every usual kind is made")
}

fn new_key(key: NewKey) -> SigningKey {
    let request = SelfSigned {
        common_name: "Jane Tester".to_owned(),
        email: "jane.tester@example.org".parse().expect("an address"),
        organisation: None,
        key,
        days: 365,
    };
    let now = "2026-01-01T00:00:00Z".parse().expect("a moment");
    let store = self_signed_pkcs12(&request, "password", now).expect("a key");
    SigningKey::from_pkcs12(&store, "password").expect("readable")
}

/// An RSA key whose public exponent makes it slow.
pub(crate) fn slow_rsa_key() -> SigningKey {
    let exponent = BigNum::from_dec_str("1099511627777").expect("a number");
    plain_key(Rsa::generate_with_e(2048, &exponent).expect("a key"))
}

/// An RSA key of any size, with a certificate that has no e-mail address.
pub(crate) fn plain_rsa_key(bits: u32) -> SigningKey {
    plain_key(Rsa::generate(bits).expect("a key"))
}

fn plain_key(rsa: Rsa<Private>) -> SigningKey {
    let key = PKey::from_rsa(rsa).expect("a key");
    let mut pem = key.private_key_to_pem_pkcs8().expect("PEM");
    pem.extend(plain_certificate(&key).to_pem().expect("PEM"));
    SigningKey::from_pem(&pem, None).expect("readable")
}

/// The certificate of a new DSA key, and the key's signature with SHA-1 over `message` as XML Signature writes it.
pub(crate) fn dsa_signature(message: &[u8]) -> (Certificate, Vec<u8>) {
    let dsa = Dsa::generate(1024).expect("a key");
    let half = dsa.q().num_bytes();
    let key = PKey::from_dsa(dsa).expect("a key");
    let mut signer = Signer::new(MessageDigest::sha1(), &key).expect("a signer");
    let encoded = signer.sign_oneshot_to_vec(message).expect("a signature");
    let signature = DsaSig::from_der(&encoded).expect("a signature");
    let padded = |number: &openssl::bn::BigNumRef| number.to_vec_padded(half).expect("it fits");
    let value = [padded(signature.r()), padded(signature.s())].concat();
    let der = plain_certificate(&key).to_der().expect("DER");
    (Certificate::from_der(&der).expect("readable"), value)
}

fn plain_certificate(key: &PKey<Private>) -> X509 {
    let mut name = X509Name::builder().expect("a name");
    name.append_entry_by_text("CN", "Plain").expect("a name");
    let name = name.build();
    let mut builder = X509::builder().expect("a certificate");
    let serial_number = BigNum::from_u32(1).and_then(|one| Asn1Integer::from_bn(&one)).expect("a number");
    builder.set_serial_number(&serial_number).expect("a number");
    builder.set_subject_name(&name).expect("a name");
    builder.set_issuer_name(&name).expect("a name");
    let moments = [0, 86_400].map(|seconds| Asn1Time::from_unix(seconds).expect("a moment"));
    builder.set_not_before(&moments[0]).expect("a moment");
    builder.set_not_after(&moments[1]).expect("a moment");
    builder.set_pubkey(key).expect("a key");
    builder.sign(key, MessageDigest::sha256()).expect("a signature");
    builder.build()
}
