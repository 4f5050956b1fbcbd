//! `marketplace metadata sign`: endorses a document.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use proto::crypto::{BadSigningKey, SigningKey};
use proto::document::{Strength, check_draft};
use proto::email::Email;
use proto::intake::examine;
use proto::signature::{Algorithms, SignRequest, SigningHash, sign};
use serde::Serialize;

use super::super::output::{Output, visible};
use super::super::{Verdict, password};
use super::draft::Draft;
use super::read;
use crate::bounds;
use crate::clock::Clock;
use crate::files;

/// Options of `metadata sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --output the signed document takes the place of FILE, and the original is kept as FILE.orig.
The password comes from --password-file, from the variable MARKETPLACE_PASSWORD, or is asked for.

Example:
  marketplace metadata sign image.xml --certificate jane.p12 --output image-signed.xml")]
pub(in crate::cli) struct Sign {
    /// The document; an endorsement or signature in it is replaced
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Your key (RSA, RSA-PSS, EC P-256 or P-384, Ed25519) with its certificate: PKCS#12 (.p12, .pfx), or PEM with both
    #[arg(long, value_name = "FILE.p12|FILE.pem", env = "MARKETPLACE_CERTIFICATE", hide_env = true)]
    certificate: PathBuf,
    /// Read the password from the first line of this file
    #[arg(long, value_name = "FILE", env = "MARKETPLACE_PASSWORD_FILE", hide_env = true)]
    password_file: Option<PathBuf>,
    /// Your address, where the certificate has none
    #[arg(long, env = "MARKETPLACE_EMAIL", hide_env = true)]
    email: Option<Email>,
    /// Where the signed document is written
    #[arg(long, value_name = "FILE", env = "MARKETPLACE_OUTPUT", hide_env = true)]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
struct Signed {
    file: PathBuf,
    entry: String,
    identifier: String,
    email: String,
    created: String,
}

impl Sign {
    pub(super) fn run(self, output: Output) -> anyhow::Result<Verdict> {
        self.run_at(&Clock::system(), output)
    }

    fn run_at(self, clock: &Clock, output: Output) -> anyhow::Result<Verdict> {
        let draft = read(&self.file)?;
        if let Err(violation) = check_draft(&draft, Strength::Server) {
            bail!("{} is not valid: {violation}", self.file.display());
        }
        self.announce(&Draft::read(&draft), output);
        let key = self.open_key()?;
        let created = clock.now().timestamp();
        let email = key.certificate().email().map(str::to_owned).or_else(|| self.email.as_ref().map(Email::to_string));
        if let (Some(certified), Some(given)) = (key.certificate().email(), &self.email) {
            ensure!(certified == given.as_str(), "the certificate is for {certified}, not for {given}");
        }
        output.note(&format!("  as     {}", visible(&email.unwrap_or_default())));
        output.note(&format!("  at     {created}"));
        let request = SignRequest { created, email: self.email.clone(), hash: SigningHash::default() };
        let document = sign(&draft, &key, &request).with_context(|| format!("cannot sign {}", self.file.display()))?;
        // What is written is what every node will accept.
        let entry = examine(&document, Algorithms::Modern).context("the signed document does not verify")?;
        let signed = Signed {
            file: self.write(&document)?,
            entry: entry.id().to_string(),
            identifier: entry.document().identifier().to_string(),
            email: entry.document().email().to_string(),
            created: entry.document().created().to_string(),
        };
        output.result(|| format!("{} is signed: entry {}", signed.file.display(), signed.entry), &signed)?;
        Ok(Verdict::Yes)
    }

    /// Says what will be signed before the key is opened, so that a slip can be stopped at the password.
    fn announce(&self, draft: &Draft, output: Output) {
        let shown = |text: &Option<String>| text.as_deref().map_or("-".to_owned(), visible);
        output.note(&format!("Signing {}", self.file.display()));
        output.note(&format!("  title  {}", shown(&draft.title)));
        output.note(&format!("  image  {}", shown(&draft.identifier)));
    }

    fn open_key(&self) -> anyhow::Result<SigningKey> {
        let file = &self.certificate;
        let bytes = files::read(file, bounds::SECRET_FILE_BYTES_MAX)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let ask = || password::ask(self.password_file.as_deref(), &file.display().to_string());
        let opened = match is_pem(&bytes) {
            false => SigningKey::from_pkcs12(&bytes, &ask()?),
            true => match SigningKey::from_pem(&bytes, None) {
                Err(BadSigningKey::PasswordRequired) => SigningKey::from_pem(&bytes, Some(&ask()?)),
                opened => opened,
            },
        };
        opened.with_context(|| format!("cannot use {}", file.display()))
    }

    /// Writes the signed document, and returns where.
    fn write(&self, document: &[u8]) -> anyhow::Result<PathBuf> {
        let target = self.output.as_ref().unwrap_or(&self.file);
        if self.output.is_none() {
            keep_original(&self.file)?;
        }
        files::replace(target, document).with_context(|| format!("cannot write {}", target.display()))?;
        Ok(target.clone())
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|window| window == b"-----BEGIN ")
}

/// Gives the original a second name before its first one is taken; an older original is never lost.
fn keep_original(file: &Path) -> anyhow::Result<()> {
    let mut original = file.as_os_str().to_owned();
    original.push(".orig");
    let original = Path::new(&original);
    let failed = || format!("cannot keep the original as {}; give --output", original.display());
    std::fs::hard_link(file, original).with_context(failed)
}

#[cfg(test)]
mod tests {
    use proto::crypto::{NewKey, SelfSigned, self_signed_pkcs12};
    use proto::document::Template;
    use proto::identifier::ImageIdentifier;

    use super::super::super::output::Format;
    use super::*;

    struct Desk {
        folder: tempfile::TempDir,
        sign: Sign,
    }

    fn desk() -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let request = SelfSigned {
            common_name: "Jane".to_owned(),
            email: "jane@example.org".parse().expect("an address"),
            organisation: None,
            key: NewKey::default(),
            days: 10,
        };
        let store = self_signed_pkcs12(&request, "secret", Clock::system().now().timestamp()).expect("it is made");
        let draft = Template::new(ImageIdentifier::from_sha1(sha1_of_nothing()), 0, "machine").to_xml();
        std::fs::write(path("jane.p12"), store).expect("it is written");
        std::fs::write(path("password"), "secret\n").expect("it is written");
        std::fs::write(path("a.xml"), draft).expect("it is written");
        let sign = Sign {
            file: path("a.xml"),
            certificate: path("jane.p12"),
            password_file: Some(path("password")),
            email: None,
            output: None,
        };
        Desk { folder, sign }
    }

    fn sha1_of_nothing() -> [u8; 20] {
        [7; 20]
    }

    fn run(sign: Sign) -> anyhow::Result<Verdict> {
        sign.run_at(&Clock::system(), Output::new(Format::Json, true))
    }

    #[test]
    fn without_an_output_the_original_is_kept_beside() {
        let Desk { folder, sign } = desk();
        let draft = std::fs::read(&sign.file).expect("it is there");
        run(sign).expect("it is signed");
        assert_eq!(std::fs::read(folder.path().join("a.xml.orig")).expect("it is kept"), draft);
        let signed = std::fs::read(folder.path().join("a.xml")).expect("it is there");
        assert!(examine(&signed, Algorithms::Modern).is_ok());
    }

    #[test]
    fn an_older_original_is_not_overwritten() {
        let Desk { folder, sign } = desk();
        std::fs::write(folder.path().join("a.xml.orig"), "older").expect("it is written");
        let error = run(sign).expect_err("it is in the way");
        assert!(format!("{error:#}").contains("give --output"), "{error:#}");
        assert_eq!(std::fs::read(folder.path().join("a.xml.orig")).expect("it is there"), b"older");
    }

    #[test]
    fn with_an_output_the_input_stays() {
        let Desk { folder, sign } = desk();
        let draft = std::fs::read(&sign.file).expect("it is there");
        run(Sign { output: Some(folder.path().join("b.xml")), ..sign }).expect("it is signed");
        assert_eq!(std::fs::read(folder.path().join("a.xml")).expect("it is there"), draft);
        assert!(!folder.path().join("a.xml.orig").exists());
        assert!(folder.path().join("b.xml").exists());
    }

    #[test]
    fn another_address_than_the_certificates_is_refused() {
        let Desk { folder: _folder, sign } = desk();
        let error = run(Sign { email: "eve@example.org".parse().ok(), ..sign }).expect_err("it is another's");
        assert!(error.to_string().contains("not for eve@example.org"), "{error}");
    }

    #[test]
    fn a_wrong_password_is_said_so() {
        let Desk { folder, sign } = desk();
        std::fs::write(folder.path().join("password"), "wrong\n").expect("it is written");
        assert!(format!("{:#}", run(sign).expect_err("it does not open")).contains("password"));
    }
}
