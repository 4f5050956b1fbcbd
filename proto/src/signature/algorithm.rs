//! The algorithms of the profile by their names in XML Signature.

use crate::bounds;
use crate::crypto::{Hash, KeyKind, PublicKey, Scheme, SigningKey, Verification};
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

/// An admitted signature algorithm.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignatureAlgorithm {
    pub(super) name: &'static str,
    pub(super) uri: &'static str,
    pub(super) scheme: Scheme,
    age: Age,
}

const fn modern(name: &'static str, uri: &'static str, scheme: Scheme) -> SignatureAlgorithm {
    SignatureAlgorithm { name, uri, scheme, age: Age::Modern }
}

const fn legacy(name: &'static str, uri: &'static str, scheme: Scheme) -> SignatureAlgorithm {
    SignatureAlgorithm { name, uri, scheme, age: Age::Legacy }
}

/// RFC 9231: section 2.3.2 to 2.3.4 for RSA, 2.3.6 for ECDSA, 2.3.10 for RSA-PSS, 2.3.12 for Ed25519; the old ones are
/// in XML Signature section 6.4, of which archives use these two.
pub(super) const SIGNATURES: [SignatureAlgorithm; 18] = [
    modern("rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", Scheme::RsaPkcs1(Hash::Sha256)),
    modern("rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", Scheme::RsaPkcs1(Hash::Sha384)),
    modern("rsa-sha512", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", Scheme::RsaPkcs1(Hash::Sha512)),
    modern("ecdsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", Scheme::Ecdsa(Hash::Sha256)),
    modern("ecdsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", Scheme::Ecdsa(Hash::Sha384)),
    modern("ecdsa-sha512", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", Scheme::Ecdsa(Hash::Sha512)),
    modern("ecdsa-sha3-256", "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-256", Scheme::Ecdsa(Hash::Sha3_256)),
    modern("ecdsa-sha3-384", "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-384", Scheme::Ecdsa(Hash::Sha3_384)),
    modern("ecdsa-sha3-512", "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-512", Scheme::Ecdsa(Hash::Sha3_512)),
    modern("sha256-rsa-MGF1", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", Scheme::RsaPss(Hash::Sha256)),
    modern("sha384-rsa-MGF1", "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", Scheme::RsaPss(Hash::Sha384)),
    modern("sha512-rsa-MGF1", "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", Scheme::RsaPss(Hash::Sha512)),
    modern(
        "sha3-256-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-256-rsa-MGF1",
        Scheme::RsaPss(Hash::Sha3_256),
    ),
    modern(
        "sha3-384-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-384-rsa-MGF1",
        Scheme::RsaPss(Hash::Sha3_384),
    ),
    modern(
        "sha3-512-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-512-rsa-MGF1",
        Scheme::RsaPss(Hash::Sha3_512),
    ),
    modern("eddsa-ed25519", "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519", Scheme::Ed25519),
    legacy("rsa-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", Scheme::RsaPkcs1(Hash::Sha1)),
    legacy("dsa-sha1", "http://www.w3.org/2000/09/xmldsig#dsa-sha1", Scheme::Dsa(Hash::Sha1)),
];

impl SignatureAlgorithm {
    pub(super) fn find(uri: &str, algorithms: Algorithms) -> Result<Self, SignatureError> {
        let admitted = SIGNATURES.into_iter().find(|one| one.uri == uri && algorithms.admit(one.age));
        admitted.ok_or_else(|| outside("signature", uri))
    }

    /// The algorithm of new signatures by this key; with this hash function where the key allows it.
    pub(super) fn for_signing(key: &SigningKey, hash: Hash) -> Option<Self> {
        [hash, Hash::Sha256, Hash::Sha384, Hash::Sha512].into_iter().find_map(|hash| {
            let scheme = match key.certificate().key_kind() {
                KeyKind::Rsa => Scheme::RsaPkcs1(hash),
                KeyKind::RsaPss => Scheme::RsaPss(hash),
                KeyKind::EcP256 | KeyKind::EcP384 => Scheme::Ecdsa(hash),
                KeyKind::Ed25519 => Scheme::Ed25519,
                KeyKind::Dsa | KeyKind::OtherCurve(_) | KeyKind::Other(_) => return None,
            };
            SIGNATURES.into_iter().find(|one| one.scheme == scheme && key.admits(scheme))
        })
    }

    /// Checks the key, then the signature.
    pub(super) fn verify(
        self,
        key: &PublicKey,
        algorithms: Algorithms,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let kind = key.kind();
        if !self.scheme.takes(kind) {
            return Err(SignatureError::KeyKind { algorithm: self.name, kind });
        }
        check_bits(key, algorithms)?;
        match (key.verify(self.scheme, message, signature), kind) {
            (Verification::Verified, _) => Ok(()),
            (Verification::Mismatch, _) => Err(SignatureError::SignatureMismatch { algorithm: self.name }),
            (Verification::Refused, KeyKind::RsaPss) => Err(SignatureError::KeyRestricted { algorithm: self.name }),
            (Verification::Refused, _) => Err(SignatureError::Unavailable { algorithm: self.name }),
        }
    }
}

/// Curves are of one size each.
fn check_bits(key: &PublicKey, algorithms: Algorithms) -> Result<(), SignatureError> {
    let most = match key.kind() {
        KeyKind::Rsa | KeyKind::RsaPss => bounds::RSA_BITS_MAX,
        KeyKind::Dsa => bounds::DSA_BITS_MAX,
        _ => return Ok(()),
    };
    if let Some(bits) = key.exponent_bits().filter(|bits| *bits > bounds::RSA_EXPONENT_BITS_MAX) {
        return Err(SignatureError::LongExponent { bits });
    }
    let (bits, least) = (key.bits(), algorithms.key_bits_min());
    if (least..=most).contains(&bits) { Ok(()) } else { Err(SignatureError::WeakKey { bits, least, most }) }
}

/// An admitted digest algorithm.
#[derive(Debug, Clone, Copy)]
pub(super) struct DigestAlgorithm {
    pub(super) name: &'static str,
    pub(super) uri: &'static str,
    pub(super) hash: Hash,
    age: Age,
}

const fn digest(name: &'static str, uri: &'static str, hash: Hash) -> DigestAlgorithm {
    DigestAlgorithm { name, uri, hash, age: Age::Modern }
}

/// XML Encryption section 5.8 for SHA-256 and SHA-512; RFC 9231 section 2.1.3 for SHA-384 and 2.1.5 for SHA-3.
const DIGESTS: [DigestAlgorithm; 7] = [
    digest("sha256", "http://www.w3.org/2001/04/xmlenc#sha256", Hash::Sha256),
    digest("sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384", Hash::Sha384),
    digest("sha512", "http://www.w3.org/2001/04/xmlenc#sha512", Hash::Sha512),
    digest("sha3-256", "http://www.w3.org/2007/05/xmldsig-more#sha3-256", Hash::Sha3_256),
    digest("sha3-384", "http://www.w3.org/2007/05/xmldsig-more#sha3-384", Hash::Sha3_384),
    digest("sha3-512", "http://www.w3.org/2007/05/xmldsig-more#sha3-512", Hash::Sha3_512),
    DigestAlgorithm { name: "sha1", uri: "http://www.w3.org/2000/09/xmldsig#sha1", hash: Hash::Sha1, age: Age::Legacy },
];

impl DigestAlgorithm {
    pub(super) fn find(uri: &str, algorithms: Algorithms) -> Result<Self, SignatureError> {
        let admitted = DIGESTS.into_iter().find(|one| one.uri == uri && algorithms.admit(one.age));
        admitted.ok_or_else(|| outside("digest", uri))
    }

    /// The algorithm of new digests with this hash function.
    pub(super) fn for_signing(hash: Hash) -> Self {
        DIGESTS.into_iter().find(|one| one.hash == hash).expect("the table has every hash function")
    }
}

pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(super) const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const INCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments";
const INCLUSIVE_11: &str = "http://www.w3.org/2006/12/xml-c14n11";
const INCLUSIVE_11_WITH_COMMENTS: &str = "http://www.w3.org/2006/12/xml-c14n11#WithComments";
/// Also the namespace of InclusiveNamespaces.
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";

/// The canonicalisation of a name; an exclusive one comes without a prefix list.
pub(super) fn canonicalization(uri: &str) -> Result<(Canonicalization, Comments), SignatureError> {
    let exclusive = Canonicalization::Exclusive { prefixes: Vec::new() };
    match uri {
        INCLUSIVE => Ok((Canonicalization::Inclusive, Comments::Without)),
        INCLUSIVE_WITH_COMMENTS => Ok((Canonicalization::Inclusive, Comments::With)),
        INCLUSIVE_11 => Ok((Canonicalization::Inclusive11, Comments::Without)),
        INCLUSIVE_11_WITH_COMMENTS => Ok((Canonicalization::Inclusive11, Comments::With)),
        EXCLUSIVE => Ok((exclusive, Comments::Without)),
        EXCLUSIVE_WITH_COMMENTS => Ok((exclusive, Comments::With)),
        _ => Err(outside("canonicalization", uri)),
    }
}

/// Algorithms that other tools know and this profile refuses, each with the reason.
const REFUSED: [(&str, &str); 9] = [
    ("2007/05/xmldsig-more#rsa-pss", ": its parameters could name any hash function, use sha256-rsa-MGF1"),
    ("2007/05/xmldsig-more#sha1-rsa-MGF1", ": SHA-1 is broken, use sha256-rsa-MGF1"),
    ("2001/04/xmldsig-more#ecdsa-sha1", ": SHA-1 is broken, use ecdsa-sha256"),
    ("2001/04/xmldsig-more#rsa-md5", ": MD5 is broken, use rsa-sha256"),
    ("2009/xmldsig11#dsa-sha256", ": DSA is withdrawn (FIPS 186-5), use ecdsa-sha256"),
    ("2021/04/xmldsig-more#eddsa-ed448", ": few tools have Ed448, use eddsa-ed25519"),
    ("2021/04/xmldsig-more#eddsa-ed448ph", ": few tools have Ed448, use eddsa-ed25519"),
    ("2021/04/xmldsig-more#eddsa-ed25519ph", ": use eddsa-ed25519, which needs no context"),
    ("2021/04/xmldsig-more#eddsa-ed25519ctx", ": use eddsa-ed25519, which needs no context"),
];

fn outside(role: &'static str, uri: &str) -> SignatureError {
    let known = REFUSED.into_iter().find(|(name, _)| uri.strip_prefix("http://www.w3.org/") == Some(*name));
    let reason = known.map_or("", |(_, reason)| reason);
    SignatureError::Algorithm { role, uri: uri.chars().take(120).collect(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::samples;

    fn check(name: &str, algorithms: Algorithms, key: &PublicKey, signature: &[u8]) -> &'static str {
        let algorithm = SIGNATURES.into_iter().find(|one| one.name == name).expect("an algorithm");
        algorithm.verify(key, algorithms, b"message", signature).map_or_else(|error| error.rule(), |()| "verified")
    }

    #[test]
    fn a_weak_rsa_key_counts_for_archives_alone() {
        let key = samples::plain_rsa_key(1024);
        for (name, scheme) in
            [("rsa-sha256", Scheme::RsaPkcs1(Hash::Sha256)), ("sha256-rsa-MGF1", Scheme::RsaPss(Hash::Sha256))]
        {
            let signature = key.sign(scheme, b"message").expect("a signature");
            assert_eq!(check(name, Algorithms::Modern, key.certificate().key(), &signature), "weak-key");
            assert_eq!(check(name, Algorithms::Legacy, key.certificate().key(), &signature), "verified");
        }
    }

    #[test]
    fn a_tiny_rsa_key_counts_nowhere() {
        let key = samples::plain_rsa_key(768);
        let signature = key.sign(Scheme::RsaPkcs1(Hash::Sha256), b"message").expect("a signature");
        assert_eq!(check("rsa-sha256", Algorithms::Legacy, key.certificate().key(), &signature), "weak-key");
    }

    #[test]
    fn a_key_that_is_made_to_be_slow_signs_nothing() {
        let key = samples::slow_rsa_key();
        let signature = key.sign(Scheme::RsaPkcs1(Hash::Sha256), b"message").expect("a signature");
        assert_eq!(check("rsa-sha256", Algorithms::Legacy, key.certificate().key(), &signature), "weak-key");
    }

    #[test]
    fn dsa_values_are_two_numbers_of_equal_length() {
        let (certificate, value) = samples::dsa_signature(b"message");
        let key = certificate.key();
        assert_eq!(check("dsa-sha1", Algorithms::Legacy, key, &value), "verified");
        assert_eq!(check("dsa-sha1", Algorithms::Legacy, key, &value[1..]), "signature-mismatch");
        assert_eq!(check("dsa-sha1", Algorithms::Legacy, key, &vec![0; value.len()]), "signature-mismatch");
        let mut changed = value;
        changed[7] ^= 1;
        assert_eq!(check("dsa-sha1", Algorithms::Legacy, key, &changed), "signature-mismatch");
        assert_eq!(check("rsa-sha1", Algorithms::Legacy, key, &changed), "key-kind");
    }

    #[test]
    fn old_algorithms_are_found_for_archives_alone() {
        for uri in SIGNATURES.iter().filter(|one| one.age == Age::Legacy).map(|one| one.uri) {
            assert!(SignatureAlgorithm::find(uri, Algorithms::Legacy).is_ok());
            assert!(SignatureAlgorithm::find(uri, Algorithms::Modern).is_err());
        }
    }
}
