//! Copies that differ in bytes which no signature covers, or in another value of the same signature, are one entry.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::crypto::{Certificate, NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use proto::document::Template;
use proto::entry::Entry;
use proto::identifier::ImageIdentifier;
use proto::intake::{NotHeld, examine, read_held};
use proto::signature::{Algorithms, SignRequest, SigningHash, sign};

#[path = "support/desk.rs"]
mod desk;

use desk::Desk;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| key(NewKey::EcP256));
static SIGNED: LazyLock<String> = LazyLock::new(|| signed_by(&KEY));

fn key(kind: NewKey) -> SigningKey {
    named_key("Jane Tester", kind)
}

fn named_key(common_name: &str, kind: NewKey) -> SigningKey {
    let request = SelfSigned {
        common_name: common_name.to_owned(),
        email: "jane.tester@example.org".parse().expect("an address"),
        organisation: None,
        key: kind,
        days: 365,
    };
    let store = self_signed_pkcs12(&request, "password", "2026-01-01T00:00:00Z".parse().expect("a moment"));
    SigningKey::from_pkcs12(&store.expect("a key"), "password").expect("readable")
}

fn signed_by(key: &SigningKey) -> String {
    let draft = Template::new(ImageIdentifier::from_sha1([7; 20]), 100, "machine").to_xml();
    let created = "2026-02-03T04:05:06Z".parse().expect("a moment");
    let email = "jane.tester@example.org".parse().expect("an address");
    let request = SignRequest { created, email: Some(email), hash: SigningHash::Sha256 };
    let document = sign(draft.as_ref(), key, &request).expect("signed");
    String::from_utf8(document).expect("UTF-8")
}

fn entry(document: &str) -> Entry {
    examine(document.as_bytes(), Algorithms::Modern).unwrap_or_else(|refused| panic!("{refused}: {document}"))
}

/// The copy differs in bytes and is the same entry.
fn check(original: &str, copy: &str) {
    let (original, copy) = (entry(original), entry(copy));
    assert_ne!(original.raw_sha256(), copy.raw_sha256(), "nothing was changed");
    assert_eq!(original.id(), copy.id());
}

/// The signed document with a part replaced that must be in it.
fn changed(from: &str, to: &str) -> String {
    assert!(SIGNED.contains(from), "{from:?} is not in {}", *SIGNED);
    SIGNED.replacen(from, to, 1)
}

/// The text of the first element of this name.
fn text<'a>(document: &'a str, element: &str) -> &'a str {
    let after = document.split_once(&format!("<{element}>")).expect("the element").1;
    after.split_once('<').expect("its end").0
}

fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text.replace('\n', "")).expect("base64")
}

/// The document with another value in the first element of this name.
fn with(document: &str, element: &str, value: &[u8]) -> String {
    document.replacen(text(document, element), &STANDARD.encode(value), 1)
}

#[test]
fn another_comment_makes_no_other_entry() {
    check(&SIGNED, &changed("<rdf:Description", "<!-- a copy --><rdf:Description"));
    check(&SIGNED, &changed("machine</", "mach<!-- a copy -->ine</"));
    check(&SIGNED, &format!("{}<!-- a copy -->", *SIGNED));
}

#[test]
fn other_quotes_make_no_other_entry() {
    check(&SIGNED, &changed("rdf:parseType=\"Resource\"", "rdf:parseType='Resource'"));
}

#[test]
fn blanks_in_tags_make_no_other_entry() {
    check(&SIGNED, &changed("rdf:parseType=\"Resource\"", "\n rdf:parseType = \"Resource\"\t"));
    check(&SIGNED, &changed("</rdf:Description>", "</rdf:Description\n>"));
}

#[test]
fn another_order_of_attributes_and_namespaces_makes_no_other_entry() {
    let start = SIGNED.find("<rdf:RDF ").expect("the root") + "<rdf:RDF ".len();
    let end = start + SIGNED[start..].find('>').expect("its end");
    let mut attributes: Vec<&str> = SIGNED[start..end].split_whitespace().collect();
    assert!(attributes.len() > 2);
    attributes.reverse();
    check(&SIGNED, &format!("{}{}{}", &SIGNED[..start], attributes.join(" "), &SIGNED[end..]));
}

#[test]
fn other_references_cdata_and_line_ends_make_no_other_entry() {
    check(&SIGNED, &changed(">machine</", ">&#109;<![CDATA[achi]]>n&#x65;</"));
    check(&SIGNED, &SIGNED.replace('\n', "\r\n"));
}

#[test]
fn base64_in_other_lines_makes_no_other_entry() {
    for element in ["SignatureValue", "X509Certificate"] {
        let value = text(&SIGNED, element);
        check(&SIGNED, &SIGNED.replacen(value, &format!("\n  {}\t{} ", &value[..5], &value[5..]), 1));
    }
}

#[test]
fn base64_with_other_bits_that_do_not_count_makes_no_other_entry() {
    // 64 octets leave four bits of the last digit over.
    let value = text(&SIGNED, "SignatureValue");
    let digits = value.trim_end_matches('=');
    let last = digits.chars().last().expect("a digit");
    let next = char::from_u32(u32::from(last) + 1).expect("a digit");
    let other = format!("{}{next}{}", &digits[..digits.len() - 1], &value[digits.len()..]);
    check(&SIGNED, &SIGNED.replacen(value, &other, 1));
}

#[test]
fn text_inside_of_the_signature_makes_no_other_entry() {
    check(&SIGNED, &changed("<SignatureValue>", "\n  <SignatureValue>"));
    check(&SIGNED, &changed("<X509Data>", "<!-- a copy --><X509Data>\n"));
    check(&SIGNED, &changed("</Signature>", "\n\n</Signature>"));
}

#[test]
fn a_further_certificate_makes_no_other_entry() {
    let other = STANDARD.encode(named_key("Mallory", NewKey::EcP256).certificate().der());
    check(&SIGNED, &changed("</X509Data>", &format!("<X509Certificate>{other}</X509Certificate></X509Data>")));
}

#[test]
fn signing_the_same_in_the_same_second_makes_no_other_entry() {
    for kind in [NewKey::EcP256, NewKey::EcP384] {
        let key = key(kind);
        check(&signed_by(&key), &signed_by(&key));
    }
}

/// The orders of P-256 and P-384 (FIPS 186-4 sections D.1.2.3 and D.1.2.4).
const ORDERS: [(NewKey, &str); 2] = [
    (NewKey::EcP256, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"),
    (
        NewKey::EcP384,
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
    ),
];

fn order(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

/// The difference of two numbers of equal length, the greater first.
fn difference(greater: &[u8], less: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut octets: Vec<u8> = Vec::new();
    for (a, b) in greater.iter().zip(less).rev() {
        let step = i32::from(*a) - i32::from(*b) - borrow;
        borrow = i32::from(step < 0);
        octets.push(u8::try_from(step.rem_euclid(256)).expect("an octet"));
    }
    octets.reverse();
    octets
}

#[test]
fn the_other_s_of_an_ecdsa_value_makes_no_other_entry() {
    for (kind, digits) in ORDERS {
        let (signed, order) = (signed_by(&key(kind)), order(digits));
        let value = decoded(text(&signed, "SignatureValue"));
        let (r, s) = value.split_at(order.len());
        check(&signed, &with(&signed, "SignatureValue", &[r, &difference(&order, s)].concat()));
    }
}

#[test]
fn an_ecdsa_value_of_another_length_or_out_of_range_is_refused() {
    for (kind, digits) in ORDERS {
        let (signed, order) = (signed_by(&key(kind)), order(digits));
        let value = decoded(text(&signed, "SignatureValue"));
        let (r, s) = value.split_at(order.len());
        let zero = vec![0; order.len()];
        for other in [
            [r, &[0], s].concat(),
            [&[0], r, &[0], s].concat(),
            [r, &s[1..]].concat(),
            [r, zero.as_slice()].concat(),
            [zero.as_slice(), s].concat(),
            [r, order.as_slice()].concat(),
            [order.as_slice(), s].concat(),
            vec![0; value.len()],
        ] {
            let refused = examine(with(&signed, "SignatureValue", &other).as_bytes(), Algorithms::Modern);
            assert!(refused.expect_err("refused").to_string().starts_with("signature-mismatch"), "{other:?}");
        }
    }
}

/// The signed document with the certificate in `name.crt` in place of its own.
fn certified_anew(desk: &Desk, document: &str, name: &str) -> String {
    desk.openssl(&format!("x509 -in {name}.crt -outform DER -out {name}.der"));
    document.replacen(text(document, "X509Certificate"), &STANDARD.encode(desk.read(&[&format!("{name}.der")])), 1)
}

fn from_desk(desk: &Desk, name: &str) -> SigningKey {
    SigningKey::from_pem(&desk.read(&[&format!("{name}.key"), &format!("{name}.crt")]), None).expect("readable")
}

#[test]
fn a_curves_point_in_another_form_makes_no_other_entry() {
    let desk = Desk::new("points");
    desk.key("jane", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    desk.certificate("jane", "/CN=Jane", &[]);
    let signed = signed_by(&from_desk(&desk, "jane"));
    for form in ["compressed", "hybrid"] {
        desk.openssl(&format!("ec -in jane.key -conv_form {form} -out {form}.key"));
        desk.certificate(form, "/CN=Jane", &[]);
        check(&signed, &certified_anew(&desk, &signed, form));
    }
}

#[test]
fn a_curve_that_is_spelled_out_is_refused_though_it_is_the_same() {
    let desk = Desk::new("explicit");
    desk.key("jane", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    desk.certificate("jane", "/CN=Jane", &[]);
    let signed = signed_by(&from_desk(&desk, "jane"));
    desk.openssl("ec -in jane.key -param_enc explicit -out explicit.key");
    desk.certificate("explicit", "/CN=Jane", &[]);
    let copy = certified_anew(&desk, &signed, "explicit");
    let refused = examine(copy.as_bytes(), Algorithms::Modern).expect_err("refused");
    let expected =
        "key-kind: the certificate's key is EC curve given by its parameters, which is not one for ecdsa-sha256";
    assert_eq!(refused.to_string(), expected);
}

/// A key that signs with RSA-PSS alone in `pss`, and the same with no such word in `rsa`.
fn one_key_as_two(desk: &Desk) {
    desk.key("pss", "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048");
    desk.openssl("pkcs8 -topk8 -nocrypt -in pss.key -outform DER -out pss.p8");
    // The private key of PKCS#1 is the last value in that of PKCS#8.
    let shown = String::from_utf8(desk.openssl("asn1parse -inform DER -in pss.p8")).expect("text");
    let line = shown.lines().find(|line| line.contains("OCTET STRING")).expect("a private key");
    let offset = line.split(':').next().expect("an offset").trim();
    desk.openssl(&format!("asn1parse -inform DER -in pss.p8 -strparse {offset} -noout -out rsa.der"));
    desk.openssl("rsa -inform DER -in rsa.der -out rsa.key");
    desk.certificate("pss", "/CN=Jane", &[]);
    desk.certificate("rsa", "/CN=Jane", &[]);
}

#[test]
fn an_rsa_pss_key_under_the_name_of_an_rsa_key_makes_no_other_entry() {
    let desk = Desk::new("pss");
    one_key_as_two(&desk);
    let signed = signed_by(&from_desk(&desk, "pss"));
    check(&signed, &certified_anew(&desk, &signed, "rsa"));
}

#[test]
fn an_rsa_pss_key_does_not_verify_the_older_padding() {
    let desk = Desk::new("padding");
    one_key_as_two(&desk);
    let signed = signed_by(&from_desk(&desk, "rsa"));
    let copy = certified_anew(&desk, &signed, "pss");
    let refused = examine(copy.as_bytes(), Algorithms::Modern).expect_err("refused");
    let expected = "key-kind: the certificate's key is RSA-PSS, which is not one for rsa-sha256";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn an_rsa_pss_key_with_other_parameters_than_the_algorithms_is_refused() {
    let desk = Desk::new("parameters");
    desk.key("jane", "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha512");
    desk.certificate("jane", "/CN=Jane", &[]);
    one_key_as_two(&desk);
    let signed = signed_by(&from_desk(&desk, "pss"));
    assert!(signed.contains("#sha256-rsa-MGF1"));
    let copy = certified_anew(&desk, &signed, "jane");
    let refused = examine(copy.as_bytes(), Algorithms::Modern).expect_err("refused");
    let expected =
        "key-restricted: the certificate restricts its RSA-PSS key to other parameters than those of sha256-rsa-MGF1";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn another_key_makes_another_entry() {
    assert_ne!(entry(&signed_by(&key(NewKey::EcP256))).id(), entry(&SIGNED).id());
}

#[test]
fn the_key_of_an_entry_is_what_the_operator_pins() {
    let desk = Desk::new("pins");
    desk.key("jane", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384");
    desk.certificate("jane", "/CN=Jane", &[]);
    desk.openssl("x509 -in jane.crt -outform DER -out jane.der");
    desk.openssl("pkey -in jane.key -pubout -outform DER -out pin.der");
    let certificate = Certificate::from_der(&desk.read(&["jane.der"])).expect("readable");
    assert_eq!(certificate.key_der(), desk.read(&["pin.der"]));
}

#[test]
fn a_held_document_and_its_copies_read_as_they_did_when_they_were_verified() {
    let entry = entry(&SIGNED);
    let copy = changed("<rdf:Description", "<!-- a copy --><rdf:Description");
    for document in [&*SIGNED, &copy] {
        let read = read_held(document.as_bytes(), entry.id()).expect("it is the same entry");
        assert_eq!(read.triples(), entry.document().triples());
    }
}

#[test]
fn a_held_document_that_was_changed_is_another() {
    let held = entry(&SIGNED).id();
    let changed = changed("<slreq:bytes>100</slreq:bytes>", "<slreq:bytes>101</slreq:bytes>");
    assert!(matches!(read_held(changed.as_bytes(), held), Err(NotHeld::Other(found)) if found != held));
}

#[test]
fn a_held_document_under_another_key_is_another() {
    let held = entry(&SIGNED).id();
    let other = signed_by(&named_key("Jane Tester", NewKey::EcP256));
    assert!(matches!(read_held(other.as_bytes(), held), Err(NotHeld::Other(_))));
}

#[test]
fn a_held_document_that_cannot_be_read_says_why() {
    let held = entry(&SIGNED).id();
    let refused = read_held(b"<a/>", held).expect_err("it is no document");
    assert!(matches!(refused, NotHeld::Unreadable(_)), "{refused}");
}
