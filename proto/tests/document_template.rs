//! Templates: whatever they are given to say, the document says it and passes the strict draft check.

use proptest::prelude::*;
use proto::checksum::{Checksum, ChecksumAlgorithm};
use proto::document::{Document, Extension, Strength, Template, check_draft};
use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;

const ENDORSEMENT: &str = "<slreq:endorsement rdf:parseType=\"Resource\"><dcterms:created>2026-03-01T12:00:00Z</dcterms:created>\
    <slreq:endorser rdf:parseType=\"Resource\"><slreq:email>ada@example.org</slreq:email><slreq:subject>CN=Ada</slreq:subject>\
    <slreq:issuer>CN=CA</slreq:issuer></slreq:endorser></slreq:endorsement>";

fn endorsed(template: &Template) -> Document {
    let empty = "<slreq:endorsement rdf:parseType=\"Resource\"></slreq:endorsement>";
    let text = template.to_xml().replace(empty, ENDORSEMENT);
    Document::read(text.as_bytes(), Strength::Strict).expect("an endorsed template is a document")
}

fn text() -> impl Strategy<Value = String> {
    // What XML cannot say becomes another character, so it is left to a test of its own.
    "[^\u{0}-\u{8}\u{B}-\u{1F}\u{FFFE}\u{FFFF}]{0,12}"
}

prop_compose! {
    fn template()(
        sha1: [u8; 20], bytes: u64, kind_of_resource in text(), os in proptest::option::of(text()),
        title in proptest::option::of(text()), deprecated in proptest::option::of(text()),
        tags in proptest::collection::vec(text(), 0..3), value in text(), seconds in 0_i64..4_000_000_000,
        serial_number: Option<u64>, inbound_ports: Vec<u16>, icmp: Vec<u8>, md5: [u8; 16],
    ) -> Template {
        let hexadecimal: String = md5.iter().map(|byte| format!("{byte:02X}")).collect();
        let md5 = Checksum::new(ChecksumAlgorithm::Md5, &hexadecimal).expect("hexadecimal digits");
        let namespace = "http://example.org/?a'b#".to_owned();
        Template {
            checksums: vec![md5], os, title, deprecated, tags, serial_number, inbound_ports, icmp,
            valid: Timestamp::from_unix_seconds(seconds),
            locations: vec!["https://example.org/image?a=1&b=2".to_owned()],
            extension: vec![Extension { prefix: "dcterms".to_owned(), namespace, local: "note".to_owned(), value }],
            ..Template::new(ImageIdentifier::from_sha1(sha1), bytes, &kind_of_resource)
        }
    }
}

proptest! {
    #[test]
    fn every_template_passes_the_strict_draft_check(template in template()) {
        prop_assert_eq!(check_draft(template.to_xml().as_bytes(), Strength::Strict), Ok(()));
    }

    #[test]
    fn a_document_says_what_its_template_said(template in template()) {
        let document = endorsed(&template);
        let present = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        prop_assert_eq!(document.identifier(), template.identifier);
        prop_assert_eq!(document.bytes(), Some(template.bytes));
        prop_assert_eq!(&document.checksums()[1..], &template.checksums[..]);
        prop_assert_eq!(document.kind_of_resource(), &template.kind_of_resource);
        prop_assert_eq!(document.os().map(str::to_owned), present(&template.os));
        prop_assert_eq!(document.title().map(str::to_owned), present(&template.title));
        prop_assert_eq!(document.deprecated(), template.deprecated.as_deref());
        prop_assert_eq!(document.valid(), template.valid);
        prop_assert_eq!(document.locations(), &template.locations[..]);
        prop_assert_eq!(document.inbound_ports(), &template.inbound_ports[..]);
        prop_assert_eq!(document.icmp(), &template.icmp[..]);
        let tags: Vec<_> = template.tags.iter().filter(|tag| !tag.is_empty()).cloned().collect();
        prop_assert_eq!(document.tags(), &tags[..]);
    }

    #[test]
    fn no_bytes_make_a_document_panic(bytes: Vec<u8>) {
        prop_assert!(Document::read(&bytes, Strength::Server).is_err());
    }
}

fn full() -> Template {
    let some = |text: &str| Some(text.to_owned());
    let all = |text: &str| vec![text.to_owned()];
    let moment = |text: &str| text.parse().ok();
    Template {
        kind: some("machine"),
        os: some("ttylinux"),
        os_version: some("9.7"),
        os_arch: some("i486"),
        version: some("1.0"),
        serial_number: Some(0),
        compression: some("gz"),
        locations: all("https://example.org/a.gz"),
        format: some("raw"),
        creator: some("Ada"),
        publisher: some("Example"),
        document_created: moment("2026-02-28T12:00:00Z"),
        valid: moment("2028-02-29T12:00:00Z"),
        title: some("title"),
        description: some("<b>\"bold\" & 'more'</b>\r\n\tlast line"),
        tags: all("stable"),
        hypervisors: all("kvm"),
        disks_bus: some("virtio"),
        inbound_ports: vec![443],
        outbound_ports: vec![25],
        icmp: vec![8],
        replaces: all("AAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        is_replaced_by: all("AAAAAAAAAAAAAAAAAAAAAAAAAAB"),
        is_version_of: all("AAAAAAAAAAAAAAAAAAAAAAAAAAC"),
        deprecated: some(""),
        ..Template::new(ImageIdentifier::from_sha1([7; 20]), 100, "machine")
    }
}

#[test]
fn every_field_of_a_template_reaches_its_field_of_the_document() {
    let (template, document) = (full(), endorsed(&full()));
    assert_eq!(document.kind(), template.kind.as_deref());
    assert_eq!(document.os_version(), template.os_version.as_deref());
    assert_eq!(document.os_arch(), template.os_arch.as_deref());
    assert_eq!(document.version(), template.version.as_deref());
    assert_eq!(document.serial_number(), Some("0"));
    assert_eq!(document.compression(), template.compression.as_deref());
    assert_eq!(document.format(), template.format.as_deref());
    assert_eq!(document.creator(), template.creator.as_deref());
    assert_eq!(document.publisher(), template.publisher.as_deref());
    assert_eq!(document.document_created(), Some("2026-02-28T12:00:00Z"));
    assert_eq!(document.description(), template.description.as_deref());
    assert_eq!(document.hypervisors(), template.hypervisors);
    assert_eq!(document.disks_bus(), template.disks_bus.as_deref());
    assert_eq!(document.outbound_ports(), template.outbound_ports);
    assert_eq!(document.replaces(), template.replaces);
    assert_eq!(document.is_replaced_by(), template.is_replaced_by);
    assert_eq!(document.is_version_of(), template.is_version_of);
    assert_eq!(document.deprecated(), Some(""));
}

#[test]
fn the_endorsement_is_read_from_the_endorsement() {
    let document = endorsed(&full());
    assert_eq!(document.created().to_string(), "2026-03-01T12:00:00Z");
    assert_eq!(
        (document.email().as_str(), document.subject(), document.issuer()),
        ("ada@example.org", "CN=Ada", "CN=CA")
    );
}

#[test]
fn what_xml_cannot_say_becomes_a_replacement_character() {
    let template = Template { title: Some("a\0b\u{B}c\u{FFFF}".to_owned()), ..full() };
    assert_eq!(endorsed(&template).title(), Some("a\u{FFFD}b\u{FFFD}c\u{FFFD}"));
}

#[test]
fn an_extension_is_among_the_triples() {
    let extension = Extension {
        prefix: "ex".to_owned(),
        namespace: "http://example.org/".to_owned(),
        local: "note".to_owned(),
        value: "a < b".to_owned(),
    };
    let document = endorsed(&Template { extension: vec![extension], ..full() });
    assert!(document.triples().iter().any(|triple| triple.predicate == "http://example.org/note"));
}
