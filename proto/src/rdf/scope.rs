//! What an element inherits: the base of relative IRIs and the language.

use std::rc::Rc;

use oxiri::Iri;

use super::error::RdfError;
use super::names;
use crate::vocabulary::XML;
use crate::xml::Element;

/// The base and the language in force inside an element.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    base: Rc<Iri<String>>,
    language: Option<Rc<str>>,
}

impl Scope {
    /// The scope of a document that was found at `base`.
    pub(super) fn of_document(base: &str) -> Result<Self, RdfError> {
        let base = Iri::parse(base.to_owned()).map_err(|_| RdfError::NotAnIri(base.into()))?;
        Ok(Self { base: Rc::new(base), language: None })
    }

    /// The scope inside `element`, which may set another base and language.
    pub(super) fn inside(&self, element: &Element<'_>) -> Result<Self, RdfError> {
        let mut scope = self.clone();
        if let Some(base) = element.attribute(XML, "base") {
            let resolved = self.base.resolve(base).map_err(|_| RdfError::NotAnIri(base.into()))?;
            scope.base = Rc::new(resolved);
        }
        match element.attribute(XML, "lang") {
            None => {}
            Some("") => scope.language = None,
            Some(language) if names::is_language(language) => scope.language = Some(language.into()),
            Some(other) => return Err(RdfError::NotALanguage(other.into())),
        }
        Ok(scope)
    }

    /// `reference` made absolute.
    pub(super) fn resolve(&self, reference: &str) -> Result<String, RdfError> {
        let resolved = self.base.resolve(reference).map_err(|_| RdfError::NotAnIri(reference.into()))?;
        Ok(resolved.into_inner())
    }

    /// Bytes of the base, the cost of a resolution.
    pub(super) fn base_length(&self) -> usize {
        self.base.as_str().len()
    }

    /// The language of literals.
    pub(super) fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }
}
