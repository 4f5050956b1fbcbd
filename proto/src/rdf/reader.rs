//! The grammar of RDF/XML (RDF 1.1 XML Syntax section 7.2), one function a production.
//!
//! Recursion is bounded by the depth of the tree. A triple is emitted before those of the node that it leads to.

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::Attributes;
use super::content::{self, Content};
use super::error::RdfError;
use super::names::{self, Place};
use super::scope::Scope;
use super::{BlankNode, Subject, Term, Triple, literal};
use crate::bounds::RDF_TERMS_BYTES_MAX;
use crate::vocabulary::RDF;
use crate::xml::{Element, Tree};

/// Production 7.2.8, `doc`: `rdf:RDF`, or a single node.
pub(super) fn read(tree: &Tree<'_>, base: &str) -> Result<Vec<Triple>, RdfError> {
    let scope = Scope::of_document(base)?;
    let mut reader = Reader::default();
    if tree.root.name.is(RDF, "RDF") {
        reader.rdf(&tree.root, &scope)?;
    } else {
        let node = reader.open(&tree.root, &scope)?;
        reader.describe(&node)?;
    }
    Ok(reader.triples)
}

/// What has been read so far.
#[derive(Debug, Default)]
struct Reader {
    triples: Vec<Triple>,
    blank_nodes: u32,
    named_nodes: BTreeMap<String, BlankNode>,
    /// The IRIs made by `rdf:ID`; each is made once.
    ids: BTreeSet<String>,
    bytes: usize,
}

/// A node element whose subject is known, and whose triples are not yet emitted.
struct OpenNode<'a> {
    element: &'a Element<'a>,
    scope: Scope,
    attributes: Attributes<'a>,
    subject: Subject,
}

/// A property element on its way to a triple.
struct Property<'a> {
    element: &'a Element<'a>,
    scope: Scope,
    attributes: Attributes<'a>,
    subject: &'a Subject,
    predicate: String,
}

impl Reader {
    /// Production 7.2.9, `RDF`.
    fn rdf(&mut self, element: &Element<'_>, scope: &Scope) -> Result<(), RdfError> {
        let attributes = Attributes::of(element)?;
        let a = &attributes;
        let syntax = [("rdf:datatype", a.datatype.is_some()), ("rdf:parseType", a.parse_type.is_some())];
        Attributes::refuse(element, &syntax)?;
        Attributes::refuse(element, &[("rdf:resource", a.resource.is_some()), ("rdf:ID", a.id.is_some())])?;
        Attributes::refuse(element, &[("rdf:about", a.about.is_some()), ("rdf:nodeID", a.node_id.is_some())])?;
        refuse_properties(element, a)?;
        let scope = scope.inside(element)?;
        for child in content::only_elements(element)? {
            let node = self.open(child, &scope)?;
            self.describe(&node)?;
        }
        Ok(())
    }

    /// Production 7.2.11, `nodeElement`, as far as its subject.
    fn open<'a>(&mut self, element: &'a Element<'a>, scope: &Scope) -> Result<OpenNode<'a>, RdfError> {
        let scope = scope.inside(element)?;
        let attributes = Attributes::of(element)?;
        let a = &attributes;
        let syntax = [("rdf:datatype", a.datatype.is_some()), ("rdf:parseType", a.parse_type.is_some())];
        Attributes::refuse(element, &syntax)?;
        Attributes::refuse(element, &[("rdf:resource", a.resource.is_some())])?;
        let subject = match (a.id, a.node_id, a.about) {
            (None, None, None) => Subject::Blank(self.new_blank()),
            (Some(id), None, None) => Subject::Iri(self.unique_id(id, &scope)?),
            (None, Some(name), None) => Subject::Blank(self.named_blank(name)?),
            (None, None, Some(about)) => Subject::Iri(self.resolve(about, &scope)?),
            (_, Some(_), _) => return Err(not_admitted(element, "rdf:nodeID")),
            (_, _, _) => return Err(not_admitted(element, "rdf:ID")),
        };
        Ok(OpenNode { element, scope, attributes, subject })
    }

    /// Production 7.2.11, `nodeElement`: its type, its property attributes, its property elements.
    fn describe(&mut self, node: &OpenNode<'_>) -> Result<(), RdfError> {
        let class = names::iri(&node.element.name, Place::NodeElement)?;
        if !node.element.name.is(RDF, "Description") {
            self.emit(node.subject.clone(), rdf("type"), Term::Iri(class))?;
        }
        self.property_attributes(&node.subject, &node.attributes, &node.scope)?;
        self.property_elements(node.element, &node.subject, &node.scope)
    }

    /// Production 7.2.25, `propertyAttr`.
    fn property_attributes(&mut self, on: &Subject, from: &Attributes<'_>, scope: &Scope) -> Result<(), RdfError> {
        for (predicate, value) in &from.properties {
            let object = match predicate.strip_prefix(RDF) {
                Some("type") => Term::Iri(self.resolve(value, scope)?),
                _ => text((*value).to_owned(), scope),
            };
            self.emit(on.clone(), predicate.clone(), object)?;
        }
        Ok(())
    }

    /// Production 7.2.13, `propertyEltList`.
    fn property_elements(&mut self, parent: &Element<'_>, subject: &Subject, scope: &Scope) -> Result<(), RdfError> {
        let mut members = 0_u32;
        for element in content::only_elements(parent)? {
            let mut predicate = names::iri(&element.name, Place::PropertyElement)?;
            if element.name.is(RDF, "li") {
                members += 1;
                predicate = rdf(&format!("_{members}"));
            }
            let (scope, attributes) = (scope.inside(element)?, Attributes::of(element)?);
            self.property(Property { element, scope, attributes, subject, predicate })?;
        }
        Ok(())
    }

    /// Production 7.2.14, `propertyElt`.
    fn property(&mut self, property: Property<'_>) -> Result<(), RdfError> {
        let a = &property.attributes;
        Attributes::refuse(property.element, &[("rdf:about", a.about.is_some())])?;
        if let Some(parse_type) = a.parse_type {
            let others = [("rdf:resource", a.resource.is_some()), ("rdf:nodeID", a.node_id.is_some())];
            Attributes::refuse(property.element, &others)?;
            Attributes::refuse(property.element, &[("rdf:datatype", a.datatype.is_some())])?;
            refuse_properties(property.element, a)?;
            return match parse_type {
                "Resource" => self.resource(&property),
                "Collection" => self.collection(&property),
                _ => self.xml_literal(&property),
            };
        }
        match content::of_property(property.element)? {
            Content::Empty => self.empty_property(&property),
            Content::Text(text) => self.literal_property(&property, text),
            Content::Node(node) => self.resource_property(&property, node),
        }
    }

    /// Production 7.2.15, `resourcePropertyElt`.
    fn resource_property(&mut self, property: &Property<'_>, node: &Element<'_>) -> Result<(), RdfError> {
        refuse_references(property.element, &property.attributes)?;
        Attributes::refuse(property.element, &[("rdf:datatype", property.attributes.datatype.is_some())])?;
        let node = self.open(node, &property.scope)?;
        self.state(property, node.subject.clone().into())?;
        self.describe(&node)
    }

    /// Production 7.2.16, `literalPropertyElt`.
    fn literal_property(&mut self, property: &Property<'_>, value: String) -> Result<(), RdfError> {
        refuse_references(property.element, &property.attributes)?;
        let object = self.literal(value, property)?;
        self.state(property, object)
    }

    /// Productions 7.2.17 and 7.2.20, `parseTypeLiteralPropertyElt` and `parseTypeOtherPropertyElt`.
    fn xml_literal(&mut self, property: &Property<'_>) -> Result<(), RdfError> {
        self.charge(literal::length_max(property.element))?;
        let value = literal::canonical(property.element);
        self.state(property, Term::Literal { value, language: None, datatype: Some(rdf("XMLLiteral")) })
    }

    /// Production 7.2.18, `parseTypeResourcePropertyElt`.
    fn resource(&mut self, property: &Property<'_>) -> Result<(), RdfError> {
        let node = Subject::Blank(self.new_blank());
        self.state(property, node.clone().into())?;
        self.property_elements(property.element, &node, &property.scope)
    }

    /// Production 7.2.19, `parseTypeCollectionPropertyElt`.
    fn collection(&mut self, property: &Property<'_>) -> Result<(), RdfError> {
        let mut last: Option<BlankNode> = None;
        for element in content::only_elements(property.element)? {
            let cell = self.new_blank();
            match last.replace(cell) {
                None => self.state(property, Term::Blank(cell))?,
                Some(previous) => self.emit(Subject::Blank(previous), rdf("rest"), Term::Blank(cell))?,
            }
            let node = self.open(element, &property.scope)?;
            self.emit(Subject::Blank(cell), rdf("first"), node.subject.clone().into())?;
            self.describe(&node)?;
        }
        match last {
            None => self.state(property, Term::Iri(rdf("nil"))),
            Some(cell) => self.emit(Subject::Blank(cell), rdf("rest"), Term::Iri(rdf("nil"))),
        }
    }

    /// Production 7.2.21, `emptyPropertyElt`.
    fn empty_property(&mut self, property: &Property<'_>) -> Result<(), RdfError> {
        let (a, element) = (&property.attributes, property.element);
        let node = match (a.resource, a.node_id, a.datatype) {
            (None, None, _) if a.properties.is_empty() => return self.literal_property(property, String::new()),
            (None, None, None) => Subject::Blank(self.new_blank()),
            (Some(reference), None, None) => Subject::Iri(self.resolve(reference, &property.scope)?),
            (None, Some(name), None) => Subject::Blank(self.named_blank(name)?),
            (_, _, Some(_)) => return Err(not_admitted(element, "rdf:datatype")),
            (Some(_), Some(_), None) => return Err(not_admitted(element, "rdf:nodeID")),
        };
        self.state(property, node.clone().into())?;
        self.property_attributes(&node, a, &property.scope)
    }

    /// Emits the triple of `property`, and its reification where it has an `rdf:ID` (section 7.3).
    fn state(&mut self, property: &Property<'_>, object: Term) -> Result<(), RdfError> {
        let (subject, predicate) = (property.subject.clone(), property.predicate.clone());
        let Some(id) = property.attributes.id else { return self.emit(subject, predicate, object) };
        let statement = Subject::Iri(self.unique_id(id, &property.scope)?);
        self.emit(subject.clone(), predicate.clone(), object.clone())?;
        self.emit(statement.clone(), rdf("type"), Term::Iri(rdf("Statement")))?;
        self.emit(statement.clone(), rdf("subject"), subject.into())?;
        self.emit(statement.clone(), rdf("predicate"), Term::Iri(predicate))?;
        self.emit(statement, rdf("object"), object)
    }

    fn literal(&mut self, value: String, property: &Property<'_>) -> Result<Term, RdfError> {
        match property.attributes.datatype {
            None => Ok(text(value, &property.scope)),
            Some(reference) => {
                let datatype = Some(self.resolve(reference, &property.scope)?);
                Ok(Term::Literal { value, language: None, datatype })
            }
        }
    }

    fn resolve(&mut self, reference: &str, scope: &Scope) -> Result<String, RdfError> {
        self.charge(scope.base_length() + reference.len())?;
        scope.resolve(reference)
    }

    fn unique_id(&mut self, id: &str, scope: &Scope) -> Result<String, RdfError> {
        if !names::is_ncname(id) {
            return Err(RdfError::NotAName(id.into()));
        }
        let iri = self.resolve(&format!("#{id}"), scope)?;
        if self.ids.insert(iri.clone()) { Ok(iri) } else { Err(RdfError::DuplicateId(id.into())) }
    }

    fn new_blank(&mut self) -> BlankNode {
        let node = BlankNode(self.blank_nodes);
        self.blank_nodes += 1;
        node
    }

    fn named_blank(&mut self, name: &str) -> Result<BlankNode, RdfError> {
        if !names::is_ncname(name) {
            return Err(RdfError::NotAName(name.into()));
        }
        if let Some(known) = self.named_nodes.get(name) {
            return Ok(*known);
        }
        let node = self.new_blank();
        self.named_nodes.insert(name.to_owned(), node);
        Ok(node)
    }

    fn emit(&mut self, subject: Subject, predicate: String, object: Term) -> Result<(), RdfError> {
        let of_subject = if let Subject::Iri(iri) = &subject { iri.len() } else { 0 };
        let of_object = match &object {
            Term::Iri(iri) => iri.len(),
            Term::Blank(_) => 0,
            Term::Literal { value, .. } => value.len(),
        };
        self.charge(of_subject + predicate.len() + of_object)?;
        self.triples.push(Triple { subject, predicate, object });
        Ok(())
    }

    /// Counts `bytes` made; namespaces, bases and subjects stand once in a document and once more in each triple.
    fn charge(&mut self, bytes: usize) -> Result<(), RdfError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > RDF_TERMS_BYTES_MAX { Err(RdfError::TooLong) } else { Ok(()) }
    }
}

fn rdf(local: &str) -> String {
    format!("{RDF}{local}")
}

fn text(value: String, scope: &Scope) -> Term {
    Term::Literal { value, language: scope.language().map(str::to_owned), datatype: None }
}

fn not_admitted(element: &Element<'_>, attribute: &str) -> RdfError {
    RdfError::ForbiddenAttribute { element: (&element.name).into(), attribute: attribute.into() }
}

fn refuse_references(element: &Element<'_>, attributes: &Attributes<'_>) -> Result<(), RdfError> {
    let references = [("rdf:resource", attributes.resource.is_some()), ("rdf:nodeID", attributes.node_id.is_some())];
    Attributes::refuse(element, &references)?;
    refuse_properties(element, attributes)
}

fn refuse_properties(element: &Element<'_>, attributes: &Attributes<'_>) -> Result<(), RdfError> {
    match attributes.properties.first() {
        None => Ok(()),
        Some((iri, _)) => Err(not_admitted(element, iri)),
    }
}
