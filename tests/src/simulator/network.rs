//! The network between the sites: connections, gossip with a verdict before forwarding, requests that may be lost.

use bytes::Bytes;
use proto::bounds;
use proto::federation::{Answer, GossipId, Input, RequestId, ServedId, Verdict};

use super::history::fnv;
use super::site::Kind;
use super::world::{Happening, Repeat, World};

impl World {
    // Connections.

    pub(super) fn on_dial(&mut self, from: usize, to: usize, epoch: u64) {
        if self.sites[from].epoch != epoch || !self.sites[from].is_up() {
            return;
        }
        let peer = self.sites[to].node;
        if self.is_connected(from, to) {
            return;
        }
        if !self.sites[to].is_up() || self.is_lost() {
            return self.tell(from, Input::DialFailed { peer });
        }
        self.connect(from, to);
    }

    pub(super) fn connect(&mut self, from: usize, to: usize) {
        self.connections.insert(pair(from, to));
        let (one, other) = (self.sites[from].node, self.sites[to].node);
        self.tell(from, Input::PeerConnected { peer: other });
        self.tell(to, Input::PeerConnected { peer: one });
    }

    pub(super) fn disconnect(&mut self, one: usize, other: usize) {
        if self.connections.remove(&pair(one, other)) {
            let (first, second) = (self.sites[one].node, self.sites[other].node);
            self.tell(one, Input::PeerDisconnected { peer: second });
            self.tell(other, Input::PeerDisconnected { peer: first });
        }
    }

    pub(super) fn is_connected(&self, one: usize, other: usize) -> bool {
        self.connections.contains(&pair(one, other))
    }

    pub(super) fn neighbours(&self, site: usize) -> Vec<usize> {
        (0..self.sites.len()).filter(|other| *other != site && self.is_connected(site, *other)).collect()
    }

    pub(super) fn crash(&mut self, site: usize) {
        self.note(format!("{site} crashes"));
        self.sites[site].running = None;
        self.sites[site].epoch += 1;
        for other in self.neighbours(site) {
            self.disconnect(site, other);
        }
    }

    // Gossip.

    /// Sends a gossip message to every neighbour but the one it came from.
    pub(super) fn spread(&mut self, site: usize, source: Option<usize>, bytes: &Bytes) {
        if bytes.len() > bounds::GOSSIP_FRAME_BYTES_MAX && self.sites[site].policy().is_some() {
            self.fail(format!("{site} gossips {} bytes", bytes.len()));
        }
        if let Some(running) = &mut self.sites[site].running {
            running.seen.insert(fnv(0, bytes));
        }
        for to in self.neighbours(site).into_iter().filter(|to| Some(*to) != source) {
            if self.random.percent(self.scenario.gossip_loss_percent) {
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

    pub(super) fn on_gossip(&mut self, from: usize, to: usize, bytes: Bytes, is_repeat: Repeat) {
        let source = self.sites[from].node;
        if !self.is_connected(from, to) {
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
            Some((from, _)) if verdict == Verdict::Reject && self.sites[from].policy().is_some() => {
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
        if !self.is_connected(from, to) || self.sites[from].epoch != epoch {
            return self.answer(to, from, epoch, request, Answer::Failed);
        }
        if let Kind::Hostile(_) = self.sites[to].kind {
            return self.answer_with_harm(to, from, epoch, request, &bytes);
        }
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
            self.answer(site, to, epoch, request, Answer::Response(bytes));
        }
    }

    pub(super) fn answer(&mut self, from: usize, to: usize, epoch: u64, request: RequestId, answer: Answer) {
        let travel_ms = self.travel_ms();
        self.schedule(travel_ms, Happening::AnswerArrives { from, to, epoch, request, answer });
    }
}

fn pair(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}
