//! Authorities, endorsers and revocation lists, made on the spot.

use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::extension::{BasicConstraints, KeyUsage};
use openssl::x509::{X509, X509Extension, X509Name};

use crate::crypto::anchors::{AnchorFile, AnchorFinding, Chain, ChainError, TrustAnchors};
use crate::crypto::certificate::Certificate;
use crate::crypto::der;
use crate::signature::Algorithms;
use crate::timestamp::Timestamp;

/// Someone with a key and a certificate.
#[derive(Clone)]
pub(super) struct Party {
    pub(super) key: PKey<Private>,
    pub(super) x509: X509,
    pub(super) certificate: Certificate,
}

/// What a certificate is to say; made by [`authority`] or [`person`] and changed by its methods.
pub(super) struct Request {
    name: X509Name,
    key: PKey<Private>,
    version: i32,
    serial_number: u32,
    validity: [&'static str; 2],
    digest: MessageDigest,
    extensions: Vec<X509Extension>,
}

pub(super) fn moment(text: &str) -> Timestamp {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().expect("a moment")
}

/// A name in slash form, such as `/C=CH/CN=A`.
pub(super) fn name(slash: &str) -> X509Name {
    let mut builder = X509Name::builder().expect("a name");
    for part in slash.split('/').skip(1) {
        let (label, value) = part.split_once('=').expect("a label");
        builder.append_entry_by_text(label, value).expect("a part");
    }
    builder.build()
}

pub(super) fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
    PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key")
}

pub(super) fn small_key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(1024).expect("a key")).expect("a key")
}

fn request(slash: &str) -> Request {
    Request {
        name: name(slash),
        key: key(),
        version: 2,
        serial_number: 7,
        validity: ["2020-01-01", "2030-01-01"],
        digest: MessageDigest::sha256(),
        extensions: Vec::new(),
    }
}

/// An authority as it should be.
pub(super) fn authority(slash: &str) -> Request {
    let constraints = BasicConstraints::new().critical().ca().build().expect("an extension");
    let usage = KeyUsage::new().critical().key_cert_sign().crl_sign().build().expect("an extension");
    request(slash).extension(constraints).extension(usage)
}

/// An endorser as it should be.
pub(super) fn person(slash: &str) -> Request {
    let usage = KeyUsage::new().critical().digital_signature().build().expect("an extension");
    request(slash).extension(usage)
}

/// A certificate without any extension.
pub(super) fn plain(slash: &str) -> Request {
    request(slash)
}

impl Request {
    pub(super) fn key(self, key: PKey<Private>) -> Self {
        Self { key, ..self }
    }

    pub(super) fn named(self, name: X509Name) -> Self {
        Self { name, ..self }
    }

    pub(super) fn version_1(self) -> Self {
        Self { version: 0, extensions: Vec::new(), ..self }
    }

    pub(super) fn serial_number(self, serial_number: u32) -> Self {
        Self { serial_number, ..self }
    }

    pub(super) fn valid(self, from: &'static str, until: &'static str) -> Self {
        Self { validity: [from, until], ..self }
    }

    pub(super) fn digest(self, digest: MessageDigest) -> Self {
        Self { digest, ..self }
    }

    pub(super) fn extension(mut self, extension: X509Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(super) fn self_signed(self) -> Party {
        let (key, name) = (self.key.clone(), X509Name::from_der(&self.name.to_der().expect("DER")).expect("a name"));
        self.sign(&key, &name)
    }

    pub(super) fn by(self, issuer: &Party) -> Party {
        let name = issuer.x509.subject_name().to_owned().expect("a name");
        self.sign(&issuer.key, &name)
    }

    fn sign(self, key: &PKey<Private>, issuer: &X509Name) -> Party {
        let mut builder = X509::builder().expect("a certificate");
        builder.set_version(self.version).expect("a version");
        let serial_number = BigNum::from_u32(self.serial_number).and_then(|number| Asn1Integer::from_bn(&number));
        builder.set_serial_number(&serial_number.expect("a number")).expect("a number");
        builder.set_subject_name(&self.name).expect("a name");
        builder.set_issuer_name(issuer).expect("a name");
        let time = |text| Asn1Time::from_unix(moment(text).unix_seconds()).expect("a moment");
        builder.set_not_before(&time(self.validity[0])).expect("a moment");
        builder.set_not_after(&time(self.validity[1])).expect("a moment");
        builder.set_pubkey(&self.key).expect("a key");
        for extension in self.extensions {
            builder.append_extension(extension).expect("an extension");
        }
        builder.sign(key, self.digest).expect("a signature");
        let x509 = builder.build();
        let certificate = Certificate::from_der(&x509.to_der().expect("DER")).expect("readable");
        Party { key: self.key, x509, certificate }
    }
}

/// Any extension, its content in DER.
pub(super) fn extension(identifier: &str, is_critical: bool, content: &[u8]) -> X509Extension {
    let identifier = Asn1Object::from_str(identifier).expect("an identifier");
    let content = Asn1OctetString::new_from_bytes(content).expect("octets");
    X509Extension::new_from_der(&identifier, is_critical, &content).expect("an extension")
}

impl Party {
    pub(super) fn pem(&self) -> Vec<u8> {
        self.x509.to_pem().expect("PEM")
    }
}

/// A revocation list to be signed.
pub(super) struct List {
    pub(super) number: Option<u8>,
    pub(super) this_update: &'static str,
    pub(super) next_update: Option<&'static str>,
    /// Serial number, date, and the entry's extensions in DER.
    pub(super) entries: Vec<(u32, &'static str, Vec<u8>)>,
    pub(super) extensions: Vec<u8>,
}

pub(super) fn list(number: u8) -> List {
    List {
        number: Some(number),
        this_update: "2026-01-01",
        next_update: Some("2026-02-01"),
        entries: Vec::new(),
        extensions: Vec::new(),
    }
}

impl List {
    pub(super) fn revoke(mut self, serial_number: u32, date: &'static str, reason: Option<u8>) -> Self {
        let reason = reason.map(|code| extension_der(&[0x55, 0x1D, 21], false, &der::encode(0x0A, &[code])));
        self.entries.push((serial_number, date, reason.unwrap_or_default()));
        self
    }

    pub(super) fn by(&self, issuer: &Party) -> Vec<u8> {
        let name = issuer.x509.subject_name().to_der().expect("DER");
        let algorithm = der::encode(0x30, &[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]);
        let mut entries = Vec::new();
        for (serial_number, date, extensions) in &self.entries {
            let serial_number = BigNum::from_u32(*serial_number).expect("a number").to_vec();
            let sign = &[0][..usize::from(serial_number.first().is_none_or(|octet| octet & 0x80 != 0))];
            let mut entry = [der::encode(0x02, &[sign, &serial_number].concat()), time(date)].concat();
            if !extensions.is_empty() {
                entry.extend(der::encode(0x30, extensions));
            }
            entries.extend(der::encode(0x30, &entry));
        }
        let mut signed = [der::encode(0x02, &[1]), algorithm.clone(), name, time(self.this_update)].concat();
        signed.extend(self.next_update.map(time).unwrap_or_default());
        if !entries.is_empty() {
            signed.extend(der::encode(0x30, &entries));
        }
        let number = self.number.map(|number| extension_der(&[0x55, 0x1D, 20], false, &der::encode(0x02, &[number])));
        let extensions = [number.unwrap_or_default(), self.extensions.clone()].concat();
        signed.extend(der::encode(0xA0, &der::encode(0x30, &extensions)));
        let signed = der::encode(0x30, &signed);
        let mut signer = Signer::new(MessageDigest::sha256(), &issuer.key).expect("a signer");
        let signature = signer.sign_oneshot_to_vec(&signed).expect("a signature");
        let signature = der::encode(0x03, &[&[0], &signature[..]].concat());
        der::encode(0x30, &[signed, algorithm, signature].concat())
    }
}

/// One extension of a revocation list or of an entry.
pub(super) fn extension_der(identifier: &[u8], is_critical: bool, content: &[u8]) -> Vec<u8> {
    let critical = if is_critical { der::encode(0x01, &[0xFF]) } else { Vec::new() };
    der::encode(0x30, &[der::encode(0x06, identifier), critical, der::encode(0x04, content)].concat())
}

fn time(text: &str) -> Vec<u8> {
    der::encode(0x18, moment(text).to_string().replace(['-', 'T', ':'], "").as_bytes())
}

pub(super) fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let digits = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{digits}\n-----END {label}-----\n").into_bytes()
}

pub(super) fn file(name: &str, bytes: impl AsRef<[u8]>) -> AnchorFile {
    AnchorFile::new(name.to_owned(), bytes.as_ref().to_vec())
}

pub(super) fn read(files: Vec<AnchorFile>) -> (TrustAnchors, Vec<AnchorFinding>) {
    TrustAnchors::read(files, Algorithms::Modern)
}

/// Anchors of files without fault.
pub(super) fn anchors(files: Vec<AnchorFile>) -> TrustAnchors {
    let (anchors, findings) = read(files);
    assert_eq!(findings, []);
    anchors
}

/// Anchors of the certificates of authorities.
pub(super) fn anchors_of(authorities: &[&Party]) -> TrustAnchors {
    let name = |index| format!("folder/authority{index}.pem");
    anchors(authorities.iter().enumerate().map(|(index, party)| file(&name(index), party.pem())).collect())
}

/// The verdict on a document that was created in the middle of 2025, at the beginning of 2026.
pub(super) fn verify(anchors: &TrustAnchors, signer: &Party, hints: &[&Party]) -> Result<Chain, ChainError> {
    verify_at(anchors, signer, hints, "2025-06-15", "2026-01-15")
}

pub(super) fn verify_at(
    anchors: &TrustAnchors,
    signer: &Party,
    hints: &[&Party],
    created: &str,
    now: &str,
) -> Result<Chain, ChainError> {
    let hints: Vec<_> = hints.iter().map(|hint| hint.certificate.clone()).collect();
    anchors.verify(&signer.certificate, &hints, moment(created), moment(now))
}
