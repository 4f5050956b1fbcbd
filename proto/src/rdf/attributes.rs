//! The attributes of an element sorted by what they mean (RDF 1.1 XML Syntax sections 6.1.2 and 6.1.4).

use super::error::RdfError;
use super::names::{self, Place};
use crate::vocabulary::{RDF, XML};
use crate::xml::{Attribute, Element, Name};

/// The attributes of a node or property element.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    pub(super) about: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) node_id: Option<&'a str>,
    pub(super) resource: Option<&'a str>,
    pub(super) datatype: Option<&'a str>,
    pub(super) parse_type: Option<&'a str>,
    /// Property attributes with their IRIs, in document order.
    pub(super) properties: Vec<(String, &'a str)>,
}

impl<'a> Attributes<'a> {
    /// Sorts the attributes of `element`; whether they may stand together is the caller's question.
    pub(super) fn of(element: &'a Element<'a>) -> Result<Self, RdfError> {
        let mut sorted = Self::default();
        for attribute in element.attributes.iter().filter(|attribute| !is_reserved(&attribute.name)) {
            sorted.sort_in(element, attribute)?;
        }
        Ok(sorted)
    }

    fn sort_in(&mut self, element: &Element<'_>, attribute: &'a Attribute<'a>) -> Result<(), RdfError> {
        let Some(place) = self.place(&attribute.name) else {
            let iri = names::iri(&attribute.name, Place::PropertyAttribute)?;
            self.properties.push((iri, &*attribute.value));
            return Ok(());
        };
        match place.replace(&*attribute.value) {
            None => Ok(()),
            // `about` and `rdf:about` are two attributes for XML, and one for RDF.
            Some(_) => Err(forbidden(element, &attribute.name)),
        }
    }

    fn place(&mut self, name: &Name<'_>) -> Option<&mut Option<&'a str>> {
        // These few may do without a namespace; it is how documents of 1999 were written.
        let unqualified = name.namespace.is_empty();
        match &*name.local {
            _ if !unqualified && name.namespace != RDF => None,
            "about" => Some(&mut self.about),
            "ID" => Some(&mut self.id),
            "resource" => Some(&mut self.resource),
            "parseType" => Some(&mut self.parse_type),
            "nodeID" if !unqualified => Some(&mut self.node_id),
            "datatype" if !unqualified => Some(&mut self.datatype),
            _ => None,
        }
    }

    /// Refuses the attribute of the syntax that may not stand on `element`, by the list of those present.
    pub(super) fn refuse(element: &Element<'_>, present: &[(&str, bool)]) -> Result<(), RdfError> {
        match present.iter().find(|(_, is_present)| *is_present) {
            None => Ok(()),
            Some((name, _)) => {
                Err(RdfError::ForbiddenAttribute { element: (&element.name).into(), attribute: (*name).into() })
            }
        }
    }
}

fn forbidden(element: &Element<'_>, attribute: &Name<'_>) -> RdfError {
    RdfError::ForbiddenAttribute { element: (&element.name).into(), attribute: attribute.into() }
}

/// Whether XML keeps the name for itself; such attributes say nothing to RDF.
fn is_reserved(name: &Name<'_>) -> bool {
    let written = if name.prefix.is_empty() { &name.local } else { &name.prefix };
    name.namespace == XML || written.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"))
}
