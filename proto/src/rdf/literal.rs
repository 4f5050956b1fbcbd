//! XML literals: the exclusive canonical form of an element's content, with comments (RDF 1.1 XML Syntax 7.2.17).

use crate::xml::{self, Canonicalization, Comments, Element, Name, Node};

/// The canonical content of `element`.
pub(super) fn canonical(element: &Element<'_>) -> String {
    // The content is what an element without a namespace holds, that renders no declaration for those within.
    let name = Name { prefix: "".into(), local: "content".into(), namespace: "".into() };
    let children = element.children.clone();
    let apex = Element { name, declarations: Vec::new(), attributes: Vec::new(), children };
    let method = Canonicalization::Exclusive { prefixes: Vec::new() };
    let octets = xml::canonicalize_element(&[], &apex, &method, Comments::With);
    let text = String::from_utf8(octets).expect("the canonical form of a tree of strings is UTF-8");
    let content = text.strip_prefix("<content>").and_then(|rest| rest.strip_suffix("</content>"));
    content.expect("an element without attributes stands between its bare tags").to_owned()
}

/// An upper bound on the canonical length, namespaces being written as often as siblings use them.
pub(super) fn length_max(element: &Element<'_>) -> usize {
    let of_name = |name: &Name<'_>| name.namespace.len() + 2 * (name.prefix.len() + name.local.len()) + 16;
    let of_child = |child: &Node<'_>| match child {
        // The longest replacement of one byte has six.
        Node::Text(text) => 6 * text.len(),
        Node::Comment(text) => text.len() + 7,
        Node::Instruction { target, data } => target.len() + data.len() + 5,
        Node::Element(child) => {
            let of_attributes = child.attributes.iter().map(|it| of_name(&it.name) + 6 * it.value.len());
            of_name(&child.name) + of_attributes.sum::<usize>() + length_max(child)
        }
    };
    element.children.iter().map(of_child).sum()
}
