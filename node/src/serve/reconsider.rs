//! Refused entries are judged anew when trust may have changed: at every start, and when settings are re-read.

use proto::federation::Outcome;
use proto::wire::Envelope;
use tokio_util::sync::CancellationToken;

use crate::intake::OUTRANKED;
use crate::registry::NodeRegistry;
use crate::storage::ledger::{LedgerError, StoredRefusal};

/// Refusals that are read at once.
const BATCH: usize = 64;

/// Takes every refused envelope in again; what is still refused stays so.
pub(super) async fn refusals(registry: NodeRegistry, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => (),
        reconsidered = reconsider(&registry) => match reconsidered {
            Ok(0) => (),
            Ok(count) => tracing::info!(count, "entries that were refused are admitted now"),
            Err(error) => tracing::error!(%error, "refusals could not be reconsidered"),
        },
    }
}

async fn reconsider(registry: &NodeRegistry) -> Result<usize, LedgerError> {
    let (mut after, mut admitted) = (0, 0);
    // A refusal that stays takes a new place; the last place of now bounds the walk.
    let last = last_place(registry).await?;
    loop {
        let batch = registry.ledger.refusals(after, BATCH).await?;
        let Some(batch_last) = batch.last().map(|stored| stored.seq) else { return Ok(admitted) };
        for stored in batch.into_iter().filter(|stored| stored.seq <= last) {
            admitted += usize::from(is_admitted_now(registry, stored).await?);
        }
        if batch_last >= last {
            return Ok(admitted);
        }
        after = batch_last;
    }
}

async fn last_place(registry: &NodeRegistry) -> Result<u64, LedgerError> {
    let (mut after, mut last) = (0, 0);
    loop {
        let batch = registry.ledger.refusals(after, BATCH).await?;
        match batch.last() {
            Some(stored) => (after, last) = (stored.seq, stored.seq),
            None => return Ok(last),
        }
    }
}

async fn is_admitted_now(registry: &NodeRegistry, stored: StoredRefusal) -> Result<bool, LedgerError> {
    let Some(admission) = stored.refusal.admission.filter(|_| stored.refusal.rule != OUTRANKED) else {
        return Ok(false);
    };
    let Ok(bytes) = admission.bytes.as_ref().try_into() else { return Ok(false) };
    let Ok(envelope) = Envelope::new(stored.refusal.raw, bytes) else { return Ok(false) };
    let arrival = registry.intake.take_envelope(envelope.clone()).await;
    if let Some(change) = arrival.change {
        registry.graph.notify(change);
    }
    match arrival.outcome {
        Outcome::Held { item, replaces } => {
            registry.ledger.forget_refusals(vec![stored.seq]).await?;
            if let Err(error) = registry.network.spread(item, replaces, envelope).await {
                tracing::warn!(%error, "an entry is not gossiped");
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}
