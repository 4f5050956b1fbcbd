//! The store of quads: entries are put into it and moved within it, with the ledger's position in one transaction.

use std::collections::BTreeMap;

use oxigraph::model::{Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Quad, Term, TermRef};
use oxigraph::store::{Store, Transaction};
use proto::entry::EntryId;

use super::Location;
use super::apply::{self, Unwritable};
use super::entry::{GraphEntry, GraphPlacement};
use super::error::GraphError;

/// Carries the position of the ledger that the graph has reached.
const REGISTRY: NamedNodeRef<'static> = NamedNodeRef::new_unchecked("http://mp.stratuslab.eu/registry");

/// The store; clones share it, and one of them writes.
#[derive(Clone)]
pub(super) struct GraphStore(Store);

impl GraphStore {
    pub(super) fn open(location: &Location) -> Result<Self, GraphError> {
        Ok(Self(match location {
            Location::Disk(folder) => Store::open(folder)?,
            Location::Memory => Store::new()?,
        }))
    }

    /// What queries read.
    pub(super) const fn inner(&self) -> &Store {
        &self.0
    }

    /// The last change that was put in; 0 where there is none.
    pub(super) fn position(&self) -> Result<u64, GraphError> {
        let property = apply::ledger_term("position");
        let graph = apply::provenance_graph().into();
        let positions = self.0.quads_for_pattern(Some(REGISTRY.into()), Some(property.as_ref()), None, Some(graph));
        let mut position = 0;
        for quad in positions {
            if let Term::Literal(literal) = quad?.object {
                position = literal.value().parse().unwrap_or(0);
            }
        }
        Ok(position)
    }

    /// Puts an entry where it belongs, or removes it where it is none, and sets the position from `before` to `after`
    /// with it.
    pub(super) fn put(
        &self,
        id: EntryId,
        entry: Option<&GraphEntry>,
        before: u64,
        after: u64,
    ) -> Result<(), GraphError> {
        let mut transaction = self.0.start_transaction()?;
        match entry {
            Some(entry) => put_entry(&mut transaction, entry)?,
            None => remove_entry(&mut transaction, id)?,
        }
        set_position(&mut transaction, before, after);
        Ok(transaction.commit()?)
    }

    /// Puts many entries and removes those that are `gone`, and sets the position after them; an end in between leaves
    /// what the next start puts again.
    pub(super) fn put_all(
        &self,
        entries: &[GraphEntry],
        gone: &[EntryId],
        before: u64,
        after: u64,
    ) -> Result<(), GraphError> {
        let (held, new) = self.divide(entries)?;
        let mut loader = self.0.bulk_loader();
        loader.load_quads(new.into_values().flat_map(new_quads))?;
        loader.commit()?;
        let mut transaction = self.0.start_transaction()?;
        for entry in held.into_values() {
            put_entry(&mut transaction, entry)?;
        }
        for entry in gone {
            remove_entry(&mut transaction, *entry)?;
        }
        set_position(&mut transaction, before, after);
        Ok(transaction.commit()?)
    }

    /// Those that are in the store in any state, and the others: only these can be loaded without looking.
    fn divide<'a>(&self, entries: &'a [GraphEntry]) -> Result<(Entries<'a>, Entries<'a>), GraphError> {
        let (mut held, mut new) = (BTreeMap::new(), BTreeMap::new());
        for entry in entries {
            let subject = apply::subject(entry.id);
            let graph = apply::provenance_graph().into();
            let mut quads = self.0.quads_for_pattern(Some(subject.as_ref().into()), None, None, Some(graph));
            let side = if quads.next().transpose()?.is_some() { &mut held } else { &mut new };
            side.insert(entry.id, entry);
        }
        Ok((held, new))
    }

    pub(super) fn clear(&self) -> Result<(), GraphError> {
        Ok(self.0.clear()?)
    }

    /// Commits are not synced to disk one by one; this does it for all.
    pub(super) fn flush(&self) -> Result<(), GraphError> {
        Ok(self.0.flush()?)
    }
}

type Entries<'a> = BTreeMap<EntryId, &'a GraphEntry>;

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

fn set_position(transaction: &mut Transaction<'_>, before: u64, after: u64) {
    transaction.remove(&position_quad(before));
    transaction.insert(&position_quad(after));
}

fn position_quad(position: u64) -> Quad {
    let position = Literal::new_typed_literal(position.to_string(), oxigraph::model::vocab::xsd::INTEGER);
    Quad::new(REGISTRY, apply::ledger_term("position"), position, apply::provenance_graph())
}
