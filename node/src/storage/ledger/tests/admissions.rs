//! What admission promises.

use proto::admission::Confirmation;
use proto::digest::Sha256Digest;
use proto::standing::{CertificateEmail, Standing};
use proto::timestamp::Instant;
use proto::trust::{BareEntries, Policy, PolicyRefusal, Trust};
use web::registry::{Coordinates, Scope};

use super::make::{admitted_by, at, candidate, holding, image, jane, open, pinning, receipt, trust};
use crate::bounds::REFUSALS_MAX;
use crate::storage::ledger::{
    AdmitError, Candidate, FILE, Freshness, Item, Ledger, LedgerError, Novelty, Refusal, RefusedAdmission,
};

fn item(candidate: &Candidate) -> Item {
    candidate.receipt.item()
}

#[tokio::test]
async fn what_was_admitted_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = candidate(1, 1, 100);
    let ledger = holding(folder.path(), std::slice::from_ref(&first)).await;
    ledger.close().await;

    let ledger = open(folder.path());
    let held = ledger.entry(first.entry).await.unwrap().unwrap();
    assert_eq!(held.raw, first.raw);
    assert_eq!(held.admissions, std::slice::from_ref(&first.receipt.bytes));
    assert_eq!(held.summary.locations, first.description.locations);
    assert_eq!(ledger.items().await.unwrap(), [item(&first)]);
    assert!(ledger.check(trust()).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_closed_ledger_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.close().await;
    assert_eq!(ledger.admit(candidate(1, 1, 100)).await, Err(AdmitError::Ledger(LedgerError::Closed)));
    assert_eq!(ledger.items().await, Err(LedgerError::Closed));
}

#[tokio::test]
async fn a_ledger_of_a_newer_program_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    let error = Ledger::open(folder.path(), trust()).unwrap_err();
    assert_eq!(error, LedgerError::NewerSchema { found: 99, known: 1 });
}

#[tokio::test]
async fn the_same_admission_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let first = ledger.admit(candidate(1, 1, 100)).await.unwrap();
    let again = ledger.admit(candidate(1, 1, 100)).await.unwrap();
    assert_eq!((first.novelty, again.novelty), (Novelty::New, Novelty::Known));
    assert_eq!(again.change, first.change);
    assert!(again.items.added.is_empty());
    assert_eq!(ledger.last_change().await.unwrap(), first.change);
}

#[tokio::test]
async fn an_earlier_admission_of_an_origin_replaces_its_later_one() {
    let folder = tempfile::tempdir().unwrap();
    let later = candidate(1, 1, 100);
    let earlier = admitted_by(&later, 1, 10, 7);
    let ledger = holding(folder.path(), std::slice::from_ref(&later)).await;
    let admitted = ledger.admit(earlier.clone()).await.unwrap();
    assert_eq!(admitted.items.added, [item(&earlier)]);
    assert_eq!(admitted.items.removed, [item(&later)]);
    assert_eq!(ledger.items().await.unwrap(), [item(&earlier)]);
    assert_eq!(ledger.admit(later).await.unwrap().novelty, Novelty::Known);
}

#[tokio::test]
async fn the_bytes_served_are_those_of_the_earliest_admission_and_each_envelope_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let first = candidate(1, 1, 100);
    let earlier = admitted_by(&first, 2, 10, 7);
    let ledger = holding(folder.path(), &[first.clone(), earlier.clone()]).await;
    let held = ledger.entry(first.entry).await.unwrap().unwrap();
    assert_eq!(held.raw, earlier.raw);
    assert_eq!(held.admissions, [earlier.receipt.bytes.clone(), first.receipt.bytes.clone()]);

    let envelopes = ledger.envelopes(vec![first.receipt.id, earlier.receipt.id], usize::MAX).await.unwrap();
    let documents: Vec<_> = envelopes.into_iter().map(|envelope| envelope.document).collect();
    assert_eq!(documents, [first.raw, earlier.raw]);
}

#[tokio::test]
async fn envelopes_stop_at_the_bound_but_give_one() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (candidate(1, 1, 100), candidate(2, 1, 200));
    let ledger = holding(folder.path(), &[first.clone(), second.clone()]).await;
    let wanted = vec![first.receipt.id, second.receipt.id];
    assert_eq!(ledger.envelopes(wanted, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn commands_that_wait_together_do_not_harm_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let commands = (0..200_u8).map(|number| {
        let mut candidate = candidate(number, 1, 100);
        if number % 3 == 0 {
            candidate.certificate_email = CertificateEmail::Absent;
        }
        ledger.admit(candidate)
    });
    let answers = futures::future::join_all(commands).await;
    let refused = answers.iter().filter(|answer| matches!(answer, Err(AdmitError::Refused(_)))).count();
    let admitted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!((refused, admitted), (67, 133));
    assert_eq!(ledger.counts(at(0)).await.unwrap().entries, 133);
    assert!(ledger.check(trust()).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_command_that_fails_after_writing_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let first = candidate(1, 1, 100);
    let ledger = holding(folder.path(), std::slice::from_ref(&first)).await;
    // Another entry that claims an admission that is held: its row is written before the admission collides.
    let mut colliding = candidate(2, 1, 200);
    colliding.receipt = first.receipt.clone();
    assert!(matches!(ledger.admit(colliding.clone()).await, Err(AdmitError::Ledger(LedgerError::Machine(_)))));
    assert_eq!(ledger.entry(colliding.entry).await.unwrap(), None);
    assert_eq!(ledger.admit(candidate(3, 1, 300)).await.unwrap().novelty, Novelty::New);
    assert!(ledger.check(trust()).await.unwrap().is_clean());
}

#[tokio::test]
async fn an_unbound_address_is_refused_and_a_pinned_key_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut silent = candidate(1, 1, 100);
    silent.certificate_email = CertificateEmail::Absent;
    let refused = ledger.admit(silent.clone()).await.unwrap_err();
    assert!(matches!(refused, AdmitError::Refused(PolicyRefusal::UnboundEmail { .. })));
    ledger.retrust(pinning(1)).await.unwrap();
    assert_eq!(ledger.admit(silent).await.unwrap().placement.standing, Standing::Confirmed);
}

#[tokio::test]
async fn a_node_that_holds_no_bare_entries_refuses_them() {
    let folder = tempfile::tempdir().unwrap();
    let policy = Policy { bare: BareEntries::Refused, ..Policy::default() };
    let ledger = Ledger::open(folder.path(), Trust { policy, ..trust() }).unwrap();
    let refused = ledger.admit(candidate(1, 1, 100)).await.unwrap_err();
    assert!(matches!(refused, AdmitError::Refused(PolicyRefusal::BareRefused { .. })));
}

#[tokio::test]
async fn an_upload_older_than_the_latest_is_stale_and_a_peers_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let latest = candidate(1, 1, 200);
    let ledger = holding(folder.path(), std::slice::from_ref(&latest)).await;
    let older = candidate(2, 1, 100);
    let upload = Candidate { freshness: Freshness::Checked, ..older.clone() };
    match ledger.admit(upload).await {
        Err(AdmitError::Stale(stale)) => assert_eq!(stale.latest, latest.entry),
        other => panic!("{other:?}"),
    }
    let admitted = ledger.admit(older).await.unwrap();
    assert_eq!(admitted.placement.superseded_by, Some(latest.entry));
}

#[tokio::test]
async fn a_newer_entry_moves_the_older_and_the_graph_is_told_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (candidate(1, 1, 100), candidate(2, 1, 200));
    let ledger = holding(folder.path(), &[old.clone(), new.clone()]).await;
    let changes = ledger.changes_after(1, 10).await.unwrap();
    assert_eq!(changes.iter().map(|change| change.entry).collect::<Vec<_>>(), [new.entry, old.entry]);
    let stored = ledger.stored(old.entry).await.unwrap().unwrap();
    assert_eq!(stored.placement.superseded_by, Some(new.entry));
}

#[tokio::test]
async fn a_confirmed_key_contests_all_that_the_address_had_about_any_image() {
    let folder = tempfile::tempdir().unwrap();
    let mut elsewhere = candidate(1, 1, 100);
    elsewhere.at.image = image(9);
    let ledger = holding(folder.path(), std::slice::from_ref(&elsewhere)).await;
    let mut confirmed = candidate(2, 2, 200);
    confirmed.receipt.receipt.confirmation = Confirmation::Confirmed;
    ledger.admit(confirmed).await.unwrap();
    let held = ledger.entry(elsewhere.entry).await.unwrap().unwrap();
    assert_eq!(held.summary.standing, Standing::Contested);
    assert!(ledger.check(trust()).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_replaced_confirmation_no_longer_confirms() {
    let folder = tempfile::tempdir().unwrap();
    let mut confirmed = candidate(1, 1, 100);
    confirmed.receipt.receipt.confirmation = Confirmation::Confirmed;
    let earlier = admitted_by(&confirmed, 1, 10, 0);
    let ledger = holding(folder.path(), std::slice::from_ref(&confirmed)).await;
    let admitted = ledger.admit(earlier).await.unwrap();
    assert_eq!(admitted.placement.standing, Standing::Bare);
    assert!(ledger.check(trust()).await.unwrap().is_clean());
}

#[tokio::test]
async fn new_trust_settings_move_what_is_held_also_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (bare, contested) = (candidate(1, 1, 100), candidate(2, 2, 200));
    let ledger = holding(folder.path(), &[bare.clone(), contested.clone()]).await;
    assert_eq!(ledger.retrust(trust()).await, Ok(0));
    assert_eq!(ledger.retrust(pinning(2)).await, Ok(2));
    assert!(ledger.check(pinning(2)).await.unwrap().is_clean());
    assert!(!ledger.check(trust()).await.unwrap().is_clean());
    ledger.close().await;

    let ledger = open(folder.path());
    assert!(ledger.check(trust()).await.unwrap().is_clean());
    assert_eq!(ledger.last_change().await.unwrap(), 6);
}

#[tokio::test]
async fn local_entries_are_not_for_peers_until_they_are_federated() {
    let folder = tempfile::tempdir().unwrap();
    let federated = candidate(1, 1, 100);
    let local = Candidate { scope: Scope::Local, ..federated.clone() };
    let ledger = open(folder.path());
    assert!(ledger.admit(local).await.unwrap().items.added.is_empty());
    assert_eq!(ledger.items().await.unwrap(), []);
    assert_eq!(ledger.envelopes(vec![federated.receipt.id], usize::MAX).await.unwrap(), []);

    let admitted = ledger.admit(federated.clone()).await.unwrap();
    assert_eq!((admitted.novelty, admitted.items.added), (Novelty::Extended, vec![item(&federated)]));
    assert_eq!(ledger.items().await.unwrap(), [item(&federated)]);
}

#[tokio::test]
async fn a_federated_entry_does_not_become_local() {
    let folder = tempfile::tempdir().unwrap();
    let federated = candidate(1, 1, 100);
    let ledger = holding(folder.path(), std::slice::from_ref(&federated)).await;
    ledger.admit(Candidate { scope: Scope::Local, ..federated.clone() }).await.unwrap();
    assert_eq!(ledger.items().await.unwrap(), [item(&federated)]);
}

#[tokio::test]
async fn equal_coordinates_give_the_higher_standing_then_the_greater_identity() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two, stranger) = (candidate(1, 1, 100), candidate(2, 1, 100), candidate(3, 2, 100));
    let ledger = holding(folder.path(), &[one.clone(), two.clone(), stranger]).await;
    let coordinates = Coordinates { image: image(0), email: jane(), created: at(100) };
    let found = ledger.entry_at(coordinates).await.unwrap().unwrap();
    assert_eq!(found.summary.entry, one.entry.max(two.entry));
}

fn refusal(number: usize) -> Refusal {
    let raw = number.to_be_bytes().to_vec();
    let admission = receipt(candidate(1, 1, 100).entry, &raw, 1, 10);
    Refusal {
        admission: Some(RefusedAdmission { id: admission.id, bytes: admission.bytes }),
        document: Sha256Digest::of(&raw),
        raw: raw.into(),
        rule: "unbound-email".to_owned(),
        reason: "no reason".to_owned(),
        refused: Instant::from_unix_ms(1),
    }
}

#[tokio::test]
async fn a_refusal_is_remembered_once_and_forgotten_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.refuse(refusal(1)).await.unwrap();
    ledger.refuse(refusal(1)).await.unwrap();
    let upload = Refusal { admission: None, ..refusal(2) };
    ledger.refuse(upload.clone()).await.unwrap();
    ledger.refuse(upload).await.unwrap();
    assert_eq!(ledger.refusals_by_rule().await.unwrap()["unbound-email"], 2);
    assert_eq!(ledger.refused_items().await.unwrap().len(), 1);
    let stored = ledger.refusals(0, 10).await.unwrap();
    assert_eq!(stored[0].refusal, refusal(1));
    ledger.forget_refusals(stored.iter().map(|stored| stored.seq).collect()).await.unwrap();
    assert_eq!(ledger.refusals(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn an_admitted_item_is_no_longer_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let first = candidate(1, 1, 100);
    let admission = RefusedAdmission { id: first.receipt.id, bytes: first.receipt.bytes.clone() };
    ledger.refuse(Refusal { admission: Some(admission), ..refusal(1) }).await.unwrap();
    ledger.admit(first).await.unwrap();
    assert_eq!(ledger.refused_items().await.unwrap(), []);
}

#[tokio::test]
async fn the_oldest_refusals_are_forgotten_past_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    for thousand in 0..=REFUSALS_MAX / 1000 {
        let numbers = thousand * 1000..(thousand + 1) * 1000;
        futures::future::join_all(numbers.map(|number| ledger.refuse(refusal(number)))).await;
    }
    assert_eq!(ledger.refusals_by_rule().await.unwrap()["unbound-email"], u64::try_from(REFUSALS_MAX).unwrap());
    assert_eq!(ledger.refusals(0, 1).await.unwrap()[0].refusal, refusal(1000));
}
