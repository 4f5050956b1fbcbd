//! The weaknesses of the original that a successor must beat, W1 to W9, and how systems like it failed, as attacks that
//! no longer succeed. Those of queries, pages and the address of a document are also in the web crate's tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proto::crypto::{NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use proto::document::{Rule, Template};
use proto::email::Email;
use proto::endorsed::Endorsed;
use proto::entry::Entry;
use proto::identifier::ImageIdentifier;
use proto::intake::{Refusal, examine};
use proto::signature::{Algorithms, SignRequest, SigningHash, sign, verify};
use proto::standing::{Address, Certification, Claim, Standing, standing};
use proto::timestamp::{Instant, Timestamp};
use proto::trust::Trust;
use proto::view;

static JANE: LazyLock<SigningKey> = LazyLock::new(|| key("Jane Tester", "jane.tester@example.org"));
/// Anyone can have a certificate that states Jane's address.
static MALLORY: LazyLock<SigningKey> = LazyLock::new(|| key("Jane Tester", "jane.tester@example.org"));

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn key(common_name: &str, email: &str) -> SigningKey {
    let request = SelfSigned {
        common_name: common_name.to_owned(),
        email: email.parse().expect("an address"),
        organisation: None,
        key: NewKey::EcP256,
        days: 1,
    };
    let store = self_signed_pkcs12(&request, "password", moment("2026-01-01T00:00:00Z")).expect("a key");
    SigningKey::from_pkcs12(&store, "password").expect("readable")
}

fn signed(key: &SigningKey, created: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let draft = change(Template::new(ImageIdentifier::from_sha1([7; 20]), 100, "machine").to_xml());
    let request = SignRequest { created: moment(created), email: None, hash: SigningHash::Sha256 };
    sign(draft.as_bytes(), key, &request).expect("signed")
}

fn entry(bytes: &[u8]) -> Entry {
    examine(bytes, Algorithms::Modern).expect("a good document")
}

/// The entry as a node sees it that had it at this moment first, from nobody in particular.
fn claim(entry: &Entry, first_seen: &str) -> Claim {
    Claim {
        entry: entry.id(),
        image: entry.document().identifier(),
        email: entry.document().email().clone(),
        created: entry.document().created(),
        key: entry.certificate().key_sha256(),
        subject: entry.certificate().subject().to_owned(),
        certificate_email: entry.certificate_email(),
        certification: Certification::Unchained,
        first_seen: Instant::from(moment(first_seen)),
        witnesses: Vec::new(),
    }
}

fn rule(bytes: &[u8]) -> String {
    match examine(bytes, Algorithms::Modern) {
        Ok(_) => "accepted".to_owned(),
        Err(Refusal::Invalid { rule, .. }) => rule.to_owned(),
        Err(Refusal::Policy(refusal)) => refusal.rule().to_owned(),
    }
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// The rule that refuses each of some vectors, which is the one they are named for.
fn refused(names: &[&str]) {
    for name in names {
        let bytes = fs::read(vectors().join("signed/fails").join(name).with_extension("xml")).expect("a vector");
        assert_eq!(Some(rule(&bytes).as_str()), name.split("--").next(), "{name}");
    }
}

#[test]
fn w1_a_key_beside_the_certificate_is_never_used() {
    refused(&[
        "key-info--key-value-before-the-certificate",
        "key-info--key-value-after-the-certificate",
        "key-info--key-value-alone",
        "key-info--retrieval-method",
        "key-info--two-of-x509-data",
    ]);
}

#[test]
fn w1_key_and_identity_come_from_the_same_certificate() {
    refused(&["signature-mismatch--the-signers-key-second", "endorser-inconsistent--attacker-first-victim-second"]);
}

#[test]
fn w2_a_reference_that_does_not_cover_the_document_is_refused() {
    refused(&[
        "reference--an-object",
        "reference--xpointer",
        "reference--a-file",
        "reference--the-network",
        "signature-structure--no-reference",
        "signature-structure--two-references",
        "transforms--not-enveloped",
        "algorithm--xpath",
    ]);
}

#[test]
fn w2_what_is_read_is_what_was_digested() {
    let bytes = signed(&JANE, "2026-02-03T04:05:06Z", |draft| draft);
    let verified = verify(&bytes, Algorithms::Modern).expect("verifies");
    let octets = verified.octets().to_vec();
    let read = Endorsed::read(verified).expect("a good document");
    let again = proto::document::Document::read(&octets, proto::document::Strength::Server).expect("the same octets");
    assert_eq!(read.document(), &again);
}

#[test]
fn w3_a_minted_certificate_adds_a_contested_entry_and_hides_none() {
    let trust = Trust::default();
    let honest = claim(&entry(&signed(&JANE, "2026-02-01T00:00:00Z", |draft| draft)), "2026-02-01T00:00:10Z");
    let forged = claim(&entry(&signed(&MALLORY, "2026-03-01T00:00:00Z", |draft| draft)), "2026-03-01T00:00:10Z");
    let address = Address::of([&honest, &forged], &trust);
    assert_eq!(standing(&honest, &address, &trust), Some(Standing::Bare));
    assert_eq!(standing(&forged, &address, &trust), Some(Standing::Contested));
    let view = view::fold(&[honest.clone(), forged], &trust);
    assert_eq!(view[&honest.entry].superseded_by, None);
}

#[test]
fn w3_a_certificate_without_an_address_proves_none() {
    let bytes = fs::read(vectors().join("signed/passes/endorser-inconsistent--a-certificate-without-an-address.xml"));
    let unbound = claim(&entry(&bytes.expect("a vector")), "2026-02-01T00:00:00Z");
    let trust = Trust::default();
    assert_eq!(standing(&unbound, &Address::of([&unbound], &trust), &trust), None);
}

#[test]
fn w4_a_statement_about_another_subject_is_refused() {
    let nested = "<dcterms:relation><rdf:Description rdf:about=\"#Avux7XqPw_byV0N1H88W8J12ooz\"><slterms:deprecated>\
                  hidden</slterms:deprecated></rdf:Description></dcterms:relation>";
    let bytes = signed(&JANE, "2026-02-03T04:05:06Z", |draft| {
        draft.replace("  </rdf:Description>", &format!("{nested}  </rdf:Description>"))
    });
    assert_eq!(rule(&bytes), Rule::OneSubject.name());
}

#[test]
fn w5_a_document_type_is_refused_in_every_form() {
    refused(&[
        "doctype--entity-expansion",
        "doctype--external-entity",
        "doctype--external-subset",
        "doctype--default-attribute",
    ]);
}

#[test]
fn w6_a_path_is_neither_an_address_nor_an_identifier_nor_a_moment() {
    for text in ["../../x@y", "..%2F@x/y", "a/b@c", "a@../..", "a@b/c", "/etc/passwd", "..", ".", "", "a\0@b", "a@b\\c"]
    {
        assert!(text.parse::<Email>().is_err(), "{text:?}");
        assert!(text.parse::<ImageIdentifier>().is_err(), "{text:?}");
        assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
    }
}

#[test]
fn w7_text_that_ends_a_string_of_a_query_is_no_part_of_an_address() {
    for text in ["a\"@b", "a'@b", "a@b\"", "a@b}", "a@b>", "a@b\n", "a@b ?x", "a@b#", "a\\@b", "<a@b", "a@b;"] {
        assert!(text.parse::<Email>().is_err(), "{text:?}");
        assert!(text.parse::<ImageIdentifier>().is_err(), "{text:?}");
        assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
    }
}

#[test]
fn wrapping_is_refused_in_its_known_forms() {
    refused(&[
        "many-signatures--twice-the-same",
        "many-signatures--one-in-an-object",
        "many-signatures--one-in-the-description",
        "many-signatures--wrapping-the-original",
        "signature-wrapped--in-the-description",
        "signature-wrapped--signed-info-elsewhere",
        "signature-wrapped--the-document-inside",
        "signature-last--first-child",
        "signature-structure--two-signed-infos",
        "signature-structure--object",
        "signature-structure--manifest",
        "root--wrapped",
        "root--a-signature",
    ]);
}

#[test]
fn comments_instructions_and_identifiers_in_a_signature_are_refused() {
    refused(&[
        "signature-structure--comment-in-the-digest",
        "signature-structure--comment-in-the-value",
        "signature-structure--comment-in-the-certificate",
        "signature-structure--identifier-twice",
        "signature-structure--xml-identifier-twice",
        "processing-instruction--in-the-digest",
        "processing-instruction--in-the-signature",
    ]);
}

#[test]
fn comments_count_in_signed_info_where_its_method_has_them_and_in_the_document_never() {
    refused(&["signature-mismatch--comment-of-signed-info-changed"]);
    for name in [
        "signature-mismatch--comment-of-signed-info-does-not-count",
        "transforms--comments-of-signed-info-count",
        "transforms--with-comments-that-do-not-count",
    ] {
        let bytes = fs::read(vectors().join("signed/passes").join(name).with_extension("xml")).expect("a vector");
        assert_eq!(rule(&bytes), "accepted", "{name}");
    }
}

#[test]
fn an_address_split_by_a_comment_a_section_or_references_is_read_as_one() {
    let plain = signed(&JANE, "2026-02-03T04:05:06Z", |draft| draft);
    let plain = String::from_utf8(plain).expect("UTF-8");
    for split in
        ["jane.tester@example<!-- .evil -->.org", "jane.tester<![CDATA[@]]>example.org", "jane.tester&#64;example.org"]
    {
        let copy = plain.replacen("jane.tester@example.org", split, 1);
        assert_ne!(copy, plain);
        assert_eq!(entry(copy.as_bytes()).document().email().as_str(), "jane.tester@example.org", "{split}");
    }
    let longer = plain.replacen("jane.tester@example.org", "jane.tester@example.org<!-- -->.evil.org", 1);
    assert_eq!(rule(longer.as_bytes()), "digest-mismatch");
}

#[test]
fn an_entry_outlives_the_certificate_that_signed_it() {
    // The certificates here are good for the first of January 2026 alone.
    let late = entry(&signed(&JANE, "2026-02-03T04:05:06Z", |draft| draft));
    assert!(late.certificate().not_after() < late.document().created());
    let claim = claim(&late, "2036-01-01T00:00:00Z");
    let trust = Trust::default();
    assert_eq!(standing(&claim, &Address::of([&claim], &trust), &trust), Some(Standing::Bare));
}

/// OpenSSL would read the clock, and what this machine trusts, without being told.
#[test]
fn nothing_lets_openssl_read_the_clock_or_default_paths() {
    const DEFAULTS: [&str; 5] =
        ["set_default_paths", "default_verify_paths", "days_from_now", "SystemTime", "X509_STORE_set_default"];
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("a source").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let source = fs::read_to_string(&path).expect("sources are text");
            assert!(!DEFAULTS.iter().any(|name| source.contains(name)), "{}", path.display());
        }
    }
}
