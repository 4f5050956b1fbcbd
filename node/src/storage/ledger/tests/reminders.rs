//! Who is reminded when, through the rounds of the housekeeping.

use proto::timestamp::Instant;
use web::registry::Scope;

use super::make::{about, admitted_by, at, candidate, jane, member, open};
use crate::mail::{Bell, Housekeeping, Links};
use crate::storage::ledger::{Ledger, QueuedMail};

const DAY: u64 = 86_400_000;
const START: Instant = Instant::from_unix_ms(100 * DAY);

fn day(days: u64) -> Instant {
    START.plus_ms(days * DAY)
}

fn housekeeping(ledger: &Ledger) -> Housekeeping {
    let base = "https://mp.example.org".parse().expect("an address");
    Housekeeping { ledger: ledger.clone(), node: member(1), reminders: Some(Links::below(base)), bell: Bell::default() }
}

async fn round(ledger: &Ledger, days: u64) -> usize {
    housekeeping(ledger).round(day(days)).await.unwrap()
}

async fn mails(ledger: &Ledger) -> Vec<QueuedMail> {
    ledger.due_mail(day(10_000), 100).await.unwrap()
}

#[tokio::test]
async fn an_endorser_is_reminded_every_30_days_from_its_first_entry_on() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    assert_eq!(round(&ledger, 0).await, 0);
    ledger.admit(candidate(1, 1, 100)).await.unwrap();
    let mut queued = Vec::new();
    for days in [5, 6, 34, 35, 36, 64, 65] {
        queued.push(round(&ledger, days).await);
    }
    assert_eq!(queued, [0, 0, 0, 1, 0, 0, 1]);
    let mail = &mails(&ledger).await[0].mail;
    assert_eq!(mail.to, jane());
    let url =
        format!("https://mp.example.org/metadata/{}/jane@example.org/1970-01-01T00:01:40Z", super::make::image(0));
    for told in ["one image", "marketplace metadata deprecate", "--node https://mp.example.org", &url] {
        assert!(mail.body.contains(told), "{told}: {}", mail.body);
    }
}

#[tokio::test]
async fn reminders_go_on_where_they_were_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.admit(candidate(1, 1, 100)).await.unwrap();
    assert_eq!(round(&ledger, 0).await, 0);
    ledger.close().await;
    let ledger = open(folder.path());
    assert_eq!(round(&ledger, 29).await, 0);
    assert_eq!(round(&ledger, 30).await, 1);
    ledger.close().await;
    let ledger = open(folder.path());
    assert_eq!(round(&ledger, 31).await, 0);
    assert_eq!(mails(&ledger).await.len(), 1);
}

#[tokio::test]
async fn nobody_is_reminded_of_what_other_nodes_admitted_or_what_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let foreign = candidate(1, 1, 100);
    let foreign = crate::storage::ledger::Candidate {
        receipt: admitted_by(&foreign, 2, 1, 0).receipt,
        raw: admitted_by(&foreign, 2, 1, 0).raw,
        ..foreign
    };
    ledger.admit(foreign).await.unwrap();
    let mut deprecated = about(2, candidate(2, 1, 100));
    deprecated.description.deprecated = Some(String::new());
    ledger.admit(deprecated).await.unwrap();
    let mut expired = about(3, candidate(3, 1, 100));
    expired.description.valid = Some(at(200));
    ledger.admit(expired).await.unwrap();
    ledger.admit(about(4, candidate(4, 2, 300))).await.unwrap();
    for days in [0, 30, 60] {
        assert_eq!(round(&ledger, days).await, 0);
    }
}

#[tokio::test]
async fn the_time_begins_anew_for_who_has_entries_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.admit(candidate(1, 1, 100)).await.unwrap();
    assert_eq!(round(&ledger, 0).await, 0);
    let mut deprecation = candidate(2, 1, 200);
    deprecation.description.deprecated = Some("old".to_owned());
    ledger.admit(deprecation).await.unwrap();
    assert_eq!(round(&ledger, 40).await, 0);
    ledger.admit(about(5, candidate(5, 1, 300))).await.unwrap();
    assert_eq!(round(&ledger, 50).await, 0);
    assert_eq!(round(&ledger, 79).await, 0);
    assert_eq!(round(&ledger, 80).await, 1);
}

#[tokio::test]
async fn the_end_of_a_validity_is_announced_once_within_three_days() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut ending = candidate(1, 1, 100);
    ending.description.valid = Some(day(10).timestamp());
    ending.scope = Scope::Local;
    ledger.admit(ending).await.unwrap();
    let mut queued = Vec::new();
    for days in [6, 7, 8] {
        queued.push(round(&ledger, days).await);
    }
    ledger.close().await;
    let ledger = open(folder.path());
    queued.push(round(&ledger, 9).await);
    queued.push(round(&ledger, 11).await);
    assert_eq!(queued, [0, 1, 0, 0, 0]);
    let mail = &mails(&ledger).await[0].mail;
    for told in [&day(10).timestamp().to_string(), "?media=xml", "marketplace metadata sign", "metadata deprecate"] {
        assert!(mail.body.contains(told), "{told}: {}", mail.body);
    }
}
