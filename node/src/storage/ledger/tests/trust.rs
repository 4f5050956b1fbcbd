//! What a change of trust does to what is held and refused.

use proto::crypto::{AnchorFile, Certificate, TrustAnchors};
use proto::signature::Algorithms;
use proto::standing::{CertificateEmail, Standing};
use proto::timestamp::{Instant, Timestamp};
use proto::trust::{Policy, Trust};
use web::registry::{ChangeKind, Scope};

use super::make::{about, admitted_by, at, candidate, everything, holding, open, pinning, rejudge, settle, trust};
use crate::storage::ledger::{Candidate, Change, Freshness, Judge, Ledger, OriginRule, Step};

/// Within the validity of the certificates.
pub(super) const CREATED: i64 = 1_800_000_000;

const AUTHORITY: &[u8] = include_bytes!("certificates/ca.der");
pub(super) const WITH_ADDRESS: &[u8] = include_bytes!("certificates/jane-with-address-by-ca.der");
const WITHOUT_ADDRESS: &[u8] = include_bytes!("certificates/jane-without-address-by-ca.der");
/// For the same key, by an authority that took the other's name.
pub(super) const FORGED_WITH_ADDRESS: &[u8] = include_bytes!("certificates/jane-with-address-by-impostor.der");
const FORGED_WITHOUT_ADDRESS: &[u8] = include_bytes!("certificates/jane-without-address-by-impostor.der");

pub(super) fn anchored(trust: Trust) -> Judge {
    let file = AnchorFile::new("ca.der".to_owned(), AUTHORITY.to_vec());
    let (anchors, findings) = TrustAnchors::read(vec![file], Algorithms::Modern);
    assert_eq!(findings, []);
    Judge { anchors, now: at(CREATED), ..Judge::from(trust) }
}

/// The candidate as it came with this certificate, admitted by node `origin`.
pub(super) fn carrying(candidate: &Candidate, certificate: &[u8], origin: u8) -> Candidate {
    let certificate = Certificate::from_der(certificate).unwrap();
    let certificate_email = certificate.email().map_or(CertificateEmail::Absent, |_| CertificateEmail::Stated);
    let (key, subject) = (certificate.key_sha256(), certificate.subject().to_owned());
    let copy = admitted_by(candidate, origin, u64::from(origin) + 1_000, origin);
    Candidate { certificates: vec![certificate], certificate_email, key, subject, now: at(CREATED), ..copy }
}

pub(super) fn denying(image: u8) -> Trust {
    let images_deny = [super::make::image(image)].into();
    Trust { policy: Policy { images_deny, ..Policy::default() }, ..trust() }
}

fn legacy_accepted() -> Trust {
    Trust { policy: Policy { algorithms: Algorithms::Legacy, ..Policy::default() }, ..trust() }
}

async fn standing(ledger: &Ledger, candidate: &Candidate) -> Option<Standing> {
    ledger.entry(candidate.entry).await.unwrap().map(|held| held.summary.standing)
}

#[tokio::test]
async fn a_chain_to_an_anchor_certifies_and_without_the_anchor_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let entry = carrying(&candidate(1, 1, CREATED), WITH_ADDRESS, 1);
    let ledger = Ledger::open(folder.path(), anchored(trust())).unwrap();
    ledger.admit(entry.clone()).await.unwrap();
    assert_eq!(standing(&ledger, &entry).await, Some(Standing::Certified));
    assert_eq!(rejudge(&ledger, trust(), &[]).await.moved, 1);
    assert_eq!(standing(&ledger, &entry).await, Some(Standing::Bare));
    assert_eq!(rejudge(&ledger, anchored(trust()), &[]).await.moved, 1);
    assert_eq!(standing(&ledger, &entry).await, Some(Standing::Certified));
}

#[tokio::test]
async fn a_chain_does_not_count_for_a_document_from_outside_of_its_validity() {
    let folder = tempfile::tempdir().unwrap();
    let entry = carrying(&candidate(1, 1, 100), WITH_ADDRESS, 1);
    let ledger = Ledger::open(folder.path(), anchored(trust())).unwrap();
    ledger.admit(entry.clone()).await.unwrap();
    assert_eq!(standing(&ledger, &entry).await, Some(Standing::Bare));
}

#[tokio::test]
async fn a_copy_with_a_swapped_certificate_changes_nothing_whether_it_comes_first_or_last() {
    let entry = candidate(1, 1, CREATED);
    let good = carrying(&entry, WITH_ADDRESS, 2);
    for swapped in [FORGED_WITH_ADDRESS, FORGED_WITHOUT_ADDRESS, WITHOUT_ADDRESS] {
        let swapped = carrying(&entry, swapped, 1);
        for copies in [[good.clone(), swapped.clone()], [swapped.clone(), good.clone()]] {
            let folder = tempfile::tempdir().unwrap();
            let ledger = Ledger::open(folder.path(), anchored(trust())).unwrap();
            for copy in &copies {
                let _ = ledger.admit(copy.clone()).await;
            }
            settle(&ledger, &copies).await;
            let held = ledger.stored(vec![entry.entry], 1).await.unwrap().remove(0).unwrap();
            assert_eq!((held.placement.standing, held.claim.witnesses.len()), (Standing::Certified, 2));
            assert_eq!(ledger.refused_items().await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn an_address_that_only_a_self_made_certificate_states_is_not_certified_by_the_chain_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path(), anchored(trust())).unwrap();
    // Another name's certificate has the address.
    let mut owner = carrying(&candidate(2, 2, CREATED), WITH_ADDRESS, 3);
    owner.subject = "CN=Owner".to_owned();
    owner.key = super::make::key(2);
    ledger.admit(owner).await.unwrap();
    let entry = candidate(1, 1, CREATED);
    for (certificate, origin) in [(WITHOUT_ADDRESS, 1), (FORGED_WITH_ADDRESS, 2)] {
        ledger.admit(carrying(&entry, certificate, origin)).await.unwrap();
    }
    assert_eq!(standing(&ledger, &entry).await, Some(Standing::Contested));
}

#[tokio::test]
async fn a_certificate_is_stored_once_and_goes_with_its_last_document() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path(), anchored(trust())).unwrap();
    let copies =
        [carrying(&candidate(1, 1, CREATED), WITH_ADDRESS, 1), carrying(&candidate(2, 1, CREATED), WITH_ADDRESS, 1)];
    for copy in &copies {
        ledger.admit(copy.clone()).await.unwrap();
    }
    let count = || {
        let file = rusqlite::Connection::open(folder.path().join(super::super::FILE)).unwrap();
        file.query_row("SELECT COUNT(*) FROM certificate", (), |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(count(), 1);
    rejudge(&ledger, denying(0), &copies).await;
    assert_eq!(count(), 0);
    rejudge(&ledger, anchored(trust()), &copies).await;
    assert_eq!((count(), standing(&ledger, &copies[1]).await), (1, Some(Standing::Certified)));
}

#[tokio::test]
async fn what_new_settings_refuse_leaves_lists_and_sync_and_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (about(1, candidate(1, 1, 100)), about(2, candidate(2, 1, 200)));
    let second = admitted_by(&one, 2, 3, 9);
    let all = [one.clone(), second.clone(), other.clone()];
    let ledger = holding(folder.path(), &all).await;
    let before = ledger.entry(one.entry).await.unwrap().unwrap();
    settle(&ledger, &all).await;
    assert_eq!(ledger.take_withdrawn(), []);

    let changed = rejudge(&ledger, denying(1), &all).await;
    assert_eq!((changed.withdrawn["image-denied"], changed.admitted), (1, 0));
    assert_eq!(ledger.entry(one.entry).await.unwrap(), None);
    assert_eq!(ledger.list(everything(), at(0)).await.unwrap().total, 1);
    assert_eq!(ledger.items().await.unwrap(), [other.receipt.item()]);
    assert_eq!(ledger.envelopes(vec![one.receipt.id], usize::MAX).await.unwrap(), []);
    let mut withdrawn = ledger.take_withdrawn();
    withdrawn.sort();
    let mut expected = vec![one.receipt.id, second.receipt.id];
    expected.sort();
    assert_eq!(withdrawn, expected);
    assert_eq!(ledger.refusals_by_rule().await.unwrap()["image-denied"], 2);

    let changed = rejudge(&ledger, trust(), &all).await;
    assert_eq!((changed.withdrawn.len(), changed.admitted), (0, 1));
    let after = ledger.entry(one.entry).await.unwrap().unwrap();
    assert_eq!(after, crate::storage::ledger::Held { seq: after.seq, ..before });
}

#[tokio::test]
async fn the_graph_is_told_of_a_withdrawn_entry_and_of_the_one_that_is_current_again() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (candidate(1, 1, 100), Candidate { legacy: Some("rsa-sha1".to_owned()), ..candidate(2, 1, 200) });
    let all = [old.clone(), new.clone()];
    let ledger = Ledger::open(folder.path(), legacy_accepted()).unwrap();
    for candidate in &all {
        ledger.admit(candidate.clone()).await.unwrap();
    }
    let last = ledger.last_change().await.unwrap();
    let modern = Judge { now: at(CREATED), ..Judge::from(trust()) };
    rejudge(&ledger, modern, &all).await;
    let moment = Instant::from(at(CREATED));
    let told = |seq, entry, kind| Change { seq, entry, kind, at: moment };
    let changes = [told(4, new.entry, ChangeKind::Withdrawn), told(5, old.entry, ChangeKind::Moved)];
    assert_eq!(ledger.changes_after(last, 10).await.unwrap(), changes);
    assert_eq!(ledger.stored(vec![new.entry], 1).await.unwrap(), [None]);
    let again = Candidate { now: at(CREATED + 1), ..new.clone() };
    rejudge(&ledger, legacy_accepted(), &[again]).await;
    let kinds: Vec<_> = ledger.changes_after(last + 2, 10).await.unwrap().iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [ChangeKind::Admitted, ChangeKind::Superseded]);
}

#[tokio::test]
async fn a_local_entry_comes_back_local_and_is_never_told_to_the_federation() {
    let folder = tempfile::tempdir().unwrap();
    let local = Candidate { scope: Scope::Local, ..candidate(1, 1, 100) };
    let ledger = holding(folder.path(), std::slice::from_ref(&local)).await;
    rejudge(&ledger, denying(0), std::slice::from_ref(&local)).await;
    assert_eq!((ledger.take_withdrawn(), ledger.refused_items().await.unwrap()), (Vec::new(), Vec::new()));
    rejudge(&ledger, trust(), std::slice::from_ref(&local)).await;
    let held = ledger.entry(local.entry).await.unwrap().unwrap();
    assert_eq!((held.summary.scope, ledger.items().await.unwrap()), (Scope::Local, Vec::new()));
}

#[tokio::test]
async fn turning_legacy_off_withdraws_the_copies_that_need_it_and_keeps_an_entry_that_has_another() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path(), legacy_accepted()).unwrap();
    let old = |candidate| Candidate { legacy: Some("rsa-sha1".to_owned()), ..candidate };
    let (one, both) = (old(candidate(1, 1, 100)), old(candidate(2, 1, 200)));
    let modern = Candidate { legacy: None, ..admitted_by(&both, 2, 5_000, 7) };
    let all = [one.clone(), both.clone(), modern.clone()];
    for candidate in &all {
        ledger.admit(candidate.clone()).await.unwrap();
    }
    assert_eq!(rejudge(&ledger, trust(), &all).await.withdrawn["legacy-algorithm"], 2);
    assert_eq!(ledger.entry(one.entry).await.unwrap(), None);
    let held = ledger.entry(both.entry).await.unwrap().unwrap();
    assert_eq!((&held.raw, held.admissions.len()), (&modern.raw, 1));
}

#[tokio::test]
async fn an_entry_whose_pin_is_taken_back_is_withdrawn_until_it_is_pinned_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path(), pinning(1)).unwrap();
    let silent = Candidate { certificate_email: CertificateEmail::Absent, ..candidate(1, 1, 100) };
    let all = [silent.clone()];
    ledger.admit(silent.clone()).await.unwrap();
    assert_eq!(rejudge(&ledger, trust(), &all).await.withdrawn["unbound-email"], 1);
    assert_eq!(rejudge(&ledger, pinning(1), &all).await.admitted, 1);
    assert_eq!(standing(&ledger, &silent).await, Some(Standing::Confirmed));
}

#[tokio::test]
async fn a_member_that_leaves_takes_nothing_with_it_even_through_a_withdrawal() {
    let folder = tempfile::tempdir().unwrap();
    let closed = |trust: Trust| Judge { admittance: proto::federation::Admittance::Closed, ..Judge::from(trust) };
    let ledger = Ledger::open(folder.path(), closed(trust())).unwrap();
    let all = [admitted_by(&candidate(1, 1, 100), 2, 5, 1)];
    ledger.admit(all[0].clone()).await.unwrap();
    let leave = |mut trust: Trust| {
        trust.members.remove(&super::make::member(2));
        trust
    };
    rejudge(&ledger, closed(leave(trust())), &all).await;
    assert!(standing(&ledger, &all[0]).await.is_some());
    rejudge(&ledger, closed(leave(denying(0))), &all).await;
    assert_eq!(standing(&ledger, &all[0]).await, None);
    assert_eq!(ledger.refusals(0, 1).await.unwrap()[0].origin_rule, OriginRule::Waived);
    rejudge(&ledger, closed(leave(trust())), &all).await;
    assert!(standing(&ledger, &all[0]).await.is_some());
    let stranger = admitted_by(&candidate(2, 1, 100), 2, 5, 1);
    assert!(ledger.admit(stranger).await.is_err());
}

#[tokio::test]
async fn new_arrivals_are_judged_by_the_new_settings_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let held = about(1, candidate(1, 1, 100));
    let ledger = holding(folder.path(), std::slice::from_ref(&held)).await;
    ledger.rejudge(denying(1).into()).await.unwrap();
    assert!(ledger.admit(about(1, candidate(2, 1, 200))).await.is_err());
    // What stands beside the arrival is judged with it, and counted once.
    ledger.admit(about(2, candidate(3, 1, 300))).await.unwrap();
    assert_eq!(standing(&ledger, &held).await, None);
    let changed = settle(&ledger, &[held.clone(), about(1, candidate(2, 1, 200))]).await;
    assert_eq!(changed.withdrawn["image-denied"], 1);
}

#[tokio::test]
async fn judging_anew_goes_in_bounded_steps_and_goes_on_after_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let count = u8::try_from(crate::bounds::REEVALUATED_ADDRESSES_MAX).unwrap() + 10;
    let of_address = |number: u8| {
        let mut candidate = candidate(number, 1, 100);
        candidate.at.email = format!("jane{number:03}@example.org").parse().unwrap();
        candidate
    };
    let candidates: Vec<Candidate> = (0..count).map(of_address).collect();
    let ledger = holding(folder.path(), &candidates).await;
    settle(&ledger, &[]).await;
    ledger.rejudge(denying(0).into()).await.unwrap();
    assert_eq!(ledger.reevaluate().await, Ok(Step::Held));
    assert_eq!(ledger.counts(at(0)).await.unwrap().entries, 10);
    // Others write in between, and the node ends.
    let elsewhere = Candidate { freshness: Freshness::Checked, ..about(1, of_address(0)) };
    let elsewhere = Candidate { entry: candidate(200, 1, 1).entry, ..admitted_by(&elsewhere, 1, 9, 9) };
    ledger.admit(elsewhere).await.unwrap();
    ledger.close().await;

    let ledger = Ledger::open(folder.path(), denying(0)).unwrap();
    let changed = settle(&ledger, &candidates).await;
    assert_eq!(changed.withdrawn["image-denied"], u64::from(count));
    assert_eq!(ledger.counts(at(0)).await.unwrap().entries, 1);
    assert_eq!(ledger.reevaluations().await.unwrap(), (None, Some(changed)));
}

#[tokio::test]
async fn the_moment_alone_changes_no_judgement() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    settle(&ledger, &[]).await;
    let later = Judge { now: Timestamp::from_unix_seconds(9_999).unwrap(), ..Judge::from(trust()) };
    ledger.rejudge(later).await.unwrap();
    assert_eq!(ledger.reevaluate().await, Ok(Step::Done(None)));
}
