//! The store of quads: entries are put into it and moved within it, with the ledger's position in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use oxigraph::model::{Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Quad, Term, TermRef};
use oxigraph::sparql::{QueryEvaluationError, QueryResults, SparqlEvaluator};
use oxigraph::store::{Store, Transaction};
use proto::entry::EntryId;

use super::Location;
use super::apply::{self, Unwritable};
use super::entry::{GraphEntry, GraphPlacement};
use super::error::GraphError;
use super::snapshot::{Changes, Snapshot};
use crate::bounds::GRAPH_MARKS_MAX;

/// Carries the position of the ledger that the graph has reached.
pub(super) const REGISTRY: NamedNodeRef<'static> = NamedNodeRef::new_unchecked("http://mp.stratuslab.eu/registry");

/// The store; clones share it, and one of them writes.
#[derive(Clone)]
pub(super) struct GraphStore(Store, Changes);

impl GraphStore {
    pub(super) fn open(location: &Location) -> Result<Self, GraphError> {
        Ok(match location {
            Location::Disk(folder) => Self(Store::open(folder)?, Changes::default()),
            Location::Memory => Self(Store::new()?, Changes::counted()),
        })
    }

    #[cfg(test)]
    pub(super) const fn inner(&self) -> &Store {
        &self.0
    }

    /// What a query reads.
    pub(super) fn snapshot(&self) -> Result<Snapshot<'_>, GraphError> {
        Snapshot::take(&self.0, &self.1)
    }

    /// What a query reads that was overtaken by changes again and again.
    pub(super) fn any_snapshot(&self) -> Result<Snapshot<'_>, GraphError> {
        Snapshot::take_any(&self.0, &self.1)
    }

    /// Evaluates a query over one state of the store, which no writer waits for.
    pub(super) fn evaluate(
        &self,
        evaluator: SparqlEvaluator,
        query: spargebra::Query,
    ) -> Result<QueryResults<'static>, QueryEvaluationError> {
        evaluator.for_query(query).on_store(&self.0).execute()
    }

    /// How far the ledger was followed.
    pub(super) fn marks(&self) -> Result<Marks, GraphError> {
        let property = apply::ledger_term("position");
        let graph = apply::provenance_graph().into();
        let quads = self.0.quads_for_pattern(Some(REGISTRY.into()), Some(property.as_ref()), None, Some(graph));
        let mut marks = Marks::default();
        for quad in quads {
            if let Term::Literal(literal) = quad?.object {
                marks.0.extend(literal.value().parse::<u64>());
            }
        }
        Ok(marks)
    }

    /// Puts an entry where it belongs, or removes it where it is none, and sets the position to `after` with it.
    pub(super) fn put(
        &self,
        id: EntryId,
        entry: Option<&GraphEntry>,
        marks: &mut Marks,
        after: u64,
    ) -> Result<(), GraphError> {
        self.1.make(|| {
            let mut transaction = self.0.start_transaction()?;
            put_or_remove(&mut transaction, id, entry)?;
            marks.replace(transaction, after)
        })
    }

    /// Puts many entries, or removes those that are none, and sets the position to `after`.
    ///
    /// What is loaded in bulk is loaded with the position where nothing else is to be done; where there is, an end in
    /// between leaves entries that the next start finds and puts again.
    pub(super) fn put_all(
        &self,
        entries: BTreeMap<EntryId, Option<GraphEntry>>,
        marks: &mut Marks,
        after: u64,
    ) -> Result<(), GraphError> {
        self.1.make(|| self.load(entries, marks, after))
    }

    fn load(
        &self,
        entries: BTreeMap<EntryId, Option<GraphEntry>>,
        marks: &mut Marks,
        after: u64,
    ) -> Result<(), GraphError> {
        let (new, others) = self.divide(entries)?;
        let is_loaded_alone = others.is_empty() && marks.has_room();
        if is_loaded_alone {
            // A loss of power takes unsynced transactions and leaves loads: the position must not outlive what it covers.
            self.0.flush()?;
        }
        let position = is_loaded_alone.then(|| position_quad(after));
        let mut loader = self.0.bulk_loader();
        // Each entry goes as soon as its quads are there.
        loader.load_quads(new.into_iter().flat_map(|entry| new_quads(&entry)).chain(position))?;
        loader.commit()?;
        if is_loaded_alone {
            marks.0.insert(after);
            return Ok(());
        }
        let mut transaction = self.0.start_transaction()?;
        for (id, entry) in others {
            put_or_remove(&mut transaction, id, entry.as_ref())?;
        }
        marks.replace(transaction, after)
    }

    /// Those that are not in the store in any state, which alone can be loaded without looking, and the others.
    fn divide(&self, entries: BTreeMap<EntryId, Option<GraphEntry>>) -> Result<Divided, GraphError> {
        let (mut new, mut others) = (Vec::with_capacity(entries.len()), Vec::new());
        for (id, entry) in entries {
            match entry {
                Some(entry) if !self.shows(id)? => new.push(entry),
                entry => others.push((id, entry)),
            }
        }
        Ok((new, others))
    }

    fn shows(&self, entry: EntryId) -> Result<bool, GraphError> {
        let subject = apply::subject(entry);
        let graph = apply::provenance_graph().into();
        let mut quads = self.0.quads_for_pattern(Some(subject.as_ref().into()), None, None, Some(graph));
        Ok(quads.next().transpose()?.is_some())
    }

    /// Leaves the position alone of those that bulk loads left.
    pub(super) fn tidy(&self, marks: &mut Marks) -> Result<(), GraphError> {
        let position = marks.position();
        self.1.make(|| marks.replace(self.0.start_transaction()?, position))
    }

    pub(super) fn clear(&self) -> Result<Marks, GraphError> {
        self.1.make(|| self.0.clear())?;
        Ok(Marks::default())
    }

    /// Commits are not synced to disk one by one; this does it for all.
    pub(super) fn flush(&self) -> Result<(), GraphError> {
        Ok(self.0.flush()?)
    }
}

type Divided = (Vec<GraphEntry>, Vec<(EntryId, Option<GraphEntry>)>);

/// The positions that stand in the store, of which the greatest counts.
///
/// A bulk load cannot remove the one before; a transaction removes all.
#[derive(Debug, Default)]
pub(super) struct Marks(BTreeSet<u64>);

impl Marks {
    /// The last change that was put in; 0 where there is none.
    pub(super) fn position(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    /// Whether only the position itself stands in the store.
    pub(super) fn is_tidy(&self) -> bool {
        self.0.len() <= 1
    }

    fn has_room(&self) -> bool {
        self.0.len() < GRAPH_MARKS_MAX
    }

    /// Commits with `after` in the place of all.
    fn replace(&mut self, mut transaction: Transaction<'_>, after: u64) -> Result<(), GraphError> {
        self.0.iter().for_each(|before| transaction.remove(&position_quad(*before)));
        transaction.insert(&position_quad(after));
        transaction.commit()?;
        self.0 = BTreeSet::from([after]);
        Ok(())
    }
}

fn put_or_remove(transaction: &mut Transaction<'_>, id: EntryId, entry: Option<&GraphEntry>) -> Result<(), GraphError> {
    match entry {
        Some(entry) => put_entry(transaction, entry),
        None => remove_entry(transaction, id),
    }
}

fn new_quads(entry: &GraphEntry) -> Vec<Quad> {
    match entry.document_quads(entry.placement) {
        Ok(mut quads) => {
            quads.extend(entry.provenance_quads());
            quads
        }
        Err(unwritable) => leave_out(entry, &unwritable),
    }
}

/// One entry that cannot be shown never stops the others.
fn leave_out(entry: &GraphEntry, unwritable: &Unwritable) -> Vec<Quad> {
    tracing::error!(entry = %entry.id, reason = %unwritable, "an entry is left out of the graph");
    Vec::new()
}

fn put_entry(transaction: &mut Transaction<'_>, entry: &GraphEntry) -> Result<(), GraphError> {
    let known = known_of(transaction, &apply::subject(entry.id))?;
    let before = GraphPlacement::ALL.into_iter().find(|placement| {
        let state = Literal::new_simple_literal(placement.as_str());
        known.iter().any(|quad| quad.predicate == apply::ledger_term("state") && quad.object == state.clone().into())
    });
    if before != Some(entry.placement) {
        match entry.document_quads(entry.placement) {
            Ok(quads) => transaction.extend(&quads),
            Err(unwritable) => {
                leave_out(entry, &unwritable);
                return Ok(());
            }
        }
        let moved = before.map_or_else(|| Ok(Vec::new()), |before| entry.document_quads(before));
        moved.unwrap_or_default().iter().for_each(|quad| transaction.remove(quad));
    }
    known.iter().for_each(|quad| transaction.remove(quad));
    transaction.extend(&entry.provenance_quads());
    Ok(())
}

/// All that a document says hangs on the entry's own subject, by blank nodes that are its own too.
fn remove_entry(transaction: &mut Transaction<'_>, entry: EntryId) -> Result<(), GraphError> {
    let entry = apply::subject(entry);
    let mut subjects = vec![NamedOrBlankNode::from(entry.clone())];
    known_of(transaction, &entry)?.iter().for_each(|quad| transaction.remove(quad));
    while let Some(subject) = subjects.pop() {
        let found = transaction.quads_for_pattern(Some(subject.as_ref()), None, None, None);
        for quad in found.collect::<Result<Vec<_>, _>>()? {
            if let Term::BlankNode(node) = &quad.object {
                subjects.push(node.clone().into());
            }
            // It goes at once, so that nodes in a circle are passed once.
            transaction.remove(&quad);
        }
    }
    Ok(())
}

/// What the provenance graph says of an entry and its admissions.
fn known_of(transaction: &Transaction<'_>, entry: &NamedNode) -> Result<Vec<Quad>, GraphError> {
    let graph = apply::provenance_graph();
    let of = |subject: NamedNodeRef<'_>| {
        let quads = transaction.quads_for_pattern(Some(subject.into()), None, None, Some(graph.into()));
        quads.collect::<Result<Vec<_>, _>>()
    };
    let mut known = of(entry.as_ref())?;
    let admissions: Vec<NamedNode> = known.iter().filter_map(|quad| named(quad.object.as_ref())).collect();
    for admission in admissions {
        known.extend(of(admission.as_ref())?);
    }
    Ok(known)
}

fn named(term: TermRef<'_>) -> Option<NamedNode> {
    match term {
        TermRef::NamedNode(node) => Some(node.into_owned()),
        _ => None,
    }
}

fn position_quad(position: u64) -> Quad {
    let position = Literal::new_typed_literal(position.to_string(), oxigraph::model::vocab::xsd::INTEGER);
    Quad::new(REGISTRY, apply::ledger_term("position"), position, apply::provenance_graph())
}
