//! XML literals: the exclusive canonical form of an element's content, with comments (RDF 1.1 XML Syntax 7.2.17).
//!
//! Names carry their namespaces, so the declarations that exclusive canonicalisation renders are read off them;
//! the content of a literal has no inclusive prefixes and no ancestors that render anything.

use std::collections::BTreeMap;

use crate::vocabulary::XML;
use crate::xml::{Element, Name, Node};

/// The canonical content of `element`.
pub(super) fn canonical(element: &Element) -> String {
    let mut out = String::new();
    let mut rendered = BTreeMap::new();
    element.children.iter().for_each(|child| write_node(child, &mut rendered, &mut out));
    out
}

/// An upper bound on the canonical length, namespaces being written as often as siblings use them.
pub(super) fn length_max(element: &Element) -> usize {
    let of_name = |name: &Name| name.namespace.len() + 2 * (name.prefix.len() + name.local.len()) + 16;
    let of_child = |child: &Node| match child {
        // The longest replacement of one byte has six.
        Node::Text(text) => 6 * text.len(),
        Node::Comment(text) => text.len() + 7,
        Node::Instruction { target, data } => target.len() + data.len() + 5,
        Node::Element(child) => {
            let attributes = child.attributes.iter().map(|attribute| of_name(&attribute.name) + 6 * attribute.value.len());
            of_name(&child.name) + attributes.sum::<usize>() + length_max(child)
        }
    };
    element.children.iter().map(of_child).sum()
}

fn write_node<'a>(node: &'a Node, rendered: &mut BTreeMap<&'a str, &'a str>, out: &mut String) {
    match node {
        Node::Text(text) => text.chars().for_each(|character| write_text(character, out)),
        Node::Comment(text) => out.extend(["<!--", text, "-->"]),
        Node::Instruction { target, data } if data.is_empty() => out.extend(["<?", target, "?>"]),
        Node::Instruction { target, data } => out.extend(["<?", target, " ", data, "?>"]),
        Node::Element(element) => write_element(element, rendered, out),
    }
}

fn write_element<'a>(element: &'a Element, rendered: &mut BTreeMap<&'a str, &'a str>, out: &mut String) {
    let mut outer = Vec::new();
    out.push('<');
    write_name(&element.name, out);
    for (prefix, namespace) in used_namespaces(element) {
        if rendered.get(prefix).copied().unwrap_or_default() != namespace {
            outer.push((prefix, rendered.insert(prefix, namespace)));
            out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            out.push_str(prefix);
            write_value(namespace, out);
        }
    }
    let mut attributes: Vec<_> = element.attributes.iter().collect();
    attributes.sort_by_key(|attribute| (&attribute.name.namespace, &attribute.name.local));
    for attribute in attributes {
        out.push(' ');
        write_name(&attribute.name, out);
        write_value(&attribute.value, out);
    }
    out.push('>');
    element.children.iter().for_each(|child| write_node(child, rendered, out));
    out.push_str("</");
    write_name(&element.name, out);
    out.push('>');
    for (prefix, namespace) in outer {
        rendered.insert(prefix, namespace.unwrap_or_default());
    }
}

/// The prefixes that `element` visibly uses, in order, with their namespaces.
fn used_namespaces(element: &Element) -> BTreeMap<&str, &str> {
    let of_attributes = element.attributes.iter().map(|attribute| &attribute.name).filter(|name| !name.prefix.is_empty());
    let names = of_attributes.chain([&element.name]).filter(|name| name.namespace != XML);
    names.map(|name| (name.prefix.as_str(), name.namespace.as_str())).collect()
}

fn write_name(name: &Name, out: &mut String) {
    if !name.prefix.is_empty() {
        out.extend([name.prefix.as_str(), ":"]);
    }
    out.push_str(&name.local);
}

fn write_value(value: &str, out: &mut String) {
    out.push_str("=\"");
    for character in value.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    out.push('"');
}

fn write_text(character: char, out: &mut String) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\r' => out.push_str("&#xD;"),
        other => out.push(other),
    }
}
