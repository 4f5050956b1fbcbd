//! Published signatures below the profile: canonical SignedInfo, value and digests, wherever they stand.

use proto::crypto::{Hash, PublicKey, Scheme, Verification};
use proto::vocabulary::XMLDSIG;
use proto::xml::{self, Canonicalization, Comments, Element, Node, Tree};

use super::keys;

/// What holds of a signature that is outside of the profile.
pub(crate) struct Below {
    /// Whether a key that it carries made its value.
    pub(crate) value: &'static str,
    /// How many of its digests were computed and are equal.
    pub(crate) digests: String,
}

const UNREAD: &str = "–";

/// Examines the first signature of a document.
pub(crate) fn examine(bytes: &[u8]) -> Below {
    let nothing = Below { value: UNREAD, digests: UNREAD.to_owned() };
    let Ok(tree) = xml::parse(bytes) else { return nothing };
    let mut path = vec![&tree.root];
    if !descend(&mut path, &|element| element.name.is(XMLDSIG, "Signature")) {
        return nothing;
    }
    let signature = path.last().expect("it holds the root at least");
    let child = |name| signature.elements().find(|one| one.name.is(XMLDSIG, name));
    let Some(signed_info) = child("SignedInfo") else { return nothing };
    let value = child("SignatureValue").map(keys::decoded).unwrap_or_default();
    Below { value: value_verdict(&path, signed_info, &value), digests: digests(&tree, &path, signed_info) }
}

fn value_verdict(path: &[&Element<'_>], signed_info: &Element<'_>, value: &[u8]) -> &'static str {
    let child = |name| signed_info.elements().find(|one| one.name.is(XMLDSIG, name));
    let form = child("CanonicalizationMethod").and_then(canonicalization);
    let scheme = child("SignatureMethod").and_then(|one| scheme(algorithm(one)));
    let (Some((method, comments)), Some(scheme)) = (form, scheme) else { return UNREAD };
    let message = xml::canonicalize_element(path, signed_info, &method, comments);
    let keys = keys::within(path[path.len() - 1]);
    let verifies = |key: &PublicKey| key.verify(scheme, &message, value) == Verification::Verified;
    match keys.as_slice() {
        [] => UNREAD,
        keys if keys.iter().any(verifies) => "verified",
        _ => "refused",
    }
}

fn digests(tree: &Tree<'_>, path: &[&Element<'_>], signed_info: &Element<'_>) -> String {
    let references: Vec<_> = signed_info.elements().filter(|one| one.name.is(XMLDSIG, "Reference")).collect();
    let computed: Vec<bool> = references.iter().filter_map(|one| digest_is_equal(tree, path, one)).collect();
    let equal = computed.iter().filter(|is_equal| **is_equal).count();
    if computed.is_empty() { UNREAD.to_owned() } else { format!("{equal} of {}", references.len()) }
}

/// `None` where the reference or a transform is one that cannot be followed here.
fn digest_is_equal(tree: &Tree<'_>, path: &[&Element<'_>], reference: &Element<'_>) -> Option<bool> {
    let child = |name| reference.elements().find(|one| one.name.is(XMLDSIG, name));
    let transforms = child("Transforms").into_iter().flat_map(Element::elements);
    let transforms: Vec<_> = transforms.filter(|transform| !is_enveloped_by_path(transform)).collect();
    let uri = reference.attribute("", "URI")?;
    let mut canonical = transforms.as_slice();
    let octets = if uri.is_empty() {
        let (enveloped, others) = canonical.split_first()?;
        canonical = others;
        let is_enveloped = algorithm(enveloped).ends_with("#enveloped-signature") && path.len() == 2;
        let (method, _) = method(canonical).filter(|_| is_enveloped)?;
        xml::canonicalize_without(tree, position(tree, path[1])?, &method, Comments::Without)
    } else {
        let (name, keeps_comments) = identifier(uri)?;
        let mut target = vec![&tree.root];
        let has_it = |element: &Element<'_>| element.attribute("", "Id") == Some(name);
        (has_it(&tree.root) || descend(&mut target, &has_it)).then_some(())?;
        let (method, comments) = method(canonical)?;
        let comments = if keeps_comments { comments } else { Comments::Without };
        let (element, ancestors) = target.split_last()?;
        xml::canonicalize_element(ancestors, element, &method, comments)
    };
    let hash = hash(algorithm(child("DigestMethod")?))?;
    Some(hash.digest(&octets) == keys::decoded(child("DigestValue")?))
}

/// An XPath that keeps what the enveloped-signature transform keeps, and stands beside it in many vectors.
fn is_enveloped_by_path(transform: &Element<'_>) -> bool {
    let is_it = |child: &Node<'_>| matches!(child, Node::Text(text) if text == "not(ancestor-or-self::dsig:Signature)");
    algorithm(transform).ends_with("REC-xpath-19991116")
        && transform.elements().any(|path| path.children.iter().any(is_it))
}

fn position(tree: &Tree<'_>, signature: &Element<'_>) -> Option<usize> {
    tree.root.children.iter().position(|child| matches!(child, Node::Element(one) if one == signature))
}

/// The identifier in `#x` and `#xpointer(id('x'))`; the second keeps comments (XML Signature section 4.4.3.3).
fn identifier(uri: &str) -> Option<(&str, bool)> {
    let fragment = uri.strip_prefix('#')?;
    match fragment.strip_prefix("xpointer(id('") {
        Some(rest) => Some((rest.strip_suffix("'))")?, true)),
        None => Some((fragment, false)).filter(|_| !fragment.contains('(')),
    }
}

/// What the transforms come to, where they are one canonicalisation at most.
fn method(transforms: &[&Element<'_>]) -> Option<(Canonicalization, Comments)> {
    match transforms {
        [] => Some((Canonicalization::Inclusive, Comments::Without)),
        [one] => canonicalization(one),
        _ => None,
    }
}

fn canonicalization(element: &Element<'_>) -> Option<(Canonicalization, Comments)> {
    let uri = algorithm(element);
    let (uri, comments) = match uri.strip_suffix("WithComments") {
        Some(without) => (without.trim_end_matches('#'), Comments::With),
        None => (uri.trim_end_matches('#'), Comments::Without),
    };
    let list = element.elements().find_map(|one| one.attribute("", "PrefixList"));
    let named = list.into_iter().flat_map(str::split_whitespace);
    let prefixes = named.map(|name| if name == "#default" { "" } else { name }.to_owned()).collect();
    let method = match uri {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => Canonicalization::Inclusive,
        "http://www.w3.org/2006/12/xml-c14n11" => Canonicalization::Inclusive11,
        "http://www.w3.org/2001/10/xml-exc-c14n" => Canonicalization::Exclusive { prefixes },
        _ => return None,
    };
    Some((method, comments))
}

fn algorithm<'a>(element: &'a Element<'_>) -> &'a str {
    element.attribute("", "Algorithm").unwrap_or_default()
}

fn scheme(uri: &str) -> Option<Scheme> {
    let name = uri.rsplit(['#', '/']).next()?;
    Some(match name {
        "rsa-sha1" => Scheme::RsaPkcs1(Hash::Sha1),
        "rsa-sha256" => Scheme::RsaPkcs1(Hash::Sha256),
        "rsa-sha384" => Scheme::RsaPkcs1(Hash::Sha384),
        "rsa-sha512" => Scheme::RsaPkcs1(Hash::Sha512),
        "dsa-sha1" => Scheme::Dsa(Hash::Sha1),
        "ecdsa-sha256" => Scheme::Ecdsa(Hash::Sha256),
        "ecdsa-sha384" => Scheme::Ecdsa(Hash::Sha384),
        "ecdsa-sha512" => Scheme::Ecdsa(Hash::Sha512),
        "sha256-rsa-MGF1" => Scheme::RsaPss(Hash::Sha256),
        "sha384-rsa-MGF1" => Scheme::RsaPss(Hash::Sha384),
        "sha512-rsa-MGF1" => Scheme::RsaPss(Hash::Sha512),
        "sha3-256-rsa-MGF1" => Scheme::RsaPss(Hash::Sha3_256),
        "sha3-384-rsa-MGF1" => Scheme::RsaPss(Hash::Sha3_384),
        "sha3-512-rsa-MGF1" => Scheme::RsaPss(Hash::Sha3_512),
        "eddsa-ed25519" => Scheme::Ed25519,
        _ => return None,
    })
}

fn hash(uri: &str) -> Option<Hash> {
    Some(match uri.rsplit('#').next()? {
        "sha1" => Hash::Sha1,
        "sha256" => Hash::Sha256,
        "sha384" => Hash::Sha384,
        "sha512" => Hash::Sha512,
        "sha3-256" => Hash::Sha3_256,
        "sha3-384" => Hash::Sha3_384,
        "sha3-512" => Hash::Sha3_512,
        _ => return None,
    })
}

/// Extends the path to the first descendant that is wanted; whether there is one.
fn descend<'a>(path: &mut Vec<&'a Element<'a>>, is_wanted: &dyn Fn(&Element<'_>) -> bool) -> bool {
    if is_wanted(path[path.len() - 1]) {
        return true;
    }
    let children: Vec<_> = path[path.len() - 1].elements().collect();
    for child in children {
        path.push(child);
        if descend(path, is_wanted) {
            return true;
        }
        path.pop();
    }
    false
}
