//! Documents of the original system, read from `../shared` where it is present.
#![expect(clippy::print_stdout, reason = "a run says what it skipped")]

#[path = "support/shared.rs"]
mod shared;

use std::fs;

use proto::document::{Document, Rule, Strength, Violation};
use proto::vocabulary::XMLDSIG;
use proto::xml::{self, Canonicalization, Comments, Node};

#[test]
fn the_originals_documents_get_the_verdicts_of_its_server_but_for_what_ours_adds() {
    let verdicts = [
        ("valid-minimal.xml", None),
        ("valid-full.xml", None),
        ("valid-full-signature.xml", None),
        ("valid-alternative.xml", None),
        ("valid-expired-signature.xml", None),
        ("valid-indate-signature.xml", None),
        ("valid-indate-newer-signature.xml", None),
        ("valid-two-locations.xml", None),
        // It has no dcterms:type, which is looked at before the e-mail.
        ("invalid-email.xml", Some(Rule::OneType)),
        ("invalid-inconsistent-checksum.xml", Some(Rule::Sha1IsIdentifier)),
    ];
    for (name, expected) in verdicts {
        let Some(read) = read(name, Strength::Server) else { return };
        assert_eq!(read.as_ref().err().map(|violation| violation.rule), expected, "{name}: {read:?}");
    }
}

#[test]
fn an_alternative_before_the_size_breaks_the_originals_schema() {
    let Some(read) = read("valid-alternative.xml", Strength::Strict) else { return };
    assert_eq!(read.err().map(|violation| violation.rule), Some(Rule::ElementOrder));
}

#[test]
fn a_document_with_every_element_passes_strictly_and_says_it_all() {
    let Some(read) = read("valid-full-signature.xml", Strength::Strict) else { return };
    let document = read.expect("the original accepts it");
    assert_eq!(document.identifier().to_string(), "MMZu9WvwKIro-rtBQfDk4PsKO7_");
    assert_eq!(document.email().as_str(), "jane.tester@example.org");
    assert_eq!(
        (document.os(), document.os_version(), document.os_arch()),
        (Some("ttylinux"), Some("9.7"), Some("i486"))
    );
    assert_eq!(
        (document.inbound_ports(), document.outbound_ports(), document.icmp()),
        (&[443][..], &[25][..], &[8][..])
    );
    assert_eq!(document.deprecated(), Some("security issue with app"));
}

#[test]
fn both_locations_are_read() {
    let Some(read) = read("valid-two-locations.xml", Strength::Server) else { return };
    assert_eq!(read.expect("the original accepts it").locations().len(), 2);
}

/// The verdict on a file without its signature; `None` where the fixtures are absent.
fn read(name: &str, strength: Strength) -> Option<Result<Document, Violation>> {
    let Some(folder) = shared::folder("fixtures/legacy") else {
        println!("skipped: no ../shared/fixtures");
        return None;
    };
    let bytes = fs::read(folder.join(name)).expect("a fixture");
    let tree = xml::parse(&bytes).expect("the original's files are well-formed");
    let is_signature = |node: &Node| matches!(node, Node::Element(element) if element.name.is(XMLDSIG, "Signature"));
    let octets = match tree.root.children.iter().position(is_signature) {
        Some(index) => xml::canonicalize_without(&tree, index, &Canonicalization::Inclusive, Comments::Without),
        None => xml::canonicalize(&tree, &Canonicalization::Inclusive, Comments::Without),
    };
    Some(Document::read(&octets, strength))
}
