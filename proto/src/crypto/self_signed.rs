//! New keys with a certificate that they sign themselves, for endorsers without an authority.

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name};

use crate::email::Email;
use crate::timestamp::Timestamp;

/// What a new certificate says.
#[derive(Debug, Clone)]
pub struct SelfSigned {
    /// The person's name; at most 64 characters.
    pub common_name: String,
    /// The address that documents will carry.
    pub email: Email,
    /// Whom the person endorses for; at most 64 characters.
    pub organisation: Option<String>,
    /// The kind of the new key.
    pub key: NewKey,
    /// How long the certificate is valid.
    pub days: u32,
}

/// The kind of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NewKey {
    /// RSA of 2048 bits, which every tool verifies.
    #[default]
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// On the elliptic curve P-256.
    EcP256,
    /// On the elliptic curve P-384.
    EcP384,
    /// Ed25519, which few tools verify in XML signatures yet.
    Ed25519,
}

/// Why no certificate was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelfSignedError {
    /// A part of the name is empty or too long.
    #[error("{0:?} is not a name of 1 to 64 characters")]
    Name(String),
    /// The validity would end after year 9999.
    #[error("a validity of {0} days does not end before year 10000")]
    Days(u32),
    /// The password cannot protect a file.
    #[error("the password holds a NUL character")]
    Password,
    /// OpenSSL refused; the machine's fault.
    #[error("openssl cannot make the certificate: {0}")]
    Openssl(String),
}

impl From<ErrorStack> for SelfSignedError {
    fn from(error: ErrorStack) -> Self {
        Self::Openssl(error.to_string())
    }
}

/// A new key and certificate as a PKCS#12 file (PBES2 with AES-256), valid from `now` on.
pub fn self_signed_pkcs12(request: &SelfSigned, password: &str, now: Timestamp) -> Result<Vec<u8>, SelfSignedError> {
    // The binding would panic on it.
    if password.contains('\0') {
        return Err(SelfSignedError::Password);
    }
    let key = generate(request.key)?;
    let certificate = certificate(request, &key, now)?;
    let mut store = Pkcs12::builder();
    store.name(request.email.as_str()).pkey(&key).cert(&certificate);
    Ok(store.build2(password)?.to_der()?)
}

fn generate(kind: NewKey) -> Result<PKey<Private>, ErrorStack> {
    let rsa = |bits| PKey::from_rsa(Rsa::generate(bits)?);
    let curve = |name| PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(name)?)?);
    match kind {
        NewKey::Rsa2048 => rsa(2048),
        NewKey::Rsa3072 => rsa(3072),
        NewKey::Rsa4096 => rsa(4096),
        NewKey::EcP256 => curve(Nid::X9_62_PRIME256V1),
        NewKey::EcP384 => curve(Nid::SECP384R1),
        NewKey::Ed25519 => PKey::generate_ed25519(),
    }
}

fn certificate(request: &SelfSigned, key: &PKey<Private>, now: Timestamp) -> Result<X509, SelfSignedError> {
    let end = now.unix_seconds() + i64::from(request.days) * 86_400;
    let end = Timestamp::from_unix_seconds(end).ok_or(SelfSignedError::Days(request.days))?;
    let name = name(request)?;
    let mut builder = X509::builder()?;
    // X.509 counts versions from zero.
    builder.set_version(2)?;
    let serial_number = random_serial_number()?;
    builder.set_serial_number(&serial_number)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    let (not_before, not_after) = (time(now)?, time(end)?);
    builder.set_not_before(&not_before)?;
    builder.set_not_after(&not_after)?;
    builder.set_pubkey(key)?;
    append_extensions(&mut builder, &request.email)?;
    builder.sign(key, certificate_digest(request.key))?;
    Ok(builder.build())
}

/// Of the strength of the key; Ed25519 has its own.
fn certificate_digest(kind: NewKey) -> MessageDigest {
    match kind {
        NewKey::Rsa2048 | NewKey::Rsa3072 | NewKey::Rsa4096 | NewKey::EcP256 => MessageDigest::sha256(),
        NewKey::EcP384 => MessageDigest::sha384(),
        NewKey::Ed25519 => MessageDigest::null(),
    }
}

fn append_extensions(builder: &mut X509Builder, email: &Email) -> Result<(), ErrorStack> {
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().non_repudiation().build()?)?;
    let alternative = {
        let context = builder.x509v3_context(None, None);
        SubjectAlternativeName::new().email(email.as_str()).build(&context)?
    };
    builder.append_extension(alternative)
}

fn name(request: &SelfSigned) -> Result<X509Name, SelfSignedError> {
    let mut name = X509Name::builder()?;
    let parts = [(Nid::ORGANIZATIONNAME, request.organisation.as_ref()), (Nid::COMMONNAME, Some(&request.common_name))];
    for (kind, value) in parts.into_iter().filter_map(|(kind, value)| Some((kind, value?))) {
        // RFC 5280 appendix A.1, ub-common-name and ub-organization-name.
        if !(1..=64).contains(&value.chars().count()) {
            return Err(SelfSignedError::Name(value.chars().take(80).collect()));
        }
        name.append_entry_by_nid(kind, value)?;
    }
    Ok(name.build())
}

fn time(moment: Timestamp) -> Result<Asn1Time, ErrorStack> {
    Asn1Time::from_str_x509(&moment.to_string().replace(['-', 'T', ':'], ""))
}

/// 159 random bits, the most that RFC 5280 section 4.1.2.2 allows.
fn random_serial_number() -> Result<Asn1Integer, ErrorStack> {
    let mut number = BigNum::new()?;
    number.rand(159, MsbOption::MAYBE_ZERO, false)?;
    number.to_asn1_integer()
}
