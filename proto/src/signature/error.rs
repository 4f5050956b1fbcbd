//! Why a document is not signed in the profile.

use crate::bounds;
use crate::crypto::{BadCertificate, KeyKind, ProxyKind};
use crate::xml::XmlError;

use super::rule::SignatureRule;

/// What is wrong with a signed document; the sender's fault, save that an operator may admit more algorithms
/// and that this machine may refuse one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The bytes are not XML that this program reads.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// A processing instruction, anywhere.
    #[error("a processing instruction {0:?} is not allowed")]
    Instruction(String),
    /// The root is another element.
    #[error("the root element is {0:?}, not rdf:RDF")]
    Root(String),
    /// There is no signature.
    #[error("there is no signature")]
    NoSignature,
    /// There is more than one signature.
    #[error("there are {0} signatures, exactly one is allowed")]
    ManySignatures(usize),
    /// The signature, or a part of one, stands within other elements.
    #[error("{0:?} of XML Signature stands outside of a signature that is a child of the root")]
    Wrapped(String),
    /// Something follows the signature.
    #[error("the signature is not the last child of the root, {0} follows")]
    NotLast(String),
    /// The signature holds something else than the profile says.
    #[error("{place}: {reason}")]
    Structure {
        /// The element.
        place: &'static str,
        /// What is wrong in it, with the value.
        reason: String,
    },
    /// The Reference is not to the whole document.
    #[error("the reference is to {0:?}, not to the whole document")]
    Reference(String),
    /// The transforms are others than the profile's.
    #[error("{0}")]
    Transforms(String),
    /// The KeyInfo is not one X509Data of certificates.
    #[error("{0}")]
    KeyInfo(String),
    /// An algorithm that the profile, or the operator, does not admit.
    #[error("{role} algorithm {uri:?} is outside of the profile{reason}")]
    Algorithm {
        /// What it would be used for.
        role: &'static str,
        /// Its name.
        uri: String,
        /// Why, after a colon; empty where the name says nothing to us.
        reason: &'static str,
    },
    /// The octets of the document have another digest.
    #[error("the document was changed after it was signed: its {algorithm} digest is not the signed one")]
    DigestMismatch {
        /// The digest algorithm.
        algorithm: &'static str,
    },
    /// The signer's certificate, or one that comes with it, cannot be read.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// The signer's certificate is a proxy.
    #[error(
        "the signer's certificate is a proxy{}; sign with the end-entity certificate that it was made from",
        match .0 {
            ProxyKind::Rfc3820 => "",
            ProxyKind::Draft => " of Globus Toolkit 3",
            ProxyKind::Legacy => " of Globus Toolkit 2: its subject is the issuer's with CN=proxy or CN=limited proxy",
        }
    )]
    ProxyCertificate(ProxyKind),
    /// The signer's certificate is an authority's.
    #[error(
        "the signer's certificate is an authority's (basicConstraints CA:TRUE), and authorities endorse nothing; \
         `openssl req -x509` makes such ones unless it is given -addext basicConstraints=critical,CA:FALSE, \
         `marketplace certificate create` does not"
    )]
    CaCertificate,
    /// The signer's certificate does not let its key sign.
    #[error(
        "the signer's certificate does not let its key sign documents: its keyUsage has neither digitalSignature nor \
         nonRepudiation"
    )]
    KeyUsage,
    /// The key is of another kind than the algorithm.
    #[error("the certificate's key is {kind}, which is not one for {algorithm}")]
    KeyKind {
        /// The signature algorithm.
        algorithm: &'static str,
        /// The kind of the key.
        kind: KeyKind,
    },
    /// An RSA-PSS key's own parameters are others than the algorithm's.
    #[error("the certificate restricts its RSA-PSS key to other parameters than those of {algorithm}")]
    KeyRestricted {
        /// The signature algorithm.
        algorithm: &'static str,
    },
    /// This machine's OpenSSL does not do the algorithm; not the sender's fault.
    #[error("openssl on this machine refuses {algorithm}, as a crypto policy may tell it to")]
    Unavailable {
        /// The signature algorithm.
        algorithm: &'static str,
    },
    /// The key is too small to prove anything, or too large to be checked cheaply.
    #[error("the key of {bits} bits is outside of {least} to {most}")]
    WeakKey {
        /// Its size.
        bits: u32,
        /// The least size.
        least: u32,
        /// The greatest size.
        most: u32,
    },
    /// The key is made to be slow.
    #[error("the key's public exponent has {bits} bits, the most is {}", bounds::RSA_EXPONENT_BITS_MAX)]
    LongExponent {
        /// The length of the exponent.
        bits: i32,
    },
    /// The signature value is not the key's over SignedInfo.
    #[error("the {algorithm} signature value does not verify with the certificate's key")]
    SignatureMismatch {
        /// The signature algorithm.
        algorithm: &'static str,
    },
}

impl SignatureError {
    /// The rule that the document breaks.
    #[must_use]
    pub const fn broken(&self) -> SignatureRule {
        match self {
            Self::Xml(XmlError::Doctype { .. }) => SignatureRule::Doctype,
            Self::Xml(XmlError::TooLarge { .. }) => SignatureRule::DocumentSize,
            Self::Xml(_) => SignatureRule::Xml,
            Self::Instruction(_) => SignatureRule::Instruction,
            Self::Root(_) => SignatureRule::Root,
            Self::NoSignature => SignatureRule::NoSignature,
            Self::ManySignatures(_) => SignatureRule::ManySignatures,
            Self::Wrapped(_) => SignatureRule::Wrapped,
            Self::NotLast(_) => SignatureRule::Last,
            Self::Structure { .. } => SignatureRule::Structure,
            Self::Reference(_) => SignatureRule::Reference,
            Self::Transforms(_) => SignatureRule::Transforms,
            Self::KeyInfo(_) => SignatureRule::KeyInfo,
            Self::Algorithm { .. } => SignatureRule::Algorithm,
            Self::DigestMismatch { .. } => SignatureRule::Digest,
            Self::Certificate(_) => SignatureRule::Certificate,
            Self::ProxyCertificate(_) => SignatureRule::ProxyCertificate,
            Self::CaCertificate => SignatureRule::CaCertificate,
            Self::KeyUsage => SignatureRule::KeyUsage,
            Self::KeyKind { .. } => SignatureRule::KeyKind,
            Self::KeyRestricted { .. } => SignatureRule::KeyRestricted,
            Self::Unavailable { .. } => SignatureRule::Unavailable,
            Self::WeakKey { .. } | Self::LongExponent { .. } => SignatureRule::WeakKey,
            Self::SignatureMismatch { .. } => SignatureRule::Signature,
        }
    }

    /// The stable name of that rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.broken().published().name
    }
}
