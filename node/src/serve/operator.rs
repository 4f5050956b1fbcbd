//! What the operator of a running node may ask and change.

use std::path::PathBuf;
use std::sync::Arc;

use proto::node_id::NodeId;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use web::registry::Registry as _;

use super::{Logging, Ready, reconsider, settings};
use crate::config::{self, Config, Overrides, PeerEntry};
use crate::control::{ClockReport, Handler, PeerReport, Refused, StatusReport, StorageReport};
use crate::registry::{Identity, NodeRegistry};

/// Obeys the operator; clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Operator(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: NodeRegistry,
    node: NodeId,
    http: String,
    p2p: Vec<String>,
    data_dir: PathBuf,
    overrides: Overrides,
    logging: Logging,
    identity: watch::Sender<Identity>,
    /// What the node works by; held while a change is carried out, so that changes come one after another.
    config: Mutex<Config>,
}

impl Operator {
    pub(super) fn new(
        registry: NodeRegistry,
        config: Config,
        overrides: Overrides,
        ready: &Ready,
        identity: watch::Sender<Identity>,
        logging: Logging,
    ) -> Self {
        let node = identity.borrow().node;
        let (http, p2p, data_dir) = (ready.http.clone(), ready.p2p.clone(), config.node.data_dir.clone());
        let config = Mutex::new(config);
        Self(Arc::new(Inner { registry, node, http, p2p, data_dir, overrides, logging, identity, config }))
    }

    pub(super) fn data_dir(&self) -> PathBuf {
        self.0.data_dir.clone()
    }

    /// Reads `[[peer]]`, `[trust]` and `[log]` of the configuration file again; a bad file changes nothing.
    pub(super) async fn reload(&self) {
        let mut config = self.0.config.lock().await;
        let read = config::load(config.file.as_deref());
        let read = match read {
            Ok(read) => read.with(self.0.overrides.clone()),
            Err(error) => {
                tracing::error!(%error, "the configuration was not re-read; the old settings stay");
                return;
            }
        };
        let mut next = config.clone();
        next.peers = read.peers;
        next.trust = read.trust;
        next.log = read.log;
        if let Err(error) = self.0.logging.change_filter(&next.log.filter) {
            tracing::error!(%error, "the configuration was not re-read; the old settings stay");
            return;
        }
        match self.apply(&config, &next).await {
            Ok(()) => *config = next,
            Err(error) => tracing::error!(%error, "the new settings could not be applied"),
        }
    }

    /// Has every part work by `next`, and says what changed.
    async fn apply(&self, before: &Config, next: &Config) -> anyhow::Result<()> {
        let inner = &self.0;
        let changed = |what, is_changed: bool| is_changed.then_some(what);
        let changes = [
            changed("peers", before.peers != next.peers),
            changed("trust", before.trust != next.trust),
            changed("log", before.log != next.log),
        ];
        tracing::info!(changed = ?changes.into_iter().flatten().collect::<Vec<_>>(), "settings were re-read");
        let trust = next.trust(inner.node);
        let is_trust_changed = before.trust(inner.node) != trust || before.trust != next.trust;
        inner.registry.intake.change_rules(settings::rules(next, inner.node));
        inner.registry.network.change_members(settings::machine(next, inner.node)).await?;
        inner.identity.send_replace(settings::identity(next, inner.node));
        if is_trust_changed {
            let moved = inner.registry.ledger.retrust(trust).await?;
            tracing::info!(moved, "entries were judged by the new trust settings");
            let last = inner.registry.ledger.last_change().await?;
            inner.registry.graph.notify(last);
            reconsider::refusals(inner.registry.clone(), CancellationToken::new()).await;
            inner.registry.network.reconsider_refusals().await?;
        }
        Ok(())
    }

    async fn change(&self, change: impl FnOnce(&mut Config)) -> Result<(), Refused> {
        let mut config = self.0.config.lock().await;
        let mut next = config.clone();
        change(&mut next);
        self.apply(&config, &next).await.map_err(refused)?;
        *config = next;
        Ok(())
    }
}

impl Handler for Operator {
    async fn status(&self) -> Result<StatusReport, Refused> {
        let inner = &self.0;
        let registry = &inner.registry;
        let federation = registry.federation().await.map_err(refused)?;
        let config = inner.config.lock().await.clone();
        Ok(StatusReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            peer_id: inner.node.to_string(),
            name: federation.node_name.clone(),
            federation: federation.name.clone(),
            public_url: federation.public_url.clone(),
            http: inner.http.clone(),
            p2p: inner.p2p.clone(),
            config: config.file.as_ref().map(|file| file.display().to_string()),
            now: registry.now().to_string(),
            clock: registry.clock.start().map(|start| ClockReport { started_at: start.to_string() }),
            counts: registry.counts().await.map_err(refused)?.into(),
            storage: StorageReport {
                ledger_position: registry.ledger.last_change().await.map_err(refused)?,
                graph_position: registry.graph.position(),
            },
            peers: peers(&federation, &config),
            refusals: federation.refusals,
            mail: registry.ledger.mail_counts().await.map_err(refused)?.into(),
        })
    }

    async fn list_peers(&self) -> Result<Vec<PeerReport>, Refused> {
        let federation = self.0.registry.federation().await.map_err(refused)?;
        Ok(peers(&federation, &*self.0.config.lock().await))
    }

    async fn add_peer(&self, peer: PeerEntry) -> Result<(), Refused> {
        if peer.id == self.0.node {
            return Err(Refused(format!("{} is this node itself", peer.id)));
        }
        self.change(|config| {
            config.peers.retain(|listed| listed.id != peer.id);
            config.peers.push(peer);
        })
        .await
    }

    async fn remove_peer(&self, peer: NodeId) -> Result<(), Refused> {
        self.change(|config| config.peers.retain(|listed| listed.id != peer)).await
    }
}

/// The peers with the addresses that the configuration gives them.
fn peers(federation: &web::registry::Federation, config: &Config) -> Vec<PeerReport> {
    let addresses = |node: NodeId| {
        config.peers.iter().find(|listed| listed.id == node).map(|listed| listed.addresses.clone()).unwrap_or_default()
    };
    federation
        .peers
        .iter()
        .map(|peer| PeerReport { addresses: addresses(peer.node), ..PeerReport::from(peer) })
        .collect()
}

fn refused(error: impl std::fmt::Display) -> Refused {
    Refused(error.to_string())
}
