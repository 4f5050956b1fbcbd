//! The tree of a document, at most [`crate::bounds::XML_DEPTH_MAX`] deep.
//!
//! Names and texts are borrowed from the document wherever it spells them as they are meant, which is nearly always: a
//! tree of a usual document is verified and dropped before copies of its parts would have paid.

use std::borrow::Cow;

/// A parsed document: its root element, and the comments and processing instructions around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree<'a> {
    /// Comments and processing instructions before the root, in order.
    pub before: Vec<Node<'a>>,
    /// The root element.
    pub root: Element<'a>,
    /// Comments and processing instructions after the root, in order.
    pub after: Vec<Node<'a>>,
}

/// A node of the XPath data model that canonical XML knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node<'a> {
    /// An element.
    Element(Element<'a>),
    /// Character data: text, CDATA and references resolved; neighbours are merged.
    Text(Cow<'a, str>),
    /// A comment, without its marks.
    Comment(Cow<'a, str>),
    /// A processing instruction.
    Instruction {
        /// Its target.
        target: Cow<'a, str>,
        /// What follows the target and the blanks after it; may be empty.
        data: Cow<'a, str>,
    },
}

/// A qualified name with its namespace resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name<'a> {
    /// The prefix as written; empty where there is none.
    pub prefix: Cow<'a, str>,
    /// The local part.
    pub local: Cow<'a, str>,
    /// The namespace; empty where there is none.
    pub namespace: Cow<'a, str>,
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Namespace declarations made on this element, in document order.
    pub declarations: Vec<NamespaceDeclaration<'a>>,
    /// All other attributes, in document order, `xml:*` among them.
    pub attributes: Vec<Attribute<'a>>,
    /// Its content in document order.
    pub children: Vec<Node<'a>>,
}

/// `xmlns="…"` (with an empty prefix) or `xmlns:prefix="…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceDeclaration<'a> {
    /// The declared prefix; empty for the default namespace.
    pub prefix: Cow<'a, str>,
    /// The namespace; empty where the default one is undeclared.
    pub namespace: Cow<'a, str>,
}

/// An attribute that is not a namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its name; without a prefix it is in no namespace.
    pub name: Name<'a>,
    /// Its normalised value (XML 1.0 section 3.3.3, for CDATA attributes).
    pub value: Cow<'a, str>,
}

impl Name<'_> {
    /// Whether this is `local` of `namespace`, whatever the prefix.
    #[must_use]
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }

    /// Whether tags spell it so.
    pub(super) fn is_written(&self, text: &str) -> bool {
        let local = match &*self.prefix {
            "" => Some(text),
            prefix => text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(':')),
        };
        local == Some(&*self.local)
    }
}

impl<'a> Element<'a> {
    /// The value of the attribute `local` of `namespace`.
    #[must_use]
    pub fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name.is(namespace, local)).map(|found| &*found.value)
    }

    /// Removes every element of this name below it.
    pub fn strip(&mut self, namespace: &str, local: &str) {
        self.children.retain(|child| !matches!(child, Node::Element(one) if one.name.is(namespace, local)));
        for child in &mut self.children {
            if let Node::Element(child) = child {
                child.strip(namespace, local);
            }
        }
    }

    /// The child elements, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element<'a>> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }
}
