//! Whether this machine's OpenSSL verifies what the profile admits: a distribution's crypto policy may forbid some.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::{PublicKey, Verification};

use super::algorithm::{SIGNATURES, SignatureAlgorithm};

/// One signature at least of each algorithm over [`MESSAGE`], made with the openssl command: lines of `key`, its name
/// and its SubjectPublicKeyInfo, and lines of the algorithm, the key's name and the signature value.
const KNOWN_ANSWERS: &str = include_str!("self_test/known_answers.txt");
const MESSAGE: &[u8] = b"marketplace";

/// The algorithms of the profile, the legacy ones included, that this machine cannot verify, by their short names; none
/// on most machines. It costs a few milliseconds.
#[must_use]
pub fn self_test() -> Vec<&'static str> {
    unverified(KNOWN_ANSWERS)
}

fn unverified(answers: &str) -> Vec<&'static str> {
    let is_unverified = |algorithm: &SignatureAlgorithm| !is_verified(*algorithm, answers);
    SIGNATURES.iter().filter(|algorithm| is_unverified(algorithm)).map(|algorithm| algorithm.name).collect()
}

/// Whether there are answers for the algorithm, and all of them verify.
fn is_verified(algorithm: SignatureAlgorithm, answers: &str) -> bool {
    let mut own = lines(answers).filter(|[name, _, _]| *name == algorithm.name).peekable();
    let verifies = |[_, key, value]: [&str; 3]| {
        let keys = |[kind, name, _]: &[&str; 3]| *kind == "key" && *name == key;
        let key = lines(answers).find(keys).and_then(|[_, _, der]| PublicKey::from_der(&STANDARD.decode(der).ok()?));
        let value = STANDARD.decode(value).unwrap_or_default();
        key.is_some_and(|key| key.verify(algorithm.scheme, MESSAGE, &value) == Verification::Verified)
    };
    own.peek().is_some() && own.all(verifies)
}

fn lines(answers: &str) -> impl Iterator<Item = [&str; 3]> {
    answers.lines().filter_map(|line| <[&str; 3]>::try_from(line.split(' ').collect::<Vec<_>>()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_verifies_every_algorithm() {
        assert_eq!(self_test(), Vec::<&str>::new());
    }

    #[test]
    fn an_answer_that_does_not_verify_names_its_algorithm() {
        for line in KNOWN_ANSWERS.lines().filter(|line| !line.starts_with("key ")) {
            let (algorithm, _) = line.split_once(' ').expect("three words");
            let (before, value) = line.rsplit_once(' ').expect("three words");
            let reversed: String = value.trim_end_matches('=').chars().rev().collect();
            let padding = &value[reversed.len()..];
            let changed = KNOWN_ANSWERS.replace(line, &format!("{before} {reversed}{padding}"));
            assert_eq!(unverified(&changed), [algorithm]);
        }
    }

    #[test]
    fn an_algorithm_without_an_answer_counts_as_not_verified() {
        assert_eq!(unverified("").len(), SIGNATURES.len());
    }
}
