//! Claims about chains: which there are, what they may look like, and when they are looked for.

use openssl::hash::MessageDigest;
use openssl::x509::extension::{BasicConstraints, KeyUsage};

use super::make::{Party, anchors_of, authority, extension, file, moment, person, plain, small_key, verify, verify_at};
use crate::bounds;
use crate::crypto::anchors::{ChainError, TrustAnchors};
use crate::crypto::der;
use crate::signature::Algorithms;

const UNKNOWN_EXTENSION: &str = "1.2.3.4.5";
const PROXY: &str = "1.3.6.1.5.5.7.1.14";

fn root() -> Party {
    authority("/C=CH/CN=Root").self_signed()
}

fn jane() -> super::make::Request {
    person("/C=CH/CN=Jane")
}

fn reason(error: &ChainError) -> &'static str {
    match error {
        ChainError::Refused { reason, .. } | ChainError::UnfitIssuer { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn a_signer_certified_by_an_anchor_has_a_chain() {
    let root = root();
    let jane = jane().by(&root);
    let chain = verify(&anchors_of(&[&root]), &jane, &[]).expect("a chain");
    assert_eq!(chain.certificates(), [jane.certificate.clone(), root.certificate.clone()]);
    assert_eq!((chain.signer(), chain.anchor()), (&jane.certificate, &root.certificate));
}

#[test]
fn an_authority_that_the_signature_brings_leads_to_an_anchor() {
    let root = root();
    let middle = authority("/CN=Middle").by(&root);
    let jane = jane().by(&middle);
    let anchors = anchors_of(&[&root]);
    let chain = verify(&anchors, &jane, &[&middle]).expect("a chain");
    assert_eq!(chain.certificates(), [jane.certificate.clone(), middle.certificate, root.certificate]);
    let error = verify(&anchors, &jane, &[]).expect_err("nobody knows the authority");
    let expected = ChainError::NoIssuer { subject: "CN=Jane,C=CH".to_owned(), issuer: "CN=Middle".to_owned() };
    assert_eq!(error, expected);
}

#[test]
fn the_order_and_number_of_what_the_signature_brings_play_no_part() {
    let root = root();
    let upper = authority("/CN=Upper").by(&root);
    let lower = authority("/CN=Lower").by(&upper);
    let (jane, stranger) = (jane().by(&lower), authority("/CN=Stranger").self_signed());
    let anchors = anchors_of(&[&root]);
    let chain = verify(&anchors, &jane, &[&upper, &lower]).expect("a chain");
    for hints in [&[&lower, &upper][..], &[&stranger, &lower, &root, &upper, &lower, &jane]] {
        assert_eq!(verify(&anchors, &jane, hints), Ok(chain.clone()));
    }
}

#[test]
fn an_intermediate_authority_alone_is_an_anchor() {
    let middle = authority("/CN=Middle").by(&root());
    let jane = jane().by(&middle);
    let chain = verify(&anchors_of(&[&middle]), &jane, &[]).expect("a chain");
    assert_eq!(chain.anchor(), &middle.certificate);
}

#[test]
fn a_chain_goes_on_to_the_root_where_the_operator_has_it() {
    let root = root();
    let middle = authority("/CN=Middle").by(&root);
    let jane = jane().by(&middle);
    let chain = verify(&anchors_of(&[&middle, &root]), &jane, &[]).expect("a chain");
    assert_eq!(chain.anchor(), &root.certificate);
}

#[test]
fn a_chain_never_goes_from_an_anchor_to_what_the_signature_brings() {
    let root = root();
    let middle = authority("/CN=Middle").by(&root);
    let jane = jane().by(&middle);
    let chain = verify(&anchors_of(&[&middle]), &jane, &[&root]).expect("a chain");
    assert_eq!(chain.anchor(), &middle.certificate);
}

#[test]
fn a_signer_of_an_unknown_authority_has_no_chain() {
    let stranger = authority("/CN=Stranger").self_signed();
    let jane = jane().by(&stranger);
    let error = verify(&anchors_of(&[&root()]), &jane, &[&stranger]).expect_err("unknown");
    assert_eq!(error, ChainError::SelfSigned("CN=Stranger".to_owned()));
    let error = verify(&anchors_of(&[&root()]), &jane, &[]).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "no certificate of CN=Stranger, which issued CN=Jane,C=CH, is a trust anchor or leads to one"
    );
}

#[test]
fn a_signer_that_certified_itself_has_no_chain() {
    let error = verify(&anchors_of(&[&root()]), &jane().self_signed(), &[]).expect_err("self-signed");
    assert_eq!(error, ChainError::SelfSigned("CN=Jane,C=CH".to_owned()));
}

#[test]
fn without_anchors_there_is_no_chain() {
    let anchors = TrustAnchors::default();
    assert!(anchors.is_empty());
    assert_eq!(verify(&anchors, &jane().self_signed(), &[]), Err(ChainError::NoAnchors));
}

#[test]
fn a_certificate_forged_in_the_name_of_an_anchor_is_refused() {
    let forger = authority("/C=CH/CN=Root").self_signed();
    let jane = jane().by(&forger);
    let anchors = anchors_of(&[&root()]);
    for hints in [&[][..], &[&forger]] {
        let error = verify(&anchors, &jane, hints).expect_err("forged");
        assert_eq!(reason(&error), "the signature does not verify with its key");
    }
}

#[test]
fn every_certificate_of_the_chain_must_be_valid_when_the_document_was_created() {
    let root = authority("/CN=Root").valid("2020-01-01", "2026-01-01").self_signed();
    let middle = authority("/CN=Middle").valid("2022-01-01", "2024-01-01").by(&root);
    let jane = jane().valid("2021-01-01", "2023-01-01").by(&middle);
    let anchors = anchors_of(&[&root]);
    let at = |created: &str| verify_at(&anchors, &jane, &[&middle], created, "2029-01-01");
    for created in ["2022-01-01", "2022-06-01", "2023-01-01"] {
        assert!(at(created).is_ok(), "{created}");
    }
    let not_after = moment("2023-01-01");
    let created = moment("2023-01-01T00:00:01Z");
    let expired = ChainError::Expired { subject: "CN=Jane,C=CH".to_owned(), not_after, created };
    assert_eq!(at("2023-01-01T00:00:01Z"), Err(expired));
    let (not_before, created) = (moment("2022-01-01"), moment("2021-12-31T23:59:59Z"));
    let early = ChainError::NotYetValid { subject: "CN=Middle".to_owned(), not_before, created };
    assert_eq!(at("2021-12-31T23:59:59Z"), Err(early));
}

#[test]
fn certificates_that_are_never_valid_together_make_no_chain() {
    let root = authority("/CN=Root").valid("2020-01-01", "2021-01-01").self_signed();
    let jane = jane().valid("2022-01-01", "2023-01-01").by(&root);
    let error = verify(&anchors_of(&[&root]), &jane, &[]).expect_err("never valid");
    assert_eq!(reason(&error), "its chain has no moment at which all of it is valid");
}

#[test]
fn the_validity_of_history_does_not_depend_on_now() {
    let root = root();
    let jane = jane().valid("2021-01-01", "2022-01-01").by(&root);
    let anchors = anchors_of(&[&root]);
    for now in ["2021-06-15", "2029-01-01", "9999-12-31"] {
        assert!(verify_at(&anchors, &jane, &[], "2021-06-15", now).is_ok(), "{now}");
    }
}

#[test]
fn a_renewed_authority_serves_both_times() {
    let old = authority("/CN=Root").valid("2020-01-01", "2024-01-01").self_signed();
    let new = authority("/CN=Root").key(old.key.clone()).valid("2024-01-01", "2029-01-01").self_signed();
    let jane = jane().by(&old);
    let anchors = anchors_of(&[&old, &new]);
    let anchor = |created| verify_at(&anchors, &jane, &[], created, "2026-01-01").expect("a chain").anchor().clone();
    assert_eq!(anchor("2021-01-01"), old.certificate);
    assert_eq!(anchor("2025-01-01"), new.certificate);
}

#[test]
fn one_good_chain_of_several_suffices() {
    let (good, spoilt) = (root(), authority("/CN=Other").valid("2020-01-01", "2021-01-01").self_signed());
    let upright = authority("/CN=Middle").by(&good);
    let crossed = authority("/CN=Middle").key(upright.key.clone()).by(&spoilt);
    let jane = jane().by(&upright);
    let chain = verify(&anchors_of(&[&good, &spoilt]), &jane, &[&crossed, &upright]).expect("a chain");
    assert_eq!(chain.anchor(), &good.certificate);
}

#[test]
fn a_person_certifies_nobody() {
    let root = root();
    let jane = jane().by(&root);
    let mallory = person("/CN=Mallory").by(&jane);
    let error = verify(&anchors_of(&[&root]), &mallory, &[&jane]).expect_err("issued by a person");
    assert!(matches!(error, ChainError::NoIssuer { .. }), "{error}");
}

#[test]
fn an_authority_that_may_not_certify_is_no_issuer() {
    let constraints = BasicConstraints::new().critical().ca().build().expect("an extension");
    let usage = KeyUsage::new().critical().digital_signature().build().expect("an extension");
    let root = plain("/CN=Root").extension(constraints).extension(usage).self_signed();
    let error = verify(&anchors_of(&[&root]), &jane().by(&root), &[]).expect_err("it may not sign");
    assert!(reason(&error).contains("usage"), "{error}");
}

#[test]
fn a_path_length_is_kept_to() {
    let constraints = BasicConstraints::new().critical().ca().pathlen(0).build().expect("an extension");
    let root = plain("/CN=Root").extension(constraints).self_signed();
    let middle = authority("/CN=Middle").by(&root);
    let anchors = anchors_of(&[&root]);
    assert!(verify(&anchors, &jane().by(&root), &[]).is_ok());
    let error = verify(&anchors, &jane().by(&middle), &[&middle]).expect_err("one too many");
    assert_eq!(reason(&error), "path length constraint exceeded");
}

/// Name constraints that permit directory names below C=CH only.
fn within_switzerland() -> openssl::x509::X509Extension {
    let country = der::encode(0x30, &[der::encode(0x06, &[0x55, 4, 6]), der::encode(0x13, b"CH")].concat());
    let name = der::encode(0xA4, &der::encode(0x30, &der::encode(0x31, &country)));
    extension("2.5.29.30", true, &der::encode(0x30, &der::encode(0xA0, &der::encode(0x30, &name))))
}

#[test]
fn name_constraints_are_kept_to() {
    let root = root();
    let middle = authority("/C=CH/CN=Middle").extension(within_switzerland()).by(&root);
    let anchors = anchors_of(&[&root]);
    assert!(verify(&anchors, &jane().by(&middle), &[&middle]).is_ok());
    let error = verify(&anchors, &person("/C=DE/CN=Jane").by(&middle), &[&middle]).expect_err("abroad");
    assert_eq!(reason(&error), "permitted subtree violation");
}

#[test]
fn an_unknown_critical_extension_is_refused_in_every_certificate() {
    let root = root();
    let unknown = |is_critical| extension(UNKNOWN_EXTENSION, is_critical, &[5, 0]);
    let anchors = anchors_of(&[&root]);
    assert!(verify(&anchors, &jane().extension(unknown(false)).by(&root), &[]).is_ok());
    let error = verify(&anchors, &jane().extension(unknown(true)).by(&root), &[]).expect_err("critical");
    assert_eq!(reason(&error), "unhandled critical extension");
    let middle = authority("/CN=Middle").extension(unknown(true)).by(&root);
    let error = verify(&anchors, &jane().by(&middle), &[&middle]).expect_err("critical");
    let refused = ChainError::Refused { subject: "CN=Middle".to_owned(), reason: "unhandled critical extension" };
    assert_eq!(error, refused);
}

#[test]
fn digests_and_keys_of_the_past_need_the_legacy_setting() {
    let root = root();
    let middle = authority("/CN=Middle").digest(MessageDigest::sha1()).by(&root);
    let signers =
        [jane().digest(MessageDigest::sha1()).by(&root), jane().key(small_key()).by(&root), jane().by(&middle)];
    let read = |algorithms| TrustAnchors::read(vec![file("root.pem", root.pem())], algorithms).0;
    for signer in &signers {
        let error = verify(&read(Algorithms::Modern), signer, &[&middle]).expect_err("weak");
        assert!(reason(&error).contains("too weak") || reason(&error).contains("too small"), "{error}");
        assert_eq!(verify(&read(Algorithms::Legacy), signer, &[&middle]).map(|_| ()), Ok(()));
    }
}

#[test]
fn how_an_anchor_signed_itself_plays_no_part() {
    let root = authority("/CN=Root").digest(MessageDigest::sha1()).self_signed();
    assert!(verify(&anchors_of(&[&root]), &jane().by(&root), &[]).is_ok());
}

#[test]
fn an_authority_from_before_version_3_is_an_anchor() {
    let root = plain("/CN=Root").version_1().self_signed();
    assert!(verify(&anchors_of(&[&root]), &jane().by(&root), &[]).is_ok());
}

#[test]
fn a_chain_has_as_many_certificates_as_the_bound_at_most() {
    let mut authorities = vec![root()];
    while authorities.len() < bounds::CERTIFICATE_CHAIN_MAX {
        let next = authority(&format!("/CN=Level {}", authorities.len()));
        authorities.push(next.by(authorities.last().expect("a root")));
    }
    let anchors = anchors_of(&[&authorities[0]]);
    let hints: Vec<&Party> = authorities.iter().collect();
    let signer = |issuer: usize| jane().by(&authorities[issuer]);
    let longest = verify(&anchors, &signer(bounds::CERTIFICATE_CHAIN_MAX - 2), &hints).expect("a chain");
    assert_eq!(longest.certificates().len(), bounds::CERTIFICATE_CHAIN_MAX);
    let error = verify(&anchors, &signer(bounds::CERTIFICATE_CHAIN_MAX - 1), &hints[1..]).expect_err("too long");
    assert_eq!(error, ChainError::TooLong { subject: "CN=Jane,C=CH".to_owned() });
}

#[test]
fn an_authority_is_no_signer() {
    let root = root();
    let middle = authority("/CN=Middle").by(&root);
    let anchors = anchors_of(&[&root]);
    assert_eq!(verify(&anchors, &middle, &[]), Err(ChainError::SignerIsAuthority("CN=Middle".to_owned())));
    assert_eq!(verify(&anchors, &root, &[]), Err(ChainError::SignerIsAuthority("CN=Root,C=CH".to_owned())));
}

#[test]
fn an_authority_from_before_version_3_is_no_signer() {
    let old = plain("/CN=Root").version_1().self_signed();
    // Its own certificate with the same key would certify it.
    let renewed = authority("/CN=Root").key(old.key.clone()).self_signed();
    let error = ChainError::SignerIsAuthority("CN=Root".to_owned());
    assert_eq!(verify(&anchors_of(&[&renewed]), &old, &[]), Err(error));
}

#[test]
fn a_proxy_is_no_signer() {
    let root = root();
    let jane = jane().by(&root);
    let information = der::encode(0x30, &der::encode(0x30, &[0x06, 0x08, 0x2B, 6, 1, 5, 5, 7, 0x15, 1]));
    let modern = plain("/C=CH/CN=Jane/CN=1").extension(extension(PROXY, true, &information)).by(&jane);
    let draft =
        plain("/C=CH/CN=Jane/CN=1").extension(extension("1.3.6.1.4.1.3536.1.222", true, &information)).by(&jane);
    let (old, limited) = (plain("/C=CH/CN=Jane/CN=proxy").by(&jane), plain("/C=CH/CN=Jane/CN=limited proxy").by(&jane));
    let anchors = anchors_of(&[&root]);
    for proxy in [modern, draft, old, limited] {
        let error = verify(&anchors, &proxy, &[&jane]).expect_err("a proxy");
        assert!(matches!(error, ChainError::SignerIsProxy(_)), "{error}");
    }
}

#[test]
fn a_proxy_never_lengthens_a_chain() {
    let root = root();
    let information = der::encode(0x30, &der::encode(0x30, &[0x06, 0x08, 0x2B, 6, 1, 5, 5, 7, 0x15, 1]));
    let proxy = authority("/CN=Middle").extension(extension(PROXY, true, &information)).by(&root);
    let error = verify(&anchors_of(&[&root]), &jane().by(&proxy), &[&proxy]).expect_err("a proxy");
    assert_eq!(error, ChainError::NoIssuer { subject: "CN=Jane,C=CH".to_owned(), issuer: "CN=Middle".to_owned() });
}

#[test]
fn a_signer_whose_key_is_not_for_signatures_is_refused() {
    let root = root();
    let usage = |usage: &mut KeyUsage| usage.critical().build().expect("an extension");
    let encryption = plain("/CN=Jane").extension(usage(KeyUsage::new().key_encipherment())).by(&root);
    let repudiation = plain("/CN=Jane").extension(usage(KeyUsage::new().non_repudiation())).by(&root);
    let anchors = anchors_of(&[&root]);
    assert_eq!(verify(&anchors, &encryption, &[]), Err(ChainError::SignerUsage("CN=Jane".to_owned())));
    assert!(verify(&anchors, &repudiation, &[]).is_ok());
    assert!(verify(&anchors, &plain("/CN=Jane").by(&root), &[]).is_ok());
}
