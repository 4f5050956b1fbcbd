//! Chains of certificates from a signer to a trust anchor, and why there is none.

use std::fmt;
use std::sync::Arc;

use crate::bounds;
use crate::crypto::Certificate;
use crate::timestamp::Timestamp;

/// The certificates from a signer to a trust anchor, each issued by the next; cheap to clone.
///
/// Made by [`super::TrustAnchors::verify`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain(Arc<[Certificate]>);

impl Chain {
    /// `certificates` begins with the signer's and ends with the anchor's.
    pub(super) fn new(certificates: Vec<Certificate>) -> Self {
        Self(certificates.into())
    }

    /// All certificates, the signer's first and the anchor's last.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// The certificate that was judged.
    #[must_use]
    pub fn signer(&self) -> &Certificate {
        self.0.first().expect("a chain has at least a signer and an anchor")
    }

    /// The certificate of this node's trust anchors that the chain ends at.
    #[must_use]
    pub fn anchor(&self) -> &Certificate {
        self.0.last().expect("a chain has at least a signer and an anchor")
    }
}

/// Why a signer's certificate has no chain that counts. Nobody's fault: the entry may still have another standing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// There is nothing to end a chain at.
    #[error("no trust anchor is configured under [trust] anchors")]
    NoAnchors,
    /// Certificates of authorities sign certificates, not documents.
    #[error("the signer {0} is a certification authority")]
    SignerIsAuthority(String),
    /// Proxy certificates speak for sessions, not for persons.
    #[error("the signer {0} is a proxy certificate")]
    SignerIsProxy(String),
    /// The certificate's key usage allows neither digital signatures nor non-repudiation.
    #[error("the key usage of the signer {0} allows no signatures")]
    SignerUsage(String),
    /// Neither an anchor nor a certificate of the signature is the issuer.
    #[error("no certificate of {issuer}, which issued {subject}, is a trust anchor or leads to one")]
    NoIssuer {
        /// The last certificate that was found.
        subject: String,
        /// Who issued it.
        issuer: String,
    },
    /// The authority may not issue such certificates, or did not.
    #[error("{authority} is not accepted as the issuer of {subject}: {reason}")]
    UnfitIssuer {
        /// The certificate.
        subject: String,
        /// The authority with the issuer's name.
        authority: String,
        /// What OpenSSL says.
        reason: &'static str,
    },
    /// All paths to an anchor are longer than the bound, or there are too many to try them all.
    #[error("no chain of {subject} to a trust anchor within {} certificates", bounds::CERTIFICATE_CHAIN_MAX)]
    TooLong {
        /// The signer.
        subject: String,
    },
    /// A certificate of the chain breaks a rule of RFC 5280.
    #[error("{subject}: {reason}")]
    Refused {
        /// The certificate.
        subject: String,
        /// What OpenSSL says.
        reason: &'static str,
    },
    /// The document is older than a certificate of its chain.
    #[error("{subject} is valid from {not_before} on, and the document was created {created}")]
    NotYetValid {
        /// The certificate.
        subject: String,
        /// The first moment of its validity.
        not_before: Timestamp,
        /// When the document was created.
        created: Timestamp,
    },
    /// The document is younger than a certificate of its chain.
    #[error("{subject} was valid until {not_after}, and the document was created {created}")]
    Expired {
        /// The certificate.
        subject: String,
        /// The last moment of its validity.
        not_after: Timestamp,
        /// When the document was created.
        created: Timestamp,
    },
    /// The authority's own rules do not permit it to name this subject.
    #[error("{file} does not permit {authority} to issue {subject}")]
    NotPermitted {
        /// The certificate, in the slash form that the rule is written in.
        subject: String,
        /// Its issuer, in the same form.
        authority: String,
        /// The file with the rule.
        file: String,
    },
    /// The authority has rules that cannot be read, so nothing of it is accepted.
    #[error("the rules for {authority} in {file} cannot be read")]
    RulesUnusable {
        /// The authority.
        authority: String,
        /// The file.
        file: String,
    },
    /// A certificate of the chain is on the revocation list of its issuer.
    #[error("{subject} was revoked by {authority} at {revoked} ({reason})")]
    Revoked {
        /// The certificate.
        subject: String,
        /// Its issuer.
        authority: String,
        /// The moment that the list states.
        revoked: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
    /// The revocation list of an issuer should have been replaced long ago.
    #[error(
        "the revocation list {file} of {authority} should have been replaced by {next_update}, more than \
         {} days ago", bounds::CRL_OVERDUE_SECONDS_MAX / 86_400
    )]
    CrlOverdue {
        /// The authority.
        authority: String,
        /// When the next list was due.
        next_update: Timestamp,
        /// The file with the list.
        file: String,
    },
    /// There is a revocation list of an issuer, but it cannot be used.
    #[error("the revocation list {file} of {authority} cannot be used")]
    CrlUnusable {
        /// The authority.
        authority: String,
        /// The file.
        file: String,
    },
}

/// Why a certificate was revoked (RFC 5280 section 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RevocationReason {
    /// The list does not say, or says something unknown.
    Unspecified,
    /// Another may hold the key.
    KeyCompromise,
    /// Another may hold the authority's key.
    AuthorityCompromise,
    /// Another may hold the key of the attribute authority.
    AttributeAuthorityCompromise,
    /// The person belongs elsewhere.
    AffiliationChanged,
    /// Another certificate takes its place.
    Superseded,
    /// The certificate is needed no more.
    CessationOfOperation,
    /// The person may no longer use it.
    PrivilegeWithdrawn,
    /// For the time being.
    CertificateHold,
}

impl RevocationReason {
    /// The name that RFC 5280 gives it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::AuthorityCompromise => "cACompromise",
            Self::AttributeAuthorityCompromise => "aACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::CertificateHold => "certificateHold",
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
