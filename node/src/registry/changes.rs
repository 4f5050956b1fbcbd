//! What happened to entries, read from the ledger's log of changes.

use proto::timestamp::Instant;
use web::registry::{Change, ChangeKind, Walk};

use super::NodeRegistry;
use crate::storage::ledger::{self, Ledger, LedgerError};

/// The changes that queries show already, as they stand now.
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
        read.push(describe(ledger, &change, registry.clock.now()).await?);
    }
    Ok(read)
}

async fn describe(ledger: &Ledger, change: &ledger::Change, now: Instant) -> Result<Change, LedgerError> {
    let (number, entry) = (change.seq, change.entry);
    let Some(held) = ledger.entry(entry).await? else {
        return Ok(Change { number, kind: ChangeKind::Withdrawn, entry, at: now, summary: None });
    };
    let kind = if ledger.first_change(entry).await? == Some(number) {
        ChangeKind::Admitted
    } else if held.summary.superseded_by.is_some() {
        ChangeKind::Superseded
    } else {
        ChangeKind::Moved
    };
    Ok(Change { number, kind, entry, at: held.first_seen, summary: Some(held.summary) })
}
