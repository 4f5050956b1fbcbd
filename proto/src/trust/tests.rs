//! What policy refuses.

use super::*;

fn judge(policy: &Policy) -> Result<(), PolicyRefusal> {
    let email = "jane@example.org".parse().expect("an address");
    let endorser = Endorser { email: &email, subject: "CN=Jane,O=Grid,C=UK", key: Sha256Digest::of(b"key") };
    let checksum = "SHA-512:AB".parse().expect("a checksum");
    policy.judge_content(&endorser, ImageIdentifier::from_sha1([1; 20]), [&checksum])
}

fn patterns(texts: &[&str]) -> BTreeSet<EndorserPattern> {
    texts.iter().map(|text| text.parse().expect("a pattern")).collect()
}

#[test]
fn an_empty_policy_refuses_nothing() {
    assert_eq!(judge(&Policy::default()), Ok(()));
}

#[test]
fn an_allow_list_refuses_whom_no_pattern_names() {
    let allow = |texts| judge(&Policy { endorsers_allow: patterns(texts), ..Policy::default() });
    assert_eq!(allow(&["eve@example.org", "/C=UK/O=Grid/CN=Jane"]), Ok(()));
    assert_eq!(allow(&["@other.org"]).map_err(|refusal| refusal.rule()), Err("endorser-not-allowed"));
}

#[test]
fn a_deny_list_comes_before_an_allow_list_and_says_by_what() {
    let (endorsers_allow, endorsers_deny) = (patterns(&["jane@example.org"]), patterns(&["@example.org"]));
    let refused = judge(&Policy { endorsers_allow, endorsers_deny, ..Policy::default() }).expect_err("denied");
    assert_eq!(refused.to_string(), "the endorser jane@example.org is in endorsers_deny, by @example.org");
}

#[test]
fn an_image_is_denied_by_identifier_and_by_checksum_of_any_algorithm() {
    let images_deny = BTreeSet::from([ImageIdentifier::from_sha1([1; 20])]);
    let by_image = judge(&Policy { images_deny, ..Policy::default() });
    let checksums_deny = BTreeSet::from(["sha512:aB".parse().expect("a checksum")]);
    let by_checksum = judge(&Policy { checksums_deny, ..Policy::default() });
    assert_eq!(
        [by_image, by_checksum].map(|judged| judged.map_err(|refusal| refusal.rule())),
        [Err("image-denied"), Err("checksum-denied")]
    );
}

#[test]
fn legacy_signatures_are_refused_until_they_are_admitted() {
    let judge = |algorithms, legacy| Policy { algorithms, ..Policy::default() }.judge_algorithms(legacy);
    assert!(judge(Algorithms::Modern, Some("rsa-sha1")).is_err());
    assert_eq!(judge(Algorithms::Modern, None), Ok(()));
    assert_eq!(judge(Algorithms::Legacy, Some("rsa-sha1")), Ok(()));
}
