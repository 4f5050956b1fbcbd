//! The algorithms of the profile by their names in XML Signature.

use crate::bounds;
use crate::crypto::{Certificate, Hash, KeyKind};
use crate::xml::{Canonicalization, Comments};

use super::error::SignatureError;

/// Which algorithms a signature may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Algorithms {
    /// SHA-256 or better, RSA of at least 2048 bits.
    #[default]
    Modern,
    /// Also SHA-1, DSA, and RSA of at least 1024 bits: for archives and old tools.
    Legacy,
}

/// From when on an algorithm is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Modern,
    Legacy,
}

impl Algorithms {
    fn admit(self, age: Age) -> bool {
        self == Self::Legacy || age == Age::Modern
    }

    const fn key_bits_min(self) -> u32 {
        match self {
            Self::Modern => 2048,
            Self::Legacy => 1024,
        }
    }
}

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Rsa,
    Dsa,
}

/// An admitted signature algorithm.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignatureAlgorithm {
    pub(super) name: &'static str,
    pub(super) uri: &'static str,
    pub(super) hash: Hash,
    scheme: Scheme,
    age: Age,
}

const SIGNATURES: [SignatureAlgorithm; 5] = [
    SignatureAlgorithm {
        name: "rsa-sha256",
        uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        hash: Hash::Sha256,
        scheme: Scheme::Rsa,
        age: Age::Modern,
    },
    SignatureAlgorithm {
        name: "rsa-sha384",
        uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        hash: Hash::Sha384,
        scheme: Scheme::Rsa,
        age: Age::Modern,
    },
    SignatureAlgorithm {
        name: "rsa-sha512",
        uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        hash: Hash::Sha512,
        scheme: Scheme::Rsa,
        age: Age::Modern,
    },
    SignatureAlgorithm {
        name: "rsa-sha1",
        uri: "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        hash: Hash::Sha1,
        scheme: Scheme::Rsa,
        age: Age::Legacy,
    },
    SignatureAlgorithm {
        name: "dsa-sha1",
        uri: "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        hash: Hash::Sha1,
        scheme: Scheme::Dsa,
        age: Age::Legacy,
    },
];

impl SignatureAlgorithm {
    pub(super) fn find(uri: &str, algorithms: Algorithms) -> Result<Self, SignatureError> {
        let admitted = SIGNATURES.into_iter().find(|one| one.uri == uri && algorithms.admit(one.age));
        admitted.ok_or_else(|| outside("signature", uri))
    }

    /// Checks the key, then the signature.
    pub(super) fn verify(
        self,
        certificate: &Certificate,
        algorithms: Algorithms,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let (kind, most) = match self.scheme {
            Scheme::Rsa => (KeyKind::Rsa, bounds::RSA_BITS_MAX),
            Scheme::Dsa => (KeyKind::Dsa, bounds::DSA_BITS_MAX),
        };
        if certificate.key_kind() != kind {
            return Err(SignatureError::KeyKind { algorithm: self.name });
        }
        let (bits, least) = (certificate.key_bits(), algorithms.key_bits_min());
        if !(least..=most).contains(&bits) {
            return Err(SignatureError::WeakKey { bits, least, most });
        }
        let verifies = match self.scheme {
            Scheme::Rsa => certificate.verify_rsa(self.hash, message, signature),
            Scheme::Dsa => certificate.verify_dsa(self.hash, message, signature),
        };
        if verifies { Ok(()) } else { Err(SignatureError::SignatureMismatch { algorithm: self.name }) }
    }
}

/// An admitted digest algorithm.
#[derive(Debug, Clone, Copy)]
pub(super) struct DigestAlgorithm {
    pub(super) name: &'static str,
    pub(super) uri: &'static str,
    pub(super) hash: Hash,
    age: Age,
}

const DIGESTS: [DigestAlgorithm; 4] = [
    DigestAlgorithm {
        name: "sha256",
        uri: "http://www.w3.org/2001/04/xmlenc#sha256",
        hash: Hash::Sha256,
        age: Age::Modern,
    },
    DigestAlgorithm {
        name: "sha384",
        uri: "http://www.w3.org/2001/04/xmldsig-more#sha384",
        hash: Hash::Sha384,
        age: Age::Modern,
    },
    DigestAlgorithm {
        name: "sha512",
        uri: "http://www.w3.org/2001/04/xmlenc#sha512",
        hash: Hash::Sha512,
        age: Age::Modern,
    },
    DigestAlgorithm { name: "sha1", uri: "http://www.w3.org/2000/09/xmldsig#sha1", hash: Hash::Sha1, age: Age::Legacy },
];

impl DigestAlgorithm {
    pub(super) fn find(uri: &str, algorithms: Algorithms) -> Result<Self, SignatureError> {
        let admitted = DIGESTS.into_iter().find(|one| one.uri == uri && algorithms.admit(one.age));
        admitted.ok_or_else(|| outside("digest", uri))
    }
}

/// The signature and digest algorithm with this hash function that new signatures use.
pub(super) fn for_signing(hash: Hash) -> Option<(SignatureAlgorithm, DigestAlgorithm)> {
    let signature = SIGNATURES.into_iter().find(|one| one.hash == hash && one.scheme == Scheme::Rsa)?;
    let digest = DIGESTS.into_iter().find(|one| one.hash == hash)?;
    Some((signature, digest))
}

pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(super) const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const INCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments";
/// Also the namespace of InclusiveNamespaces.
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";

/// The canonicalisation of a name; an exclusive one comes without a prefix list.
pub(super) fn canonicalization(uri: &str) -> Result<(Canonicalization, Comments), SignatureError> {
    let exclusive = Canonicalization::Exclusive { prefixes: Vec::new() };
    match uri {
        INCLUSIVE => Ok((Canonicalization::Inclusive, Comments::Without)),
        INCLUSIVE_WITH_COMMENTS => Ok((Canonicalization::Inclusive, Comments::With)),
        EXCLUSIVE => Ok((exclusive, Comments::Without)),
        EXCLUSIVE_WITH_COMMENTS => Ok((exclusive, Comments::With)),
        _ => Err(outside("canonicalization", uri)),
    }
}

fn outside(role: &'static str, uri: &str) -> SignatureError {
    SignatureError::Algorithm { role, uri: uri.chars().take(120).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::samples;

    fn check(name: &str, algorithms: Algorithms, certificate: &Certificate, signature: &[u8]) -> &'static str {
        let algorithm = SIGNATURES.into_iter().find(|one| one.name == name).expect("an algorithm");
        algorithm
            .verify(certificate, algorithms, b"message", signature)
            .map_or_else(|error| error.rule(), |()| "verified")
    }

    #[test]
    fn a_weak_rsa_key_counts_for_archives_alone() {
        let key = samples::plain_rsa_key(1024);
        let signature = key.sign_rsa(Hash::Sha256, b"message").expect("a signature");
        assert_eq!(check("rsa-sha256", Algorithms::Modern, key.certificate(), &signature), "weak-key");
        assert_eq!(check("rsa-sha256", Algorithms::Legacy, key.certificate(), &signature), "verified");
    }

    #[test]
    fn a_tiny_rsa_key_counts_nowhere() {
        let key = samples::plain_rsa_key(768);
        let signature = key.sign_rsa(Hash::Sha256, b"message").expect("a signature");
        assert_eq!(check("rsa-sha256", Algorithms::Legacy, key.certificate(), &signature), "weak-key");
    }

    #[test]
    fn dsa_values_are_two_numbers_of_equal_length() {
        let (certificate, value) = samples::dsa_signature(b"message");
        assert_eq!(check("dsa-sha1", Algorithms::Legacy, &certificate, &value), "verified");
        assert_eq!(check("dsa-sha1", Algorithms::Legacy, &certificate, &value[1..]), "signature-mismatch");
        assert_eq!(check("dsa-sha1", Algorithms::Legacy, &certificate, &vec![0; value.len()]), "signature-mismatch");
        let mut changed = value;
        changed[7] ^= 1;
        assert_eq!(check("dsa-sha1", Algorithms::Legacy, &certificate, &changed), "signature-mismatch");
        assert_eq!(check("rsa-sha1", Algorithms::Legacy, &certificate, &changed), "key-kind");
    }

    #[test]
    fn old_algorithms_are_found_for_archives_alone() {
        for uri in SIGNATURES.iter().filter(|one| one.age == Age::Legacy).map(|one| one.uri) {
            assert!(SignatureAlgorithm::find(uri, Algorithms::Legacy).is_ok());
            assert!(SignatureAlgorithm::find(uri, Algorithms::Modern).is_err());
        }
    }
}
