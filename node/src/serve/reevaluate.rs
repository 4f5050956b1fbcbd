//! Judging anew what is held and what is refused, when settings or authorities have changed: in the background, in
//! short steps, so that neither reads nor uploads wait for it.

use proto::federation::Outcome;
use proto::reconcile::Item;
use tokio_util::sync::CancellationToken;

use crate::bounds::REFUSALS_TRIED_MAX;
use crate::network::NetworkError;
use crate::registry::NodeRegistry;
use crate::storage::ledger::{LedgerError, Reevaluation, Step, StoredRefusal};

/// Why the work stopped before its end; it goes on with the next change or start.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// Does what there is to do, whenever there is something, until `stop`.
pub(super) async fn run(registry: NodeRegistry, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = registry.ledger.work() => (),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            worked = work(&registry) => {
                if let Err(error) = worked {
                    tracing::error!(%error, "judging by the new settings was interrupted");
                }
            }
        }
    }
}

async fn work(registry: &NodeRegistry) -> Result<(), Interrupted> {
    loop {
        let step = registry.ledger.reevaluate().await?;
        registry.graph.notify(registry.ledger.last_change().await?);
        registry.tell_withdrawn().await?;
        match step {
            Step::Held => (),
            Step::Refusals => try_refusals(registry).await?,
            Step::Done(None) => return Ok(()),
            Step::Done(Some(changed)) => {
                report(&changed);
                registry.network.change_trust(registry.ledger.refused_items().await?).await?;
            }
        }
    }
}

fn report(changed: &Reevaluation) {
    let Reevaluation { moved, withdrawn, admitted } = changed;
    tracing::info!(moved, ?withdrawn, admitted, "everything was judged by the new settings");
}

/// Hands a refusal to intake again.
pub(super) async fn take(registry: &NodeRegistry, refused: StoredRefusal) -> Outcome {
    let arrival = registry.intake.take_refused(refused).await;
    if let Some(change) = arrival.change {
        registry.graph.notify(change);
    }
    arrival.outcome
}

async fn try_refusals(registry: &NodeRegistry) -> Result<(), Interrupted> {
    let mut restored: Vec<Item> = Vec::new();
    for refused in registry.ledger.due_refusals(REFUSALS_TRIED_MAX).await? {
        if let Some((item, replaced)) = try_again(registry, refused).await? {
            // One that was restored a moment ago may give way to an earlier one.
            restored.retain(|other| Some(*other) != replaced);
            restored.push(item);
        }
    }
    if !restored.is_empty() {
        registry.network.restore(restored).await?;
    }
    registry.tell_withdrawn().await?;
    Ok(())
}

/// The item, where it is held and federated now, and the one that gave way to it.
async fn try_again(
    registry: &NodeRegistry,
    refused: StoredRefusal,
) -> Result<Option<(Item, Option<Item>)>, Interrupted> {
    let (seq, item) = (refused.seq, refused.item);
    match take(registry, refused).await {
        Outcome::Held { item, replaces } => {
            registry.network.withdraw(replaces.iter().map(|replaced| replaced.id).collect()).await?;
            Ok(Some((item, replaces)))
        }
        // A local entry has no item.
        Outcome::Known | Outcome::Refused { .. } => Ok(None),
        Outcome::Invalid { rule } => {
            tracing::warn!(%item, rule, "a refused entry is not valid by this version");
            registry.ledger.keep_refused(seq).await?;
            Ok(None)
        }
        // One that cannot be tried does not stop the others, and waits for the next change.
        Outcome::Overloaded => {
            tracing::error!(%item, "a refused entry could not be tried again");
            registry.ledger.keep_refused(seq).await?;
            Ok(None)
        }
    }
}
