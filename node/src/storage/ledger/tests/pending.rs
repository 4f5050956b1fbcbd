//! What awaits its confirmation, and how much of it.

use proto::admission::Confirmation;
use proto::digest::Sha256Digest;
use proto::standing::Standing;
use proto::timestamp::Instant;

use super::make::{about, admitted_by, at, candidate, everything, open};
use crate::bounds;
use crate::storage::ledger::{
    AdmitError, Attempt, Candidate, Freshness, Ledger, Mail, MailKind, NotAwaited, NotConfirmed, Novelty, Pending,
    Question,
};

const NOW: Instant = Instant::from_unix_ms(1_000_000_000_000);

/// The candidate as an upload at `now` that would be confirmed.
fn confirmed(mut candidate: Candidate, now: Instant) -> Candidate {
    candidate.receipt.receipt.confirmation = Confirmation::Confirmed;
    Candidate { seen: now, freshness: Freshness::Checked, ..candidate }
}

fn token(number: u64) -> Sha256Digest {
    Sha256Digest::of(&number.to_be_bytes())
}

fn question(candidate: Candidate, link: u64, now: Instant) -> Question {
    let mail = Mail {
        dedup: format!("confirmation/{link}"),
        kind: MailKind::Confirmation,
        to: candidate.at.email.clone(),
        subject: "subject".to_owned(),
        body: format!("secret {link}"),
    };
    let expires = now.plus_ms(bounds::PENDING_MS_MAX);
    Question { candidate: confirmed(candidate, now), token: token(link), expires, mail }
}

async fn ask(ledger: &Ledger, number: u8, link: u64, now: Instant) -> Result<(), NotAwaited> {
    let asked = about(number, candidate(number, 1, 100));
    ledger.await_confirmation(question(asked, link, now)).await.map(|_| ())
}

async fn pending(ledger: &Ledger, link: u64, now: Instant) -> Option<Pending> {
    ledger.pending(token(link), now).await.unwrap()
}

async fn queued(ledger: &Ledger) -> u64 {
    ledger.mail_counts().await.unwrap().queued
}

#[tokio::test]
async fn what_awaits_its_confirmation_is_held_apart_until_then() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ask(&ledger, 1, 1, NOW).await.unwrap();
    assert_eq!(ledger.list(everything(), at(0)).await.unwrap().total, 0);
    let found = pending(&ledger, 1, NOW).await.unwrap();
    assert_eq!(found.raw, candidate(1, 1, 100).raw);
    assert!(pending(&ledger, 2, NOW).await.is_none());

    let asked = confirmed(about(1, candidate(1, 1, 100)), NOW);
    let admitted = ledger.confirm(found.seq, asked.clone()).await.unwrap();
    assert_eq!((admitted.novelty, admitted.placement.standing), (Novelty::New, Standing::Confirmed));
    assert!(pending(&ledger, 1, NOW).await.is_none());
    assert_eq!(ledger.confirm(found.seq, asked).await, Err(NotConfirmed::Gone));
}

#[tokio::test]
async fn what_awaits_its_confirmation_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ask(&ledger, 1, 1, NOW).await.unwrap();
    ledger.close().await;
    let ledger = open(folder.path());
    assert!(pending(&ledger, 1, NOW).await.is_some());
    assert_eq!(queued(&ledger).await, 1);
}

#[tokio::test]
async fn the_same_upload_sends_a_second_mail_after_an_hour_and_never_a_fourth() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut mails = Vec::new();
    for (link, minutes) in [(1, 0), (2, 59), (3, 60), (4, 100), (5, 120), (6, 300)] {
        ask(&ledger, 1, link, NOW.plus_ms(minutes * 60_000)).await.unwrap();
        mails.push(queued(&ledger).await);
    }
    assert_eq!(mails, [1, 1, 2, 2, 3, 3]);
    // Every link that was mailed works.
    for (link, is_known) in [(1, true), (2, false), (3, true), (5, true)] {
        assert_eq!(pending(&ledger, link, NOW).await.is_some(), is_known, "{link}");
    }
    assert_eq!(ledger.mail_counts().await.unwrap().pending, 1);
}

#[tokio::test]
async fn an_address_is_asked_about_so_many_entries_at_once_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    for number in 1..=8 {
        ask(&ledger, number, number.into(), NOW).await.unwrap();
    }
    assert_eq!(ask(&ledger, 9, 9, NOW).await, Err(NotAwaited::AddressPending));
    let mut other = about(9, candidate(9, 2, 100));
    other.at.email = "other@example.org".parse().unwrap();
    ledger.await_confirmation(question(other, 9, NOW)).await.unwrap();
    let found = pending(&ledger, 1, NOW).await.unwrap();
    assert!(ledger.abort(found.seq).await.unwrap());
    assert!(!ledger.abort(found.seq).await.unwrap());
    ask(&ledger, 9, 10, NOW).await.unwrap();
}

#[tokio::test]
async fn an_address_gets_so_many_mails_a_day_whatever_becomes_of_the_entries() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    for link in 0..32 {
        ask(&ledger, 1, link, NOW).await.unwrap();
        let found = pending(&ledger, link, NOW).await.unwrap();
        assert!(ledger.abort(found.seq).await.unwrap());
    }
    assert_eq!(ask(&ledger, 1, 40, NOW).await, Err(NotAwaited::AddressMails));
    ask(&ledger, 1, 41, NOW.plus_ms(86_400_001)).await.unwrap();
}

#[tokio::test]
async fn what_nobody_confirms_expires_and_its_link_before_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ask(&ledger, 1, 1, NOW).await.unwrap();
    let end = NOW.plus_ms(bounds::PENDING_MS_MAX);
    assert!(pending(&ledger, 1, end).await.is_none());
    assert_eq!(ledger.forget_expired(NOW).await.unwrap(), 0);
    assert_eq!(ledger.forget_expired(end).await.unwrap(), 1);
    assert_eq!(ledger.mail_counts().await.unwrap().pending, 0);
}

#[tokio::test]
async fn what_was_reported_is_not_confirmed_nor_uploaded_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ask(&ledger, 1, 1, NOW).await.unwrap();
    let found = pending(&ledger, 1, NOW).await.unwrap();
    let tell = Mail { kind: MailKind::Abuse, ..question(candidate(1, 1, 100), 7, NOW).mail };
    assert!(ledger.report(found.seq, tell.clone(), NOW).await.unwrap());
    assert!(!ledger.report(found.seq, tell, NOW).await.unwrap());
    assert!(pending(&ledger, 1, NOW).await.is_none());
    assert!(!ledger.abort(found.seq).await.unwrap());
    assert_eq!(queued(&ledger).await, 2);
    assert_eq!(ask(&ledger, 1, 2, NOW).await, Err(NotAwaited::Reported));
}

#[tokio::test]
async fn an_upload_that_would_be_stale_if_confirmed_is_not_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.admit(confirmed(candidate(2, 1, 200), NOW)).await.unwrap();
    let older = ledger.await_confirmation(question(candidate(1, 1, 100), 1, NOW)).await;
    assert!(matches!(older, Err(NotAwaited::Admit(AdmitError::Stale(_)))), "{older:?}");
    assert_eq!(queued(&ledger).await, 0);
}

#[tokio::test]
async fn what_became_stale_while_it_waited_is_not_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.await_confirmation(question(candidate(1, 1, 100), 1, NOW)).await.unwrap();
    ledger.admit(confirmed(candidate(2, 1, 200), NOW)).await.unwrap();
    let found = pending(&ledger, 1, NOW).await.unwrap();
    let refused = ledger.confirm(found.seq, confirmed(candidate(1, 1, 100), NOW)).await;
    assert!(matches!(refused, Err(NotConfirmed::Admit(AdmitError::Stale(_)))), "{refused:?}");
    assert!(pending(&ledger, 1, NOW).await.is_some());
}

#[tokio::test]
async fn what_a_peer_brought_while_it_waited_becomes_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.await_confirmation(question(candidate(1, 1, 100), 1, NOW)).await.unwrap();
    let brought = admitted_by(&candidate(1, 1, 100), 2, 500, 0);
    assert_eq!(ledger.admit(brought).await.unwrap().placement.standing, Standing::Bare);
    let found = pending(&ledger, 1, NOW).await.unwrap();
    let admitted = ledger.confirm(found.seq, confirmed(candidate(1, 1, 100), NOW)).await.unwrap();
    assert_eq!((admitted.novelty, admitted.placement.standing), (Novelty::Extended, Standing::Confirmed));
}

#[tokio::test]
async fn a_mail_that_has_ended_is_neither_due_nor_kept_with_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ask(&ledger, 1, 1, NOW).await.unwrap();
    let mail = ledger.due_mail(NOW, 10).await.unwrap().remove(0);
    let next = NOW.plus_ms(30_000);
    let error = "busy".to_owned();
    ledger.note_attempt(mail.seq, NOW, Attempt::Deferred { next, error }).await.unwrap();
    assert!(ledger.due_mail(NOW, 10).await.unwrap().is_empty());
    assert_eq!(ledger.next_mail().await.unwrap(), Some(next));
    assert_eq!(ledger.mail_counts().await.unwrap().last_error.as_deref(), Some("busy"));
    ledger.note_attempt(mail.seq, next, Attempt::Sent).await.unwrap();
    ledger.note_attempt(mail.seq, next, Attempt::Deferred { next, error: "late".to_owned() }).await.unwrap();
    let counts = ledger.mail_counts().await.unwrap();
    assert_eq!((counts.queued, counts.sent, counts.last_error), (0, 1, None));
    ledger.close().await;
    let connection = rusqlite::Connection::open(folder.path().join(crate::storage::ledger::FILE)).unwrap();
    let body: String = connection.query_row("SELECT body FROM mail", (), |row| row.get(0)).unwrap();
    assert_eq!(body, "");
}

#[tokio::test]
async fn mails_of_the_past_are_forgotten_after_a_month() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ask(&ledger, 1, 1, NOW).await.unwrap();
    ask(&ledger, 2, 2, NOW).await.unwrap();
    let first = ledger.due_mail(NOW, 1).await.unwrap().remove(0);
    ledger.note_attempt(first.seq, NOW, Attempt::Failed { error: "never".to_owned() }).await.unwrap();
    assert_eq!(ledger.forget_mail(NOW.plus_ms(bounds::MAIL_KEPT_MS)).await.unwrap(), 0);
    assert_eq!(ledger.forget_mail(NOW.plus_ms(bounds::MAIL_KEPT_MS + 1)).await.unwrap(), 1);
    let counts = ledger.mail_counts().await.unwrap();
    assert_eq!((counts.queued, counts.failed), (1, 0));
}
