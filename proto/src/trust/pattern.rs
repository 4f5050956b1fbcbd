//! Patterns by which an operator names endorsers.

use std::fmt;
use std::str::FromStr;

use super::name::DistinguishedName;
use crate::digest::Sha256Digest;
use crate::email::Email;

/// Endorsers by their address, its domain, their subject or their key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndorserPattern {
    /// Whoever claims this address.
    Email(Email),
    /// Whoever claims an address of this very domain, written here in lower case.
    Domain(String),
    /// Whose certificate has this subject.
    Subject(DistinguishedName),
    /// Who signs with this key, by the digest of its SubjectPublicKeyInfo.
    Key(Sha256Digest),
}

/// What patterns look at.
#[derive(Debug, Clone, Copy)]
pub struct Endorser<'a> {
    /// The address that the document claims.
    pub email: &'a Email,
    /// The subject of the certificate, as documents carry it.
    pub subject: &'a str,
    /// The digest of the key's SubjectPublicKeyInfo.
    pub key: Sha256Digest,
}

/// The text is no pattern of endorsers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no endorsers; write an e-mail address, @ and a domain, a subject such as CN=Jane,O=Grid,C=UK or \
     /C=UK/O=Grid/CN=Jane, or sha256: and the 64 hexadecimal digits of a key"
)]
pub struct NotAPattern(String);

impl EndorserPattern {
    /// Whether the endorser is one of those. Domains are compared without regard to case, all else as it is written.
    #[must_use]
    pub fn matches(&self, endorser: &Endorser<'_>) -> bool {
        match self {
            Self::Email(email) => {
                let (wanted, given) = (email.as_str().split_once('@'), endorser.email.as_str().split_once('@'));
                wanted.zip(given).is_some_and(|((wanted, its_domain), (given, domain))| {
                    wanted == given && its_domain.eq_ignore_ascii_case(domain)
                })
            }
            Self::Domain(wanted) => {
                let domain = endorser.email.as_str().split_once('@').map(|(_, domain)| domain);
                domain.is_some_and(|domain| domain.eq_ignore_ascii_case(wanted))
            }
            Self::Subject(name) => endorser.subject.parse().is_ok_and(|subject: DistinguishedName| subject == *name),
            Self::Key(key) => *key == endorser.key,
        }
    }
}

impl fmt::Display for EndorserPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => email.fmt(formatter),
            Self::Domain(domain) => write!(formatter, "@{domain}"),
            Self::Subject(name) => name.fmt(formatter),
            Self::Key(key) => write!(formatter, "sha256:{key}"),
        }
    }
}

impl FromStr for EndorserPattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let refused = || NotAPattern(text.chars().take(200).collect());
        if let Some(digits) = text.strip_prefix("sha256:") {
            return digits.parse().map(Self::Key).map_err(|_| refused());
        }
        if let Some(domain) = text.strip_prefix('@') {
            // A domain is what can follow the sign in an address.
            let is_domain = format!("a@{domain}").parse::<Email>().is_ok();
            return is_domain.then(|| Self::Domain(domain.to_ascii_lowercase())).ok_or_else(refused);
        }
        match text.contains('=') {
            true => text.parse().map(Self::Subject).map_err(|_| refused()),
            false => text.parse().map(Self::Email).map_err(|_| refused()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "CN=Jane,O=Grid,C=UK";

    fn matches(pattern: &str) -> bool {
        let email = "jane@Example.org".parse().expect("an address");
        let endorser = Endorser { email: &email, subject: SUBJECT, key: Sha256Digest::of(b"key") };
        pattern.parse::<EndorserPattern>().expect("a pattern").matches(&endorser)
    }

    #[test]
    fn an_endorser_is_found_by_address_domain_subject_and_key() {
        let key = format!("sha256:{}", Sha256Digest::of(b"key"));
        let patterns = ["jane@example.org", "@example.ORG", SUBJECT, "/C=UK/O=Grid/CN=Jane", &key];
        for pattern in patterns {
            assert!(matches(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_is_only_alike_is_not_found() {
        let key = format!("sha256:{}", Sha256Digest::of(b"other"));
        for pattern in ["Jane@example.org", "@mail.example.org", "@ample.org", "@org", "CN=Jane,O=Grid", &key] {
            assert!(!matches(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_survives_its_own_text() {
        for text in
            ["jane@example.org", "@example.org", SUBJECT, "/C=UK/CN=a/b", &format!("sha256:{}", "ab".repeat(32))]
        {
            let pattern: EndorserPattern = text.parse().expect("a pattern");
            assert_eq!(pattern.to_string().parse(), Ok(pattern), "{text}");
        }
    }

    #[test]
    fn what_names_nobody_is_refused_with_what_would() {
        for text in ["", "nobody", "@", "@a b", "sha256:ab", "X=1", "a@b@c", "*@example.org"] {
            let error = text.parse::<EndorserPattern>().expect_err("it names nobody");
            assert!(error.to_string().contains("write an e-mail address"), "{text}");
        }
    }
}
