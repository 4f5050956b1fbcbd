//! The tree of a document, small and owned; at most [`crate::bounds::XML_DEPTH_MAX`] deep.

/// A parsed document: its root element, and the comments and processing instructions around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Comments and processing instructions before the root, in order.
    pub before: Vec<Node>,
    /// The root element.
    pub root: Element,
    /// Comments and processing instructions after the root, in order.
    pub after: Vec<Node>,
}

/// A node of the XPath data model that canonical XML knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Character data: text, CDATA and references resolved; neighbours are merged.
    Text(String),
    /// A comment, without its marks.
    Comment(String),
    /// A processing instruction.
    Instruction {
        /// Its target.
        target: String,
        /// What follows the target and the blanks after it; may be empty.
        data: String,
    },
}

/// A qualified name with its namespace resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The prefix as written; empty where there is none.
    pub prefix: String,
    /// The local part.
    pub local: String,
    /// The namespace; empty where there is none.
    pub namespace: String,
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// Namespace declarations made on this element, in document order.
    pub declarations: Vec<NamespaceDeclaration>,
    /// All other attributes, in document order, `xml:*` among them.
    pub attributes: Vec<Attribute>,
    /// Its content in document order.
    pub children: Vec<Node>,
}

/// `xmlns="…"` (with an empty prefix) or `xmlns:prefix="…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceDeclaration {
    /// The declared prefix; empty for the default namespace.
    pub prefix: String,
    /// The namespace; empty where the default one is undeclared.
    pub namespace: String,
}

/// An attribute that is not a namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name; without a prefix it is in no namespace.
    pub name: Name,
    /// Its normalised value (XML 1.0 section 3.3.3, for CDATA attributes).
    pub value: String,
}

impl Name {
    /// Whether this is `local` of `namespace`, whatever the prefix.
    #[must_use]
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }
}

impl Element {
    /// The value of the attribute `local` of `namespace`.
    #[must_use]
    pub fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name.is(namespace, local)).map(|found| found.value.as_str())
    }

    /// The child elements, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }
}
