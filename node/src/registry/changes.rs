//! What happened to entries, read from the ledger's log of changes.

use web::registry::{Change, Walk};

use super::NodeRegistry;
use crate::storage::ledger::{self, LedgerError};

/// The changes that queries show already, with their entries as they stand now.
pub(super) async fn read(registry: &NodeRegistry, walk: Walk, limit: usize) -> Result<Vec<Change>, LedgerError> {
    let (ledger, shown) = (&registry.ledger, registry.graph.position());
    let changes = match walk {
        Walk::On { after } => ledger.changes_after(after, limit).await?,
        Walk::Back { before } => {
            let before = before.unwrap_or(u64::MAX).min(shown.saturating_add(1));
            ledger.changes_before(before, limit).await?
        }
    };
    let mut read = Vec::with_capacity(changes.len());
    for change in changes.into_iter().filter(|change| change.seq <= shown) {
        let summary = ledger.entry(change.entry).await?.map(|held| held.summary);
        let ledger::Change { seq: number, entry, kind, at } = change;
        read.push(Change { number, kind, entry, at, summary });
    }
    Ok(read)
}
