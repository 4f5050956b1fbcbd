//! The task that owns the swarm and the state machine: events become inputs, effects become calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use libp2p::gossipsub::{IdentTopic, MessageAcceptance, MessageId, PublishError};
use libp2p::request_response::{OutboundRequestId, ResponseChannel};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{PeerId, gossipsub, identify, ping, request_response, swarm::SwarmEvent};
use proto::federation::{
    Answer, Effect, Event, Federation, GossipId, Input, IntakeId, LoadId, Outcome, RequestId, ServedId, Verdict,
};
use proto::node_id::NodeId;
use proto::wire::Envelope;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::behaviour::{BehaviourEvent, Swarm};
use super::probe::Pings;
use super::{Backend, Command, Outlets, PeerFacts, Status, names};
use crate::bounds;
use crate::clock::Clock;

/// Owns what the network task works with.
pub(super) struct Driver<B> {
    swarm: Swarm,
    topic: IdentTopic,
    machine: Federation,
    outlets: Outlets,
    backend: B,
    clock: Clock,
    tasks: TaskTracker,
    finished: (mpsc::Sender<Input>, mpsc::Receiver<Input>),
    last_number: u64,
    gossip: BTreeMap<GossipId, (MessageId, PeerId)>,
    served: BTreeMap<ServedId, ResponseChannel<Vec<u8>>>,
    requests: HashMap<OutboundRequestId, RequestId>,
    facts: BTreeMap<NodeId, PeerFacts>,
    pings: Pings,
}

impl<B: Backend> Driver<B> {
    pub(super) fn new(
        swarm: Swarm,
        topic: IdentTopic,
        machine: Federation,
        outlets: Outlets,
        backend: B,
        clock: Clock,
    ) -> Self {
        Self {
            swarm,
            topic,
            machine,
            outlets,
            backend,
            clock,
            tasks: TaskTracker::new(),
            finished: mpsc::channel(bounds::FINISHED_MAX),
            last_number: 0,
            gossip: BTreeMap::new(),
            served: BTreeMap::new(),
            requests: HashMap::new(),
            facts: BTreeMap::new(),
            pings: Pings::default(),
        }
    }

    /// Runs until `stop`; then it waits for what is in intake, so that nothing half done is cut off.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>, stop: CancellationToken) {
        self.handle(Input::Woke);
        loop {
            let pause = self.pause();
            // Biased: the node's own finished work and its operator come before what strangers send.
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(input) = self.finished.1.recv() => self.handle(input),
                Some(command) = commands.recv() => self.obey(command),
                event = self.swarm.select_next_some() => self.on_event(event),
                () = tokio::time::sleep(pause) => self.handle(Input::Woke),
            }
        }
        self.tasks.close();
        self.finished.1.close();
        self.tasks.wait().await;
    }

    /// Until the state machine wants to be woken.
    fn pause(&self) -> Duration {
        let wake = self
            .machine
            .next_wake()
            .map_or(bounds::WAKE_MAX, |wake| Duration::from_millis(wake.ms_since(self.clock.now())));
        wake.clamp(bounds::WAKE_MIN, bounds::WAKE_MAX)
    }

    fn handle(&mut self, input: Input) {
        for effect in self.machine.handle(self.clock.now(), input) {
            self.carry_out(effect);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Spread { item, replaces, envelope } => {
                self.handle(Input::EntryAdmitted { item, replaces, envelope });
            }
            Command::ChangeMembers(settings) => self.handle(Input::MembersChanged { settings }),
            Command::ChangeTrust { refused } => self.handle(Input::TrustChanged { refused }),
            Command::Withdraw { items } => self.handle(Input::ItemsWithdrawn { items }),
            Command::Ping { peer, reply } => {
                let addresses = self.machine.addresses(&peer);
                self.pings.begin(&mut self.swarm, peer, &addresses, reply);
            }
            Command::Restore { items } => self.handle(Input::ItemsRestored { items }),
            Command::Status(reply) => {
                let peers = self.machine.peers().collect();
                // Who asked may have left; then nobody needs the answer.
                let _ = reply.send(Status { peers, facts: self.facts.clone() });
            }
        }
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

/// What happened on the network.
impl<B: Backend> Driver<B> {
    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Gossipsub(event)) => self.on_gossip(event),
            SwarmEvent::Behaviour(BehaviourEvent::Sync(event)) => self.on_sync(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => self.on_ping(&event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
                self.on_identified(peer_id, &info);
            }
            SwarmEvent::ConnectionEstablished { peer_id, num_established, endpoint, .. }
                if num_established.get() == 1 =>
            {
                match names::node(&peer_id) {
                    Some(peer) => {
                        self.facts_of(peer).address = Some(endpoint.get_remote_address().to_string());
                        self.handle(Input::PeerConnected { peer });
                        self.pings.connected(&mut self.swarm, peer);
                        self.forget_strangers();
                    }
                    None => self.disconnect(peer_id),
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
                if let Some(peer) = names::node(&peer_id) {
                    self.handle(Input::PeerDisconnected { peer });
                    self.facts_of(peer).round_trip_ms = None;
                    self.forget_strangers();
                }
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer_id), error, .. } => {
                tracing::debug!(peer = %peer_id, %error, "dial failed");
                if let Some(peer) = names::node(&peer_id).filter(|_| !self.swarm.is_connected(&peer_id)) {
                    let error = brief(&error.to_string());
                    self.pings.not_connected(peer, &error);
                    self.facts_of(peer).dial_error = Some(error);
                    self.handle(Input::DialFailed { peer });
                }
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "a listener failed"),
            _ => (),
        }
    }

    fn on_gossip(&mut self, event: gossipsub::Event) {
        let (propagation_source, message_id, message) = match event {
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                (propagation_source, message_id, message)
            }
            gossipsub::Event::SlowPeer { peer_id, .. } => {
                tracing::debug!(peer = %peer_id, "gossip to a slow peer was dropped; sync will repair");
                return self.handle(Input::GossipLost);
            }
            _ => return,
        };
        let Some(from) = names::node(&propagation_source) else { return };
        let number = GossipId(self.next_number());
        self.gossip.insert(number, (message_id, propagation_source));
        self.facts_of(from).bytes_received += message.data.len() as u64;
        self.handle(Input::GossipArrived { from, message: number, bytes: message.data.into() });
    }

    fn on_sync(&mut self, event: request_response::Event<Vec<u8>, Vec<u8>>) {
        match event {
            request_response::Event::Message { peer, message, .. } => {
                let Some(from) = names::node(&peer) else { return };
                match message {
                    request_response::Message::Request { request, channel, .. } => {
                        let number = ServedId(self.next_number());
                        self.served.insert(number, channel);
                        self.facts_of(from).bytes_received += request.len() as u64;
                        self.handle(Input::RequestArrived { from, request: number, bytes: request.into() });
                    }
                    request_response::Message::Response { request_id, response } => {
                        self.facts_of(from).bytes_received += response.len() as u64;
                        let address = self.facts.get(&from).and_then(|facts| facts.address.as_deref());
                        if self.pings.answered(request_id, &response, address) {
                            return;
                        }
                        self.on_answer(from, request_id, Answer::Response(response.into()));
                    }
                }
            }
            request_response::Event::OutboundFailure { peer, request_id, error, .. } => {
                tracing::debug!(%peer, %error, "request failed");
                if self.pings.failed(request_id, &error.to_string()) {
                    return;
                }
                if let Some(from) = names::node(&peer) {
                    self.on_answer(from, request_id, Answer::Failed);
                }
            }
            request_response::Event::InboundFailure { peer, error, .. } => {
                tracing::debug!(%peer, %error, "response failed");
                self.served.retain(|_, channel| channel.is_open());
            }
            request_response::Event::ResponseSent { .. } => (),
        }
    }

    fn on_answer(&mut self, from: NodeId, request: OutboundRequestId, answer: Answer) {
        if let Some(request) = self.requests.remove(&request) {
            self.handle(Input::ResponseArrived { from, request, answer });
        }
    }

    fn on_ping(&mut self, event: &ping::Event) {
        if let (Some(peer), Ok(round_trip)) = (names::node(&event.peer), event.result.as_ref()) {
            let ms = u64::try_from(round_trip.as_millis()).unwrap_or(u64::MAX);
            self.facts_of(peer).round_trip_ms = Some(ms);
            self.handle(Input::RoundTripMeasured { peer, ms });
        }
    }

    fn on_identified(&mut self, peer: PeerId, info: &identify::Info) {
        if let Some(peer) = names::node(&peer) {
            self.facts_of(peer).version = Some(brief(&info.agent_version));
            let addresses = info.listen_addrs.iter().filter(|address| names::is_dialled(address));
            let addresses = addresses.map(ToString::to_string).collect();
            self.handle(Input::AddressesLearned { peer, addresses });
        }
    }

    fn facts_of(&mut self, peer: NodeId) -> &mut PeerFacts {
        self.facts.entry(peer).or_default()
    }

    /// Forgets what was noticed of nodes that the state machine does not know.
    fn forget_strangers(&mut self) {
        let known: BTreeSet<_> = self.machine.peers().map(|peer| peer.node).collect();
        self.facts.retain(|peer, _| known.contains(peer));
    }
}

/// What the state machine wants done.
impl<B: Backend> Driver<B> {
    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Dial { peer, address } => self.dial(peer, &address),
            Effect::Disconnect { peer, reason } => {
                tracing::info!(%peer, %reason, "closing the connection");
                self.disconnect(names::peer(&peer));
            }
            Effect::JudgeGossip { message, verdict } => self.judge(message, verdict),
            Effect::Publish { bytes } => self.publish(bytes),
            Effect::SendRequest { to, request, bytes } => {
                self.facts_of(to).bytes_sent += bytes.len() as u64;
                let sent = self.swarm.behaviour_mut().sync.send_request(&names::peer(&to), bytes.to_vec());
                self.requests.insert(sent, request);
            }
            Effect::Respond { to, request, bytes } => {
                if let Some(channel) = self.served.remove(&request) {
                    self.facts_of(to).bytes_sent += bytes.len() as u64;
                    // The channel is closed where the peer has left; it asks again when it is back.
                    let _ = self.swarm.behaviour_mut().sync.send_response(channel, bytes.to_vec());
                }
            }
            Effect::Admit { intake, envelope, .. } => self.admit(intake, envelope),
            Effect::Load { load, items, bytes_max } => self.load(load, items, bytes_max),
            Effect::AdoptRoster { roster } => {
                if self.outlets.rosters.try_send(roster).is_err() {
                    tracing::warn!("a newer roster waits until the node has applied the one before");
                }
            }
            Effect::KeepAddresses { peer, addresses } => {
                // Where there is no room the peer says it again at the next connection.
                let _ = self.outlets.addresses.try_send((peer, addresses));
            }
            Effect::Report(event) => {
                report(&event);
                self.outlets.reports.send(event);
            }
        }
    }

    fn dial(&mut self, peer: NodeId, address: &str) {
        let dialled = names::parse_address(address).map_err(|error| error.to_string()).and_then(|address| {
            let options = DialOpts::peer_id(names::peer(&peer))
                .condition(PeerCondition::DisconnectedAndNotDialing)
                .addresses(vec![address])
                .build();
            self.swarm.dial(options).map_err(|error| error.to_string())
        });
        if let Err(reason) = dialled {
            tracing::debug!(%peer, address, reason, "cannot dial");
            self.facts_of(peer).dial_error = Some(brief(&reason));
            self.finish(Input::DialFailed { peer });
        }
    }

    fn disconnect(&mut self, peer: PeerId) {
        // An error says that there is no connection, which is what was wanted.
        let _ = self.swarm.disconnect_peer_id(peer);
    }

    fn judge(&mut self, message: GossipId, verdict: Verdict) {
        let Some((message_id, source)) = self.gossip.remove(&message) else { return };
        let acceptance = match verdict {
            Verdict::Accept => MessageAcceptance::Accept,
            Verdict::Ignore => MessageAcceptance::Ignore,
            Verdict::Reject => MessageAcceptance::Reject,
        };
        let gossipsub = &mut self.swarm.behaviour_mut().gossipsub;
        gossipsub.report_message_validation_result(&message_id, &source, acceptance);
    }

    fn publish(&mut self, bytes: Bytes) {
        let topic = self.topic.clone();
        match self.swarm.behaviour_mut().gossipsub.publish(topic, bytes.to_vec()) {
            Ok(_) | Err(PublishError::Duplicate) => (),
            Err(PublishError::NoPeersSubscribedToTopic) => self.finish(Input::GossipUnheard),
            Err(error) => {
                tracing::warn!(%error, "an entry was not gossiped; sync will spread it");
                self.finish(Input::GossipLost);
            }
        }
    }

    fn admit(&mut self, intake: IntakeId, envelope: Envelope) {
        let (backend, finished) = (self.backend.clone(), self.finished.0.clone());
        self.tasks.spawn(async move {
            // The backend's task may panic; the outcome comes all the same, since the machine waits for it.
            let admitted = tokio::spawn(async move { backend.admit(envelope).await }).await;
            let outcome = admitted.unwrap_or(Outcome::Overloaded);
            // The receiver is gone only when the node stops.
            let _ = finished.send(Input::IntakeFinished { intake, outcome }).await;
        });
    }

    fn load(&mut self, load: LoadId, items: Vec<proto::admission::AdmissionId>, bytes_max: usize) {
        let (backend, finished) = (self.backend.clone(), self.finished.0.clone());
        self.tasks.spawn(async move {
            let loaded = tokio::spawn(async move { backend.load(items, bytes_max).await }).await;
            let envelopes = loaded.unwrap_or_default();
            let _ = finished.send(Input::Loaded { load, envelopes }).await;
        });
    }

    /// Hands in an input after the effects at hand are carried out.
    fn finish(&self, input: Input) {
        let finished = self.finished.0.clone();
        self.tasks.spawn(async move {
            let _ = finished.send(input).await;
        });
    }
}

/// The beginning of a text that a peer or a library chose, on one line.
fn brief(text: &str) -> String {
    let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    shown.take(bounds::PEER_TEXT_CHARACTERS_MAX).collect()
}

fn report(event: &Event) {
    match event {
        Event::PeerUp { peer } => tracing::info!(%peer, "peer connected"),
        Event::PeerDown { peer } => tracing::info!(%peer, "peer disconnected"),
        Event::SyncFinished { peer, summary } => {
            tracing::debug!(
                %peer, needed = summary.needed, fetched = summary.fetched, refused = summary.refused,
                invalid = summary.invalid, withheld = summary.withheld, rounds = summary.rounds, "sync finished"
            );
        }
        Event::SyncFailed { peer, failure } => tracing::info!(%peer, %failure, "sync failed"),
        Event::EntryArrived { item, source } => tracing::debug!(item = ?item, peer = %source, "entry arrived"),
        Event::ItemRefused { item, reason } => tracing::info!(?item, reason, "entry refused by local policy"),
        Event::PeerFaulted { peer, fault } => tracing::warn!(%peer, %fault, "a peer is at fault"),
        Event::RosterArrived { peer, version } => tracing::info!(%peer, version, "a newer roster arrived"),
        Event::RosterRefused { peer, refusal } => {
            tracing::warn!(%peer, %refusal, "a peer has a roster that does not count here")
        }
        Event::GossipPaused => {
            tracing::info!("the links do not carry gossip; for some minutes peers are told of uploads and fetch them");
        }
        Event::GossipDropped { from } => tracing::debug!(peer = %from, "gossip dropped, sync will repair"),
    }
}
