//! `marketplace peer`: peers of the running node, and in the configuration.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Subcommand};
use proto::federation::Membership;
use proto::node_id::NodeId;
use proto::trust::Confirmations;
use serde::Serialize;
use web::PublicUrl;

use super::output::{self, Output};
use super::{Global, Verdict};
use crate::clock::Clock;
use crate::config::{self, Config, Overrides, PeerEntry};
use crate::control::{self, Answer, AskError, PeerReport, Request};
use crate::terms::Terms;

/// Commands on peers.
#[derive(Debug, Subcommand)]
pub(super) enum Peer {
    /// List the peers; of a running node with how they are
    List,
    /// Add a peer
    Add(Add),
    /// Remove a peer
    Remove(Remove),
    /// Ask a peer for an answer, and say how long it took or why there is none
    Ping(Ping),
}

/// Options of `peer ping`.
#[derive(Debug, Args)]
pub(super) struct Ping {
    /// The peer's identity, or your name for it
    #[arg(value_name = "ID|NAME")]
    peer: String,
}

#[derive(Serialize)]
struct Reached {
    peer_id: String,
    address: String,
    is_new: bool,
    round_trip_us: u64,
}

/// Options of `peer add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  marketplace peer add /dns4/b.example.org/udp/4040/quic-v1/p2p/12D3KooW… --name \"site B\"")]
pub(super) struct Add {
    /// The peer's address with its identity, as its operator's `init` printed it
    #[arg(value_name = "MULTIADDR/p2p/ID", value_parser = config::parse_peer_address)]
    address: (NodeId, String),
    /// Your name for it
    #[arg(long, default_value = "", hide_default_value = true, env = "MARKETPLACE_NAME", hide_env = true)]
    name: String,
    /// Where people reach it, for those who look for the nearest node
    #[arg(long, value_name = "URL", env = "MARKETPLACE_URL", hide_env = true)]
    url: Option<PublicUrl>,
    /// Whether its own admissions count
    #[arg(
        long,
        value_name = "true|false",
        default_value_t = true,
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        env = "MARKETPLACE_MEMBER",
        hide_env = true
    )]
    member: bool,
    /// Believe it that it confirmed an e-mail address
    #[arg(
        long,
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new(),
        env = "MARKETPLACE_CONFIRMS_EMAIL",
        hide_env = true
    )]
    confirms_email: bool,
}

/// Options of `peer remove`.
#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The peer's identity, or your name for it
    #[arg(value_name = "ID|NAME")]
    peer: String,
}

#[derive(Serialize)]
struct Changed {
    peer_id: String,
    config: PathBuf,
    running: bool,
}

impl Peer {
    pub(super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        match self {
            Self::List => list(global, output),
            Self::Add(add) => add.run(global, output),
            Self::Remove(remove) => remove.run(global, output),
            Self::Ping(ping) => ping.run(global, output),
        }
    }
}

fn list(global: &Global, output: Output) -> anyhow::Result<Verdict> {
    let config = global.configuration(Overrides::default())?;
    let peers = match tell(&config, &Request::ListPeers)? {
        Some(Answer::Peers { peers }) => peers,
        Some(other) => bail!("the node answers {other:?} when asked for its peers"),
        None => {
            output.note("No node is running; these are the peers of the configuration.");
            config.peers.iter().map(PeerReport::from).collect()
        }
    };
    output.result(|| table(&peers), &peers)?;
    Ok(Verdict::Yes)
}

impl Add {
    fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let config = global.configuration(Overrides::default())?;
        let peer = self.entry()?;
        let file = editable(&config)?;
        config::add_peer(&file, &peer)?;
        let request = Request::AddPeer { peer: (&peer).into() };
        report(&config, peer.id, file, &request, output)
    }

    fn entry(self) -> anyhow::Result<PeerEntry> {
        if self.confirms_email && !self.member {
            bail!("--confirms-email needs --member true: only a member's confirmations can be believed");
        }
        let (id, address) = self.address;
        Ok(PeerEntry {
            id,
            addresses: vec![address],
            name: self.name,
            public_url: self.url,
            membership: if self.member { Membership::Member } else { Membership::Courier },
            confirmations: if self.confirms_email { Confirmations::Believed } else { Confirmations::Disregarded },
        })
    }
}

impl Remove {
    fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let config = global.configuration(Overrides::default())?;
        let id = find(&self.peer, &config.peers)?;
        let file = editable(&config)?;
        config::remove_peer(&file, id, Clock::system().now().timestamp())?;
        report(&config, id, file, &Request::RemovePeer { id }, output)
    }
}

impl Ping {
    fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let config = global.configuration(Overrides::default())?;
        let id = find(&self.peer, &known(&config)?)?;
        match control::ask(&config.node.data_dir, &Request::PingPeer { id })? {
            Answer::Pinged { address, is_new, round_trip_us } => {
                let reached = Reached { peer_id: id.to_string(), address, is_new, round_trip_us };
                output.result(|| describe_ping(&reached), &reached)?;
                Ok(Verdict::Yes)
            }
            Answer::Refused { reason } => {
                output.result(
                    || format!("{id}: {reason}"),
                    &serde_json::json!({ "peer_id": id.to_string(), "error": reason }),
                )?;
                Ok(Verdict::No)
            }
            other => bail!("the node answers {other:?} when asked to ping a peer"),
        }
    }
}

fn describe_ping(reached: &Reached) -> String {
    let connection = if reached.is_new { "a new connection" } else { "its connection" };
    let ms = reached.round_trip_us / 1_000;
    let fraction = reached.round_trip_us % 1_000;
    format!("{}: answers in {ms}.{fraction:03} ms over {connection} to {}", reached.peer_id, reached.address)
}

/// The configured peers and those of the roster.
fn known(config: &Config) -> anyhow::Result<Vec<PeerEntry>> {
    let own = crate::identity::load(&config.node.data_dir)?.node_id();
    let peers = Terms::load(config.clone())?.peers(own);
    Ok(peers.into_iter().map(|(peer, _)| peer).collect())
}

/// The identity that a text is, or that of the one peer of that name.
fn find(text: &str, peers: &[PeerEntry]) -> anyhow::Result<NodeId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let mut named = peers.iter().filter(|peer| peer.name == text);
    match (named.next(), named.next()) {
        (Some(peer), None) => Ok(peer.id),
        (None, _) => bail!("{text:?} is neither the identity nor the name of a peer"),
        (Some(_), Some(_)) => bail!("several peers are called {text:?}; give the identity"),
    }
}

fn editable(config: &Config) -> anyhow::Result<PathBuf> {
    config.file.clone().context("there is no configuration file to keep the change in; marketplace init writes one")
}

/// Tells the running node of what the configuration now says.
fn report(config: &Config, id: NodeId, file: PathBuf, request: &Request, output: Output) -> anyhow::Result<Verdict> {
    let kept = format!("the change is kept in {}, but the running node did not take it", file.display());
    let running = match tell(config, request).with_context(|| kept.clone())? {
        None => false,
        Some(Answer::Refused { reason }) => bail!("{kept}: {reason}"),
        Some(_) => true,
    };
    let changed = Changed { peer_id: id.to_string(), config: file, running };
    output.result(|| describe(&changed), &changed)?;
    Ok(Verdict::Yes)
}

fn describe(changed: &Changed) -> String {
    let node = if changed.running { "the running node works by it" } else { "no node is running" };
    format!("{}: kept in {}; {node}", changed.peer_id, changed.config.display())
}

/// The running node's answer; none where no node is running.
fn tell(config: &Config, request: &Request) -> anyhow::Result<Option<Answer>> {
    match control::ask(&config.node.data_dir, request) {
        Ok(answer) => Ok(Some(answer)),
        Err(AskError::NotRunning(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Peers beneath each other, those that are not connected with the reason.
pub(super) fn table(peers: &[PeerReport]) -> String {
    if peers.is_empty() {
        return "no peers\n".to_owned();
    }
    let heading = [
        "PEER",
        "NAME",
        "MEMBER",
        "VERSION",
        "CONNECTED SINCE",
        "ROUND TRIP",
        "LACKED",
        "LAST SYNC",
        "TRAFFIC",
        "STATE",
    ];
    let rows: Vec<_> = peers.iter().map(row).collect();
    output::table(&heading, &rows)
}

fn membership(peer: &PeerReport) -> &'static str {
    match (peer.member, peer.listed_by.as_deref()) {
        (true, Some("roster")) => "by roster",
        (true, _) => "yes",
        (false, _) => "no",
    }
}

/// What each side lacked when they were last compared: this node / the peer.
fn lacked(peer: &PeerReport) -> Option<String> {
    let here = peer.lag?;
    Some(peer.lacked_by_peer.map_or_else(|| here.to_string(), |there| format!("{here}/{there}")))
}

/// Bytes in the largest unit that leaves a whole number.
fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{} KB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn row(peer: &PeerReport) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let state = match (&peer.last_error, &peer.next_attempt) {
        (Some(error), Some(next)) => format!("{error}; next attempt {next}"),
        (Some(error), None) => error.clone(),
        (None, Some(next)) => format!("next attempt {next}"),
        (None, None) if peer.connected_since.is_some() => "connected".to_owned(),
        (None, None) => "not connected".to_owned(),
    };
    vec![
        peer.id.clone(),
        or_dash(Some(peer.name.clone()).filter(|name| !name.is_empty())),
        membership(peer).to_owned(),
        or_dash(peer.version.as_deref().map(output::visible)),
        or_dash(peer.connected_since.clone()),
        or_dash(peer.round_trip_ms.map(|ms| format!("{ms} ms"))),
        or_dash(lacked(peer)),
        or_dash(peer.last_sync.clone()),
        format!("{}/{}", size(peer.bytes_received), size(peer.bytes_sent)),
        state,
    ]
}

#[cfg(test)]
mod tests {
    use super::super::output::Format;
    use super::*;

    fn with_file() -> (tempfile::TempDir, Global) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("marketplace.toml");
        std::fs::write(&path, config::EXAMPLE).expect("it is written");
        let global = Global { config: Some(path), data_dir: None, format: Format::Json, quiet: true };
        (folder, global)
    }

    fn run(global: &Global, peer: Peer) -> anyhow::Result<Verdict> {
        peer.run(global, Output::new(Format::Json, true))
    }

    fn add(name: &str) -> Add {
        let address = (NodeId::from_public_key([7; 32]), "/ip4/10.0.0.2/tcp/4040".to_owned());
        Add { address, name: name.to_owned(), url: None, member: true, confirms_email: false }
    }

    #[test]
    fn without_a_node_peers_are_kept_in_the_configuration() {
        let (_folder, global) = with_file();
        run(&global, Peer::Add(add("b"))).expect("it is added");
        run(&global, Peer::List).expect("it is listed");
        assert_eq!(global.configuration(Overrides::default()).expect("it is good").peers.len(), 1);
        run(&global, Peer::Remove(Remove { peer: "b".to_owned() })).expect("it is removed by its name");
        assert!(global.configuration(Overrides::default()).expect("it is good").peers.is_empty());
    }

    #[test]
    fn an_unknown_peer_is_not_removed() {
        let (_folder, global) = with_file();
        let error = run(&global, Peer::Remove(Remove { peer: "b".to_owned() })).expect_err("it is unknown");
        assert!(error.to_string().contains("neither the identity nor the name"), "{error}");
    }

    #[test]
    fn confirmations_need_a_member() {
        assert!(Add { member: false, confirms_email: true, ..add("b") }.entry().is_err());
    }

    #[test]
    fn a_peer_that_is_not_connected_says_why() {
        let next_attempt = Some("2026-01-01T00:00:00.000Z".to_owned());
        let last_error = Some("dial failed".to_owned());
        let report = PeerReport { id: "12D3".to_owned(), last_error, next_attempt, ..PeerReport::default() };
        assert!(table(&[report]).contains("dial failed; next attempt 2026-01-01T00:00:00.000Z"));
    }
}
