//! What the operator of a running node may ask and change.

use std::path::PathBuf;
use std::sync::Arc;

use proto::digest::Sha256Digest;
use proto::federation::Address;
use proto::node_id::NodeId;
use proto::roster::{SignedRoster, VerifiedRoster};
use proto::timestamp::Instant;
use tokio::sync::{Mutex, broadcast, mpsc, watch};
use web::registry::Registry as _;

use super::anchors::{self, ReadAnchors};
use super::{Logging, Ready, refusals, settings};
use crate::address_book::AddressBook;
use crate::config::{self, Config, Overrides, PeerEntry};
use crate::control::{
    ClockReport, Handler, PeerReport, Refused, RefusedReport, StatusReport, StorageReport, TrustReport,
};
use crate::events::{self, Event, Events, Happening};
use crate::network::Pinged;
use crate::registry::{Identity, NodeRegistry};
use crate::roster::{self, RosterError};
use crate::storage::ledger;
use crate::terms::Terms;

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
    anchors: Mutex<ReadAnchors>,
    /// What the node works by; held while a change is carried out, so that changes come one after another.
    terms: Mutex<Terms>,
    book: Mutex<AddressBook>,
    events: Events,
    /// Why the configuration was not re-read when it was last to be.
    fault: Mutex<Option<String>>,
}

/// What the operator's commands work with.
pub(super) struct Means {
    pub(super) overrides: Overrides,
    pub(super) identity: watch::Sender<Identity>,
    pub(super) logging: Logging,
    pub(super) anchors: ReadAnchors,
    pub(super) book: AddressBook,
    pub(super) events: Events,
}

impl Operator {
    pub(super) fn new(registry: NodeRegistry, terms: Terms, ready: &Ready, means: Means) -> Self {
        let Means { overrides, identity, logging, anchors, book, events } = means;
        let node = identity.borrow().node;
        Self(Arc::new(Inner {
            registry,
            node,
            http: ready.http.clone(),
            p2p: ready.p2p.clone(),
            data_dir: terms.config.node.data_dir.clone(),
            overrides,
            logging,
            identity,
            anchors: Mutex::new(anchors),
            terms: Mutex::new(terms),
            book: Mutex::new(book),
            events,
            fault: Mutex::default(),
        }))
    }

    pub(super) fn data_dir(&self) -> PathBuf {
        self.0.data_dir.clone()
    }

    /// Reads `[[peer]]`, `[trust]` and `[log]` of the configuration file again; a bad file changes nothing.
    pub(super) async fn reload(&self) {
        let reread = self.reread().await;
        if let Err(error) = &reread {
            tracing::error!(%error, "the configuration was not re-read; the old settings stay");
        }
        *self.0.fault.lock().await = reread.err().map(|error| format!("{error:#}"));
    }

    async fn reread(&self) -> anyhow::Result<()> {
        let mut terms = self.0.terms.lock().await;
        let read = config::load(terms.config.file.as_deref())?.with(self.0.overrides.clone());
        let mut next = terms.config.clone();
        next.peers = read.peers;
        next.trust = read.trust;
        next.log = read.log;
        next.federation.roster_keys = read.federation.roster_keys;
        next.federation.roster_threshold = read.federation.roster_threshold;
        next.federation.former_members = read.federation.former_members;
        let next = self.with_roster(next).await;
        self.0.logging.change_filter(&next.config.log.filter)?;
        self.apply(&terms, &next).await?;
        *terms = next;
        Ok(())
    }

    /// Reads trust anchors and revocation lists again; where they cannot be read, the old ones count on.
    pub(super) async fn refresh_anchors(&self) {
        let terms = self.0.terms.lock().await;
        if let Err(error) = self.judge_by(&terms).await {
            tracing::error!(%error, "the trust anchors were not re-read; the old ones count on");
        }
    }

    /// Has intake and ledger judge by `config` and the trust anchors as they are now. What was judged otherwise is
    /// judged anew in the background.
    async fn judge_by(&self, terms: &Terms) -> anyhow::Result<()> {
        let registry = &self.0.registry;
        let read = anchors::read(&terms.config.trust, registry.clock.now()).await?;
        let before = self.0.anchors.lock().await.clone();
        if before.anchors != read.anchors || before.findings != read.findings {
            read.log();
        }
        let rules = settings::rules(terms, self.0.node, read.anchors.clone());
        let judge = rules.judge(registry.clock.now());
        registry.intake.change_rules(rules);
        registry.ledger.rejudge(judge).await?;
        *self.0.anchors.lock().await = read;
        Ok(())
    }

    async fn trust_report(&self) -> Result<TrustReport, Refused> {
        let registry = &self.0.registry;
        let anchors = self.0.anchors.lock().await.clone();
        let (running, last) = registry.ledger.reevaluations().await.map_err(refused)?;
        let now = registry.clock.now().timestamp();
        Ok(TrustReport {
            anchors: anchors.anchors.report(now).len(),
            anchors_read: anchors.read.to_string(),
            anchor_findings: anchors.findings.iter().map(ToString::to_string).collect(),
            overdue_revocation_lists: ledger::overdue(&anchors.anchors, now).collect(),
            reevaluation_running: running,
            reevaluation_last: last,
        })
    }

    /// Has every part work by `next`, and says what changed.
    async fn apply(&self, before: &Terms, next: &Terms) -> anyhow::Result<()> {
        let inner = &self.0;
        let changed = |what, is_changed: bool| is_changed.then_some(what);
        let changes = [
            changed("peers", before.config.peers != next.config.peers),
            changed("roster", before.roster != next.roster),
            changed("trust", before.config.trust != next.config.trust),
            changed("log", before.config.log != next.config.log),
        ];
        tracing::info!(changed = ?changes.into_iter().flatten().collect::<Vec<_>>(), "settings were re-read");
        self.judge_by(next).await?;
        let machine = settings::machine(next, inner.node, &*inner.book.lock().await);
        inner.registry.network.change_members(machine).await?;
        inner.identity.send_replace(settings::identity(next, inner.node));
        Ok(())
    }

    async fn change(&self, change: impl FnOnce(&mut Config)) -> Result<(), Refused> {
        let mut terms = self.0.terms.lock().await;
        let mut next = terms.clone();
        change(&mut next.config);
        self.apply(&terms, &next).await.map_err(refused)?;
        *terms = next;
        Ok(())
    }

    /// A configuration with the roster that its operator's keys make good; one that they do not stays on disk only.
    async fn with_roster(&self, config: Config) -> Terms {
        let (data_dir, authority) = (self.data_dir(), config.roster_authority());
        let loaded = tokio::task::spawn_blocking(move || roster::load(&data_dir, authority.as_ref())).await;
        let roster = match loaded {
            Ok(Ok(roster)) => roster,
            Ok(Err(error)) => {
                tracing::error!(%error, "the roster that is kept does not count");
                None
            }
            Err(error) => {
                tracing::error!(%error, "the roster could not be read");
                None
            }
        };
        Terms { config, roster }
    }

    /// Puts a newer roster in force: it is durable before anybody works by it.
    pub(super) async fn adopt(&self, roster: VerifiedRoster) -> Result<(), RosterError> {
        let mut terms = self.0.terms.lock().await;
        if terms.roster.as_ref().is_some_and(|held| held.rank() >= roster.rank()) {
            return Ok(());
        }
        let (data_dir, kept) = (self.data_dir(), roster.clone());
        let keeping = tokio::task::spawn_blocking(move || roster::keep(&data_dir, &kept)).await;
        keeping.unwrap_or_else(|error| Err(RosterError::stopped(&error)))?;
        let changed = Happening::RosterChanged {
            version: roster.roster().version,
            expires: roster.roster().expires.to_string(),
            members: roster.roster().members.len(),
        };
        let next = Terms { config: terms.config.clone(), roster: Some(roster) };
        if let Err(error) = self.apply(&terms, &next).await {
            tracing::error!(%error, "the new roster could not be applied; it is at the next start");
        }
        self.0.events.tell(self.0.registry.clock.now(), changed);
        *terms = next;
        Ok(())
    }
}

impl Handler for Operator {
    async fn status(&self) -> Result<StatusReport, Refused> {
        let inner = &self.0;
        let registry = &inner.registry;
        let federation = registry.federation().await.map_err(refused)?;
        let terms = inner.terms.lock().await.clone();
        let config = &terms.config;
        Ok(StatusReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            peer_id: inner.node.to_string(),
            name: federation.node_name.clone(),
            federation: federation.name.clone(),
            public_url: federation.public_url.clone(),
            http: inner.http.clone(),
            p2p: inner.p2p.clone(),
            config: config.file.as_ref().map(|file| file.display().to_string()),
            config_fault: inner.fault.lock().await.clone(),
            now: registry.now().to_string(),
            clock: registry.clock.start().map(|start| ClockReport { started_at: start.to_string() }),
            counts: registry.counts().await.map_err(refused)?.into(),
            storage: StorageReport {
                ledger_position: registry.ledger.last_change().await.map_err(refused)?,
                graph_position: registry.graph.position(),
            },
            in_sync: federation.in_sync().into(),
            roster: federation.roster.as_ref().map(Into::into),
            peers: peers(&federation, &terms, inner.node),
            refusals: federation.refusals,
            trust: self.trust_report().await?,
            mail: registry.ledger.mail_counts().await.map_err(refused)?.into(),
        })
    }

    async fn list_peers(&self) -> Result<Vec<PeerReport>, Refused> {
        let federation = self.0.registry.federation().await.map_err(refused)?;
        Ok(peers(&federation, &*self.0.terms.lock().await, self.0.node))
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
        let now = self.0.registry.clock.now().timestamp();
        self.change(|config| config.remove_peer(peer, now)).await
    }

    fn now(&self) -> Instant {
        self.0.registry.clock.now()
    }

    fn follow_events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.events.follow()
    }

    async fn events_after(&self, change: u64) -> Result<Vec<Event>, Refused> {
        let registry = &self.0.registry;
        let shown = registry.graph.position();
        events::told_again(&registry.ledger, change, shown).await.map_err(refused)
    }

    async fn ping_peer(&self, peer: NodeId) -> Result<Pinged, Refused> {
        self.0.registry.network.ping(peer).await.map_err(refused)?.map_err(refused)
    }

    async fn list_refused(&self, after: u64) -> Result<Vec<RefusedReport>, Refused> {
        refusals::list(&self.0.registry, after).await
    }

    async fn find_refused(&self, identity: Sha256Digest) -> Result<Vec<RefusedReport>, Refused> {
        refusals::find(&self.0.registry, identity).await
    }

    async fn retry_refused(&self, identity: Option<String>) -> Result<Vec<String>, Refused> {
        refusals::retry(&self.0.registry, identity).await
    }

    async fn apply_roster(&self, envelope: String) -> Result<(), Refused> {
        let terms = self.0.terms.lock().await.clone();
        let authority = terms.config.roster_authority().ok_or_else(|| refused(RosterError::NoAuthority))?;
        let roster = SignedRoster::read(envelope.as_bytes()).map_err(refused)?.verify(&authority).map_err(refused)?;
        roster.may_replace(terms.roster.as_ref()).map_err(refused)?;
        self.adopt(roster).await.map_err(refused)
    }
}

/// Puts every newer roster that peers bring in force, until none can come any more.
pub(super) async fn adopt_all(operator: Operator, mut arriving: mpsc::Receiver<VerifiedRoster>) {
    while let Some(roster) = arriving.recv().await {
        if let Err(error) = operator.adopt(roster).await {
            tracing::error!(%error, "a newer roster could not be kept");
        }
    }
}

/// Writes down where peers are reached, until none can be learned any more.
pub(super) async fn note_addresses(operator: Operator, mut learned: mpsc::Receiver<(NodeId, Vec<Address>)>) {
    while let Some((peer, addresses)) = learned.recv().await {
        let listed = operator.0.terms.lock().await.peers(operator.0.node);
        let listed: Vec<_> = listed.into_iter().map(|(peer, _)| peer.id).collect();
        let operator = operator.clone();
        let noting = tokio::task::spawn_blocking(move || {
            let noted = operator.0.book.blocking_lock().note(peer, addresses, &listed);
            noted.inspect_err(|error| tracing::warn!(%error, "the address book is not written"))
        });
        // What it could not write it said in the log; the peer says it again at the next connection.
        let _ = noting.await;
    }
}

/// The peers with the addresses that the configuration and the roster give them.
fn peers(federation: &web::registry::Federation, terms: &Terms, own: NodeId) -> Vec<PeerReport> {
    let listed = terms.peers(own);
    let addresses = |node: NodeId| {
        listed.iter().find(|(peer, _)| peer.id == node).map(|(peer, _)| peer.addresses.clone()).unwrap_or_default()
    };
    federation
        .peers
        .iter()
        .map(|peer| PeerReport { addresses: addresses(peer.node), ..PeerReport::from(peer) })
        .collect()
}

/// A failure in words for the operator.
pub(super) fn refused(error: impl std::fmt::Display) -> Refused {
    Refused(error.to_string())
}
