//! From a queued mail to the bytes of a message (RFC 5322).

use std::error::Error;
use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0,
};
use lettre::message::{Body, Mailbox};
use proto::digest::Sha256Digest;
use proto::email::Email;

use crate::storage::ledger::QueuedMail;

/// Tells responders not to answer (RFC 3834 section 5).
#[derive(Debug, Clone)]
struct AutoSubmitted;

/// Longest line that mail carries as it is (RFC 5322 section 2.1.1).
const LINE_BYTES_MAX: usize = 998;

const AUTO_GENERATED: &str = "auto-generated";

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), AUTO_GENERATED.to_owned())
    }
}

/// The message of a mail; every attempt sends the same one, so that a reader who gets two can tell.
pub(super) fn message(mail: &QueuedMail, from: &Email) -> Result<Message, String> {
    let written = SystemTime::UNIX_EPOCH + Duration::from_millis(mail.queued.unix_ms());
    Message::builder()
        .from(mailbox(from)?)
        .to(mailbox(&mail.mail.to)?)
        .subject(one_line(&mail.mail.subject))
        .date(written)
        .message_id(Some(message_id(&mail.mail.dedup, from)))
        .header(MIME_VERSION_1_0)
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(body(&mail.mail.body))
        .map_err(|error| error.to_string())
}

/// The address as lettre takes it; it refuses some that documents may have, such as `.@.`.
pub(super) fn mailbox(email: &Email) -> Result<Mailbox, String> {
    let address = email.as_str().parse().map_err(|error: lettre::address::AddressError| error.to_string())?;
    Ok(Mailbox::new(None, address))
}

/// Plain text stays as it is, so that the links of a letter are whole in every reader; lettre would wrap them at 76.
fn body(text: &str) -> Body {
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    let is_plain = |line: &&str| {
        line.len() <= LINE_BYTES_MAX && line.bytes().all(|byte| byte == b'\t' || matches!(byte, b' '..=b'~'))
    };
    match lines.iter().all(is_plain) {
        true => Body::dangerous_pre_encoded(lines.join("\r\n").into(), ContentTransferEncoding::SevenBit),
        false => Body::new(text.to_owned()),
    }
}

fn message_id(dedup: &str, from: &Email) -> String {
    let domain = from.as_str().rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    format!("<{}@{domain}>", Sha256Digest::of(dedup.as_bytes()))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proto::timestamp::{Instant, Timestamp};

    use super::*;
    use crate::storage::ledger::{Mail, MailKind};

    fn written(subject: &str, body: &str) -> String {
        let moment: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a moment");
        let mail = Mail {
            dedup: "test/1".to_owned(),
            kind: MailKind::Abuse,
            to: "jane@example.org".parse().expect("an address"),
            subject: subject.to_owned(),
            body: body.to_owned(),
        };
        let mail = QueuedMail { seq: 1, mail, queued: Instant::from(moment), attempts: 0 };
        let from = "mp@node.example.org".parse().expect("an address");
        String::from_utf8(message(&mail, &from).expect("it is written").formatted()).expect("it is text")
    }

    fn headers(message: &str) -> Vec<&str> {
        let (headers, _) = message.split_once("\r\n\r\n").expect("a body follows");
        headers.split("\r\n").collect()
    }

    #[test]
    fn a_message_says_when_it_was_queued_and_that_a_machine_wrote_it() {
        let text = written("subject", "text\n");
        let headers = headers(&text);
        let id = Sha256Digest::of(b"test/1");
        for header in [
            "Date: Sun, 01 Mar 2026 12:00:00 +0000",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "To: jane@example.org",
            "From: mp@node.example.org",
            &format!("Message-ID: <{id}@node.example.org>"),
        ] {
            assert!(headers.contains(&header), "{header}: {text}");
        }
    }

    #[test]
    fn no_text_becomes_a_header() {
        let names: Vec<String> = headers(&written("subject", "text"))
            .iter()
            .map(|line| line.split(':').next().unwrap_or_default().to_owned())
            .collect();
        let long = "x".repeat(2_000);
        for evil in ["a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "a\rBcc: e", "é\r\n\r\nBcc: e", &long] {
            let text = written(evil, &format!("{evil}\r\n.\r\nMAIL FROM:<eve@example.org>"));
            let started = headers(&text).into_iter().filter(|line| !line.starts_with(' '));
            let found: Vec<&str> = started.map(|line| line.split(':').next().unwrap_or_default()).collect();
            assert_eq!(found, names, "{text}");
        }
    }

    #[test]
    fn the_links_of_a_letter_stay_whole() {
        let link = format!("https://marketplace.example.org/action/{}/confirm", "x".repeat(43));
        let text = written("subject", &format!("open\n\n  {link}\n"));
        assert!(text.ends_with(&format!("open\r\n\r\n  {link}\r\n")), "{text}");
    }

    #[test]
    fn no_line_is_longer_than_mail_carries() {
        let text = written(&"é long ".repeat(300), &"a title without any end ".repeat(100));
        assert!(text.split("\r\n").all(|line| line.len() <= 998), "{text}");
        assert!(text.is_ascii());
    }
}
