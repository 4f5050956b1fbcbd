//! Sites that do harm: garbage, forgeries, lies about what they hold, requests without measure.

use bytes::Bytes;
use proto::admission::AdmissionId;
use proto::bounds::{FETCH_ITEMS_MAX, RECONCILE_FRAME_BYTES_MAX};
use proto::digest::Sha256Digest;
use proto::federation::{Answer, Input, RequestId};
use proto::node_id::NodeId;
use proto::reconcile::Item;
use proto::timestamp::Instant;
use proto::wire::{Envelope, Gossip, Request, Response};

use super::intake;
use super::site::Kind;
use super::world::{Happening, World};

/// Pause between two deeds.
const PAUSE_MS: u64 = 400;

impl World {
    /// A hostile site does not listen to what happens to it.
    pub(super) fn tell_hostile(&mut self, site: usize, input: Input) {
        if let (Input::PeerConnected { .. }, Kind::Hostile(items)) = (input, &mut self.sites[site].kind)
            && items.is_empty()
        {
            *items =
                (0..50).map(|number| Item { admitted: Instant::from_unix_ms(number), id: made_up(number) }).collect();
        }
    }

    /// One deed against one neighbour, until everything is calm.
    pub(super) fn harm(&mut self, site: usize) {
        if self.is_calm() {
            return;
        }
        self.schedule(PAUSE_MS, Happening::Harm { site });
        let victims: Vec<NodeId> = self.sites[site].settings.peers.iter().map(|peer| peer.node).collect();
        let chosen = self.random.index(victims.len());
        let victim = self.number(&victims[chosen]);
        if !self.sites[victim].is_up() {
            return;
        }
        if !self.is_connected(site, victim) {
            return self.connect(site, victim);
        }
        self.note(format!("{site} harms {victim}"));
        match self.random.index(4) {
            0 => {
                let bytes = self.garbage();
                self.spread(site, None, &bytes);
            }
            1 => {
                let forgery = self.forgery();
                self.spread(site, None, &Gossip::of(forgery).encode());
            }
            2 => {
                let announcement = Gossip::Announcement(Item { admitted: Instant::default(), id: made_up(7) });
                self.spread(site, None, &announcement.encode());
            }
            _ => {
                let bytes = self.hostile_request();
                let request = RequestId(self.random.next());
                self.send_request(site, victim, request, bytes);
            }
        }
    }

    pub(super) fn answer_with_harm(&mut self, from: usize, to: usize, epoch: u64, request: RequestId, asked: &Bytes) {
        let bytes = match (self.random.index(4), Request::decode(asked).map(|received| received.message)) {
            (0, _) => self.garbage(),
            (1, Ok(Request::Reconcile { .. })) => Response::Reconciled { frame: self.garbage() }.encode(),
            (_, Ok(Request::Reconcile { frame })) => self.lie(from, &frame),
            (1, Ok(Request::Fetch { items })) => {
                Response::Envelopes { considered: items.len() as u16, envelopes: vec![] }.encode()
            }
            (_, Ok(Request::Fetch { items })) => {
                let envelopes = vec![self.forgery()];
                Response::Envelopes { considered: items.len() as u16, envelopes }.encode()
            }
            _ => Response::Noted.encode(),
        };
        self.answer(from, to, epoch, request, Answer::Response(bytes));
    }

    /// A well-made answer about items that do not exist.
    fn lie(&mut self, site: usize, frame: &Bytes) -> Bytes {
        let Kind::Hostile(items) = &mut self.sites[site].kind else { return Bytes::new() };
        match items.respond(frame, RECONCILE_FRAME_BYTES_MAX) {
            Ok(frame) => Response::Reconciled { frame }.encode(),
            Err(_) => Response::Noted.encode(),
        }
    }

    fn garbage(&mut self) -> Bytes {
        let length = self.random.between(1, 200) as usize;
        self.random.bytes(length).into()
    }

    /// Something that another site admitted, with another document; or nothing that anyone admitted.
    fn forgery(&mut self) -> Envelope {
        let site = self.random.index(self.scenario.sites);
        let real = self.sites[site].disk.entries.values().next().cloned();
        match real {
            Some(real) if self.random.percent(50) => intake::forged(&real, b"valid:forged"),
            _ => intake::envelope(&NodeId::from_public_key([99; 32]), "forged:", self.random.next() >> 20),
        }
    }

    fn hostile_request(&mut self) -> Bytes {
        match self.random.index(3) {
            0 => self.garbage(),
            1 => Request::Reconcile { frame: self.garbage() }.encode(),
            _ => Request::Fetch { items: (0..FETCH_ITEMS_MAX as u64).map(made_up).collect() }.encode(),
        }
    }
}

/// An item that nobody holds.
fn made_up(number: u64) -> AdmissionId {
    AdmissionId::from_digest(Sha256Digest::of(&[number.to_be_bytes(), [0xff; 8]].concat()))
}
