//! What admission promises.

use proto::admission::Confirmation;
use proto::standing::{CertificateEmail, Standing};
use proto::timestamp::Instant;
use proto::trust::{BareEntries, Policy, PolicyRefusal, Trust};
use web::registry::{ChangeKind, Coordinates, Scope};

use super::make::{admitted_by, at, candidate, holding, image, jane, open, pinning, rejudge, settle, trust};
use crate::bounds::REFUSALS_MAX;
use crate::storage::ledger::{
    AdmitError, Candidate, Change, FILE, Freshness, Item, Ledger, LedgerError, Novelty, Reevaluation,
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
    assert_eq!(error, LedgerError::NewerSchema { found: 99, known: 4 });
}

#[tokio::test]
async fn a_ledger_of_before_the_first_release_is_not_opened_and_the_error_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    file.pragma_update(None, "user_version", 1).unwrap();
    let error = Ledger::open(folder.path(), trust()).unwrap_err();
    assert_eq!(error, LedgerError::OlderSchema { found: 1, known: 4 });
    assert!(error.to_string().contains("move the data folder away"), "{error}");
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
    assert_eq!(ledger.refused_items().await.unwrap(), [later.receipt.id]);
    assert_eq!(ledger.admit(later).await.unwrap().novelty, Novelty::Outranked);
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
async fn a_command_that_fails_after_writing_takes_no_other_of_its_commit_along() {
    let folder = tempfile::tempdir().unwrap();
    let first = candidate(1, 1, 100);
    let ledger = holding(folder.path(), std::slice::from_ref(&first)).await;
    let commands = (2..120_u8).map(|number| {
        let mut candidate = candidate(number, 1, 200);
        if number % 40 == 0 {
            candidate.receipt = first.receipt.clone();
        }
        ledger.admit(candidate)
    });
    let answers = futures::future::join_all(commands).await;
    let failed = answers.iter().filter(|answer| matches!(answer, Err(AdmitError::Ledger(_)))).count();
    let new = answers.iter().flatten().filter(|admitted| admitted.novelty == Novelty::New).count();
    assert_eq!((failed, new), (2, 116));
    assert_eq!(ledger.counts(at(0)).await.unwrap().entries, 117);
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
    ledger.rejudge(pinning(1).into()).await.unwrap();
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
    let told = |seq, entry, kind| Change { seq, entry, kind, at: new.now.into() };
    let changes = [told(2, new.entry, ChangeKind::Admitted), told(3, old.entry, ChangeKind::Superseded)];
    assert_eq!(ledger.changes_after(1, 10).await.unwrap(), changes);
    let stored = ledger.stored(vec![old.entry], 1).await.unwrap().remove(0).unwrap();
    assert_eq!(stored.placement.superseded_by, Some(new.entry));
}

#[tokio::test]
async fn an_upload_changes_the_entry_whose_place_it_takes_and_no_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let versions: Vec<_> = (1..=9).map(|number| candidate(number, 1, i64::from(number) * 100)).collect();
    let ledger = holding(folder.path(), &versions).await;
    assert_eq!(ledger.last_change().await.unwrap(), 9 + 8);
    let stored = ledger.stored(versions.iter().map(|version| version.entry).collect(), 100).await.unwrap();
    let by: Vec<_> = stored.into_iter().map(|stored| stored.unwrap().placement.superseded_by).collect();
    let next: Vec<_> = versions.iter().skip(1).map(|version| Some(version.entry)).chain([None]).collect();
    assert_eq!(by, next);
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
    assert_eq!(rejudge(&ledger, trust(), &[]).await, Reevaluation::default());
    assert_eq!(rejudge(&ledger, pinning(2), &[]).await, Reevaluation { moved: 2, ..Reevaluation::default() });
    assert!(ledger.check(pinning(2)).await.unwrap().is_clean());
    assert!(!ledger.check(trust()).await.unwrap().is_clean());
    ledger.close().await;

    let ledger = open(folder.path());
    assert_eq!(settle(&ledger, &[]).await.moved, 2);
    assert!(ledger.check(trust()).await.unwrap().is_clean());
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

/// What a node refuses that has no reason to believe its address.
fn unbound(number: u16) -> Candidate {
    let [high, low] = number.to_be_bytes();
    let mut unbound = candidate(low, high, 100);
    unbound.certificate_email = CertificateEmail::Absent;
    unbound
}

#[tokio::test]
async fn a_refusal_is_remembered_once_with_all_that_is_needed_to_try_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let refused = unbound(1);
    for candidate in [refused.clone(), refused.clone(), unbound(2)] {
        ledger.admit(candidate).await.unwrap_err();
    }
    assert_eq!(ledger.refusals_by_rule().await.unwrap()["unbound-email"], 2);
    assert_eq!(ledger.refused_items().await.unwrap(), [refused.receipt.id, unbound(2).receipt.id]);
    let stored = &ledger.refusals(0, 10).await.unwrap()[0];
    assert_eq!((stored.item, &stored.admission), (refused.receipt.id, &refused.receipt.bytes));
    assert_eq!((&stored.raw, stored.first_seen), (&refused.raw, refused.seen));
}

#[tokio::test]
async fn a_refused_upload_is_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.admit(Candidate { freshness: Freshness::Checked, ..unbound(1) }).await.unwrap_err();
    assert_eq!(ledger.refusals(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn an_admitted_item_is_no_longer_refused_and_was_seen_when_it_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.admit(unbound(1)).await.unwrap_err();
    ledger.rejudge(pinning(0).into()).await.unwrap();
    let later = Candidate { seen: Instant::from_unix_ms(9000), ..unbound(1) };
    ledger.admit(later.clone()).await.unwrap();
    assert_eq!(ledger.refused_items().await.unwrap(), []);
    assert_eq!(ledger.entry(later.entry).await.unwrap().unwrap().first_seen, unbound(1).seen);
}

#[tokio::test]
async fn the_oldest_refusals_of_strangers_are_forgotten_past_the_bound_and_what_was_held_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let held = unbound(40_000);
    rejudge(&ledger, pinning(156), &[]).await;
    ledger.admit(held.clone()).await.unwrap();
    rejudge(&ledger, trust(), std::slice::from_ref(&held)).await;
    assert_eq!(ledger.refused_items().await.unwrap(), [held.receipt.id]);
    let past = u16::try_from(REFUSALS_MAX).unwrap() + 5;
    futures::future::join_all((0..past).map(|number| ledger.admit(unbound(number)))).await;
    let refused = ledger.refused_items().await.unwrap();
    assert_eq!((refused.len(), refused[0]), (REFUSALS_MAX + 1, held.receipt.id));
    assert!(!refused.contains(&unbound(4).receipt.id) && refused.contains(&unbound(5).receipt.id));
}
