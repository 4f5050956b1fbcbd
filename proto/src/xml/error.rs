//! Why bytes are not XML that this program reads.

use crate::bounds;

/// What is wrong with the bytes; always the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// More bytes than any door accepts.
    #[error("the document has {length} bytes, the most is {}", bounds::DOCUMENT_BYTES_MAX)]
    TooLarge {
        /// How many there are.
        length: usize,
    },
    /// Elements are nested too deeply.
    #[error("line {line}: elements are nested deeper than {}", bounds::XML_DEPTH_MAX)]
    TooDeep {
        /// Where.
        line: usize,
    },
    /// One element has too many attributes and namespace declarations.
    #[error("line {line}: an element has more than {} attributes", bounds::XML_ATTRIBUTES_MAX)]
    TooManyAttributes {
        /// Where.
        line: usize,
    },
    /// The document has too many nodes.
    #[error("line {line}: the document has more than {} nodes", bounds::XML_NODES_MAX)]
    TooManyNodes {
        /// Where.
        line: usize,
    },
    /// Too many namespace declarations are in scope at once.
    #[error("line {line}: more than {} namespace declarations are in scope", bounds::XML_BINDINGS_MAX)]
    TooManyNamespaces {
        /// Where.
        line: usize,
    },
    /// A document type declaration; none is ever read.
    #[error("line {line}: a document type declaration is not allowed")]
    Doctype {
        /// Where.
        line: usize,
    },
    /// The bytes are not UTF-8.
    #[error("byte {offset} does not belong to UTF-8")]
    NotUtf8 {
        /// The first wrong byte.
        offset: usize,
    },
    /// The XML declaration is malformed, or names another version or encoding.
    #[error("the XML declaration {0:?} is not one of version 1.0 in UTF-8")]
    Declaration(String),
    /// The bytes are not well-formed.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where.
        line: usize,
        /// What is wrong there, with the value.
        reason: String,
    },
    /// The names do not follow Namespaces in XML 1.0.
    #[error("line {line}: {reason}")]
    Namespace {
        /// Where.
        line: usize,
        /// What is wrong there, with the value.
        reason: String,
    },
}

/// At most the first 80 characters of a foreign text, for a message.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}
