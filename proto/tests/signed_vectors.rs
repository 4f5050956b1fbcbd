//! Every rule of signatures against its vectors: `passes/{rule}--{what}.xml` and `fails/{rule}--{what}.xml`, signed
//! with xmlsec1 by keys that were thrown away.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proto::bounds;
use proto::endorsed::Endorsed;
use proto::signature::{Algorithms, SignatureRule, verify};
use proto::xml::{XmlError, parse};

const ENDORSER: &str = "endorser-inconsistent";
/// Rules whose vectors would fill the repository, or depend on the machine.
const WITHOUT_VECTORS: [&str; 2] = ["document-size", "algorithm-unavailable"];

/// A vector: the rule that its name begins with, its name, its bytes.
struct Vector {
    rule: String,
    name: String,
    bytes: Vec<u8>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let listed = fs::read_dir(folder).expect("the vectors are part of the repository");
    listed.map(|entry| entry.expect("a listed file").file_name().into_string().expect("names are ASCII")).collect()
}

fn vectors(kind: &str) -> Vec<Vector> {
    let folder = folder("signed").join(kind);
    let vector = |name: String| {
        let (rule, _) = name.split_once("--").unwrap_or_else(|| panic!("{name} begins with no rule"));
        assert!(name.ends_with(".xml"), "{name}");
        Vector { rule: rule.to_owned(), bytes: fs::read(folder.join(&name)).expect("a listed vector"), name }
    };
    names(&folder).into_iter().map(vector).collect()
}

/// The rule that refuses a document, on the way that every document takes; with the reason.
fn refusal(bytes: &[u8]) -> Result<(), (String, String)> {
    let signed = verify(bytes, Algorithms::Modern).map_err(|error| (error.rule().to_owned(), error.to_string()))?;
    Endorsed::read(signed).map(drop).map_err(|error| (error.rule().to_owned(), error.to_string()))
}

fn rules() -> BTreeSet<String> {
    let all = SignatureRule::ALL.iter().map(|rule| rule.published().name).chain([ENDORSER]);
    all.filter(|rule| !WITHOUT_VECTORS.contains(rule)).map(str::to_owned).collect()
}

#[test]
fn every_passing_vector_is_accepted() {
    for vector in vectors("passes") {
        assert_eq!(refusal(&vector.bytes), Ok(()), "{}", vector.name);
    }
}

#[test]
fn every_passing_vector_is_accepted_by_xmlsec1() {
    for vector in vectors("passes") {
        let mut command = Command::new("xmlsec1");
        command.args(["--verify", "--insecure", "--enabled-key-data", "x509"]);
        let output = command.arg(folder("signed").join("passes").join(&vector.name)).output();
        let output = output.expect("xmlsec1 is installed (apt-get install xmlsec1; scripts/test does it)");
        assert!(output.status.success(), "{}: {}", vector.name, String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_failing_vector_is_refused_by_exactly_its_rule() {
    let refused = |vector: &Vector| refusal(&vector.bytes).err().map(|(rule, _)| rule);
    let others: Vec<_> = vectors("fails")
        .into_iter()
        .filter(|vector| refused(vector).as_ref() != Some(&vector.rule))
        .map(|vector| (refusal(&vector.bytes), vector.name))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn every_refusal_says_why_in_one_line() {
    for vector in vectors("fails") {
        let (_, reason) = refusal(&vector.bytes).expect_err("a failing vector");
        let is_line = (10..600).contains(&reason.chars().count()) && !reason.contains(char::is_control);
        assert!(is_line, "{}: {reason:?}", vector.name);
    }
}

#[test]
fn every_rule_has_a_passing_and_a_failing_vector() {
    for kind in ["passes", "fails"] {
        let covered: BTreeSet<_> = vectors(kind).into_iter().map(|vector| vector.rule).collect();
        assert_eq!(covered, rules(), "{kind}");
    }
}

#[test]
fn every_way_of_being_bad_xml_has_a_vector() {
    let kinds: BTreeSet<_> = vectors("fails")
        .iter()
        .filter_map(|vector| parse(&vector.bytes).err())
        .map(|error| match error {
            XmlError::TooDeep { .. } => "depth",
            XmlError::TooManyAttributes { .. } => "attributes",
            XmlError::TooManyNamespaces { .. } => "namespaces in scope",
            XmlError::Doctype { .. } => "document type",
            XmlError::NotUtf8 { .. } => "encoding",
            XmlError::Declaration(_) => "declaration",
            XmlError::Malformed { .. } => "well-formedness",
            XmlError::Namespace { .. } => "namespaces",
            XmlError::TooLarge { .. } | XmlError::TooManyNodes { .. } => "made on the spot",
        })
        .collect();
    let expected = ["depth", "attributes", "namespaces in scope", "document type", "encoding", "declaration"];
    assert_eq!(kinds, expected.into_iter().chain(["well-formedness", "namespaces"]).collect());
}

#[test]
fn what_is_too_large_for_a_vector_is_refused_by_its_rule() {
    let signed = fs::read_to_string(folder("signed/passes/no-signature--one.xml")).expect("a vector");
    let grown = |text: &str| signed.replacen("A vector", text, 1);
    let rule = |document: String| refusal(document.as_bytes()).map_err(|(rule, reason)| (rule, reason.len() < 200));
    let longer = grown(&"x".repeat(bounds::DOCUMENT_BYTES_MAX));
    assert_eq!(rule(longer), Err(("document-size".to_owned(), true)));
    let room = bounds::DOCUMENT_BYTES_MAX - signed.len() + "A vector".len();
    assert_eq!(rule(grown(&"x".repeat(room))), Err(("digest-mismatch".to_owned(), true)));
    assert_eq!(rule(grown(&"x".repeat(room + 1))), Err(("document-size".to_owned(), true)));
    assert_eq!(rule(grown(&"<a/>".repeat(bounds::XML_NODES_MAX))), Err(("xml".to_owned(), true)));
}

#[test]
fn every_folder_of_vectors_is_read_by_a_test() {
    // `documents` by document_vectors.rs, `signatures` by signature_vectors.rs.
    assert_eq!(names(&folder("")), ["documents", "signatures", "signed"].map(str::to_owned).into());
    assert_eq!(names(&folder("signed")), ["fails", "passes"].map(str::to_owned).into());
}
