//! The original's verdicts on its fixtures and edge probes (docs/original.md 9 and 2.12), each document built here.

use proto::document::{Document, Rule, Strength, check_draft};

/// A document by edits to the valid one, and the verdicts of the original and of ours.
struct Row {
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    /// The original's schema, and its constraints with the RDF model.
    original: (Verdict, Verdict),
    /// Ours: the broken rule at each strength.
    server: Option<Rule>,
    strict: Option<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Valid,
    Invalid,
}
use Verdict::{Invalid, Valid};

const DOCUMENT: &str = r##"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:slreq="http://mp.stratuslab.eu/slreq#" xmlns:slterms="http://mp.stratuslab.eu/slterms#" xmlns:ex="http://example.org/" xml:base="http://mp.stratuslab.eu/">
  <rdf:Description rdf:about="#MMZu9WvwKIro-rtBQfDk4PsKO7_">
    <dcterms:identifier>MMZu9WvwKIro-rtBQfDk4PsKO7_</dcterms:identifier>
    <slreq:bytes>100</slreq:bytes>
    <slreq:checksum rdf:parseType="Resource">
      <slreq:algorithm>SHA-1</slreq:algorithm>
      <slreq:value>c319bbd5afc0a22ba3eaed0507c39383ec28eeff</slreq:value>
    </slreq:checksum>
    <slreq:endorsement rdf:parseType="Resource">
      <dcterms:created>2011-01-24T09:59:42Z</dcterms:created>
      <slreq:endorser rdf:parseType="Resource">
        <slreq:email>jane.tester@example.org</slreq:email>
        <slreq:subject>CN=Jane Tester</slreq:subject>
        <slreq:issuer>CN=Jane Tester</slreq:issuer>
      </slreq:endorser>
    </slreq:endorsement>
    <dcterms:type>machine</dcterms:type>
  </rdf:Description>
</rdf:RDF>
"##;

const ABOUT: &str = r##"rdf:about="#MMZu9WvwKIro-rtBQfDk4PsKO7_""##;
const BASE: &str = r#" xml:base="http://mp.stratuslab.eu/""#;
const TYPE: &str = "    <dcterms:type>machine</dcterms:type>\n";
const BYTES: &str = "<slreq:bytes>100</slreq:bytes>";
const SHA1: &str = "c319bbd5afc0a22ba3eaed0507c39383ec28eeff";
const END: &str = "  </rdf:Description>\n</rdf:RDF>";
const CREATED: &str = "<dcterms:created>2011-01-24T09:59:42Z</dcterms:created>";

const fn accepted(name: &'static str, edits: &'static [(&'static str, &'static str)]) -> Row {
    Row { name, edits, original: (Valid, Valid), server: None, strict: None }
}

/// Refused by both of the original's checks; by ours at either strength.
const fn refused(name: &'static str, edits: &'static [(&'static str, &'static str)], rule: Rule) -> Row {
    Row { name, edits, original: (Invalid, Invalid), server: Some(rule), strict: Some(rule) }
}

/// Refused by the original's server; by ours at either strength.
const fn inconsistent(name: &'static str, edits: &'static [(&'static str, &'static str)], rule: Rule) -> Row {
    Row { name, edits, original: (Valid, Invalid), server: Some(rule), strict: Some(rule) }
}

/// Refused by the schema alone; ours follows at the strict strength.
const fn against_schema(name: &'static str, edits: &'static [(&'static str, &'static str)], rule: Rule) -> Row {
    Row { name, edits, original: (Invalid, Valid), server: None, strict: Some(rule) }
}

/// Accepted by the original, or by its server; refused by ours on purpose.
const fn ours(
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    original: (Verdict, Verdict),
    rule: Rule,
) -> Row {
    Row { name, edits, original, server: Some(rule), strict: Some(rule) }
}

const FIXTURES: &[Row] = &[
    accepted("valid-minimal", &[]),
    // The original's server compares numbers, and 41 digits keep the schema.
    accepted("valid-minimal-leading-zero-sha1", &[(SHA1, "0c319bbd5afc0a22ba3eaed0507c39383ec28eeff")]),
    accepted("valid-full", &[(END, FULL)]),
    accepted("valid-full-alt-cimi", &[(END, CIMI)]),
    refused("invalid-no-xml-base", &[(BASE, "")], Rule::XmlBase),
    refused("invalid-no-content", &[(DOCUMENT, EMPTY)], Rule::OneDescription),
    refused("invalid-bad-about-id", &[(ABOUT, r##"rdf:about="#MMZu""##)], Rule::SameIdentifier),
    refused("invalid-bad-element-for-signature", &[("</rdf:RDF>", SECOND)], Rule::OneDescription),
    refused(
        "invalid-bad-checksum-parsetype",
        &[(r#"<slreq:checksum rdf:parseType="Resource">"#, r#"<slreq:checksum rdf:parseType="BAD">"#)],
        Rule::ChecksumForm,
    ),
    refused(
        "invalid-bad-endorsement-parsetype",
        &[(r#"<slreq:endorsement rdf:parseType="Resource">"#, r#"<slreq:endorsement rdf:parseType="BAD">"#)],
        Rule::OneEndorsement,
    ),
    refused(
        "invalid-bad-endorser-parsetype",
        &[(r#"<slreq:endorser rdf:parseType="Resource">"#, r#"<slreq:endorser rdf:parseType="BAD">"#)],
        Rule::OneEndorser,
    ),
    refused("invalid-checksum-value", &[(SHA1, "XYZ")], Rule::ChecksumForm),
    // The fixtures behind this and some more lack dcterms:type, so the original's server refused them for that alone.
    refused("invalid-email, without type", &[(TYPE, ""), ("tester@", "tester_at_")], Rule::OneType),
    ours("invalid-email", &[("tester@", "tester_at_")], (Invalid, Valid), Rule::EmailForm),
    ours(
        "invalid-no-endorsement",
        &[("<slreq:endorsement", "<ex:other"), ("</slreq:endorsement", "</ex:other")],
        (Invalid, Valid),
        Rule::OneEndorsement,
    ),
    ours(
        "invalid-no-endorser",
        &[("<slreq:endorser ", "<ex:other "), ("</slreq:endorser>", "</ex:other>")],
        (Invalid, Valid),
        Rule::OneEndorser,
    ),
    against_schema(
        "invalid-bad-serial-number",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><slterms:serial-number>X</slterms:serial-number>")],
        Rule::SerialNumber,
    ),
    against_schema(
        "invalid-bad-inbound-port",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><slterms:inbound-port>65536</slterms:inbound-port>")],
        Rule::InboundPort,
    ),
    against_schema(
        "invalid-bad-outbound-port",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><slterms:outbound-port>65536</slterms:outbound-port>")],
        Rule::OutboundPort,
    ),
    against_schema(
        "invalid-bad-icmp-value",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><slterms:icmp>65536</slterms:icmp>")],
        Rule::Icmp,
    ),
    inconsistent(
        "invalid-inconsistent-identifiers",
        &[(ABOUT, r##"rdf:about="#MMZu9WvwKIro-rtBQfDk4PsKO7A""##)],
        Rule::SameIdentifier,
    ),
    inconsistent("invalid-inconsistent-checksum", &[("ec28eeff", "ec28eefe")], Rule::Sha1IsIdentifier),
    inconsistent("invalid-bad-xml-base", &[(BASE, r#" xml:base="http://mp.stratuslab.eu/BAD""#)], Rule::XmlBase),
    inconsistent(
        "invalid-multiple-deprecated",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><slterms:deprecated/><slterms:deprecated/>")],
        Rule::OneDeprecated,
    ),
    inconsistent(
        "invalid-multiple-serial-numbers",
        &[(
            TYPE,
            "    <dcterms:type>x</dcterms:type><slterms:serial-number>1</slterms:serial-number><slterms:serial-number>1</slterms:serial-number>",
        )],
        Rule::OneSerialNumber,
    ),
    inconsistent(
        "invalid-multiple-versions",
        &[(
            TYPE,
            "    <dcterms:type>x</dcterms:type><slterms:version>1</slterms:version><slterms:version>2</slterms:version>",
        )],
        Rule::OneVersion,
    ),
    inconsistent(
        "invalid-multiple-os",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><slterms:os>a</slterms:os><slterms:os>b</slterms:os>")],
        Rule::OneOs,
    ),
    inconsistent(
        "invalid-multiple-os-arch",
        &[(
            TYPE,
            "    <dcterms:type>x</dcterms:type><slterms:os-arch>a</slterms:os-arch><slterms:os-arch>b</slterms:os-arch>",
        )],
        Rule::OneOsArch,
    ),
    inconsistent(
        "invalid-multiple-os-version",
        &[(
            TYPE,
            "    <dcterms:type>x</dcterms:type><slterms:os-version>a</slterms:os-version><slterms:os-version>b</slterms:os-version>",
        )],
        Rule::OneOsVersion,
    ),
    refused("invalid-dcterms-type", &[("machine", "<ex:machine/>")], Rule::PlainType),
    inconsistent("invalid-created-date-1", &[("2011-01-24T09:", "2011-01-24X09:")], Rule::CreatedDate),
    inconsistent("invalid-created-date-2", &[("2011-01-24T09:", "2011-01-24T99:")], Rule::CreatedDate),
    inconsistent(
        "invalid-valid-date-1",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><dcterms:valid>2011-07-23X10:59:42Z</dcterms:valid>")],
        Rule::ValidDate,
    ),
    inconsistent(
        "invalid-valid-date-2",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><dcterms:valid>2011-07-23T99:59:42Z</dcterms:valid>")],
        Rule::ValidDate,
    ),
    // The original's third check refused these two.
    inconsistent(
        "invalid-rdf-attribute",
        &[(TYPE, r#"    <dcterms:type>x</dcterms:type><ex:note ex:by="me">x</ex:note>"#)],
        Rule::RdfModel,
    ),
    inconsistent(
        "invalid-rdf-resource",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><ex:r><ex:a>1</ex:a><ex:b>2</ex:b></ex:r>")],
        Rule::RdfModel,
    ),
    refused("partial-multiple-endorsements, without type", &[(TYPE, "")], Rule::OneType),
    ours(
        "partial-multiple-endorsements",
        &[("    <slreq:endorsement", "    <slreq:endorsement/>\n    <slreq:endorsement")],
        (Invalid, Valid),
        Rule::OneEndorsement,
    ),
];

const PROBES: &[Row] = &[
    ours("no endorsement date", &[(CREATED, "")], (Invalid, Valid), Rule::OneCreated),
    refused(
        "bad identifier character",
        &[("rdf:about=\"#MMZu", "rdf:about=\"#MMZ!"), ("<dcterms:identifier>MMZu", "<dcterms:identifier>MMZ!")],
        Rule::IdentifierForm,
    ),
    accepted("upper-case digits", &[(SHA1, "C319BBD5AFC0A22BA3EAED0507C39383EC28EEFF")]),
    ours(
        "a plus sign before the digits",
        &[(SHA1, "+c319bbd5afc0a22ba3eaed0507c39383ec28eeff")],
        (Invalid, Valid),
        Rule::ChecksumForm,
    ),
    inconsistent("second SHA-1", &[("    <slreq:endorsement", SECOND_SHA1)], Rule::OneSha1),
    accepted("unknown algorithm", &[("    <slreq:endorsement", UNKNOWN_ALGORITHM)]),
    inconsistent("algorithm in lower case", &[("SHA-1", "sha-1")], Rule::OneSha1),
    ours("bytes -1", &[("100", "-1")], (Invalid, Valid), Rule::BytesNumber),
    accepted("bytes 0", &[("100", "0")]),
    accepted("any type", &[("machine", "anything")]),
    // The original's third check would refuse it too: two children and no parseType are no RDF.
    ours(
        "no parse type on the endorsement",
        &[("endorsement rdf:parseType=\"Resource\"", "endorsement")],
        (Valid, Valid),
        Rule::RdfModel,
    ),
    ours(
        "second valid is garbage",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><dcterms:valid/><dcterms:valid>X</dcterms:valid>")],
        (Valid, Valid),
        Rule::OneValid,
    ),
    against_schema(
        "element between identifier and bytes",
        &[(BYTES, "<dcterms:title>x</dcterms:title><slreq:bytes>100</slreq:bytes>")],
        Rule::ElementOrder,
    ),
    against_schema(
        "port 70000",
        &[(TYPE, "    <dcterms:type>x</dcterms:type><slterms:inbound-port>70000</slterms:inbound-port>")],
        Rule::InboundPort,
    ),
    ours("nested description of another image", &[(TYPE, NESTED)], (Valid, Valid), Rule::OneSubject),
    ours("second description", &[("</rdf:RDF>", SECOND)], (Invalid, Valid), Rule::OneDescription),
    ours("e-mail is a path", &[("jane.tester@example.org", "../../../tmp/x@y")], (Invalid, Valid), Rule::EmailForm),
    ours(
        "external entity",
        &[("<rdf:RDF", "<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><rdf:RDF"), ("machine", "&e;")],
        (Valid, Valid),
        Rule::WellFormedXml,
    ),
    // Found in the original's own data, against its own schema (2.11).
    against_schema(
        "valid-alternative",
        &[(BYTES, "<dcterms:alternative>a</dcterms:alternative><slreq:bytes>100</slreq:bytes>")],
        Rule::ElementOrder,
    ),
];

const EMPTY: &str =
    r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xml:base="http://mp.stratuslab.eu/"/>"#;
const SECOND: &str = r##"  <rdf:Description rdf:about="#NMZu9WvwKIro-rtBQfDk4PsKO7_"/>
</rdf:RDF>"##;
const NESTED: &str = r##"    <dcterms:type>x</dcterms:type><ex:like><rdf:Description rdf:about="#NMZu9WvwKIro-rtBQfDk4PsKO7_"><slterms:deprecated>x</slterms:deprecated></rdf:Description></ex:like>"##;
const SECOND_SHA1: &str = r#"    <slreq:checksum rdf:parseType="Resource"><slreq:algorithm>SHA-1</slreq:algorithm><slreq:value>00</slreq:value></slreq:checksum>
    <slreq:endorsement"#;
const UNKNOWN_ALGORITHM: &str = r#"    <slreq:checksum rdf:parseType="Resource"><slreq:algorithm>FOO</slreq:algorithm><slreq:value>00</slreq:value></slreq:checksum>
    <slreq:endorsement"#;
const FULL: &str = r#"    <dcterms:valid>2011-07-23T10:59:42Z</dcterms:valid>
    <dcterms:publisher>Example</dcterms:publisher><dcterms:title>a title</dcterms:title>
    <dcterms:description>a description</dcterms:description><slterms:location>http://example.org/...</slterms:location>
    <slterms:serial-number>0</slterms:serial-number><slterms:version>1.0</slterms:version>
    <slterms:hypervisor>kvm</slterms:hypervisor><slterms:inbound-port>443</slterms:inbound-port>
    <slterms:outbound-port>25</slterms:outbound-port><slterms:icmp>8</slterms:icmp><slterms:os>linux</slterms:os>
    <slterms:os-version>9.7</slterms:os-version><slterms:os-arch>i486</slterms:os-arch>
    <slterms:deprecated>security issue</slterms:deprecated><ex:other-info>more</ex:other-info>
    <ex:relatedImages rdf:parseType="Resource">
      <dcterms:identifier>MMZu9WvwKIro-rtBQfDk4PsKO7_</dcterms:identifier>
      <dcterms:identifier>NMZu9WvwKIro-rtBQfDk4PsKO7_</dcterms:identifier>
    </ex:relatedImages>
  </rdf:Description>
</rdf:RDF>"#;
const CIMI: &str = r#"    <dcterms:alternative>tag</dcterms:alternative>
    <ex:account rdf:parseType="Resource"><ex:user>root</ex:user></ex:account>
    <ex:MachineConfiguration rdf:parseType="Resource">
      <ex:cpu>1</ex:cpu><ex:disk rdf:parseType="Resource"><ex:capacity>10</ex:capacity></ex:disk>
    </ex:MachineConfiguration>
  </rdf:Description>
</rdf:RDF>"#;

#[test]
fn the_originals_fixtures_get_their_verdicts() {
    FIXTURES.iter().for_each(hold);
}

#[test]
fn the_originals_edge_probes_get_their_verdicts() {
    PROBES.iter().for_each(hold);
}

#[test]
fn what_either_of_the_originals_checks_refuses_is_refused_strictly() {
    for row in FIXTURES.iter().chain(PROBES).filter(|row| row.original != (Valid, Valid)) {
        assert!(row.strict.is_some(), "{}", row.name);
    }
}

#[test]
fn what_the_originals_server_refuses_ours_refuses() {
    for row in FIXTURES.iter().chain(PROBES).filter(|row| row.original.1 == Invalid) {
        assert!(row.server.is_some(), "{}", row.name);
    }
}

#[test]
fn an_empty_endorsement_is_a_draft_and_no_document() {
    let start = DOCUMENT.find("    <slreq:endorsement").expect("the document has an endorsement");
    let end = DOCUMENT.find(TYPE).expect("the document has a type");
    let draft = format!("{}    <slreq:endorsement/>\n{}", &DOCUMENT[..start], &DOCUMENT[end..]);
    assert_eq!(check_draft(draft.as_bytes(), Strength::Strict), Ok(()));
    assert_eq!(broken(&draft, Strength::Server), Some(Rule::OneEndorsement));
}

fn hold(row: &Row) {
    let mut text = DOCUMENT.to_owned();
    for (from, to) in row.edits {
        assert!(text.contains(from), "{}: nothing to edit", row.name);
        text = text.replacen(from, to, 1);
    }
    assert_eq!(broken(&text, Strength::Server), row.server, "{}, server", row.name);
    assert_eq!(broken(&text, Strength::Strict), row.strict, "{}, strict", row.name);
}

fn broken(text: &str, strength: Strength) -> Option<Rule> {
    Document::read(text.as_bytes(), strength).err().map(|violation| violation.rule)
}
