//! The xml:base of an element whose ancestors are left out (Canonical XML 1.1 section 2.4).

use crate::vocabulary::XML;
use crate::xml::tree::{Attribute, Element, Name};

/// The element with the base that the ancestors and it state together; `None` where no ancestor states one.
pub(super) fn fix_up<'a>(ancestors: &[&Element<'a>], element: &Element<'a>) -> Option<Element<'a>> {
    ancestors.iter().find_map(|ancestor| stated(ancestor))?;
    let innermost_first = std::iter::once(element).chain(ancestors.iter().rev().copied());
    let base =
        innermost_first.filter_map(|one| stated(one).map(str::to_owned)).reduce(|inner, outer| join(&outer, &inner));
    let mut fixed = element.clone();
    fixed.attributes.retain(|attribute| !attribute.name.is(XML, "base"));
    // An empty one is not written.
    if let Some(value) = base.filter(|base| !base.is_empty()) {
        let name = Name { prefix: "xml".into(), local: "base".into(), namespace: XML.into() };
        fixed.attributes.push(Attribute { name, value: value.into() });
    }
    Some(fixed)
}

fn stated<'e>(element: &'e Element<'_>) -> Option<&'e str> {
    element.attribute(XML, "base")
}

/// A reference taken apart as RFC 3986 appendix B does, without its fragment.
#[derive(Default)]
struct Reference<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Reference<'a> {
    fn split(text: &'a str) -> Self {
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (text, query) = text.split_once('?').map_or((text, None), |(before, query)| (before, Some(query)));
        let scheme = text.split_once(':').filter(|(scheme, _)| !scheme.is_empty() && !scheme.contains('/'));
        let (scheme, text) = scheme.map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let Some(rest) = text.strip_prefix("//") else {
            return Self { scheme, authority: None, path: text, query };
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self { scheme, authority: Some(authority), path, query }
    }
}

/// The function join-URI-References: RFC 3986 section 5.2 with a base that need not be absolute.
fn join(base: &str, reference: &str) -> String {
    let (base, reference) = (Reference::split(base), Reference::split(reference));
    let own = remove_dot_segments(reference.path);
    if reference.scheme.is_some() {
        return compose(reference.scheme, reference.authority, &own, reference.query);
    }
    if reference.authority.is_some() {
        return compose(base.scheme, reference.authority, &own, reference.query);
    }
    let (path, query) = match reference.path {
        "" => (base.path.to_owned(), reference.query.or(base.query)),
        path if path.starts_with('/') => (own, reference.query),
        path => (remove_dot_segments(&merge(&base, path)), reference.query),
    };
    compose(base.scheme, base.authority, &path, query)
}

/// RFC 3986 section 5.2.3; a last segment of two dots is a whole one.
fn merge(base: &Reference<'_>, path: &str) -> String {
    if base.authority.is_some() && base.path.is_empty() {
        return format!("/{path}");
    }
    let (folder, last) = base.path.split_at(base.path.rfind('/').map_or(0, |slash| slash + 1));
    let last = if last == ".." { "../" } else { "" };
    format!("{folder}{last}{path}")
}

/// RFC 3986 section 5.2.4, but leading `..` segments of a relative path are kept, blank segments are dropped, and a
/// last `..` ends in a slash.
fn remove_dot_segments(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match (segment, kept.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                kept.pop();
            }
            ("..", _) if !root.is_empty() => {}
            _ => kept.push(segment),
        }
    }
    let is_folder = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    let end = if is_folder && !kept.is_empty() { "/" } else { "" };
    format!("{root}{}{end}", kept.join("/"))
}

/// RFC 3986 section 5.3.
fn compose(scheme: Option<&str>, authority: Option<&str>, path: &str, query: Option<&str>) -> String {
    let mut text = String::new();
    for (part, before, after) in [(scheme, "", ":"), (authority, "//", ""), (Some(path), "", ""), (query, "?", "")] {
        text.extend(part.into_iter().flat_map(|part| [before, part, after]));
    }
    text
}

#[cfg(test)]
mod tests;
