//! Every bound of the domain and the protocol, each with its reason.

/// Largest document in bytes that any door accepts; the real ones are 5 KB, and 256 KiB verify in a few milliseconds.
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// Deepest nesting of elements; recursion over a tree is bounded by it.
pub const XML_DEPTH_MAX: usize = 64;

/// Most attributes and namespace declarations of one element; their duplicate check is quadratic.
pub const XML_ATTRIBUTES_MAX: usize = 64;

/// Longest namespace in bytes; each name of the tree carries its own copy.
pub const XML_NAMESPACE_BYTES_MAX: usize = 512;

/// Most elements, attributes, texts, comments and instructions of a document; real ones have about 100, and with
/// [`XML_NAMESPACE_BYTES_MAX`] it bounds the memory of a tree to some 10 MiB.
pub const XML_NODES_MAX: usize = 16 * 1024;

/// Most bytes of all terms of a document's triples together; namespaces, bases and subjects stand once in a document
/// and again in each triple, and the densest harmless document of [`DOCUMENT_BYTES_MAX`] makes about half of this.
pub const RDF_TERMS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Most prefixes that an exclusive canonicalisation may list; each costs a look-up per element.
pub const XML_PREFIX_LIST_MAX: usize = 32;

/// Largest certificate in bytes; real ones have 1 to 2 KB, and the cache holds many.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// Most decoded certificates that are kept; decoding one costs more than verifying a document.
pub const CERTIFICATES_CACHED_MAX: usize = 1024;

/// Most certificates in one signature, the signer's included; grid chains have three or four.
pub const CERTIFICATE_CHAIN_MAX: usize = 8;

/// Largest RSA modulus in bits; verification costs the square of it, and nobody uses more.
pub const RSA_BITS_MAX: u32 = 8192;

/// Largest DSA modulus in bits; FIPS 186-4 ends there.
pub const DSA_BITS_MAX: u32 = 3072;
