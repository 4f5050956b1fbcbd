//! The hash functions that signatures name.

use openssl::hash::MessageDigest;
use openssl::md::{Md, MdRef};
use openssl::sha;
use sha3::{Digest as _, Sha3_256, Sha3_384, Sha3_512};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// SHA-1; only archives and old tools use it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-384.
    Sha3_384,
    /// SHA3-512.
    Sha3_512,
}

impl Hash {
    /// The digest of `bytes`.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => sha::sha1(bytes).to_vec(),
            Self::Sha256 => sha256(&[bytes]).to_vec(),
            Self::Sha384 => sha::sha384(bytes).to_vec(),
            Self::Sha512 => sha::sha512(bytes).to_vec(),
            Self::Sha3_256 => Sha3_256::digest(bytes).to_vec(),
            Self::Sha3_384 => Sha3_384::digest(bytes).to_vec(),
            Self::Sha3_512 => Sha3_512::digest(bytes).to_vec(),
        }
    }

    pub(super) fn openssl_md(self) -> &'static MdRef {
        match self {
            Self::Sha1 => Md::sha1(),
            Self::Sha256 => Md::sha256(),
            Self::Sha384 => Md::sha384(),
            Self::Sha512 => Md::sha512(),
            Self::Sha3_256 => Md::sha3_256(),
            Self::Sha3_384 => Md::sha3_384(),
            Self::Sha3_512 => Md::sha3_512(),
        }
    }

    pub(super) fn openssl(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
            Self::Sha3_256 => MessageDigest::sha3_256(),
            Self::Sha3_384 => MessageDigest::sha3_384(),
            Self::Sha3_512 => MessageDigest::sha3_512(),
        }
    }
}

/// SHA-256 of the concatenation of `parts`. By OpenSSL, which without the processor's SHA instructions is twice as fast
/// as sha2, and every entry is digested three times. By its functions for parts, for that for a whole message looks the
/// algorithm up by its name, which takes OpenSSL 3.0 1 µs each time.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = sha::Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}
