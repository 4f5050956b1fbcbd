//! Documents in the profile and beside it: random content, a random but well-meant signature, signed by libxmlsec1 or
//! by us.

use proto::signature::{Algorithms, SignRequest, SigningHash, sign};

use super::forest;
use super::keys::{CANONICALIZATIONS, DIGEST_METHODS, IN_PROFILE, Key, Keys, Kind, SIGNATURE_METHODS, SignatureMethod};
use super::oracle::Oracle;
use super::random::Random;

const DIGEST: &str = "DIGEST-VALUE";
const VALUE: &str = "SIGNATURE-VALUE";
const KEY_INFO: &str = "KEY-INFO";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// A document before it is signed; its values are still names for them.
pub(crate) struct Template {
    pub(crate) text: String,
    key: usize,
    method: &'static SignatureMethod,
    pub(crate) algorithms: Algorithms,
}

/// A signed document, and the algorithms to verify it with.
pub(crate) struct Original {
    pub(crate) text: String,
    pub(crate) algorithms: Algorithms,
}

impl Template {
    pub(crate) fn make(random: &mut Random, keys: &Keys) -> Self {
        let method = if random.percent(85) { &SIGNATURE_METHODS[random.below(IN_PROFILE)] } else { any_method(random) };
        let key = random.one(&keys.of(method.kind)).copied().unwrap_or_default();
        let (text, is_old) = body(random, method);
        let algorithms = if is_old { Algorithms::Legacy } else { Algorithms::Modern };
        Self { text, key, method, algorithms }
    }

    /// Has libxmlsec1 sign it; where it cannot, the values are base64 that signs nothing.
    pub(crate) fn sign(&self, keys: &Keys, oracle: &mut Oracle) -> Original {
        let certificate = &keys.all()[self.key].certificate;
        let unsigned = self.text.replace(DIGEST, "").replace(VALUE, "").replace(KEY_INFO, "");
        let values = match self.method.stand_in {
            // The first key is an RSA key.
            Some(uri) => oracle.sign(0, unsigned.replace(self.method.uri, uri).as_bytes()),
            None => oracle.sign(self.key, unsigned.as_bytes()),
        };
        let (digest, value) = values.map_or(("AAAA".into(), "AAAA".into()), |made| (made.digest, made.signature));
        let text = self.text.replace(DIGEST, &digest).replace(VALUE, &value).replace(KEY_INFO, certificate);
        Original { text, algorithms: self.algorithms }
    }
}

fn any_method(random: &mut Random) -> &'static SignatureMethod {
    random.one(SIGNATURE_METHODS).expect("there are some")
}

/// A document as our own tool signs it.
pub(crate) fn signed_by_us(random: &mut Random, keys: &Keys) -> Original {
    let able: Vec<&Key> = keys.all().iter().filter(|key| key.kind == Kind::Rsa).collect();
    let key = random.one(&able).and_then(|key| key.signing.as_ref()).expect("an RSA key signs");
    let request = SignRequest {
        created: "2026-02-03T04:05:06Z".parse().expect("a moment"),
        email: Some("jane@example.org".parse().expect("an address")),
        hash: random.pick([SigningHash::Sha256, SigningHash::Sha384, SigningHash::Sha512]),
    };
    let body = PLAIN.replace("SIGNATURE", "");
    let signed = sign(body.as_bytes(), key, &request).expect("it can be signed");
    Original { text: String::from_utf8(signed).expect("UTF-8"), algorithms: Algorithms::Modern }
}

/// The whole text, and whether only archives have its algorithms.
fn body(random: &mut Random, method: &SignatureMethod) -> (String, bool) {
    let digest = if random.percent(70) { DIGEST_METHODS[0] } else { random.pick(DIGEST_METHODS) };
    let signature = signature(random, method.uri, digest);
    let text = match random.below(5) {
        0 | 1 => PLAIN.replace("SIGNATURE", &signature),
        2 => DEFAULTED.replace("SIGNATURE", &signature),
        _ => grown(random, &signature),
    };
    (text, method.is_old || digest.ends_with("#sha1"))
}

/// What the original's tools write, with something of everything that a canonical form is particular about.
const PLAIN: &str = r##"<?xml version="1.0"?>
<!-- before -->
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/"
  xmlns:slreq="http://mp.stratuslab.eu/slreq#" xmlns:unused="urn:unused" xml:base="http://mp.stratuslab.eu/"
  xml:lang="en"><!-- comment -->
  <rdf:Description rdf:about="#MMZu9WvwKIro-rtBQfDk4PsKO7_" unused:a="b&#10;c
d	e &quot;'&lt;>">
    <dcterms:identifier>MMZu9WvwKIro-rtBQfDk4PsKO7_</dcterms:identifier><slreq:checksum/>
    <extension xmlns="http://example.org/default#"><inner xmlns:p="urn:p" p:x="1" x='2' xmlns=""/></extension>
    <dcterms:description><![CDATA[quotes " ' & <brackets> ]]> é &#13; end</dcterms:description>
  </rdf:Description>SIGNATURE
</rdf:RDF>
<!-- after -->
"##;

/// The same without prefixes, and with namespaces declared where they are used.
const DEFAULTED: &str = r##"<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xml:space="preserve"><Description
  r:about="" xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><identifier xmlns="http://purl.org/dc/terms/"
  xml:lang="">x</identifier><type xmlns="http://purl.org/dc/terms/"><r:b xmlns=""/></type></Description>SIGNATURE</RDF>"##;

/// A random forest between the root and the signature.
fn grown(random: &mut Random, signature: &str) -> String {
    let mut text =
        random.pick(["", "", "<?xml version='1.0'?>\n", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]).to_owned();
    let root = random.pick([
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'",
        "<rdf:RDF xmlns:p='urn:p' xml:id='x' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='urn:d'",
        "<rdf:RDF q:a='' xmlns:q='urn:q' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' b='' xml:base='b/'",
    ]);
    text.push_str(root);
    text.push('>');
    let mut scope = vec![("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#")];
    let mut budget = 2 + random.below(40);
    forest::content(random, &mut scope, &mut budget, &mut text);
    // A signature in the profile has no instruction beside it.
    if random.percent(90) {
        text = without_instructions(&text);
    }
    text + signature + random.pick(["", "\n", " \r\n"]) + "</rdf:RDF>" + random.pick(["", "\n", "<!--c-->"])
}

fn without_instructions(text: &str) -> String {
    let pieces = super::scan::pieces(text);
    let is_kept = |piece: &super::scan::Piece| {
        piece.kind != super::scan::Kind::Instruction || text[piece.range.clone()].starts_with("<?xml ")
    };
    pieces.into_iter().filter(is_kept).map(|piece| &text[piece.range]).collect()
}

fn signature(random: &mut Random, method: &str, digest: &str) -> String {
    let style = random.pick(["", "", "\n  ", "\r\n\t", "<!-- c -->"]);
    let prefix = random.pick(["", "", "ds:", "d-s:", "rdfs:"]);
    let canonicalization = canonicalization(random, "CanonicalizationMethod");
    let transforms = transforms(random);
    let open = |name: &str| format!("{style}<@{name}>");
    let shape = [
        open("SignedInfo"),
        canonicalization,
        format!("{style}<@SignatureMethod Algorithm=\"{method}\"/><@Reference URI=\"\">{style}<@Transforms>"),
        transforms,
        format!("{style}</@Transforms><@DigestMethod Algorithm='{digest}'></@DigestMethod><@DigestValue>{DIGEST}"),
        format!("</@DigestValue>{style}</@Reference>{style}</@SignedInfo>{}", open("SignatureValue")),
        format!("{VALUE}</@SignatureValue>{style}<@KeyInfo>{style}<@X509Data><@X509Certificate>{KEY_INFO}"),
        format!("</@X509Certificate>{style}</@X509Data></@KeyInfo>{style}"),
    ]
    .concat();
    let extra = random.pick(["", "", " xmlns:p=\"urn:other\"", " xmlns:x='urn:x'"]);
    let bound = prefix.strip_suffix(':').map_or("xmlns".to_owned(), |name| format!("xmlns:{name}"));
    let declared = format!("{bound}=\"http://www.w3.org/2000/09/xmldsig#\"{extra}");
    format!("<@Signature {declared}>{shape}</@Signature>").replace('@', prefix)
}

fn transforms(random: &mut Random) -> String {
    let enveloped = format!("<@Transform Algorithm=\"{ENVELOPED}\"/>");
    if random.percent(50) { enveloped } else { enveloped + &canonicalization(random, "Transform") }
}

/// A method element that names a canonicalisation, exclusive ones with any prefix list.
fn canonicalization(random: &mut Random, name: &str) -> String {
    let uri = random.pick(CANONICALIZATIONS);
    if !uri.contains("exc-c14n") || random.percent(50) {
        return format!("<@{name} Algorithm=\"{uri}\"/>");
    }
    let list =
        random.pick(["", "p", "#default", "rdf unused", " p  q ", "#default p q n0 nowhere", "xml", "xmlns", "\n p"]);
    format!(
        "<@{name} Algorithm=\"{uri}\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" \
         PrefixList=\"{list}\"/></@{name}>"
    )
}
