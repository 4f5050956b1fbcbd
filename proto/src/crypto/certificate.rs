//! X.509 certificates: what a signature proves to be its maker's name and key.

use std::fmt;
use std::sync::Arc;

use crate::bounds;
use crate::digest::Sha256Digest;
use crate::timestamp::Timestamp;

use super::extensions::{self, Extensions, ProxyKind};
use super::name;
use super::public_key::{KeyKind, PublicKey};
use super::slash_name::SlashName;
use super::x509::{self, Parts};

/// A decoded certificate; cheap to clone. Nothing is said about who issued it or whether it is valid now.
#[derive(Clone)]
pub struct Certificate(Arc<Decoded>);

struct Decoded {
    der: Vec<u8>,
    fingerprint: Sha256Digest,
    key: PublicKey,
    subject: String,
    issuer: String,
    subject_slash: SlashName,
    issuer_slash: SlashName,
    emails: Vec<String>,
    role: CertificateRole,
    may_certify: bool,
    is_self_issued: bool,
    serial_number: Vec<u8>,
    forbids_signing: bool,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// Whose certificate it is, as far as it says so itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateRole {
    /// A person's or a machine's own.
    EndEntity,
    /// An authority's: basicConstraints say CA:TRUE.
    Authority,
    /// A proxy, made by an end entity and not by an authority.
    Proxy(ProxyKind),
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
    /// An extension that is looked at stands twice or is malformed.
    #[error("the certificate's {0} is malformed or stands twice")]
    Extension(&'static str),
}

impl Certificate {
    /// The certificate with exactly these bytes.
    pub fn from_der(der: &[u8]) -> Result<Self, BadCertificate> {
        if der.len() > bounds::CERTIFICATE_BYTES_MAX {
            return Err(BadCertificate::TooLarge { length: der.len() });
        }
        let parts = Parts::read(der).ok_or(BadCertificate::Encoding)?;
        let extensions = Extensions::read(parts.extensions)?;
        let proxy = extensions
            .proxy
            .or_else(|| extensions::is_legacy_proxy(parts.subject, parts.issuer).then_some(ProxyKind::Legacy));
        let role = match proxy {
            Some(kind) => CertificateRole::Proxy(kind),
            None if extensions.is_authority => CertificateRole::Authority,
            None => CertificateRole::EndEntity,
        };
        let is_self_issued = parts.subject == parts.issuer;
        let is_old_authority = parts.version == 1 && is_self_issued && role == CertificateRole::EndEntity;
        Ok(Self(Arc::new(Decoded {
            der: der.to_vec(),
            fingerprint: Sha256Digest::of(der),
            key: PublicKey::from_der(parts.key.encoded).ok_or(BadCertificate::Key)?,
            subject: name::java_rfc2253(parts.subject).ok_or(BadCertificate::Encoding)?,
            issuer: name::java_rfc2253(parts.issuer).ok_or(BadCertificate::Encoding)?,
            subject_slash: SlashName::from_der(parts.subject).ok_or(BadCertificate::Encoding)?,
            issuer_slash: SlashName::from_der(parts.issuer).ok_or(BadCertificate::Encoding)?,
            role,
            may_certify: role == CertificateRole::Authority || is_old_authority,
            is_self_issued,
            serial_number: parts.serial_number.to_vec(),
            emails: extensions.emails,
            forbids_signing: extensions.forbids_signing,
            not_before: x509::time(parts.not_before).ok_or(BadCertificate::Validity)?,
            not_after: x509::time(parts.not_after).ok_or(BadCertificate::Validity)?,
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

    /// The public key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.0.key
    }

    /// The public key as SubjectPublicKeyInfo in DER, in its one form ([`PublicKey::der`]).
    #[must_use]
    pub fn key_der(&self) -> &[u8] {
        self.0.key.der()
    }

    /// SHA-256 of [`Self::key_der`].
    #[must_use]
    pub fn key_sha256(&self) -> Sha256Digest {
        self.0.key.sha256()
    }

    /// What kind of key it certifies.
    #[must_use]
    pub fn key_kind(&self) -> KeyKind {
        self.0.key.kind()
    }

    /// The size of the key: of the modulus for RSA and DSA, of the order for curves.
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

    /// The subject in the slash form of OpenSSL and Globus.
    #[must_use]
    pub fn subject_slash(&self) -> &SlashName {
        &self.0.subject_slash
    }

    /// The issuer in the slash form of OpenSSL and Globus.
    #[must_use]
    pub fn issuer_slash(&self) -> &SlashName {
        &self.0.issuer_slash
    }

    /// The first rfc822Name of the subject alternative name; an address in the subject does not count.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.0.emails.first().map(String::as_str)
    }

    /// Every rfc822Name of the subject alternative name, in order.
    #[must_use]
    pub fn emails(&self) -> &[String] {
        &self.0.emails
    }

    /// Whose certificate it says it is.
    #[must_use]
    pub fn role(&self) -> CertificateRole {
        self.0.role
    }

    /// Whether it may issue certificates: an authority's, or one from before version 3 that names itself as its issuer,
    /// as authorities were made when no extension could say so; openssl takes those for authorities, too.
    pub(super) fn may_certify(&self) -> bool {
        self.0.may_certify
    }

    /// Whether the issuer is the subject, byte by byte.
    pub(super) fn is_self_issued(&self) -> bool {
        self.0.is_self_issued
    }

    /// The octets of the serial number without leading zeros.
    pub(super) fn serial_number(&self) -> &[u8] {
        &self.0.serial_number
    }

    /// Whether it has a keyUsage with neither digitalSignature nor nonRepudiation.
    #[must_use]
    pub fn forbids_signing(&self) -> bool {
        self.0.forbids_signing
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
