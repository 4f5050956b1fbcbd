//! Fills a document's endorsement and signs it (docs/original.md 7).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::{Hash, KeyKind, SigningKey};
use crate::email::{Email, NotAnEmail};
use crate::timestamp::Timestamp;
use crate::vocabulary::XMLDSIG;
use crate::xml::{self, Attribute, Canonicalization, Comments, Element, Name, NamespaceDeclaration, Node, XmlError};

use super::algorithm::{self, Algorithms, DigestAlgorithm, SignatureAlgorithm};
use super::endorse::{Endorsement, endorse};
use super::error::SignatureError;
use super::verify::verify;

/// What the signer decides.
#[derive(Debug, Clone)]
pub struct SignRequest {
    /// The moment of the endorsement.
    pub created: Timestamp,
    /// The endorser's address; only where the certificate has none.
    pub email: Option<Email>,
    /// The hash function of the digest, and of the signature where the key lets one choose.
    pub hash: SigningHash,
}

/// The hash function of a new signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SigningHash {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl SigningHash {
    const fn of(self) -> Hash {
        match self {
            Self::Sha256 => Hash::Sha256,
            Self::Sha384 => Hash::Sha384,
            Self::Sha512 => Hash::Sha512,
        }
    }
}

/// Why a document was not signed; the signer's fault, but for the last.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The document is not XML that this program reads.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// There is not exactly one description to endorse.
    #[error("there are {0} rdf:Description elements, not one")]
    Descriptions(usize),
    /// Neither the certificate nor the signer gives an e-mail address.
    #[error("the certificate has no e-mail address and none was given")]
    NoEmail,
    /// The certificate's address is not one that documents may carry.
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    /// The key does not sign; its own parameters or this machine's OpenSSL forbid it.
    #[error("the {0} key cannot make a signature of the profile on this machine")]
    Key(KeyKind),
    /// What was signed would be refused by every node.
    #[error("the signed document is refused: {0}")]
    Refused(#[from] SignatureError),
}

/// Signs a document: its endorsement is filled with the key's identity, and every signature in it is replaced by one
/// over the whole. The answer is the canonical form of the document, which [`verify`] accepts.
pub fn sign(document: &[u8], key: &SigningKey, request: &SignRequest) -> Result<Vec<u8>, SigningError> {
    let mut tree = xml::parse(document)?;
    let certificate = key.certificate();
    let endorsement = Endorsement {
        created: request.created,
        email: &email(key, request)?,
        subject: certificate.subject(),
        issuer: certificate.issuer(),
    };
    endorse(&mut tree, &endorsement).map_err(SigningError::Descriptions)?;
    let refused = || SigningError::Key(certificate.key_kind());
    let hash = request.hash.of();
    let (signature, digest) =
        (SignatureAlgorithm::for_signing(key, hash).ok_or_else(refused)?, DigestAlgorithm::for_signing(hash));
    let octets = xml::canonicalize(&tree, &Canonicalization::Inclusive, Comments::Without);
    let signed_info = signed_info(signature, digest, &octets);
    let element = signature_element(vec![signed_info]);
    // SignedInfo is canonicalised where it will stand, for it takes over namespaces and attributes of the root.
    let message = match element.elements().next() {
        Some(signed_info) => {
            let ancestors = [&tree.root, &element];
            xml::canonicalize_element(&ancestors, signed_info, &Canonicalization::Inclusive, Comments::Without)
        }
        None => Vec::new(),
    };
    let value = key.sign(signature.scheme, &message).ok_or_else(refused)?;
    tree.root.children.push(Node::Element(complete(element, &value, certificate.der())));
    let mut signed = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec();
    signed.extend(xml::canonicalize(&tree, &Canonicalization::Inclusive, Comments::With));
    verify(&signed, Algorithms::Modern)?;
    Ok(signed)
}

fn email(key: &SigningKey, request: &SignRequest) -> Result<String, SigningError> {
    match (key.certificate().email(), &request.email) {
        (Some(certified), _) => Ok(certified.parse::<Email>()?.to_string()),
        (None, Some(given)) => Ok(given.to_string()),
        (None, None) => Err(SigningError::NoEmail),
    }
}

fn signed_info(signature: SignatureAlgorithm, digest: DigestAlgorithm, octets: &[u8]) -> Element<'static> {
    let mut reference = element(
        "Reference",
        vec![
            element("Transforms", vec![method("Transform", algorithm::ENVELOPED)]),
            method("DigestMethod", digest.uri),
            text("DigestValue", &digest.hash.digest(octets)),
        ],
    );
    reference.attributes.push(attribute("URI", ""));
    element(
        "SignedInfo",
        vec![
            method("CanonicalizationMethod", algorithm::INCLUSIVE),
            method("SignatureMethod", signature.uri),
            reference,
        ],
    )
}

fn signature_element(children: Vec<Element<'_>>) -> Element<'_> {
    let mut signature = element("Signature", children);
    signature.declarations.push(NamespaceDeclaration { prefix: "".into(), namespace: XMLDSIG.into() });
    signature
}

fn complete<'a>(mut signature: Element<'a>, value: &[u8], certificate: &[u8]) -> Element<'a> {
    let data = element("X509Data", vec![text("X509Certificate", certificate)]);
    let others = [text("SignatureValue", value), element("KeyInfo", vec![data])];
    signature.children.extend(others.map(Node::Element));
    signature
}

fn method<'a>(local: &'a str, uri: &'a str) -> Element<'a> {
    Element { attributes: vec![attribute("Algorithm", uri)], ..element(local, Vec::new()) }
}

/// An element whose text is base64 in lines of 76 digits, as other tools write it.
fn text<'a>(local: &'a str, bytes: &[u8]) -> Element<'a> {
    let encoded = STANDARD.encode(bytes);
    let mut wrapped = String::with_capacity(encoded.len() + encoded.len() / 76);
    for (index, digit) in encoded.chars().enumerate() {
        if index > 0 && index % 76 == 0 {
            wrapped.push('\n');
        }
        wrapped.push(digit);
    }
    Element { children: vec![Node::Text(wrapped.into())], ..element(local, Vec::new()) }
}

fn element<'a>(local: &'a str, children: Vec<Element<'a>>) -> Element<'a> {
    let name = Name { prefix: "".into(), local: local.into(), namespace: XMLDSIG.into() };
    let children = children.into_iter().map(Node::Element).collect();
    Element { name, declarations: Vec::new(), attributes: Vec::new(), children }
}

fn attribute<'a>(local: &'a str, value: &'a str) -> Attribute<'a> {
    let name = Name { prefix: "".into(), local: local.into(), namespace: "".into() };
    Attribute { name, value: value.into() }
}

#[cfg(test)]
mod tests;
