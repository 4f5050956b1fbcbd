//! Strict XML 1.0 with namespaces: bytes in, a tree or its canonical form out. The home of quick-xml.

mod tree;

pub use tree::{Attribute, Element, Name, NamespaceDeclaration, Node, Tree};
