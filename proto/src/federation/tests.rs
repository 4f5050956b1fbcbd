//! Stories of a few nodes; the simulator in `tests` tells the long ones.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::*;
use crate::admission;
use crate::bounds::{
    ANNOUNCED_PER_PEER_MAX, BACKOFF_MS_MAX, EXPULSION_MS, FAULT_FORGIVEN_MS, FAULTS_MAX, FETCH_ITEMS_MAX, GOSSIP_BURST,
    GOSSIP_DOCUMENT_BYTES_MAX, GOSSIP_INTAKES_MAX, INTAKES_MAX, REQUEST_MS_MAX, REQUESTS_BURST, SERVED_PER_PEER_MAX,
    STRANGER_SESSIONS_MAX, STRANGERS_MAX, STRANGERS_SERVED_MAX,
};
use crate::wire::{Envelope, Gossip, Request, RequestRefusal, Response};

mod clock;
mod membership;
mod roster;
mod spread;
mod sync;
mod telling;

const INTERVAL_MS: u64 = 30_000;

/// A node with its ledger and its clock.
struct Person {
    node: NodeId,
    federation: Federation,
    ledger: BTreeMap<AdmissionId, Envelope>,
    now: Instant,
    gossips: u64,
}

fn named(name: &str) -> NodeId {
    NodeId::from_public_key(*crate::digest::Sha256Digest::of(name.as_bytes()).as_bytes())
}

fn settings(name: &str, admittance: Admittance, peers: &[&str]) -> Settings {
    let peers = peers.iter().map(|peer| Peer {
        node: named(peer),
        membership: Membership::Member,
        addresses: vec![format!("{peer}/1"), format!("{peer}/2")],
        learned: Vec::new(),
        listed_by: ListedBy::Operator,
    });
    Settings {
        node: named(name),
        admittance,
        peers: peers.collect(),
        sync_interval_ms: INTERVAL_MS,
        seed: 1,
        roster_authority: None,
        roster: None,
    }
}

/// The entry of a number; numbers from 900 on are invalid, from 800 on refused.
fn entry(number: u16) -> Envelope {
    sized_entry(number, 100)
}

fn sized_entry(number: u16, document_bytes: usize) -> Envelope {
    let mut admission = [0; admission::BYTES];
    admission[1..3].copy_from_slice(&number.to_be_bytes());
    admission[103..105].copy_from_slice(&number.to_be_bytes());
    Envelope::new(Bytes::from(vec![b'x'; document_bytes]), admission).expect("within bounds")
}

fn outcome_of(envelope: &Envelope) -> Outcome {
    match u16::from_be_bytes([envelope.admission()[1], envelope.admission()[2]]) {
        900..1000 => Outcome::Invalid { rule: "invalid".to_owned() },
        800..900 => Outcome::Refused { reason: "policy".to_owned() },
        _ => Outcome::Held { item: envelope.item(), replaces: None },
    }
}

impl Person {
    fn new(name: &str, admittance: Admittance, peers: &[&str]) -> Self {
        let federation = Federation::new(settings(name, admittance, peers), [], []);
        let now = Instant::from_unix_ms(1_000_000_000);
        Self { node: named(name), federation, ledger: BTreeMap::new(), now, gossips: 0 }
    }

    /// A closed node that lists `peers`.
    fn knowing(name: &str, peers: &[&str]) -> Self {
        Self::new(name, Admittance::Closed, peers)
    }

    fn holding(mut self, numbers: std::ops::Range<u16>) -> Self {
        for envelope in numbers.map(entry) {
            self.federation.items.insert(envelope.item());
            self.ledger.insert(envelope.item().id, envelope);
        }
        self
    }

    fn is_told(&mut self, input: Input) -> Vec<Effect> {
        self.federation.handle(self.now, input)
    }

    fn waits(&mut self, ms: u64) -> Vec<Effect> {
        self.now = self.now.plus_ms(ms);
        self.is_told(Input::Woke)
    }

    fn meets(&mut self, peer: &str) -> Vec<Effect> {
        self.is_told(Input::PeerConnected { peer: named(peer) })
    }

    fn hears(&mut self, from: &str, message: &Gossip) -> Vec<Effect> {
        self.hears_bytes(from, message.encode())
    }

    fn hears_bytes(&mut self, from: &str, bytes: Bytes) -> Vec<Effect> {
        self.gossips += 1;
        self.is_told(Input::GossipArrived { from: named(from), message: GossipId(self.gossips), bytes })
    }

    fn is_asked(&mut self, from: &str, request: &Request) -> Vec<Effect> {
        self.is_told(Input::RequestArrived { from: named(from), request: ServedId(1), bytes: request.encode() })
    }

    fn is_answered(&mut self, from: &str, request: RequestId, response: &Response) -> Vec<Effect> {
        let answer = Answer::Response(response.encode());
        self.is_told(Input::ResponseArrived { from: named(from), request, answer })
    }

    /// Carries out every intake among the effects, and those that follow; gives the other effects.
    fn verifies(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut others = Vec::new();
        let mut todo = std::collections::VecDeque::from(effects);
        while let Some(effect) = todo.pop_front() {
            match effect {
                Effect::Admit { intake, envelope, .. } => {
                    let outcome = outcome_of(&envelope);
                    if let Outcome::Held { item, .. } = outcome {
                        self.ledger.insert(item.id, envelope);
                    }
                    todo.extend(self.is_told(Input::IntakeFinished { intake, outcome }));
                }
                other => others.push(other),
            }
        }
        others
    }
}

/// Carries requests and answers between two nodes until neither has anything more to say; gives all events.
fn talk(one: &mut Person, other: &mut Person, beginning: Vec<Effect>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut todo: std::collections::VecDeque<(NodeId, Effect)> =
        beginning.into_iter().map(|effect| (one.node, effect)).collect();
    while let Some((who, effect)) = todo.pop_front() {
        let (speaker, listener) = if who == one.node { (&mut *one, &mut *other) } else { (&mut *other, &mut *one) };
        match effect {
            Effect::SendRequest { to, request, bytes } if to == listener.node => {
                let served = ServedId(request.0);
                let effects = listener.is_told(Input::RequestArrived { from: who, request: served, bytes });
                todo.extend(effects.into_iter().map(|effect| (listener.node, effect)));
            }
            Effect::Respond { to, request, bytes } if to == listener.node => {
                let (request, answer) = (RequestId(request.0), Answer::Response(bytes));
                let effects = listener.is_told(Input::ResponseArrived { from: who, request, answer });
                todo.extend(effects.into_iter().map(|effect| (listener.node, effect)));
            }
            Effect::Load { load, items, .. } => {
                let envelopes = items.iter().filter_map(|id| speaker.ledger.get(id).cloned()).collect();
                let effects = speaker.is_told(Input::Loaded { load, envelopes });
                todo.extend(effects.into_iter().map(|effect| (who, effect)));
            }
            admit @ Effect::Admit { .. } => {
                let effects = speaker.verifies(vec![admit]);
                todo.extend(effects.into_iter().map(|effect| (who, effect)));
            }
            Effect::Report(event) => events.push(event),
            _ => (),
        }
    }
    events
}

fn verdicts(effects: &[Effect]) -> Vec<Verdict> {
    let verdict = |effect: &Effect| match effect {
        Effect::JudgeGossip { verdict, .. } => Some(*verdict),
        _ => None,
    };
    effects.iter().filter_map(verdict).collect()
}

fn requests(effects: &[Effect]) -> Vec<(RequestId, Request)> {
    let request = |effect: &Effect| match effect {
        Effect::SendRequest { request, bytes, .. } => {
            Some((*request, Request::decode(bytes).expect("own frames are read").message))
        }
        _ => None,
    };
    effects.iter().filter_map(request).collect()
}

fn responses(effects: &[Effect]) -> Vec<Response> {
    let response = |effect: &Effect| match effect {
        Effect::Respond { bytes, .. } => Some(Response::decode(bytes).expect("own frames are read").message),
        _ => None,
    };
    effects.iter().filter_map(response).collect()
}

fn penalties(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Report(Event::PeerFaulted { .. }))).count()
}

fn intakes(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Admit { .. })).count()
}

fn dials(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Dial { address, .. } => Some(address.as_str()),
            _ => None,
        })
        .collect()
}

fn cuts(effects: &[Effect]) -> Vec<DisconnectReason> {
    let cut = |effect: &Effect| match effect {
        Effect::Disconnect { reason, .. } => Some(*reason),
        _ => None,
    };
    effects.iter().filter_map(cut).collect()
}
