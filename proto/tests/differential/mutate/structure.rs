//! Changes of where elements stand and how many there are.

use std::ops::Range;

use proto::bounds;

use super::super::random::Random;
use super::super::scan::{self, spliced};
use super::{Materials, Mutation, Way};

pub(crate) const MUTATIONS: &[Mutation] = &[
    ("element repeated", Way::Text(repeated)),
    ("element moved", Way::Text(moved)),
    ("element removed", Way::Text(removed)),
    ("elements swapped", Way::Text(swapped)),
    ("element wrapped", Way::Text(wrapped)),
    ("element unwrapped", Way::Text(unwrapped)),
    ("element of another document", Way::With(crossed)),
    ("root wrapped", Way::Text(root_wrapped)),
    ("grown in size", Way::Text(grown_in_size)),
    ("grown in depth", Way::Text(grown_in_depth)),
    ("grown in attributes", Way::Text(grown_in_attributes)),
    ("grown in declarations", Way::Text(grown_in_declarations)),
    ("grown in nodes", Way::Text(grown_in_nodes)),
];

/// An element, often one of the signature.
pub(crate) fn any_element(random: &mut Random, text: &str) -> Option<Range<usize>> {
    const PARTS: [&str; 14] = [
        "Signature",
        "SignedInfo",
        "SignatureValue",
        "KeyInfo",
        "X509Data",
        "X509Certificate",
        "Reference",
        "Transforms",
        "Transform",
        "DigestMethod",
        "DigestValue",
        "SignatureMethod",
        "CanonicalizationMethod",
        "Description",
    ];
    let pieces = scan::pieces(text);
    let openings =
        if random.percent(60) { scan::openings_of(text, &pieces, random.pick(PARTS)) } else { scan::openings(&pieces) };
    let index = *random.one(&openings)?;
    scan::element(&pieces, index)
}

/// A place between pieces.
pub(crate) fn any_gap(random: &mut Random, text: &str) -> Option<usize> {
    let pieces = scan::pieces(text);
    random.one(&pieces).map(|piece| piece.range.end)
}

fn repeated(random: &mut Random, text: &str) -> Option<String> {
    let element = any_element(random, text)?;
    let at = if random.percent(60) { element.end } else { any_gap(random, text)? };
    Some(spliced(text, at..at, &text[element]))
}

fn moved(random: &mut Random, text: &str) -> Option<String> {
    let element = any_element(random, text)?;
    let without = spliced(text, element.clone(), "");
    let at = any_gap(random, &without)?;
    Some(spliced(&without, at..at, &text[element]))
}

fn removed(random: &mut Random, text: &str) -> Option<String> {
    let element = any_element(random, text)?;
    Some(spliced(text, element, ""))
}

fn swapped(random: &mut Random, text: &str) -> Option<String> {
    let (one, other) = (any_element(random, text)?, any_element(random, text)?);
    let (first, second) = if one.start < other.start { (one, other) } else { (other, one) };
    if first.end > second.start {
        return None;
    }
    let between = &text[first.end..second.start];
    let changed = [&text[second.clone()], between, &text[first.clone()]].concat();
    Some(spliced(text, first.start..second.end, &changed))
}

fn wrapped(random: &mut Random, text: &str) -> Option<String> {
    let element = any_element(random, text)?;
    let (start, end) = random.pick([
        ("<w>", "</w>"),
        ("<w xmlns=\"\">", "</w>"),
        ("<w xmlns='http://www.w3.org/2000/09/xmldsig#'>", "</w>"),
        ("<o:Object xmlns:o='http://www.w3.org/2000/09/xmldsig#'>", "</o:Object>"),
        ("<rdf:Description>", "</rdf:Description>"),
    ]);
    let inner = format!("{start}{}{end}", &text[element.clone()]);
    Some(spliced(text, element, &inner))
}

fn unwrapped(random: &mut Random, text: &str) -> Option<String> {
    let element = any_element(random, text)?;
    let inner = &text[element.clone()];
    let content = &inner[inner.find('>')? + 1..inner.rfind("</")?.max(inner.find('>')? + 1)];
    Some(spliced(text, element.clone(), content))
}

fn crossed(random: &mut Random, text: &str, materials: &Materials<'_>) -> Option<String> {
    let other = &random.one(materials.originals)?.text;
    let part = any_element(random, other)?;
    let place = if random.percent(50) {
        any_element(random, text)?
    } else {
        let at = any_gap(random, text)?;
        at..at
    };
    Some(spliced(text, place, &other[part]))
}

fn root_wrapped(random: &mut Random, text: &str) -> Option<String> {
    let pieces = scan::pieces(text);
    let root = *scan::openings(&pieces).first()?;
    let range = scan::element(&pieces, root)?;
    let (start, end) = random.pick([
        ("<w>", "</w>"),
        ("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>", "</rdf:RDF>"),
        ("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><a>", "</a></rdf:RDF>"),
        ("<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>", "</Signature>"),
    ]);
    let inner = format!("{start}{}{end}", &text[range.clone()]);
    Some(spliced(text, range, &inner))
}

/// `count` may lie on either side of a bound.
fn near(random: &mut Random, bound: usize) -> usize {
    bound - 4 + random.below(8)
}

fn grown_in_size(random: &mut Random, text: &str) -> Option<String> {
    let room = near(random, bounds::DOCUMENT_BYTES_MAX).checked_sub(text.len())?;
    let unit = random.pick(["x", " ", "\n", "&amp;", "<!-- -->", "<![CDATA[x]]>", "é"]);
    let at = any_gap(random, text)?;
    Some(spliced(text, at..at, &unit.repeat(room / unit.len())))
}

fn grown_in_depth(random: &mut Random, text: &str) -> Option<String> {
    let depth = near(random, bounds::XML_DEPTH_MAX);
    let at = any_gap(random, text)?;
    Some(spliced(text, at..at, &("<d>".repeat(depth) + &"</d>".repeat(depth))))
}

fn grown_in_attributes(random: &mut Random, text: &str) -> Option<String> {
    let start = random.pick([" a", " xmlns:n"]);
    let count = near(random, bounds::XML_ATTRIBUTES_MAX);
    let start = format!("{start}{}x", random.below(100));
    let attributes: String = (0..count).map(|number| format!("{start}{number}='urn:{number}'")).collect();
    super::markup::insert_attribute(random, text, &attributes)
}

fn grown_in_declarations(random: &mut Random, text: &str) -> Option<String> {
    let count = near(random, bounds::XML_BINDINGS_MAX);
    let at = any_gap(random, text)?;
    let (first, second) = (0..count).partition::<Vec<_>, _>(|number| number % 2 == 0);
    let declare = |numbers: Vec<usize>| numbers.iter().map(|one| format!(" xmlns:n{one}='urn:n'")).collect::<String>();
    Some(spliced(text, at..at, &format!("<d{}><e{}/></d>", declare(first), declare(second))))
}

fn grown_in_nodes(random: &mut Random, text: &str) -> Option<String> {
    let unit = random.pick(["<e/>", "<!---->", "x<e/>"]);
    let at = any_gap(random, text)?;
    Some(spliced(text, at..at, &unit.repeat(bounds::XML_NODES_MAX / random.pick([1, 2, 2, 3]))))
}
