//! The namespace bindings in scope while a document is read, with the rules on what may be bound.

use std::collections::BTreeMap;

use crate::bounds;
use crate::vocabulary::{XML, XMLNS};

use super::error::excerpt;
use super::tree::{Name, NamespaceDeclaration};

/// Bindings by prefix, the innermost last; a map and not a list, for a hostile document can hold thousands.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    bindings: BTreeMap<&'a str, Vec<String>>,
    /// The prefixes that each open element declared.
    opened: Vec<Vec<&'a str>>,
}

impl<'a> Namespaces<'a> {
    /// Enters an element that makes these declarations, as (prefix, namespace).
    pub(super) fn enter(&mut self, declared: Vec<(&'a str, String)>) -> Result<Vec<NamespaceDeclaration>, String> {
        let mut declarations = Vec::with_capacity(declared.len());
        let mut prefixes = Vec::with_capacity(declared.len());
        for (prefix, namespace) in declared {
            check(prefix, &namespace)?;
            if prefixes.contains(&prefix) {
                return Err(format!("the prefix {prefix:?} is declared twice"));
            }
            prefixes.push(prefix);
            declarations.push(NamespaceDeclaration { prefix: prefix.to_owned(), namespace: namespace.clone() });
            self.bindings.entry(prefix).or_default().push(namespace);
        }
        self.opened.push(prefixes);
        Ok(declarations)
    }

    /// Leaves the element that was entered last.
    pub(super) fn leave(&mut self) {
        for prefix in self.opened.pop().unwrap_or_default() {
            if let Some(stack) = self.bindings.get_mut(prefix) {
                stack.pop();
            }
        }
    }

    /// The name of an element, to which the default namespace applies.
    pub(super) fn element_name(&self, prefix: &str, local: &str) -> Result<Name, String> {
        let namespace = if prefix.is_empty() { self.innermost("").unwrap_or_default() } else { self.bound(prefix)? };
        Ok(Name { prefix: prefix.to_owned(), local: local.to_owned(), namespace: namespace.to_owned() })
    }

    /// The name of an attribute, to which the default namespace does not apply.
    pub(super) fn attribute_name(&self, prefix: &str, local: &str) -> Result<Name, String> {
        let namespace = if prefix.is_empty() { "" } else { self.bound(prefix)? };
        Ok(Name { prefix: prefix.to_owned(), local: local.to_owned(), namespace: namespace.to_owned() })
    }

    fn bound(&self, prefix: &str) -> Result<&str, String> {
        match prefix {
            "xml" => Ok(XML),
            "xmlns" => Err("the prefix \"xmlns\" is reserved".to_owned()),
            _ => self.innermost(prefix).ok_or_else(|| format!("the prefix {:?} is not bound", excerpt(prefix))),
        }
    }

    fn innermost(&self, prefix: &str) -> Option<&str> {
        self.bindings.get(prefix)?.last().map(String::as_str)
    }
}

/// The constraints of Namespaces in XML 1.0 section 3; and that a namespace is an absolute URI of bounded length, for
/// canonical XML is not defined with relative ones (Canonical XML 1.0 section 1.3).
fn check(prefix: &str, namespace: &str) -> Result<(), String> {
    if (prefix == "xml") != (namespace == XML) || prefix == "xmlns" || namespace == XMLNS {
        return Err(format!("the prefix {prefix:?} may not be bound to {:?}", excerpt(namespace)));
    }
    if namespace.is_empty() {
        return if prefix.is_empty() { Ok(()) } else { Err(format!("the prefix {prefix:?} may not be undeclared")) };
    }
    if namespace.len() > bounds::XML_NAMESPACE_BYTES_MAX {
        return Err(format!("the namespace {:?}… is too long", excerpt(namespace)));
    }
    // Only Namespaces in XML 1.1 allows IRIs.
    if namespace.is_ascii() && oxiri::Iri::parse(namespace).is_ok() {
        Ok(())
    } else {
        Err(format!("the namespace {:?} is not an absolute URI", excerpt(namespace)))
    }
}
