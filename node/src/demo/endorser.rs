//! Endorsers with throw-away certificates, and what they sign.

use anyhow::Context as _;
use proto::checksum::{Checksum, ChecksumAlgorithm};
use proto::crypto::{Hash, NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use proto::document::Template;
use proto::identifier::ImageIdentifier;
use proto::signature::{SignRequest, SigningHash, sign};
use proto::timestamp::{Instant, Timestamp};

use super::samples::{ENDORSEMENTS, Endorsement, IMAGES, Image, PEOPLE};

/// Somebody who signs documents.
#[derive(Debug)]
pub struct Endorser {
    key: SigningKey,
}

const PASSWORD: &str = "throw-away";
const CERTIFICATE_DAYS: u32 = 365;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const MEBIBYTE: u64 = 1024 * 1024;

impl Endorser {
    /// A new endorser with a new key and a self-signed certificate that states the address.
    pub fn create(name: &str, email: &str, now: Timestamp) -> anyhow::Result<Self> {
        Self::create_with(NewKey::Rsa2048, name, email, now)
    }

    /// The same with a key of another kind.
    pub fn create_with(key: NewKey, name: &str, email: &str, now: Timestamp) -> anyhow::Result<Self> {
        let request = SelfSigned {
            common_name: name.to_owned(),
            email: email.parse()?,
            organisation: Some("Marketplace demonstration".to_owned()),
            key,
            days: CERTIFICATE_DAYS,
        };
        let pkcs12 = self_signed_pkcs12(&request, PASSWORD, now)?;
        Ok(Self { key: SigningKey::from_pkcs12(&pkcs12, PASSWORD)? })
    }

    /// The key with its certificate.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Signs what `template` says at `created`.
    pub fn sign(&self, template: &Template, created: Timestamp) -> anyhow::Result<Vec<u8>> {
        let request = SignRequest { created, email: None, hash: SigningHash::Sha256 };
        sign(template.to_xml().as_bytes(), &self.key, &request).context("a sample cannot be signed")
    }
}

/// The sample registry, oldest endorsement first, signed by `endorsers` (one for each of the people).
pub fn sample_documents(endorsers: &[Endorser], now: Instant) -> anyhow::Result<Vec<Vec<u8>>> {
    debug_assert_eq!(endorsers.len(), PEOPLE.len());
    let mut oldest_first: Vec<&Endorsement> = ENDORSEMENTS.iter().collect();
    oldest_first.sort_by_key(|endorsement| std::cmp::Reverse(endorsement.days_ago));
    oldest_first
        .into_iter()
        .map(|endorsement| {
            let image = IMAGES.iter().find(|image| image.name == endorsement.image).context("a sample of no image")?;
            let created = Instant::from_unix_ms(now.unix_ms().saturating_sub(endorsement.days_ago * DAY_MS));
            endorsers[endorsement.by].sign(&template(image, endorsement, created), created.timestamp())
        })
        .collect()
}

/// A document that nobody has signed before, about an image of this moment.
#[must_use]
pub fn fresh_template(now: Instant) -> Template {
    let name = format!("nightly-{}", now.unix_ms());
    let mut template = content(&name, 64 * MEBIBYTE, "machine");
    template.title = Some("Nightly build".to_owned());
    template.os = Some("Debian".to_owned());
    template.os_version = Some("sid".to_owned());
    template.os_arch = Some("x86_64".to_owned());
    template.format = Some("qcow2".to_owned());
    template.valid = Some(now.plus_ms(30 * DAY_MS).timestamp());
    template.locations = vec![format!("https://images.example.org/{name}.qcow2")];
    template
}

/// Alters what a signed document says and leaves its signature as it is.
pub fn forge(document: &[u8]) -> anyhow::Result<Vec<u8>> {
    let text = std::str::from_utf8(document).context("a signed document is UTF-8")?;
    let forged = text.replacen("images.example.org", "evil.example.org", 1);
    anyhow::ensure!(forged != text, "the document has no location to forge");
    Ok(forged.into_bytes())
}

fn template(image: &Image, endorsement: &Endorsement, created: Instant) -> Template {
    // A new version is another image, but for endorsements of the same one by several people.
    let name = format!("{}-{}", image.name, endorsement.version);
    let mut template = content(&name, image.mebibytes * MEBIBYTE, image.kind);
    let some = |text: &str| Some(text.to_owned());
    template.title = some(image.title);
    template.description = some(image.description);
    template.kind = some(image.kind);
    template.os = some(image.os);
    template.os_version = some(image.os_version);
    template.os_arch = some(image.os_arch);
    template.format = some(image.format);
    template.version = some(endorsement.version);
    template.hypervisors = vec!["kvm".to_owned()];
    template.inbound_ports = vec![22];
    template.valid = Some(created.plus_ms(endorsement.valid_days * DAY_MS).timestamp());
    template.tags = endorsement.tag.into_iter().map(str::to_owned).collect();
    template.deprecated = endorsement.deprecated.map(str::to_owned);
    template.publisher = some("Marketplace demonstration");
    template.locations = match endorsement.deprecated {
        Some(_) => Vec::new(),
        None => vec![format!("https://images.example.org/{name}.{}", image.format)],
    };
    template
}

/// The identity of an image whose content is its own name; there is no file of that size behind it.
fn content(name: &str, bytes: u64, kind: &str) -> Template {
    let sha1: [u8; 20] = Hash::Sha1.digest(name.as_bytes()).try_into().expect("a SHA-1 has 20 bytes");
    let mut template = Template::new(ImageIdentifier::from_sha1(sha1), bytes, kind);
    let checksum = |algorithm, hash: Hash| {
        let digits: String = hash.digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        Checksum::new(algorithm, &digits).expect("the digits are hexadecimal")
    };
    template.checksums =
        vec![checksum(ChecksumAlgorithm::Sha256, Hash::Sha256), checksum(ChecksumAlgorithm::Sha512, Hash::Sha512)];
    template
}
