//! One mail to the relay, over a connection that is protected as the operator says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use proto::email::Email;
use tokio::time::timeout;

use super::message;
use crate::bounds;
use crate::config::{MailSection, MailTls};
use crate::files;
use crate::storage::ledger::QueuedMail;

/// The relay that takes this node's mails.
#[derive(Debug, Clone)]
pub struct Relay(MailSection);

/// Why the relay cannot be used; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A file of `[mail]` cannot be read.
    #[error("cannot read {path}, {key} in [mail]: {reason}")]
    File {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The sender's address is not one that mail knows.
    #[error("from in [mail] is not an address that mail can be sent from: {0}")]
    From(String),
    /// TLS cannot be set up.
    #[error("TLS to the relay cannot be set up: {0}")]
    Tls(String),
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The relay could not be spoken to, or does not want to speak with this node; other mails would fare no better.
    #[error("{0}")]
    Away(String),
    /// The relay does not take this mail now.
    #[error("{0}")]
    Temporary(String),
    /// The relay will never take this mail.
    #[error("{0}")]
    Permanent(String),
}

/// Whether mail can be sent to an address at all.
#[must_use]
pub fn is_deliverable(email: &Email) -> bool {
    message::mailbox(email).is_ok()
}

impl Relay {
    /// The relay of this section; whether its files can be read is seen at once.
    pub fn new(section: MailSection) -> Result<Self, RelayError> {
        message::mailbox(&section.from).map_err(RelayError::From)?;
        let relay = Self(section);
        relay.credentials()?;
        relay.tls()?;
        Ok(relay)
    }

    /// Sends a mail; it is taken by the relay when this returns.
    pub async fn send(&self, mail: &QueuedMail) -> Result<(), SendError> {
        let message = message::message(mail, &self.0.from).map_err(SendError::Permanent)?;
        let sending = self.deliver(&message);
        let mut connection = match timeout(bounds::MAIL_SEND_TIMEOUT, sending).await {
            Ok(sent) => sent?,
            Err(_) => return Err(SendError::Away(took_too_long(bounds::MAIL_SEND_TIMEOUT))),
        };
        // The mail is taken; that the relay does not say goodbye changes nothing.
        let _ = timeout(bounds::MAIL_QUIT_TIMEOUT, connection.abort()).await;
        Ok(())
    }

    async fn deliver(&self, message: &Message) -> Result<AsyncSmtpConnection, SendError> {
        let mut connection = self.connect().await?;
        match connection.send(message.envelope(), &message.formatted()).await {
            Ok(_) => Ok(connection),
            Err(error) if error.is_permanent() => Err(SendError::Permanent(described(&error))),
            Err(error) if error.status().is_some() => Err(SendError::Temporary(described(&error))),
            Err(error) => Err(SendError::Away(described(&error))),
        }
    }

    /// Whatever goes wrong before the mail is spoken of says nothing about it, a refused password neither.
    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let away = |error: &SmtpError| SendError::Away(described(error));
        let relay = self.clone();
        let prepared = tokio::task::spawn_blocking(move || Ok::<_, RelayError>((relay.tls()?, relay.credentials()?)));
        let prepared = prepared.await.map_err(|error| SendError::Away(error.to_string()))?;
        let (tls, credentials) = prepared.map_err(|error| SendError::Away(error.to_string()))?;
        let hello = ClientId::default();
        let address = (self.0.host.as_str(), self.0.port());
        let (wrapper, upgrade) = match self.0.tls {
            MailTls::Implicit => (tls, None),
            MailTls::StartTls | MailTls::None => (None, tls),
        };
        let connecting = Some(bounds::MAIL_CONNECT_TIMEOUT);
        let connection = AsyncSmtpConnection::connect_tokio1(address, connecting, &hello, wrapper, None);
        let mut connection = connection.await.map_err(|error| away(&error))?;
        if let Some(tls) = upgrade {
            connection.starttls(tls, &hello).await.map_err(|error| away(&error))?;
        }
        if let Some(credentials) = credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await.map_err(|error| away(&error))?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<Option<TlsParameters>, RelayError> {
        if self.0.tls == MailTls::None {
            return Ok(None);
        }
        let mut parameters = TlsParameters::builder(self.0.host.clone());
        if let Some(path) = &self.0.tls_ca {
            let pem = read(path, "tls_ca")?;
            let unreadable = |reason| RelayError::File { key: "tls_ca", path: path.clone(), reason };
            for certificate in certificates(&pem).map_err(unreadable)? {
                parameters = parameters.add_root_certificate(certificate);
            }
        }
        parameters.build().map(Some).map_err(|error| RelayError::Tls(error.to_string()))
    }

    fn credentials(&self) -> Result<Option<Credentials>, RelayError> {
        let Some((user, path)) = self.0.user.clone().zip(self.0.password_file.as_deref()) else { return Ok(None) };
        let text = String::from_utf8(read(path, "password_file")?).map_err(|_| RelayError::File {
            key: "password_file",
            path: path.to_owned(),
            reason: "it is not UTF-8 text".to_owned(),
        })?;
        let password = text.lines().next().unwrap_or_default().to_owned();
        Ok(Some(Credentials::new(user, password)))
    }
}

fn read(path: &Path, key: &'static str) -> Result<Vec<u8>, RelayError> {
    files::read(path, bounds::SECRET_FILE_BYTES_MAX).map_err(|error| RelayError::File {
        key,
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Every certificate of a PEM file.
fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = std::str::from_utf8(pem).map_err(|_| "it is not PEM text".to_owned())?;
    let blocks = text.split_inclusive(END).filter(|block| block.contains("-----BEGIN CERTIFICATE-----"));
    let read = |block: &str| Certificate::from_pem(block.as_bytes()).map_err(|error| error.to_string());
    let certificates = blocks.map(read).collect::<Result<Vec<_>, _>>()?;
    if certificates.is_empty() { Err("it holds no certificate in PEM".to_owned()) } else { Ok(certificates) }
}

fn took_too_long(limit: Duration) -> String {
    format!("the relay took longer than {} s", limit.as_secs())
}

/// What went wrong, without the addresses that relays like to repeat.
fn described(error: &SmtpError) -> String {
    without_addresses(&error.to_string())
}

fn without_addresses(text: &str) -> String {
    let hidden = |word: &str| if word.contains('@') { "<address>".to_owned() } else { word.to_owned() };
    let words: Vec<String> = text.split(|c: char| c.is_whitespace() || c.is_control()).map(hidden).collect();
    words.join(" ").chars().take(bounds::MAIL_ERROR_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_kept_without_addresses_on_one_line_and_bounded() {
        let text = "550 5.1.1 <jane@example.org>: unknown\r\nsorry";
        assert_eq!(without_addresses(text), "550 5.1.1 <address> unknown  sorry");
        assert_eq!(without_addresses(&"x".repeat(5_000)).len(), bounds::MAIL_ERROR_CHARACTERS_MAX);
    }

    #[test]
    fn an_address_of_the_documents_shape_may_be_none_of_mails() {
        let email = |text: &str| text.parse::<Email>().expect("of the original's shape");
        assert!(is_deliverable(&email("jane+tester@example.org")));
        assert!(!is_deliverable(&email(".@.")));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_with_its_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("missing");
        let section = MailSection {
            host: "localhost".to_owned(),
            port: None,
            tls: MailTls::StartTls,
            tls_ca: None,
            user: Some("mp".to_owned()),
            password_file: Some(missing.clone()),
            from: "mp@example.org".parse().expect("an address"),
            admin: None,
            reminders: crate::config::Reminders::Off,
        };
        let error = Relay::new(section.clone()).expect_err("there is no password").to_string();
        assert!(error.contains("password_file") && error.contains(&missing.display().to_string()), "{error}");
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, "hello").expect("written");
        let section = MailSection { user: None, password_file: None, tls_ca: Some(ca), ..section };
        assert!(Relay::new(section).expect_err("no certificate").to_string().contains("no certificate in PEM"));
    }
}
