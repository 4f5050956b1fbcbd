//! Public keys, and whether a signature is theirs.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use openssl::bn::BigNum;
use openssl::dsa::DsaSig;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Verifier};

use crate::digest::Sha256Digest;

use super::der::{self, Reader};
use super::hash::Hash;

/// A decoded public key.
pub struct PublicKey {
    key: PKey<Public>,
    kind: KeyKind,
    der: Vec<u8>,
    sha256: Sha256Digest,
    /// Ready to verify RSASSA-PKCS1-v1_5: to make such a context costs a third of a verification.
    ready: Mutex<Option<(Hash, PkeyCtx<Public>)>>,
}

/// What a key can be used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, without the restriction to PSS.
    Rsa,
    /// RSA that its certificate restricts to PSS (id-RSASSA-PSS, RFC 4055).
    RsaPss,
    /// DSA.
    Dsa,
    /// The elliptic curve P-256, by its name.
    EcP256,
    /// The elliptic curve P-384, by its name.
    EcP384,
    /// Ed25519.
    Ed25519,
    /// A curve of another name, or one without a name; nothing is verified with it.
    OtherCurve(&'static str),
    /// Any other key; nothing is verified with it.
    Other(&'static str),
}

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    RsaPkcs1(Hash),
    /// RSASSA-PSS with MGF1 over the same hash function and a salt as long as its digest (RFC 8017 section 8.1).
    RsaPss(Hash),
    /// ECDSA; the value is r and s, each as long as the order of the curve (RFC 9231 section 2.3.6).
    Ecdsa(Hash),
    /// Pure Ed25519 (RFC 8032 section 5.1).
    Ed25519,
    /// DSA; the value is r and s in equal halves (XML Signature section 6.4.1).
    Dsa(Hash),
}

/// What came of verifying a signature value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The key made it.
    Verified,
    /// The key did not make it.
    Mismatch,
    /// OpenSSL would not begin: an RSA-PSS key's own parameters, or this machine's policy, are against it.
    Refused,
}

impl PublicKey {
    /// The key with exactly this SubjectPublicKeyInfo; `None` where OpenSSL cannot read it.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let encoded = Reader::new(der).expect(der::SEQUENCE)?;
        // OpenSSL 3.0 looks for a decoder among all there are; for the most usual keys it need not.
        let key = match rsa_key(encoded) {
            Some(rsa) => PKey::from_rsa(Rsa::public_key_from_der_pkcs1(rsa).ok()?),
            None => PKey::public_key_from_der(der),
        };
        Self::new(key.ok()?, encoded)
    }

    /// Given also the content of the SubjectPublicKeyInfo, as encoded.
    fn new(key: PKey<Public>, encoded: &[u8]) -> Option<Self> {
        let kind = kind(&key, encoded)?;
        let der = identity(&key, kind).ok()?;
        Some(Self { kind, sha256: Sha256Digest::of(&der), der, key, ready: Mutex::new(None) })
    }

    /// Its SubjectPublicKeyInfo in DER, in one form: a curve by its name and its point uncompressed, and an RSA-PSS
    /// key as the RSA key that it is. So a key has one identity however a certificate spells it.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of [`Self::der`].
    #[must_use]
    pub const fn sha256(&self) -> Sha256Digest {
        self.sha256
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its size: of the modulus for RSA and DSA, of the order for curves.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.key.bits()
    }

    /// The length of its public exponent, where it is an RSA key.
    #[must_use]
    pub fn exponent_bits(&self) -> Option<i32> {
        let is_rsa = matches!(self.kind, KeyKind::Rsa | KeyKind::RsaPss);
        is_rsa.then(|| self.key.rsa().ok()).flatten().map(|rsa| rsa.e().num_bits())
    }

    /// Whether it made `signature` over `message`.
    #[must_use]
    pub fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> Verification {
        if !scheme.takes(self.kind) {
            return Verification::Mismatch;
        }
        if let Scheme::RsaPkcs1(hash) = scheme {
            return self.verify_pkcs1(hash, message, signature);
        }
        let Ok(mut verifier) = self.verifier(scheme) else { return Verification::Refused };
        let verifies = match self.encode(scheme, signature) {
            Some(encoded) => verifier.verify_oneshot(&encoded, message).unwrap_or(false),
            None => false,
        };
        if verifies { Verification::Verified } else { Verification::Mismatch }
    }

    fn verify_pkcs1(&self, hash: Hash, message: &[u8], signature: &[u8]) -> Verification {
        // Taken out while it is used, so that nobody waits for it.
        let kept = self.ready.lock().unwrap_or_else(PoisonError::into_inner).take().filter(|(made, _)| *made == hash);
        let context = kept.map_or_else(|| self.pkcs1_context(hash), |(_, context)| Ok(context));
        let Ok(mut context) = context else { return Verification::Refused };
        let verifies = context.verify(&hash.digest(message), signature).unwrap_or(false);
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some((hash, context));
        if verifies { Verification::Verified } else { Verification::Mismatch }
    }

    fn pkcs1_context(&self, hash: Hash) -> Result<PkeyCtx<Public>, ErrorStack> {
        let mut context = PkeyCtx::new(&self.key)?;
        context.verify_init()?;
        context.set_rsa_padding(Padding::PKCS1)?;
        context.set_signature_md(hash.openssl_md())?;
        Ok(context)
    }

    fn verifier(&self, scheme: Scheme) -> Result<Verifier<'_>, ErrorStack> {
        match scheme {
            Scheme::Ed25519 => Verifier::new_without_digest(&self.key),
            Scheme::RsaPkcs1(hash) | Scheme::Ecdsa(hash) | Scheme::Dsa(hash) => {
                Verifier::new(hash.openssl(), &self.key)
            }
            Scheme::RsaPss(hash) => {
                let mut verifier = Verifier::new(hash.openssl(), &self.key)?;
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
                verifier.set_rsa_mgf1_md(hash.openssl())?;
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
                Ok(verifier)
            }
        }
    }

    /// The value as OpenSSL takes it; `None` where its length is not the one of this key.
    fn encode<'a>(&self, scheme: Scheme, signature: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let half = match scheme {
            Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) | Scheme::Ed25519 => return Some(Cow::Borrowed(signature)),
            Scheme::Ecdsa(_) => self.kind.ecdsa_half_bytes()?,
            Scheme::Dsa(_) => usize::try_from(self.key.dsa().ok()?.q().num_bytes()).ok()?,
        };
        if signature.len() != 2 * half {
            return None;
        }
        let (r, s) = signature.split_at(half);
        let (r, s) = (BigNum::from_slice(r).ok()?, BigNum::from_slice(s).ok()?);
        let encoded = match scheme {
            Scheme::Dsa(_) => DsaSig::from_private_components(r, s).and_then(|value| value.to_der()),
            _ => EcdsaSig::from_private_components(r, s).and_then(|value| value.to_der()),
        };
        encoded.ok().map(Cow::Owned)
    }

    pub(super) const fn openssl(&self) -> &PKey<Public> {
        &self.key
    }
}

impl KeyKind {
    /// The kind of a key that OpenSSL read by itself, with its curve by name.
    pub(super) fn of<T: HasPublic>(key: &PKeyRef<T>) -> Option<Self> {
        Some(match key.id() {
            Id::RSA => Self::Rsa,
            Id::RSA_PSS => Self::RsaPss,
            Id::DSA => Self::Dsa,
            Id::ED25519 => Self::Ed25519,
            Id::EC => match key.ec_key().ok()?.group().curve_name() {
                Some(Nid::X9_62_PRIME256V1) => Self::EcP256,
                Some(Nid::SECP384R1) => Self::EcP384,
                Some(curve) => Self::OtherCurve(curve.short_name().unwrap_or("of an unknown name")),
                None => Self::OtherCurve(WITHOUT_NAME),
            },
            Id::ED448 => Self::Other("Ed448"),
            _ => Self::Other("neither RSA, DSA, EC nor Ed25519"),
        })
    }

    /// How long r and s each are in an ECDSA value.
    pub(super) const fn ecdsa_half_bytes(self) -> Option<usize> {
        match self {
            Self::EcP256 => Some(32),
            Self::EcP384 => Some(48),
            _ => None,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa => formatter.write_str("RSA"),
            Self::RsaPss => formatter.write_str("RSA-PSS"),
            Self::Dsa => formatter.write_str("DSA"),
            Self::EcP256 => formatter.write_str("EC P-256"),
            Self::EcP384 => formatter.write_str("EC P-384"),
            Self::Ed25519 => formatter.write_str("Ed25519"),
            Self::OtherCurve(curve) => write!(formatter, "EC {curve}"),
            Self::Other(name) => formatter.write_str(name),
        }
    }
}

impl Scheme {
    /// Whether keys of this kind sign so.
    #[must_use]
    pub const fn takes(self, kind: KeyKind) -> bool {
        match self {
            Self::RsaPkcs1(_) => matches!(kind, KeyKind::Rsa),
            Self::RsaPss(_) => matches!(kind, KeyKind::Rsa | KeyKind::RsaPss),
            Self::Ecdsa(_) => matches!(kind, KeyKind::EcP256 | KeyKind::EcP384),
            Self::Ed25519 => matches!(kind, KeyKind::Ed25519),
            Self::Dsa(_) => matches!(kind, KeyKind::Dsa),
        }
    }
}

const WITHOUT_NAME: &str = "curve given by its parameters";

fn kind(key: &PKey<Public>, encoded: &[u8]) -> Option<KeyKind> {
    let kind = KeyKind::of(key)?;
    // OpenSSL finds the name of a curve that is spelled out; such keys are for confusion alone (CVE-2020-0601).
    let is_curve = matches!(kind, KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::OtherCurve(_));
    Some(if is_curve && !names_its_curve(encoded)? { KeyKind::OtherCurve(WITHOUT_NAME) } else { kind })
}

/// RFC 5480 section 2.1.1: the parameters of the algorithm are the object identifier of a curve.
fn names_its_curve(encoded: &[u8]) -> Option<bool> {
    let mut algorithm = Reader::new(Reader::new(encoded).expect(der::SEQUENCE)?);
    algorithm.expect(der::OBJECT_IDENTIFIER)?;
    Some(algorithm.next()?.tag == der::OBJECT_IDENTIFIER)
}

fn identity(key: &PKey<Public>, kind: KeyKind) -> Result<Vec<u8>, ErrorStack> {
    let on_curve = |curve| {
        let group = EcGroup::from_curve_name(curve)?;
        PKey::from_ec_key(EcKey::from_public_key(&group, key.ec_key()?.public_key())?)
    };
    match kind {
        KeyKind::EcP256 => on_curve(Nid::X9_62_PRIME256V1)?.public_key_to_der(),
        KeyKind::EcP384 => on_curve(Nid::SECP384R1)?.public_key_to_der(),
        KeyKind::RsaPss => {
            let rsa = key.rsa()?;
            rsa_identity(&Rsa::from_public_components(rsa.n().to_owned()?, rsa.e().to_owned()?)?)
        }
        KeyKind::Rsa => rsa_identity(&key.rsa()?),
        _ => key.public_key_to_der(),
    }
}

/// The RSAPublicKey in a SubjectPublicKeyInfo as RFC 3279 section 2.3.1 writes it; `None` for other keys and spellings.
fn rsa_key(encoded: &[u8]) -> Option<&[u8]> {
    let key = encoded.strip_prefix(&RSA_ENCRYPTION[..])?;
    let key = Reader::new(key).only(der::BIT_STRING)?.strip_prefix(&[0])?;
    Reader::new(key).only(der::SEQUENCE).map(|_| key)
}

/// rsaEncryption, with the NULL that stands for its parameters.
const RSA_ENCRYPTION: [u8; 15] = [0x30, 13, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0];

/// The SubjectPublicKeyInfo of RFC 3279 section 2.3.1 around the key. OpenSSL 3.0 writes the same in forty times the
/// time, more than it takes to decode a whole certificate.
fn rsa_identity(rsa: &Rsa<Public>) -> Result<Vec<u8>, ErrorStack> {
    let key = [&[0][..], &rsa.public_key_to_der_pkcs1()?].concat();
    Ok(der::encode(der::SEQUENCE, &[&RSA_ENCRYPTION[..], &der::encode(der::BIT_STRING, &key)].concat()))
}
