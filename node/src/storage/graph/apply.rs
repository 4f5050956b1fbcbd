//! An entry as quads: its document's triples in one graph, what the ledger knows of it in another.

use oxigraph::model::vocab::xsd;
use oxigraph::model::{
    BlankNode, GraphName, GraphNameRef, Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Quad, Term,
};
use proto::entry::EntryId;
use proto::rdf;
use proto::vocabulary;
use web::registry::Scope;

use super::entry::{GraphEntry, GraphPlacement};

/// A value of an entry has no place in the graph; the document's rules leave none such through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} cannot be written in the graph")]
pub(super) struct Unwritable {
    what: &'static str,
    value: String,
}

/// The subject of an entry.
pub(super) fn subject(entry: EntryId) -> NamedNode {
    NamedNode::new_unchecked(format!("{}{entry}", vocabulary::ENTRIES))
}

pub(super) fn provenance_graph() -> NamedNodeRef<'static> {
    NamedNodeRef::new_unchecked(vocabulary::GRAPH_PROVENANCE)
}

/// A name of this registry's own vocabulary.
pub(super) fn ledger_term(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{}{name}", vocabulary::LEDGER))
}

impl GraphPlacement {
    pub(super) const fn graph(self) -> GraphNameRef<'static> {
        match self {
            Self::Current => GraphNameRef::DefaultGraph,
            Self::Superseded => GraphNameRef::NamedNode(NamedNodeRef::new_unchecked(vocabulary::GRAPH_HISTORY)),
            Self::Contested => GraphNameRef::NamedNode(NamedNodeRef::new_unchecked(vocabulary::GRAPH_CONTESTED)),
        }
    }
}

impl GraphEntry {
    /// Its document's triples in the graph of `placement`.
    pub(super) fn document_quads(&self, placement: GraphPlacement) -> Result<Vec<Quad>, Unwritable> {
        let graph = placement.graph().into_owned();
        let names = Names { image: &self.image_iri, entry: subject(self.id), id: self.id.to_string() };
        self.triples.iter().map(|triple| names.quad(triple, graph.clone())).collect()
    }

    /// What the ledger knows of it.
    pub(super) fn provenance_quads(&self) -> Vec<Quad> {
        let entry = subject(self.id);
        let mut quads = vec![
            provenance(&entry, "sha256", Literal::new_simple_literal(self.document.to_string())),
            provenance(&entry, "standing", Literal::new_simple_literal(self.standing.as_str())),
            provenance(&entry, "state", Literal::new_simple_literal(self.placement.as_str())),
        ];
        if self.scope == Scope::Local {
            quads.push(provenance(&entry, "scope", Literal::new_simple_literal("local")));
        }
        for admission in &self.provenance {
            let node = NamedNode::new_unchecked(format!("{}#{}", entry.as_str(), admission.origin));
            let admitted = Literal::new_typed_literal(admission.admitted.to_string(), xsd::DATE_TIME);
            quads.push(provenance(&entry, "admission", node.clone()));
            quads.push(provenance(&node, "origin", Literal::new_simple_literal(admission.origin.to_string())));
            quads.push(provenance(&node, "admitted", admitted));
        }
        quads
    }
}

/// What stands in an entry's quads for the names of its document; written once, for each is needed many times.
struct Names<'a> {
    image: &'a str,
    entry: NamedNode,
    id: String,
}

impl Names<'_> {
    fn quad(&self, triple: &rdf::Triple, graph: GraphName) -> Result<Quad, Unwritable> {
        let subject = match &triple.subject {
            rdf::Subject::Iri(iri) => NamedOrBlankNode::from(self.named(iri)?),
            rdf::Subject::Blank(node) => self.blank(*node).into(),
        };
        let object = match &triple.object {
            rdf::Term::Iri(iri) => Term::from(self.named(iri)?),
            rdf::Term::Blank(node) => self.blank(*node).into(),
            rdf::Term::Literal { value, language, datatype } => {
                literal(value, language.as_deref(), datatype.as_deref())?.into()
            }
        };
        Ok(Quad::new(subject, named(&triple.predicate)?, object, graph))
    }

    /// The entry's own subject takes the image's place, so that a join never mixes two entries.
    fn named(&self, iri: &str) -> Result<NamedNode, Unwritable> {
        if iri == self.image { Ok(self.entry.clone()) } else { named(iri) }
    }

    fn blank(&self, node: rdf::BlankNode) -> BlankNode {
        BlankNode::new_unchecked(format!("e{}n{}", self.id, node.index()))
    }
}

fn provenance(subject: &NamedNode, property: &str, object: impl Into<Term>) -> Quad {
    Quad::new(subject.clone(), ledger_term(property), object, provenance_graph())
}

fn named(iri: &str) -> Result<NamedNode, Unwritable> {
    NamedNode::new(iri).map_err(|_| Unwritable::new("the IRI", iri))
}

fn literal(value: &str, language: Option<&str>, datatype: Option<&str>) -> Result<Literal, Unwritable> {
    match (language, datatype) {
        (Some(language), _) => {
            Literal::new_language_tagged_literal(value, language).map_err(|_| Unwritable::new("the language", language))
        }
        (None, Some(datatype)) => Ok(Literal::new_typed_literal(value, named(datatype)?)),
        (None, None) => Ok(Literal::new_simple_literal(value)),
    }
}

impl Unwritable {
    fn new(what: &'static str, value: &str) -> Self {
        Self { what, value: value.chars().take(200).collect() }
    }
}
