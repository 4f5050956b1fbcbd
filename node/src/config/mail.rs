//! `[mail]`, and what confirmation by e-mail needs of the other sections.

use std::net::IpAddr;
use std::path::PathBuf;

use proto::email::Email;
use toml::Spanned;
use toml::de::DeValue;
use web::PublicUrl;

use super::reader::{Findings, Misread, Section};
use super::values::{boolean, choice, number, parsed, text};
use super::{Config, EmailConfirmation};
use crate::bounds;

/// How this node sends mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSection {
    /// The relay, by name or address.
    pub host: String,
    /// Its port; none for the usual one of [`Self::tls`].
    pub port: Option<u16>,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Authorities in addition to the machine's, in PEM.
    pub tls_ca: Option<PathBuf>,
    /// Who this node is to the relay; none where it does not ask.
    pub user: Option<String>,
    /// Where the password is.
    pub password_file: Option<PathBuf>,
    /// Who the mails are from.
    pub from: Email,
    /// Who is told of an abuse.
    pub admin: Option<Email>,
    /// Whether endorsers are reminded.
    pub reminders: Reminders,
}

/// How a connection to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// Not at all; for a relay on this machine.
    None,
    /// By STARTTLS, without which nothing is sent.
    StartTls,
    /// From its first byte.
    Implicit,
}

/// Whether endorsers are reminded of what they endorse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reminders {
    /// They are.
    Sent,
    /// They are not.
    Off,
}

type Value<'text> = Spanned<DeValue<'text>>;

impl MailSection {
    /// The port of the relay (RFC 8314 section 7.3, RFC 5321).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            MailTls::None => 25,
            MailTls::StartTls => 587,
            MailTls::Implicit => 465,
        })
    }

    /// Whether mails and passwords cross a network that others can read.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        let is_loopback = self.host.parse::<IpAddr>().map_or(self.host == "localhost", |ip| ip.is_loopback());
        self.tls == MailTls::None && !is_loopback
    }
}

impl Config {
    /// What the links of confirmation mails begin with.
    #[must_use]
    pub fn confirmation_base(&self) -> Option<&PublicUrl> {
        self.admission.confirm_url_base.as_ref().or(self.node.public_url.as_ref())
    }
}

/// Reads `[mail]`; a section without a host or a sender is none.
pub(super) fn read<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let (mut host, mut from) = (None, None);
    let mut mail = Unfinished::default();
    let protections = [("none", MailTls::None), ("starttls", MailTls::StartTls), ("implicit", MailTls::Implicit)];
    let reminders =
        |value: &Value<'text>| boolean(value).map(|is_on| if is_on { Reminders::Sent } else { Reminders::Off });
    let port = |value: &Value<'text>| number(1..=usize::from(u16::MAX))(value).map(|port| u16::try_from(port).ok());
    for key in ["host", "from"] {
        if !section.has(key) {
            findings.add(section.place(), format!("[mail] needs {key}"));
        }
    }
    let reminders_at = section.place_of("reminders");
    let password_at = section.place_of("password_file");
    section.read(findings, "host", &mut host, |value| relay_host(value).map(Some));
    section.read(findings, "port", &mut mail.port, port);
    section.read(findings, "tls", &mut mail.tls, choice(&protections));
    section.read(findings, "tls_ca", &mut mail.tls_ca, |value| file(value).map(Some));
    section.read(findings, "user", &mut mail.user, |value| text(value).map(Some));
    section.read(findings, "password_file", &mut mail.password_file, |value| file(value).map(Some));
    section.read(findings, "from", &mut from, |value| parsed(value).map(Some));
    section.read(findings, "admin", &mut mail.admin, |value| parsed(value).map(Some));
    section.read(findings, "reminders", &mut mail.reminders, reminders);
    if mail.user.is_some() != mail.password_file.is_some() {
        let at = password_at.unwrap_or_else(|| section.place());
        findings.add(at, "user and password_file in [mail] go together, one of them is missing".to_owned());
    }
    if mail.reminders == Reminders::Sent && config.node.public_url.is_none() {
        let at = reminders_at.unwrap_or_else(|| section.place());
        findings.add(at, "reminders in [mail]: their links need public_url in [node]".to_owned());
    }
    config.mail = host.zip(from).map(|(host, from)| mail.with(host, from));
}

/// Refuses confirmation by e-mail where the other sections do not allow for it.
pub(super) fn check_confirmation(at: usize, findings: &mut Findings<'_>, config: &Config) {
    let key = "email_confirmation in [admission]";
    if config.admission.email_confirmation == EmailConfirmation::Off {
        return;
    }
    match &config.mail {
        None => findings.add(at, format!("{key}: it needs a section [mail] with host, from and admin")),
        Some(mail) if mail.admin.is_none() => {
            findings.add(at, format!("{key}: it needs admin in [mail], who is told of abuses"));
        }
        Some(_) => (),
    }
    if config.confirmation_base().is_none() {
        findings.add(at, format!("{key}: its links need public_url in [node] or confirm_url_base in [admission]"));
    }
}

/// What is read before it is known whether there is a host and a sender.
struct Unfinished {
    port: Option<u16>,
    tls: MailTls,
    tls_ca: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    admin: Option<Email>,
    reminders: Reminders,
}

impl Default for Unfinished {
    fn default() -> Self {
        Self {
            port: None,
            tls: MailTls::StartTls,
            tls_ca: None,
            user: None,
            password_file: None,
            admin: None,
            reminders: Reminders::Off,
        }
    }
}

impl Unfinished {
    fn with(self, host: String, from: Email) -> MailSection {
        let Self { port, tls, tls_ca, user, password_file, admin, reminders } = self;
        MailSection { host, port, tls, tls_ca, user, password_file, from, admin, reminders }
    }
}

fn relay_host(value: &Value<'_>) -> Result<String, Misread> {
    let given = text(value)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-.:_".contains(c);
    let is_host = (1..=bounds::HOST_CHARACTERS_MAX).contains(&given.len()) && given.chars().all(is_allowed);
    let is_with_port = given.contains(':') && given.parse::<IpAddr>().is_err();
    match is_host && !is_with_port {
        true => Ok(given),
        false => Err(Misread::new(
            value,
            format!("{given:?} is not a name or address of a host; the port is a key of its own"),
        )),
    }
}

fn file(value: &Value<'_>) -> Result<PathBuf, Misread> {
    let given = text(value)?;
    let is_path = !given.is_empty() && !given.contains('\0');
    is_path.then(|| given.into()).ok_or_else(|| Misread::new(value, "it must name a file"))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    const MAIL: &str = "[mail]\nhost = \"smtp.example.org\"\nfrom = \"mp@example.org\"\n";

    fn findings(text: &str) -> Vec<String> {
        parse(text).expect_err("something is wrong").into_iter().map(|finding| finding.message).collect()
    }

    fn mail(more: &str) -> MailSection {
        parse(&format!("{MAIL}{more}")).expect("it is good").mail.expect("there is mail")
    }

    #[test]
    fn a_relay_is_spoken_to_by_starttls_on_the_usual_port() {
        let mail = mail("");
        assert_eq!((mail.tls, mail.port(), mail.reminders), (MailTls::StartTls, 587, Reminders::Off));
        assert_eq!((self::mail("tls = \"implicit\"\n").port(), self::mail("tls = \"none\"\n").port()), (465, 25));
        assert_eq!(self::mail("port = 2525\n").port(), 2525);
    }

    #[test]
    fn only_a_relay_elsewhere_without_protection_is_exposed() {
        assert!(mail("tls = \"none\"\n").is_exposed());
        assert!(!mail("").is_exposed());
        for host in ["localhost", "127.0.0.1", "::1"] {
            let text = format!("[mail]\nhost = \"{host}\"\nfrom = \"a@b\"\ntls = \"none\"\n");
            assert!(!parse(&text).expect("it is good").mail.expect("there is mail").is_exposed(), "{host}");
        }
    }

    #[test]
    fn mail_needs_a_host_and_a_sender() {
        assert_eq!(findings("[mail]\n"), ["[mail] needs from", "[mail] needs host"]);
        assert!(findings("[mail]\nhost = \"a:25\"\nfrom = \"a@b\"\n")[0].contains("the port is a key of its own"));
    }

    #[test]
    fn user_and_password_go_together() {
        for half in ["user = \"a\"\n", "password_file = \"a\"\n"] {
            assert!(findings(&format!("{MAIL}{half}"))[0].contains("go together"), "{half}");
        }
    }

    #[test]
    fn confirmation_needs_mail_an_admin_and_an_address_for_its_links() {
        let on = "[admission]\nemail_confirmation = true\n";
        let found = findings(on);
        assert!(found[0].contains("needs a section [mail]") && found[1].contains("public_url"), "{found:?}");
        assert!(findings(&format!("{on}{MAIL}"))[0].contains("needs admin in [mail]"));
        let base = "confirm_url_base = \"https://mp.example.org\"\n";
        assert!(parse(&format!("{on}{base}{MAIL}admin = \"a@b\"\n")).is_ok());
    }

    #[test]
    fn reminders_need_an_address_for_their_links() {
        assert!(findings(&format!("{MAIL}reminders = true\n"))[0].contains("public_url"));
        assert!(parse(&format!("{MAIL}reminders = true\n[node]\npublic_url = \"https://a\"\n")).is_ok());
    }
}
