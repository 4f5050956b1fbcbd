//! The sites of a demonstration: a folder each, with an identity and a configuration like that of a real one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use proto::node_id::NodeId;
use proto::trust::Confirmations;

use super::log_of;
use super::process::{NodeProcess, StartError};
use crate::{config, files, identity, network};

/// One site before its node is started.
#[derive(Debug, Clone)]
pub struct Site {
    name: String,
    folder: PathBuf,
    node_id: NodeId,
    peers: Vec<Listed>,
    http: String,
    http_settings: String,
    p2p: Vec<String>,
    sync_interval: String,
    /// Further sections, as they stand in the configuration.
    settings: String,
}

#[derive(Debug, Clone)]
struct Listed {
    id: NodeId,
    name: String,
    addresses: Vec<String>,
    confirmations: Confirmations,
}

impl Listed {
    fn of(id: NodeId, name: &str) -> Self {
        let (name, addresses) = (name.to_owned(), Vec::new());
        Self { id, name, addresses, confirmations: Confirmations::Disregarded }
    }
}

/// So often that what the demonstration shows is soon there.
const SYNC_INTERVAL: &str = "10s";

/// Old endorsements are uploaded by the demonstration, so the window is wide open.
const SETTINGS: &str = "[admission]\ncreated_max_age = \"36500d\"\n";
const HTTP_PORT: u16 = 8080;
const P2P_PORT: u16 = 4040;

/// Sites on hosts of these names, in a line: each dials the one before it.
pub fn line(folder: &Path, hosts: &[String]) -> anyhow::Result<Vec<Site>> {
    let everywhere = Endpoints {
        http: format!("0.0.0.0:{HTTP_PORT}"),
        p2p: vec![format!("/ip4/0.0.0.0/udp/{P2P_PORT}/quic-v1"), format!("/ip4/0.0.0.0/tcp/{P2P_PORT}")],
    };
    let mut sites = create(folder, hosts, &everywhere)?;
    for index in 1..sites.len() {
        let before = sites[index - 1].clone();
        let host = &before.name;
        let addresses =
            [format!("/dns4/{host}/udp/{P2P_PORT}/quic-v1"), format!("/dns4/{host}/tcp/{P2P_PORT}")].to_vec();
        sites[index].list_addresses(&before, addresses)?;
    }
    Ok(sites)
}

/// Sites on this machine's loopback, on ports that are free when they start; who dials whom is said later.
pub fn line_on_loopback(folder: &Path, count: usize) -> anyhow::Result<Vec<Site>> {
    let names: Vec<String> = (0..count).map(|index| format!("site-{}", letter(index))).collect();
    let loopback = Endpoints {
        http: "127.0.0.1:0".to_owned(),
        p2p: vec!["/ip4/127.0.0.1/udp/0/quic-v1".to_owned(), "/ip4/127.0.0.1/tcp/0".to_owned()],
    };
    create(folder, &names, &loopback)
}

struct Endpoints {
    http: String,
    p2p: Vec<String>,
}

/// Every site lists every other as a member: members' admissions count, whether they are peers or not.
fn create(folder: &Path, names: &[String], endpoints: &Endpoints) -> anyhow::Result<Vec<Site>> {
    let mut sites = Vec::new();
    for name in names {
        let folder = folder.join(name);
        let key = identity::load_or_create(&folder).with_context(|| format!("no identity for {name}"))?;
        sites.push(Site {
            name: name.clone(),
            folder,
            node_id: key.node_id(),
            peers: Vec::new(),
            http: endpoints.http.clone(),
            http_settings: String::new(),
            p2p: endpoints.p2p.clone(),
            sync_interval: SYNC_INTERVAL.to_owned(),
            settings: SETTINGS.to_owned(),
        });
    }
    let all: Vec<Listed> = sites.iter().map(|site| Listed::of(site.node_id, &site.name)).collect();
    for site in &mut sites {
        site.peers = all.iter().filter(|listed| listed.id != site.node_id).cloned().collect();
        site.write()?;
    }
    Ok(sites)
}

impl Site {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its node.
    #[must_use]
    pub const fn node_id(&self) -> NodeId {
        self.node_id
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.join(config::FILE_NAME)
    }

    /// Has its node listen at these multiaddresses.
    pub fn listen(&mut self, p2p: &[&str]) -> anyhow::Result<()> {
        self.p2p = p2p.iter().map(|address| (*address).to_owned()).collect();
        self.write()
    }

    /// Adds sections to its configuration; keys before the first of them are of `[federation]`.
    pub fn set(&mut self, sections: &str) -> anyhow::Result<()> {
        sections.clone_into(&mut self.settings);
        self.write()
    }

    /// Adds keys to its section `[http]`.
    pub fn set_http(&mut self, keys: &str) -> anyhow::Result<()> {
        keys.clone_into(&mut self.http_settings);
        self.write()
    }

    /// Has its node compare with its peers so often, as the configuration writes a duration.
    pub fn sync_every(&mut self, interval: &str) -> anyhow::Result<()> {
        interval.clone_into(&mut self.sync_interval);
        self.write()
    }

    /// Keeps the addresses that its node got, so that it has them again after a restart.
    pub fn keep_addresses(&mut self, process: &NodeProcess) -> anyhow::Result<()> {
        let http = &process.ready().http;
        http.split_once("://").map_or(http.as_str(), |(_, address)| address).clone_into(&mut self.http);
        let split = |address: &String| network::split_peer_address(address).map(|(_, address)| address);
        self.p2p = process.ready().p2p.iter().map(split).collect::<Result<_, _>>()?;
        self.write()
    }

    /// Has this site dial another, whose node said that it is reached at `p2p`.
    pub fn dial(&mut self, other: &Site, p2p: &[String]) -> anyhow::Result<()> {
        let split = |address: &String| network::split_peer_address(address).map(|(_, address)| address);
        let addresses = p2p.iter().map(split).collect::<Result<_, _>>()?;
        self.list_addresses(other, addresses)
    }

    /// Lists a further member.
    pub fn list(&mut self, other: &Site) -> anyhow::Result<()> {
        self.peers.retain(|listed| listed.id != other.node_id);
        self.peers.push(Listed::of(other.node_id, &other.name));
        self.write()
    }

    /// Lists another no more.
    pub fn unlist(&mut self, other: &Site) -> anyhow::Result<()> {
        self.peers.retain(|listed| listed.id != other.node_id);
        self.write()
    }

    /// Takes the word of a listed member that it confirmed an e-mail address.
    pub fn believe(&mut self, other: &Site) -> anyhow::Result<()> {
        let listed = self.peers.iter_mut().find(|listed| listed.id == other.node_id);
        listed.with_context(|| format!("{} is not listed", other.name))?.confirmations = Confirmations::Believed;
        self.write()
    }

    fn list_addresses(&mut self, other: &Site, addresses: Vec<String>) -> anyhow::Result<()> {
        self.list(other)?;
        if let Some(listed) = self.peers.last_mut() {
            listed.addresses = addresses;
        }
        self.write()
    }

    /// Starts its node with further arguments of `serve`.
    pub fn start(&self, program: &Path, arguments: &[String]) -> Result<NodeProcess, StartError> {
        let serve = ["serve".to_owned(), "--config".to_owned(), self.config().display().to_string()];
        NodeProcess::start(program, &[&serve, arguments].concat(), &log_of(&self.folder))
    }

    fn write(&self) -> anyhow::Result<()> {
        let path = self.config();
        files::replace(&path, self.text().as_bytes()).with_context(|| format!("cannot write {}", path.display()))
    }

    fn text(&self) -> String {
        let mut text = format!(
            "# {name}, a site of the demonstration.\n\n\
             [node]\nname = {name}\ndata_dir = \".\"\n\n\
             [http]\nlisten = {http}\n{http_settings}\n\
             [federation]\nname = \"demonstration\"\nlisten = {p2p}\nsync_interval = {interval}\n\n",
            name = quoted(&self.name),
            http = quoted(&self.http),
            http_settings = self.http_settings,
            p2p = list(&self.p2p),
            interval = quoted(&self.sync_interval),
        );
        text += &self.settings;
        for peer in &self.peers {
            let (id, name) = (quoted(&peer.id.to_string()), quoted(&peer.name));
            // Writing to a string does not fail.
            let _ = write!(text, "\n[[peer]]\nid = {id}\nname = {name}\naddress = {}\n", list(&peer.addresses));
            if peer.confirmations == Confirmations::Believed {
                text.push_str("confirms_email = true\n");
            }
        }
        text
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list(texts: &[String]) -> String {
    toml::Value::from(texts.to_vec()).to_string()
}

/// `a`, `b` and on; past `z` the number.
fn letter(index: usize) -> String {
    u8::try_from(index)
        .ok()
        .filter(|index| *index < 26)
        .map_or_else(|| index.to_string(), |index| char::from(b'a' + index).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_a_site_is_a_valid_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let hosts = ["site-a".to_owned(), "site-b".to_owned(), "site-c".to_owned()];
        let sites = line(folder.path(), &hosts).expect("sites");
        for site in &sites {
            let config = config::load(Some(&site.config())).expect("valid");
            assert_eq!(config.node.name, site.name());
            assert_eq!(config.peers.len(), 2);
            assert_eq!(identity::load(site.folder()).expect("an identity").node_id(), site.node_id());
        }
        let dialled = |index: usize| {
            let config = config::load(Some(&sites[index].config())).expect("valid");
            config.peers.into_iter().filter(|peer| !peer.addresses.is_empty()).map(|peer| peer.id).collect::<Vec<_>>()
        };
        assert_eq!((dialled(0), dialled(1), dialled(2)), (vec![], vec![sites[0].node_id()], vec![sites[1].node_id()]));
    }

    #[test]
    fn sites_that_were_prepared_keep_their_identities() {
        let folder = tempfile::tempdir().expect("a folder");
        let hosts = ["site-a".to_owned()];
        let first = line(folder.path(), &hosts).expect("sites")[0].node_id();
        assert_eq!(line(folder.path(), &hosts).expect("sites")[0].node_id(), first);
    }
}
