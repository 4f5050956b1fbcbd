//! Which names RDF/XML gives a meaning, and where they may not stand (RDF 1.1 XML Syntax section 5.1).

use super::error::RdfError;
use crate::vocabulary::RDF;
use crate::xml::Name;

/// `coreSyntaxTerms`, the names of the syntax itself, but for `rdf:RDF`'s place as root.
const CORE_SYNTAX: [&str; 7] = ["RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype"];

/// `oldTerms`, withdrawn from the language.
const OLD: [&str; 3] = ["aboutEach", "aboutEachPrefix", "bagID"];

/// Where a name stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    NodeElement,
    PropertyElement,
    PropertyAttribute,
}

/// The IRI of `name`, if it may stand at `place`.
pub(super) fn iri(name: &Name<'_>, place: Place) -> Result<String, RdfError> {
    if name.namespace.is_empty() {
        return Err(RdfError::NoNamespace(name.into()));
    }
    if name.namespace == RDF && is_forbidden(&name.local, place) {
        return Err(RdfError::ForbiddenName(name.into()));
    }
    let iri = format!("{}{}", name.namespace, name.local);
    match oxiri::Iri::parse(iri.as_str()) {
        Ok(_) => Ok(iri),
        Err(_) => Err(RdfError::NotAnIri(iri.as_str().into())),
    }
}

fn is_forbidden(local: &str, place: Place) -> bool {
    let of_syntax = CORE_SYNTAX.contains(&local) || OLD.contains(&local);
    match place {
        Place::NodeElement => of_syntax || local == "li",
        Place::PropertyElement => of_syntax || local == "Description",
        Place::PropertyAttribute => of_syntax || local == "Description" || local == "li",
    }
}

/// Whether `text` is an NCName (Namespaces in XML 1.0, production 4).
pub(super) fn is_ncname(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

fn starts_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(character: char) -> bool {
    starts_name(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether `text` has the form of a language tag: parts of one to eight letters or digits, the first of letters.
pub(super) fn is_language(text: &str) -> bool {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = text.split('-').next().unwrap_or_default();
    text.len() <= LANGUAGE_BYTES_MAX
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && text.split('-').all(is_part)
}

/// Longest language tag; RFC 5646 section 4.4.1 wants room for 35, and each literal repeats it.
const LANGUAGE_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_colon_or_a_leading_digit_is_no_ncname() {
        for text in ["", "1a", "a:b", "-a", "a b", ".a", "\u{B7}a"] {
            assert!(!is_ncname(text), "{text}");
        }
        for text in ["a", "_", "a1", "é", "a-b.c", "a\u{B7}"] {
            assert!(is_ncname(text), "{text}");
        }
    }

    #[test]
    fn a_language_tag_has_parts_of_one_to_eight() {
        for text in ["", "-", "en-", "1n", "en_GB", "abcdefghi"] {
            assert!(!is_language(text), "{text}");
        }
        for text in ["en", "EN-gb", "x-klingon", "zh-Hant-TW", "de-1996"] {
            assert!(is_language(text), "{text}");
        }
    }
}
