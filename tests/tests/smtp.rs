//! The mail queue against a real relay: how mails are delivered, retried and given up.

use std::path::Path;

use node::config::{MailSection, MailTls, Reminders};
use node::mail::{Delivery, Relay as Settings, Round};
use node::storage::ledger::{Ledger, Mail, MailKind, Queueing};
use proto::timestamp::Instant;
use proto::trust::Trust;
use tests::relay::{Certificates, Relay};
use tests::sites::wait_until;

const NOW: Instant = Instant::from_unix_ms(1_772_366_400_000);
const SECRET: &str = "s3cret";

fn section(relay: &Relay, tls: MailTls) -> MailSection {
    MailSection {
        host: "localhost".to_owned(),
        port: Some(relay.port()),
        tls,
        tls_ca: None,
        user: None,
        password_file: None,
        from: "mp@node.example.org".parse().expect("an address"),
        admin: None,
        reminders: Reminders::Off,
    }
}

fn open(folder: &Path) -> Ledger {
    Ledger::open(folder, Trust::default()).expect("a ledger")
}

fn delivery(ledger: &Ledger, section: MailSection) -> Delivery {
    Delivery::new(ledger.clone(), Settings::new(section).expect("the relay can be used"))
}

async fn queue(ledger: &Ledger, name: &str) {
    let mail = Mail {
        dedup: name.to_owned(),
        kind: MailKind::Reminder,
        to: "jane@example.org".parse().expect("an address"),
        subject: "subject".to_owned(),
        body: format!("a mail called {name}\nétrange\n"),
    };
    assert_eq!(ledger.queue_mail(mail, NOW).await, Ok(Queueing::Queued));
}

async fn round(delivery: &Delivery, ms: u64) -> Round {
    delivery.round(NOW.plus_ms(ms)).await.expect("the ledger works")
}

const SENT: Round = Round { sent: 1, deferred: 0, failed: 0, is_away: false };

/// Waits until the relay has told of so many mails; its output is read by a thread.
fn wait_for(relay: &Relay, mails: usize) {
    wait_until("the relay tells of its mails", || relay.caught().len() == mails);
}

/// Delivers one mail over TLS with a password; what the relay got.
async fn deliver_with_password(word: &str, tls: MailTls) -> tests::relay::Caught {
    let (folder, certificates) = (tempfile::tempdir().expect("a folder"), Certificates::make());
    let [certificate, key] = certificates.relay();
    let login = ["--user", "mp", "--password", SECRET];
    let relay = Relay::start(&[&["--tls", word, "--certificate", &certificate, "--key", &key], &login[..]].concat());
    let password = folder.path().join("password");
    std::fs::write(&password, format!("{SECRET}\n")).expect("written");
    let section = MailSection {
        tls_ca: Some(certificates.authority()),
        user: Some("mp".to_owned()),
        password_file: Some(password),
        ..section(&relay, tls)
    };
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    assert_eq!(round(&delivery(&ledger, section), 0).await, SENT);
    wait_for(&relay, 1);
    relay.caught().remove(0)
}

#[tokio::test]
async fn a_mail_is_delivered_by_starttls_with_a_password() {
    let caught = deliver_with_password("starttls", MailTls::StartTls).await;
    assert!(caught.is_protected && caught.is_authenticated, "{caught:?}");
    assert_eq!(caught.to, "jane@example.org");
    for header in ["Subject: subject\r\n", "Auto-Submitted: auto-generated\r\n", "Date: Sun, 01 Mar 2026 12:00:00"] {
        assert!(caught.text.contains(header), "{header}: {}", caught.text);
    }
}

#[tokio::test]
async fn a_mail_is_delivered_over_implicit_tls_with_a_password() {
    let caught = deliver_with_password("implicit", MailTls::Implicit).await;
    assert!(caught.is_protected && caught.is_authenticated, "{caught:?}");
}

#[tokio::test]
async fn a_relay_with_a_wrong_certificate_gets_nothing_and_is_tried_again() {
    let (folder, certificates) = (tempfile::tempdir().expect("a folder"), Certificates::make());
    let [certificate, key] = certificates.relay();
    let relay = Relay::start(&["--tls", "starttls", "--certificate", &certificate, "--key", &key]);
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    let wary = delivery(&ledger, section(&relay, MailTls::StartTls));
    assert_eq!(round(&wary, 0).await, Round { deferred: 1, is_away: true, ..Round::default() });
    let counts = ledger.mail_counts().await.expect("the ledger works");
    assert!(counts.last_error.as_deref().is_some_and(|error| error.contains("certificate")), "{counts:?}");

    // Once the operator names the authority, the mail is delivered.
    let trusting = MailSection { tls_ca: Some(certificates.authority()), ..section(&relay, MailTls::StartTls) };
    assert_eq!(round(&delivery(&ledger, trusting), 30_000).await, SENT);
    wait_for(&relay, 1);
    assert!(relay.caught()[0].is_protected);
}

#[tokio::test]
async fn a_relay_that_offers_no_tls_gets_nothing_in_the_clear() {
    let (folder, relay) = (tempfile::tempdir().expect("a folder"), Relay::start(&[]));
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    let round = round(&delivery(&ledger, section(&relay, MailTls::StartTls)), 0).await;
    assert_eq!(round, Round { deferred: 1, is_away: true, ..Round::default() });
    let error = ledger.mail_counts().await.expect("the ledger works").last_error.expect("there is one");
    assert!(error.contains("STARTTLS is not supported"), "{error}");
    assert_eq!(relay.count("message"), 0);
}

#[tokio::test]
async fn a_refused_password_loses_no_mail() {
    let folder = tempfile::tempdir().expect("a folder");
    let relay = Relay::start(&["--user", "mp", "--password", SECRET]);
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    let password = folder.path().join("password");
    std::fs::write(&password, "wrong").expect("written");
    let section = MailSection {
        user: Some("mp".to_owned()),
        password_file: Some(password.clone()),
        ..section(&relay, MailTls::None)
    };
    let delivery = delivery(&ledger, section);
    assert!(round(&delivery, 0).await.is_away);
    // The file is read for every mail, so a new password needs no restart.
    std::fs::write(&password, SECRET).expect("written");
    assert_eq!(round(&delivery, 30_000).await, SENT);
}

#[tokio::test]
async fn a_temporary_refusal_is_tried_again_in_its_time() {
    let (folder, relay) = (tempfile::tempdir().expect("a folder"), Relay::start(&["--answers", "451,451,250"]));
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    let delivery = delivery(&ledger, section(&relay, MailTls::None));
    let deferred = Round { deferred: 1, ..Round::default() };
    assert_eq!(round(&delivery, 0).await, deferred);
    assert_eq!(round(&delivery, 29_999).await, Round::default());
    assert_eq!(round(&delivery, 30_000).await, deferred);
    assert_eq!(round(&delivery, 89_999).await, Round::default());
    assert_eq!(round(&delivery, 90_000).await, SENT);
    assert_eq!(round(&delivery, 9_000_000).await, Round::default());
    wait_for(&relay, 1);
}

#[tokio::test]
async fn a_connection_that_breaks_within_a_mail_is_tried_again() {
    let (folder, relay) = (tempfile::tempdir().expect("a folder"), Relay::start(&["--answers", "drop,250"]));
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    let delivery = delivery(&ledger, section(&relay, MailTls::None));
    assert!(round(&delivery, 0).await.is_away);
    assert_eq!(round(&delivery, 30_000).await, SENT);
}

#[tokio::test]
async fn a_permanent_refusal_fails_at_once_and_holds_up_no_other_mail() {
    let (folder, relay) = (tempfile::tempdir().expect("a folder"), Relay::start(&["--answers", "550,250"]));
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    queue(&ledger, "two").await;
    let delivery = delivery(&ledger, section(&relay, MailTls::None));
    assert_eq!(round(&delivery, 0).await, Round { sent: 1, failed: 1, ..Round::default() });
    let counts = ledger.mail_counts().await.expect("the ledger works");
    assert_eq!((counts.queued, counts.sent, counts.failed), (0, 1, 1));
    let error = counts.last_error.expect("there is one");
    assert!(error.contains("550") && !error.contains('@'), "{error}");
}

#[tokio::test]
async fn a_mail_is_given_up_after_three_days() {
    let (folder, relay) = (tempfile::tempdir().expect("a folder"), Relay::start(&["--answers", "451"]));
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    let delivery = delivery(&ledger, section(&relay, MailTls::None));
    let (mut ms, mut attempts) = (0, 0);
    while round(&delivery, ms).await.deferred == 1 {
        let next = ledger.next_mail().await.expect("the ledger works").expect("it waits");
        ms = next.ms_since(NOW);
        attempts += 1;
    }
    assert!(ms > 2 * 86_400_000 && ms <= 3 * 86_400_000, "{ms}");
    assert!((10..40).contains(&attempts), "{attempts}");
    let counts = ledger.mail_counts().await.expect("the ledger works");
    assert_eq!((counts.queued, counts.failed), (0, 1));
    assert!(counts.last_error.is_some_and(|error| error.contains("given up after 3 days")));
}

#[tokio::test]
async fn a_restart_between_queueing_and_sending_delivers_once() {
    let (folder, relay) = (tempfile::tempdir().expect("a folder"), Relay::start(&[]));
    let ledger = open(folder.path());
    queue(&ledger, "one").await;
    ledger.close().await;
    for sent in [1, 0] {
        let ledger = open(folder.path());
        let delivery = delivery(&ledger, section(&relay, MailTls::None));
        assert_eq!(round(&delivery, 0).await.sent, sent);
        ledger.close().await;
    }
    wait_for(&relay, 1);
}
