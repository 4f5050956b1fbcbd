//! A running node: its parts started in order, and stopped in the opposite one.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use proto::crypto::NodeKey;
use proto::federation::{Federation, Settings};
use proto::node_id::NodeId;
use proto::timestamp::{Instant, Timestamp};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::address_book::AddressBook;
use crate::clock::Clock;
use crate::config::{Config, TlsFiles};
use crate::events::{self, Events};
use crate::intake::{Intake, Rules};
use crate::mail::Bell;
use crate::network::{self, Outlets, PresharedKey};
use crate::registry::NodeRegistry;
use crate::storage::graph::Graph;
use crate::storage::ledger::{Judge, Ledger};
use crate::terms::Terms;
use crate::{bounds, control, hooks, identity};

mod anchors;
mod backend;
mod graph_source;
mod logging;
mod operator;
mod post;
mod reevaluate;
mod refusals;
mod settings;

pub(crate) use backend::StoreBackend;
pub(crate) use graph_source::open as open_graph;
pub use logging::{Logging, start_logging};

/// The rules of intake by the configuration and the trust anchors as they are now; it blocks.
pub(crate) fn rules(terms: &Terms, node: NodeId, now: Instant) -> anyhow::Result<Rules> {
    let trust = &terms.config.trust;
    let read = anchors::read_blocking(&trust.anchors, trust.algorithms, now)?;
    Ok(settings::rules(terms, node, read.anchors))
}

use operator::Operator;
use post::Post;

/// What `marketplace serve` is told beside the configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where the clock starts; none for the system's.
    pub clock: Option<Timestamp>,
    /// What was given over the configuration file, to be laid over it again when it is re-read.
    pub overrides: crate::config::Overrides,
}

/// The file that says that a node runs on a data folder.
const LOCK_FILE: &str = "node.lock";

/// Runs a node until it is asked to stop by SIGTERM or Ctrl-C.
pub fn run(config: Config, options: Options) -> anyhow::Result<()> {
    let logging = start_logging(&config.log).context("cannot start the log")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(serve(config, options, logging))
}

async fn serve(config: Config, options: Options, logging: Logging) -> anyhow::Result<()> {
    let key = Arc::new(identity::load_or_create(&config.node.data_dir)?);
    let _lock = lock(&config.node.data_dir)?;
    let clock = options.clock.map_or_else(Clock::system, Clock::started_at);
    if let Some(start) = clock.start() {
        tracing::warn!(clock = %start, "the clock is not the system's; this is for tests and demonstrations");
    }
    for algorithm in proto::signature::self_test() {
        tracing::warn!(algorithm, "openssl on this machine does not verify it, as a crypto policy may tell it to");
    }
    let stop = CancellationToken::new();
    let anchors = anchors::read(&config.trust, clock.now()).await?;
    anchors.log();
    let terms = load_terms(config).await?;
    let config = &terms.config;
    let rules = settings::rules(&terms, key.node_id(), anchors.anchors.clone());
    let stores = Stores::open(config, rules.judge(clock.now())).await?;
    let (identity_sender, identity) = watch::channel(settings::identity(&terms, key.node_id()));
    let intake = Intake::new(stores.ledger.clone(), Arc::clone(&key), clock.clone(), rules);
    let (rosters, arriving) = mpsc::channel(bounds::ROSTERS_WAITING_MAX);
    let (reports, reported) = events::reports();
    let (addresses, learned) = mpsc::channel(bounds::ADDRESSES_WAITING_MAX);
    let outlets = Outlets { rosters, addresses, reports };
    let data_dir = config.node.data_dir.clone();
    let book = tokio::task::spawn_blocking(move || AddressBook::load(&data_dir)).await?;
    let machine = settings::machine(&terms, key.node_id(), &book);
    let network_start = network_start(config, &key, &stores, machine, outlets).await?;
    let backend = StoreBackend { intake: intake.clone(), ledger: stores.ledger.clone(), graph: stores.graph.clone() };
    let network = network::start(network_start, backend, clock.clone(), stop.clone()).await?;
    let events = Events::default();
    let tasks = TaskTracker::new();
    tasks.spawn(events::follow_peers(reported, identity.clone(), clock.clone(), events.clone()));
    run_hooks(&tasks, config, &stores, &events, &clock, &stop);
    let (ledger, graph) = (stores.ledger.clone(), stores.graph.clone());
    tasks.spawn(events::follow_entries(ledger, graph, events.clone(), stop.clone()));
    let registry = NodeRegistry {
        clock: clock.clone(),
        intake,
        ledger: stores.ledger.clone(),
        graph: stores.graph.clone(),
        network: network.handle.clone(),
        bell: Bell::default(),
        identity,
    };
    let listener = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("cannot listen on {} for HTTP", config.http.listen))?;
    let http = listener.local_addr().context("cannot tell where HTTP listens")?;
    let tls = load_tls(config).await?;
    let ready = Ready { http: http_url(http, config), p2p: network.addresses.clone() };
    let face = settings::face(config);
    let doors = web::Doors::new(&face);
    let router = web::router(registry.clone(), face, doors.clone());
    let post = Post::open(config, key.node_id(), &registry)?;
    let overrides = options.overrides;
    let means = operator::Means { overrides, identity: identity_sender, logging, anchors, book, events };
    let operator = Operator::new(registry.clone(), terms, &ready, means);
    let socket = control::listen(&operator.data_dir()).await?;

    tasks.spawn(web::serve(listener, router, doors, tls.clone(), stop.clone().cancelled_owned()));
    tasks.spawn(control::serve(socket, operator.clone(), stop.clone()));
    tasks.spawn(reevaluate::run(registry.clone(), stop.clone()));
    tasks.spawn(anchors::refresh(operator.clone(), stop.clone()));
    tasks.spawn(post.run(clock, stop.clone()));
    tasks.spawn(operator::note_addresses(operator.clone(), learned));
    tasks.spawn(operator::adopt_all(operator.clone(), arriving));
    // Whoever reads that the node is ready may signal it at once.
    let signals = Signals::new()?;
    ready.announce(&key);
    signals.wait_for_stop(&operator, tls.as_ref()).await;

    tracing::info!("stopping");
    stop.cancel();
    // A task that panicked has said so in the log; the others are still waited for. Some end when the network has.
    let _ = network.task.await;
    tasks.close();
    tasks.wait().await;
    stores.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The terms at the start; a roster that does not count keeps no node from starting.
async fn load_terms(config: Config) -> anyhow::Result<Terms> {
    let loading = tokio::task::spawn_blocking(move || match Terms::load(config.clone()) {
        Ok(terms) => terms,
        Err(error) => {
            tracing::error!(%error, "the roster that is kept does not count");
            Terms { config, roster: None }
        }
    });
    Ok(loading.await?)
}

/// Where a node answers.
struct Ready {
    http: String,
    p2p: Vec<String>,
}

impl Ready {
    fn announce(&self, key: &NodeKey) {
        let peer_id = key.node_id().to_string();
        tracing::info!(http = self.http, p2p = ?self.p2p, peer_id, "ready");
        let line = json!({ "event": "ready", "http": self.http, "p2p": self.p2p, "peer_id": peer_id });
        crate::cli::output::print_line(&line.to_string());
    }
}

struct Stores {
    ledger: Ledger,
    graph: Graph,
}

impl Stores {
    async fn open(config: &Config, judge: Judge) -> anyhow::Result<Self> {
        let folder = config.node.data_dir.clone();
        let ledger = tokio::task::spawn_blocking(move || Ledger::open(&folder, judge)).await??;
        let graph = graph_source::open(config, &ledger).await?;
        Ok(Self { ledger, graph })
    }

    async fn close(self) {
        self.graph.close().await;
        self.ledger.close().await;
    }
}

fn preshared_key(config: &Config) -> anyhow::Result<Option<PresharedKey>> {
    let Some(path) = &config.federation.preshared_key_file else { return Ok(None) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let key: PresharedKey = text.parse().with_context(|| format!("cannot use {}", path.display()))?;
    tracing::info!(fingerprint = key.fingerprint(), "connections need the pre-shared key");
    Ok(Some(key))
}

async fn network_start(
    config: &Config,
    key: &NodeKey,
    stores: &Stores,
    settings: Settings,
    outlets: Outlets,
) -> anyhow::Result<network::Start> {
    let held = stores.ledger.items().await?;
    let refused = stores.ledger.refused_items().await?;
    Ok(network::Start {
        seed: *key.seed(),
        federation: config.federation.name.clone(),
        listen: config.federation.listen.clone(),
        external: config.federation.external.clone(),
        machine: Federation::new(settings, held, refused),
        preshared_key: preshared_key(config)?,
        outlets,
    })
}

/// Starts every hook.
fn run_hooks(
    tasks: &TaskTracker,
    config: &Config,
    stores: &Stores,
    events: &Events,
    clock: &Clock,
    stop: &CancellationToken,
) {
    let (ledger, graph) = (stores.ledger.clone(), stores.graph.clone());
    let source = hooks::Source { ledger, graph, events: events.clone(), clock: clock.clone() };
    let data_dir: Arc<Path> = config.node.data_dir.as_path().into();
    for hook in config.hooks.clone() {
        tasks.spawn(hook.run(source.clone(), Arc::clone(&data_dir), stop.clone()));
    }
}

/// The signals that the node obeys, from the moment that this is made.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot wait for Ctrl-C")?,
            hang_up: signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?,
        })
    }

    /// Waits for SIGTERM or Ctrl-C; SIGHUP has the configuration and the files of TLS read again.
    async fn wait_for_stop(mut self, operator: &Operator, tls: Option<&web::Tls>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => {
                    operator.reload().await;
                    reload_tls(tls).await;
                }
            }
        }
    }
}

/// Keeps a second node off the data folder; the lock ends with the process, however it ends.
pub(crate) fn lock(data_dir: &Path) -> anyhow::Result<File> {
    let path = data_dir.join(LOCK_FILE);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("a node is running already on {}", data_dir.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

fn http_url(address: SocketAddr, config: &Config) -> String {
    let scheme = if config.http.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}{}", config.http.base_path.as_str())
}

async fn load_tls(config: &Config) -> anyhow::Result<Option<web::Tls>> {
    let Some(TlsFiles { certificate, key }) = config.http.tls.clone() else { return Ok(None) };
    Ok(Some(tokio::task::spawn_blocking(move || web::Tls::load(&certificate, &key)).await??))
}

/// A renewal that is half done, or bad, keeps nobody out.
async fn reload_tls(tls: Option<&web::Tls>) {
    let Some(tls) = tls.cloned() else { return };
    match tokio::task::spawn_blocking(move || tls.reload()).await {
        Ok(Ok(())) => tracing::info!("the certificates of TLS were re-read"),
        Ok(Err(error)) => tracing::error!(%error, "the certificates of TLS were not re-read; the old ones count on"),
        Err(error) => tracing::error!(%error, "the certificates of TLS could not be re-read"),
    }
}
