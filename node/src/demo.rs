//! The demonstration: a federation of real node processes on this machine, with endorsers made on the spot.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use proto::timestamp::Instant;
use tokio::signal::unix::{SignalKind, signal};

use crate::client::{Client, encode};
use crate::clock::Clock;

pub mod endorser;
pub mod process;
mod samples;
pub mod site;

use endorser::Endorser;
use process::NodeProcess;
use site::Site;

/// How the demonstration is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It stays up until Ctrl-C.
    OnInterrupt,
    /// It ends after the checks.
    AfterChecks,
}

/// What the demonstration found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every check held.
    Passed,
    /// A check failed; it was said which.
    Failed,
}

/// Fewest nodes that show a line: the ends are no peers.
pub const NODES_MIN: usize = 3;
/// Most nodes, so that a slip of the finger does not fill the machine.
pub const NODES_MAX: usize = 20;

/// How long a check may take before it counts as failed.
const CHECK_MS_MAX: u64 = 60_000;
/// Pause between two looks at a node; the times that are shown are this exact.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

struct Demonstration {
    clock: Clock,
    nodes: Vec<(Site, NodeProcess, Client)>,
    // The nodes end before their folder is removed: fields are dropped in this order.
    _folder: tempfile::TempDir,
}

/// Runs the demonstration with `nodes` nodes of this very program.
pub fn run(nodes: usize, ending: Ending) -> anyhow::Result<Verdict> {
    ensure!((NODES_MIN..=NODES_MAX).contains(&nodes), "--nodes {nodes} is not from {NODES_MIN} to {NODES_MAX}");
    let clock = Clock::system();
    let demonstration = Demonstration::start(nodes, clock)?;
    let verdict = match demonstration.check() {
        Ok(()) => Verdict::Passed,
        Err(error) => {
            say(&format!("FAILED: {error:#}"));
            Verdict::Failed
        }
    };
    demonstration.print_addresses();
    if ending == Ending::OnInterrupt && verdict == Verdict::Passed {
        say("The federation stays up; press Ctrl-C to end it.");
        wait_for_interrupt()?;
        say("Stopping.");
    }
    Ok(verdict)
}

/// Writes the folders of sites that are started elsewhere, each on its own host; what exists is left as it is.
pub fn prepare(folder: &Path, hosts: &[String]) -> anyhow::Result<()> {
    for site in site::line(folder, hosts)? {
        say(&format!("{} is {} in {}", site.name(), site.node_id(), site.folder().display()));
    }
    Ok(())
}

impl Demonstration {
    fn start(nodes: usize, clock: Clock) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("marketplace-demo-").tempdir().context("no temporary folder")?;
        let program = std::env::current_exe().context("the program does not know its own path")?;
        say(&format!("Starting {nodes} nodes in a line; each is a peer of its neighbours only."));
        let mut started: Vec<(Site, NodeProcess, Client)> = Vec::new();
        for mut site in site::line_on_loopback(folder.path(), nodes)? {
            if let Some((before, process, _)) = started.last() {
                site.dial(before, &process.ready().p2p)?;
            }
            let process = site.start(&program, &[])?;
            let client = Client::new(&process.ready().http)?;
            say(&format!("  {}  {}  {}", site.name(), process.ready().http, process.ready().peer_id));
            started.push((site, process, client));
        }
        Ok(Self { clock, nodes: started, _folder: folder })
    }

    fn check(&self) -> anyhow::Result<()> {
        let endorsers = self.create_endorsers()?;
        self.fill(&endorsers)?;
        self.show_spread(&endorsers[0])?;
        self.show_refusal(&endorsers[0])
    }

    fn create_endorsers(&self) -> anyhow::Result<Vec<Endorser>> {
        let now = self.clock.now().timestamp();
        let bar = progress("creating endorsers", samples::PEOPLE.len());
        let create = |person: &samples::Person| {
            let endorser = Endorser::create(person.name, person.email, now);
            bar.inc(1);
            endorser
        };
        let endorsers = samples::PEOPLE.iter().map(create).collect::<Result<_, _>>()?;
        bar.finish_and_clear();
        Ok(endorsers)
    }

    /// Signs the sample registry, uploads it round about, and waits until every node holds all of it.
    fn fill(&self, endorsers: &[Endorser]) -> anyhow::Result<()> {
        let documents = endorser::sample_documents(endorsers, self.clock.now())?;
        let bar = progress("signing and uploading", documents.len());
        for (document, (site, _, client)) in documents.iter().zip(self.nodes.iter().cycle()) {
            client.upload(document).with_context(|| format!("{} refused a sample", site.name()))?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        let total = u64::try_from(documents.len()).unwrap_or(u64::MAX);
        for (site, _, client) in &self.nodes {
            self.wait_until(
                &format!("{} holds all {total} entries", site.name()),
                || Ok(held_count(client)? == total),
            )?;
        }
        say(&format!("{total} entries, uploaded round about, are held and verified by every node."));
        Ok(())
    }

    fn show_spread(&self, endorser: &Endorser) -> anyhow::Result<()> {
        let document = endorser.sign(&endorser::fresh_template(self.clock.now()), self.clock.now().timestamp())?;
        let (first, _, client) = &self.nodes[0];
        let sent = self.clock.now();
        let location = client.upload(&document)?;
        let acknowledged = self.clock.now();
        let took = acknowledged.ms_since(sent);
        say(&format!("An upload at {} was durable and queryable there after {took} ms.", first.name()));
        let path = location.path();
        for (site, _, client) in &self.nodes[1..] {
            self.wait_until(&format!("{} answers with the upload", site.name()), || Ok(client.has(path)?))?;
            let took = self.clock.now().ms_since(sent);
            let bytes = client.document(path)?;
            ensure!(bytes == document, "{} serves other bytes than were uploaded", site.name());
            say(&format!("  {} verified it for itself and answered with the same bytes after {took} ms.", site.name()));
        }
        Ok(())
    }

    fn show_refusal(&self, endorser: &Endorser) -> anyhow::Result<()> {
        let document = endorser.sign(&endorser::fresh_template(self.clock.now()), self.clock.now().timestamp())?;
        let forged = endorser::forge(&document)?;
        for (site, _, client) in &self.nodes {
            let refusal = client.upload(&forged).err();
            let reason = refusal.with_context(|| format!("{} accepted a forged document", site.name()))?;
            say(&format!("A forged document is refused by {}: {reason:#}", site.name()));
        }
        Ok(())
    }

    fn print_addresses(&self) {
        say("Explore with a browser or curl:");
        for (site, process, _) in &self.nodes {
            say(&format!("  {}  {}", site.name(), process.ready().http));
        }
        let (site, process, _) = &self.nodes[0];
        say(&format!("  curl '{}/metadata?media=json'", process.ready().http));
        say(&format!("  marketplace status --data-dir {}", site.folder().display()));
    }

    fn wait_until(&self, what: &str, check: impl Fn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let begun: Instant = self.clock.now();
        while !check()? {
            ensure!(self.clock.now().ms_since(begun) < CHECK_MS_MAX, "not within {CHECK_MS_MAX} ms: {what}");
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }
}

/// How many entries a node holds, superseded ones among them; lists show current ones.
fn held_count(client: &Client) -> anyhow::Result<u64> {
    let query = "SELECT (COUNT(DISTINCT ?entry) AS ?count) WHERE { GRAPH <http://mp.stratuslab.eu/provenance> \
                 { ?entry <http://mp.stratuslab.eu/ledger#standing> ?standing } }";
    let path = format!("/sparql?query={}", encode(query));
    let answer = client.fetch(&path, "application/sparql-results+json")?;
    let results: serde_json::Value = serde_json::from_slice(&answer.body).context("the answer is not JSON")?;
    let count = results["results"]["bindings"][0]["count"]["value"].as_str();
    count.and_then(|count| count.parse().ok()).context("the answer has no count")
}

/// Waits for Ctrl-C or SIGTERM, so that the nodes are ended with the demonstration either way.
fn wait_for_interrupt() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C"),
        }
    })
}

/// A progress bar where standard error is a terminal.
fn progress(what: &'static str, steps: usize) -> ProgressBar {
    let steps = u64::try_from(steps).unwrap_or(u64::MAX);
    let bar = match std::io::stderr().is_terminal() {
        true => ProgressBar::new(steps),
        false => ProgressBar::hidden(),
    };
    let style = ProgressStyle::with_template("{msg:24} [{bar:40}] {pos}/{len}").expect("the template is fixed");
    bar.with_style(style).with_message(what)
}

fn say(line: &str) {
    crate::cli::output::print_line(line);
}

/// Where the messages of a site's node go.
#[must_use]
pub fn log_of(folder: &Path) -> PathBuf {
    folder.join("node.log")
}
