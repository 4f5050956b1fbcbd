//! Canonical XML 1.0 and 1.1 and Exclusive XML Canonicalization 1.0 (W3C), each with and without comments.

use std::collections::BTreeMap;

use crate::vocabulary::XML;

use super::characters::any_byte;
use super::tree::{Attribute, Element, Name, Node, Tree};

mod base;

/// How namespaces and inherited attributes get into the canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Canonicalization {
    /// Canonical XML 1.0: all namespaces in scope, and the inherited attributes of the `xml` namespace.
    Inclusive,
    /// Canonical XML 1.1: as 1.0, but for what an element takes over from ancestors that are left out: `xml:lang` and
    /// `xml:space` as they are, `xml:base` joined with its own, and nothing else.
    Inclusive11,
    /// Exclusive Canonical XML 1.0: namespaces where they are visibly used.
    Exclusive {
        /// The InclusiveNamespaces PrefixList: prefixes that are treated as Canonical XML 1.0 does. The empty prefix
        /// stands for `#default`.
        prefixes: Vec<String>,
    },
}

/// Whether comments are part of the canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// They are.
    With,
    /// They are left out.
    Without,
}

/// The canonical form of the whole document.
#[must_use]
pub fn canonicalize(tree: &Tree<'_>, method: &Canonicalization, comments: Comments) -> Vec<u8> {
    write_document(tree, None, method, comments)
}

/// The canonical form of the document without the root's child at the index `omitted`: what the enveloped-signature
/// transform leaves (XML Signature section 6.6.4).
#[must_use]
pub fn canonicalize_without(tree: &Tree<'_>, omitted: usize, method: &Canonicalization, comments: Comments) -> Vec<u8> {
    write_document(tree, Some(omitted), method, comments)
}

/// The canonical form of one element with all that is in it, given its ancestors from the root down.
#[must_use]
pub fn canonicalize_element<'a>(
    ancestors: &[&'a Element<'a>],
    element: &'a Element<'a>,
    method: &Canonicalization,
    comments: Comments,
) -> Vec<u8> {
    let mut in_scope = BTreeMap::new();
    for ancestor in ancestors.iter().chain([&element]) {
        in_scope.extend(declared(ancestor));
    }
    let based = match method {
        Canonicalization::Inclusive11 => base::fix_up(ancestors, element),
        Canonicalization::Inclusive | Canonicalization::Exclusive { .. } => None,
    };
    let element = based.as_ref().unwrap_or(element);
    let inherited = match method {
        Canonicalization::Inclusive => inherited_attributes(ancestors, element, |_| true),
        Canonicalization::Inclusive11 => {
            inherited_attributes(ancestors, element, |local| matches!(local, "lang" | "space"))
        }
        Canonicalization::Exclusive { .. } => Vec::new(),
    };
    let mut writer = Writer::new(method, comments);
    writer.element(element, in_scope.into_iter().collect(), inherited, None);
    writer.out
}

/// The attributes of the `xml` namespace that an apex element takes over from its nearest ancestors
/// (section 2.4 of Canonical XML 1.0, and of 1.1 for those that it calls simple).
fn inherited_attributes<'a>(
    ancestors: &[&'a Element<'a>],
    element: &Element<'_>,
    is_inherited: fn(&str) -> bool,
) -> Vec<&'a Attribute<'a>> {
    let mut inherited: BTreeMap<&str, &Attribute<'_>> = BTreeMap::new();
    for attribute in ancestors.iter().flat_map(|ancestor| &ancestor.attributes) {
        let is_candidate = attribute.name.namespace == XML && is_inherited(&attribute.name.local);
        if is_candidate && element.attribute(XML, &attribute.name.local).is_none() {
            inherited.insert(&attribute.name.local, attribute);
        }
    }
    inherited.into_values().collect()
}

fn write_document(tree: &Tree<'_>, omitted: Option<usize>, method: &Canonicalization, comments: Comments) -> Vec<u8> {
    let mut writer = Writer::new(method, comments);
    for node in &tree.before {
        if writer.leaf(node) {
            writer.out.push(b'\n');
        }
    }
    writer.element(&tree.root, declared(&tree.root).collect(), Vec::new(), omitted);
    for node in &tree.after {
        let length = writer.out.len();
        writer.out.push(b'\n');
        if !writer.leaf(node) {
            writer.out.truncate(length);
        }
    }
    writer.out
}

fn declared<'a>(element: &'a Element<'a>) -> impl Iterator<Item = Binding<'a>> {
    element.declarations.iter().map(|made| (&*made.prefix, &*made.namespace))
}

/// A prefix and its namespace.
type Binding<'a> = (&'a str, &'a str);

struct Writer<'a> {
    method: &'a Canonicalization,
    comments: Comments,
    /// The namespace declarations in effect where the output stands, the innermost last.
    rendered: Vec<Binding<'a>>,
    out: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new(method: &'a Canonicalization, comments: Comments) -> Self {
        Self { method, comments, rendered: Vec::new(), out: Vec::with_capacity(8 * 1024) }
    }

    /// Writes an element; `candidates` are the bindings that it makes, or that are in scope where it is the apex.
    fn element(
        &mut self,
        element: &'a Element<'a>,
        candidates: Vec<Binding<'a>>,
        inherited: Vec<&'a Attribute<'a>>,
        omitted: Option<usize>,
    ) {
        self.out.push(b'<');
        self.name(&element.name);
        let before = self.rendered.len();
        self.namespaces(element, candidates);
        self.attributes(element, inherited);
        self.out.push(b'>');
        for (index, child) in element.children.iter().enumerate() {
            match child {
                _ if omitted == Some(index) => {}
                Node::Element(child) => self.element(child, declared(child).collect(), Vec::new(), None),
                leaf => {
                    self.leaf(leaf);
                }
            }
        }
        self.out.extend_from_slice(b"</");
        self.name(&element.name);
        self.out.push(b'>');
        self.rendered.truncate(before);
    }

    /// Writes the declarations that the output needs here, sorted by prefix.
    fn namespaces(&mut self, element: &'a Element<'a>, candidates: Vec<Binding<'a>>) {
        let mut bindings = match self.method {
            Canonicalization::Inclusive | Canonicalization::Inclusive11 => candidates,
            Canonicalization::Exclusive { prefixes } => {
                let mut bindings = visibly_used(element);
                let is_listed = |prefix: &str| prefixes.iter().any(|listed| listed == prefix);
                bindings.extend(candidates.into_iter().filter(|(prefix, _)| is_listed(prefix)));
                bindings
            }
        };
        // The `xml` prefix is never declared; an empty default namespace only where it undoes another.
        bindings.retain(|(prefix, namespace)| *prefix != "xml" && self.rendered(prefix) != *namespace);
        bindings.sort_unstable();
        bindings.dedup();
        for (prefix, namespace) in &bindings {
            self.declaration(prefix, namespace);
        }
        self.rendered.extend(bindings);
    }

    /// What a prefix is bound to in the output; empty where it is not.
    fn rendered(&self, prefix: &str) -> &'a str {
        let innermost = self.rendered.iter().rev().find(|(known, _)| *known == prefix);
        innermost.map_or("", |(_, namespace)| namespace)
    }

    fn declaration(&mut self, prefix: &str, namespace: &str) {
        if prefix.is_empty() {
            self.out.extend_from_slice(b" xmlns=\"");
        } else {
            self.out.extend_from_slice(b" xmlns:");
            self.out.extend_from_slice(prefix.as_bytes());
            self.out.extend_from_slice(b"=\"");
        }
        self.escaped(namespace, &IN_VALUE);
        self.out.push(b'"');
    }

    fn attributes(&mut self, element: &'a Element<'a>, inherited: Vec<&'a Attribute<'a>>) {
        let mut attributes = inherited;
        attributes.extend(&element.attributes);
        attributes.sort_unstable_by_key(|attribute| (&attribute.name.namespace, &attribute.name.local));
        for attribute in attributes {
            self.out.push(b' ');
            self.name(&attribute.name);
            self.out.extend_from_slice(b"=\"");
            self.escaped(&attribute.value, &IN_VALUE);
            self.out.push(b'"');
        }
    }

    /// Writes a node that has no children; whether it belongs to the canonical form.
    fn leaf(&mut self, node: &Node<'_>) -> bool {
        match node {
            Node::Text(text) => self.escaped(text, &IN_TEXT),
            Node::Comment(comment) if self.comments == Comments::With => {
                self.out.extend_from_slice(b"<!--");
                self.out.extend_from_slice(comment.as_bytes());
                self.out.extend_from_slice(b"-->");
            }
            Node::Instruction { target, data } => {
                self.out.extend_from_slice(b"<?");
                self.out.extend_from_slice(target.as_bytes());
                if !data.is_empty() {
                    self.out.push(b' ');
                    self.out.extend_from_slice(data.as_bytes());
                }
                self.out.extend_from_slice(b"?>");
            }
            Node::Comment(_) | Node::Element(_) => return false,
        }
        true
    }

    fn name(&mut self, name: &Name<'_>) {
        if !name.prefix.is_empty() {
            self.out.extend_from_slice(name.prefix.as_bytes());
            self.out.push(b':');
        }
        self.out.extend_from_slice(name.local.as_bytes());
    }

    fn escaped<const COUNT: usize>(&mut self, text: &str, escapes: &[Escape; COUNT]) {
        let bytes = text.as_bytes();
        // Most texts hold nothing to escape.
        if !any_byte(text, |byte| escapes.iter().fold(false, |found, (escaped, _)| found | (byte == *escaped))) {
            self.out.extend_from_slice(bytes);
            return;
        }
        let mut copied = 0;
        for (index, byte) in bytes.iter().enumerate() {
            if let Some((_, replacement)) = escapes.iter().find(|(escaped, _)| escaped == byte) {
                self.out.extend_from_slice(&bytes[copied..index]);
                self.out.extend_from_slice(replacement);
                copied = index + 1;
            }
        }
        self.out.extend_from_slice(&bytes[copied..]);
    }
}

/// The bindings of the prefixes that an element and its attributes use (Exclusive XML Canonicalization section 1.1).
fn visibly_used<'a>(element: &'a Element<'a>) -> Vec<Binding<'a>> {
    let mut used: Vec<Binding<'a>> = vec![(&element.name.prefix, &element.name.namespace)];
    let prefixed = element.attributes.iter().filter(|attribute| !attribute.name.prefix.is_empty());
    used.extend(prefixed.map(|attribute| -> Binding<'a> { (&attribute.name.prefix, &attribute.name.namespace) }));
    used
}

/// A byte that the canonical form does not hold as it is, and what stands for it (Canonical XML 1.0 section 2.3).
type Escape = (u8, &'static [u8]);

const IN_TEXT: [Escape; 4] = [(b'&', b"&amp;"), (b'<', b"&lt;"), (b'>', b"&gt;"), (b'\r', b"&#xD;")];
const IN_VALUE: [Escape; 6] =
    [(b'&', b"&amp;"), (b'<', b"&lt;"), (b'"', b"&quot;"), (b'\t', b"&#x9;"), (b'\n', b"&#xA;"), (b'\r', b"&#xD;")];

#[cfg(test)]
mod tests;
