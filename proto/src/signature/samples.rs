//! A key and documents for the tests of this module.

use std::sync::LazyLock;

use crate::crypto::{NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use crate::timestamp::Timestamp;

use super::sign::{SignRequest, SigningHash, sign};

pub(super) static JANE: LazyLock<SigningKey> = LazyLock::new(|| key("Jane Tester", "jane.tester@example.org"));
pub(super) static MALLORY: LazyLock<SigningKey> = LazyLock::new(|| key("Mallory", "mallory@example.org"));

/// Another key in Jane's name.
pub(super) static OTHER_JANE: LazyLock<SigningKey> = LazyLock::new(|| key("jane  Tester", "jane.tester@example.org"));

/// A signed document that every attack starts from.
pub(super) static SIGNED: LazyLock<String> = LazyLock::new(|| signed_by(&JANE));

pub(super) const DOCUMENT: &str = r##"<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/"
         xmlns:slreq="http://mp.stratuslab.eu/slreq#" xml:base="http://mp.stratuslab.eu/">
    <!-- a remark -->
    <rdf:Description rdf:about="#MMZu9WvwKIro-rtBQfDk4PsKO7_">
        <dcterms:identifier>MMZu9WvwKIro-rtBQfDk4PsKO7_</dcterms:identifier>
        <slreq:bytes>100</slreq:bytes>
        <slreq:checksum rdf:parseType="Resource">
            <slreq:algorithm>SHA-1</slreq:algorithm>
            <slreq:value>c319bbd5afc0a22ba3eaed0507c39383ec28eeff</slreq:value>
        </slreq:checksum>
        <slreq:endorsement rdf:parseType="Resource"/>
        <dcterms:type>machine</dcterms:type>
        <dcterms:description><![CDATA[quotes " & <brackets>]]></dcterms:description>
    </rdf:Description>
</rdf:RDF>
"##;

pub(super) fn created() -> Timestamp {
    "2026-02-03T04:05:06Z".parse().expect("a moment")
}

pub(super) fn request() -> SignRequest {
    SignRequest { created: created(), email: None, hash: SigningHash::Sha256 }
}

pub(super) fn signed_by(key: &SigningKey) -> String {
    String::from_utf8(sign(DOCUMENT.as_bytes(), key, &request()).expect("signed")).expect("UTF-8")
}

fn key(common_name: &str, email: &str) -> SigningKey {
    let request = SelfSigned {
        common_name: common_name.to_owned(),
        email: email.parse().expect("an address"),
        organisation: None,
        key: NewKey::Rsa2048,
        days: 365,
    };
    let store = self_signed_pkcs12(&request, "password", created()).expect("a key");
    SigningKey::from_pkcs12(&store, "password").expect("readable")
}
