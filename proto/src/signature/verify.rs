//! Bytes to [`Signed`], the evidence that somebody's key signed these octets.

use crate::crypto::{Certificate, CertificateRole, decode_cached};
use crate::digest::Sha256Digest;
use crate::xml::{self, Comments, Tree};

use super::algorithm::Algorithms;
use super::error::SignatureError;
use super::profile::{self, Profile};

/// A document whose signature was verified; made by [`verify`] alone.
///
/// Invariant: `octets` are what the digest in the signature covers, and the key of `certificate` signed that digest.
#[derive(Debug, Clone)]
pub struct Signed {
    octets: Vec<u8>,
    certificate: Certificate,
    chain: Vec<Certificate>,
    raw: Vec<u8>,
    signature_algorithm: &'static str,
    digest_algorithm: &'static str,
}

impl Signed {
    /// The canonical form of the document without its signature: all that was signed, and all that may be read.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The signer's certificate, whose key verified the signature.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificates that came after the signer's: hints for building a chain, proven by nothing.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// SHA-256 of the bytes as they were received; computed when asked, for it is no part of the verification.
    #[must_use]
    pub fn raw_sha256(&self) -> Sha256Digest {
        Sha256Digest::of(&self.raw)
    }

    /// The short name of the signature algorithm, for example `rsa-sha256`.
    #[must_use]
    pub const fn signature_algorithm(&self) -> &'static str {
        self.signature_algorithm
    }

    /// The short name of the digest algorithm, for example `sha256`.
    #[must_use]
    pub const fn digest_algorithm(&self) -> &'static str {
        self.digest_algorithm
    }
}

/// Verifies a document against the profile, strictly.
///
/// One enveloped signature, the last child of `rdf:RDF`; one Reference with `URI=""`, whose transforms are
/// enveloped-signature and at most one canonicalisation; one X509Data of certificates, the first the signer's and issuer
/// of none of the others.
pub fn verify(bytes: &[u8], algorithms: Algorithms) -> Result<Signed, SignatureError> {
    let tree = xml::parse(bytes)?;
    let profile = profile::read(&tree, algorithms)?;
    let reference = &profile.reference;
    let octets = octets(&tree, &profile);
    if reference.algorithm.hash.digest(&octets) != reference.digest {
        return Err(SignatureError::DigestMismatch { algorithm: reference.algorithm.name });
    }
    let certificate = signer(&profile)?;
    check_signer(&certificate)?;
    let chain: Vec<Certificate> =
        profile.certificates.iter().skip(1).map(|one| decode_cached(one)).collect::<Result<_, _>>()?;
    check_order(&certificate, &chain)?;
    let (method, comments) = &profile.canonicalization;
    let ancestors = [&tree.root, profile.signature];
    let signed_info = xml::canonicalize_element(&ancestors, profile.signed_info, method, *comments);
    profile.algorithm.verify(certificate.key(), algorithms, &signed_info, &profile.value)?;
    Ok(Signed {
        octets,
        certificate,
        chain,
        raw: bytes.to_vec(),
        signature_algorithm: profile.algorithm.name,
        digest_algorithm: reference.algorithm.name,
    })
}

/// What a signature would cover and the certificate it would be made with, proven by nothing: whoever knows the identity
/// that these had when they were verified can tell whether they are the same.
pub(crate) fn covered(bytes: &[u8]) -> Result<(Vec<u8>, Certificate), SignatureError> {
    let tree = xml::parse(bytes)?;
    let profile = profile::read(&tree, Algorithms::Legacy)?;
    Ok((octets(&tree, &profile), signer(&profile)?))
}

fn octets(tree: &Tree<'_>, profile: &Profile<'_>) -> Vec<u8> {
    xml::canonicalize_without(tree, profile.position, &profile.reference.canonicalization, Comments::Without)
}

fn signer(profile: &Profile<'_>) -> Result<Certificate, SignatureError> {
    let first = profile.certificates.first().map_or(&[][..], Vec::as_slice);
    Ok(decode_cached(first)?)
}

/// Refuses a chain that names the first certificate as an issuer: libxmlsec1, and whoever reads as it does, takes the
/// first one that issued none of the others for the signer's, so that two readers would find two signers.
fn check_order(signer: &Certificate, chain: &[Certificate]) -> Result<(), SignatureError> {
    if chain.is_empty() {
        return Ok(());
    }
    let name = folded(signer.subject());
    match chain.iter().position(|one| one != signer && folded(one.issuer()) == name) {
        None => Ok(()),
        Some(index) => Err(SignatureError::KeyInfo(format!(
            "certificate {} names the first one, {:?}, as its issuer; the signer's own must stand first",
            index + 2,
            profile::excerpt(signer.subject()),
        ))),
    }
}

/// A name without what OpenSSL overlooks when it compares names (RFC 5280 section 7.1): case and blanks.
fn folded(name: &str) -> String {
    name.chars().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Whether a certificate may be the first one, whatever it is worth: the others are hints, and may be authorities'.
fn check_signer(certificate: &Certificate) -> Result<(), SignatureError> {
    match certificate.role() {
        CertificateRole::Proxy(kind) => Err(SignatureError::ProxyCertificate(kind)),
        CertificateRole::Authority => Err(SignatureError::CaCertificate),
        CertificateRole::EndEntity if certificate.forbids_signing() => Err(SignatureError::KeyUsage),
        CertificateRole::EndEntity => Ok(()),
    }
}

#[cfg(test)]
mod tests;
