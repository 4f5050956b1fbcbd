//! The shape of a signature in the profile: read from the tree, with every other shape refused.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memchr3_iter;

use crate::bounds;
use crate::vocabulary::{RDF, XML, XMLDSIG};
use crate::xml::{Canonicalization, Comments, Element, Node, Tree};

use super::algorithm::{self, Algorithms, DigestAlgorithm, SignatureAlgorithm};
use super::error::SignatureError;

/// A signature of the right shape, nothing of which is verified yet.
pub(super) struct Profile<'a> {
    /// The index of the signature among the root's children.
    pub(super) position: usize,
    pub(super) signature: &'a Element<'a>,
    pub(super) signed_info: &'a Element<'a>,
    pub(super) canonicalization: (Canonicalization, Comments),
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) reference: Reference,
    pub(super) value: Vec<u8>,
    /// The certificates as encoded, the signer's first; never empty.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// The Reference to the whole document without the signature.
pub(super) struct Reference {
    pub(super) canonicalization: Canonicalization,
    pub(super) algorithm: DigestAlgorithm,
    pub(super) digest: Vec<u8>,
}

/// Reads the signature of a document, the cheap refusals first.
pub(super) fn read<'a>(tree: &'a Tree<'a>, algorithms: Algorithms) -> Result<Profile<'a>, SignatureError> {
    for node in tree.before.iter().chain(&tree.after) {
        refuse_instruction(node)?;
    }
    let root = &tree.root;
    if !root.name.is(RDF, "RDF") {
        return Err(SignatureError::Root(excerpt(&root.name.local)));
    }
    let (position, signature) = find_signature(root)?;
    let [signed_info, value, key_info] = children(signature, "Signature", ["SignedInfo", "SignatureValue", "KeyInfo"])?;
    attributes(signature, "Signature", [])?;
    attributes(signed_info, "SignedInfo", [])?;
    attributes(value, "SignatureValue", [])?;
    let [method, algorithm, reference] =
        children(signed_info, "SignedInfo", ["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
    let canonicalization = read_canonicalization(method, "CanonicalizationMethod")?;
    let algorithm = SignatureAlgorithm::find(read_plain_algorithm(algorithm, "SignatureMethod")?, algorithms)?;
    let reference = read_reference(reference, algorithms)?;
    if reference.canonicalization == Canonicalization::Inclusive11 && has_empty_base(root) {
        return Err(SignatureError::Transforms(EMPTY_BASE.to_owned()));
    }
    Ok(Profile {
        position,
        signature,
        signed_info,
        canonicalization,
        algorithm,
        reference,
        value: read_base64(value, "SignatureValue")?,
        certificates: read_certificates(key_info)?,
    })
}

const EMPTY_BASE: &str =
    "an xml:base is empty, which libxml2 leaves out of Canonical XML 1.1; use another canonicalization";

/// Canonical XML 1.1 leaves an empty xml:base out where it joins several (section 2.4), libxml2 everywhere.
fn has_empty_base(element: &Element<'_>) -> bool {
    element.attribute(XML, "base") == Some("") || element.elements().any(has_empty_base)
}

/// The one signature, which is the root's last child but for blanks; no other element of XML Signature may stand
/// anywhere, lest two readers find two signatures.
fn find_signature<'a>(root: &'a Element<'a>) -> Result<(usize, &'a Element<'a>), SignatureError> {
    let mut found = None;
    let mut stray = None;
    let mut count = 0;
    for (index, child) in root.children.iter().enumerate() {
        refuse_instruction(child)?;
        if let Node::Element(element) = child {
            if element.name.is(XMLDSIG, "Signature") {
                found = Some((index, element));
            } else if element.name.namespace == XMLDSIG {
                stray = Some(element);
            }
            survey(element, element.name.is(XMLDSIG, "Signature"), &mut count, &mut stray)?;
        }
    }
    match (count, found, stray) {
        (0, _, None) => Err(SignatureError::NoSignature),
        (2.., _, _) => Err(SignatureError::ManySignatures(count)),
        (_, _, Some(stray)) => Err(SignatureError::Wrapped(excerpt(&stray.name.local))),
        (_, None, None) => Err(SignatureError::NoSignature),
        (_, Some((index, signature)), None) => {
            check_last(&root.children[index + 1..])?;
            Ok((index, signature))
        }
    }
}

/// Counts the signatures and keeps an element of XML Signature that is outside of any child of the root.
fn survey<'a>(
    element: &'a Element<'a>,
    is_within: bool,
    count: &mut usize,
    stray: &mut Option<&'a Element<'a>>,
) -> Result<(), SignatureError> {
    *count += usize::from(element.name.is(XMLDSIG, "Signature"));
    for child in &element.children {
        refuse_instruction(child)?;
        if let Node::Element(child) = child {
            if child.name.namespace == XMLDSIG && !is_within {
                *stray = Some(child);
            }
            survey(child, is_within, count, stray)?;
        }
    }
    Ok(())
}

fn check_last(following: &[Node]) -> Result<(), SignatureError> {
    for node in following {
        match node {
            Node::Text(text) if is_blank(text) => {}
            Node::Text(_) => return Err(SignatureError::NotLast("text".to_owned())),
            Node::Element(element) => return Err(SignatureError::NotLast(excerpt(&element.name.local))),
            Node::Comment(_) | Node::Instruction { .. } => {
                return Err(SignatureError::NotLast("a comment".to_owned()));
            }
        }
    }
    Ok(())
}

fn refuse_instruction(node: &Node<'_>) -> Result<(), SignatureError> {
    match node {
        Node::Instruction { target, .. } => Err(SignatureError::Instruction(excerpt(target))),
        _ => Ok(()),
    }
}

/// XML Signature section 4.3.3, with `URI=""` and nothing optional.
fn read_reference(reference: &Element<'_>, algorithms: Algorithms) -> Result<Reference, SignatureError> {
    let [transforms, method, digest] = children(reference, "Reference", ["Transforms", "DigestMethod", "DigestValue"])?;
    let [uri] = attributes(reference, "Reference", ["URI"])?;
    if !uri.is_empty() {
        return Err(SignatureError::Reference(excerpt(uri)));
    }
    attributes(transforms, "Transforms", [])?;
    attributes(digest, "DigestValue", [])?;
    Ok(Reference {
        canonicalization: read_transforms(transforms)?,
        algorithm: DigestAlgorithm::find(read_plain_algorithm(method, "DigestMethod")?, algorithms)?,
        digest: read_base64(digest, "DigestValue")?,
    })
}

/// The enveloped-signature transform and at most one canonicalisation, which else is the inclusive one
/// (XML Signature section 4.4.3.2). Whether it is one with comments does not matter: `URI=""` selects none.
fn read_transforms(transforms: &Element<'_>) -> Result<Canonicalization, SignatureError> {
    let transforms: Vec<&Element<'_>> = elements(transforms, "Transforms")?;
    if let Some(other) = transforms.iter().find(|one| !one.name.is(XMLDSIG, "Transform")) {
        return Err(SignatureError::Transforms(format!("{:?} is not a Transform", excerpt(&other.name.local))));
    }
    let (enveloped, others) = match transforms.split_first() {
        Some((first, others)) if others.len() <= 1 => (first, others),
        _ => return Err(SignatureError::Transforms(format!("there are {} transforms, not 1 or 2", transforms.len()))),
    };
    let [uri] = attributes(enveloped, "Transform", ["Algorithm"])?;
    if uri != algorithm::ENVELOPED || !enveloped.children.is_empty() {
        let uri = excerpt(uri);
        return Err(SignatureError::Transforms(format!("the first transform is {uri:?}, not enveloped-signature")));
    }
    others.first().map_or(Ok(Canonicalization::Inclusive), |one| Ok(read_canonicalization(one, "Transform")?.0))
}

fn read_canonicalization(
    element: &Element<'_>,
    place: &'static str,
) -> Result<(Canonicalization, Comments), SignatureError> {
    let [uri] = attributes(element, place, ["Algorithm"])?;
    let (mut method, comments) = algorithm::canonicalization(uri)?;
    match (&mut method, elements(element, place)?.as_slice()) {
        (_, []) => {}
        (Canonicalization::Exclusive { prefixes }, [list])
            if list.name.is(algorithm::EXCLUSIVE, "InclusiveNamespaces") =>
        {
            *prefixes = read_prefix_list(list)?;
        }
        (_, [other, ..]) => return Err(structure(place, format!("{:?} stands in it", excerpt(&other.name.local)))),
    }
    Ok((method, comments))
}

/// Exclusive XML Canonicalization section 4: names separated by a blank, `#default` for no prefix. Two blanks in a row
/// are refused, for libxmlsec1 reads a name without characters between them and takes it for `#default`.
fn read_prefix_list(list: &Element<'_>) -> Result<Vec<String>, SignatureError> {
    const PLACE: &str = "InclusiveNamespaces";
    let [text] = attributes(list, PLACE, ["PrefixList"])?;
    children(list, PLACE, [])?;
    let prefixes: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split(' ').collect() };
    if prefixes.iter().any(|prefix| prefix.is_empty() || prefix.contains(['\t', '\n', '\r'])) {
        return Err(structure(PLACE, format!("the names in {:?} are not separated by one blank", excerpt(text))));
    }
    if prefixes.len() > bounds::XML_PREFIX_LIST_MAX {
        let most = bounds::XML_PREFIX_LIST_MAX;
        return Err(structure(PLACE, format!("{} prefixes are listed, the most is {most}", prefixes.len())));
    }
    Ok(prefixes.into_iter().map(|prefix| if prefix == "#default" { "" } else { prefix }.to_owned()).collect())
}

/// The certificates of the one X509Data, which holds nothing else: a subject or a key beside the certificate could
/// contradict it.
fn read_certificates(key_info: &Element<'_>) -> Result<Vec<Vec<u8>>, SignatureError> {
    let found = elements(key_info, "KeyInfo")?;
    let [data] = found.as_slice() else {
        return Err(SignatureError::KeyInfo(format!("KeyInfo holds {} elements, not one X509Data", found.len())));
    };
    if !data.name.is(XMLDSIG, "X509Data") {
        return Err(SignatureError::KeyInfo(format!("KeyInfo holds {:?}, not X509Data", excerpt(&data.name.local))));
    }
    attributes(key_info, "KeyInfo", [])?;
    attributes(data, "X509Data", [])?;
    let certificates = elements(data, "X509Data")?;
    if let Some(other) = certificates.iter().find(|one| !one.name.is(XMLDSIG, "X509Certificate")) {
        let name = excerpt(&other.name.local);
        return Err(SignatureError::KeyInfo(format!("X509Data holds {name:?}, not certificates alone")));
    }
    if !(1..=bounds::CERTIFICATE_CHAIN_MAX).contains(&certificates.len()) {
        let most = bounds::CERTIFICATE_CHAIN_MAX;
        return Err(SignatureError::KeyInfo(format!("there are {} certificates, not 1 to {most}", certificates.len())));
    }
    let read = |element: &&Element<'_>| {
        attributes(element, "X509Certificate", [])?;
        read_base64(element, "X509Certificate")
    };
    certificates.iter().map(read).collect()
}

/// The name in a method element that has no parameters.
fn read_plain_algorithm<'a>(element: &'a Element<'a>, place: &'static str) -> Result<&'a str, SignatureError> {
    let [uri] = attributes(element, place, ["Algorithm"])?;
    children(element, place, [])?;
    Ok(uri)
}

/// Base64 with blanks between the digits; comments, which would split the text for some readers, are refused.
fn read_base64(element: &Element<'_>, place: &'static str) -> Result<Vec<u8>, SignatureError> {
    // Some encoders leave garbage in the bits that do not count.
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    const ENGINE: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    let text = match element.children.as_slice() {
        [] => "",
        [Node::Text(text)] => text,
        _ => return Err(structure(place, "its value is not text alone".to_owned())),
    };
    let decoded = ENGINE
        .decode(without_blanks(text))
        .map_err(|error| structure(place, format!("its value is not base64: {error}")))?;
    if decoded.is_empty() { Err(structure(place, "its value is empty".to_owned())) } else { Ok(decoded) }
}

/// The bytes of a text but for its blanks, which are found many bytes at once: a certificate is a third of a usual
/// document.
fn without_blanks(text: &str) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for part in text.split('\t').map(str::as_bytes) {
        let mut start = 0;
        for blank in memchr3_iter(b' ', b'\n', b'\r', part) {
            kept.extend_from_slice(&part[start..blank]);
            start = blank + 1;
        }
        kept.extend_from_slice(&part[start..]);
    }
    kept
}

/// The child elements, which must be exactly these of XML Signature in this order.
fn children<'a, const COUNT: usize>(
    element: &'a Element<'a>,
    place: &'static str,
    names: [&str; COUNT],
) -> Result<[&'a Element<'a>; COUNT], SignatureError> {
    let found = elements(element, place)?;
    let is_expected = |(child, name): (&&Element<'_>, &&str)| child.name.is(XMLDSIG, name);
    if found.len() == COUNT && found.iter().zip(&names).all(is_expected) {
        return found.try_into().map_err(|_| structure(place, "it changed".to_owned()));
    }
    let found: Vec<&str> = found.iter().take(8).map(|child| &*child.name.local).collect();
    Err(structure(place, format!("it holds [{}], not [{}]", excerpt(&found.join(", ")), names.join(", "))))
}

/// The child elements, between which only blanks and comments may stand.
fn elements<'a>(element: &'a Element<'a>, place: &'static str) -> Result<Vec<&'a Element<'a>>, SignatureError> {
    let mut found = Vec::new();
    for child in &element.children {
        match child {
            Node::Element(child) => found.push(child),
            Node::Text(text) if !is_blank(text) => {
                return Err(structure(place, format!("the text {:?} stands in it", excerpt(text.trim()))));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The values of the attributes, which must be exactly these, without a namespace.
fn attributes<'a, const COUNT: usize>(
    element: &'a Element<'a>,
    place: &'static str,
    names: [&str; COUNT],
) -> Result<[&'a str; COUNT], SignatureError> {
    let is_known = |name: &str| names.contains(&name);
    if let Some(other) =
        element.attributes.iter().find(|one| !one.name.namespace.is_empty() || !is_known(&one.name.local))
    {
        return Err(structure(place, format!("the attribute {:?} is not allowed", excerpt(&other.name.local))));
    }
    let mut values = [""; COUNT];
    for (value, name) in values.iter_mut().zip(names) {
        let missing = || structure(place, format!("the attribute {name} is missing"));
        *value = element.attribute("", name).ok_or_else(missing)?;
    }
    Ok(values)
}

fn structure(place: &'static str, reason: String) -> SignatureError {
    SignatureError::Structure { place, reason }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_of_all_four_kinds_are_left_out() {
        for (text, kept) in [("", ""), (" \t\n\r", ""), ("a\tb\nc\rd e", "abcde"), ("\r\n ab\t\tc\n", "abc")] {
            assert_eq!(without_blanks(text), kept.as_bytes(), "{text:?}");
        }
    }
}
