//! Sites that do harm: garbage, forgeries, lies about what they hold, requests without measure.

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::bounds::{
    self, ANNOUNCED_MAX, FETCH_ITEMS_MAX, GOSSIP_DOCUMENT_BYTES_MAX, HOLDING_ITEMS_MAX, RECONCILE_FRAME_BYTES_MAX,
};
use proto::digest::Sha256Digest;
use proto::federation::{Answer, RequestId};
use proto::node_id::NodeId;
use proto::reconcile::{Item, ItemSet};
use proto::timestamp::Instant;
use proto::wire::{Envelope, Gossip, Request, Response};

use super::intake;
use super::site::Kind;
use super::world::{Happening, Repeat, World};

/// What a hostile site is bent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malice {
    /// Garbage, forged and altered entries.
    Vandal,
    /// Claims of what it never sends.
    Withholder,
    /// Reconciliation that never ends.
    Endless,
    /// More requests and gossip than anyone can serve.
    Flooder,
    /// Old valid gossip again, and two admissions of one document.
    Replayer,
}

impl Malice {
    pub(super) const ALL: [Self; 5] = [Self::Vandal, Self::Withholder, Self::Endless, Self::Flooder, Self::Replayer];
}

/// Pause between two deeds.
const PAUSE_MS: u64 = 400;
/// Requests of one flood.
const FLOOD: usize = 25;
/// Forgeries of one burst, more than are verified at once.
const BURST: usize = bounds::GOSSIP_INTAKES_MAX + 88;
/// Items that a liar claims to hold.
const CLAIMED: u64 = 50;
/// A reconciliation frame over everything, whose fingerprint agrees with nobody's: version, no bound, fingerprint.
const DISAGREEMENT: [u8; 4] = [0x61, 0, 0, 1];

impl World {
    /// One deed against one neighbour, until everything is calm.
    pub(super) fn harm(&mut self, site: usize) {
        let Kind::Hostile(malice) = self.sites[site].kind else { return };
        if self.is_calm() {
            return;
        }
        self.schedule(PAUSE_MS, Happening::Harm { site });
        let victims: Vec<NodeId> = self.sites[site].settings.peers.iter().map(|peer| peer.node).collect();
        let chosen = self.random.index(victims.len());
        let victim = self.number(&victims[chosen]);
        if !self.sites[victim].is_up() || self.is_parted(site, victim) {
            return;
        }
        if !self.is_connected(site, victim) {
            return self.connect(site, victim);
        }
        self.note(format_args!("{site}, a {malice:?}, harms {victim}"));
        match malice {
            Malice::Vandal => self.vandalise(site, victim),
            Malice::Withholder => self.announce_in_vain(site),
            Malice::Endless => {
                let frame = self.disagreement();
                self.ask(site, victim, &Request::Reconcile { frame });
            }
            Malice::Flooder => self.flood(site, victim),
            Malice::Replayer => self.replay(site, victim),
        }
    }

    pub(super) fn answer_with_harm(&mut self, from: usize, to: usize, epoch: u64, request: RequestId, asked: &Bytes) {
        let Kind::Hostile(malice) = self.sites[from].kind else { return };
        let asked = Request::decode(asked).map(|received| received.message);
        let response = match (malice, asked) {
            (Malice::Vandal, _) if self.random.percent(25) => return self.send_garbage(from, to, epoch, request),
            (Malice::Vandal, Ok(Request::Reconcile { .. })) if self.random.percent(25) => {
                Response::Reconciled { frame: self.garbage() }
            }
            (Malice::Endless, Ok(Request::Reconcile { .. })) => Response::Reconciled { frame: self.disagreement() },
            (Malice::Replayer, Ok(Request::Reconcile { frame })) => respond(&frame, &mut ItemSet::default()),
            (_, Ok(Request::Reconcile { frame })) => respond(&frame, &mut claimed()),
            (Malice::Withholder | Malice::Endless, Ok(Request::Fetch { .. } | Request::FetchPacked { .. }))
                if self.random.percent(50) =>
            {
                return;
            }
            (Malice::Vandal | Malice::Flooder, Ok(Request::Fetch { items })) if self.random.percent(75) => {
                Response::Envelopes { considered: items.len() as u16, envelopes: vec![self.forgery()] }
            }
            (Malice::Vandal | Malice::Flooder, Ok(Request::FetchPacked { items })) if self.random.percent(75) => {
                Response::Packed { considered: items.len() as u16, envelopes: vec![self.forgery()] }
            }
            (_, Ok(Request::Fetch { items } | Request::FetchPacked { items })) => {
                Response::Envelopes { considered: items.len() as u16, envelopes: Vec::new() }
            }
            _ => Response::Noted,
        };
        self.answer(from, to, epoch, request, Answer::Response(response.encode()));
    }

    fn vandalise(&mut self, site: usize, victim: usize) {
        match self.random.index(4) {
            0 => {
                let bytes = self.garbage();
                self.spread(site, None, &bytes);
            }
            1 => {
                let forgery = self.forgery();
                self.spread(site, None, &Gossip::of(forgery).encode());
            }
            2 => self.ask_bytes(site, victim, Request::Reconcile { frame: Bytes::from_static(b"\x61?") }.encode()),
            _ => {
                let bytes = self.garbage();
                self.ask_bytes(site, victim, bytes);
            }
        }
    }

    /// Large documents that do not exist, more than are pulled at once.
    fn announce_in_vain(&mut self, site: usize) {
        for number in 0..ANNOUNCED_MAX as u64 + 8 {
            let id = made_up(self.random.next() ^ number);
            let announcement = Gossip::Announcement(Item { admitted: Instant::default(), id });
            self.spread(site, None, &announcement.encode());
        }
    }

    /// Asks for everything that the victim holds, over and over, tells of what there is not, and gossips forgeries.
    fn flood(&mut self, site: usize, victim: usize) {
        let items: Vec<_> = self.sites[victim].disk.store.entries.keys().copied().take(FETCH_ITEMS_MAX).collect();
        if self.random.percent(80) && !items.is_empty() {
            for _ in 0..FLOOD {
                self.ask(site, victim, &Request::Fetch { items: items.clone() });
            }
        } else if self.random.percent(50) {
            for _ in 0..FLOOD {
                self.ask(site, victim, &Request::Grown);
            }
        } else if self.random.percent(50) {
            for _ in 0..FLOOD {
                let items = (0..HOLDING_ITEMS_MAX as u64).map(|number| made_up(self.random.next() ^ number)).collect();
                self.ask(site, victim, &Request::Holding { items });
            }
        } else {
            for _ in 0..BURST {
                let forgery = intake::envelope(&self.sites[site].node, "forged:", self.random.next() >> 20);
                self.spread(site, None, &Gossip::of(forgery).encode());
            }
        }
    }

    /// What others admitted, at another time than they gossiped it; and two admissions of one document of its own.
    fn replay(&mut self, site: usize, victim: usize) {
        let old = self.some_entry();
        let replayed = old.map(|envelope| Gossip::of(envelope).encode());
        let (node, document) = (self.sites[site].node, format!("valid:{}", self.random.next()));
        let length = if self.random.percent(10) { GOSSIP_DOCUMENT_BYTES_MAX } else { 1 };
        let document = format!("{document}:{}", "x".repeat(length));
        let twins = [2, 1].map(|earlier_ms| {
            let twin = intake::envelope(&node, &document, self.now_ms - earlier_ms);
            Gossip::of(twin).encode()
        });
        for bytes in replayed.into_iter().chain(twins) {
            let travel_ms = self.travel_ms();
            let to = self.neighbours(site).into_iter().find(|_| self.random.percent(50)).unwrap_or(victim);
            let is_repeat = Repeat::CacheExpired;
            self.schedule(travel_ms, Happening::GossipArrives { from: site, to, bytes, is_repeat });
        }
    }

    fn ask(&mut self, site: usize, victim: usize, request: &Request) {
        self.ask_bytes(site, victim, request.encode());
    }

    fn ask_bytes(&mut self, site: usize, victim: usize, bytes: Bytes) {
        let request = RequestId(self.random.next());
        self.send_request(site, victim, request, bytes);
    }

    fn send_garbage(&mut self, from: usize, to: usize, epoch: u64, request: RequestId) {
        let bytes = self.garbage();
        self.answer(from, to, epoch, request, Answer::Response(bytes));
    }

    fn disagreement(&mut self) -> Bytes {
        let fingerprint = self.random.bytes(16);
        [DISAGREEMENT.as_slice(), &fingerprint].concat().into()
    }

    fn garbage(&mut self) -> Bytes {
        let length = self.random.between(1, 200) as usize;
        self.random.bytes(length).into()
    }

    fn some_entry(&mut self) -> Option<Envelope> {
        let site = self.random.index(self.scenario.sites);
        let entries = &self.sites[site].disk.store.entries;
        entries.values().nth(self.random.index(entries.len())).cloned()
    }

    /// Something that another site admitted, with another document; or nothing that anyone admitted.
    fn forgery(&mut self) -> Envelope {
        match self.some_entry() {
            Some(real) if self.random.percent(50) => intake::forged(&real, b"valid:forged"),
            _ => intake::envelope(&NodeId::from_public_key([99; 32]), "forged:", self.random.next() >> 20),
        }
    }
}

/// What a holder of `items` would answer.
fn respond(frame: &Bytes, items: &mut ItemSet) -> Response {
    match items.respond(frame, RECONCILE_FRAME_BYTES_MAX) {
        Ok(frame) => Response::Reconciled { frame },
        Err(_) => Response::Noted,
    }
}

fn claimed() -> ItemSet {
    (0..CLAIMED).map(|number| Item { admitted: Instant::from_unix_ms(number), id: made_up(number) }).collect()
}

/// An item that nobody holds.
fn made_up(number: u64) -> AdmissionId {
    AdmissionId::from_digest(Sha256Digest::of(&[number.to_be_bytes(), [0xff; 8]].concat()))
}
