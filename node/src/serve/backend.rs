//! What the network asks of the node: intake and the ledger.

use proto::admission::AdmissionId;
use proto::federation::Outcome;
use proto::wire::Envelope;

use crate::intake::Intake;
use crate::network::Backend;
use crate::storage::graph::Graph;
use crate::storage::ledger::{self, Ledger};

/// Intake and stores, as the network needs them.
#[derive(Debug, Clone)]
pub(crate) struct StoreBackend {
    pub(crate) intake: Intake,
    pub(crate) ledger: Ledger,
    pub(crate) graph: Graph,
}

impl Backend for StoreBackend {
    async fn admit(&self, envelope: Envelope) -> Outcome {
        let arrival = self.intake.take_envelope(envelope).await;
        if let Some(change) = arrival.change {
            self.graph.notify(change);
        }
        arrival.outcome
    }

    async fn load(&self, items: Vec<AdmissionId>, bytes_max: usize) -> Vec<Envelope> {
        match self.ledger.envelopes(items, bytes_max).await {
            Ok(held) => held.into_iter().filter_map(sendable).collect(),
            Err(error) => {
                tracing::error!(%error, "envelopes could not be read for a peer");
                Vec::new()
            }
        }
    }
}

fn sendable(held: ledger::Envelope) -> Option<Envelope> {
    let admission = held.admission.as_ref().try_into().ok()?;
    let envelope = Envelope::new(held.document, admission);
    envelope.inspect_err(|error| tracing::error!(%error, id = %held.id, "an envelope cannot be sent")).ok()
}
