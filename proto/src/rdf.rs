//! RDF/XML (W3C Recommendation, RDF 1.1 XML Syntax) read from a parsed tree into triples.

mod attributes;
mod content;
mod error;
mod literal;
mod names;
mod reader;
mod scope;

use crate::xml::Tree;

pub use error::RdfError;

/// What a triple speaks about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Something with a name.
    Iri(String),
    /// Something without a name.
    Blank(BlankNode),
}

/// What a triple says of its subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// Something with a name.
    Iri(String),
    /// Something without a name.
    Blank(BlankNode),
    /// A value.
    Literal {
        /// Its text.
        value: String,
        /// The language tag as it is written; never together with a datatype.
        language: Option<String>,
        /// The datatype; `None` is a plain string.
        datatype: Option<String>,
    },
}

/// A thing without a name, numbered within its document in the order of first appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlankNode(u32);

/// One statement of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Triple {
    /// What it speaks about.
    pub subject: Subject,
    /// The property, an absolute IRI.
    pub predicate: String,
    /// The value of the property.
    pub object: Term,
}

/// Reads the triples of `tree` in document order, duplicates kept; relative IRIs are resolved against `base`.
pub fn read(tree: &Tree<'_>, base: &str) -> Result<Vec<Triple>, RdfError> {
    reader::read(tree, base)
}

impl BlankNode {
    /// Its number, from 0.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl From<Subject> for Term {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Iri(iri) => Self::Iri(iri),
            Subject::Blank(node) => Self::Blank(node),
        }
    }
}
