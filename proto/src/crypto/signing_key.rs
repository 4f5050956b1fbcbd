//! An endorser's private key with its certificate, read from a PKCS#12 or PEM file.

use std::fmt;
use std::sync::OnceLock;

use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12};
use openssl::pkey::{PKey, Private};
use openssl::provider::Provider;
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer};
use openssl::x509::X509;

use super::certificate::{BadCertificate, Certificate};
use super::public_key::{KeyKind, Scheme};

/// A private key and the certificate that goes with it.
pub struct SigningKey {
    certificate: Certificate,
    key: PKey<Private>,
}

/// Why a file is not a key to sign with; its owner's matter, or this machine's for an old encryption.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSigningKey {
    /// The file is not PKCS#12.
    #[error("the file is not a PKCS#12 key store")]
    NotPkcs12,
    /// The file is not PEM with a private key.
    #[error("the file is not PEM with a private key")]
    NotPem,
    /// The password does not open the file.
    #[error("the password does not open the key")]
    WrongPassword,
    /// The key is encrypted and no password was given.
    #[error("the key is encrypted and no password was given")]
    PasswordRequired,
    /// The file was opened, but not all of it could be read.
    #[error(
        "the key store cannot be read: {0}; where its encryption is an old one (RC2, DES), install OpenSSL's legacy \
         provider, or convert the file with openssl"
    )]
    Unreadable(String),
    /// There is no private key.
    #[error("the file holds no private key")]
    NoKey,
    /// There is no certificate.
    #[error("the file holds no certificate")]
    NoCertificate,
    /// The key is another one than the certificate's.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// The key cannot make any signature of the profile.
    #[error("the key is {0}; those that sign are RSA, RSA-PSS, EC P-256, EC P-384 and Ed25519")]
    KeyKind(KeyKind),
    /// The certificate is bad.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
}

impl SigningKey {
    /// The key of a PKCS#12 file; also of an old one (RC2, triple DES), where OpenSSL's legacy provider is installed.
    pub fn from_pkcs12(bytes: &[u8], password: &str) -> Result<Self, BadSigningKey> {
        let store = Pkcs12::from_der(bytes).map_err(|_| BadSigningKey::NotPkcs12)?;
        // The binding would panic on such a password, which no file can have.
        if password.contains('\0') {
            return Err(BadSigningKey::WrongPassword);
        }
        let opened = store.parse2(password).or_else(|error| {
            if is_wrong_password(&error) {
                return Err(BadSigningKey::WrongPassword);
            }
            load_legacy_provider();
            store.parse2(password).map_err(|error| BadSigningKey::Unreadable(reason(&error)))
        })?;
        Self::from_opened(opened)
    }

    fn from_opened(opened: ParsedPkcs12_2) -> Result<Self, BadSigningKey> {
        let key = opened.pkey.ok_or(BadSigningKey::NoKey)?;
        match (opened.cert, opened.ca) {
            (Some(certificate), _) => Self::new(key, &certificate),
            // OpenSSL counts a certificate that does not match the key among the others.
            (None, Some(others)) if !others.is_empty() => Err(BadSigningKey::KeyMismatch),
            _ => Err(BadSigningKey::NoCertificate),
        }
    }

    /// The key of a PEM file that holds the private key and its certificate, in any order.
    pub fn from_pem(bytes: &[u8], password: Option<&str>) -> Result<Self, BadSigningKey> {
        let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let is_encrypted = contains(b"BEGIN ENCRYPTED PRIVATE KEY") || contains(b"Proc-Type: 4,ENCRYPTED");
        if !contains(b"PRIVATE KEY-----") {
            return Err(BadSigningKey::NotPem);
        }
        let password = match password {
            None if is_encrypted => return Err(BadSigningKey::PasswordRequired),
            Some(password) if password.contains('\0') => return Err(BadSigningKey::WrongPassword),
            password => password.unwrap_or_default(),
        };
        // Always with a password, be it empty, for OpenSSL would else ask for one on the terminal; and of the key alone, for
        // what else is in the file would leave its own errors.
        let block = private_key_block(bytes).ok_or(BadSigningKey::NotPem)?;
        let open = || PKey::private_key_from_pem_passphrase(block, password.as_bytes());
        let key = open().or_else(|error| {
            if !is_encrypted {
                return Err(BadSigningKey::NotPem);
            }
            if !is_unsupported(&error) {
                return Err(BadSigningKey::WrongPassword);
            }
            load_legacy_provider();
            open().map_err(|error| match is_unsupported(&error) {
                true => BadSigningKey::Unreadable(reason(&error)),
                false => BadSigningKey::WrongPassword,
            })
        })?;
        let certificates = X509::stack_from_pem(bytes).map_err(|_| BadSigningKey::NoCertificate)?;
        let first = certificates.first().ok_or(BadSigningKey::NoCertificate)?;
        let own = certificates.iter().find(|one| one.public_key().is_ok_and(|public| key.public_eq(&public)));
        Self::new(key, own.unwrap_or(first))
    }

    fn new(key: PKey<Private>, certificate: &X509) -> Result<Self, BadSigningKey> {
        let der = certificate.to_der().map_err(|error| BadSigningKey::Unreadable(reason(&error)))?;
        let certificate = Certificate::from_der(&der)?;
        if !key.public_eq(certificate.key().openssl()) {
            return Err(BadSigningKey::KeyMismatch);
        }
        match certificate.key_kind() {
            KeyKind::Rsa | KeyKind::RsaPss | KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::Ed25519 => {
                Ok(Self { certificate, key })
            }
            kind @ (KeyKind::Dsa | KeyKind::OtherCurve(_) | KeyKind::Other(_)) => Err(BadSigningKey::KeyKind(kind)),
        }
    }

    /// The certificate that goes with the key.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether the key can sign so: its kind fits, and neither its own parameters nor this machine's policy forbid it.
    pub(crate) fn admits(&self, scheme: Scheme) -> bool {
        scheme.takes(self.certificate.key_kind()) && self.signer(scheme).is_ok()
    }

    /// The signature value over `message` as XML Signature writes it; `None` where OpenSSL refuses the key.
    pub(crate) fn sign(&self, scheme: Scheme, message: &[u8]) -> Option<Vec<u8>> {
        if !scheme.takes(self.certificate.key_kind()) {
            return None;
        }
        let value = self.signer(scheme).ok()?.sign_oneshot_to_vec(message).ok()?;
        match self.certificate.key_kind().ecdsa_half_bytes() {
            Some(half) => {
                let half = i32::try_from(half).ok()?;
                let value = EcdsaSig::from_der(&value).ok()?;
                Some([value.r().to_vec_padded(half).ok()?, value.s().to_vec_padded(half).ok()?].concat())
            }
            None => Some(value),
        }
    }

    fn signer(&self, scheme: Scheme) -> Result<Signer<'_>, ErrorStack> {
        match scheme {
            Scheme::Ed25519 => Signer::new_without_digest(&self.key),
            Scheme::RsaPkcs1(hash) | Scheme::Ecdsa(hash) | Scheme::Dsa(hash) => Signer::new(hash.openssl(), &self.key),
            Scheme::RsaPss(hash) => {
                let mut signer = Signer::new(hash.openssl(), &self.key)?;
                signer.set_rsa_padding(Padding::PKCS1_PSS)?;
                signer.set_rsa_mgf1_md(hash.openssl())?;
                signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
                Ok(signer)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey(of {:?})", self.certificate)
    }
}

fn is_wrong_password(error: &ErrorStack) -> bool {
    error.errors().iter().any(|one| one.reason() == Some("mac verify failure"))
}

/// The lines of the first private key in a PEM file.
fn private_key_block(bytes: &[u8]) -> Option<&[u8]> {
    let find = |from: usize, needle: &[u8]| {
        let found = bytes.get(from..)?.windows(needle.len()).position(|window| window == needle)?;
        Some(from + found)
    };
    let (begin, dashes) = (b"-----BEGIN ".as_slice(), b"-----".as_slice());
    let label = find(0, b"PRIVATE KEY-----")?;
    let start = bytes.get(..label)?.windows(begin.len()).rposition(|window| window == begin)?;
    let end = find(label, b"-----END ")?;
    let last = find(end + dashes.len(), dashes)?;
    bytes.get(start..last + dashes.len())
}

/// Whether OpenSSL does not know the cipher of a key. One wrong password of 256 opens it to garbage, which its decoders
/// do not support either; ciphers are the affair of the digital envelope.
fn is_unsupported(error: &ErrorStack) -> bool {
    error.errors().iter().any(|one| {
        let is_unknown = matches!(one.reason(), Some("unsupported" | "unsupported algorithm"));
        is_unknown && one.library() == Some("digital envelope routines")
    })
}

fn reason(error: &ErrorStack) -> String {
    let reason = error.errors().iter().rev().find_map(|one| one.reason());
    reason.unwrap_or("unknown reason").to_owned()
}

/// Loads the old ciphers, once for the life of the process; where they are not installed nothing changes.
fn load_legacy_provider() {
    static LEGACY: OnceLock<Option<Provider>> = OnceLock::new();
    LEGACY.get_or_init(|| Provider::try_load(None, "legacy", true).ok());
}

#[cfg(test)]
mod tests;
