//! Strict XML 1.0 with namespaces: bytes in, a tree or its canonical form out.

mod tree;

mod canonical;
mod characters;
mod error;
mod namespaces;
mod parse;
mod tag;
mod token;

pub use canonical::{Canonicalization, Comments, canonicalize, canonicalize_element, canonicalize_without};
pub use error::XmlError;
pub use parse::parse;
pub use tree::{Attribute, Element, Name, NamespaceDeclaration, Node, Tree};
