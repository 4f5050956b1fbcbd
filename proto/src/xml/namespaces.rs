//! The namespace bindings in scope while a document is read, with the rules on what may be bound.

use std::borrow::Cow;

use crate::bounds;
use crate::vocabulary::{DCTERMS, RDF, SLREQ, SLTERMS, XML, XMLDSIG, XMLNS};

use super::error::excerpt;
use super::tree::{Name, NamespaceDeclaration};

/// The bindings of all open elements, the innermost last.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    /// At most [`bounds::XML_BINDINGS_MAX`]; each name is looked up in it.
    bindings: Vec<NamespaceDeclaration<'a>>,
    /// How many bindings there were before each open element.
    opened: Vec<usize>,
}

/// Why an element cannot be entered.
pub(super) enum Refused {
    TooMany,
    Unbindable(String),
}

impl<'a> Namespaces<'a> {
    /// Enters an element that makes these declarations.
    pub(super) fn enter(&mut self, declarations: &[NamespaceDeclaration<'a>]) -> Result<(), Refused> {
        let before = self.bindings.len();
        if before + declarations.len() > bounds::XML_BINDINGS_MAX {
            return Err(Refused::TooMany);
        }
        for declaration in declarations {
            let prefix = &declaration.prefix;
            self.check_known(prefix, &declaration.namespace)?;
            if self.bindings[before..].iter().any(|other| other.prefix == *prefix) {
                return Err(Refused::Unbindable(format!("the prefix {prefix:?} is declared twice")));
            }
            self.bindings.push(declaration.clone());
        }
        self.opened.push(before);
        Ok(())
    }

    /// Leaves the element that was entered last.
    pub(super) fn leave(&mut self) {
        self.bindings.truncate(self.opened.pop().unwrap_or_default());
    }

    /// The name of an element, to which the default namespace applies.
    pub(super) fn element_name(&self, prefix: &'a str, local: &'a str) -> Result<Name<'a>, String> {
        let namespace = if prefix.is_empty() { self.innermost("").unwrap_or_default() } else { self.bound(prefix)? };
        Ok(Name { prefix: prefix.into(), local: local.into(), namespace })
    }

    /// The namespace of an attribute with this prefix, to which the default namespace does not apply.
    pub(super) fn of_attribute(&self, prefix: &str) -> Result<Cow<'a, str>, String> {
        if prefix.is_empty() { Ok(Cow::default()) } else { self.bound(prefix) }
    }

    fn bound(&self, prefix: &str) -> Result<Cow<'a, str>, String> {
        match prefix {
            "xml" => Ok(Cow::Borrowed(XML)),
            "xmlns" => Err("the prefix \"xmlns\" is reserved".to_owned()),
            _ => self.innermost(prefix).ok_or_else(|| format!("the prefix {:?} is not bound", excerpt(prefix))),
        }
    }

    fn innermost(&self, prefix: &str) -> Option<Cow<'a, str>> {
        self.bindings.iter().rev().find(|binding| binding.prefix == prefix).map(|binding| binding.namespace.clone())
    }

    /// A binding that is made again was checked before.
    fn check_known(&self, prefix: &str, namespace: &str) -> Result<(), Refused> {
        let is_known = self.bindings.iter().any(|other| other.prefix == prefix && other.namespace == namespace);
        if is_known { Ok(()) } else { check(prefix, namespace).map_err(Refused::Unbindable) }
    }
}

/// What nearly every document binds; each is an absolute URI.
const USUAL: [&str; 5] = [DCTERMS, RDF, SLREQ, SLTERMS, XMLDSIG];

/// The constraints of Namespaces in XML 1.0 section 3; and that a namespace is an absolute URI of bounded length, for
/// canonical XML is not defined with relative ones (Canonical XML 1.0 section 1.3).
fn check(prefix: &str, namespace: &str) -> Result<(), String> {
    if (prefix == "xml") != (namespace == XML) || prefix == "xmlns" || namespace == XMLNS {
        return Err(format!("the prefix {prefix:?} may not be bound to {:?}", excerpt(namespace)));
    }
    if USUAL.contains(&namespace) {
        return Ok(());
    }
    if namespace.is_empty() {
        return if prefix.is_empty() { Ok(()) } else { Err(format!("the prefix {prefix:?} may not be undeclared")) };
    }
    if namespace.len() > bounds::XML_NAMESPACE_BYTES_MAX {
        return Err(format!("the namespace {:?}… is too long", excerpt(namespace)));
    }
    // libxml2 reads `&#38;` for it (2.9 to 2.12 do), so that the canonical forms would differ.
    if namespace.contains('&') {
        return Err(format!("the namespace {:?} has an ampersand", excerpt(namespace)));
    }
    // Only Namespaces in XML 1.1 allows IRIs.
    match oxiri::Iri::parse(namespace) {
        Ok(uri) if namespace.is_ascii() && uri.authority().is_none_or(has_usual_port) => Ok(()),
        Ok(_) if namespace.is_ascii() => Err(format!("the namespace {:?} has an odd port", excerpt(namespace))),
        _ => Err(format!("the namespace {:?} is not an absolute URI", excerpt(namespace))),
    }
}

/// RFC 3986 section 3.2.3 admits any number of digits, and none; libxml2 does not, and canonicalises no such document.
fn has_usual_port(authority: &str) -> bool {
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.contains([']', '@']) => (1..=5).contains(&port.len()),
        _ => true,
    }
}
