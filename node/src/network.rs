//! The node on the network: drives the federation's state machine with libp2p. The home of libp2p.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use libp2p::{Multiaddr, identity, multiaddr::Protocol};
use proto::admission::AdmissionId;
use proto::federation::{Address, Federation, Outcome, PeerStatus, Settings};
use proto::node_id::NodeId;
use proto::reconcile::Item;
use proto::roster::VerifiedRoster;
use proto::wire::Envelope;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bounds;
use crate::clock::Clock;
use crate::events::Reports;

mod behaviour;
mod codec;
mod driver;
mod listen;
mod names;
mod preshared;
mod probe;
mod transport;

pub use preshared::{NotAPresharedKey, PresharedKey};

#[cfg(test)]
mod tests;

/// What the network needs of the node behind it.
pub trait Backend: Clone + Send + Sync + 'static {
    /// Verifies an envelope and keeps it durably if it is good.
    fn admit(&self, envelope: Envelope) -> impl Future<Output = Outcome> + Send;

    /// Reads envelopes that may leave this node, in the order asked, until their bytes reach `bytes_max`.
    fn load(&self, items: Vec<AdmissionId>, bytes_max: usize) -> impl Future<Output = Vec<Envelope>> + Send;
}

/// What the network is started with.
#[derive(Debug)]
pub struct Start {
    /// The node's Ed25519 seed.
    pub seed: [u8; 32],
    /// The name of the federation.
    pub federation: String,
    /// Where to listen, as multiaddresses; port 0 is allowed.
    pub listen: Vec<String>,
    /// Addresses that peers reach this node at, where they differ from those it listens at.
    pub external: Vec<String>,
    /// The part of the state machine.
    pub machine: Federation,
    /// The key without which no connection comes about.
    pub preshared_key: Option<PresharedKey>,
    /// Where it tells what it learns.
    pub outlets: Outlets,
}

/// Where the network tells the node of what it learns.
#[derive(Debug)]
pub struct Outlets {
    /// Takes newer rosters that peers bring; one that finds no room is asked for again.
    pub rosters: mpsc::Sender<VerifiedRoster>,
    /// Takes where peers are reached; what finds no room is learned again.
    pub addresses: mpsc::Sender<(NodeId, Vec<Address>)>,
    /// Takes what the state machine reports.
    pub reports: Reports,
}

/// A running network.
#[derive(Debug)]
pub struct Network {
    /// For the rest of the node.
    pub handle: Handle,
    /// Where peers reach it, each with this node's `/p2p/` part.
    pub addresses: Vec<String>,
    /// Ends after the cancellation that it was started with.
    pub task: JoinHandle<()>,
}

/// Talks to the running network.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
}

/// What the network knows of its peers.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Listed peers and connected strangers.
    pub peers: Vec<PeerStatus>,
    /// What was noticed of each.
    pub facts: BTreeMap<NodeId, PeerFacts>,
}

/// What the network notices of a peer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerFacts {
    /// The last measured round trip, while it is connected.
    pub round_trip_ms: Option<u64>,
    /// The program that it runs, in its own words.
    pub version: Option<String>,
    /// Where it is connected, or was last.
    pub address: Option<String>,
    /// Bytes of messages that it sent.
    pub bytes_received: u64,
    /// Bytes of messages that were sent to it; gossip, which has no one receiver, is not counted.
    pub bytes_sent: u64,
    /// Why the last dial failed.
    pub dial_error: Option<String>,
}

/// Why the network cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The operator's address is not one.
    #[error("{address:?} is not a multiaddress such as /ip4/0.0.0.0/udp/4040/quic-v1: {reason}")]
    Address {
        /// The text.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The machine does not let the node listen there.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: String,
        /// Why not.
        reason: String,
    },
    /// The machine does not have what the transports need.
    #[error("cannot set up the network: {0}")]
    Transport(String),
    /// The network has stopped.
    #[error("the network has stopped")]
    Stopped,
}

enum Command {
    Spread { item: Item, replaces: Option<Item>, envelope: Envelope },
    ChangeMembers(Settings),
    ChangeTrust { refused: Vec<AdmissionId> },
    Withdraw { items: Vec<AdmissionId> },
    Restore { items: Vec<Item> },
    Status(oneshot::Sender<Status>),
    Ping { peer: NodeId, reply: oneshot::Sender<Result<Pinged, PingError>> },
}

/// That a peer answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinged {
    /// Whether the connection was made for it.
    pub connected: Connected,
    /// Where the peer is connected.
    pub address: String,
    /// From the question to the answer, both read by the programs at the ends.
    pub round_trip: Duration,
}

/// Whether a connection was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// It was.
    Before,
    /// It was made.
    Now,
}

/// Why a peer does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PingError {
    /// Nobody knows where it is.
    #[error("it is not connected, and no address of it is known")]
    NoAddress,
    /// No address leads to it.
    #[error("it is not reached: {0}")]
    Dial(String),
    /// It is connected and does not answer.
    #[error("it is connected and gives no answer: {0}")]
    NoAnswer(String),
    /// It neither answers nor fails to.
    #[error("it gives no answer within {} s", bounds::PING_WAIT.as_secs())]
    Silent,
    /// As many pings as are allowed at once are under way.
    #[error("{} pings are under way, try again", bounds::PINGS_MAX)]
    TooMany,
}

impl NetworkError {
    fn transport(error: impl std::fmt::Display) -> Self {
        Self::Transport(error.to_string())
    }
}

impl Handle {
    /// Has the federation spread an entry that this node admitted.
    pub async fn spread(&self, item: Item, replaces: Option<Item>, envelope: Envelope) -> Result<(), NetworkError> {
        self.send(Command::Spread { item, replaces, envelope }).await
    }

    /// Works by new settings from now on.
    pub async fn change_members(&self, settings: Settings) -> Result<(), NetworkError> {
        self.send(Command::ChangeMembers(settings)).await
    }

    /// Fetches what was refused under other trust settings and is not at hand; `refused` are those that stay refused.
    pub async fn change_trust(&self, refused: Vec<AdmissionId>) -> Result<(), NetworkError> {
        self.send(Command::ChangeTrust { refused }).await
    }

    /// Has the federation offer these items no more, and not fetch them either.
    pub async fn withdraw(&self, items: Vec<AdmissionId>) -> Result<(), NetworkError> {
        self.send(Command::Withdraw { items }).await
    }

    /// Has the federation offer these items, which were refused before.
    pub async fn restore(&self, items: Vec<Item>) -> Result<(), NetworkError> {
        self.send(Command::Restore { items }).await
    }

    /// Asks a peer for an answer, over a connection that is made where there is none.
    pub async fn ping(&self, peer: NodeId) -> Result<Result<Pinged, PingError>, NetworkError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Ping { peer, reply }).await?;
        match tokio::time::timeout(bounds::PING_WAIT, answer).await {
            Ok(answered) => answered.map_err(|_| NetworkError::Stopped),
            Err(_) => Ok(Err(PingError::Silent)),
        }
    }

    /// What the network knows of its peers.
    pub async fn status(&self) -> Result<Status, NetworkError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Status(reply)).await?;
        answer.await.map_err(|_| NetworkError::Stopped)
    }

    async fn send(&self, command: Command) -> Result<(), NetworkError> {
        self.commands.send(command).await.map_err(|_| NetworkError::Stopped)
    }
}

/// Listens and starts the network; it runs until `stop` is cancelled.
pub async fn start<B: Backend>(
    start: Start,
    backend: B,
    clock: Clock,
    stop: CancellationToken,
) -> Result<Network, NetworkError> {
    let keypair = identity::Keypair::ed25519_from_bytes(start.seed).map_err(NetworkError::transport)?;
    let mut swarm = behaviour::swarm(&keypair, &start.federation, start.preshared_key)?;
    for address in &start.external {
        swarm.add_external_address(names::parse_address(address)?);
    }
    let listening = listen::listen(&mut swarm, &start.listen).await?;
    let addresses = listening.into_iter().chain(swarm.external_addresses().cloned());
    let own = *swarm.local_peer_id();
    let addresses = addresses.map(|address| address.with(Protocol::P2p(own)).to_string()).collect();

    let (commands, received) = mpsc::channel(bounds::NETWORK_COMMANDS_MAX);
    let topic = behaviour::topic(&start.federation);
    let driver = driver::Driver::new(swarm, topic, start.machine, start.outlets, backend, clock);
    let task = tokio::spawn(driver.run(received, stop));
    Ok(Network { handle: Handle { commands }, addresses, task })
}

/// Checks that `text` is a multiaddress.
pub fn check_address(text: &str) -> Result<(), NetworkError> {
    names::parse_address(text).map(|_| ())
}

/// Splits `/ip4/…/p2p/ID` into the peer and the address without that part.
pub fn split_peer_address(text: &str) -> Result<(NodeId, String), NetworkError> {
    let missing = |reason: &str| NetworkError::Address { address: text.to_owned(), reason: reason.to_owned() };
    let mut address: Multiaddr = names::parse_address(text)?;
    match address.pop() {
        Some(Protocol::P2p(peer)) => {
            let node = names::node(&peer).ok_or_else(|| missing("the peer id is not of an Ed25519 key"))?;
            Ok((node, address.to_string()))
        }
        _ => Err(missing("it does not end in /p2p/ and a peer id")),
    }
}
