//! The rules about the tree, checked before any triple is read.

use super::rule::{Rule, Violation};
use crate::vocabulary::{BASE, RDF, XML};
use crate::xml::{Element, Node, Tree};

/// Checks the rules from `no-instruction` to `one-description`, and gives the description.
pub(super) fn description<'a>(tree: &'a Tree<'a>) -> Result<&'a Element<'a>, Violation> {
    tree.before.iter().chain(&tree.after).try_for_each(no_instruction)?;
    tree.root.children.iter().try_for_each(no_instruction)?;
    let root = &tree.root;
    if !root.name.is(RDF, "RDF") {
        return Err(Violation::new(Rule::RdfRoot, format_args!("the root is {:?}, not rdf:RDF", root.name.local)));
    }
    match root.attribute(XML, "base") {
        Some(BASE) => {}
        Some(other) => return Err(Violation::new(Rule::XmlBase, format_args!("xml:base is {other:?}, not {BASE:?}"))),
        None => return Err(Violation::new(Rule::XmlBase, format_args!("rdf:RDF has no xml:base={BASE:?}"))),
    }
    root.elements().try_for_each(no_base)?;
    one_description(root)
}

fn no_instruction(node: &Node<'_>) -> Result<(), Violation> {
    match node {
        Node::Element(element) => element.children.iter().try_for_each(no_instruction),
        Node::Instruction { target, .. } => {
            Err(Violation::new(Rule::NoInstruction, format_args!("a processing instruction {target:?}")))
        }
        Node::Text(_) | Node::Comment(_) => Ok(()),
    }
}

fn no_base(element: &Element<'_>) -> Result<(), Violation> {
    match element.attribute(XML, "base") {
        Some(base) => {
            let reason = format_args!("{:?} has another xml:base, {base:?}", element.name.local);
            Err(Violation::new(Rule::OneBase, reason))
        }
        None => element.elements().try_for_each(no_base),
    }
}

fn one_description<'a>(root: &'a Element<'a>) -> Result<&'a Element<'a>, Violation> {
    let refuse = |found: &str| {
        Err(Violation::new(Rule::OneDescription, format_args!("rdf:RDF must hold one rdf:Description, {found}")))
    };
    let mut elements = root.elements();
    match (elements.next(), elements.next()) {
        (None, _) => refuse("it is empty"),
        (Some(first), _) if !first.name.is(RDF, "Description") => refuse(&format!("not {:?}", first.name.local)),
        (Some(_), Some(second)) => refuse(&format!("and not {:?} too", second.name.local)),
        (Some(description), None) => Ok(description),
    }
}
