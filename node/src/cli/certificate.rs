//! `marketplace certificate`: keys for endorsers who have no authority to ask.

use std::io;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use proto::crypto::{KeyKind, NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use proto::email::Email;
use serde::Serialize;

use super::output::{self, Output};
use super::{Verdict, password};
use crate::clock::Clock;
use crate::files::{self, Readers};

/// Commands on certificates.
#[derive(Debug, Subcommand)]
pub(super) enum Certificate {
    /// Make a key with a certificate that it signs itself, as a PKCS#12 file
    Create(Create),
}

/// Options of `certificate create`.
#[derive(Debug, Args)]
#[command(after_help = "\
The password comes from --password-file, from the variable MARKETPLACE_PASSWORD, or is asked for.

Example:
  marketplace certificate create --email jane@example.org --common-name \"Jane Doe\" --output jane.p12
Operators who know the key to be yours pin the printed sha256:… under [trust] endorser_keys.")]
pub(super) struct Create {
    /// The address that your documents will carry
    #[arg(long, env = "MARKETPLACE_EMAIL", hide_env = true)]
    email: Email,
    /// Your name
    #[arg(long, value_name = "NAME", env = "MARKETPLACE_COMMON_NAME", hide_env = true)]
    common_name: String,
    /// The file to write; one that is there is not overwritten
    #[arg(long, value_name = "FILE", default_value = "certificate.p12", env = "MARKETPLACE_OUTPUT", hide_env = true)]
    output: PathBuf,
    /// Read the password from the first line of this file
    #[arg(long, value_name = "FILE", env = "MARKETPLACE_PASSWORD_FILE", hide_env = true)]
    password_file: Option<PathBuf>,
    /// The kind of the new key; every tool verifies RSA, few verify Ed25519 in XML signatures
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Kind::Rsa2048, env = "MARKETPLACE_KEY", hide_env = true)]
    key: Kind,
    /// How long it is valid
    #[arg(long, value_name = "NUMBER", default_value_t = 365, env = "MARKETPLACE_DAYS", hide_env = true)]
    days: u32,
}

/// The kinds of new keys by the words of the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    #[value(name = "rsa-2048")]
    Rsa2048,
    #[value(name = "rsa-3072")]
    Rsa3072,
    #[value(name = "rsa-4096")]
    Rsa4096,
    #[value(name = "ec-p256")]
    EcP256,
    #[value(name = "ec-p384")]
    EcP384,
    #[value(name = "ed25519")]
    Ed25519,
}

impl From<Kind> for NewKey {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Rsa2048 => Self::Rsa2048,
            Kind::Rsa3072 => Self::Rsa3072,
            Kind::Rsa4096 => Self::Rsa4096,
            Kind::EcP256 => Self::EcP256,
            Kind::EcP384 => Self::EcP384,
            Kind::Ed25519 => Self::Ed25519,
        }
    }
}

#[derive(Serialize)]
struct Created {
    file: PathBuf,
    subject: String,
    email: String,
    kind: String,
    key: String,
    not_after: String,
}

impl Certificate {
    pub(super) fn run(self, output: Output) -> anyhow::Result<Verdict> {
        let Self::Create(create) = self;
        create.run(&Clock::system(), output)
    }
}

impl Create {
    fn run(self, clock: &Clock, output: Output) -> anyhow::Result<Verdict> {
        let file = self.output;
        if file.exists() {
            bail!("{} exists already and is not overwritten", file.display());
        }
        let password = password::choose(self.password_file.as_deref(), &file.display().to_string())?;
        let request = SelfSigned {
            common_name: self.common_name,
            email: self.email,
            organisation: None,
            key: self.key.into(),
            days: self.days,
        };
        let store = self_signed_pkcs12(&request, &password, clock.now().timestamp())?;
        let key = SigningKey::from_pkcs12(&store, &password).context("the new file does not open")?;
        files::create(&file, &store, Readers::Owner).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => anyhow::anyhow!("{} exists already and is not overwritten", file.display()),
            _ => anyhow::Error::new(error).context(format!("cannot write {}", file.display())),
        })?;
        let certificate = key.certificate();
        let created = Created {
            subject: certificate.subject().to_owned(),
            email: request.email.to_string(),
            kind: match certificate.key_kind() {
                rsa @ KeyKind::Rsa => format!("{rsa} of {} bits", certificate.key_bits()),
                // The name says the size.
                other => other.to_string(),
            },
            key: format!("sha256:{}", certificate.key_sha256()),
            not_after: certificate.not_after().to_string(),
            file,
        };
        output.result(|| describe(&created), &created)?;
        Ok(Verdict::Yes)
    }
}

fn describe(created: &Created) -> String {
    output::pairs(&[
        ("file", created.file.display().to_string()),
        ("subject", created.subject.clone()),
        ("e-mail", created.email.clone()),
        ("kind", created.kind.clone()),
        ("key", created.key.clone()),
        ("valid until", created.not_after.clone()),
    ])
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::output::Format;
    use super::*;

    #[test]
    fn a_certificate_is_the_owners_alone_opens_with_its_password_and_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, password_file) = (folder.path().join("jane.p12"), folder.path().join("password"));
        std::fs::write(&password_file, "secret\n").expect("it is written");
        let create = || Create {
            email: "jane@example.org".parse().expect("an address"),
            common_name: "Jane".to_owned(),
            output: file.clone(),
            password_file: Some(password_file.clone()),
            key: Kind::Rsa2048,
            days: 10,
        };
        let output = Output::new(Format::Json, true);
        create().run(&Clock::system(), output).expect("it is made");
        let key = SigningKey::from_pkcs12(&std::fs::read(&file).expect("it is there"), "secret").expect("it opens");
        assert_eq!(key.certificate().email(), Some("jane@example.org"));
        assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert!(create().run(&Clock::system(), output).is_err());
    }

    #[test]
    fn a_key_is_of_the_kind_that_was_asked_for() {
        for (word, expected) in [
            ("rsa-2048", KeyKind::Rsa),
            ("ec-p256", KeyKind::EcP256),
            ("ec-p384", KeyKind::EcP384),
            ("ed25519", KeyKind::Ed25519),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let (file, password_file) = (folder.path().join("jane.p12"), folder.path().join("password"));
            std::fs::write(&password_file, "secret\n").expect("it is written");
            let create = Create {
                email: "jane@example.org".parse().expect("an address"),
                common_name: "Jane".to_owned(),
                output: file.clone(),
                password_file: Some(password_file),
                key: Kind::from_str(word, false).expect("a kind"),
                days: 10,
            };
            create.run(&Clock::system(), Output::new(Format::Json, true)).expect("it is made");
            let key = SigningKey::from_pkcs12(&std::fs::read(&file).expect("it is there"), "secret").expect("it opens");
            assert_eq!(key.certificate().key_kind(), expected, "{word}");
        }
    }
}
