//! Decoded certificates by their bytes: decoding one costs OpenSSL 3.0 more than verifying a signature with it.

use std::sync::Arc;

use crate::bounds;

use super::bounded_cache::BoundedCache;
use super::certificate::{BadCertificate, Certificate};

/// The certificates decoded last, by their bytes, which are compared faster than digested. Decoding depends on nothing
/// else, so that one cache serves the whole process.
static CACHE: BoundedCache<Arc<[u8]>, Certificate> = BoundedCache::new(bounds::CERTIFICATES_CACHED_MAX);

/// The certificate with exactly these bytes, decoded at most once while it is in the cache.
pub(crate) fn decode_cached(der: &[u8]) -> Result<Certificate, BadCertificate> {
    if let Some(known) = CACHE.find(der) {
        return Ok(known);
    }
    let certificate = Certificate::from_der(der)?;
    CACHE.insert(der.into(), certificate.clone());
    Ok(certificate)
}
