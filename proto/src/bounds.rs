//! Every bound of the domain and the protocol, each with its reason.

/// Largest document in bytes that any door accepts; the real ones are 5 KB, and 256 KiB verify in a few milliseconds.
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// Deepest nesting of elements; recursion over a tree is bounded by it.
pub const XML_DEPTH_MAX: usize = 64;

/// Most attributes and namespace declarations of one element; their duplicate check is quadratic.
pub const XML_ATTRIBUTES_MAX: usize = 64;

/// Most bytes of all terms of a document's triples together; namespaces, bases and subjects stand once in a document
/// and again in each triple, and the densest harmless document of [`DOCUMENT_BYTES_MAX`] makes about half of this.
pub const RDF_TERMS_BYTES_MAX: usize = 8 * 1024 * 1024;
