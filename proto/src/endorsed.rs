//! Endorsed documents: what was signed, read, with the signer proven to be the endorser that it names.

use crate::crypto::Certificate;
use crate::digest::Sha256Digest;
use crate::document::{Document, Strength, Violation};
use crate::signature::Signed;
use crate::standing::CertificateEmail;

/// A document whose signature is good and whose endorsement names the signer's certificate.
///
/// Made by [`Endorsed::read`] alone. Everything in it was read from the octets that the signature covers.
#[derive(Debug, Clone)]
pub struct Endorsed {
    signed: Signed,
    document: Document,
    certificate_email: CertificateEmail,
}

/// Why signed bytes are not an endorsed document; the sender is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEndorsed {
    /// The document breaks a rule.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The endorsement names another than the signer (docs/original.md 6).
    #[error("the document states the endorser's {field} as {stated:?}, the signer's certificate has {certified:?}")]
    Inconsistent {
        /// Which of `email`, `subject` and `issuer`.
        field: &'static str,
        /// The document's text.
        stated: String,
        /// The certificate's.
        certified: String,
    },
}

impl NotEndorsed {
    /// The stable name of the rule.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Violation(violation) => violation.rule.name(),
            Self::Inconsistent { .. } => "endorser-inconsistent",
        }
    }
}

impl Endorsed {
    /// Reads what was signed, by the rules that every node applies.
    pub fn read(signed: Signed) -> Result<Self, NotEndorsed> {
        Self::read_as(signed, Strength::Server)
    }

    /// Reads what was signed, by the rules of `strength`.
    pub fn read_as(signed: Signed, strength: Strength) -> Result<Self, NotEndorsed> {
        let document = Document::read(signed.octets(), strength)?;
        let certificate_email = check_endorser(&document, signed.certificate())?;
        Ok(Self { signed, document, certificate_email })
    }

    /// The document, as the signed octets state it.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The signer's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        self.signed.certificate()
    }

    /// The certificates that came after the signer's: hints for a chain, proven by nothing.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        self.signed.chain()
    }

    /// Whether the certificate states the endorser's address.
    #[must_use]
    pub const fn certificate_email(&self) -> CertificateEmail {
        self.certificate_email
    }

    /// The canonical octets that the signature covers.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.signed.octets()
    }

    /// SHA-256 of the bytes as they were received.
    #[must_use]
    pub const fn raw_sha256(&self) -> Sha256Digest {
        self.signed.raw_sha256()
    }

    /// The URI of the signature algorithm.
    #[must_use]
    pub const fn signature_algorithm(&self) -> &'static str {
        self.signed.signature_algorithm()
    }
}

/// Each value of the certificate equals the document's, as a string (docs/original.md 6).
///
/// An absent address binds nothing.
fn check_endorser(document: &Document, certificate: &Certificate) -> Result<CertificateEmail, NotEndorsed> {
    let check = |field, stated: &str, certified: &str| match stated == certified {
        true => Ok(()),
        false => Err(NotEndorsed::Inconsistent { field, stated: shorten(stated), certified: shorten(certified) }),
    };
    check("subject", document.subject(), certificate.subject())?;
    check("issuer", document.issuer(), certificate.issuer())?;
    match certificate.email() {
        None => Ok(CertificateEmail::Absent),
        Some(email) => check("email", document.email().as_str(), email).map(|()| CertificateEmail::Stated),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}
