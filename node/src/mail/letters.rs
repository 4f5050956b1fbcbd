//! The letters: confirmation, report of an abuse, reminder, end of validity (docs/original.md 11).
//!
//! To endorsers they say of a document only what has one shape: identifiers, moments, addresses. Its free texts are
//! whoever's words who signed it, and a registry does not mail those to people who did not ask.

use std::fmt::Write as _;

use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::entry::Entry;
use proto::timestamp::Instant;
use web::PublicUrl;
use web::registry::Coordinates;
use web::registry::confirmation::{Action, ActionToken};

use crate::client::encode;
use crate::storage::ledger::{Endorsements, Expiring, Mail, MailKind};

/// As the original's, so that people's filters still know it.
const SUBJECT: &str = "StratusLab Marketplace Message";

/// Longest foreign text in a letter to the administrator.
const FOREIGN_CHARACTERS_MAX: usize = 200;

/// What the links in letters begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links(PublicUrl);

impl Links {
    /// Links below this address.
    #[must_use]
    pub const fn below(base: PublicUrl) -> Self {
        Self(base)
    }

    fn action(&self, action: Action, token: &ActionToken) -> String {
        format!("{}{}", self.0, action.path(token))
    }

    fn entry(&self, at: &Coordinates) -> String {
        format!("{}/metadata/{}/{}/{}", self.0, at.image, encode(at.email.as_str()), at.created)
    }
}

/// Asks the owner of the endorser's address about an upload.
pub(crate) fn confirmation(links: &Links, entry: &Entry, token: &ActionToken, expires: Instant) -> Mail {
    let document = entry.document();
    let what = match document.deprecated() {
        Some(_) => "a metadata entry deprecating an image",
        None => "a metadata entry endorsing an image",
    };
    let body = format!(
        "Somebody uploaded {what} to the Marketplace at\n{base}, signed in your name:\n\n\
         \x20 image identifier: {image}\n\
         \x20 created:          {created}\n\
         \x20 endorser:         {email}\n\n\
         Open this link to look at it and to CONFIRM it, if you signed it yourself:\n\n  {confirm}\n\n\
         Open this link to ABORT it, if you do not want it published:\n\n  {abort}\n\n\
         Open this link to report an ABUSE of your address:\n\n  {abuse}\n\n\
         Nothing happens before you press the button on the page. Without an answer the entry is forgotten\n\
         on {expires}, and nothing is published.\n",
        base = links.0,
        image = document.identifier(),
        created = document.created(),
        email = document.email(),
        confirm = links.action(Action::Confirm, token),
        abort = links.action(Action::Abort, token),
        abuse = links.action(Action::Abuse, token),
        expires = expires.timestamp(),
    );
    Mail {
        dedup: format!("confirmation/{}", token.sha256()),
        kind: MailKind::Confirmation,
        to: document.email().clone(),
        subject: SUBJECT.to_owned(),
        body,
    }
}

/// Tells the administrator what is known of an entry whose address's owner did not sign it.
pub(crate) fn abuse(admin: &Email, entry: &Entry, uploaded: Instant, reported: Instant) -> Mail {
    let (document, certificate) = (entry.document(), entry.certificate());
    let body = format!(
        "The owner of {email} reports that somebody else uploaded a metadata entry in their name.\n\
         It was taken out and is not published.\n\n\
         \x20 image identifier: {image}\n\
         \x20 title:            {title}\n\
         \x20 created:          {created}\n\
         \x20 uploaded:         {uploaded}\n\
         \x20 reported:         {reported}\n\
         \x20 signer:           {subject}\n\
         \x20 issuer:           {issuer}\n\
         \x20 key (SHA-256):    {key}\n\
         \x20 entry:            {id}\n\
         \x20 document SHA-256: {raw}\n\n\
         The address can be kept out with endorsers_deny under [trust]; the key of its owner can be pinned\n\
         with endorser_keys.\n",
        email = document.email(),
        image = document.identifier(),
        title = foreign(document.title().unwrap_or_default()),
        created = document.created(),
        uploaded = uploaded.timestamp(),
        reported = reported.timestamp(),
        subject = foreign(certificate.subject()),
        issuer = foreign(certificate.issuer()),
        key = certificate.key_sha256(),
        id = entry.id(),
        raw = entry.raw_sha256(),
    );
    Mail {
        dedup: format!("abuse/{}", entry.id()),
        kind: MailKind::Abuse,
        to: admin.clone(),
        subject: SUBJECT.to_owned(),
        body,
    }
}

/// Reminds an endorser of what it endorses, a period after `last`.
pub(crate) fn reminder(links: &Links, email: &Email, endorsements: &Endorsements, last: Instant) -> Mail {
    let mut body = format!("In the Marketplace at {} you endorse {}:\n", links.0, count(endorsements.total));
    for at in &endorsements.entries {
        // Writing to a string does not fail.
        let _ = write!(body, "\n  {}, created {}\n    {}\n", at.image, at.created, links.entry(at));
    }
    let shown = u64::try_from(endorsements.entries.len()).unwrap_or(u64::MAX);
    if endorsements.total > shown {
        let _ = write!(body, "\n  and {} older ones\n", endorsements.total - shown);
    }
    let _ = write!(
        body,
        "\nTake back what should not be used any more, for each image with the command\n\n  {}\n\n\
         where CERTIFICATE.p12 holds your key. This node reminds you every 30 days.\n",
        deprecate(links, "IDENTIFIER"),
    );
    Mail {
        dedup: format!("reminder/{email}/{}", last.unix_ms()),
        kind: MailKind::Reminder,
        to: email.clone(),
        subject: SUBJECT.to_owned(),
        body,
    }
}

/// Tells an endorser that an entry's validity ends.
pub(crate) fn expiry(links: &Links, expiring: &Expiring) -> Mail {
    let Expiring { at, valid, .. } = expiring;
    let body = format!(
        "The validity of a metadata entry that you signed ends soon:\n\n\
         \x20 image identifier: {image}\n\
         \x20 created:          {created}\n\
         \x20 valid until:      {valid}\n\n\
         Look at it or fetch it here:\n\n  {url}\n  {url}?media=xml\n\n\
         To keep the image in use, sign its metadata again with a later end and upload it:\n\n\
         \x20 marketplace metadata sign FILE.xml --certificate CERTIFICATE.p12 --output signed.xml\n\
         \x20 marketplace metadata upload signed.xml --node {base}\n\n\
         To take it back now:\n\n  {deprecate}\n",
        image = at.image,
        created = at.created,
        url = links.entry(at),
        base = links.0,
        deprecate = deprecate(links, &at.image.to_string()),
    );
    let identity = Sha256Digest::of(format!("{}/{}/{}", at.image, at.email, at.created).as_bytes());
    Mail {
        dedup: format!("expiry/{}/{identity}", expiring.seq),
        kind: MailKind::Expiry,
        to: at.email.clone(),
        subject: SUBJECT.to_owned(),
        body,
    }
}

fn deprecate(links: &Links, image: &str) -> String {
    format!("marketplace metadata deprecate {image} --reason \"...\" --certificate CERTIFICATE.p12 --node {}", links.0)
}

fn count(entries: u64) -> String {
    if entries == 1 { "one image".to_owned() } else { format!("{entries} images") }
}

/// Foreign text as a part of one line.
fn foreign(text: &str) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(FOREIGN_CHARACTERS_MAX).collect();
    line.trim().to_owned()
}
