//! The original's XML Schema (docs/original.md 4), as far as the rules of the server leave it anything to refuse.

use super::Endorsing;
use super::properties;
use super::rule::{Rule, Violation};
use crate::vocabulary::{DCTERMS, RDF, SLREQ, SLTERMS, XML};
use crate::xml::{Attribute, Element, Node};

/// Dublin Core elements, the older namespace that the schema types alike.
const DC: &str = "http://purl.org/dc/elements/1.1/";

/// The elements of `slreq` that hold text.
const REQUIRED_TEXTS: [&str; 6] = ["bytes", "algorithm", "value", "email", "subject", "issuer"];

/// The elements of `slterms` that the schema declares; it leaves the others free.
const OPTIONAL_TEXTS: [&str; 11] = [
    "serial-number",
    "version",
    "hypervisor",
    "inbound-port",
    "outbound-port",
    "icmp",
    "location",
    "deprecated",
    "os",
    "os-arch",
    "os-version",
];

/// Checks the rules from `rdf-attributes` to `location`.
pub(super) fn check(description: &Element<'_>, endorsing: Endorsing) -> Result<(), Violation> {
    attributes(description, endorsing)?;
    if !description.elements().any(|child| child.name.is(SLREQ, "bytes")) {
        return Err(Violation::new(Rule::BytesPresent, "slreq:bytes is required"));
    }
    order(description, endorsing)?;
    description.elements().try_for_each(plain_text)?;
    [Rule::SerialNumber, Rule::InboundPort, Rule::OutboundPort, Rule::Icmp, Rule::Location]
        .into_iter()
        .try_for_each(|rule| description.elements().try_for_each(|element| typed(element, rule)))
}

fn attributes(description: &Element<'_>, endorsing: Endorsing) -> Result<(), Violation> {
    only(description, |attribute| attribute.name.is(RDF, "about"))?;
    let of_rdf = |attribute: &Attribute<'_>| attribute.name.namespace == RDF;
    for child in description.elements().filter(|child| child.name.namespace == SLREQ) {
        match (&*child.name.local, endorsing) {
            ("checksum", _) => only(child, of_rdf)?,
            ("endorsement", Endorsing::Required) => {
                only(child, of_rdf)?;
                child
                    .elements()
                    .filter(|inner| inner.name.is(SLREQ, "endorser"))
                    .try_for_each(|it| only(it, of_rdf))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn only(element: &Element<'_>, admits: impl Fn(&Attribute<'_>) -> bool) -> Result<(), Violation> {
    match element.attributes.iter().find(|attribute| !admits(attribute)) {
        None => Ok(()),
        Some(attribute) => {
            let reason = format_args!("{:?} has an attribute {:?}", element.name.local, attribute.name.local);
            Err(Violation::new(Rule::RdfAttributes, reason))
        }
    }
}

fn order(description: &Element<'_>, endorsing: Endorsing) -> Result<(), Violation> {
    let mut children = description.elements().peekable();
    children.next_if(|child| child.name.is(RDF, "type"));
    let mut expect = |namespace, local| match children.next_if(|child| child.name.is(namespace, local)) {
        Some(found) => Ok(found),
        None => Err(out_of_order(children.peek().copied(), local)),
    };
    expect(DCTERMS, "identifier")?;
    expect(SLREQ, "bytes")?;
    sequence(expect(SLREQ, "checksum")?, &[(SLREQ, "algorithm"), (SLREQ, "value")])?;
    while let Ok(checksum) = expect(SLREQ, "checksum") {
        sequence(checksum, &[(SLREQ, "algorithm"), (SLREQ, "value")])?;
    }
    match endorsing {
        Endorsing::Pending => in_draft(description),
        Endorsing::Required => {
            let endorsement = expect(SLREQ, "endorsement")?;
            sequence(endorsement, &[(DCTERMS, "created"), (SLREQ, "endorser")])?;
            let mut endorsers = endorsement.elements().filter(|child| child.name.is(SLREQ, "endorser"));
            endorsers.try_for_each(|it| sequence(it, &[(SLREQ, "email"), (SLREQ, "subject"), (SLREQ, "issuer")]))
        }
    }
}

/// In a draft the endorsement may be missing; where there is one it follows the last checksum.
fn in_draft(description: &Element<'_>) -> Result<(), Violation> {
    let mut previous = None;
    for child in description.elements() {
        let follows_checksum = previous.is_some_and(|element: &Element<'_>| element.name.is(SLREQ, "checksum"));
        if child.name.is(SLREQ, "endorsement") && !follows_checksum {
            return Err(out_of_order(Some(child), "checksum"));
        }
        previous = Some(child);
    }
    Ok(())
}

fn sequence(element: &Element<'_>, expected: &[(&str, &str)]) -> Result<(), Violation> {
    let mut children = element.elements();
    for (namespace, local) in expected {
        match children.next() {
            Some(child) if child.name.is(namespace, local) => {}
            other => return Err(out_of_order(other, local)),
        }
    }
    children.next().map_or(Ok(()), |extra| Err(out_of_order(Some(extra), "the end")))
}

fn out_of_order(found: Option<&Element<'_>>, expected: &str) -> Violation {
    let found = found.map_or("the end", |element| &*element.name.local);
    Violation::new(Rule::ElementOrder, format_args!("{found:?} stands where {expected:?} is expected"))
}

fn plain_text(element: &Element<'_>) -> Result<(), Violation> {
    let name = &element.name;
    let admits: fn(&Attribute<'_>) -> bool = match &*name.namespace {
        DCTERMS | DC => |attribute| attribute.name.is(XML, "lang"),
        SLREQ if REQUIRED_TEXTS.contains(&&*name.local) => |_| false,
        SLTERMS if OPTIONAL_TEXTS.contains(&&*name.local) => |_| false,
        _ => return element.elements().try_for_each(plain_text),
    };
    let attribute = element.attributes.iter().find(|attribute| !admits(attribute));
    match (element.elements().next(), attribute) {
        (None, None) => Ok(()),
        (Some(child), _) => {
            let reason = format_args!("{:?} has a child element {:?}", name.local, child.name.local);
            Err(Violation::new(Rule::PlainText, reason))
        }
        (None, Some(attribute)) => {
            let reason = format_args!("{:?} has an attribute {:?}", name.local, attribute.name.local);
            Err(Violation::new(Rule::PlainText, reason))
        }
    }
}

/// The rule on one type is looked for in the whole description, as the schema types elements at any depth.
fn typed(element: &Element<'_>, rule: Rule) -> Result<(), Violation> {
    let local = &*element.name.local;
    let admits: fn(&str) -> bool = match (rule, local) {
        _ if element.name.namespace != SLTERMS => return element.elements().try_for_each(|child| typed(child, rule)),
        (Rule::SerialNumber, "serial-number") => |text| properties::digits(text).is_some(),
        (Rule::InboundPort, "inbound-port") | (Rule::OutboundPort, "outbound-port") => {
            |text| properties::number::<u16>(text).is_some()
        }
        (Rule::Icmp, "icmp") => |text| properties::number::<u8>(text).is_some(),
        (Rule::Location, "location") => |text| oxiri::IriRef::parse(text.trim()).is_ok(),
        _ => return element.elements().try_for_each(|child| typed(child, rule)),
    };
    let text = text(element);
    if admits(&text) {
        return Ok(());
    }
    let shown: String = text.chars().take(80).collect();
    Err(Violation::new(rule, format_args!("slterms:{local} cannot be {shown:?}")))
}

fn text(element: &Element<'_>) -> String {
    let texts = element.children.iter().filter_map(|child| match child {
        Node::Text(text) => Some(&**text),
        _ => None,
    });
    texts.collect()
}
