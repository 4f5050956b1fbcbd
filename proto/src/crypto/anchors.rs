//! Trust anchors: the authorities that an operator trusts, and chains of certificates to them.

mod chain;
mod dn;
mod pem;
mod report;
mod tbs;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509StoreContext};

use crate::bounds;
use crate::digest::Sha256Digest;
use crate::signature::Algorithms;
use crate::timestamp::Timestamp;

use super::certificate::Certificate;
use pem::Object;
use tbs::{Fields, Role};

pub use chain::{Chain, ChainError, RevocationReason};
pub use report::{AnchorReport, ListAge, NamespaceReport, RevocationReport};

/// The authorities that an operator trusts; cheap to clone.
///
/// Two sets are equal when they were read from equal files.
#[derive(Clone)]
pub struct TrustAnchors(Arc<Inner>);

struct Inner {
    authorities: BTreeMap<Sha256Digest, Authority>,
    algorithms: Algorithms,
    fingerprint: Sha256Digest,
}

struct Authority {
    certificate: Certificate,
    x509: X509,
    subject_slash: String,
    file: String,
}

/// A file that trust anchors are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorFile {
    name: String,
    content: Result<Vec<u8>, String>,
}

impl AnchorFile {
    /// A file with its path, which messages name and whose last part says what it holds.
    #[must_use]
    pub const fn new(name: String, bytes: Vec<u8>) -> Self {
        Self { name, content: Ok(bytes) }
    }

    /// A file that is there but could not be read. What it might have restricted is refused.
    #[must_use]
    pub const fn unread(name: String, reason: String) -> Self {
        Self { name, content: Err(reason) }
    }
}

/// Something about a file that the operator should know; the rest of the files counts all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct AnchorFinding {
    /// The path of the file.
    pub file: String,
    /// What is wrong with it.
    pub problem: BadAnchor,
}

/// What is wrong with a file of trust anchors; the operator's matter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAnchor {
    /// The machine did not read it.
    #[error("cannot be read: {0}")]
    Unread(String),
    /// It holds nothing that belongs here.
    #[error("holds neither certificates nor revocation lists in PEM or DER")]
    Nothing,
    /// An object that is something else.
    #[error("holds a {0}, which is no certificate or revocation list")]
    Label(String),
    /// An object that cannot be decoded.
    #[error("holds a damaged {0}")]
    Damaged(String),
    /// A certificate that cannot be read.
    #[error(transparent)]
    Certificate(#[from] super::BadCertificate),
    /// A certificate of a person.
    #[error("{0} is no authority; to trust its key pin it under endorser_keys in [trust]")]
    NotAuthority(String),
}

impl Default for TrustAnchors {
    fn default() -> Self {
        Self::read(Vec::new(), Algorithms::Modern).0
    }
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TrustAnchors({} of {} authorities)", self.0.fingerprint, self.0.authorities.len())
    }
}

impl PartialEq for TrustAnchors {
    fn eq(&self, other: &Self) -> bool {
        self.0.fingerprint == other.0.fingerprint
    }
}

impl Eq for TrustAnchors {}

impl TrustAnchors {
    /// Reads all files; what is wrong with one becomes a finding and leaves the others as they are.
    #[must_use]
    pub fn read(files: Vec<AnchorFile>, algorithms: Algorithms) -> (Self, Vec<AnchorFinding>) {
        let mut findings = Vec::new();
        let mut authorities = BTreeMap::new();
        let mut digests = Vec::new();
        for AnchorFile { name, content } in files {
            let found = |problem| AnchorFinding { file: name.clone(), problem };
            let bytes = match content {
                Ok(bytes) => bytes,
                Err(reason) => {
                    findings.push(found(BadAnchor::Unread(reason)));
                    continue;
                }
            };
            digests.push(Sha256Digest::of_parts(&[name.as_bytes(), &[0], Sha256Digest::of(&bytes).as_bytes()]));
            let objects = pem::objects(&bytes);
            if objects.is_empty() {
                findings.push(found(BadAnchor::Nothing));
            }
            for object in objects {
                match authority(object, &name) {
                    Ok(Some(authority)) => {
                        authorities.entry(authority.certificate.fingerprint()).or_insert(authority);
                    }
                    Ok(None) => (),
                    Err(problem) => findings.push(found(problem)),
                }
            }
        }
        digests.sort();
        let parts: Vec<&[u8]> = digests.iter().map(|digest| digest.as_bytes().as_slice()).collect();
        let fingerprint = Sha256Digest::of_parts(&parts);
        (Self(Arc::new(Inner { authorities, algorithms, fingerprint })), findings)
    }

    /// Whether there is no authority at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.authorities.is_empty()
    }

    /// The digest of all files and settings that a verdict depends on.
    #[must_use]
    pub fn fingerprint(&self) -> Sha256Digest {
        self.0.fingerprint
    }

    /// The chain of `signer` to an anchor, valid when the document was `created` and, as far as is known `now`, not
    /// revoked. `hints` are the other certificates of the signature.
    pub fn verify(
        &self,
        signer: &Certificate,
        hints: &[Certificate],
        created: Timestamp,
        now: Timestamp,
    ) -> Result<Chain, ChainError> {
        let _ = now;
        if self.is_empty() {
            return Err(ChainError::NoAnchors);
        }
        let subject = || signer.subject().to_owned();
        let fields = Fields::read(signer.der());
        match fields.as_ref().map(Fields::role) {
            Some(Role::EndEntity) => (),
            Some(Role::Proxy) => return Err(ChainError::SignerIsProxy(subject())),
            _ => return Err(ChainError::SignerIsAuthority(subject())),
        }
        if !fields.is_some_and(|fields| fields.may_sign()) {
            return Err(ChainError::SignerUsage(subject()));
        }
        let refused = |reason| ChainError::Refused { subject: subject(), reason };
        let outcome = self.openssl(signer, hints, created).map_err(|_| refused("openssl refuses it"))?;
        outcome.map_err(refused)
    }

    fn openssl(
        &self,
        signer: &Certificate,
        hints: &[Certificate],
        created: Timestamp,
    ) -> Result<Result<Chain, &'static str>, ErrorStack> {
        let store = self.store(created)?;
        let mut untrusted = Stack::new()?;
        for hint in hints.iter().take(bounds::CERTIFICATE_CHAIN_MAX) {
            untrusted.push(X509::from_der(hint.der())?)?;
        }
        let x509 = X509::from_der(signer.der())?;
        X509StoreContext::new()?.init(&store, &x509, &untrusted, |context| {
            if !context.verify_cert()? {
                return Ok(Err(context.error().error_string()));
            }
            let mut certificates = Vec::new();
            for x509 in context.chain().into_iter().flatten() {
                let Ok(certificate) = Certificate::from_der(&x509.to_der()?) else {
                    return Ok(Err("unreadable certificate in the chain"));
                };
                certificates.push(certificate);
            }
            Ok(Ok(Chain::new(certificates)))
        })
    }

    fn store(&self, at: Timestamp) -> Result<X509Store, ErrorStack> {
        let mut parameters = X509VerifyParam::new()?;
        parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        parameters.set_purpose(X509PurposeId::ANY)?;
        parameters.set_time(at.unix_seconds());
        parameters.set_auth_level(match self.0.algorithms {
            Algorithms::Modern => 2,
            Algorithms::Legacy => 0,
        });
        let mut builder = X509StoreBuilder::new()?;
        builder.set_param(&parameters)?;
        for authority in self.0.authorities.values() {
            builder.add_cert(authority.x509.clone())?;
        }
        Ok(builder.build())
    }

    /// What the operator should see of each authority.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> Vec<AnchorReport> {
        let _ = now;
        let report = |authority: &Authority| AnchorReport {
            subject: authority.certificate.subject().to_owned(),
            subject_slash: authority.subject_slash.clone(),
            fingerprint: authority.certificate.fingerprint(),
            not_after: authority.certificate.not_after(),
            file: authority.file.clone(),
            namespace: NamespaceReport::Unrestricted,
            revocations: RevocationReport::None,
        };
        self.0.authorities.values().map(report).collect()
    }
}

fn authority(object: Object, file: &str) -> Result<Option<Authority>, BadAnchor> {
    let der = match object {
        Object::Certificate(der) | Object::Der(der) => der,
        Object::RevocationList(_) => return Ok(None),
        Object::Other(label) => return Err(BadAnchor::Label(label)),
        Object::Damaged(label) => return Err(BadAnchor::Damaged(label)),
    };
    let certificate = Certificate::from_der(&der)?;
    let unreadable = || super::BadCertificate::Encoding;
    let fields = Fields::read(&der).ok_or_else(unreadable)?;
    if fields.role() != Role::Authority {
        return Err(BadAnchor::NotAuthority(certificate.subject().to_owned()));
    }
    let x509 = X509::from_der(&der).map_err(|_| unreadable())?;
    let subject_slash = dn::slash(fields.subject).unwrap_or_else(|| certificate.subject().to_owned());
    Ok(Some(Authority { certificate, x509, subject_slash, file: file.to_owned() }))
}

#[cfg(test)]
mod tests;
