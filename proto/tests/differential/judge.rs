//! Whether our verdict on a document and that of libxmlsec1 may stand beside each other.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proto::signature::{Algorithms, SignatureError, Signed, verify};
use proto::vocabulary::XML;
use proto::xml::{self, Canonicalization, Comments, Element, XmlError};

use super::oracle::{Oracle, Verdict};
use super::random::Random;

/// What came of one document.
pub(crate) struct Judged {
    /// `accepted`, or the rule that we refuse it by, with what it covers.
    pub(crate) verdict: &'static str,
    pub(crate) theirs_is_valid: bool,
    /// What is wrong, if anything is.
    pub(crate) disagreement: Option<String>,
}

/// Asks both sides, and compares what they say of the signature and of the XML.
pub(crate) fn judge(random: &mut Random, document: &[u8], algorithms: Algorithms, oracle: &mut Oracle) -> Judged {
    let theirs = oracle.verify(document);
    let ours = catch_unwind(AssertUnwindSafe(|| verify(document, algorithms)));
    let Ok(ours) = ours else {
        return Judged {
            verdict: "panic",
            theirs_is_valid: theirs.is_valid,
            disagreement: Some("we panic".to_owned()),
        };
    };
    let verdict = ours.as_ref().map_or_else(label, |_| "accepted");
    let verdicts =
        compare(document, &ours, &theirs, oracle).and_then(|()| compare_forms(random, document, &theirs, oracle));
    let said = ours.map_or_else(|error| format!("{verdict}: {error}"), |_| "accepted".to_owned());
    let disagreement = verdicts.err().map(|reason| format!("{reason}; we say {said}; they say {}", shown(&theirs)));
    Judged { verdict, theirs_is_valid: theirs.is_valid, disagreement }
}

/// The rule `xml` covers much; each kind is to be met.
pub(crate) const KINDS_OF_XML: [&str; 8] = [
    "xml: depth",
    "xml: attributes",
    "xml: nodes",
    "xml: namespaces in scope",
    "xml: not UTF-8",
    "xml: declaration",
    "xml: malformed",
    "xml: namespace",
];

fn label(error: &SignatureError) -> &'static str {
    let SignatureError::Xml(error) = error else { return error.rule() };
    let [depth, attributes, nodes, namespaces, not_utf_8, declaration, malformed, namespace] = KINDS_OF_XML;
    match error {
        XmlError::TooLarge { .. } => "document-size",
        XmlError::Doctype { .. } => "doctype",
        XmlError::TooDeep { .. } => depth,
        XmlError::TooManyAttributes { .. } => attributes,
        XmlError::TooManyNodes { .. } => nodes,
        XmlError::TooManyNamespaces { .. } => namespaces,
        XmlError::NotUtf8 { .. } => not_utf_8,
        XmlError::Declaration(_) => declaration,
        XmlError::Malformed { .. } => malformed,
        XmlError::Namespace { .. } => namespace,
    }
}

fn shown(theirs: &Verdict) -> String {
    let said = if theirs.is_valid { "valid" } else { "invalid" };
    format!("parsed {}, bad names {}, {said}", theirs.is_parsed, theirs.has_bad_names)
}

fn compare(
    document: &[u8],
    ours: &Result<Signed, SignatureError>,
    theirs: &Verdict,
    oracle: &mut Oracle,
) -> Result<(), &'static str> {
    let (claim, holds) = match ours {
        Ok(_) if !theirs.is_valid => ("what we accept they accept", false),
        Ok(signed) => ("what was signed is the same to both", signed.octets() == theirs.octets),
        Err(SignatureError::DigestMismatch { .. } | SignatureError::SignatureMismatch { .. }) => {
            ("where we find no signature they find none", !theirs.is_valid)
        }
        Err(SignatureError::Xml(error)) => {
            ("what we cannot read they cannot", xml_agrees(document, error, theirs, oracle))
        }
        Err(error) => ("a refusal has a rule of the list and a reason", is_explained(error)),
    };
    if holds { Ok(()) } else { Err(claim) }
}

/// What libxml2 (2.9 at least) is too kind to: a zero byte behind the root ends its reading, and it passes over
/// declarations of the prefix `xml`.
const TOLERATED: [&str; 2] = ["the character U+0000 is not allowed", "the prefix \"xml\" is declared twice"];

/// Bounds of ours on names that Namespaces in XML allows.
const NAME_BOUNDS: [&str; 3] = ["is too long", "has an ampersand", "has an odd port"];

/// The bounds, the encodings and the ban on document types are ours; what is not well-formed is so for both.
fn xml_agrees(document: &[u8], error: &XmlError, theirs: &Verdict, oracle: &mut Oracle) -> bool {
    match error {
        _ if is_of_another_encoding(document) => true,
        XmlError::TooLarge { .. }
        | XmlError::TooDeep { .. }
        | XmlError::TooManyAttributes { .. }
        | XmlError::TooManyNodes { .. }
        | XmlError::TooManyNamespaces { .. }
        | XmlError::Doctype { .. }
        | XmlError::NotUtf8 { .. }
        | XmlError::Declaration(_) => true,
        XmlError::Malformed { reason, .. } | XmlError::Namespace { reason, .. } if TOLERATED.contains(&&**reason) => {
            true
        }
        XmlError::Malformed { .. } => !theirs.is_parsed || theirs.has_bad_names,
        XmlError::Namespace { reason, .. } => {
            // It reads relative namespaces, but canonicalises none.
            let is_refused = !theirs.is_parsed || theirs.has_bad_names;
            is_refused
                || NAME_BOUNDS.iter().any(|bound| reason.ends_with(bound))
                || oracle.canonicalize(document, &Canonicalization::Inclusive, Comments::With).is_none()
        }
    }
}

/// Written in words of two or four bytes (XML 1.0 appendix F), or said to be ISO-8859-1: libxml2 reads it.
fn is_of_another_encoding(document: &[u8]) -> bool {
    let head = &document[..document.len().min(80)];
    head.iter().take(4).any(|byte| *byte == 0) || head.windows(10).any(|word| word == b"ISO-8859-1")
}

fn is_explained(error: &SignatureError) -> bool {
    let reason = error.to_string();
    !error.broken().published().statement.is_empty()
        && (10..600).contains(&reason.chars().count())
        && !reason.contains(char::is_control)
}

/// What we read as XML they read as XML, and its canonical forms are the same.
fn compare_forms(
    random: &mut Random,
    document: &[u8],
    theirs: &Verdict,
    oracle: &mut Oracle,
) -> Result<(), &'static str> {
    let Ok(tree) = xml::parse(document) else { return Ok(()) };
    if !theirs.is_parsed {
        return Err("what we read they read");
    }
    let (method, comments) = any_method(random);
    if is_left_to_libxml2(&method, &tree.root) {
        return Ok(());
    }
    let form = oracle.canonicalize(document, &method, comments);
    if form == Some(xml::canonicalize(&tree, &method, comments)) {
        Ok(())
    } else {
        Err("a canonical form is the same to both")
    }
}

/// Whether libxml2 departs from Canonical XML 1.1, by leaving out an empty xml:base where nothing is joined.
fn is_left_to_libxml2(method: &Canonicalization, element: &Element<'_>) -> bool {
    let is_left_out = |one: &Element<'_>| one.attribute(XML, "base") == Some("");
    *method == Canonicalization::Inclusive11
        && (is_left_out(element) || element.elements().any(|child| is_left_to_libxml2(method, child)))
}

/// A way to canonicalise, with any list of prefixes.
fn any_method(random: &mut Random) -> (Canonicalization, Comments) {
    const PREFIXES: [&str; 7] = ["", "p", "q", "rdf", "n0", "xml", "none"];
    let method = match random.below(4) {
        0 => Canonicalization::Inclusive,
        1 => Canonicalization::Inclusive11,
        2 => Canonicalization::Exclusive { prefixes: Vec::new() },
        _ => {
            let prefixes = (0..random.below(4)).map(|_| random.pick(PREFIXES).to_owned()).collect();
            Canonicalization::Exclusive { prefixes }
        }
    };
    (method, random.pick([Comments::With, Comments::Without]))
}

/// The canonical forms of well-formed text by each method; the claim that fails, if one does.
pub(crate) fn judge_forms(text: &str, oracle: &mut Oracle) -> Result<(), String> {
    let tree = match xml::parse(text.as_bytes()) {
        Ok(tree) => tree,
        Err(error) => return refused_by_both(text, &error, oracle),
    };
    let listed = ["", "p", "xml", "é"].map(str::to_owned).to_vec();
    let methods = [
        Canonicalization::Inclusive,
        Canonicalization::Inclusive11,
        Canonicalization::Exclusive { prefixes: Vec::new() },
        Canonicalization::Exclusive { prefixes: listed },
    ];
    for method in methods.into_iter().filter(|method| !is_left_to_libxml2(method, &tree.root)) {
        for comments in [Comments::With, Comments::Without] {
            let ours = xml::canonicalize(&tree, &method, comments);
            let theirs = oracle.canonicalize(text.as_bytes(), &method, comments);
            if theirs.as_ref() != Some(&ours) {
                let texts =
                    [Some(ours), theirs].map(|form| form.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
                return Err(format!("{method:?} {comments:?} of {text:?}: {texts:?}"));
            }
        }
    }
    Ok(())
}

fn refused_by_both(text: &str, error: &XmlError, oracle: &mut Oracle) -> Result<(), String> {
    let theirs = oracle.verify(text.as_bytes());
    if xml_agrees(text.as_bytes(), error, &theirs, oracle) {
        Ok(())
    } else {
        Err(format!("we refuse {text:?}: {error}"))
    }
}
