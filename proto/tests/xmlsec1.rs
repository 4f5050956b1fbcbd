//! Agreement with xmlsec1, the reference implementation in C, and with documents that the original signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use proto::crypto::{NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use proto::signature::{Algorithms, SignRequest, SigningHash, sign, verify};
use proto::timestamp::Timestamp;

#[path = "support/desk.rs"]
mod desk;

use desk::Desk;

const PASSWORD: &str = "password";

/// An endorser of the original's time and two of ours, each with its key as a file and as read.
static ENDORSERS: LazyLock<[(NewKey, Vec<u8>, SigningKey); 3]> = LazyLock::new(|| {
    [NewKey::Rsa2048, NewKey::EcP256, NewKey::EcP384].map(|kind| {
        let request = SelfSigned {
            common_name: "Jane Tester".to_owned(),
            email: "jane.tester@example.org".parse().expect("an address"),
            organisation: Some("StratusLab Project".to_owned()),
            key: kind,
            days: 36_500,
        };
        let store = self_signed_pkcs12(&request, PASSWORD, moment("2020-01-01T00:00:00Z")).expect("a key");
        let key = SigningKey::from_pkcs12(&store, PASSWORD).expect("the key is readable");
        (kind, store, key)
    })
});

fn endorser(kind: NewKey) -> &'static (NewKey, Vec<u8>, SigningKey) {
    ENDORSERS.iter().find(|(known, _, _)| *known == kind).expect("one of the three")
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// A file of this test alone.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    fs::write(&path, content).expect("the test's folder is writable");
    path
}

fn xmlsec1(arguments: &[&str], path: &Path) -> Output {
    let output = Command::new("xmlsec1").args(arguments).arg(path).output();
    output.expect("xmlsec1 is installed (apt-get install xmlsec1; scripts/test does it)")
}

fn sign_with_xmlsec1(name: &str, store: &[u8], template: &str) -> Vec<u8> {
    let store = file(&format!("{name}.p12"), store);
    let template = file(&format!("{name}.xml"), template.as_bytes());
    let store_text = store.to_str().expect("the folder's name is UTF-8");
    let output = xmlsec1(&["--sign", "--pkcs12", store_text, "--pwd", PASSWORD], &template);
    fs::remove_file(store).and_then(|()| fs::remove_file(template)).expect("the files are ours");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn xmlsec1_verifies(name: &str, document: &[u8]) -> Result<(), String> {
    let path = file(name, document);
    let output = xmlsec1(&["--verify", "--insecure", "--enabled-key-data", "x509"], &path);
    fs::remove_file(path).expect("the file is ours");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

const DOCUMENT: &str = r##"<?xml version="1.0"?>
<!-- before -->
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/"
  xmlns="http://example.org/default#" xmlns:slreq="http://mp.stratuslab.eu/slreq#" xmlns:unused="urn:unused"
  xml:base="http://mp.stratuslab.eu/" xml:lang="en"><!-- comment -->
  <rdf:Description rdf:about="#MMZu9WvwKIro-rtBQfDk4PsKO7_" unused:a="b&#10;c
d	e &quot;'&lt;>">
    <slreq:checksum/><extension xmlns=""><inner xmlns:p="urn:p" p:x="1" x='2'/></extension>
    <dcterms:description><![CDATA[quotes " ' & <brackets> ]]> é &#13; end</dcterms:description>
  </rdf:Description>SIGNATURE
</rdf:RDF>
<!-- after -->
"##;

fn template(canonicalization: &str, signature: &str, digest: &str, transform: &str) -> String {
    let signature = format!(
        r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
  <ds:SignedInfo><!-- in SignedInfo -->
    <ds:CanonicalizationMethod Algorithm="{canonicalization}"/>
    <ds:SignatureMethod Algorithm="{signature}"/>
    <ds:Reference URI="">
      <ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>{transform}</ds:Transforms>
      <ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/>
    </ds:Reference>
  </ds:SignedInfo>
  <ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>"#
    );
    DOCUMENT.replace("SIGNATURE", &signature)
}

const CANONICALIZATIONS: [&str; 6] = [
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
];

/// Short names under `http://www.w3.org/2001/04/xmldsig-more#`, and digests.
const ALGORITHMS: [(NewKey, &str, &str); 9] = [
    (NewKey::Rsa2048, "rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"),
    (NewKey::Rsa2048, "rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384"),
    (NewKey::Rsa2048, "rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"),
    (NewKey::EcP256, "ecdsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"),
    (NewKey::EcP256, "ecdsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384"),
    (NewKey::EcP256, "ecdsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"),
    (NewKey::EcP384, "ecdsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"),
    (NewKey::EcP384, "ecdsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384"),
    (NewKey::EcP384, "ecdsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"),
];

fn uri(short: &str) -> String {
    format!("http://www.w3.org/2001/04/xmldsig-more#{short}")
}

#[test]
fn what_we_sign_xmlsec1_verifies() {
    for (kind, _, key) in ENDORSERS.iter() {
        for hash in [SigningHash::Sha256, SigningHash::Sha384, SigningHash::Sha512] {
            let request = SignRequest { created: moment("2026-01-01T00:00:00Z"), email: None, hash };
            let document = DOCUMENT.replace("SIGNATURE", "");
            let signed = sign(document.as_bytes(), key, &request).expect("signed");
            assert_eq!(xmlsec1_verifies(&format!("ours-{kind:?}-{hash:?}.xml"), &signed), Ok(()));
        }
    }
}

#[test]
fn what_xmlsec1_signs_in_the_profile_we_verify() {
    for (number, canonicalization) in CANONICALIZATIONS.iter().enumerate() {
        // Each canonicalisation also as a transform, and once with a prefix list.
        let transforms = [
            String::new(),
            format!("<ds:Transform Algorithm=\"{canonicalization}\"/>"),
            "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces \
             xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"#default unused p nowhere xml\"/>\
             </ds:Transform>"
                .to_owned(),
        ];
        for (index, (kind, signature, digest)) in ALGORITHMS.iter().enumerate() {
            let (_, store, key) = endorser(*kind);
            let template = template(canonicalization, &uri(signature), digest, &transforms[index % 3]);
            let signed = sign_with_xmlsec1(&format!("theirs-{number}-{index}"), store, &template);
            let read = verify(&signed, Algorithms::Modern);
            let read = read.unwrap_or_else(|error| panic!("{canonicalization} {signature}: {error}"));
            assert_eq!(read.certificate(), key.certificate());
            assert_eq!(read.signature_algorithm(), *signature);
        }
    }
}

#[test]
fn an_ecdsa_value_that_we_refuse_as_changed_xmlsec1_refuses_too() {
    for (kind, signature, digest) in &ALGORITHMS[3..] {
        let template = template(CANONICALIZATIONS[0], &uri(signature), digest, "");
        let name = format!("changed-{kind:?}-{signature}");
        let signed = String::from_utf8(sign_with_xmlsec1(&name, &endorser(*kind).1, &template)).expect("UTF-8");
        let (before, value) = signed.split_once("<ds:SignatureValue>").expect("a value");
        let other = if value.starts_with('A') { "B" } else { "A" };
        let changed = format!("{before}<ds:SignatureValue>{other}{}", &value[1..]);
        let rule = verify(changed.as_bytes(), Algorithms::Modern).map_err(|error| error.rule()).err();
        assert_eq!(rule, Some("signature-mismatch"), "{name}");
        assert!(xmlsec1_verifies(&format!("{name}.xml"), changed.as_bytes()).is_err(), "{name}");
    }
}

#[test]
fn what_xmlsec1_signs_on_another_curve_we_refuse_by_its_name() {
    let desk = Desk::new("p521");
    desk.key("jane", "-algorithm EC -pkeyopt ec_paramgen_curve:P-521");
    desk.certificate("jane", "/CN=Jane", &[]);
    desk.openssl(&format!("pkcs12 -export -inkey jane.key -in jane.crt -passout pass:{PASSWORD} -out jane.p12"));
    let template = template(CANONICALIZATIONS[0], &uri("ecdsa-sha512"), ALGORITHMS[2].2, "");
    let signed = sign_with_xmlsec1("p521", &desk.read(&["jane.p12"]), &template);
    assert_eq!(xmlsec1_verifies("p521-signed.xml", &signed), Ok(()));
    let refused = verify(&signed, Algorithms::Modern).expect_err("refused");
    assert_eq!(refused.to_string(), "the certificate's key is EC secp521r1, which is not one for ecdsa-sha512");
}

/// The root of [`DOCUMENT`] states xml:base and xml:lang; here it has an xml:id too, which 1.0 copies into SignedInfo
/// and 1.1 does not.
#[test]
fn both_versions_of_inclusive_canonicalization_agree_with_xmlsec1_on_an_identifier_at_the_root() {
    let (kind, signature, digest) = ALGORITHMS[3];
    let (_, store, _) = endorser(kind);
    for (number, canonicalization) in CANONICALIZATIONS.iter().take(4).enumerate() {
        let template = template(canonicalization, &uri(signature), digest, "");
        let template = template.replace("xml:lang=\"en\"", "xml:lang=\"en\" xml:space=\"default\" xml:id=\"root\"");
        let signed = sign_with_xmlsec1(&format!("identifier-{number}"), store, &template);
        verify(&signed, Algorithms::Modern).unwrap_or_else(|error| panic!("{canonicalization}: {error}"));
        let other = CANONICALIZATIONS[(number + 2) % 4];
        let exchanged =
            String::from_utf8(signed).expect("UTF-8").replace(&format!("{canonicalization}\""), &format!("{other}\""));
        let rule = verify(exchanged.as_bytes(), Algorithms::Modern).map_err(|error| error.rule()).err();
        assert_eq!(rule, Some("signature-mismatch"), "{canonicalization}");
    }
}

#[test]
fn a_comment_in_signed_info_counts_only_where_the_method_says_so() {
    for canonicalization in CANONICALIZATIONS {
        let (kind, signature, digest) = ALGORITHMS[0];
        let template = template(canonicalization, &uri(signature), digest, "");
        let signed = sign_with_xmlsec1(&format!("comment-{}", canonicalization.len()), &endorser(kind).1, &template);
        let changed = String::from_utf8(signed).expect("UTF-8").replace("<!-- in SignedInfo -->", "<!-- changed -->");
        let rule = verify(changed.as_bytes(), Algorithms::Modern).map_err(|error| error.rule()).err();
        let expected = canonicalization.ends_with("WithComments").then_some("signature-mismatch");
        assert_eq!(rule, expected, "{canonicalization}");
        let theirs = xmlsec1_verifies(&format!("changed-{}.xml", canonicalization.len()), changed.as_bytes());
        assert_eq!(theirs.is_err(), expected.is_some(), "{canonicalization}");
    }
}

#[test]
fn sha_1_is_verified_where_the_operator_admits_it() {
    let template = template(
        CANONICALIZATIONS[1],
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#sha1",
        "",
    );
    let signed = sign_with_xmlsec1("legacy", &endorser(NewKey::Rsa2048).1, &template);
    assert_eq!(verify(&signed, Algorithms::Legacy).expect("verifies").signature_algorithm(), "rsa-sha1");
    assert_eq!(verify(&signed, Algorithms::Modern).expect_err("refused").rule(), "algorithm");
}

#[test]
fn what_the_original_signed_is_verified_where_the_operator_admits_it() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("MARKETPLACE_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("fixtures/legacy");
    if !folder.is_dir() {
        println!("skipped: no ../shared/fixtures");
        return;
    }
    for name in [
        "valid-alternative",
        "valid-expired-signature",
        "valid-full-signature",
        "valid-indate-signature",
        "valid-indate-newer-signature",
        "valid-two-locations",
    ] {
        let bytes = fs::read(folder.join(name).with_extension("xml")).expect("the fixture is there");
        let read = verify(&bytes, Algorithms::Legacy).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.signature_algorithm(), "rsa-sha1");
        assert!(read.certificate().subject().starts_with("CN=Jane Tester,"), "{name}");
        assert_eq!(verify(&bytes, Algorithms::Modern).expect_err("refused").rule(), "algorithm", "{name}");
        assert_eq!(xmlsec1_verifies(&format!("{name}.xml"), &bytes), Ok(()), "{name}");
    }
}
