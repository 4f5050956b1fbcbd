//! Checksums of image contents as documents state them.

use std::fmt;
use std::str::FromStr;

/// A hash function that documents name; the texts are exact (docs/original.md rule K4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChecksumAlgorithm {
    /// `MD5`.
    Md5,
    /// `SHA-1`, the one every document has.
    Sha1,
    /// `SHA-256`.
    Sha256,
    /// `SHA-512`.
    Sha512,
    /// Any other name: kept, never computed.
    Other(String),
}

/// One checksum of an image: the algorithm and the value in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checksum {
    algorithm: ChecksumAlgorithm,
    value: String,
}

/// The value is not made of hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {algorithm} value {value:?} is not hexadecimal")]
pub struct NotAChecksum {
    algorithm: ChecksumAlgorithm,
    value: String,
}

impl ChecksumAlgorithm {
    /// The name as documents write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for ChecksumAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl From<&str> for ChecksumAlgorithm {
    fn from(name: &str) -> Self {
        match name {
            "MD5" => Self::Md5,
            "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-512" => Self::Sha512,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Checksum {
    /// A checksum from the texts of a document; the digits may be of either case.
    pub fn new(algorithm: ChecksumAlgorithm, value: &str) -> Result<Self, NotAChecksum> {
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAChecksum { algorithm, value: value.chars().take(160).collect() });
        }
        Ok(Self { algorithm, value: value.to_ascii_lowercase() })
    }

    /// What it was computed with.
    #[must_use]
    pub const fn algorithm(&self) -> &ChecksumAlgorithm {
        &self.algorithm
    }

    /// Lower-case hexadecimal digits.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.algorithm, self.value)
    }
}

/// Parses the form that [`Checksum`] displays, `SHA-256:9f86…`, also with a name of the four as people write it:
/// `sha256`, `Sha-256`.
impl FromStr for Checksum {
    type Err = NotAChecksum;

    fn from_str(text: &str) -> Result<Self, NotAChecksum> {
        let (algorithm, value) = text.split_once(':').unwrap_or(("", text));
        let folded = algorithm.replace(['-', '_'], "").to_ascii_uppercase();
        let known = match folded.as_str() {
            "MD5" => ChecksumAlgorithm::Md5,
            "SHA1" => ChecksumAlgorithm::Sha1,
            "SHA256" => ChecksumAlgorithm::Sha256,
            "SHA512" => ChecksumAlgorithm::Sha512,
            _ => algorithm.into(),
        };
        Self::new(known, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_survives_its_own_text() {
        let checksum = Checksum::new(ChecksumAlgorithm::Sha1, "C319BB").expect("hexadecimal");
        assert_eq!(checksum.to_string(), "SHA-1:c319bb");
        assert_eq!("SHA-1:c319bb".parse(), Ok(checksum));
    }

    #[test]
    fn an_operators_spelling_of_an_algorithm_is_understood() {
        let denied: Checksum = "SHA-256:ab12".parse().expect("a checksum");
        for text in ["sha256:AB12", "Sha-256:ab12", "SHA_256:aB12"] {
            assert_eq!(text.parse(), Ok(denied.clone()), "{text}");
        }
        assert_eq!("SHA3-256:ab".parse::<Checksum>().map(|sum| sum.to_string()).as_deref(), Ok("SHA3-256:ab"));
    }

    #[test]
    fn a_value_that_is_not_hexadecimal_is_refused() {
        for value in ["", "XYZ", "+1", "0x10", " 10"] {
            assert!(Checksum::new(ChecksumAlgorithm::Md5, value).is_err(), "{value}");
        }
    }
}
