//! Claims about what the search for chains costs, and what is remembered of it.

use openssl::bn::BigNum;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;

use super::make::{Party, Request, anchors_of, authority, extension, key, moment, person, verify, verify_at};
use crate::crypto::anchors::{ChainError, Findings};

fn root() -> Party {
    authority("/C=CH/CN=Root").self_signed()
}

fn jane() -> Request {
    person("/C=CH/CN=Jane")
}

#[test]
fn a_maze_of_authorities_costs_no_more_than_the_bound() {
    let key = key();
    let mut hints = Vec::new();
    for index in 0..7 {
        // All have one name and one key, so that each issued each.
        hints.push(authority("/CN=Maze").key(key.clone()).serial_number(100 + index).self_signed());
    }
    let jane = jane().by(&hints[0]);
    let anchors = anchors_of(&[&root()]);
    let error = verify(&anchors, &jane, &hints.iter().collect::<Vec<_>>()).expect_err("no way out");
    assert_eq!(error, ChainError::TooLong { subject: "CN=Maze".to_owned() });
    assert_eq!(anchors.validations(), 0);
}

#[test]
fn a_search_that_was_cut_short_finds_no_chain() {
    let root = root();
    let middle = authority("/CN=Middle").by(&root);
    let lower = authority("/CN=Lower").by(&middle);
    let (jane, anchors) = (jane().by(&lower), anchors_of(&[&middle, &root]));
    let verdict = |signatures_max| {
        let hints = [lower.certificate.clone()];
        let findings = Findings::within(signatures_max, &anchors.0, &jane.certificate, &hints);
        findings.judge(moment("2025-06-15"), moment("2026-01-15"))
    };
    // Two suffice to reach an anchor, but not to know what is above it.
    for signatures_max in 0..3 {
        assert!(matches!(verdict(signatures_max), Err(ChainError::TooLong { .. })), "{signatures_max}");
    }
    assert_eq!(verdict(3).map(|chain| chain.certificates().len()), Ok(4));
}

#[test]
fn keys_that_cost_much_are_not_tried_unless_they_are_anchors() {
    let exponent = BigNum::from_dec_str("1099511627777").expect("a number");
    let rsa = Rsa::generate_with_e(2048, &exponent).expect("a key");
    let root = root();
    let slow = authority("/CN=Slow").key(PKey::from_rsa(rsa).expect("a key")).by(&root);
    let jane = jane().by(&slow);
    let error = verify(&anchors_of(&[&root]), &jane, &[&slow]).expect_err("not tried");
    assert!(matches!(error, ChainError::NoIssuer { .. }), "{error}");
    assert!(verify(&anchors_of(&[&root, &slow]), &jane, &[]).is_ok());
}

#[test]
fn the_thousandth_document_of_an_endorser_costs_no_validation() {
    let root = root();
    let middle = authority("/CN=Middle").by(&root);
    let jane = jane().by(&middle);
    let anchors = anchors_of(&[&root]);
    for day in 1..=31 {
        let created = format!("2025-07-{day:02}");
        assert!(verify_at(&anchors.clone(), &jane, &[&middle], &created, "2026-01-15").is_ok());
    }
    // Also where the time is another one, and where a copy brings more certificates that can be of no use.
    assert!(verify_at(&anchors, &jane, &[&middle], "2010-01-01", "2026-01-15").is_err());
    let another = person("/CN=Another").by(&root);
    assert!(verify(&anchors, &jane, &[&middle, &another, &middle]).is_ok());
    assert_eq!(anchors.validations(), 1);
}

#[test]
fn a_refusal_is_remembered_like_a_chain() {
    let root = root();
    let jane = jane().extension(extension("1.2.3.4.5", true, &[5, 0])).by(&root);
    let anchors = anchors_of(&[&root]);
    for _ in 0..10 {
        assert!(verify(&anchors, &jane, &[]).is_err());
    }
    assert_eq!(anchors.validations(), 1);
}
