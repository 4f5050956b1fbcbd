//! One signed document with many certificates: the signature does not cover which certificate stands beside it, so a
//! document can be given as many new ones for its key as a cache can hold, and more.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::bounds::CERTIFICATES_CACHED_MAX;
use proto::crypto::{NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use proto::signature::{SignRequest, SigningHash, sign};
use proto::timestamp::Instant;

/// A tenth more than the cache holds: visited in turns, every certificate is new again.
pub(super) const COUNT: usize = CERTIFICATES_CACHED_MAX + CERTIFICATES_CACHED_MAX / 10;

const PASSWORD: &str = "throw-away";
const START: &str = "<X509Certificate>";

/// [`COUNT`] documents of the usual size that differ in the certificate alone.
pub(super) fn documents(now: Instant) -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let request = SelfSigned {
        common_name: "Bench Tester".to_owned(),
        email: "bench@example.org".parse()?,
        organisation: None,
        key: NewKey::Rsa2048,
        days: 365,
    };
    let store = self_signed_pkcs12(&request, PASSWORD, now.timestamp())?;
    let key = SigningKey::from_pkcs12(&store, PASSWORD)?;
    let document = super::documents::of_usual_size(
        |template| {
            let request = SignRequest { created: now.timestamp(), email: None, hash: SigningHash::Sha256 };
            Ok(sign(template.to_xml().as_bytes(), &key, &request)?)
        },
        now,
    )?;
    let document = String::from_utf8(document).context("a signed document is UTF-8")?;
    let store_file = folder.path().join("store.p12");
    std::fs::write(&store_file, store).context("cannot write the key")?;
    let key_file = folder.path().join("key.pem");
    openssl(&["pkcs12", "-nocerts", "-nodes", "-passin", &format!("pass:{PASSWORD}"), "-in"], &store_file, &key_file)?;
    (1..=COUNT).map(|number| with_certificate(&document, number, &key_file, folder.path())).collect()
}

fn with_certificate(document: &str, number: usize, key: &Path, folder: &Path) -> anyhow::Result<Vec<u8>> {
    let file = folder.join("certificate.der");
    let serial = number.to_string();
    let extensions =
        ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=email:bench@example.org"];
    let named =
        ["req", "-x509", "-subj", "/CN=Bench Tester", "-days", "365", "-set_serial", &serial, "-outform", "DER"];
    let arguments: Vec<&str> = named.into_iter().chain(extensions).chain(["-key"]).collect();
    openssl(&arguments, key, &file)?;
    let der = std::fs::read(&file).context("cannot read the certificate")?;
    let (before, after) = document.split_once(START).context("the document has no certificate")?;
    let (_, after) = after.split_once('<').context("the certificate does not end")?;
    Ok(format!("{before}{START}{}<{after}", STANDARD.encode(der)).into_bytes())
}

fn openssl(arguments: &[&str], input: &Path, output: &Path) -> anyhow::Result<()> {
    let run = Command::new("openssl").args(arguments).arg(input).arg("-out").arg(output).output();
    let run = run.context("cannot start openssl")?;
    ensure!(run.status.success(), "openssl failed: {}", String::from_utf8_lossy(&run.stderr));
    Ok(())
}
