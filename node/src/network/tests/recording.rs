//! A listed peer that does all it may with a node that holds local entries, and records every frame that it is sent.

use std::sync::Arc;
use std::time::Duration;

use libp2p::request_response::{Event, Message};
use libp2p::{PeerId, gossipsub};
use proto::bounds::RECONCILE_FRAME_BYTES_MAX;
use proto::entry::EntryId;
use proto::reconcile::ItemSet;
use proto::wire::{Request, Response};
use tokio::sync::watch;
use web::registry::{Registry as _, Scope, Uploaded};

use super::behaviour::BehaviourEvent;
use super::*;
use crate::config::{Config, GraphStorage};
use crate::demo::endorser::{Endorser, fresh_template};
use crate::intake::Intake;
use crate::mail::Bell;
use crate::network::names;
use crate::registry::{Identity, NodeRegistry};
use crate::serve::{StoreBackend, open_graph, rules};
use crate::storage::ledger::Ledger;
use crate::terms::Terms;

/// A node with its stores and its registry, as `serve` puts them together.
struct Whole {
    registry: NodeRegistry,
    network: Network,
    endorser: Endorser,
    /// What it took while no network was there.
    before: [Known; 2],
    _folder: tempfile::TempDir,
}

/// What tells an entry on the wire.
struct Known {
    item: Item,
    traces: Vec<Vec<u8>>,
}

/// How often something new is uploaded until the recorder is told of one by gossip.
const PACE: Duration = Duration::from_millis(100);

async fn whole(peers: Vec<Peer>, stop: &CancellationToken) -> Whole {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, own) = (Clock::system(), key(1).node_id());
    let mut config = Config::default();
    folder.path().clone_into(&mut config.node.data_dir);
    config.storage.graph = GraphStorage::Memory;
    let terms = Terms { config, roster: None };
    let rules = rules(&terms, own, clock.now()).expect("no anchors are no fault");
    let ledger = Ledger::open(folder.path(), rules.judge(clock.now())).expect("a ledger");
    let graph = open_graph(&terms.config, &ledger).await.expect("a graph");
    let intake = Intake::new(ledger.clone(), Arc::new(key(1)), clock.clone(), rules);

    let endorser = Endorser::create("Jane", "jane@example.org", clock.now().timestamp()).expect("a certificate");
    let mut before = Vec::new();
    for (number, scope) in [(1, Scope::Local), (2, Scope::Federated)] {
        let document = signed(&endorser, &clock, number);
        let taken = intake.upload(document.clone(), scope).await.expect("it is good");
        before.push(known(&ledger, entry_of(&taken.uploaded), &document).await);
    }
    let backend = StoreBackend { intake: intake.clone(), ledger: ledger.clone(), graph: graph.clone() };
    let held = ledger.items().await.expect("it reads");
    let network = node_holding(1, peers, held, &backend, stop).await;
    let known = Identity {
        node: own,
        name: "whole".to_owned(),
        public_url: None,
        federation: FEDERATION.to_owned(),
        peers: BTreeMap::new(),
        roster: None,
    };
    let (_, identity) = watch::channel(known);
    let handle = network.handle.clone();
    let registry = NodeRegistry { clock, intake, ledger, graph, network: handle, bell: Bell::default(), identity };
    let before = before.try_into().unwrap_or_else(|_| panic!("two were uploaded"));
    Whole { registry, network, endorser, before, _folder: folder }
}

fn signed(endorser: &Endorser, clock: &Clock, number: u64) -> Bytes {
    let template = fresh_template(Instant::from_unix_ms(number));
    endorser.sign(&template, clock.now().timestamp()).expect("signed").into()
}

fn entry_of(uploaded: &Uploaded) -> EntryId {
    match uploaded {
        Uploaded::Created(located) => located.entry,
        other => panic!("not new: {other:?}"),
    }
}

/// The entry's and its admission's identities, the digest of its bytes, and those of the bytes that no other has.
async fn known(ledger: &Ledger, entry: EntryId, document: &Bytes) -> Known {
    let held = ledger.entry(entry).await.expect("it reads").expect("it is held");
    let admission = held.admissions[0].as_ref().try_into().expect("170 bytes");
    let item = Item::of_admission(admission);
    let value = b"SignatureValue>";
    let at = document.windows(value.len()).position(|window| window == value).expect("a signature") + value.len();
    let traces = vec![
        entry.as_bytes().to_vec(),
        Sha256Digest::of(document).as_bytes().to_vec(),
        item.id.as_bytes().to_vec(),
        admission[106..].to_vec(),
        document[at..at + 64].to_vec(),
    ];
    Known { item, traces }
}

impl Whole {
    async fn upload(&self, number: u64, scope: Scope) -> Known {
        let document = signed(&self.endorser, &self.registry.clock, number);
        let uploaded = self.registry.upload(document.clone(), scope).await.expect("it is good");
        known(&self.registry.ledger, entry_of(&uploaded), &document).await
    }
}

/// A peer that holds nothing, answers what it is asked, and keeps every frame.
struct Recorder {
    swarm: behaviour::Swarm,
    node: PeerId,
    frames: Vec<Vec<u8>>,
    gossiped: usize,
    asked: usize,
    answer: Option<Response>,
}

impl Recorder {
    async fn connect(number: u8, to: &Network) -> Self {
        let mut swarm = swarm(number);
        swarm.dial(to.addresses[0].parse::<Multiaddr>().expect("an address")).expect("it can be dialled");
        let node = names::peer(&key(1).node_id());
        let mut recorder = Self { swarm, node, frames: Vec::new(), gossiped: 0, asked: 0, answer: None };
        while !recorder.swarm.is_connected(&node) {
            recorder.work().await;
        }
        recorder
    }

    /// Takes one event.
    async fn work(&mut self) {
        match self.swarm.select_next_some().await {
            SwarmEvent::Behaviour(BehaviourEvent::Gossipsub(gossipsub::Event::Message { message, .. })) => {
                self.gossiped += 1;
                self.frames.push(message.data);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Sync(Event::Message { message, .. })) => match message {
                Message::Request { request, channel, .. } => {
                    self.asked += 1;
                    let answer = answer(&request);
                    self.frames.push(request);
                    // The node may have given up on it.
                    let _ = self.swarm.behaviour_mut().sync.send_response(channel, answer.encode().to_vec());
                }
                Message::Response { response, .. } => {
                    self.answer = Some(Response::decode(&response).expect("a node writes good frames").message);
                    self.frames.push(response);
                }
            },
            _ => (),
        }
    }

    async fn ask(&mut self, request: &Request) -> Response {
        let node = self.node;
        self.swarm.behaviour_mut().sync.send_request(&node, request.encode().to_vec());
        loop {
            if let Some(answer) = self.answer.take() {
                return answer;
            }
            self.work().await;
        }
    }

    /// Finds out all that the node offers.
    async fn reconcile(&mut self) -> Vec<AdmissionId> {
        let (mut initiator, frame) = ItemSet::default().start(RECONCILE_FRAME_BYTES_MAX);
        let (mut next, mut offered) = (Some(frame), Vec::new());
        while let Some(frame) = next {
            let Response::Reconciled { frame } = self.ask(&Request::Reconcile { frame }).await else {
                panic!("the node does not reconcile");
            };
            let step = initiator.step(&frame).expect("a good frame");
            offered.extend(step.need);
            next = step.next;
        }
        offered
    }

    async fn fetch(&mut self, items: Vec<AdmissionId>) -> Vec<Envelope> {
        let plain = self.ask(&Request::Fetch { items: items.clone() }).await;
        let packed = self.ask(&Request::FetchPacked { items }).await;
        match (plain, packed) {
            (Response::Envelopes { envelopes, .. }, Response::Packed { envelopes: packed, .. }) => {
                assert_eq!(envelopes, packed);
                envelopes
            }
            other => panic!("the node does not serve a fetch: {other:?}"),
        }
    }

    fn has_seen(&self, trace: &[u8]) -> bool {
        self.frames.iter().any(|frame| frame.windows(trace.len()).any(|window| window == trace))
    }
}

/// Holds nothing, and says so.
fn answer(request: &[u8]) -> Response {
    match Request::decode(request).expect("a node writes good frames").message {
        Request::Reconcile { frame } => {
            let frame = ItemSet::default().respond(&frame, RECONCILE_FRAME_BYTES_MAX).expect("a good frame");
            Response::Reconciled { frame }
        }
        Request::Fetch { items } => Response::of_envelopes(&items, &[]),
        Request::FetchPacked { items } => Response::of_envelopes(&items, &[]).packed(),
        Request::Grown | Request::Holding { .. } => Response::Noted,
        Request::Roster { .. } => Response::Roster { held: None, newer: None },
    }
}

#[tokio::test]
async fn nothing_of_a_local_entry_is_in_any_frame() {
    let stop = CancellationToken::new();
    let node = whole(vec![peer(9, &[])], &stop).await;
    let mut recorder = Recorder::connect(9, &node.network).await;
    let local = node.upload(3, Scope::Local).await;
    let mut federated = vec![node.upload(4, Scope::Federated).await];
    // The node may not know yet that the recorder listens to gossip, so it is given more to tell.
    let mut pace = tokio::time::interval(PACE);
    while recorder.gossiped == 0 || recorder.asked == 0 {
        tokio::select! {
            () = recorder.work() => (),
            _ = pace.tick() => {
                let number = 4 + federated.len() as u64;
                federated.push(node.upload(number, Scope::Federated).await);
            }
        }
    }
    let offered = recorder.reconcile().await;
    assert_eq!(offered.len(), federated.len() + 1);
    let asked = [&offered[..1], &[local.item.id, node.before[0].item.id]].concat();
    let fetched = recorder.fetch(asked).await;
    assert_eq!(fetched.len(), 1, "the local ones are not served even to who knows their identities");
    assert_eq!(recorder.fetch(offered.clone()).await.len(), offered.len());
    let entries = [&local, &node.before[0]].map(|known| AdmissionId::from_digest(digest(&known.traces[0])));
    assert!(recorder.fetch(entries.to_vec()).await.is_empty());

    for secret in [&local, &node.before[0]] {
        assert!(!secret.traces.iter().any(|trace| recorder.has_seen(trace)), "a frame tells of a local entry");
    }
    // What looks for traces finds those of federated entries.
    for public in federated.iter().chain([&node.before[1]]) {
        assert!(public.traces.iter().all(|trace| recorder.has_seen(trace)), "a federated entry was not recorded");
    }
    stop.cancel();
    node.network.task.await.expect("no panics");
    node.registry.graph.close().await;
    node.registry.ledger.close().await;
}

fn digest(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest::from_bytes(bytes.try_into().expect("32 bytes"))
}
