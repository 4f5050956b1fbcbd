//! Graphs as sets of N-Triples terms, equal up to the names of blank nodes.

use std::collections::{BTreeMap, BTreeSet};

use proto::rdf::{BlankNode, Subject, Term, Triple};

/// A set of triples; a blank node is a text that begins with `_:`.
pub(crate) type Graph = BTreeSet<[String; 3]>;

/// The graph of what our reader found.
pub(crate) fn of_triples(triples: &[Triple]) -> Graph {
    let blank = |node: BlankNode| format!("_:b{}", node.index());
    let row = |triple: &Triple| {
        let subject = match &triple.subject {
            Subject::Iri(iri) => format!("<{iri}>"),
            Subject::Blank(node) => blank(*node),
        };
        let object = match &triple.object {
            Term::Iri(iri) => format!("<{iri}>"),
            Term::Blank(node) => blank(*node),
            Term::Literal { value, language: Some(language), .. } => format!("{value:?}@{language}"),
            Term::Literal { value, datatype: Some(datatype), .. } => format!("{value:?}^^<{datatype}>"),
            Term::Literal { value, .. } => format!("{value:?}"),
        };
        [subject, format!("<{}>", triple.predicate), object]
    };
    triples.iter().map(row).collect()
}

/// The graph of an N-Triples text; a literal is written as Rust quotes it.
pub(crate) fn parse(text: &str) -> Graph {
    let is_triple = |line: &&str| !line.is_empty() && !line.starts_with('#');
    text.lines().map(str::trim).filter(is_triple).map(row).collect()
}

/// Whether a renaming of blank nodes makes `left` of `right`.
pub(crate) fn are_isomorphic(left: &Graph, right: &Graph) -> bool {
    let (ours, theirs) = (signatures(left), signatures(right));
    let unnamed: Vec<_> = ours.iter().collect();
    left.len() == right.len()
        && ours.len() == theirs.len()
        && assign(&unnamed, &theirs, &mut BTreeMap::new(), left, right)
}

type Signatures = BTreeMap<String, Vec<[String; 3]>>;

fn assign(
    unnamed: &[(&String, &Vec<[String; 3]>)],
    theirs: &Signatures,
    names: &mut BTreeMap<String, String>,
    left: &Graph,
    right: &Graph,
) -> bool {
    let Some(((node, signature), rest)) = unnamed.split_first() else {
        let renamed: Graph =
            left.iter().map(|row| row.clone().map(|term| names.get(&term).cloned().unwrap_or(term))).collect();
        return &renamed == right;
    };
    for (candidate, its_signature) in theirs {
        if *signature == its_signature && !names.values().any(|taken| taken == candidate) {
            names.insert((*node).clone(), candidate.clone());
            if assign(rest, theirs, names, left, right) {
                return true;
            }
            names.remove(*node);
        }
    }
    false
}

/// For each blank node the triples around it, itself as `_:self` and the others as `_:other`.
fn signatures(graph: &Graph) -> Signatures {
    let blanks: BTreeSet<_> = graph.iter().flatten().filter(|term| term.starts_with("_:")).cloned().collect();
    let around = |node: &String| {
        let rows = graph.iter().filter(|row| row.contains(node)).cloned();
        let mut rows: Vec<_> = rows.map(|row| row.map(|term| mask(term, node))).collect();
        rows.sort();
        rows
    };
    blanks.iter().map(|node| (node.clone(), around(node))).collect()
}

fn mask(term: String, node: &String) -> String {
    match &term {
        same if same == node => "_:self".to_owned(),
        other if other.starts_with("_:") => "_:other".to_owned(),
        _ => term,
    }
}

fn row(line: &str) -> [String; 3] {
    let (subject, rest) = term(line);
    let (predicate, rest) = term(rest);
    let (object, rest) = term(rest);
    assert_eq!(rest.trim(), ".", "{line}");
    [subject, predicate, object]
}

fn term(text: &str) -> (String, &str) {
    let text = text.trim_start();
    if text.starts_with('"') {
        return literal(text);
    }
    let end = text.find([' ', '\t']).expect("a term ends at a blank");
    (unescape(&text[..end]), &text[end..])
}

fn literal(text: &str) -> (String, &str) {
    let mut is_escaped = false;
    let ends = |character: char| {
        let ends = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends
    };
    let end = text[1..].find(ends).expect("a literal ends with a quote") + 2;
    let suffix_end = text[end..].find([' ', '\t']).expect("a term ends at a blank") + end;
    let value = unescape(&text[1..end - 1]);
    (format!("{value:?}{}", unescape(&text[end..suffix_end])), &text[suffix_end..])
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { None };
        out.push(match escaped {
            None => character,
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('u') => code_point(characters.by_ref().take(4).collect()),
            Some('U') => code_point(characters.by_ref().take(8).collect()),
            Some(other) => other,
        });
    }
    out
}

fn code_point(digits: String) -> char {
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).expect("an escape names a character")
}
