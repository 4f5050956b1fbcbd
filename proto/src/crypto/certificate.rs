//! X.509 certificates: what a signature proves to be its maker's name and key.

use std::fmt;
use std::sync::Arc;

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::bn::BigNum;
use openssl::dsa::DsaSig;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;
use openssl::x509::X509;

use crate::bounds;
use crate::digest::Sha256Digest;
use crate::timestamp::Timestamp;

use super::der::{self, Reader};
use super::hash::Hash;
use super::name;

/// A decoded certificate; cheap to clone. Nothing is said about who issued it or whether it is valid now.
#[derive(Clone)]
pub struct Certificate(Arc<Decoded>);

struct Decoded {
    der: Vec<u8>,
    fingerprint: Sha256Digest,
    key: PKey<Public>,
    key_der: Vec<u8>,
    key_sha256: Sha256Digest,
    subject: String,
    issuer: String,
    email: Option<String>,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// What a key can be used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, without the restriction to PSS.
    Rsa,
    /// DSA.
    Dsa,
    /// Any other.
    Other,
}

/// Why bytes are not a certificate that this program reads; always its maker's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// More bytes than any certificate needs.
    #[error("the certificate has {length} bytes, the most is {}", bounds::CERTIFICATE_BYTES_MAX)]
    TooLarge {
        /// How many there are.
        length: usize,
    },
    /// The bytes are not the DER of an X.509 certificate.
    #[error("the certificate is not DER-encoded X.509")]
    Encoding,
    /// The public key cannot be used.
    #[error("the certificate's public key cannot be read")]
    Key,
    /// The validity lies outside of the years 0 to 9999.
    #[error("the certificate's validity is not a span of time")]
    Validity,
    /// The subject alternative name stands twice, or its e-mail address is not printable ASCII.
    #[error("the certificate's subject alternative name is malformed")]
    AlternativeName,
}

impl Certificate {
    /// The certificate with exactly these bytes.
    pub fn from_der(der: &[u8]) -> Result<Self, BadCertificate> {
        if der.len() > bounds::CERTIFICATE_BYTES_MAX {
            return Err(BadCertificate::TooLarge { length: der.len() });
        }
        let x509 = X509::from_der(der).map_err(|_| BadCertificate::Encoding)?;
        // OpenSSL reads BER and overlooks what follows; one certificate must not have many encodings.
        if x509.to_der().map_err(|_| BadCertificate::Encoding)? != der {
            return Err(BadCertificate::Encoding);
        }
        let names = Names::read(der).ok_or(BadCertificate::Encoding)?;
        let key = x509.public_key().map_err(|_| BadCertificate::Key)?;
        // Encoded anew, so that a key has one identity however a certificate spells it.
        let key_der = key.public_key_to_der().map_err(|_| BadCertificate::Key)?;
        Ok(Self(Arc::new(Decoded {
            der: der.to_vec(),
            fingerprint: Sha256Digest::of(der),
            key_sha256: Sha256Digest::of(&key_der),
            key,
            key_der,
            subject: name::java_rfc2253(names.subject).ok_or(BadCertificate::Encoding)?,
            issuer: name::java_rfc2253(names.issuer).ok_or(BadCertificate::Encoding)?,
            email: first_email(names.extensions)?,
            not_before: timestamp(x509.not_before())?,
            not_after: timestamp(x509.not_after())?,
        })))
    }

    /// The encoded certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of [`Self::der`].
    #[must_use]
    pub fn fingerprint(&self) -> Sha256Digest {
        self.0.fingerprint
    }

    /// The public key as SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn key_der(&self) -> &[u8] {
        &self.0.key_der
    }

    /// SHA-256 of [`Self::key_der`].
    #[must_use]
    pub fn key_sha256(&self) -> Sha256Digest {
        self.0.key_sha256
    }

    /// What kind of key it certifies.
    #[must_use]
    pub fn key_kind(&self) -> KeyKind {
        match self.0.key.id() {
            Id::RSA => KeyKind::Rsa,
            Id::DSA => KeyKind::Dsa,
            _ => KeyKind::Other,
        }
    }

    /// The size of the key: of the modulus for RSA and DSA.
    #[must_use]
    pub fn key_bits(&self) -> u32 {
        self.0.key.bits()
    }

    /// The subject as Java writes it in RFC 2253 form (docs/original.md 6).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The issuer, in the form of the subject.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The first rfc822Name of the subject alternative name; an address in the subject does not count.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// The first moment of its validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// The last moment of its validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// Whether `signature` is an RSA signature (RSASSA-PKCS1-v1_5) by the certified key.
    pub(crate) fn verify_rsa(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        self.key_kind() == KeyKind::Rsa && self.verify(hash, message, signature).unwrap_or(false)
    }

    /// Whether `signature` is a DSA signature by the certified key, r and s in equal halves (XML Signature section 6.4.1).
    pub(crate) fn verify_dsa(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        let verify = || {
            let dsa = self.0.key.dsa()?;
            let half = usize::try_from(dsa.q().num_bytes()).unwrap_or(0);
            if signature.len() != 2 * half {
                return Ok(false);
            }
            let (r, s) = signature.split_at(half);
            let encoded = DsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()?;
            self.verify(hash, message, &encoded)
        };
        self.key_kind() == KeyKind::Dsa && verify().unwrap_or(false)
    }

    fn verify(&self, hash: Hash, message: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
        Verifier::new(hash.openssl(), &self.0.key)?.verify_oneshot(signature, message)
    }

    pub(super) fn key(&self) -> &PKey<Public> {
        &self.0.key
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Certificate({} of {})", self.0.fingerprint, self.0.subject)
    }
}

/// The parts of a certificate that are read from its bytes.
struct Names<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    /// The content of the SEQUENCE of extensions; empty where there are none.
    extensions: &'a [u8],
}

impl<'a> Names<'a> {
    /// RFC 5280 section 4.1.
    fn read(der: &'a [u8]) -> Option<Self> {
        const VERSION: u8 = 0xA0;
        const EXTENSIONS: u8 = 0xA3;
        let mut certificate = Reader::new(Reader::new(der).expect(der::SEQUENCE)?);
        let mut fields = Reader::new(certificate.expect(der::SEQUENCE)?);
        if fields.next()?.tag == VERSION {
            fields.next()?;
        }
        fields.expect(der::SEQUENCE)?;
        let issuer = fields.expect(der::SEQUENCE)?;
        fields.expect(der::SEQUENCE)?;
        let subject = fields.expect(der::SEQUENCE)?;
        fields.expect(der::SEQUENCE)?;
        let mut extensions: &[u8] = &[];
        while !fields.is_at_end() {
            let field = fields.next()?;
            if field.tag == EXTENSIONS {
                extensions = Reader::new(field.content).expect(der::SEQUENCE)?;
            }
        }
        Some(Self { issuer, subject, extensions })
    }
}

fn first_email(extensions: &[u8]) -> Result<Option<String>, BadCertificate> {
    const RFC822_NAME: u8 = 0x81;
    let Some(names) = alternative_names(extensions)? else { return Ok(None) };
    let mut names = Reader::new(names);
    while !names.is_at_end() {
        let name = names.next().ok_or(BadCertificate::AlternativeName)?;
        if name.tag == RFC822_NAME {
            let printable = name.content.iter().all(u8::is_ascii_graphic);
            let email = printable.then(|| String::from_utf8_lossy(name.content).into_owned());
            return email.map(Some).ok_or(BadCertificate::AlternativeName);
        }
    }
    Ok(None)
}

/// The content of the subject alternative name's SEQUENCE.
fn alternative_names(extensions: &[u8]) -> Result<Option<&[u8]>, BadCertificate> {
    const SUBJECT_ALTERNATIVE_NAME: [u8; 3] = [0x55, 0x1D, 17];
    let mut found = None;
    let mut extensions = Reader::new(extensions);
    while !extensions.is_at_end() {
        let mut read = || {
            let mut extension = Reader::new(extensions.expect(der::SEQUENCE)?);
            let identifier = extension.expect(der::OBJECT_IDENTIFIER)?;
            let mut value = extension.next()?;
            if value.tag != der::OCTET_STRING {
                value = extension.next()?;
            }
            Some((identifier, value.content))
        };
        let (identifier, value) = read().ok_or(BadCertificate::Encoding)?;
        if identifier == SUBJECT_ALTERNATIVE_NAME {
            let names = Reader::new(value).expect(der::SEQUENCE).ok_or(BadCertificate::AlternativeName)?;
            if found.replace(names).is_some() {
                return Err(BadCertificate::AlternativeName);
            }
        }
    }
    Ok(found)
}

fn timestamp(time: &Asn1TimeRef) -> Result<Timestamp, BadCertificate> {
    let since_epoch = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(time));
    let difference = since_epoch.map_err(|_| BadCertificate::Validity)?;
    let seconds = i64::from(difference.days) * 86_400 + i64::from(difference.secs);
    Timestamp::from_unix_seconds(seconds).ok_or(BadCertificate::Validity)
}
