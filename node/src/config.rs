//! The configuration: `marketplace.toml` and the options over it, as types that cannot be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::federation::{Admittance, Membership};
use proto::node_id::NodeId;
use proto::roster::RosterAuthority;
use proto::signature::Algorithms;
use proto::timestamp::{Instant, Timestamp};
use proto::trust::{Confirmations, EndorserPattern, Policy, Trust};
use web::{AddressRange, BasePath, Limits, PublicUrl};

use crate::bounds;
use crate::files;
use crate::hooks::Hook;

mod example;
mod federation;
mod hooks;
mod http;
mod mail;
mod peers;
mod reader;
mod sections;
mod values;

pub use example::EXAMPLE;
pub use mail::{MailSection, MailTls, Reminders};
pub use peers::{PeersFileError, add_peer, remove_peer};
pub use reader::Finding;
pub use values::{NotADuration, parse_duration_ms, parse_peer_address};

/// Everything that the operator decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file that it was read from; none where only defaults and options count.
    pub file: Option<PathBuf>,
    /// `[node]`.
    pub node: NodeSection,
    /// `[http]`.
    pub http: HttpSection,
    /// `[federation]`.
    pub federation: FederationSection,
    /// `[[peer]]`, each identity once.
    pub peers: Vec<PeerEntry>,
    /// `[admission]`.
    pub admission: AdmissionSection,
    /// `[trust]`.
    pub trust: TrustSection,
    /// `[query]`.
    pub query: QuerySection,
    /// `[log]`.
    pub log: LogSection,
    /// `[storage]`.
    pub storage: StorageSection,
    /// `[[hook]]`.
    pub hooks: Vec<Hook>,
    /// `[mail]`; none where the node sends none.
    pub mail: Option<MailSection>,
}

/// The node itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSection {
    /// The operator's name for it.
    pub name: String,
    /// Where it keeps everything.
    pub data_dir: PathBuf,
    /// Where people reach it.
    pub public_url: Option<PublicUrl>,
}

/// Its HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSection {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The path that all routes stand under.
    pub base_path: BasePath,
    /// Largest upload in bytes.
    pub document_bytes_max: usize,
    /// The files of TLS; none where the node speaks without.
    pub tls: Option<TlsFiles>,
    /// Whose word counts on where a request comes from.
    pub trusted_proxies: Vec<AddressRange>,
    /// What clients may take.
    pub limits: Limits,
    /// Uploads that one key may sign in a minute; 0 for any number.
    pub uploads_of_endorser_per_minute: u32,
    /// Uploads that are verified and written at once; more are refused.
    pub uploads_max: usize,
}

/// The files of TLS, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate of the node, and those that lead to its authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Its part in the federation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationSection {
    /// The name that nodes of one federation share.
    pub name: String,
    /// Where it listens for peers, as multiaddresses.
    pub listen: Vec<String>,
    /// Where peers reach it, where that differs.
    pub external: Vec<String>,
    /// Who may connect.
    pub admittance: Admittance,
    /// Pause between two syncs with a peer.
    pub sync_interval_ms: u64,
    /// Who may sign the federation's roster; none where there is no roster.
    pub roster_keys: BTreeSet<NodeId>,
    /// How many of them must have signed; none for more than half.
    pub roster_threshold: Option<usize>,
    /// Nodes that were members, and until when.
    pub former_members: BTreeMap<NodeId, Timestamp>,
    /// The key without which no connection comes about.
    pub preshared_key_file: Option<PathBuf>,
}

/// A peer that the operator listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerEntry {
    /// Who it is.
    pub id: NodeId,
    /// Where to dial it, as multiaddresses without the `/p2p/` part; a peer without an address is waited for.
    pub addresses: Vec<String>,
    /// The operator's name for it; empty where there is none.
    pub name: String,
    /// Where people reach it; none where that is not known.
    pub public_url: Option<PublicUrl>,
    /// Whether its own admissions count.
    pub membership: Membership,
    /// Whether its word is taken that it confirmed an e-mail address.
    pub confirmations: Confirmations,
}

/// What uploads must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionSection {
    /// How old an endorsement may be when it is uploaded.
    pub created_ms_max_age: u64,
    /// How far ahead of the node's clock an endorsement may be when it is uploaded.
    pub created_ms_max_ahead: u64,
    /// Whether uploads are taken at all.
    pub uploads: Uploads,
    /// Whether the owner of the endorser's address is asked by e-mail.
    pub email_confirmation: EmailConfirmation,
    /// What the links of those mails begin with, where it is not the node's public URL.
    pub confirm_url_base: Option<PublicUrl>,
}

/// Whether uploads await a confirmation by e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailConfirmation {
    /// They do, but those of endorsers that need none.
    Required,
    /// They are admitted at once.
    Off,
}

/// Whether a node takes uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploads {
    /// It does.
    Accepted,
    /// It only follows the federation (`read_only`).
    Refused,
}

/// Whom and what the operator trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustSection {
    /// Files and folders of the authorities that chains of certificates may end at.
    pub anchors: Vec<PathBuf>,
    /// Which signature algorithms are admitted.
    pub algorithms: Algorithms,
    /// Keys pinned to addresses.
    pub endorser_keys: BTreeMap<Email, BTreeSet<Sha256Digest>>,
    /// What is not held.
    pub policy: Policy,
    /// Endorsers whose uploads need no confirmation.
    pub confirm_waived_for: BTreeSet<EndorserPattern>,
}

/// The limits of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySection {
    /// How long it may run.
    pub timeout_ms: u64,
    /// How many rows it may answer with.
    pub rows_max: usize,
    /// How many run at once.
    pub concurrent_max: usize,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSection {
    /// Which messages, in the words of `tracing_subscriber::EnvFilter`.
    pub filter: String,
    /// How they are written.
    pub format: LogFormat,
}

/// How log messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Where the derived stores are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSection {
    /// The graph that SPARQL sees.
    pub graph: GraphStorage,
}

/// Where the graph is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphStorage {
    /// In the data folder.
    Disk,
    /// In memory, rebuilt from the ledger at every start.
    Memory,
}

/// What options and variables say over the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// In place of `node.data_dir`.
    pub data_dir: Option<PathBuf>,
    /// In place of `http.listen`.
    pub http: Option<SocketAddr>,
    /// In place of `federation.listen`, unless it is empty.
    pub p2p: Vec<String>,
    /// Peers in addition, all members.
    pub peers: Vec<PeerEntry>,
}

/// Why there is no configuration; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file says what no node can do.
    #[error("{}", place(path, findings))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it, in its order.
        findings: Vec<Finding>,
    },
}

/// The name of the file in each of the places where it is looked for.
pub const FILE_NAME: &str = "marketplace.toml";

/// The data folder where nothing else is said; beside the file.
const DATA_DIR: &str = "marketplace-data";

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            node: NodeSection { name: "marketplace".to_owned(), data_dir: DATA_DIR.into(), public_url: None },
            http: HttpSection {
                listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
                base_path: BasePath::default(),
                document_bytes_max: proto::bounds::DOCUMENT_BYTES_MAX,
                tls: None,
                trusted_proxies: Vec::new(),
                limits: Limits::default(),
                uploads_of_endorser_per_minute: 0,
                uploads_max: bounds::UPLOADS_WAITING_MAX,
            },
            federation: FederationSection {
                name: "marketplace".to_owned(),
                listen: vec!["/ip4/0.0.0.0/udp/4040/quic-v1".to_owned(), "/ip4/0.0.0.0/tcp/4040".to_owned()],
                external: Vec::new(),
                admittance: Admittance::Closed,
                sync_interval_ms: 60_000,
                roster_keys: BTreeSet::new(),
                roster_threshold: None,
                former_members: BTreeMap::new(),
                preshared_key_file: None,
            },
            peers: Vec::new(),
            admission: AdmissionSection {
                created_ms_max_age: 7 * values::DAY_MS,
                created_ms_max_ahead: 10 * 60_000,
                uploads: Uploads::Accepted,
                email_confirmation: EmailConfirmation::Off,
                confirm_url_base: None,
            },
            trust: TrustSection {
                anchors: Vec::new(),
                algorithms: Algorithms::Modern,
                endorser_keys: BTreeMap::new(),
                policy: Policy::default(),
                confirm_waived_for: BTreeSet::new(),
            },
            query: QuerySection { timeout_ms: 10_000, rows_max: 10_000, concurrent_max: 4 },
            log: LogSection { filter: "info".to_owned(), format: LogFormat::Text },
            storage: StorageSection { graph: GraphStorage::Disk },
            hooks: Vec::new(),
            mail: None,
        }
    }
}

/// The file that counts: `given`, else the first that exists of the current folder's, the user's and the machine's.
#[must_use]
pub fn locate(given: Option<&Path>, home: Option<&Path>) -> Option<PathBuf> {
    let users = home.map(|home| home.join(".config/marketplace").join(FILE_NAME));
    let places = [Some(PathBuf::from(FILE_NAME)), users, Some(Path::new("/etc/marketplace").join(FILE_NAME))];
    match given {
        Some(given) => Some(given.to_owned()),
        None => places.into_iter().flatten().find(|place| place.exists()),
    }
}

/// Reads the configuration of a file; without one, the defaults.
pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
    let Some(path) = file else { return Ok(Config::default()) };
    let text = text_of(path)?;
    let invalid = |findings| ConfigError::Invalid { path: path.to_owned(), findings };
    let config = parse(&text).map_err(invalid)?;
    let written = config.trust.anchors.clone();
    let config = config.at(path);
    let missing: Vec<_> = written
        .iter()
        .zip(&config.trust.anchors)
        .filter(|(_, anchors)| !anchors.exists())
        .map(|(written, anchors)| missing_anchors(&text, written, anchors))
        .collect();
    if missing.is_empty() { Ok(config) } else { Err(invalid(missing)) }
}

/// The data folder that a file names, also where the rest of the file is faulty; without a file, the default.
pub fn data_dir(file: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let Some(path) = file else { return Ok(Config::default().node.data_dir) };
    let invalid = |findings| ConfigError::Invalid { path: path.to_owned(), findings };
    Ok(sections::read_node(&text_of(path)?).map_err(invalid)?.at(path).node.data_dir)
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |error| ConfigError::File { path: path.to_owned(), error };
    let bytes = files::read(path, bounds::CONFIG_BYTES_MAX).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|_| unreadable(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")))
}

/// That a path is not there is found only where the file is known, so its place is looked for in the text.
fn missing_anchors(text: &str, written: &Path, anchors: &Path) -> Finding {
    let section = text.find("[trust]").unwrap_or(0);
    let at = text[section..].find(&*written.to_string_lossy()).map_or(section, |at| section + at - 1);
    let message = format!("anchors in [trust]: there is no file or folder {}", anchors.display());
    reader::finding(text, at, message)
}

/// Reads the text of a configuration file.
pub fn parse(text: &str) -> Result<Config, Vec<Finding>> {
    sections::read(text)
}

impl Config {
    /// The configuration as that of a file: its data folder and further files are looked for from there.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(folder) = folder {
            self.node.data_dir = folder.join(&self.node.data_dir);
            self.trust.anchors.iter_mut().for_each(|anchors| *anchors = folder.join(&*anchors));
            let files = self.mail.iter_mut().flat_map(|mail| [&mut mail.tls_ca, &mut mail.password_file]);
            let files = files.chain([&mut self.federation.preshared_key_file]).flatten();
            let tls = self.http.tls.iter_mut().flat_map(|tls| [&mut tls.certificate, &mut tls.key]);
            for file in files.chain(tls) {
                *file = folder.join(&*file);
            }
        }
        self.file = Some(path.to_owned());
        self
    }

    /// This configuration with what options and variables say.
    #[must_use]
    pub fn with(mut self, overrides: Overrides) -> Self {
        if let Some(data_dir) = overrides.data_dir {
            self.node.data_dir = data_dir;
        }
        if let Some(listen) = overrides.http {
            self.http.listen = listen;
        }
        if !overrides.p2p.is_empty() {
            self.federation.listen = overrides.p2p;
        }
        for peer in overrides.peers {
            self.add(peer);
        }
        self
    }

    /// Adds a peer; of one that is listed the addresses are joined, and the new word on the rest counts.
    fn add(&mut self, mut peer: PeerEntry) {
        let Some(listed) = self.peers.iter_mut().find(|listed| listed.id == peer.id) else {
            self.peers.push(peer);
            return;
        };
        listed.addresses.retain(|address| !peer.addresses.contains(address));
        peer.addresses.append(&mut listed.addresses);
        if peer.name.is_empty() {
            peer.name.clone_from(&listed.name);
        }
        peer.confirmations = peer.confirmations.min(listed.confirmations);
        *listed = peer;
    }

    /// Lists a peer no more. What a member admitted until now counts on.
    pub fn remove_peer(&mut self, peer: NodeId, now: Timestamp) {
        let was_member = self.peers.iter().any(|listed| listed.id == peer && listed.membership == Membership::Member);
        self.peers.retain(|listed| listed.id != peer);
        if was_member {
            self.federation.former_members.insert(peer, now);
        }
    }

    /// Who may sign the federation's roster; none where the operator has named nobody.
    #[must_use]
    pub fn roster_authority(&self) -> Option<RosterAuthority> {
        let FederationSection { name, roster_keys, roster_threshold, .. } = &self.federation;
        (!roster_keys.is_empty()).then(|| RosterAuthority {
            federation: name.clone(),
            keys: roster_keys.clone(),
            threshold: roster_threshold.unwrap_or(roster_keys.len() / 2 + 1),
        })
    }

    /// Whom the node `own` trusts: itself, its member peers, and the pinned keys.
    #[must_use]
    pub fn trust(&self, own: NodeId) -> Trust {
        let is_member = |peer: &&PeerEntry| peer.membership == Membership::Member;
        let members = self.peers.iter().filter(is_member).map(|peer| (peer.id, peer.confirmations));
        let former = self.federation.former_members.iter();
        Trust {
            endorser_keys: self.trust.endorser_keys.clone(),
            members: members.chain([(own, Confirmations::Believed)]).collect(),
            former_members: former.map(|(node, until)| (*node, Instant::from(*until))).collect(),
            policy: Policy { algorithms: self.trust.algorithms, ..self.trust.policy.clone() },
        }
    }
}

impl PeerEntry {
    /// A member peer, its confirmations disregarded, as `[[peer]]` has it by default.
    #[must_use]
    pub const fn member(id: NodeId, addresses: Vec<String>) -> Self {
        Self {
            id,
            addresses,
            name: String::new(),
            public_url: None,
            membership: Membership::Member,
            confirmations: Confirmations::Disregarded,
        }
    }
}

/// The findings as compilers write them, one a line.
fn place(path: &Path, findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let separator = if text.is_empty() { "" } else { "\n" };
        let Finding { line, column, message } = finding;
        // Writing to a String does not fail.
        let _ = write!(text, "{separator}{}:{line}:{column}: {message}", path.display());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(byte: u8) -> NodeId {
        NodeId::from_public_key([byte; 32])
    }

    #[test]
    fn an_empty_file_says_the_defaults() {
        assert_eq!(parse(""), Ok(Config::default()));
    }

    #[test]
    fn the_data_folder_is_looked_for_from_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "[node]\ndata_dir = \"data\"\n").expect("it is written");
        let config = load(Some(&path)).expect("it is good");
        assert_eq!(config.node.data_dir, folder.path().join("data"));
        assert_eq!(config.file, Some(path));
    }

    #[test]
    fn the_data_folder_is_found_in_a_file_that_is_faulty_elsewhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "[node]\ndata_dir = \"data\"\n[http]\nlisten = 7\n[nowhere]\n").expect("it is written");
        assert!(matches!(load(Some(&path)), Err(ConfigError::Invalid { findings, .. }) if findings.len() == 2));
        assert_eq!(data_dir(Some(&path)).expect("it is named"), folder.path().join("data"));
        std::fs::write(&path, "[node]\ndata_dir = 7\n").expect("it is written");
        assert!(matches!(data_dir(Some(&path)), Err(ConfigError::Invalid { .. })));
    }

    #[test]
    fn an_error_names_file_line_column_and_the_nearest_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "[federation]\nname = \"a\"\nmemberhip = \"open\"\n").expect("it is written");
        let error = load(Some(&path)).expect_err("a key is unknown").to_string();
        let place = format!("{}:3:1: ", path.display());
        assert_eq!(error, place + "unknown key \"memberhip\" in [federation]; did you mean \"membership\"?");
    }

    #[test]
    fn anchors_are_looked_for_from_the_file_and_must_be_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE_NAME);
        std::fs::write(folder.path().join("ca.pem"), "").expect("it is written");
        std::fs::write(&path, "[trust]\nanchors = [\"ca.pem\"]\n").expect("it is written");
        assert_eq!(load(Some(&path)).expect("it is good").trust.anchors, [folder.path().join("ca.pem")]);

        std::fs::write(&path, "[trust]\nanchors = [\"ca.pem\", \"grid\"]\n").expect("it is written");
        let error = load(Some(&path)).expect_err("grid is missing").to_string();
        let missing = folder.path().join("grid");
        let place = format!("{}:2:22: ", path.display());
        assert_eq!(error, place + &format!("anchors in [trust]: there is no file or folder {}", missing.display()));
    }

    #[test]
    fn a_given_file_that_is_missing_is_an_error() {
        let path = Path::new("/nonexistent/marketplace.toml");
        assert_eq!(locate(Some(path), None).as_deref(), Some(path));
        assert!(matches!(load(Some(path)), Err(ConfigError::File { .. })));
    }

    #[test]
    fn options_come_before_the_file() {
        let config = parse("[http]\nlisten = \"127.0.0.1:1\"\n[federation]\nlisten = [\"/ip4/127.0.0.1/tcp/1\"]\n");
        let overrides = Overrides {
            data_dir: Some("/elsewhere".into()),
            http: "127.0.0.1:2".parse().ok(),
            p2p: vec!["/ip4/127.0.0.1/tcp/2".to_owned()],
            peers: Vec::new(),
        };
        let config = config.expect("it is good").with(overrides);
        assert_eq!(config.node.data_dir, Path::new("/elsewhere"));
        assert_eq!(config.http.listen.port(), 2);
        assert_eq!(config.federation.listen, ["/ip4/127.0.0.1/tcp/2"]);
    }

    #[test]
    fn a_peer_option_makes_a_listed_peer_a_member_and_adds_its_address() {
        let listed = PeerEntry {
            name: "b".to_owned(),
            membership: Membership::Courier,
            ..PeerEntry::member(node(2), vec!["/ip4/127.0.0.1/tcp/1".to_owned()])
        };
        let config = Config { peers: vec![listed], ..Config::default() };
        let option = PeerEntry::member(node(2), vec!["/ip4/127.0.0.1/tcp/2".to_owned()]);
        let config = config.with(Overrides { peers: vec![option], ..Overrides::default() });
        assert_eq!(config.peers.len(), 1);
        assert_eq!(config.peers[0].addresses, ["/ip4/127.0.0.1/tcp/2", "/ip4/127.0.0.1/tcp/1"]);
        assert_eq!((config.peers[0].name.as_str(), config.peers[0].membership), ("b", Membership::Member));
    }

    #[test]
    fn a_node_trusts_itself_and_its_members() {
        let courier = PeerEntry { membership: Membership::Courier, ..PeerEntry::member(node(3), Vec::new()) };
        let peers = vec![PeerEntry::member(node(2), Vec::new()), courier];
        let trust = Config { peers, ..Config::default() }.trust(node(1));
        let members = [(node(1), Confirmations::Believed), (node(2), Confirmations::Disregarded)];
        assert_eq!(trust.members, BTreeMap::from(members));
    }
}
