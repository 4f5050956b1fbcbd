//! Signed documents for tests.

use std::sync::LazyLock;

use proto::crypto::{NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use proto::document::Template;
use proto::identifier::ImageIdentifier;
use proto::signature::{SignRequest, SigningHash, sign};
use proto::timestamp::Timestamp;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| key_of("Jane Tester"));

/// A new key of somebody with this common name, and Jane's address.
fn key_of(common_name: &str) -> SigningKey {
    let request = SelfSigned {
        common_name: common_name.to_owned(),
        email: "jane+tester@example.org".parse().expect("the constant is an address"),
        organisation: None,
        key: NewKey::Rsa2048,
        days: 3650,
    };
    let now = Timestamp::from_unix_seconds(1_300_000_000).expect("the constant is a moment");
    let bytes = self_signed_pkcs12(&request, "secret", now).expect("a key is made");
    SigningKey::from_pkcs12(&bytes, "secret").expect("the key is read")
}

/// A template of an image with this number.
pub(crate) fn template(image: u8) -> Template {
    let identifier = ImageIdentifier::from_sha1([image; 20]);
    let title = Some(format!("Image {image}"));
    let valid = "2016-03-05T14:12:57Z".parse().ok();
    Template { title, valid, ..Template::new(identifier, 5_368_709_120, "machine") }
}

/// The template, endorsed by Jane at this moment.
pub(crate) fn signed(template: &Template, created: &str) -> Vec<u8> {
    signed_with(&KEY, template, created)
}

/// The template, endorsed at this moment by somebody with this common name.
pub(crate) fn signed_as(common_name: &str, template: &Template, created: &str) -> Vec<u8> {
    signed_with(&key_of(common_name), template, created)
}

fn signed_with(key: &SigningKey, template: &Template, created: &str) -> Vec<u8> {
    let created = created.parse().expect("the test's moment is good");
    let request = SignRequest { created, email: None, hash: SigningHash::Sha256 };
    sign(template.to_xml().as_bytes(), key, &request).expect("the test's template can be signed")
}
