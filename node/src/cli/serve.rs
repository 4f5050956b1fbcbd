//! `marketplace serve`: runs a node.

use std::net::SocketAddr;

use clap::Args;
use proto::timestamp::Timestamp;

use super::{Global, Verdict};
use crate::config::{self, Overrides, PeerEntry};
use crate::serve::Options;

/// Options of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
When the node answers, it prints one JSON line with the addresses in use:
  {\"event\":\"ready\",\"http\":\"http://…\",\"p2p\":[\"/ip4/…/p2p/…\"],\"peer_id\":\"…\"}
Ctrl-C or SIGTERM stop it when what is under way is done.

Examples:
  marketplace serve
  marketplace serve --data-dir /tmp/b --http 127.0.0.1:0 --p2p /ip4/127.0.0.1/tcp/0 \\
      --peer /ip4/127.0.0.1/tcp/4040/p2p/12D3KooW…")]
pub(super) struct Serve {
    /// Address and port of the HTTP interface; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "MARKETPLACE_HTTP", hide_env = true)]
    http: Option<SocketAddr>,
    /// Where to listen for peers, in place of the configuration's (repeatable) [default: QUIC and TCP on 4040]
    #[arg(
        long,
        value_name = "MULTIADDR",
        value_parser = multiaddress,
        value_delimiter = ',',
        env = "MARKETPLACE_P2P",
        hide_env = true
    )]
    p2p: Vec<String>,
    /// A member peer in addition to the configuration's (repeatable)
    #[arg(
        long,
        value_name = "MULTIADDR/p2p/ID",
        value_parser = peer,
        value_delimiter = ',',
        env = "MARKETPLACE_PEER",
        hide_env = true
    )]
    peer: Vec<PeerEntry>,
    /// Start the clock there; for tests and demonstrations
    #[arg(long, value_name = "RFC3339", env = "MARKETPLACE_CLOCK", hide_env = true)]
    clock: Option<Timestamp>,
}

impl Serve {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<Verdict> {
        let overrides =
            global.over(Overrides { http: self.http, p2p: self.p2p, peers: self.peer, ..Overrides::default() });
        let config = global.configuration(overrides.clone())?;
        crate::serve::run(config, Options { clock: self.clock, overrides })?;
        Ok(Verdict::Yes)
    }
}

fn multiaddress(text: &str) -> Result<String, String> {
    crate::network::check_address(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

fn peer(text: &str) -> Result<PeerEntry, String> {
    let (id, address) = config::parse_peer_address(text)?;
    Ok(PeerEntry::member(id, vec![address]))
}
