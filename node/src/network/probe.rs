//! Pings that the operator asks for: a question to a peer, over a connection that is made where there is none.

use std::collections::{BTreeMap, HashMap};

use libp2p::request_response::OutboundRequestId;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use proto::admission::AdmissionId;
use proto::digest::Sha256Digest;
use proto::node_id::NodeId;
use proto::wire::{Request, RequestRefusal, Response};
use tokio::sync::oneshot;

use super::behaviour::Swarm;
use super::{Connected, PingError, Pinged, names};
use crate::bounds;
use crate::clock::Stopwatch;

type Reply = oneshot::Sender<Result<Pinged, PingError>>;

/// The pings under way.
#[derive(Debug, Default)]
pub(super) struct Pings {
    dialling: BTreeMap<NodeId, Vec<Reply>>,
    asked: HashMap<OutboundRequestId, Asked>,
}

#[derive(Debug)]
struct Asked {
    connected: Connected,
    since: Stopwatch,
    reply: Reply,
}

impl Pings {
    /// Begins one.
    pub(super) fn begin(&mut self, swarm: &mut Swarm, peer: NodeId, addresses: &[String], reply: Reply) {
        self.forget_abandoned();
        let under_way = self.asked.len() + self.dialling.values().map(Vec::len).sum::<usize>();
        if under_way >= bounds::PINGS_MAX {
            return answer(reply, Err(PingError::TooMany));
        }
        let peer_id = names::peer(&peer);
        if swarm.is_connected(&peer_id) {
            return self.ask(swarm, peer, Connected::Before, reply);
        }
        let addresses: Vec<_> = addresses.iter().filter_map(|text| names::parse_address(text).ok()).collect();
        if addresses.is_empty() {
            return answer(reply, Err(PingError::NoAddress));
        }
        let dial = DialOpts::peer_id(peer_id).condition(PeerCondition::Disconnected).addresses(addresses).build();
        match swarm.dial(dial) {
            Ok(()) => self.dialling.entry(peer).or_default().push(reply),
            Err(error) => answer(reply, Err(PingError::Dial(error.to_string()))),
        }
    }

    /// Who waited long enough has left; a dial may take minutes to fail.
    fn forget_abandoned(&mut self) {
        for waiting in self.dialling.values_mut() {
            waiting.retain(|reply| !reply.is_closed());
        }
        self.dialling.retain(|_, waiting| !waiting.is_empty());
        self.asked.retain(|_, asked| !asked.reply.is_closed());
    }

    /// A connection was made, for whatever reason.
    pub(super) fn connected(&mut self, swarm: &mut Swarm, peer: NodeId) {
        for reply in self.dialling.remove(&peer).unwrap_or_default() {
            self.ask(swarm, peer, Connected::Now, reply);
        }
    }

    /// A dial failed.
    pub(super) fn not_connected(&mut self, peer: NodeId, error: &str) {
        for reply in self.dialling.remove(&peer).unwrap_or_default() {
            answer(reply, Err(PingError::Dial(error.to_owned())));
        }
    }

    /// Every node answers a fetch of what nobody holds, at once and whatever it holds.
    fn ask(&mut self, swarm: &mut Swarm, peer: NodeId, connected: Connected, reply: Reply) {
        let nothing = AdmissionId::from_digest(Sha256Digest::from_bytes([0; 32]));
        let frame = Request::Fetch { items: vec![nothing] }.encode();
        let request = swarm.behaviour_mut().sync.send_request(&names::peer(&peer), frame.to_vec());
        self.asked.insert(request, Asked { connected, since: Stopwatch::start(), reply });
    }

    /// Takes an answer; whether it was to a ping.
    pub(super) fn answered(&mut self, request: OutboundRequestId, frame: &[u8], address: Option<&str>) -> bool {
        let Some(Asked { connected, since, reply }) = self.asked.remove(&request) else { return false };
        let round_trip = since.elapsed();
        let pinged = match Response::decode(frame).map(|received| received.message) {
            Ok(Response::Refused(RequestRefusal::NotAPeer)) => {
                Err(PingError::NoAnswer("it does not list this node as its peer".to_owned()))
            }
            Ok(_) => Ok(Pinged { connected, address: address.unwrap_or_default().to_owned(), round_trip }),
            Err(error) => Err(PingError::NoAnswer(error.to_string())),
        };
        answer(reply, pinged);
        true
    }

    /// Takes a failure; whether it was of a ping.
    pub(super) fn failed(&mut self, request: OutboundRequestId, error: &str) -> bool {
        let Some(Asked { reply, .. }) = self.asked.remove(&request) else { return false };
        answer(reply, Err(PingError::NoAnswer(error.to_owned())));
        true
    }
}

fn answer(reply: Reply, answer: Result<Pinged, PingError>) {
    // Who asked may have left.
    let _ = reply.send(answer);
}
