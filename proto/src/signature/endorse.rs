//! Fills the endorsement of a document, as the original's signing tool did (docs/original.md 7).

use std::borrow::Cow;

use crate::timestamp::Timestamp;
use crate::vocabulary::{DCTERMS, RDF, SLREQ, XMLDSIG};
use crate::xml::{Attribute, Element, Name, NamespaceDeclaration, Node, Tree};

/// What an endorsement says.
pub(super) struct Endorsement<'a> {
    pub(super) created: Timestamp,
    pub(super) email: &'a str,
    pub(super) subject: &'a str,
    pub(super) issuer: &'a str,
}

/// Removes every signature, and every endorsement but the last, which is emptied and filled; where there is none, one
/// is added after the checksums. The error is the number of `rdf:Description` elements where that is not one.
pub(super) fn endorse<'a>(tree: &mut Tree<'a>, endorsement: &Endorsement<'a>) -> Result<(), usize> {
    tree.root.strip(XMLDSIG, "Signature");
    let is_description = |element: &Element<'_>| element.name.is(RDF, "Description");
    let count = tree.root.elements().filter(|element| is_description(element)).count();
    let mut scope = Scope::default();
    scope.enter(&tree.root);
    let found = tree.root.children.iter_mut().find_map(|child| match child {
        Node::Element(element) if is_description(element) => Some(element),
        _ => None,
    });
    match found {
        Some(description) if count == 1 => {
            scope.enter(description);
            let position = keep_last_endorsement(description);
            fill(description, position, scope, endorsement);
            Ok(())
        }
        _ => Err(count),
    }
}

/// Leaves the last endorsement alone; its index, if there is one.
fn keep_last_endorsement(description: &mut Element<'_>) -> Option<usize> {
    let is_endorsement = |child: &Node<'_>| matches!(child, Node::Element(one) if one.name.is(SLREQ, "endorsement"));
    let mut following = description.children.iter().filter(|child| is_endorsement(child)).count();
    description.children.retain(|child| {
        following -= usize::from(is_endorsement(child));
        !is_endorsement(child) || following == 0
    });
    description.children.iter().position(is_endorsement)
}

fn fill<'a>(
    description: &mut Element<'a>,
    position: Option<usize>,
    mut scope: Scope<'a>,
    endorsement: &Endorsement<'a>,
) {
    let mut element = match position.map(|index| description.children.remove(index)) {
        Some(Node::Element(element)) => element,
        _ => scope.element(SLREQ, "endorsement"),
    };
    scope.enter(&element);
    element.children = Vec::new();
    scope.mark_resource(&mut element);
    element.children.push(Node::Element(scope.text_element(
        DCTERMS,
        "created",
        endorsement.created.to_string().into(),
    )));
    element.children.push(Node::Element(endorser(scope, endorsement)));
    let index = position.unwrap_or_else(|| {
        let is_checksum = |child: &Node<'_>| matches!(child, Node::Element(one) if one.name.is(SLREQ, "checksum"));
        description.children.iter().rposition(is_checksum).map_or(description.children.len(), |index| index + 1)
    });
    description.children.insert(index, Node::Element(element));
}

fn endorser<'a>(mut scope: Scope<'a>, endorsement: &Endorsement<'a>) -> Element<'a> {
    let mut endorser = scope.element(SLREQ, "endorser");
    scope.enter(&endorser);
    scope.mark_resource(&mut endorser);
    for (local, text) in
        [("email", endorsement.email), ("subject", endorsement.subject), ("issuer", endorsement.issuer)]
    {
        endorser.children.push(Node::Element(scope.text_element(SLREQ, local, text.into())));
    }
    endorser
}

/// The namespace bindings where an element is added, the outermost first.
#[derive(Default)]
struct Scope<'a>(Vec<NamespaceDeclaration<'a>>);

impl<'a> Scope<'a> {
    fn enter(&mut self, element: &Element<'a>) {
        self.0.extend(element.declarations.iter().cloned());
    }

    /// A new element, with the declaration it needs where its namespace is not bound yet.
    fn element(&self, namespace: &'a str, local: &'a str) -> Element<'a> {
        let known = self.bound_prefix(namespace, |_| true);
        let (prefix, declarations) = known.map_or_else(|| self.declare(namespace), |prefix| (prefix, Vec::new()));
        let name = Name { prefix, local: local.into(), namespace: namespace.into() };
        Element { name, declarations, attributes: Vec::new(), children: Vec::new() }
    }

    fn text_element(&self, namespace: &'a str, local: &'a str, text: Cow<'a, str>) -> Element<'a> {
        Element { children: vec![Node::Text(text)], ..self.element(namespace, local) }
    }

    /// Sets `rdf:parseType="Resource"`, as the one way to write what the element holds.
    fn mark_resource(&mut self, element: &mut Element<'a>) {
        element.attributes.retain(|attribute| !attribute.name.is(RDF, "parseType"));
        // An attribute without a prefix is in no namespace.
        let known = self.bound_prefix(RDF, |prefix| !prefix.is_empty());
        let (prefix, declarations) = known.map_or_else(|| self.declare(RDF), |prefix| (prefix, Vec::new()));
        self.0.extend(declarations.iter().cloned());
        element.declarations.extend(declarations);
        let name = Name { prefix, local: "parseType".into(), namespace: RDF.into() };
        element.attributes.push(Attribute { name, value: "Resource".into() });
    }

    /// A prefix that is bound to the namespace and not bound anew further in.
    fn bound_prefix(&self, namespace: &str, accepts: fn(&str) -> bool) -> Option<Cow<'a, str>> {
        let candidates = self.0.iter().rev().filter(|made| made.namespace == namespace && accepts(&made.prefix));
        let mut visible = candidates.filter(|made| self.namespace_of(&made.prefix) == Some(namespace));
        visible.next().map(|made| made.prefix.clone())
    }

    fn namespace_of(&self, prefix: &str) -> Option<&str> {
        self.0.iter().rev().find(|made| made.prefix == prefix).map(|made| &*made.namespace)
    }

    /// A prefix that is not in use, and its declaration.
    fn declare(&self, namespace: &'a str) -> (Cow<'a, str>, Vec<NamespaceDeclaration<'a>>) {
        let preferred = match namespace {
            DCTERMS => "dcterms",
            RDF => "rdf",
            _ => "slreq",
        };
        let numbered = (1..).map(|number: u32| format!("{preferred}{number}"));
        let mut names = std::iter::once(preferred.to_owned()).chain(numbered);
        let prefix: Cow<'a, str> = Cow::Owned(names.find(|name| self.namespace_of(name).is_none()).unwrap_or_default());
        let declaration = NamespaceDeclaration { prefix: prefix.clone(), namespace: namespace.into() };
        (prefix, vec![declaration])
    }
}
