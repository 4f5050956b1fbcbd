//! Decoded certificates by their bytes: decoding one costs OpenSSL 3.0 more than verifying a signature with it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::bounds;

use super::certificate::{BadCertificate, Certificate};

/// The certificates decoded last; a pure function of its input, so that one cache serves the whole process.
static CACHE: Mutex<CertificateCache> = Mutex::new(CertificateCache::new(bounds::CERTIFICATES_CACHED_MAX));

/// The certificate with exactly these bytes, decoded at most once while it is in the cache.
pub(crate) fn decode_cached(der: &[u8]) -> Result<Certificate, BadCertificate> {
    if let Some(known) = CACHE.lock().unwrap_or_else(PoisonError::into_inner).find(der) {
        return Ok(known);
    }
    let certificate = Certificate::from_der(der)?;
    CACHE.lock().unwrap_or_else(PoisonError::into_inner).insert(certificate.clone());
    Ok(certificate)
}

/// At most `bound` certificates; the oldest goes first.
struct CertificateCache {
    bound: usize,
    /// By their bytes, which are compared faster than digested.
    certificates: BTreeMap<Vec<u8>, Certificate>,
    order: VecDeque<Certificate>,
}

impl CertificateCache {
    const fn new(bound: usize) -> Self {
        Self { bound, certificates: BTreeMap::new(), order: VecDeque::new() }
    }

    fn find(&self, der: &[u8]) -> Option<Certificate> {
        self.certificates.get(der).cloned()
    }

    fn insert(&mut self, certificate: Certificate) {
        if self.certificates.insert(certificate.der().to_vec(), certificate.clone()).is_some() {
            return;
        }
        self.order.push_back(certificate);
        if self.order.len() > self.bound
            && let Some(oldest) = self.order.pop_front()
        {
            self.certificates.remove(oldest.der());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{NewKey, SelfSigned, SigningKey, self_signed_pkcs12};

    #[test]
    fn the_oldest_certificate_leaves_a_full_cache() {
        let make = |name: &str| {
            let request = SelfSigned {
                common_name: name.to_owned(),
                email: "jane.tester@example.org".parse().expect("an address"),
                organisation: None,
                key: NewKey::Rsa2048,
                days: 1,
            };
            let now = "2026-01-01T00:00:00Z".parse().expect("a moment");
            let file = self_signed_pkcs12(&request, "password", now).expect("a key");
            SigningKey::from_pkcs12(&file, "password").expect("readable").certificate().clone()
        };
        let (first, second) = (make("first"), make("second"));
        let mut cache = CertificateCache::new(1);
        cache.insert(first.clone());
        cache.insert(first.clone());
        assert!(cache.find(first.der()).is_some());
        cache.insert(second.clone());
        assert!(cache.find(first.der()).is_none());
        assert!(cache.find(second.der()).is_some());
    }
}
