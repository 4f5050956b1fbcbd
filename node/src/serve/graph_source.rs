//! What the graph reads of the ledger.

use proto::entry::EntryId;
use proto::intake::{NotHeld, read_held};
use tokio::runtime::Handle;

use crate::bounds;
use crate::config::{Config, GraphStorage};
use crate::storage::graph::{Graph, GraphEntry, Location, Provenance, QueryLimits, QueryProgram, Source, SourceError};
use crate::storage::ledger::{Ledger, LedgerError, Stored};

/// The folder of the graph in the data folder.
const FOLDER: &str = "graph";

/// Reads the ledger from the graph's own thread.
struct LedgerSource {
    ledger: Ledger,
    runtime: Handle,
}

/// Opens the graph of a node; it follows the ledger from now on.
pub(crate) async fn open(config: &Config, ledger: &Ledger) -> anyhow::Result<Graph> {
    let location = match config.storage.graph {
        GraphStorage::Disk => Location::Disk(config.node.data_dir.join(FOLDER)),
        GraphStorage::Memory => Location::Memory,
    };
    let limits = QueryLimits {
        timeout_ms: config.query.timeout_ms,
        rows_max: config.query.rows_max,
        concurrent_max: config.query.concurrent_max,
        bytes_max: bounds::QUERY_ANSWER_BYTES_MAX,
    };
    let source = LedgerSource { ledger: ledger.clone(), runtime: Handle::current() };
    let program = QueryProgram::this()?;
    let opened = tokio::task::spawn_blocking(move || Graph::open(&location, source, limits, program)).await?;
    Ok(opened?)
}

impl LedgerSource {
    fn read<T>(&self, reading: impl Future<Output = Result<T, LedgerError>>) -> Result<T, SourceError> {
        self.runtime.block_on(reading).map_err(|error| SourceError(error.to_string()))
    }
}

impl Source for LedgerSource {
    fn last_change(&self) -> Result<u64, SourceError> {
        self.read(self.ledger.last_change())
    }

    fn changes_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, EntryId)>, SourceError> {
        let changes = self.read(self.ledger.changes_after(after, limit))?;
        Ok(changes.into_iter().map(|change| (change.seq, change.entry)).collect())
    }

    fn entries(&self, entries: &[EntryId]) -> Result<Vec<Option<GraphEntry>>, SourceError> {
        let stored = self.read(self.ledger.stored(entries.to_vec(), bounds::GRAPH_READ_BYTES_MAX))?;
        Ok(stored.into_iter().map(|stored| stored.and_then(shown)).collect())
    }
}

/// What the ledger holds was verified when it came; that it cannot be read again is a fault of the file.
fn shown(stored: Stored) -> Option<GraphEntry> {
    let entry = stored.claim.entry;
    let read = read(stored);
    read.inspect_err(|error| tracing::error!(%entry, %error, "the graph leaves an entry out")).ok()
}

fn read(stored: Stored) -> Result<GraphEntry, NotHeld> {
    let document = read_held(&stored.raw, stored.claim.entry)?;
    let told = stored.claim.witnesses.iter();
    Ok(GraphEntry {
        id: stored.claim.entry,
        image_iri: document.image_iri(),
        triples: document.triples().to_vec(),
        document: stored.document,
        standing: stored.placement.standing,
        placement: stored.placement.into(),
        scope: stored.scope,
        provenance: told.map(|witness| Provenance { origin: witness.origin, admitted: witness.admitted }).collect(),
    })
}
