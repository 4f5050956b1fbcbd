//! Hostile documents of the greatest size are refused, or read, by their rules; `scripts/bench` says how long they take.

use proto::bounds::DOCUMENT_BYTES_MAX;
use proto::document::{Document, Rule, Strength};

const START: &str = r##"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:slreq="http://mp.stratuslab.eu/slreq#" xmlns:slterms="http://mp.stratuslab.eu/slterms#" xmlns:e="http://example.org/" xml:base="http://mp.stratuslab.eu/"><rdf:Description rdf:about="#Avux7XqPw_byV0N1H88W8J12ooz"><dcterms:identifier>Avux7XqPw_byV0N1H88W8J12ooz</dcterms:identifier><slreq:bytes>3</slreq:bytes><slreq:checksum rdf:parseType="Resource"><slreq:algorithm>SHA-1</slreq:algorithm><slreq:value>0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33</slreq:value></slreq:checksum><slreq:endorsement rdf:parseType="Resource"><dcterms:created>2026-03-01T12:00:00Z</dcterms:created><slreq:endorser rdf:parseType="Resource"><slreq:email>ada@example.org</slreq:email><slreq:subject>CN=Ada</slreq:subject><slreq:issuer>CN=CA</slreq:issuer></slreq:endorser></slreq:endorsement><dcterms:type>machine</dcterms:type>"##;
const END: &str = "</rdf:Description></rdf:RDF>";

/// A document filled with `count` numbered elements, or as many as its bytes admit.
fn filled(count: usize, element: impl Fn(usize) -> String) -> String {
    let mut text = START.to_owned();
    for index in 0..count {
        let next = element(index);
        if text.len() + next.len() + END.len() > DOCUMENT_BYTES_MAX {
            break;
        }
        text += &next;
    }
    text + END
}

fn refusing_rule(text: &str) -> Option<Rule> {
    Document::read(text.as_bytes(), Strength::Strict).err().map(|violation| violation.rule)
}

#[test]
fn thousands_of_properties_are_read() {
    assert_eq!(refusing_rule(&filled(3_900, |_| "<e:p>x</e:p>".to_owned())), None);
    assert_eq!(refusing_rule(&filled(3_900, |index| format!("<e:p{index}>x</e:p{index}>"))), None);
    assert_eq!(refusing_rule(&filled(3_900, |_| "<slterms:location>x</slterms:location>".to_owned())), None);
}

#[test]
fn thousands_of_checksums_are_read() {
    let checksum = |_| {
        "<slreq:checksum rdf:parseType=\"Resource\"><slreq:algorithm>F</slreq:algorithm>\
         <slreq:value>00</slreq:value></slreq:checksum>"
            .to_owned()
    };
    assert_eq!(refusing_rule(&filled(1_300, checksum)), None);
}

#[test]
fn thousands_of_names_for_blank_nodes_are_read() {
    assert_eq!(refusing_rule(&filled(3_900, |index| format!("<e:p rdf:nodeID=\"n{index}\"/>"))), None);
}

#[test]
fn thousands_of_statements_about_statements_are_refused() {
    let reified = |index| format!("<e:p rdf:ID=\"i{index}\">x</e:p>");
    assert_eq!(refusing_rule(&filled(1_000, reified)), Some(Rule::OneSubject));
}

#[test]
fn a_long_namespace_repeated_in_every_triple_is_read_or_refused() {
    let namespace = format!("http://example.org/{}", "n".repeat(220));
    let text = filled(3_900, |_| "<e:p/>".to_owned()).replace("http://example.org/", &namespace);
    assert!(matches!(refusing_rule(&text), None | Some(Rule::RdfModel)));
}

#[test]
fn a_namespace_rendered_again_by_every_sibling_in_a_literal_is_read_or_refused() {
    let namespace = format!("http://example.org/{}", "n".repeat(220));
    let text =
        filled(
            3_900,
            |index| if index == 0 { "<e:l rdf:parseType=\"Literal\">".to_owned() } else { "<e:p/>".to_owned() },
        );
    let text = text.replace("http://example.org/", &namespace).replace(END, &format!("</e:l>{END}"));
    assert!(matches!(refusing_rule(&text), None | Some(Rule::RdfModel)));
}

#[test]
fn a_long_base_resolved_for_every_reference_is_refused() {
    let base = format!("http://example.org/{}", "b/".repeat(50_000));
    let references = "<e:q rdf:resource=\"..\"/>".repeat(4_000);
    let text = format!(
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:e=\"http://e/\" xml:base=\"{base}\">\
         <rdf:Description>{references}</rdf:Description></rdf:RDF>"
    );
    let tree = proto::xml::parse(text.as_bytes()).expect("within the bounds of XML");
    assert_eq!(proto::rdf::read(&tree, "http://example.org/"), Err(proto::rdf::RdfError::TooLong));
}
