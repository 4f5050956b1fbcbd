//! The trust anchors of a running node: when they were read, and what is wrong with them.

use std::path::PathBuf;

use proto::crypto::{AnchorFinding, TrustAnchors};
use proto::signature::Algorithms;
use proto::timestamp::Instant;
use tokio_util::sync::CancellationToken;

use super::operator::Operator;
use crate::anchors;
use crate::bounds::ANCHORS_READ_EVERY;
use crate::config::TrustSection;
use crate::storage::ledger;

/// Trust anchors as they were read.
#[derive(Debug, Clone)]
pub(super) struct ReadAnchors {
    pub(super) anchors: TrustAnchors,
    pub(super) findings: Vec<AnchorFinding>,
    pub(super) read: Instant,
}

impl ReadAnchors {
    /// Says what was found.
    pub(super) fn log(&self) {
        let now = self.read.timestamp();
        let overdue: Vec<_> = ledger::overdue(&self.anchors, now).collect();
        tracing::info!(anchors = self.anchors.report(now).len(), ?overdue, "trust anchors were read");
        for finding in &self.findings {
            tracing::warn!(%finding, "a file of trust anchors");
        }
    }
}

/// A path of the configuration is not there; the operator's to mend.
#[derive(Debug, thiserror::Error)]
#[error("there is no {0}, which anchors in [trust] names")]
pub(super) struct MissingAnchors(PathBuf);

/// Reads the files anew on the pool for blocking work.
pub(super) async fn read(trust: &TrustSection, now: Instant) -> anyhow::Result<ReadAnchors> {
    let (paths, algorithms) = (trust.anchors.clone(), trust.algorithms);
    tokio::task::spawn_blocking(move || read_blocking(&paths, algorithms, now)).await?
}

pub(super) fn read_blocking(paths: &[PathBuf], algorithms: Algorithms, now: Instant) -> anyhow::Result<ReadAnchors> {
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(MissingAnchors(missing.clone()).into());
    }
    let (anchors, findings) = anchors::load(paths, algorithms);
    Ok(ReadAnchors { anchors, findings, read: now })
}

/// Reads revocation lists and authorities again now and then, until `stop`.
pub(super) async fn refresh(operator: Operator, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ANCHORS_READ_EVERY) => operator.refresh_anchors().await,
        }
    }
}
