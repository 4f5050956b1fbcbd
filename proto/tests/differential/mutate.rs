//! Ways to change a document, each small; a mutant has a few of them, one upon the other.

mod bytes;
mod content;
mod markup;
mod namespaces;
mod signature;
mod structure;

use super::keys::Keys;
use super::make::Original;
use super::random::Random;

/// What mutations may take parts from.
pub(crate) struct Materials<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) originals: &'a [Original],
}

/// How a mutation works; the answer is `None` where the document has no place for it.
#[derive(Clone, Copy)]
enum Way {
    Text(fn(&mut Random, &str) -> Option<String>),
    With(fn(&mut Random, &str, &Materials<'_>) -> Option<String>),
    Bytes(fn(&mut Random, &[u8]) -> Option<Vec<u8>>),
}

/// A mutation and the name that reports and counts have for it.
type Mutation = (&'static str, Way);

/// The families, each chosen as often as another, whatever its size; the neutral ones stand twice
/// or more, so that much is still accepted.
const FAMILIES: [&[Mutation]; 14] = [
    markup::MUTATIONS,
    markup::NEUTRAL,
    namespaces::MUTATIONS,
    namespaces::NEUTRAL,
    content::MUTATIONS,
    content::NEUTRAL,
    content::NEUTRAL,
    structure::MUTATIONS,
    signature::MUTATIONS,
    signature::NEUTRAL,
    markup::NEUTRAL,
    content::NEUTRAL,
    signature::NEUTRAL,
    bytes::MUTATIONS,
];

/// The families that change what is signed and leave the signature alone.
const CONTENT_FAMILIES: [&[Mutation]; 6] = [
    markup::MUTATIONS,
    markup::NEUTRAL,
    namespaces::MUTATIONS,
    namespaces::NEUTRAL,
    content::MUTATIONS,
    content::NEUTRAL,
];

/// Every name, for the count of what was tried.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.into_iter().flatten().map(|(name, _)| *name)
}

/// Changes a document in a few ways; the names of those that found a place.
pub(crate) fn mutate(random: &mut Random, document: &str, materials: &Materials<'_>) -> (Vec<u8>, Vec<&'static str>) {
    let count = random.pick([1, 1, 1, 1, 2, 2, 3, 5]);
    apply(random, document, materials, &FAMILIES, count)
}

/// Changes a document that is to be signed afterwards.
pub(crate) fn mutate_content(
    random: &mut Random,
    document: &str,
    materials: &Materials<'_>,
) -> (Vec<u8>, Vec<&'static str>) {
    let count = random.pick([1, 1, 2, 3]);
    apply(random, document, materials, &CONTENT_FAMILIES, count)
}

fn apply(
    random: &mut Random,
    document: &str,
    materials: &Materials<'_>,
    families: &[&[Mutation]],
    count: usize,
) -> (Vec<u8>, Vec<&'static str>) {
    let mut bytes = document.as_bytes().to_vec();
    let mut names = Vec::new();
    for _ in 0..count {
        let Some((name, way)) = random.one(families).and_then(|family| random.one(family)) else { break };
        let changed = match (way, std::str::from_utf8(&bytes)) {
            (Way::Text(change), Ok(text)) => change(random, text).map(String::into_bytes),
            (Way::With(change), Ok(text)) => change(random, text, materials).map(String::into_bytes),
            (Way::Bytes(change), _) => change(random, &bytes),
            (_, Err(_)) => None,
        };
        if let Some(changed) = changed {
            bytes = changed;
            names.push(*name);
        }
    }
    (bytes, names)
}
