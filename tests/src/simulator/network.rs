//! The network between the sites: connections, gossip with a verdict before forwarding, requests that may be lost.

use bytes::Bytes;
use proto::bounds;
use proto::federation::{Answer, GossipId, Input, RequestId, ServedId, Verdict};

use super::history::fnv;
use super::world::{Happening, Repeat, World};

/// The number of a connection; a site that is connected anew while it still believes in the old one sees no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connection(u64);

/// Longest time in ms after which a peer notices that a site has gone without a word.
const PATIENCE_MS_MAX: u64 = 15_000;
/// How long gossip waits for a link until it is given up.
const GOSSIP_WAITS_MS: u64 = 300;

impl World {
    // Connections.

    pub(super) fn on_dial(&mut self, from: usize, to: usize, epoch: u64) {
        if self.sites[from].epoch != epoch || !self.sites[from].is_up() || self.is_connected(from, to) {
            return;
        }
        if self.is_parted(from, to) {
            // A dial into the void ends after a while, or only by the machine's own patience.
            if self.random.percent(50) {
                let after_ms = self.random.between(1_000, 10_000);
                self.schedule(after_ms, Happening::DialFails { from, to, epoch });
            }
            return;
        }
        if !self.sites[to].is_up() || self.is_lost() {
            let peer = self.sites[to].node;
            return self.tell(from, Input::DialFailed { peer });
        }
        self.connect(from, to);
    }

    pub(super) fn connect(&mut self, from: usize, to: usize) {
        let connection = Connection(self.random.next());
        for (site, other) in [(from, to), (to, from)] {
            if self.connections.insert((site, other), connection).is_none() {
                let peer = self.sites[other].node;
                self.tell(site, Input::PeerConnected { peer });
                let ms = self.travel_ms() + self.travel_ms();
                self.tell(site, Input::RoundTripMeasured { peer, ms });
                self.learn_address(site, other);
            }
        }
    }

    /// A site closes its connection to another.
    pub(super) fn disconnect(&mut self, site: usize, peer: usize) {
        if let Some(connection) = self.connections.remove(&(site, peer)) {
            let epoch = self.sites[site].epoch;
            self.schedule(0, Happening::ConnectionClosed { site, peer, epoch });
            let after_ms = if self.is_parted(site, peer) { PATIENCE_MS_MAX } else { self.travel_ms() };
            self.schedule(after_ms, Happening::ConnectionDies { site: peer, peer: site, connection });
        }
    }

    pub(super) fn on_closed(&mut self, site: usize, peer: usize, epoch: u64) {
        if self.sites[site].epoch == epoch && !self.is_connected(site, peer) {
            let peer = self.sites[peer].node;
            self.tell(site, Input::PeerDisconnected { peer });
        }
    }

    /// A site sees one of its connections end.
    pub(super) fn on_dead_connection(&mut self, site: usize, peer: usize, connection: Connection) {
        if self.connections.get(&(site, peer)) == Some(&connection) {
            self.connections.remove(&(site, peer));
            let peer = self.sites[peer].node;
            self.tell(site, Input::PeerDisconnected { peer });
        }
    }

    pub(super) fn is_connected(&self, site: usize, other: usize) -> bool {
        self.connections.contains_key(&(site, other))
    }

    pub(super) fn neighbours(&self, site: usize) -> Vec<usize> {
        self.connections.range((site, 0)..(site + 1, 0)).map(|((_, other), _)| *other).collect()
    }

    /// Ends a site without warning; its peers see the connections end, some only when their patience is over.
    pub(super) fn crash(&mut self, site: usize) {
        self.note(format_args!("{site} crashes"));
        self.sites[site].running = None;
        self.sites[site].epoch += 1;
        for peer in self.neighbours(site) {
            if let Some(connection) = self.connections.remove(&(site, peer)) {
                let after_ms =
                    if self.random.percent(20) { self.random.between(0, PATIENCE_MS_MAX) } else { self.travel_ms() };
                self.schedule(after_ms, Happening::ConnectionDies { site: peer, peer: site, connection });
            }
        }
    }

    // Gossip.

    /// Sends a gossip message to every neighbour but the one it came from.
    pub(super) fn spread(&mut self, site: usize, source: Option<usize>, bytes: &Bytes) {
        if bytes.len() > bounds::GOSSIP_FRAME_BYTES_MAX && self.sites[site].is_honest() {
            self.fail(format!("{site} gossips {} bytes", bytes.len()));
        }
        if let Some(running) = &mut self.sites[site].running {
            running.seen.insert(fnv(0, bytes));
        }
        let receivers: Vec<_> = self.neighbours(site).into_iter().filter(|to| Some(*to) != source).collect();
        if receivers.is_empty() && source.is_none() {
            self.fail_gossip(site, 0, Input::GossipUnheard);
        }
        for to in receivers {
            if self.random.percent(self.scenario.gossip_loss_percent) || self.is_parted(site, to) {
                if self.scenario.gossip_told_lost_percent > 0
                    && self.random.percent(self.scenario.gossip_told_lost_percent)
                {
                    self.fail_gossip(site, GOSSIP_WAITS_MS, Input::GossipLost);
                }
                continue;
            }
            let travel_ms = self.travel_ms();
            let arrives = |is_repeat| Happening::GossipArrives { from: site, to, bytes: bytes.clone(), is_repeat };
            self.schedule(travel_ms, arrives(Repeat::First));
            if self.random.percent(self.scenario.gossip_twice_percent) {
                self.schedule(travel_ms + 700, arrives(Repeat::CacheExpired));
            }
        }
    }

    /// The sender's own side notices that gossip went nowhere.
    fn fail_gossip(&mut self, site: usize, after_ms: u64, input: Input) {
        let epoch = self.sites[site].epoch;
        if self.sites[site].is_honest() {
            self.schedule(after_ms, Happening::GossipFails { site, epoch, input });
        }
    }

    pub(super) fn on_gossip(&mut self, from: usize, to: usize, bytes: Bytes, is_repeat: Repeat) {
        let source = self.sites[from].node;
        if !self.is_connected(to, from) {
            return;
        }
        let Some(running) = &mut self.sites[to].running else { return };
        if !running.seen.insert(fnv(0, &bytes)) && is_repeat == Repeat::First {
            return;
        }
        let number = running.next_number();
        running.undecided.insert(number, (from, bytes.clone()));
        self.tell(to, Input::GossipArrived { from: source, message: GossipId(number), bytes });
    }

    pub(super) fn judge(&mut self, site: usize, message: GossipId, verdict: Verdict) {
        let Some(running) = &mut self.sites[site].running else { return };
        match running.undecided.remove(&message.0) {
            None => self.fail(format!("{site} judges gossip {} twice", message.0)),
            Some((from, bytes)) if verdict == Verdict::Accept => self.spread(site, Some(from), &bytes),
            Some((from, _)) if verdict == Verdict::Reject && self.sites[from].is_honest() => {
                self.fail(format!("{site} rejects the gossip of {from}, which is honest"));
            }
            Some(_) => (),
        }
    }

    // Requests.

    pub(super) fn is_lost(&mut self) -> bool {
        !self.is_calm() && self.random.percent(self.scenario.request_loss_percent)
    }

    pub(super) fn send_request(&mut self, from: usize, to: usize, request: RequestId, bytes: Bytes) {
        let (epoch, travel_ms) = (self.sites[from].epoch, self.travel_ms());
        if self.is_connected(from, to) && !self.is_lost() {
            self.schedule(travel_ms, Happening::RequestArrives { from, to, epoch, request, bytes });
        } else if self.random.percent(50) {
            self.answer(to, from, epoch, request, Answer::Failed);
        }
    }

    pub(super) fn on_request(&mut self, from: usize, to: usize, epoch: u64, request: RequestId, bytes: Bytes) {
        let asker = self.sites[from].node;
        if self.is_parted(from, to) {
            return;
        }
        if !self.is_connected(to, from) || self.sites[from].epoch != epoch {
            return self.answer(to, from, epoch, request, Answer::Failed);
        }
        if !self.sites[to].is_honest() {
            return self.answer_with_harm(to, from, epoch, request, &bytes);
        }
        self.check_level(from, to, &bytes);
        let Some(running) = &mut self.sites[to].running else { return };
        let number = running.next_number();
        running.asked.insert(number, (from, request, epoch));
        self.tell(to, Input::RequestArrived { from: asker, request: ServedId(number), bytes });
    }

    pub(super) fn respond(&mut self, site: usize, request: ServedId, bytes: Bytes) {
        let Some(running) = &mut self.sites[site].running else { return };
        let Some((to, request, epoch)) = running.asked.remove(&request.0) else {
            return self.fail(format!("{site} responds twice to {}", request.0));
        };
        if bytes.len() > bounds::RESPONSE_FRAME_BYTES_MAX {
            self.fail(format!("{site} responds with {} bytes", bytes.len()));
        }
        if !self.is_lost() {
            let bytes = self.spoken(site, to, bytes);
            self.answer(site, to, epoch, request, Answer::Response(bytes));
        }
    }

    pub(super) fn answer(&mut self, from: usize, to: usize, epoch: u64, request: RequestId, answer: Answer) {
        let travel_ms = self.travel_ms();
        self.schedule(travel_ms, Happening::AnswerArrives { from, to, epoch, request, answer });
    }

    pub(super) fn on_answer(&mut self, from: usize, to: usize, epoch: u64, request: RequestId, answer: Answer) {
        let is_failure = answer == Answer::Failed;
        if self.sites[to].epoch == epoch && (is_failure || !self.is_parted(from, to)) {
            let from = self.sites[from].node;
            self.tell(to, Input::ResponseArrived { from, request, answer });
        }
    }
}
