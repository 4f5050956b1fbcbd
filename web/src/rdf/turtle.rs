//! Turtle (W3C Recommendation "RDF 1.1 Turtle").

use std::fmt::Write as _;

use proto::rdf::{Subject, Term, Triple};
use proto::vocabulary::{DCTERMS, RDF, SLREQ, SLTERMS, XSD};

const PREFIXES: [(&str, &str); 5] =
    [("rdf", RDF), ("dcterms", DCTERMS), ("slreq", SLREQ), ("slterms", SLTERMS), ("xsd", XSD)];

/// The triples under their subjects, in document order.
pub(crate) fn write(triples: &[Triple]) -> String {
    let mut turtle = String::new();
    for (prefix, namespace) in PREFIXES {
        push(&mut turtle, format_args!("@prefix {prefix}: <{namespace}> .\n"));
    }
    let mut subjects: Vec<&Subject> = Vec::new();
    for triple in triples {
        if !subjects.contains(&&triple.subject) {
            subjects.push(&triple.subject);
        }
    }
    for subject in subjects {
        let about = triples.iter().filter(|triple| triple.subject == *subject);
        let lines = about.map(|triple| format!("    {} {}", iri(&triple.predicate), term(&triple.object)));
        push(&mut turtle, format_args!("\n{}\n{} .\n", name(subject), lines.collect::<Vec<_>>().join(" ;\n")));
    }
    turtle
}

fn push(turtle: &mut String, text: std::fmt::Arguments<'_>) {
    turtle.write_fmt(text).expect("writing to a string succeeds");
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Iri(text) => iri(text),
        Subject::Blank(node) => format!("_:b{}", node.index()),
    }
}

fn term(term: &Term) -> String {
    match term {
        Term::Iri(text) => iri(text),
        Term::Blank(node) => format!("_:b{}", node.index()),
        Term::Literal { value, language, datatype } => {
            let quoted = quote(value);
            match (language.as_deref().filter(|tag| is_language(tag)), datatype) {
                (Some(tag), _) => format!("{quoted}@{tag}"),
                (None, Some(datatype)) => format!("{quoted}^^{}", iri(datatype)),
                (None, None) => quoted,
            }
        }
    }
}

/// Only tags of the grammar's shape (LANGTAG) can be written.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphabetic());
    let is_mixed = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    parts.next().is_some_and(is_word) && parts.all(is_mixed)
}

fn iri(text: &str) -> String {
    let is_plain = |local: &str| {
        local.starts_with(|c: char| c.is_ascii_alphabetic())
            && local.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let short = PREFIXES.iter().find_map(|(prefix, namespace)| {
        let local = text.strip_prefix(namespace).filter(|local| is_plain(local))?;
        Some(format!("{prefix}:{local}"))
    });
    short.unwrap_or_else(|| escape(text, '<', '>', |c| c <= ' ' || "<>\"{}|^`\\".contains(c)))
}

fn quote(text: &str) -> String {
    escape(text, '"', '"', |c| c.is_control() || "\"\\".contains(c))
}

/// The text between two signs, with the characters that must not stand there as `\uXXXX`.
fn escape(text: &str, open: char, close: char, must_be_escaped: impl Fn(char) -> bool) -> String {
    let mut escaped = String::from(open);
    for character in text.chars() {
        if must_be_escaped(character) {
            push(&mut escaped, format_args!("\\u{:04X}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped.push(close);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(value: &str, language: Option<&str>, datatype: Option<&str>) -> Term {
        Term::Literal {
            value: value.to_owned(),
            language: language.map(str::to_owned),
            datatype: datatype.map(str::to_owned),
        }
    }

    #[test]
    fn what_could_end_a_literal_is_escaped() {
        assert_eq!(term(&literal("a\"\\\nb'é", None, None)), "\"a\\u0022\\u005C\\u000Ab'é\"");
    }

    #[test]
    fn what_could_end_an_iri_is_escaped() {
        assert_eq!(iri("http://a/> <b>"), "<http://a/\\u003E\\u0020\\u003Cb\\u003E>");
    }

    #[test]
    fn known_names_are_short_and_others_are_whole() {
        assert_eq!(iri("http://mp.stratuslab.eu/slterms#os-arch"), "slterms:os-arch");
        assert_eq!(iri("http://mp.stratuslab.eu/slterms#a.b"), "<http://mp.stratuslab.eu/slterms#a.b>");
    }

    #[test]
    fn languages_and_datatypes_follow_the_text() {
        assert_eq!(term(&literal("x", Some("en-GB"), None)), "\"x\"@en-GB");
        assert_eq!(term(&literal("x", Some("en . <a> <b> <c>"), None)), "\"x\"");
        assert_eq!(term(&literal("1", None, Some("http://www.w3.org/2001/XMLSchema#integer"))), "\"1\"^^xsd:integer");
    }

    #[test]
    fn the_triples_of_a_subject_stand_together() {
        let triple = |predicate: &str| Triple {
            subject: Subject::Iri("http://mp.stratuslab.eu/#x".to_owned()),
            predicate: format!("{DCTERMS}{predicate}"),
            object: literal("v", None, None),
        };
        let turtle = write(&[triple("title"), triple("type")]);
        let expected = "\n<http://mp.stratuslab.eu/#x>\n    dcterms:title \"v\" ;\n    dcterms:type \"v\" .\n";
        assert!(turtle.ends_with(expected), "{turtle}");
    }
}
