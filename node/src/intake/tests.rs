//! What intake takes, and what it refuses with which rule.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use proto::admission::{Admission, Confirmation};
use proto::crypto::{NodeKey, TrustAnchors};
use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::federation::{Admittance, Outcome};
use proto::intake::examine;
use proto::signature::Algorithms;
use proto::timestamp::Instant;
use proto::trust::{Confirmations, Trust};
use proto::wire::Envelope;
use web::registry::{Scope, UploadRefusal, Uploaded, Used};

use super::{Intake, Rules};
use crate::bounds;
use crate::clock::Clock;
use crate::config::Uploads;
use crate::demo::endorser::{Endorser, fresh_template};
use crate::storage::ledger::Ledger;

static JANE: LazyLock<Endorser> =
    LazyLock::new(|| Endorser::create("Jane", "jane@example.org", noon().timestamp()).expect("a certificate"));

fn noon() -> Instant {
    Instant::from("2026-03-01T12:00:00Z".parse::<proto::timestamp::Timestamp>().expect("a moment"))
}

/// The node under test is 1; node 2 is a member, node 9 is not.
fn key(number: u8) -> NodeKey {
    NodeKey::from_seed([number; 32])
}

struct Node {
    intake: Intake,
    ledger: Ledger,
    _folder: tempfile::TempDir,
}

fn node() -> Node {
    node_that_takes(bounds::UPLOADS_WAITING_MAX)
}

/// A node that takes so many uploads at once.
fn node_that_takes(uploads_max: usize) -> Node {
    let members = [1, 2].map(|number| (key(number).node_id(), Confirmations::Disregarded)).into();
    let trust = Trust { members, ..Trust::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let rules = Rules {
        trust,
        admittance: Admittance::Closed,
        anchors: TrustAnchors::default(),
        document_bytes_max: proto::bounds::DOCUMENT_BYTES_MAX,
        created_ms_max_age: 60_000,
        created_ms_max_ahead: 60_000,
        uploads: Uploads::Accepted,
        uploads_of_endorser_per_minute: 0,
        uploads_max,
        confirmation: None,
    };
    let ledger = Ledger::open(folder.path(), rules.judge(noon())).expect("a ledger");
    let clock = Clock::started_at(noon().timestamp());
    Node { intake: Intake::new(ledger.clone(), Arc::new(key(1)), clock, rules), ledger, _folder: folder }
}

fn signed(name_ms: u64, created: Instant) -> Bytes {
    let template = fresh_template(Instant::from_unix_ms(name_ms));
    JANE.sign(&template, created.timestamp()).expect("signed").into()
}

fn entry_of(document: &[u8]) -> (EntryId, Sha256Digest) {
    let entry = examine(document, Algorithms::Modern).expect("good");
    (entry.id(), entry.raw_sha256())
}

fn envelope(document: &Bytes, origin: u8, admitted: Instant) -> Envelope {
    let (entry, digest) = entry_of(document);
    let admission = Admission::sign(entry, digest, admitted, Confirmation::Unconfirmed, &key(origin));
    Envelope::new(document.clone(), admission.to_bytes()).expect("within the bounds")
}

fn invalid_rule(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Invalid { rule } => rule,
        other => panic!("not invalid: {other:?}"),
    }
}

#[tokio::test]
async fn an_upload_is_receipted_by_this_node_and_known_when_it_comes_again() {
    let node = node();
    let document = signed(1, noon());
    let taken = node.intake.upload(document.clone(), Scope::Federated).await.expect("taken");
    assert!(matches!(taken.uploaded, Uploaded::Created(_)));
    let spread = taken.spread.expect("it is federated");
    let admission = Admission::verify(spread.envelope.admission()).expect("signed by this node");
    assert_eq!(admission.receipt().origin, key(1).node_id());
    let again = node.intake.upload(document, Scope::Federated).await.expect("taken");
    assert!(matches!(again.uploaded, Uploaded::AlreadyHeld(_)) && again.spread.is_none());
}

#[tokio::test]
async fn a_local_upload_is_not_spread() {
    let taken = node().intake.upload(signed(1, noon()), Scope::Local).await.expect("taken");
    assert!(taken.spread.is_none());
}

#[tokio::test]
async fn an_endorsement_outside_of_the_window_is_refused_at_upload_and_taken_from_peers() {
    let node = node();
    let [old, ahead] = [noon().unix_ms() - 120_000, noon().unix_ms() + 120_000].map(Instant::from_unix_ms);
    for created in [old, ahead] {
        let document = signed(1, created);
        let refused = node.intake.upload(document.clone(), Scope::Federated).await.expect_err("outside");
        assert!(matches!(&refused, UploadRefusal::Invalid { rule, .. } if rule == "created-window"), "{refused}");
        let arrival = node.intake.take_envelope(envelope(&document, 2, noon())).await;
        assert!(matches!(arrival.outcome, Outcome::Held { .. }), "{:?}", arrival.outcome);
    }
}

#[tokio::test]
async fn a_node_that_only_follows_takes_no_upload() {
    let node = node();
    let rules = Rules { uploads: Uploads::Refused, ..(*node.intake.rules()).clone() };
    node.intake.change_rules(rules);
    let document = signed(1, noon());
    let refused = node.intake.upload(document.clone(), Scope::Federated).await.expect_err("read-only");
    assert!(matches!(&refused, UploadRefusal::Policy { rule, .. } if rule == "read-only"), "{refused}");
    let arrival = node.intake.take_envelope(envelope(&document, 2, noon())).await;
    assert!(matches!(arrival.outcome, Outcome::Held { .. }), "{:?}", arrival.outcome);
}

#[tokio::test]
async fn an_upload_past_those_that_are_taken_at_once_is_told_to_come_again() {
    let (busy, node) = (node_that_takes(0), node_that_takes(1));
    let refused = busy.intake.upload(signed(1, noon()), Scope::Federated).await.expect_err("there is no room");
    assert!(matches!(refused, UploadRefusal::Overloaded), "{refused}");
    for name_ms in 1..3 {
        node.intake.upload(signed(name_ms, noon()), Scope::Federated).await.expect("one after the other is taken");
    }
    assert_eq!(node.intake.uploads_running(), Used { now: 0, most: 1 });
}

#[tokio::test]
async fn a_key_that_signs_too_many_uploads_is_told_when_to_come_again() {
    let node = node();
    node.intake.change_rules(Rules { uploads_of_endorser_per_minute: 1, ..(*node.intake.rules()).clone() });
    node.intake.upload(signed(1, noon()), Scope::Federated).await.expect("taken");
    let refused = node.intake.upload(signed(2, noon()), Scope::Federated).await.expect_err("too soon");
    assert!(matches!(refused, UploadRefusal::TooOften { per_minute: 1, retry_after_s: 1..=60 }), "{refused}");
    node.intake.upload(signed(1, noon()), Scope::Federated).await.expect("what is held already costs nothing");
    let arrival = node.intake.take_envelope(envelope(&signed(2, noon()), 2, noon())).await;
    assert!(matches!(arrival.outcome, Outcome::Held { .. }), "{:?}", arrival.outcome);
}

#[tokio::test]
async fn a_document_that_is_held_is_known_even_when_its_window_has_passed() {
    let node = node();
    let old = signed(1, Instant::from_unix_ms(noon().unix_ms() - 120_000));
    let arrival = node.intake.take_envelope(envelope(&old, 2, noon())).await;
    assert!(matches!(arrival.outcome, Outcome::Held { .. }), "{:?}", arrival.outcome);
    let again = node.intake.upload(old, Scope::Federated).await.expect("known");
    assert!(matches!(again.uploaded, Uploaded::AlreadyHeld(_)) && again.spread.is_none());
}

#[tokio::test]
async fn a_local_entry_that_is_uploaded_as_federated_is_spread() {
    let node = node();
    let document = signed(1, noon());
    node.intake.upload(document.clone(), Scope::Local).await.expect("taken");
    let widened = node.intake.upload(document.clone(), Scope::Federated).await.expect("taken");
    let spread = widened.spread.expect("it is federated now");
    assert_eq!(spread.items.added, [spread.envelope.item()], "what is spread is what is held");
    let local_again = node.intake.upload(document, Scope::Local).await.expect("known");
    assert!(matches!(local_again.uploaded, Uploaded::AlreadyHeld(_)) && local_again.spread.is_none());
    assert_eq!(node.ledger.items().await.expect("read").len(), 1);
}

#[tokio::test]
async fn an_upload_older_than_the_latest_is_stale_and_the_same_from_a_peer_is_not() {
    let node = node();
    let older = signed(1, Instant::from_unix_ms(noon().unix_ms() - 30_000));
    node.intake.upload(signed(1, noon()), Scope::Federated).await.expect("taken");
    let refused = node.intake.upload(older.clone(), Scope::Federated).await.expect_err("stale");
    assert!(matches!(refused, UploadRefusal::Stale { .. }), "{refused}");
    let arrival = node.intake.take_envelope(envelope(&older, 2, noon())).await;
    assert!(matches!(arrival.outcome, Outcome::Held { .. }), "{:?}", arrival.outcome);
}

#[tokio::test]
async fn what_was_withdrawn_is_verified_again_and_comes_back_with_its_admission() {
    let node = node();
    let document = signed(1, noon());
    let taken = node.intake.upload(document, Scope::Local).await.expect("taken").uploaded;
    let Uploaded::Created(located) = taken else { panic!("{taken:?}") };
    let before = node.ledger.entry(located.entry).await.expect("read").expect("held");

    let allowing = (*node.intake.rules()).clone();
    let mut denying = allowing.clone();
    denying.trust.policy.endorsers_deny = ["@example.org".parse().expect("a pattern")].into();
    node.ledger.rejudge(denying.judge(noon())).await.expect("the ledger is open");
    node.ledger.reevaluate_held().await.expect("the ledger is open");
    assert_eq!(node.ledger.entry(located.entry).await.expect("read"), None);

    node.ledger.rejudge(allowing.judge(noon())).await.expect("the ledger is open");
    node.ledger.reevaluate_held().await.expect("the ledger is open");
    for refused in node.ledger.due_refusals(10).await.expect("read") {
        let arrival = node.intake.take_refused(refused).await;
        assert_eq!(arrival.outcome, Outcome::Known, "a local entry has no item");
    }
    let after = node.ledger.entry(located.entry).await.expect("read").expect("held again");
    assert_eq!(after, crate::storage::ledger::Held { seq: after.seq, ..before });
}

#[tokio::test]
async fn a_forged_admission_is_the_senders_fault_and_nothing_is_held() {
    let node = node();
    let document = signed(1, noon());
    let good = *envelope(&document, 2, noon()).admission();
    for position in [1, 40, 70, 100, 105, 120] {
        let mut forged = good;
        forged[position] ^= 1;
        let envelope = Envelope::new(document.clone(), forged).expect("within the bounds");
        let arrival = node.intake.take_envelope(envelope).await;
        assert!(invalid_rule(&arrival.outcome).starts_with("admission: "), "byte {position}: {:?}", arrival.outcome);
    }
    assert_eq!(node.ledger.counts(noon().timestamp()).await.expect("counted").entries, 0);
}

#[tokio::test]
async fn an_admission_of_another_document_or_other_bytes_is_the_senders_fault() {
    let node = node();
    let (one, other) = (signed(1, noon()), signed(2, noon()));
    let swapped = Envelope::new(one.clone(), *envelope(&other, 2, noon()).admission()).expect("within the bounds");
    let arrival = node.intake.take_envelope(swapped).await;
    assert!(invalid_rule(&arrival.outcome).contains("another document"), "{:?}", arrival.outcome);

    // The same entry in other bytes, which the signature does not cover: the receipt is for the bytes too.
    let text =
        String::from_utf8(one.to_vec()).expect("UTF-8").replacen("<rdf:Description", "<!-- --><rdf:Description", 1);
    let altered = Bytes::from(text);
    assert_eq!(entry_of(&altered).0, entry_of(&one).0);
    let altered = Envelope::new(altered, *envelope(&one, 2, noon()).admission()).expect("within the bounds");
    let arrival = node.intake.take_envelope(altered).await;
    assert!(invalid_rule(&arrival.outcome).contains("another document"), "{:?}", arrival.outcome);
}

#[tokio::test]
async fn an_altered_document_from_a_peer_is_invalid_with_its_rule() {
    let node = node();
    let document = signed(1, noon());
    let forged = Bytes::from(crate::demo::endorser::forge(&document).expect("forged"));
    let envelope = Envelope::new(forged, *envelope(&document, 2, noon()).admission()).expect("within the bounds");
    let arrival = node.intake.take_envelope(envelope).await;
    assert!(invalid_rule(&arrival.outcome).starts_with("digest-mismatch"), "{:?}", arrival.outcome);
}

#[tokio::test]
async fn an_entry_of_an_unlisted_origin_is_refused_without_fault_and_remembered() {
    let node = node();
    let arrival = node.intake.take_envelope(envelope(&signed(1, noon()), 9, noon())).await;
    assert!(matches!(&arrival.outcome, Outcome::Refused { reason } if reason.starts_with("unlisted-origin")));
    let refusals = node.ledger.refusals_by_rule().await.expect("counted");
    assert_eq!(refusals.get("unlisted-origin"), Some(&1));

    let rules = Rules { admittance: Admittance::Open, ..(*node.intake.rules()).clone() };
    node.ledger.rejudge(rules.judge(noon())).await.expect("the ledger is open");
    node.intake.change_rules(rules);
    let arrival = node.intake.take_envelope(envelope(&signed(1, noon()), 9, noon())).await;
    assert!(matches!(arrival.outcome, Outcome::Held { .. }), "{:?}", arrival.outcome);
}

#[tokio::test]
async fn the_earlier_of_two_admissions_of_one_origin_stands_and_the_other_is_remembered() {
    let node = node();
    let document = signed(1, noon());
    let [early, late] = [noon(), noon().plus_ms(1)].map(|admitted| envelope(&document, 2, admitted));
    let first = node.intake.take_envelope(late.clone()).await.outcome;
    assert!(matches!(first, Outcome::Held { replaces: None, .. }), "{first:?}");
    let second = node.intake.take_envelope(early.clone()).await.outcome;
    assert_eq!(second, Outcome::Held { item: early.item(), replaces: Some(late.item()) });
    let third = node.intake.take_envelope(late.clone()).await.outcome;
    assert!(matches!(third, Outcome::Refused { .. }), "{third:?}");
    assert_eq!(node.intake.take_envelope(early).await.outcome, Outcome::Known);
    assert_eq!(node.ledger.refused_items().await.expect("read"), [late.item().id]);
}
