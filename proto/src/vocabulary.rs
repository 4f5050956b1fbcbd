//! The names of the original's vocabulary (docs/original.md 4).

/// The base of every document and the namespace root of the registry.
pub const BASE: &str = "http://mp.stratuslab.eu/";
/// RDF syntax.
pub const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// Dublin Core terms.
pub const DCTERMS: &str = "http://purl.org/dc/terms/";
/// The original's required elements.
pub const SLREQ: &str = "http://mp.stratuslab.eu/slreq#";
/// The original's optional elements.
pub const SLTERMS: &str = "http://mp.stratuslab.eu/slterms#";
/// XML Signature.
pub const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The reserved `xml` prefix.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The reserved `xmlns` prefix.
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
/// XML Schema datatypes.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
/// What this registry says about an entry in the provenance graph.
pub const LEDGER: &str = "http://mp.stratuslab.eu/ledger#";

/// Named graph of superseded entries.
pub const GRAPH_HISTORY: &str = "http://mp.stratuslab.eu/history";
/// Named graph of contested entries.
pub const GRAPH_CONTESTED: &str = "http://mp.stratuslab.eu/contested";
/// Named graph of what the registry knows about each entry.
pub const GRAPH_PROVENANCE: &str = "http://mp.stratuslab.eu/provenance";
/// Subjects of entries: this and the entry's identity.
pub const ENTRIES: &str = "http://mp.stratuslab.eu/entries/";
