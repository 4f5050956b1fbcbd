//! Changes of a signature that only XML Signature gives a meaning: the known attacks, and what else it allows.

use std::ops::Range;

use proto::bounds;

use super::super::keys::{CANONICALIZATIONS, DIGEST_METHODS, SIGNATURE_METHODS};
use super::super::random::Random;
use super::super::scan::{self, spliced};
use super::{Materials, Mutation, Way};

pub(crate) const MUTATIONS: &[Mutation] = &[
    ("algorithm changed", Way::Text(algorithm)),
    ("URI changed", Way::Text(uri)),
    ("transforms changed", Way::Text(transforms)),
    ("HMAC", Way::Text(hmac)),
    ("key beside the certificate", Way::Text(key_beside)),
    ("certificate replaced", Way::With(certificate_replaced)),
    ("certificates in great number", Way::With(many_certificates)),
    ("base64 noise", Way::Text(noise)),
    ("base64 digit changed", Way::Text(digit)),
    ("base64 emptied", Way::Text(emptied)),
    ("document wrapped in an Object", Way::Text(wrapped)),
    ("Object or Manifest added", Way::Text(object)),
    ("prefix list changed", Way::Text(prefix_list)),
    ("identifier repeated", Way::Text(identifiers)),
];

/// What changes nothing that is signed, if the place is right.
pub(crate) const NEUTRAL: &[Mutation] =
    &[("certificate added", Way::With(certificate_added)), ("base64 respelt", Way::Text(respelt))];

/// The prefix, with its colon, that the signature is written with.
fn prefix(text: &str) -> String {
    let pieces = scan::pieces(text);
    let signature = scan::openings_of(text, &pieces, "Signature");
    let name = signature.first().map_or("Signature", |index| scan::name(text, &pieces[*index]));
    name.strip_suffix("Signature").unwrap_or_default().to_owned()
}

/// An element of one of these names.
fn any_of<const COUNT: usize>(random: &mut Random, text: &str, names: [&str; COUNT]) -> Option<Range<usize>> {
    let pieces = scan::pieces(text);
    let openings = scan::openings_of(text, &pieces, random.pick(names));
    let index = *random.one(&openings)?;
    scan::element(&pieces, index)
}

/// The content of an element that has any.
fn inner(text: &str, element: &Range<usize>) -> Option<Range<usize>> {
    let start = element.start + text[element.clone()].find('>')? + 1;
    let end = element.start + text[element.clone()].rfind("</")?;
    (start <= end).then_some(start..end)
}

fn value_element(random: &mut Random, text: &str) -> Option<Range<usize>> {
    let element = any_of(random, text, ["DigestValue", "SignatureValue", "X509Certificate"])?;
    inner(text, &element)
}

fn algorithm(random: &mut Random, text: &str) -> Option<String> {
    let names = ["CanonicalizationMethod", "SignatureMethod", "Transform", "DigestMethod"];
    let element = any_of(random, text, names)?;
    let others = [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2001/04/xmlenc#sha256 ",
        "",
        "rsa-sha256",
    ];
    let methods = SIGNATURE_METHODS.iter().map(|method| method.uri);
    let all: Vec<&str> = CANONICALIZATIONS.into_iter().chain(DIGEST_METHODS).chain(methods).chain(others).collect();
    let pieces = scan::pieces(text);
    let tag = pieces.iter().find(|piece| piece.range.start == element.start)?;
    let attribute = scan::attributes(text, tag).into_iter().next()?;
    Some(spliced(text, scan::value(text, &attribute), random.one(&all)?))
}

fn uri(random: &mut Random, text: &str) -> Option<String> {
    let at = text.find(" URI=\"\"")?;
    let uri = random.pick([
        "",
        " URI='#object'",
        " URI=\"#xpointer(/)\"",
        " URI=\"#xpointer(id('x'))\"",
        " URI='other.xml'",
        " URI='#'",
        " URI=\"\" Type='x'",
        " URI='' Id='r'",
        " URI=' '",
        " URI='?'",
        " uri=''",
        " URI='file:///etc/hostname'",
    ]);
    Some(spliced(text, at..at + " URI=\"\"".len(), uri))
}

fn transforms(random: &mut Random, text: &str) -> Option<String> {
    let element = any_of(random, text, ["Transforms"])?;
    let range = inner(text, &element)?;
    let prefix = prefix(text);
    let one =
        |uri: &str, content: &str| format!("<{prefix}Transform Algorithm=\"{uri}\">{content}</{prefix}Transform>");
    let enveloped = one("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "");
    let xpath = format!("<{prefix}XPath>not(ancestor-or-self::*[local-name()='Signature'])</{prefix}XPath>");
    let canonical = one(random.pick(CANONICALIZATIONS), "");
    let changed = match random.below(9) {
        0 => String::new(),
        1 => canonical,
        2 => format!("{canonical}{enveloped}"),
        3 => format!("{enveloped}{canonical}{canonical}"),
        4 => enveloped.repeat(2),
        5 => format!("{enveloped}{}", one("http://www.w3.org/TR/1999/REC-xpath-19991116", &xpath)),
        6 => one("http://www.w3.org/TR/1999/REC-xpath-19991116", &xpath),
        7 => format!("{enveloped}{}", one("http://www.w3.org/2000/09/xmldsig#base64", "")),
        _ => format!(
            "{enveloped}{}",
            one(
                "http://www.w3.org/TR/1999/REC-xslt-19991116",
                "<s:stylesheet version='1.0' xmlns:s='http://www.w3.org/1999/XSL/Transform'/>"
            )
        ),
    };
    Some(spliced(text, range, &changed))
}

fn hmac(random: &mut Random, text: &str) -> Option<String> {
    let element = any_of(random, text, ["SignatureMethod"])?;
    let prefix = prefix(text);
    let uri = random
        .pick(["http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]);
    let length =
        format!("<{prefix}HMACOutputLength>{}</{prefix}HMACOutputLength>", random.pick(["0", "8", "256", "-1"]));
    let method = format!("<{prefix}SignatureMethod Algorithm=\"{uri}\">{length}</{prefix}SignatureMethod>");
    Some(spliced(text, element, &method))
}

fn key_beside(random: &mut Random, text: &str) -> Option<String> {
    let parent = any_of(random, text, ["KeyInfo", "X509Data"])?;
    let range = inner(text, &parent)?;
    let prefix = prefix(text);
    let content = random.pick([
        "<@KeyValue><@RSAKeyValue><@Modulus>AQAB</@Modulus><@Exponent>AQAB</@Exponent></@RSAKeyValue></@KeyValue>",
        "<@KeyName>Mallory</@KeyName>",
        "<@RetrievalMethod URI=\"#x\" Type=\"http://www.w3.org/2000/09/xmldsig#X509Data\"/>",
        "<@X509SubjectName>CN=Jane</@X509SubjectName>",
        "<@X509IssuerSerial><@X509IssuerName>CN=Jane</@X509IssuerName><@X509SerialNumber>1</@X509SerialNumber></@X509IssuerSerial>",
        "<@X509SKI>AAAA</@X509SKI>",
        "<@X509CRL>AAAA</@X509CRL>",
        "<@X509Data/>",
        "<@MgmtData>x</@MgmtData>",
        "<x/>",
        "text",
    ]);
    let at = if random.percent(50) { range.start } else { range.end };
    Some(spliced(text, at..at, &content.replace('@', &prefix)))
}

fn certificate_replaced(random: &mut Random, text: &str, materials: &Materials<'_>) -> Option<String> {
    let element = any_of(random, text, ["X509Certificate"])?;
    let other = random.one(materials.keys.all())?;
    Some(spliced(text, inner(text, &element)?, &other.certificate))
}

fn certificate_added(random: &mut Random, text: &str, materials: &Materials<'_>) -> Option<String> {
    let element = any_of(random, text, ["X509Certificate"])?;
    let other = random.one(materials.keys.all())?;
    let prefix = prefix(text);
    let added = format!("<{prefix}X509Certificate>{}</{prefix}X509Certificate>", other.certificate);
    let at = if random.percent(30) { element.start } else { element.end };
    Some(spliced(text, at..at, &added))
}

fn many_certificates(random: &mut Random, text: &str, materials: &Materials<'_>) -> Option<String> {
    let element = any_of(random, text, ["X509Certificate"])?;
    let other = random.one(materials.keys.all())?;
    let prefix = prefix(text);
    let count = bounds::CERTIFICATE_CHAIN_MAX - 2 + random.below(4);
    let added = format!("<{prefix}X509Certificate>{}</{prefix}X509Certificate>", other.certificate).repeat(count);
    Some(spliced(text, element.end..element.end, &added))
}

fn noise(random: &mut Random, text: &str) -> Option<String> {
    let range = value_element(random, text)?;
    let at = range.start + random.place(&text[range]);
    let inserted = random.pick([
        " ",
        "\n",
        "\t",
        "\r\n",
        "&#13;",
        "&#10;",
        "=",
        "==",
        "!",
        "-",
        "_",
        "%",
        "\u{A0}",
        "<!-- -->",
        "<?p?>",
        "<x/>",
        "<![CDATA[ ]]>",
        "<![CDATA[]]>",
        "A",
        "AAAA",
        "\u{C}",
        "&amp;",
        ".",
        "\u{3000}",
    ]);
    Some(spliced(text, at..at, inserted))
}

fn digit(random: &mut Random, text: &str) -> Option<String> {
    let range = value_element(random, text)?;
    let at = range.start + random.place(&text[range.clone()]);
    let old = text[at..range.end].chars().next()?;
    let new = random.pick(["A", "B", "Q", "z", "0", "+", "/", "g", "=", ""]);
    Some(spliced(text, at..at + old.len_utf8(), new))
}

/// The same octets in other digits: lines elsewhere, other bits where none count, no padding.
fn respelt(random: &mut Random, text: &str) -> Option<String> {
    let range = value_element(random, text)?;
    let digits: String = text[range.clone()].split_whitespace().collect();
    let width = random.pick([1, 4, 7, 64, 76, 10_000]);
    let changed = match random.below(4) {
        0 => digits.trim_end_matches('=').to_owned(),
        1 => digits.replace("A=", "B=").replace("Q=", "R=").replace("g=", "h=").replace("w=", "x="),
        _ => digits.chars().enumerate().fold(String::new(), |mut out, (index, digit)| {
            if index > 0 && index % width == 0 {
                out.push('\n');
            }
            out.push(digit);
            out
        }),
    };
    Some(spliced(text, range, &changed))
}

fn emptied(random: &mut Random, text: &str) -> Option<String> {
    let range = value_element(random, text)?;
    Some(spliced(text, range, random.pick(["", " ", "====", "A", "AA==", "<!-- -->"])))
}

/// Signature wrapping: what was signed goes into an Object, and other content takes its place.
fn wrapped(random: &mut Random, text: &str) -> Option<String> {
    let description = any_of(random, text, ["Description"])?;
    let signature = any_of(random, text, ["Signature"])?;
    let end = inner(text, &signature)?.end;
    if description.end > signature.start {
        return None;
    }
    let prefix = prefix(text);
    let object = format!("<{prefix}Object Id=\"object\">{}</{prefix}Object>", &text[description.clone()]);
    let text = spliced(text, end..end, &object);
    let text = spliced(&text, description, "<rdf:Description rdf:about='#other'/>");
    Some(if random.percent(50) { text.replacen("URI=\"\"", "URI=\"#object\"", 1) } else { text })
}

fn object(random: &mut Random, text: &str) -> Option<String> {
    let signature = any_of(random, text, ["Signature"])?;
    let end = inner(text, &signature)?.end;
    let content = random.pick([
        "<@Object/>",
        "<@Object Id='object'>text</@Object>",
        "<@Object><@Manifest><@Reference URI=''><@DigestMethod Algorithm='x'/><@DigestValue>AA==</@DigestValue></@Reference></@Manifest></@Object>",
        "<@Object><@SignatureProperties><@SignatureProperty Target=''>x</@SignatureProperty></@SignatureProperties></@Object>",
        "<x xmlns=''/>",
        "<!-- in the signature -->",
        " text ",
    ]);
    let at = if random.percent(70) { end } else { signature.end };
    Some(spliced(text, at..at, &content.replace('@', &prefix(text))))
}

fn prefix_list(random: &mut Random, text: &str) -> Option<String> {
    let element = any_of(random, text, ["InclusiveNamespaces"])?;
    let list = random.pick([
        "",
        " ",
        "p",
        "rdf  p",
        "rdf\tp",
        "rdf&#9;p",
        "rdf&#10;p",
        "#default",
        "#default #default",
        "#Default",
        "xml",
        "rdf,p",
        "q\u{A0}p",
        "rdf &#13;p",
    ]);
    let long: String = (0..bounds::XML_PREFIX_LIST_MAX + random.below(3)).map(|number| format!("p{number} ")).collect();
    let list = if random.percent(90) { list } else { &long };
    Some(spliced(
        text,
        element,
        &format!("<InclusiveNamespaces xmlns=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{list}\"/>"),
    ))
}

/// Two elements of one identifier, and a signature or document that has it too.
fn identifiers(random: &mut Random, text: &str) -> Option<String> {
    let attribute = random.pick([" Id='same'", " ID='same'", " id='same'", " xml:id='same'"]);
    let pieces = scan::pieces(text);
    let openings = scan::openings(&pieces);
    let (one, other) = (*random.one(&openings)?, *random.one(&openings)?);
    let (first, second) =
        (scan::end_of_name(text, &pieces[one.min(other)]), scan::end_of_name(text, &pieces[one.max(other)]));
    let text = spliced(text, second..second, attribute);
    Some(spliced(&text, first..first, attribute).replace("URI=\"\"", random.pick(["URI=\"\"", "URI=\"#same\""])))
}
