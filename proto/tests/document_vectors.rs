//! Every rule of documents against its vectors: `passes/{rule}--{what}.xml` and `fails/{rule}--{what}.xml`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proto::document::{Document, Rule, Strength, check_draft};

/// A vector: the rule that its name begins with, its name, its bytes.
struct Vector {
    rule: Rule,
    name: String,
    bytes: Vec<u8>,
}

#[test]
fn every_passing_vector_is_accepted_at_the_strength_of_its_rule() {
    for vector in vectors("passes") {
        let read = Document::read(&vector.bytes, vector.rule.strength());
        assert!(read.is_ok(), "{}: {:?}", vector.name, read.err());
    }
}

#[test]
fn every_failing_vector_is_refused_with_exactly_its_rule() {
    let refusal = |vector: &Vector| Document::read(&vector.bytes, vector.rule.strength()).err();
    let is_other = |vector: &Vector| refusal(vector).map(|violation| violation.rule) != Some(vector.rule);
    let others: Vec<_> = vectors("fails").into_iter().filter(is_other).collect();
    let shown: Vec<_> = others.iter().map(|vector| (&vector.name, refusal(vector))).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

#[test]
fn what_the_server_refuses_is_refused_strictly_with_the_same_rule() {
    for vector in vectors("fails").into_iter().filter(|vector| vector.rule.strength() == Strength::Server) {
        let refusal = Document::read(&vector.bytes, Strength::Strict).err();
        assert_eq!(refusal.map(|violation| violation.rule), Some(vector.rule), "{}", vector.name);
    }
}

#[test]
fn what_only_the_schema_refuses_is_accepted_by_the_server() {
    for vector in vectors("fails").into_iter().filter(|vector| vector.rule.strength() == Strength::Strict) {
        let read = Document::read(&vector.bytes, Strength::Server);
        assert!(read.is_ok(), "{}: {:?}", vector.name, read.err());
    }
}

#[test]
fn every_rule_has_a_passing_and_a_failing_vector() {
    for folder in ["passes", "fails"] {
        let covered: BTreeSet<_> = vectors(folder).into_iter().map(|vector| vector.rule).collect();
        let missing: Vec<_> = Rule::ALL.iter().filter(|rule| !covered.contains(rule)).collect();
        assert!(missing.is_empty(), "{folder}: {missing:?}");
    }
}

#[test]
fn every_file_of_the_vectors_is_read_by_a_test() {
    let folders: BTreeSet<_> = names("").into_iter().collect();
    assert_eq!(folders, BTreeSet::from(["drafts", "fails", "passes"].map(str::to_owned)));
    for folder in folders {
        assert!(names(&folder).iter().all(|name| name.ends_with(".xml")), "{folder}");
    }
}

#[test]
fn a_draft_is_accepted_unsigned_and_refused_as_a_document() {
    for name in names("drafts") {
        let bytes = fs::read(path("drafts").join(&name)).expect("a listed vector");
        assert_eq!(check_draft(&bytes, Strength::Strict), Ok(()), "{name}");
        assert!(Document::read(&bytes, Strength::Server).is_err(), "{name}");
    }
}

#[test]
fn a_document_cut_at_any_byte_is_refused_without_a_panic() {
    for vector in vectors("passes").into_iter().take(8) {
        let end = vector.bytes.windows(10).position(|window| window == b"</rdf:RDF>").unwrap_or(0);
        for cut in 0..end {
            assert!(Document::read(&vector.bytes[..cut], Strength::Server).is_err(), "{} at {cut}", vector.name);
        }
    }
}

fn vectors(folder: &str) -> Vec<Vector> {
    let vector = |name: String| {
        let stem = name.split("--").next().unwrap_or_default();
        let rule = Rule::ALL.iter().find(|rule| rule.name() == stem);
        let bytes = fs::read(path(folder).join(&name)).expect("a listed vector");
        Vector { rule: *rule.unwrap_or_else(|| panic!("{name} begins with no rule")), name, bytes }
    };
    names(folder).into_iter().map(vector).collect()
}

fn names(folder: &str) -> Vec<String> {
    let listed = fs::read_dir(path(folder)).expect("the vectors are part of the repository");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("a listed file").file_name().into_string();
    let mut names: Vec<_> = listed.map(|entry| name(entry).expect("names are ASCII")).collect();
    names.sort();
    names
}

fn path(folder: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/documents").join(folder)
}
