//! Trust anchors: the authorities that an operator trusts, and chains of certificates to them.
//!
//! Every authority in the operator's files is an anchor, whether it signed itself or another one issued it. Chains are
//! judged in two steps. What does not depend on time is found once and kept: which chains there are, what openssl says
//! of them, whether each authority may certify the name below it, what the revocation lists say. What depends on time
//! is compared for each document: the validity of all certificates when it was created, and the age of the lists now.

mod authority;
mod chain;
mod glob;
mod names;
mod namespaces;
mod pem;
mod reading;
mod report;
mod revocations;
mod search;
mod signing_policy;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use openssl::x509::{X509Name, X509NameRef};

use crate::bounds;
use crate::digest::Sha256Digest;
use crate::signature::Algorithms;
use crate::timestamp::Timestamp;

use super::bounded_cache::BoundedCache;
use super::certificate::Certificate;
use authority::Authority;
use names::NameRules;
use reading::Reading;
use search::Findings;

pub use chain::{Chain, ChainError, RevocationReason};
pub use namespaces::BadNamespaces;
pub use reading::{AnchorFile, AnchorFinding, BadAnchor};
pub use report::{AnchorReport, ListAge, NamespaceReport, RevocationReport};
pub use revocations::BadRevocationList;
pub use signing_policy::BadSigningPolicy;

/// The authorities that an operator trusts; cheap to clone.
///
/// Two of them are equal when they were read from equal files.
#[derive(Clone)]
pub struct TrustAnchors(Arc<Inner>);

struct Inner {
    authorities: BTreeMap<Sha256Digest, Authority>,
    /// The authorities by openssl's hash of their name.
    names: BTreeMap<u32, Vec<Sha256Digest>>,
    rules: NameRules,
    /// Issuers of lists without a certificate among the anchors, with the file of the list.
    strangers: Vec<(X509Name, String)>,
    algorithms: Algorithms,
    fingerprint: Sha256Digest,
    /// What was found of each signer's chains, so that the next document of an endorser costs no search; by a digest
    /// of the signer and the hints.
    cache: BoundedCache<Sha256Digest, Arc<Findings>>,
    validations: AtomicU64,
}

impl TrustAnchors {
    /// Reads all files, of any bytes; what is wrong with one becomes a finding and leaves the others as they are.
    ///
    /// A file that cannot be read and might have restricted an authority makes chains through it fail.
    #[must_use]
    pub fn read(files: Vec<AnchorFile>, algorithms: Algorithms) -> (Self, Vec<AnchorFinding>) {
        let Reading { authorities, rules, strangers, digests, findings, .. } = Reading::of(files);
        let mut names: BTreeMap<u32, Vec<Sha256Digest>> = BTreeMap::new();
        for (fingerprint, authority) in &authorities {
            names.entry(authority.x509.subject_name_hash()).or_default().push(*fingerprint);
        }
        let level: &[u8] = match algorithms {
            Algorithms::Modern => b"modern",
            Algorithms::Legacy => b"legacy",
        };
        let parts = digests.iter().map(|digest| digest.as_bytes().as_slice());
        let fingerprint = Sha256Digest::of_parts(&parts.chain([level]).collect::<Vec<_>>());
        let cache = BoundedCache::new(bounds::CHAINS_CACHED_MAX);
        let validations = AtomicU64::new(0);
        let inner = Inner { authorities, names, rules, strangers, algorithms, fingerprint, cache, validations };
        (Self(Arc::new(inner)), findings)
    }

    /// Whether there is no authority at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.authorities.is_empty()
    }

    /// The digest of all files and settings that a verdict depends on; in which order they were given plays no part.
    #[must_use]
    pub fn fingerprint(&self) -> Sha256Digest {
        self.0.fingerprint
    }

    /// The chain of `signer` to an anchor, all of it valid when the document was `created`, and without a revocation
    /// that weighs against it in the lists held `now`. `hints` are the other certificates of the signature.
    ///
    /// A revocation weighs whatever `created` says where another may hold the key, for that one can sign any date;
    /// otherwise (superseded, cessation of operation, affiliation changed, privilege withdrawn) from its date on.
    pub fn verify(
        &self,
        signer: &Certificate,
        hints: &[Certificate],
        created: Timestamp,
        now: Timestamp,
    ) -> Result<Chain, ChainError> {
        if self.is_empty() {
            return Err(ChainError::NoAnchors);
        }
        self.findings(signer, hints).judge(created, now)
    }

    /// What the operator should see of each authority, by name.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> Vec<AnchorReport> {
        let authorities = self.0.authorities.values();
        let mut reports: Vec<_> = authorities.map(|authority| authority.report(&self.0.rules, now)).collect();
        reports.sort_by(|one, other| (&one.subject, one.fingerprint).cmp(&(&other.subject, other.fingerprint)));
        reports
    }

    /// How often openssl has judged a whole chain; what is known already costs none.
    #[must_use]
    pub fn validations(&self) -> u64 {
        self.0.validations.load(Ordering::Relaxed)
    }

    fn findings(&self, signer: &Certificate, hints: &[Certificate]) -> Arc<Findings> {
        // Only authorities can lengthen a chain; and whoever copies a document can reorder and repeat what it brings.
        let authorities = hints.iter().filter(|hint| hint.may_certify());
        let hints: BTreeMap<_, _> = authorities.map(|hint| (hint.fingerprint(), hint.clone())).collect();
        let hints: Vec<_> = hints.into_values().take(bounds::CERTIFICATE_CHAIN_MAX).collect();
        let fingerprints: Vec<_> = [signer].into_iter().chain(&hints).map(Certificate::fingerprint).collect();
        let parts: Vec<_> = fingerprints.iter().map(|fingerprint| fingerprint.as_bytes().as_slice()).collect();
        let key = Sha256Digest::of_parts(&parts);
        self.0.cache.find(&key).unwrap_or_else(|| {
            let findings = Arc::new(Findings::of(&self.0, signer, &hints));
            self.0.cache.insert(key, Arc::clone(&findings));
            findings
        })
    }
}

impl Inner {
    /// The authorities with this hash of their name; others may have it, too.
    fn named(&self, name_hash: u32) -> impl Iterator<Item = &Authority> {
        self.names.get(&name_hash).into_iter().flatten().filter_map(|fingerprint| self.authorities.get(fingerprint))
    }

    /// The file of a list by an authority of this name that is no anchor.
    fn list_of_stranger(&self, name: &X509NameRef) -> Option<&str> {
        let is_named =
            |(stranger, _): &&(X509Name, String)| stranger.try_cmp(name).is_ok_and(std::cmp::Ordering::is_eq);
        self.strangers.iter().find(is_named).map(|(_, file)| file.as_str())
    }

    /// OpenSSL's security level: 2 wants keys and digests of 112 bits; 0 also takes what was common in 2011.
    const fn auth_level(&self) -> i32 {
        match self.algorithms {
            Algorithms::Modern => 2,
            Algorithms::Legacy => 0,
        }
    }

    fn count_validation(&self) {
        self.validations.fetch_add(1, Ordering::Relaxed);
    }
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

/// Threads share the anchors and what is remembered.
const _: fn() = || {
    const fn shared<T: Send + Sync>() {}
    shared::<TrustAnchors>();
};

#[cfg(test)]
mod tests;
