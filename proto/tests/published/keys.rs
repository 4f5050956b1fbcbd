//! The keys that published signatures carry or that lie beside them, whatever the profile takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::crypto::{Certificate, PublicKey};
use proto::xml::{Element, Node};

/// 1.2.840.113549.1.1.1, and NULL for its parameters.
const RSA: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 0x05, 0];
/// 1.2.840.10040.4.1.
const DSA: &[u8] = &[0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x38, 4, 1];

/// Every key in an element: of certificates, and as such.
pub(crate) fn within(element: &Element<'_>) -> Vec<PublicKey> {
    let part = |name| element.elements().find(|one| &*one.name.local == name).map(|one| integer(&decoded(one)));
    let own = match &*element.name.local {
        "X509Certificate" => of_certificate(&decoded(element)),
        "DEREncodedKeyValue" => PublicKey::from_der(&decoded(element)),
        "RSAKeyValue" => part("Modulus").zip(part("Exponent")).and_then(|(modulus, exponent)| {
            let key = tagged(0x30, &[modulus, exponent].concat());
            PublicKey::from_der(&spki(RSA, &key))
        }),
        "DSAKeyValue" => [part("P"), part("Q"), part("G")].into_iter().collect::<Option<Vec<_>>>().and_then(|parts| {
            let algorithm = [DSA, &tagged(0x30, &parts.concat())].concat();
            PublicKey::from_der(&spki(&algorithm, &part("Y")?))
        }),
        _ => None,
    };
    own.into_iter().chain(element.elements().flat_map(within)).collect()
}

/// The key of a certificate.
pub(crate) fn of_certificate(der: &[u8]) -> Option<PublicKey> {
    PublicKey::from_der(Certificate::from_der(der).ok()?.key_der())
}

/// The bytes of an element's base64; empty where it holds none.
pub(crate) fn decoded(element: &Element<'_>) -> Vec<u8> {
    let texts = element.children.iter().filter_map(|child| match child {
        Node::Text(text) => Some(&**text),
        _ => None,
    });
    let digits: String = texts.collect::<String>().split_whitespace().collect();
    STANDARD.decode(digits).unwrap_or_default()
}

/// A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let key = tagged(0x03, &[&[0], key].concat());
    tagged(0x30, &[tagged(0x30, algorithm), key].concat())
}

/// A positive INTEGER of DER.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let sign: &[u8] = if digits.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    tagged(0x02, &[sign, &digits].concat())
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("keys are short").to_be_bytes();
    match content.len() {
        0..0x80 => [&[tag, length[1]], content].concat(),
        0x80..0x100 => [&[tag, 0x81, length[1]], content].concat(),
        _ => [&[tag, 0x82, length[0], length[1]], content].concat(),
    }
}
