//! Confirmation by e-mail, from the upload to the decision.

use super::*;
use crate::fake::TOKEN;
use crate::registry::UploadRefusal;
use crate::registry::confirmation::{Action, ActionToken};

const XML: (&str, &str) = ("content-type", "application/xml");

async fn asking() -> Fake {
    let fake = Fake::asking();
    let mut says = template(1);
    says.deprecated = Some("broken <b>boot</b>".to_owned());
    post(&fake, "/metadata", &[XML], signed(&says, CREATED)).await;
    fake
}

fn path(action: Action) -> String {
    action.path(&TOKEN)
}

#[tokio::test]
async fn an_upload_that_awaits_its_confirmation_is_202_without_a_location() {
    for (accept, told) in [
        ("text/plain", "confirmation email sent for new metadata entry\n"),
        ("application/json", "\"detail\":\"confirmation email sent for new metadata entry\""),
        (BROWSER, "Open the link in it"),
    ] {
        let answer =
            post(&Fake::asking(), "/metadata", &[XML, ("accept", accept)], signed(&template(1), CREATED)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert!(answer.text().contains(told), "{}", answer.text());
        assert!(!answer.headers.contains_key(header::LOCATION));
    }
}

#[tokio::test]
async fn a_link_shows_what_is_to_be_decided_and_changes_nothing() {
    let fake = asking().await;
    for action in Action::ALL {
        for accept in [BROWSER, "application/json", "text/plain"] {
            let shown = get(&fake, &path(action), accept).await;
            assert_eq!(shown.status, StatusCode::OK);
            for told in ["Image 1", "jane", CREATED, "CN=Jane Tester", "boot"] {
                assert!(shown.text().contains(told), "{told}: {}", shown.text());
            }
        }
    }
    assert_eq!((fake.pending(), fake.records().len()), (1, 0));
}

#[tokio::test]
async fn the_page_of_a_link_escapes_what_the_document_says() {
    let page = get(&asking().await, &path(Action::Confirm), BROWSER).await.text();
    assert!(!page.contains("<b>boot"), "{page}");
    assert!(page.contains(&format!("<form method=\"post\" action=\"{}\"", path(Action::Confirm))), "{page}");
}

#[tokio::test]
async fn a_link_is_kept_from_caches_other_sites_and_referrers() {
    let fake = asking().await;
    let shown = get(&fake, &path(Action::Confirm), BROWSER).await;
    let acted = post(&fake, &path(Action::Confirm), &[("accept", BROWSER)], "").await;
    let unknown = get(&fake, &path(Action::Confirm), BROWSER).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for answer in [shown, acted, unknown] {
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
    assert_eq!(get(&asking().await, &path(Action::Confirm), "").await.header(header::REFERRER_POLICY), "no-referrer");
}

#[tokio::test]
async fn a_confirmation_creates_the_entry_and_says_where() {
    let fake = asking().await;
    let answer = post(&fake, &path(Action::Confirm), &[], "").await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::CREATED, "metadata entry created\n"));
    let location = answer.header(header::LOCATION).trim_start_matches("http://mp.example.org").to_owned();
    assert_eq!(get(&fake, &location, "application/rdf+xml").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_abort_and_an_abuse_leave_nothing_to_confirm() {
    for (action, told) in
        [(Action::Abort, "aborted addition of metadata entry"), (Action::Abuse, "administrators have been notified")]
    {
        let fake = asking().await;
        let answer = post(&fake, &path(action), &[], "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text().starts_with(told), "{}", answer.text());
        assert_eq!((fake.pending(), fake.records().len()), (0, 0));
        assert_eq!(post(&fake, &path(Action::Confirm), &[], "").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn unknown_links_and_commands_are_not_found_and_say_so() {
    let fake = asking().await;
    let other = ActionToken::from_secret([8; 32]);
    for unknown in [Action::Confirm.path(&other), "/action/short/confirm".to_owned(), "/action/%ff/confirm".to_owned()]
    {
        for answer in [get(&fake, &unknown, BROWSER).await, post(&fake, &unknown, &[], "").await] {
            assert!(answer.status == 404 || answer.status == 400, "{unknown}: {}", answer.status);
        }
    }
    let answer = get(&fake, &Action::Confirm.path(&other), BROWSER).await;
    assert!(answer.text().contains("unknown, was used already, or has expired"), "{}", answer.text());
    let command = get(&fake, &format!("/action/{}/publish", TOKEN.reveal()), "").await;
    assert_eq!(command.status, StatusCode::NOT_FOUND);
    assert!(command.text().contains("invalid action"), "{}", command.text());
    assert_eq!(fake.pending(), 1);
}

#[tokio::test]
async fn a_decision_posted_from_another_site_is_refused() {
    let fake = asking().await;
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example.org")] {
        assert_eq!(post(&fake, &path(Action::Confirm), &[foreign], "").await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(fake.pending(), 1);
    let own = [("sec-fetch-site", "same-origin"), ("origin", "null")];
    assert_eq!(post(&fake, &path(Action::Confirm), &own, "").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_cannot_be_asked_any_more_names_its_bound() {
    let reason = || "8 entries await".to_owned();
    let cases = [
        (UploadRefusal::AddressBusy { reason: reason() }, StatusCode::TOO_MANY_REQUESTS),
        (UploadRefusal::ConfirmationsFull { reason: reason() }, StatusCode::SERVICE_UNAVAILABLE),
    ];
    for (refusal, status) in cases {
        let answer = post(&Fake::refusing(refusal), "/metadata", &[XML], signed(&template(1), CREATED)).await;
        assert_eq!((answer.status, answer.text().as_str()), (status, "8 entries await\n"));
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
    }
}
