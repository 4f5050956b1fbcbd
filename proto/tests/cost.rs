//! What the worst documents of the greatest size cost, counted in allocations and not by a clock; `scripts/bench verify`
//! says how long such documents take.

use std::fmt::Write as _;
use std::sync::LazyLock;

use allocation_counter::{AllocationInfo, measure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::bounds;
use proto::crypto::{Hash, NewKey, SelfSigned, SigningKey, self_signed_pkcs12};
use proto::document::{Document, Strength};
use proto::intake::examine;
use proto::signature::{Algorithms, SignRequest, SigningHash, sign, verify};
use proto::xml::{self, Canonicalization, Comments};

#[path = "support/desk.rs"]
mod desk;

use desk::Desk;

/// Most bytes that are held at once: what a sender can make a node keep for one document in verification.
const HELD_MAX: u64 = 12 * 1024 * 1024;
/// Most allocations; each costs some 20 ns, and so these 1.6 ms.
const ALLOCATIONS_MAX: u64 = 80_000;
/// Most bytes that are allocated one after the other; to write them takes some 5 ms.
const WRITTEN_MAX: u64 = 32 * 1024 * 1024;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let request = SelfSigned {
        common_name: "Jane Tester".to_owned(),
        email: "jane.tester@example.org".parse().expect("an address"),
        organisation: None,
        key: NewKey::EcP256,
        days: 1,
    };
    let store = self_signed_pkcs12(&request, "password", "2026-01-01T00:00:00Z".parse().expect("a moment"));
    SigningKey::from_pkcs12(&store.expect("a key"), "password").expect("readable")
});

const START: &str = r##"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:slreq="http://mp.stratuslab.eu/slreq#" xmlns:e="http://example.org/" xml:base="http://mp.stratuslab.eu/"DECLARED><rdf:Description rdf:about="#MMZu9WvwKIro-rtBQfDk4PsKO7_"><dcterms:identifier>MMZu9WvwKIro-rtBQfDk4PsKO7_</dcterms:identifier><slreq:bytes>3</slreq:bytes><slreq:checksum rdf:parseType="Resource"><slreq:algorithm>SHA-1</slreq:algorithm><slreq:value>c319bbd5afc0a22ba3eaed0507c39383ec28eeff</slreq:value></slreq:checksum><slreq:endorsement rdf:parseType="Resource"/><dcterms:type>machine</dcterms:type>"##;
const END: &str = "</rdf:Description></rdf:RDF>";
/// Room for the endorsement and the signature.
const SIGNING_BYTES: usize = 4 * 1024;

/// What a hostile document is filled with.
struct Filling {
    name: &'static str,
    /// Attributes of the root.
    declared: String,
    /// What is repeated, with its number, until a bound is near.
    unit: Box<dyn Fn(usize) -> String>,
    /// How often at most.
    count: usize,
}

fn filling(name: &'static str, count: usize, unit: impl Fn(usize) -> String + 'static) -> Filling {
    Filling { name, declared: String::new(), unit: Box::new(unit), count }
}

impl Filling {
    fn document(&self) -> String {
        let mut text = START.replacen("DECLARED", &self.declared, 1);
        for number in 0..self.count {
            let next = (self.unit)(number);
            if text.len() + next.len() + END.len() + SIGNING_BYTES > bounds::DOCUMENT_BYTES_MAX {
                break;
            }
            text += &next;
        }
        text + END
    }
}

/// Nodes that a document may have beside those of [`START`].
const NODES: usize = bounds::XML_NODES_MAX - 100;

fn fillings() -> Vec<Filling> {
    let long = "n".repeat(220);
    let many = |start: &str, count: usize, each: fn(usize) -> String| {
        let all: String = (0..count).map(each).collect();
        format!("{start}{all}")
    };
    let attributes = many("<e:p", 60, |number| format!(" e:a{number}=''")) + "/>";
    let bindings = many("", 50, |number| format!(" xmlns:n{number}='http://example.org/{number}'"));
    let lists = many("", 30, |number| format!(" xmlns:l{number}='http://example.org/{number}/{}'", "l".repeat(200)));
    let other = format!(" xmlns:o='http://example.org/{long}'");
    vec![
        filling("elements", NODES, |_| "<e:p/>".to_owned()),
        filling("properties", NODES / 2, |_| "<e:p>x</e:p>".to_owned()),
        filling("names", NODES / 2, |number| format!("<e:p{number}>x</e:p{number}>")),
        filling("attributes", NODES / 61, move |_| attributes.clone()),
        filling("depth", NODES / 50, |_| "<e:p>".repeat(50) + &"</e:p>".repeat(50)),
        filling("blank nodes", NODES / 2, |_| "<e:p rdf:parseType='Resource'/>".to_owned()),
        filling("literals", NODES / 3, |_| "<e:p rdf:parseType='Literal'><e:q/></e:p>".to_owned()),
        filling("reified", NODES / 3, |number| format!("<e:p rdf:ID='i{number}'>x</e:p>")),
        filling("comments", NODES, |_| "<!---->".to_owned()),
        filling("split texts", NODES / 2, |_| "x<!---->".to_owned()),
        filling("references", 1, |_| format!("<e:p>{}</e:p>", "&#65;".repeat(49_000))),
        filling("escapes", 1, |_| format!("<e:p>{}</e:p>", ">".repeat(40_000) + &"&#13;".repeat(40_000))),
        filling("sections", usize::MAX, |_| "<![CDATA[<]]>".to_owned()),
        filling("quotes", 1, |_| format!("<e:p e:q='{}'/>", "\"".repeat(200_000))),
        filling("blanks", 1, |_| " ".repeat(240_000)),
        filling("line ends", 1, |_| "\r".repeat(240_000)),
        filling("declarations", NODES / 2, |number| format!("<e:p xmlns:o='http://example.org/{number}'/>")),
        Filling { declared: bindings, ..filling("bindings", NODES, |_| "<rdf:li/>".to_owned()) },
        Filling { declared: other, ..filling("long namespace", NODES, |_| "<o:p/>".to_owned()) },
        Filling {
            declared: lists,
            ..filling("prefixes", NODES / 31, |number| {
                let used: String = (0..30).fold(String::new(), |mut used, prefix| {
                    let _ = write!(used, " l{prefix}:a=''");
                    used
                });
                format!("<e:p{number}{used}/>")
            })
        },
    ]
}

/// Each way to canonicalise, and as a transform.
fn methods() -> Vec<(Canonicalization, String)> {
    const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let prefixes: Vec<String> = (0..bounds::XML_PREFIX_LIST_MAX).map(|number| format!("l{number}")).collect();
    let list = format!("<InclusiveNamespaces xmlns=\"{EXCLUSIVE}\" PrefixList=\"{}\"/>", prefixes.join(" "));
    let transform = |uri: &str, content: &str| format!("<Transform Algorithm=\"{uri}\">{content}</Transform>");
    vec![
        (Canonicalization::Inclusive, String::new()),
        (Canonicalization::Inclusive11, transform("http://www.w3.org/2006/12/xml-c14n11", "")),
        (Canonicalization::Exclusive { prefixes: Vec::new() }, transform(EXCLUSIVE, "")),
        (Canonicalization::Exclusive { prefixes }, transform(EXCLUSIVE, &list)),
    ]
}

/// A document with the longest chain of the largest certificates, the signer's first, and a value that is wrong.
fn with_a_long_chain() -> Vec<u8> {
    let desk = Desk::new("chain");
    let names: Vec<_> = (0..65).map(|number| format!("DNS:{number}.{}.example.org", "n.".repeat(110))).collect();
    let names = format!("subjectAltName={}", names.join(","));
    let certificates = (0..bounds::CERTIFICATE_CHAIN_MAX).map(|number| {
        let name = format!("certificate{number}");
        desk.key(&name, "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
        desk.certificate(&name, &format!("/CN={number}"), &["basicConstraints=CA:FALSE", &names]);
        desk.openssl(&format!("x509 -in {name}.crt -outform DER -out {name}.der"));
        desk.read(&[&format!("{name}.der")])
    });
    let elements = certificates.map(|der| {
        assert!(der.len() > bounds::CERTIFICATE_BYTES_MAX * 9 / 10 && der.len() <= bounds::CERTIFICATE_BYTES_MAX);
        format!("<X509Certificate>{}</X509Certificate>", STANDARD.encode(der))
    });
    let elements: String = elements.collect();
    let plain = filling("plain", 0, |_| String::new()).document();
    let signed = with_good_digest(&plain, &Canonicalization::Inclusive, "");
    let signed = String::from_utf8(signed).expect("UTF-8");
    let own = format!("<X509Certificate>{}</X509Certificate>", STANDARD.encode(KEY.certificate().der()));
    signed.replace(&own, &elements).into_bytes()
}

/// The document with a signature whose digest is right, so that verification goes on to its value.
fn with_good_digest(document: &str, method: &Canonicalization, transform: &str) -> Vec<u8> {
    let tree = xml::parse(document.as_bytes()).expect("within the bounds of XML");
    let digest = STANDARD.encode(Hash::Sha256.digest(&xml::canonicalize(&tree, method, Comments::Without)));
    let certificate = STANDARD.encode(KEY.certificate().der());
    let signature = format!(
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo><CanonicalizationMethod \
         Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/><SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"/><Reference URI=\"\"><Transforms><Transform \
         Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>{transform}</Transforms><DigestMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><DigestValue>{digest}</DigestValue></Reference>\
         </SignedInfo><SignatureValue>{}</SignatureValue><KeyInfo><X509Data><X509Certificate>{certificate}\
         </X509Certificate></X509Data></KeyInfo></Signature></rdf:RDF>",
        STANDARD.encode([1; 64]),
    );
    document.replace("</rdf:RDF>", &signature).into_bytes()
}

fn check(name: &str, cost: &AllocationInfo) {
    let AllocationInfo { bytes_max, bytes_total, count_total, .. } = *cost;
    assert!(bytes_max <= HELD_MAX, "{name} holds {bytes_max} bytes");
    assert!(bytes_total <= WRITTEN_MAX, "{name} writes {bytes_total} bytes");
    assert!(count_total <= ALLOCATIONS_MAX, "{name} allocates {count_total} times");
}

#[test]
fn the_worst_documents_are_verified_in_bounded_memory() {
    for filling in fillings() {
        let document = filling.document();
        for (method, transform) in methods() {
            let name = format!("{} by {method:?}", filling.name);
            let bytes = with_good_digest(&document, &method, &transform);
            let mut rule = "";
            let cost = measure(|| rule = verify(&bytes, Algorithms::Modern).map_or_else(|error| error.rule(), |_| ""));
            assert_eq!(rule, "signature-mismatch", "{name}");
            check(&name, &cost);
        }
    }
}

#[test]
fn the_worst_documents_that_are_signed_well_are_read_in_bounded_memory() {
    let created = "2026-02-03T04:05:06Z".parse().expect("a moment");
    for filling in fillings() {
        let request = SignRequest { created, email: None, hash: SigningHash::Sha256 };
        // Some are too large once their canonical form is written out.
        let Ok(signed) = sign(filling.document().as_bytes(), &KEY, &request) else { continue };
        check(filling.name, &measure(|| drop(examine(&signed, Algorithms::Modern))));
    }
}

#[test]
fn the_worst_canonical_forms_are_read_in_bounded_memory() {
    for filling in fillings() {
        let document = filling.document();
        let tree = xml::parse(document.as_bytes()).expect("within the bounds of XML");
        for (method, _) in methods() {
            let octets = xml::canonicalize(&tree, &method, Comments::Without);
            let name = format!("{} by {method:?}", filling.name);
            check(&name, &measure(|| drop(Document::read(&octets, Strength::Strict))));
        }
    }
}

/// OpenSSL's own memory is not counted; it holds the same octets a few times over.
#[test]
fn the_longest_chain_of_the_largest_certificates_is_read_in_bounded_memory() {
    let bytes = with_a_long_chain();
    let mut rule = "";
    let cost = measure(|| rule = verify(&bytes, Algorithms::Modern).map_or_else(|error| error.rule(), |_| ""));
    assert_eq!(rule, "signature-mismatch");
    check("the chain", &cost);
}
