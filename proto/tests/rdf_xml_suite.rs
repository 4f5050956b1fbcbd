//! The W3C suite of RDF/XML, read from `../shared` where it is present.

#[path = "support/n_triples.rs"]
mod n_triples;
#[path = "support/shared.rs"]
mod shared;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proto::rdf::{self, Triple};
use proto::xml;

const SUITE: &str = "vectors/w3c-rdf-tests/rdf/rdf11/rdf-xml";
const BASE: &str = "https://w3c.github.io/rdf-tests/rdf/rdf11/rdf-xml/";

/// A case of the manifest.
struct Case {
    name: String,
    kind: String,
    action: String,
    result: Option<String>,
}

enum Outcome {
    Passed,
    Failed(String),
    OutOfScope(&'static str),
}

#[test]
fn every_case_of_the_w3c_suite_in_scope_passes() {
    let Some(folder) = shared::folder(SUITE) else {
        println!("skipped: no ../shared/vectors");
        return;
    };
    let manifest = fs::read_to_string(folder.join("manifest.ttl")).expect("the suite has a manifest");
    let mut counts = BTreeMap::<_, usize>::new();
    let mut failures = Vec::new();
    for case in cases(&manifest) {
        let (verdict, why) = match run(&case, &folder) {
            Outcome::Passed => ("passed", String::new()),
            Outcome::Failed(why) => ("failed", why),
            Outcome::OutOfScope(why) => ("out of scope", why.to_owned()),
        };
        *counts.entry((case.kind.clone(), verdict)).or_default() += 1;
        println!("{verdict}: {} {why}", case.name);
        if verdict == "failed" {
            failures.push(format!("{}: {why}", case.name));
        }
    }
    for ((kind, verdict), count) in &counts {
        println!("RDF/XML {kind}: {count} {verdict}");
    }
    assert!(!counts.is_empty(), "the manifest names no case");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn run(case: &Case, folder: &Path) -> Outcome {
    let Ok(bytes) = fs::read(folder.join(&case.action)) else { return Outcome::Failed("no such file".into()) };
    if bytes.windows(9).any(|window| window == b"<!DOCTYPE") {
        return Outcome::OutOfScope("a document type declaration is refused");
    }
    let read = read(&bytes, &format!("{BASE}{}", case.action));
    match (case.kind.as_str(), read, &case.result) {
        ("TestXMLNegativeSyntax", Err(_), _) => Outcome::Passed,
        ("TestXMLNegativeSyntax", Ok(triples), _) => {
            Outcome::Failed(format!("accepted with {} triples", triples.len()))
        }
        ("TestXMLEval", Ok(triples), Some(result)) => compare(&triples, &folder.join(result)),
        ("TestXMLEval", Err(why), _) => Outcome::Failed(why),
        _ => Outcome::Failed("neither evaluation nor negative syntax".into()),
    }
}

fn read(bytes: &[u8], base: &str) -> Result<Vec<Triple>, String> {
    let tree = xml::parse(bytes).map_err(|error| error.to_string())?;
    rdf::read(&tree, base).map_err(|error| error.to_string())
}

fn compare(triples: &[Triple], expected: &Path) -> Outcome {
    let Ok(text) = fs::read_to_string(expected) else { return Outcome::Failed("no such result".into()) };
    let (ours, theirs) = (n_triples::of_triples(triples), n_triples::parse(&text));
    if n_triples::are_isomorphic(&ours, &theirs) {
        return Outcome::Passed;
    }
    Outcome::Failed(format!("\n  ours {ours:#?}\n  theirs {theirs:#?}"))
}

/// The cases of a manifest, each a paragraph that begins `<#name> a rdft:Kind`; those that the suite comments out,
/// as processors differ in what they make of XML literals, are run too.
fn cases(manifest: &str) -> Vec<Case> {
    let mut cases = Vec::<Case>::new();
    for line in manifest.lines().map(|line| line.trim_start_matches('#').trim()) {
        if let Some((name, kind)) = line.strip_prefix("<#").and_then(|rest| rest.split_once('>'))
            && let Some(kind) = kind.trim().strip_prefix("a rdft:")
        {
            let kind = kind.trim_end_matches([' ', ';', '.']).to_owned();
            cases.push(Case { name: name.to_owned(), kind, action: String::new(), result: None });
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(path) = between(line, "mf:action <", ">") {
            case.action = path.to_owned();
        }
        if let Some(path) = between(line, "mf:result <", ">") {
            case.result = Some(path.to_owned());
        }
    }
    cases
}

fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    line.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
