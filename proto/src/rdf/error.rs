//! Why a tree is not RDF/XML; always the sender's fault.

use std::fmt;

/// The tree breaks a rule of RDF/XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RdfError {
    /// An element or attribute without a namespace names no IRI.
    #[error("{0} is in no namespace")]
    NoNamespace(Shown),
    /// A name of the syntax, or an old one, where a class or property must stand.
    #[error("{0} may not stand here")]
    ForbiddenName(Shown),
    /// An attribute that the element's form does not admit.
    #[error("attribute {attribute} is not admitted on {element}")]
    ForbiddenAttribute {
        /// The element.
        element: Shown,
        /// The attribute.
        attribute: Shown,
    },
    /// Character data between elements.
    #[error("text {text} stands among the elements of {element}")]
    MixedContent {
        /// The element.
        element: Shown,
        /// The start of the text.
        text: Shown,
    },
    /// A property element with two nodes.
    #[error("property {0} has more than one node; it lacks rdf:parseType=\"Resource\"")]
    TwoNodes(Shown),
    /// An `rdf:ID` or `rdf:nodeID` that is not an XML name without a colon.
    #[error("{0} is not a name for rdf:ID or rdf:nodeID")]
    NotAName(Shown),
    /// The same `rdf:ID` twice under one base.
    #[error("rdf:ID {0} is not unique")]
    DuplicateId(Shown),
    /// Text that is no IRI, or does not become absolute.
    #[error("{0} is not an iri")]
    NotAnIri(Shown),
    /// Text that is no language tag.
    #[error("{0} is not a language tag")]
    NotALanguage(Shown),
    /// The terms together are longer than [`crate::bounds::RDF_TERMS_BYTES_MAX`].
    #[error("the terms of the document are longer than {max} bytes", max = crate::bounds::RDF_TERMS_BYTES_MAX)]
    TooLong,
}

/// The start of a foreign text, quoted, fit for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(String);

/// Characters of a foreign text that a message repeats.
const CHARACTERS_MAX: usize = 80;

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Self(text.trim().chars().take(CHARACTERS_MAX).collect())
    }
}

impl From<&crate::xml::Name<'_>> for Shown {
    fn from(name: &crate::xml::Name<'_>) -> Self {
        match &*name.prefix {
            "" => Self::from(&*name.local),
            prefix => Self::from(format!("{prefix}:{}", name.local).as_str()),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.0)
    }
}
