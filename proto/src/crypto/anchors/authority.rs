//! One authority among the trust anchors, with what its files say of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use openssl::x509::X509;

use crate::bounds;
use crate::crypto::certificate::{BadCertificate, Certificate};
use crate::timestamp::Timestamp;

use super::names::NameRules;
use super::report::{AnchorReport, ListAge, RevocationReport};
use super::revocations::RevocationList;

/// An authority that the operator trusts.
pub(super) struct Authority {
    pub(super) certificate: Certificate,
    pub(super) x509: X509,
    /// The file that it was read from first.
    pub(super) file: String,
    /// The paths without their last extension of all files that hold it.
    pub(super) stems: BTreeSet<String>,
    pub(super) revocations: Revocations,
}

/// What is known of revocations by an authority.
pub(super) enum Revocations {
    /// There is no list.
    None,
    /// There is a list, in this file, that cannot be used.
    Unusable(String),
    /// The latest list.
    List(Arc<RevocationList>),
}

/// Why a certificate cannot be a trust anchor.
pub(super) enum NotAuthority {
    Unreadable(BadCertificate),
    /// It names a person or a proxy; its subject.
    Role(String),
}

impl From<BadCertificate> for NotAuthority {
    fn from(bad: BadCertificate) -> Self {
        Self::Unreadable(bad)
    }
}

impl Authority {
    pub(super) fn read(der: &[u8], file: &str) -> Result<Self, NotAuthority> {
        let certificate = Certificate::from_der(der)?;
        if !certificate.may_certify() {
            return Err(NotAuthority::Role(certificate.subject().to_owned()));
        }
        Ok(Self {
            x509: X509::from_der(der).map_err(|_| BadCertificate::Encoding)?,
            certificate,
            file: file.to_owned(),
            stems: BTreeSet::new(),
            revocations: Revocations::None,
        })
    }

    /// Takes `list`, whose signature by this authority was verified, unless it has a later one.
    pub(super) fn take(&mut self, list: &Arc<RevocationList>) {
        match &self.revocations {
            Revocations::List(held) if !list.supersedes(held) => (),
            _ => self.revocations = Revocations::List(Arc::clone(list)),
        }
    }

    pub(super) fn report(&self, rules: &NameRules, now: Timestamp) -> AnchorReport {
        AnchorReport {
            subject_slash: self.certificate.subject_slash().to_string(),
            subject: self.certificate.subject().to_owned(),
            fingerprint: self.certificate.fingerprint(),
            not_after: self.certificate.not_after(),
            file: self.file.clone(),
            namespace: rules.report(self.certificate.subject_slash()),
            revocations: match &self.revocations {
                Revocations::None => RevocationReport::None,
                Revocations::Unusable(file) => RevocationReport::Unusable { file: file.clone() },
                Revocations::List(list) => RevocationReport::List {
                    file: list.file.clone(),
                    this_update: list.this_update,
                    next_update: list.next_update,
                    entries: list.len(),
                    age: age(list.next_update, now),
                },
            },
        }
    }
}

/// How old a list is whose next one is due at `next_update`.
pub(super) const fn age(next_update: Timestamp, now: Timestamp) -> ListAge {
    match now.unix_seconds() - next_update.unix_seconds() {
        i64::MIN..=0 => ListAge::Current,
        1..=bounds::CRL_OVERDUE_SECONDS_MAX => ListAge::Due,
        _ => ListAge::Overdue,
    }
}
