//! Two nodes on loopback, and a peer that misbehaves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, identity};
use proto::admission::{Admission, AdmissionId, Confirmation};
use proto::bounds::FAULTS_MAX;
use proto::crypto::NodeKey;
use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::federation::{Admittance, Federation, LinkStatus, ListedBy, Membership, Outcome, Peer, Settings};
use proto::reconcile::Item;
use proto::timestamp::Instant;
use proto::wire::{Envelope, Gossip};
use tokio_util::sync::CancellationToken;

use super::{Backend, Network, Outlets, Start, behaviour, start};
use crate::bounds::{CONNECTIONS_PENDING_MAX, GOSSIP_HEARTBEAT};
use crate::clock::Clock;

mod recording;

const FEDERATION: &str = "test";
const LOOPBACK: &str = "/ip4/127.0.0.1/tcp/0";

/// Holds every document that does not start with `bad`, which is invalid, or with `unwanted`, which its policy refuses.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<AdmissionId, Envelope>>>, Arc<AtomicUsize>);

impl Memory {
    fn count(&self) -> usize {
        self.0.lock().expect("no panics").len()
    }

    /// How many documents its policy has refused.
    fn refused(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

impl Backend for Memory {
    async fn admit(&self, envelope: Envelope) -> Outcome {
        if envelope.document().starts_with(b"bad") {
            return Outcome::Invalid { rule: "bad".to_owned() };
        }
        if envelope.document().starts_with(b"unwanted") {
            self.1.fetch_add(1, Ordering::SeqCst);
            return Outcome::Refused { reason: "unwanted".to_owned() };
        }
        let item = envelope.item();
        self.0.lock().expect("no panics").insert(item.id, envelope);
        Outcome::Held { item, replaces: None }
    }

    async fn load(&self, items: Vec<AdmissionId>, _bytes_max: usize) -> Vec<Envelope> {
        let held = self.0.lock().expect("no panics");
        items.iter().filter_map(|item| held.get(item).cloned()).collect()
    }
}

fn key(number: u8) -> NodeKey {
    NodeKey::from_seed([number; 32])
}

fn envelope(document: &[u8], origin: &NodeKey) -> Envelope {
    let digest = Sha256Digest::of(document);
    let moment = Instant::from_unix_ms(1_767_225_600_000);
    let admission = Admission::sign(EntryId::from_digest(digest), digest, moment, Confirmation::Unconfirmed, origin);
    Envelope::new(Bytes::copy_from_slice(document), admission.to_bytes()).expect("within the bounds")
}

async fn node(number: u8, peers: Vec<Peer>, backend: &Memory, stop: &CancellationToken) -> Network {
    node_holding(number, peers, Vec::new(), backend, stop).await
}

async fn node_holding<B: Backend>(
    number: u8,
    peers: Vec<Peer>,
    held: Vec<Item>,
    backend: &B,
    stop: &CancellationToken,
) -> Network {
    let settings = Settings {
        node: key(number).node_id(),
        admittance: Admittance::Closed,
        peers,
        sync_interval_ms: 60_000,
        seed: u64::from(number),
        roster_authority: None,
        roster: None,
    };
    let start_with = Start {
        seed: *key(number).seed(),
        federation: FEDERATION.to_owned(),
        listen: vec![LOOPBACK.to_owned()],
        external: Vec::new(),
        machine: Federation::new(settings, held, []),
        preshared_key: None,
        outlets: Outlets {
            rosters: tokio::sync::mpsc::channel(1).0,
            addresses: tokio::sync::mpsc::channel(1).0,
            reports: crate::events::reports().0,
        },
    };
    start(start_with, backend.clone(), Clock::system(), stop.clone()).await.expect("loopback is there")
}

fn peer(number: u8, addresses: &[String]) -> Peer {
    Peer {
        node: key(number).node_id(),
        membership: Membership::Member,
        addresses: addresses.to_vec(),
        learned: Vec::new(),
        listed_by: ListedBy::Operator,
    }
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let look = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), look).await.unwrap_or_else(|_| panic!("not within a minute: {what}"));
}

#[tokio::test]
async fn what_one_node_admits_another_holds() {
    let (stop, [one, two]) = (CancellationToken::new(), [Memory::default(), Memory::default()]);
    let first = node(1, vec![peer(2, &[])], &one, &stop).await;
    let second = node(2, vec![peer(1, &first.addresses)], &two, &stop).await;
    let sent = envelope(b"a document", &key(1));
    one.admit(sent.clone()).await;
    first.handle.spread(sent.item(), None, sent).await.expect("it runs");
    until("the second holds it", async || two.count() == 1).await;
    stop.cancel();
    first.task.await.expect("no panics");
    second.task.await.expect("no panics");
}

#[tokio::test]
async fn silent_connections_do_not_keep_a_member_out() {
    let (stop, [one, two]) = (CancellationToken::new(), [Memory::default(), Memory::default()]);
    let first = node(1, vec![peer(2, &[])], &one, &stop).await;
    let socket = socket_of(&first.addresses[0]);
    let mut silent = Vec::new();
    for _ in 0..=CONNECTIONS_PENDING_MAX {
        silent.push(tokio::net::TcpStream::connect(socket).await.expect("loopback is there"));
    }
    let second = node(2, vec![peer(1, &first.addresses)], &two, &stop).await;
    until("the member is connected", async || is_connected(&second).await).await;
    drop(silent);
    stop.cancel();
    first.task.await.expect("no panics");
    second.task.await.expect("no panics");
}

#[tokio::test]
async fn a_peer_that_is_silent_at_one_address_is_reached_at_the_next() {
    let (stop, [one, two]) = (CancellationToken::new(), [Memory::default(), Memory::default()]);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let first = node(1, vec![peer(2, &[])], &one, &stop).await;
    let port = silent.local_addr().expect("it is bound").port();
    let (_, id) = first.addresses[0].rsplit_once("/p2p/").expect("addresses name the node");
    let addresses = [format!("/ip4/127.0.0.1/tcp/{port}/p2p/{id}"), first.addresses[0].clone()];
    let second = node(2, vec![peer(1, &addresses)], &two, &stop).await;
    until("the peer is connected", async || is_connected(&second).await).await;
    stop.cancel();
    first.task.await.expect("no panics");
    second.task.await.expect("no panics");
}

async fn is_connected(network: &Network) -> bool {
    let status = network.handle.status().await.expect("it runs");
    status.peers.iter().any(|peer| matches!(peer.link, LinkStatus::Connected { .. }))
}

/// Where a node of these tests listens: `/ip4/127.0.0.1/tcp/PORT/p2p/ID`.
fn socket_of(address: &str) -> std::net::SocketAddr {
    let port = address.split('/').nth(4).expect("a port").parse().expect("a number");
    (std::net::Ipv4Addr::LOCALHOST, port).into()
}

#[tokio::test]
async fn a_node_that_is_not_listed_is_disconnected() {
    let (stop, memory) = (CancellationToken::new(), Memory::default());
    let first = node(1, Vec::new(), &memory, &stop).await;
    let mut stranger = swarm(9);
    stranger.dial(first.addresses[0].parse::<Multiaddr>().expect("an address")).expect("it can be dialled");
    loop {
        if let SwarmEvent::ConnectionClosed { .. } = stranger.select_next_some().await {
            break;
        }
    }
    stop.cancel();
    first.task.await.expect("no panics");
}

#[tokio::test]
async fn a_member_that_gossips_garbage_is_expelled_and_nothing_of_it_is_held() {
    let (stop, memory) = (CancellationToken::new(), Memory::default());
    let first = node(1, vec![peer(9, &[])], &memory, &stop).await;
    let attacker = tokio::spawn(gossip_garbage(first.addresses[0].clone()));
    until("the attacker is expelled", async || {
        let status = first.handle.status().await.expect("it runs");
        status.peers.iter().any(|peer| matches!(peer.link, LinkStatus::Expelled { .. }))
    })
    .await;
    attacker.abort();
    assert_eq!(memory.count(), 0);
    stop.cancel();
    first.task.await.expect("no panics");
}

#[tokio::test]
async fn an_attacker_is_out_within_ten_bad_messages() {
    let (stop, memory) = (CancellationToken::new(), Memory::default());
    let first = node(1, vec![peer(9, &[])], &memory, &stop).await;
    let mut attacker = Gossiper::connected(9, &first).await;
    for number in 1..=FAULTS_MAX {
        attacker.gossip(format!("bad {number}").as_bytes()).await;
        attacker
            .work_until("the fault is counted", async || {
                let status = first.handle.status().await.expect("it runs");
                let is_expelled = |link: &LinkStatus| matches!(link, LinkStatus::Expelled { .. });
                status.peers.iter().any(|peer| peer.faults >= number || is_expelled(&peer.link))
            })
            .await;
    }
    let status = first.handle.status().await.expect("it runs");
    assert!(matches!(status.peers[0].link, LinkStatus::Expelled { .. }), "{:?}", status.peers);
    stop.cancel();
    first.task.await.expect("no panics");
}

#[tokio::test]
async fn an_honest_peer_of_another_policy_keeps_its_place_in_the_mesh() {
    let (stop, memory) = (CancellationToken::new(), Memory::default());
    let first = node(1, vec![peer(9, &[])], &memory, &stop).await;
    let mut honest = Gossiper::connected(9, &first).await;
    // Ten times as many as would expel it if they were faults.
    let unwanted = 10 * usize::try_from(FAULTS_MAX).expect("few");
    for number in 0..unwanted {
        honest.gossip(format!("unwanted {number}").as_bytes()).await;
    }
    honest.work_until("all were refused", async || memory.refused() == unwanted).await;
    // The scores are looked at in each heartbeat, of which some pass here.
    let heartbeats = tokio::time::sleep(5 * GOSSIP_HEARTBEAT);
    tokio::pin!(heartbeats);
    while tokio::time::timeout(Duration::ZERO, &mut heartbeats).await.is_err() {
        honest.work().await;
    }
    assert!(honest.is_in_mesh(), "it was pruned");
    honest.gossip(b"wanted").await;
    honest.work_until("what it gossips is taken", async || memory.count() == 1).await;
    let status = first.handle.status().await.expect("it runs");
    assert_eq!(status.peers[0].faults, 0);
    stop.cancel();
    first.task.await.expect("no panics");
}

/// A peer that gossips what it is told to.
struct Gossiper {
    swarm: behaviour::Swarm,
    key: NodeKey,
}

impl Gossiper {
    /// Connects, and waits for its place in the mesh.
    async fn connected(number: u8, to: &Network) -> Self {
        let mut swarm = swarm(number);
        swarm.dial(to.addresses[0].parse::<Multiaddr>().expect("an address")).expect("it can be dialled");
        let mut gossiper = Self { swarm, key: key(number) };
        while !gossiper.is_in_mesh() {
            gossiper.work().await;
        }
        gossiper
    }

    fn is_in_mesh(&self) -> bool {
        let topic = behaviour::topic(FEDERATION).hash();
        self.swarm.behaviour().gossipsub.mesh_peers(&topic).next().is_some()
    }

    /// Lets the swarm do what it has to do, for some ms at most.
    async fn work(&mut self) {
        let _ = tokio::time::timeout(Duration::from_millis(10), self.swarm.select_next_some()).await;
    }

    async fn work_until(&mut self, what: &str, condition: impl AsyncFn() -> bool) {
        let look = async {
            while !condition().await {
                self.work().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), look)
            .await
            .unwrap_or_else(|_| panic!("not within a minute: {what}"));
    }

    async fn gossip(&mut self, document: &[u8]) {
        let frame = Gossip::of(envelope(document, &self.key)).encode().to_vec();
        let topic = behaviour::topic(FEDERATION);
        while self.swarm.behaviour_mut().gossipsub.publish(topic.clone(), frame.clone()).is_err() {
            self.work().await;
        }
    }
}

fn swarm(number: u8) -> behaviour::Swarm {
    let keypair = identity::Keypair::ed25519_from_bytes([number; 32]).expect("any seed is a key");
    behaviour::swarm(&keypair, FEDERATION, None).expect("a swarm")
}

/// Sends frames that cannot be read, frames of another version and documents that fail verification, as fast as it can.
async fn gossip_garbage(address: String) {
    let mut swarm = swarm(9);
    swarm.dial(address.parse::<Multiaddr>().expect("an address")).expect("it can be dialled");
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    for number in 0_u32.. {
        tokio::select! {
            _ = swarm.select_next_some() => (),
            _ = pace.tick() => (),
        }
        let frame = match number % 3 {
            0 => format!("garbage {number}").into_bytes(),
            1 => [&[200], number.to_be_bytes().as_slice()].concat(),
            _ => Gossip::of(envelope(format!("bad {number}").as_bytes(), &key(9))).encode().to_vec(),
        };
        // Nobody may be subscribed yet, or the connection may be gone: then it is tried again.
        let _ = swarm.behaviour_mut().gossipsub.publish(behaviour::topic(FEDERATION), frame);
    }
}
