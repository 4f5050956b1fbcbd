//! The triples of a document by subject and property.

use std::collections::BTreeMap;

use super::rule::{Rule, Violation};
use crate::rdf::{Subject, Term, Triple};

/// The triples of a document, to look things up in; values keep their document order.
#[derive(Debug)]
pub(super) struct Properties<'a> {
    values: BTreeMap<&'a Subject, BTreeMap<&'a str, Vec<&'a Term>>>,
}

/// One property of the vocabulary: what messages call it, its namespace and its local name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Property {
    pub(super) prefix: &'static str,
    pub(super) namespace: &'static str,
    pub(super) local: &'static str,
}

impl<'a> Properties<'a> {
    pub(super) fn of(triples: &'a [Triple]) -> Self {
        let mut values = BTreeMap::<_, BTreeMap<_, Vec<_>>>::new();
        for triple in triples {
            let of_subject = values.entry(&triple.subject).or_default();
            of_subject.entry(triple.predicate.as_str()).or_default().push(&triple.object);
        }
        Self { values }
    }

    /// All values of `property` of `subject`.
    pub(super) fn all(&self, subject: &Subject, property: Property) -> &[&'a Term] {
        let iri = format!("{}{}", property.namespace, property.local);
        self.values.get(subject).and_then(|of_subject| of_subject.get(iri.as_str())).map_or(&[], Vec::as_slice)
    }

    /// The value of `property`, of which there must be exactly one, by `rule`.
    pub(super) fn one(&self, subject: &Subject, property: Property, rule: Rule) -> Result<&'a Term, Violation> {
        match self.all(subject, property) {
            [only] => Ok(only),
            others => Err(Violation::new(rule, format_args!("exactly 1 {property} is required, not {}", others.len()))),
        }
    }

    /// The value of `property`, of which there may be one, by `rule`.
    pub(super) fn at_most_one(
        &self,
        subject: &Subject,
        property: Property,
        rule: Rule,
    ) -> Result<Option<&'a Term>, Violation> {
        match self.all(subject, property) {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            others => Err(Violation::new(rule, format_args!("at most 1 {property} is allowed, not {}", others.len()))),
        }
    }

    /// The first text of `property`; an empty one is none.
    pub(super) fn text(&self, subject: &Subject, property: Property) -> Option<String> {
        self.texts(subject, property).into_iter().next()
    }

    /// All texts of `property`, and IRIs, which say the same to readers; empty ones are none.
    pub(super) fn texts(&self, subject: &Subject, property: Property) -> Vec<String> {
        let texts = self.all(subject, property).iter().filter_map(|term| text_of(term));
        texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
    }

    /// All values of `property` that are numbers of type `N`.
    pub(super) fn numbers<N: std::str::FromStr>(&self, subject: &Subject, property: Property) -> Vec<N> {
        self.texts(subject, property).iter().filter_map(|text| number(text)).collect()
    }
}

impl std::fmt::Display for Property {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.prefix, self.local)
    }
}

/// The text of a literal or an IRI.
pub(super) fn text_of(term: &Term) -> Option<&str> {
    match term {
        Term::Literal { value, .. } => Some(value),
        Term::Iri(iri) => Some(iri),
        Term::Blank(_) => None,
    }
}

/// The text of a literal.
pub(super) fn literal_of(term: &Term) -> Option<&str> {
    match term {
        Term::Literal { value, .. } => Some(value),
        Term::Iri(_) | Term::Blank(_) => None,
    }
}

/// The term as the subject of other triples.
pub(super) fn subject_of(term: &Term) -> Option<Subject> {
    match term {
        Term::Blank(node) => Some(Subject::Blank(*node)),
        Term::Iri(iri) => Some(Subject::Iri(iri.clone())),
        Term::Literal { .. } => None,
    }
}

/// A number that is not negative, as XML Schema writes it (part 2, 3.3.20): blanks around, a sign, leading zeros.
pub(super) fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    digits(text)?.parse().ok()
}

/// The digits of a number that is not negative, as XML Schema writes it.
pub(super) fn digits(text: &str) -> Option<&str> {
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    let digits = match trimmed.strip_prefix('-') {
        Some(zeros) if zeros.bytes().all(|byte| byte == b'0') => zeros,
        Some(_) => return None,
        None => trimmed.strip_prefix('+').unwrap_or(trimmed),
    };
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_xml_schema_writes_it() {
        let numbers = [("0", 0), (" 007\n", 7), ("+5", 5), ("-0", 0), ("18446744073709551615", u64::MAX)];
        for (text, value) in numbers {
            assert_eq!(number::<u64>(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_negative_fractional_or_too_large_is_no_number() {
        for text in ["", "-1", "+-1", "1.0", "1 0", "0x1", "18446744073709551616", "-", "+", "١"] {
            assert_eq!(number::<u64>(text), None, "{text}");
        }
    }
}
