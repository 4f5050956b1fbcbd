//! Claims about signing.

use super::*;
use crate::signature::samples::{DOCUMENT, JANE, SIGNED, created, request};

fn signed(document: &str) -> Result<String, SigningError> {
    sign(document.as_bytes(), &JANE, &request()).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
}

fn octets(document: &str) -> String {
    let signed = verify(document.as_bytes(), Algorithms::Modern).expect("verifies");
    String::from_utf8(signed.octets().to_vec()).expect("UTF-8")
}

const ENDORSEMENT: &str = "<slreq:endorsement rdf:parseType=\"Resource\">\
    <dcterms:created>2026-02-03T04:05:06Z</dcterms:created><slreq:endorser rdf:parseType=\"Resource\">\
    <slreq:email>jane.tester@example.org</slreq:email><slreq:subject>CN=Jane Tester</slreq:subject>\
    <slreq:issuer>CN=Jane Tester</slreq:issuer></slreq:endorser></slreq:endorsement>";

#[test]
fn a_signed_document_verifies_and_says_who_signed_when() {
    let read = verify(SIGNED.as_bytes(), Algorithms::Modern).expect("verifies");
    assert_eq!(read.certificate(), JANE.certificate());
    assert_eq!((read.signature_algorithm(), read.digest_algorithm()), ("rsa-sha256", "sha256"));
    assert_eq!(read.raw_sha256(), crate::digest::Sha256Digest::of(SIGNED.as_bytes()));
    assert!(read.chain().is_empty());
    assert!(octets(&SIGNED).contains(ENDORSEMENT), "{}", octets(&SIGNED));
}

#[test]
fn the_octets_are_the_document_without_signature_and_comments() {
    let octets = octets(&SIGNED);
    assert!(!octets.contains("Signature") && !octets.contains("remark"), "{octets}");
    assert!(SIGNED.contains("<!-- a remark -->"));
    assert!(octets.contains("quotes \" &amp; &lt;brackets&gt;"));
}

#[test]
fn stronger_hashes_are_used_on_request() {
    for (hash, name) in [(SigningHash::Sha384, "rsa-sha384"), (SigningHash::Sha512, "rsa-sha512")] {
        let request = SignRequest { hash, ..request() };
        let signed = sign(DOCUMENT.as_bytes(), &JANE, &request).expect("signed");
        assert_eq!(verify(&signed, Algorithms::Modern).expect("verifies").signature_algorithm(), name);
    }
}

#[test]
fn signing_again_replaces_the_endorsement_and_the_signature() {
    let mut again = request();
    again.created = "2027-01-01T00:00:00Z".parse().expect("a moment");
    let twice = sign(SIGNED.as_bytes(), &JANE, &again).expect("signed");
    let twice = String::from_utf8(twice).expect("UTF-8");
    assert_eq!(twice.matches("<SignatureValue>").count(), 1);
    let moments = (created().to_string(), again.created.to_string());
    assert_eq!(octets(&twice), octets(&SIGNED).replace(&moments.0, &moments.1));
}

#[test]
fn only_the_last_endorsement_remains_and_is_emptied() {
    let several = "<slreq:endorsement rdf:parseType=\"Resource\"><dcterms:created>x</dcterms:created>\
                   </slreq:endorsement>";
    let document = DOCUMENT.replace("<slreq:endorsement rdf:parseType=\"Resource\"/>", &several.repeat(3));
    assert_eq!(octets(&signed(&document).expect("signed")), octets(&SIGNED));
}

#[test]
fn a_missing_endorsement_is_added_after_the_checksums() {
    let document = DOCUMENT.replace("<slreq:endorsement rdf:parseType=\"Resource\"/>", "");
    let octets = octets(&signed(&document).expect("signed"));
    assert!(octets.contains(&format!("</slreq:checksum>{ENDORSEMENT}")), "{octets}");
}

#[test]
fn prefixes_are_taken_from_the_document_or_declared() {
    let document = "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dcterms='urn:other'>\
                    <r:Description/></r:RDF>";
    let octets = octets(&signed(document).expect("signed"));
    assert!(
        octets.contains(
            "<slreq:endorsement xmlns:slreq=\"http://mp.stratuslab.eu/slreq#\" r:parseType=\"Resource\">\
                             <dcterms1:created xmlns:dcterms1=\"http://purl.org/dc/terms/\">"
        ),
        "{octets}"
    );
    let document =
        document.replace("r:Description/", "Description xmlns='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/");
    signed(&document).expect("signed");
}

#[test]
fn other_than_one_description_is_refused() {
    let empty = "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>";
    assert_eq!(signed(empty), Err(SigningError::Descriptions(0)));
    let two = "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description/><r:Description/></r:RDF>";
    assert_eq!(signed(two), Err(SigningError::Descriptions(2)));
}

#[test]
fn what_every_node_would_refuse_is_not_signed() {
    let document = DOCUMENT.replace("<!-- a remark -->", "<?an instruction?>");
    assert!(matches!(signed(&document), Err(SigningError::Refused(SignatureError::Instruction(_)))));
}

#[test]
fn the_address_of_the_certificate_goes_before_the_given_one() {
    let given = SignRequest { email: Some("other@example.org".parse().expect("an address")), ..request() };
    let own = String::from_utf8(sign(DOCUMENT.as_bytes(), &JANE, &given).expect("signed")).expect("UTF-8");
    assert!(own.contains("<slreq:email>jane.tester@example.org<"));
    let plain = crate::crypto::samples::plain_rsa_key(2048);
    let other = String::from_utf8(sign(DOCUMENT.as_bytes(), &plain, &given).expect("signed")).expect("UTF-8");
    assert!(other.contains("<slreq:email>other@example.org<"));
    assert_eq!(sign(DOCUMENT.as_bytes(), &plain, &request()), Err(SigningError::NoEmail));
}

#[test]
fn a_weak_key_does_not_sign() {
    let given = SignRequest { email: Some("other@example.org".parse().expect("an address")), ..request() };
    let weak = crate::crypto::samples::plain_rsa_key(1024);
    let refused = sign(DOCUMENT.as_bytes(), &weak, &given).expect_err("refused");
    assert_eq!(refused.to_string(), "the signed document is refused: the key of 1024 bits is outside of 2048 to 8192");
}
