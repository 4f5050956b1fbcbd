//! An image in XML: the same as in JSON, as elements.

use super::{Other, Shown, Tagged};
use crate::summary::Item;
use crate::text::escape_xml;

/// The document of this image.
pub(super) fn write(shown: &Shown<'_>) -> String {
    let at = shown.at.as_ref().map(|at| attribute("at", at)).unwrap_or_default();
    let current: String = shown.current.iter().map(|item| entry(item, "")).collect();
    let conflict = |is_conflict| if is_conflict { " conflict=\"true\"" } else { "" };
    let timeline: String = shown.timeline.iter().map(|event| entry(&event.item, conflict(event.conflict))).collect();
    let others = [
        ("replacedBy", &shown.replaced_by),
        ("replaces", &shown.replaces),
        ("versionOf", &shown.version_of),
        ("version", &shown.versions),
    ];
    let others: String =
        others.into_iter().flat_map(|(name, all)| all.iter().map(move |one| other(name, one))).collect();
    let tags: String = shown.tags.iter().map(tag).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<image{}{at}>\n<current>\n{current}</current>\n\
         <timeline>\n{timeline}</timeline>\n{others}{tags}</image>\n",
        attribute("identifier", &shown.identifier)
    )
}

fn entry(item: &Item<'_>, more: &str) -> String {
    let attributes = item.attributes().map(|(name, value)| attribute(name, value)).concat();
    let title = item.title().map(|title| format!("<title>{}</title>", escape_xml(title))).unwrap_or_default();
    format!("<entry{attributes}{more}>{title}</entry>\n")
}

fn other(name: &str, other: &Other) -> String {
    let steps = other.steps.to_string();
    let attributes = [
        ("identifier", &other.identifier),
        ("url", &other.url),
        ("steps", &steps),
        ("saidBy", &other.said_by),
        ("entry", &other.entry),
    ];
    let attributes = attributes.map(|(name, value)| attribute(name, value)).concat();
    format!("<{name}{attributes}{}/>\n", attribute("standing", other.standing))
}

fn tag(tagged: &Tagged<'_>) -> String {
    format!("<tag{}>{}</tag>\n", attribute("email", tagged.email), escape_xml(tagged.tag))
}

fn attribute(name: &str, value: &str) -> String {
    format!(" {name}=\"{}\"", escape_xml(value))
}
