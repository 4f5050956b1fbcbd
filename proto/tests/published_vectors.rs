//! The published vectors of XML Signature and Canonical XML, each with the verdict that docs/vectors.md has for it.
#![expect(clippy::print_stdout, reason = "a run says what it skipped")]

#[path = "support/shared.rs"]
mod shared;

mod published {
    pub(crate) mod keys;
    pub(crate) mod signature;
    pub(crate) mod table;
}

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proto::signature::{Algorithms, verify};
use proto::xml::{self, Canonicalization, Comments, Element};

use published::{signature, table};

/// The folder of the suites; `None`, said aloud, where it is absent.
fn suites() -> Option<PathBuf> {
    let folder = shared::folder("vectors/xmlsec/tests");
    if folder.is_none() {
        println!("skipped: no ../shared/vectors/xmlsec");
    }
    folder
}

/// Every file of the suites, with its path below their folder.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("a folder of the suites") {
            let path = entry.expect("a listed file").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies below").to_string_lossy().into_owned();
                found.insert(name);
            }
        }
    }
    found
}

#[test]
fn every_published_signature_has_the_verdict_of_the_list() {
    let Some(folder) = suites() else { return };
    let listed = table::rows("Signatures");
    let mut wrong = Vec::new();
    for row in &listed {
        let bytes = fs::read(folder.join(&row[0])).unwrap_or_else(|error| panic!("{}: {error}", row[0]));
        let rule = verify(&bytes, Algorithms::Legacy).map_or_else(|error| error.rule(), |_| "accepted");
        let below = signature::examine(&bytes);
        let found = [rule.to_owned(), below.value.to_owned(), below.digests];
        if row[1..4] != found {
            wrong.push(format!("| {} | {} | {} |", row[0], found.join(" | "), row.get(4).map_or("", String::as_str)));
        }
        assert!(rule == "accepted" || !row[4].is_empty(), "{}: it is not said why it is outside", row[0]);
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_file_of_the_suites_is_in_a_list() {
    let Some(folder) = suites() else { return };
    let signatures: BTreeSet<_> = table::rows("Signatures").into_iter().map(|row| row[0].clone()).collect();
    let forms: BTreeSet<_> = table::rows("Canonical forms").into_iter().map(|row| row[0].clone()).collect();
    let others: Vec<_> = table::rows("Other files").into_iter().map(|row| row[0].clone()).collect();
    let is_other = |file: &str| others.iter().any(|pattern| table::matches(pattern, file));
    let is_listed = |file: &String| signatures.contains(file) || forms.contains(file) || is_other(file);
    let files = files(&folder);
    let missing: Vec<_> = files.iter().filter(|file| !is_listed(file)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let idle: Vec<_> =
        others.iter().filter(|pattern| !files.iter().any(|file| table::matches(pattern, file))).collect();
    assert!(idle.is_empty(), "{idle:#?}");
}

#[test]
fn published_canonical_forms_of_whole_subtrees_are_ours() {
    let Some(folder) = suites() else { return };
    let bytes = fs::read(folder.join("merlin-c14n-three/signature.xml")).expect("the vector is there");
    let tree = xml::parse(&bytes).expect("it is well-formed");
    let selected: Vec<_> =
        tree.root.elements().filter(|one| one.name.is("http://example.org/bar", "Something")).collect();
    let [something]: [&Element<'_>; 1] = selected.try_into().expect("there is one");
    for row in table::rows("Canonical forms").into_iter().filter(|row| row[1] != "outside") {
        let prefixes = row[1].strip_prefix("exclusive").map(|rest| match rest.trim() {
            "" => Vec::new(),
            "#default" => vec![String::new()],
            other => panic!("{}: no prefix list {other:?}", row[0]),
        });
        let method = prefixes.map_or(Canonicalization::Inclusive, |prefixes| Canonicalization::Exclusive { prefixes });
        let form = xml::canonicalize_element(&[&tree.root], something, &method, Comments::Without);
        let published = fs::read(folder.join(&row[0])).expect("the vector is there");
        assert_eq!(String::from_utf8_lossy(&form), String::from_utf8_lossy(&published), "{}", row[0]);
    }
}
