//! Federations of real node processes on loopback.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use node::control::{self, StatusReport};
use node::demo::endorser::Endorser;
use node::demo::process::NodeProcess;
use node::demo::site::{Site, line_on_loopback};
use proto::checksum::{Checksum, ChecksumAlgorithm};
use proto::crypto::Hash;
use proto::document::Template;
use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;

use crate::http::Http;

/// Sites with their running nodes.
#[derive(Debug)]
pub struct Sites {
    /// The sites, in a line: each dials the one before it.
    pub sites: Vec<Site>,
    nodes: Vec<Option<NodeProcess>>,
    arguments: Vec<String>,
    _folder: tempfile::TempDir,
}

/// How often a condition is looked at before the test gives up, and the pause between two looks.
const LOOKS_MAX: u32 = 3_000;
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// An endorser for all tests of a process; keys are slow to make.
pub static JANE: LazyLock<Endorser> = LazyLock::new(|| endorser("Jane Tester", "jane@example.org"));

/// A new endorser.
///
/// # Panics
/// Where OpenSSL cannot make a key.
#[must_use]
pub fn endorser(name: &str, email: &str) -> Endorser {
    Endorser::create(name, email, moment("2026-01-01T00:00:00Z")).expect("a certificate")
}

/// A moment from its text.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// What the tests say of an image that is known by `name`.
#[must_use]
pub fn template(name: &str) -> Template {
    let sha1: [u8; 20] = Hash::Sha1.digest(name.as_bytes()).try_into().expect("20 bytes");
    let mut template = Template::new(ImageIdentifier::from_sha1(sha1), 1024, "machine");
    let sha256: String = Hash::Sha256.digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    template.checksums = vec![Checksum::new(ChecksumAlgorithm::Sha256, &sha256).expect("hexadecimal")];
    template.title = Some(name.to_owned());
    template.os = Some("Debian".to_owned());
    template.os_version = Some("13".to_owned());
    template.os_arch = Some("x86_64".to_owned());
    template.locations = vec![format!("https://images.example.org/{name}.qcow2")];
    template.valid = Some(moment("2036-01-01T00:00:00Z"));
    template
}

/// The program under test, beside the tests.
///
/// # Panics
/// Where it is not built.
#[must_use]
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its path");
    let folder = test.ancestors().nth(2).expect("tests lie in deps below the build folder");
    let program = folder.join("marketplace");
    assert!(program.is_file(), "{} is not built: cargo build --workspace", program.display());
    program
}

impl Sites {
    /// Starts `count` nodes in a line.
    #[must_use]
    pub fn start(count: usize) -> Self {
        Self::start_with(count, "[admission]\ncreated_max_age = \"36500d\"\n", &[])
    }

    /// Starts `count` nodes in a line, each with these further sections and arguments of `serve`.
    ///
    /// # Panics
    /// Where a node does not start.
    #[must_use]
    pub fn start_with(count: usize, settings: &str, arguments: &[&str]) -> Self {
        let mut all = Self::prepare(count, settings);
        all.set_arguments(arguments);
        for index in 0..count {
            all.dial(index, index.checked_sub(1));
            all.boot(index);
        }
        all
    }

    /// Prepares `count` sites that list each other, with these further sections, whose nodes are not started yet.
    ///
    /// # Panics
    /// Where the folders cannot be written.
    #[must_use]
    pub fn prepare(count: usize, settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sites = line_on_loopback(folder.path(), count).expect("sites");
        for site in &mut sites {
            site.set(settings).expect("written");
        }
        let nodes = (0..count).map(|_| None).collect();
        Self { sites, nodes, arguments: Vec::new(), _folder: folder }
    }

    /// Starts a node for the first time; from now on it has the addresses that it got.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn boot(&mut self, index: usize) {
        self.restart(index);
        let node = self.nodes[index].as_ref().expect("it was started");
        self.sites[index].keep_addresses(node).expect("written");
    }

    /// Has a site dial another at these addresses, each with the other's `/p2p/` part.
    ///
    /// # Panics
    /// Where its configuration cannot be written.
    pub fn dial_at(&mut self, index: usize, other: usize, addresses: &[String]) {
        let other = self.sites[other].clone();
        self.sites[index].dial(&other, addresses).expect("written");
    }

    /// Where a running node said that it is reached, each with its `/p2p/` part.
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    pub fn p2p(&self, index: usize) -> &[String] {
        &self.running(index).ready().p2p
    }

    /// The process id of a running node.
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    pub fn process(&self, index: usize) -> u32 {
        self.running(index).id()
    }

    /// Adds a site whose node is not started yet and which dials `other`; all sites list each other.
    ///
    /// # Panics
    /// Where its folder cannot be written.
    pub fn add(&mut self, name: &str, other: usize) -> usize {
        let folder = self._folder.path().join(name);
        let mut site = line_on_loopback(&folder, 1).expect("a site").remove(0);
        for known in &mut self.sites {
            known.list(&site).expect("written");
            site.list(known).expect("written");
        }
        self.sites.push(site);
        self.nodes.push(None);
        self.dial(self.sites.len() - 1, Some(other));
        self.sites.len() - 1
    }

    /// Starts nodes with these arguments of `serve` from now on.
    pub fn set_arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    }

    fn dial(&mut self, index: usize, other: Option<usize>) {
        if let Some(other) = other {
            let p2p = self.p2p(other).to_vec();
            self.dial_at(index, other, &p2p);
        }
    }

    /// Starts a node that does not run, on the addresses that it had.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn restart(&mut self, index: usize) {
        let started = self.sites[index].start(&program(), &self.arguments);
        self.nodes[index] = Some(started.unwrap_or_else(|error| panic!("{error}")));
    }

    /// Writes these sections into a site's configuration in place of those it had; a running node reads them on
    /// [`Self::hang_up`].
    ///
    /// # Panics
    /// Where the file cannot be written.
    pub fn set(&mut self, index: usize, settings: &str) {
        self.sites[index].set(settings).expect("written");
    }

    /// Has a running node read its configuration again.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn hang_up(&self, index: usize) {
        self.signal(index, "-HUP");
    }

    /// Stops a node where it stands; its sockets stay open.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn pause(&self, index: usize) {
        self.signal(index, "-STOP");
    }

    /// Lets a paused node run on.
    ///
    /// # Panics
    /// Where it is gone.
    pub fn resume(&self, index: usize) {
        self.signal(index, "-CONT");
    }

    fn signal(&self, index: usize, signal: &str) {
        let id = self.process(index).to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
    }

    fn running(&self, index: usize) -> &NodeProcess {
        self.nodes[index].as_ref().expect("it runs")
    }

    /// Ends a node as a power cut would.
    pub fn kill(&mut self, index: usize) {
        self.nodes[index].take().expect("it runs").kill();
    }

    /// Asks a node to stop; whether it ended with status 0.
    pub fn stop(&mut self, index: usize) -> bool {
        self.nodes[index].take().expect("it runs").stop()
    }

    /// A client of a running node.
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    pub fn http(&self, index: usize) -> Http {
        Http::new(&self.running(index).ready().http)
    }

    /// Runs the program on a site's configuration; its status, standard output and standard error.
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    pub fn command(&self, index: usize, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(program())
            .args(arguments)
            .arg("--config")
            .arg(self.sites[index].config())
            .output()
            .expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    /// What a running node says of itself.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn status(&self, index: usize) -> StatusReport {
        match control::ask(self.sites[index].folder(), &control::Request::Status) {
            Ok(control::Answer::Status { status }) => *status,
            other => panic!("{} has no status: {other:?}", self.sites[index].name()),
        }
    }

    /// Whether a running node is connected with that of another site.
    #[must_use]
    pub fn is_connected(&self, index: usize, other: usize) -> bool {
        let id = self.sites[other].node_id().to_string();
        self.status(index).peers.iter().any(|peer| peer.id == id && peer.connected_since.is_some())
    }

    /// Whether a running node knows that of another site as a peer.
    #[must_use]
    pub fn is_listed(&self, index: usize, other: usize) -> bool {
        let id = self.sites[other].node_id().to_string();
        self.status(index).peers.iter().any(|peer| peer.id == id && peer.listed_by.is_some())
    }

    /// Whether all running nodes hold the same entries, and so many.
    #[must_use]
    pub fn all_hold(&self, count: usize) -> bool {
        let mut running = (0..self.nodes.len()).filter(|index| self.nodes[*index].is_some());
        let Some(first) = running.next().map(|index| self.held(index)) else { return count == 0 };
        first.len() == count && running.all(|index| self.held(index) == first)
    }

    /// The ids of all entries that a node holds, superseded and contested ones among them.
    #[must_use]
    pub fn held(&self, index: usize) -> BTreeSet<String> {
        let query = "SELECT ?entry WHERE { GRAPH <http://mp.stratuslab.eu/provenance> \
                     { ?entry <http://mp.stratuslab.eu/ledger#standing> ?standing } }";
        self.http(index).select(query).into_iter().flatten().collect()
    }
}

/// Looks until `condition` holds.
///
/// # Panics
/// Where it does not within a minute.
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..LOOKS_MAX {
        if condition() {
            return;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    panic!("not within a minute: {what}");
}
