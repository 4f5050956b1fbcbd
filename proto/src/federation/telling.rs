//! Telling peers what this node came to hold, where gossip did not.
//!
//! Gossip carries each document to every peer of the mesh. Over links that cannot carry so much, the node tells its
//! peers what it holds instead, and each fetches what it lacks of whoever has it: by chance different items, which they
//! then fetch of each other. So a document crosses the links about once per node, as in a swarm, and not once per link.

use std::collections::{BTreeSet, VecDeque};

use super::Federation;
use super::allowance::Rate;
use super::effect::Event;
use super::requests::Purpose;
use super::sync::Session;
use crate::admission::AdmissionId;
use crate::bounds::{
    FAR_GOSSIP_BYTES_BURST, FAR_GOSSIP_BYTES_PER_SECOND, FIRST_TOLD, FRESH_ITEMS_MAX, GOSSIP_DOCUMENT_BYTES_MAX,
    GOSSIP_PAUSE_MS, GOSSIP_RECENT_MS, GROWN_AFTER_LOSS_MS, GROWN_GAP_MS, HOLDING_ITEMS_MAX, KNOWN_ITEMS_MAX,
    SESSION_ITEMS_MAX, TELL_AGAIN_MS, TELL_ALL_MS, TELL_GAP_MS,
};
use crate::node_id::NodeId;
use crate::timestamp::Instant;
use crate::wire::{HOLDING_LEVEL, Request};

/// What a peer is still to be told.
#[derive(Debug)]
pub(super) struct Untold {
    items: Vec<AdmissionId>,
    /// What the peer itself told of lately.
    known: Recent,
    /// From when on it shall be told that there is more than `items`, and that a sync is worth its while.
    grown: Option<Instant>,
    /// When it may be told next.
    due: Instant,
    /// Whether it has not answered yet.
    pub(super) is_telling: bool,
}

/// The last items of a kind, [`KNOWN_ITEMS_MAX`] of them.
#[derive(Debug, Default)]
struct Recent {
    items: BTreeSet<AdmissionId>,
    order: VecDeque<AdmissionId>,
}

/// Entries that not every peer may have heard of.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// What this node gossiped lately, its own and what it passed on, and when.
    gossiped: VecDeque<(Instant, AdmissionId)>,
    /// Uploads that [`FIRST_TOLD`] peers were told of, and nobody has fetched yet.
    pub(super) items: BTreeSet<AdmissionId>,
    /// When to look whether they were fetched.
    waiting: VecDeque<(Instant, AdmissionId)>,
    /// When to tell all peers of those that were.
    fetched: VecDeque<(Instant, AdmissionId)>,
}

impl Fresh {
    /// The longer of its lists, of which each has its bound.
    pub(super) fn len(&self) -> usize {
        self.gossiped.len().max(self.waiting.len() + self.fetched.len())
    }
}

fn pop_due(queue: &mut VecDeque<(Instant, AdmissionId)>, now: Instant) -> Option<AdmissionId> {
    let (due, _) = queue.front()?;
    (*due <= now).then(|| queue.pop_front()).flatten().map(|(_, item)| item)
}

impl Recent {
    fn insert(&mut self, item: AdmissionId) {
        if self.items.insert(item) {
            self.order.push_back(item);
        }
        if self.order.len() > KNOWN_ITEMS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.items.remove(&oldest);
        }
    }
}

impl Untold {
    pub(super) fn new(now: Instant) -> Self {
        Self { items: Vec::new(), known: Recent::default(), grown: None, due: now, is_telling: false }
    }

    /// The peer told of these, and need not be told.
    fn hear(&mut self, items: &[AdmissionId]) {
        items.iter().for_each(|item| self.known.insert(*item));
        self.items.retain(|item| !self.known.items.contains(item));
    }

    fn add(&mut self, item: AdmissionId) {
        if self.known.items.contains(&item) {
            return;
        }
        if self.items.len() < HOLDING_ITEMS_MAX {
            self.items.push(item);
        } else {
            self.grow(self.due);
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.items.len()
    }

    /// How many items it is remembered that the peer told of.
    pub(super) fn known(&self) -> usize {
        self.known.order.len()
    }

    fn grow(&mut self, from: Instant) {
        self.grown = Some(self.grown.map_or(from, |grown| grown.min(from)));
    }

    /// When there is something to tell.
    fn wake(&self) -> Option<Instant> {
        let items = (!self.items.is_empty()).then_some(self.due);
        let grown = self.grown.map(|from| from.max(self.due));
        items.into_iter().chain(grown).min().filter(|_| !self.is_telling)
    }

    /// The next message for a peer of `level`.
    fn take(&mut self, level: u8) -> Request {
        if level < HOLDING_LEVEL || self.items.is_empty() {
            self.items.clear();
            self.grown = None;
            return Request::Grown;
        }
        Request::Holding { items: std::mem::take(&mut self.items) }
    }
}

impl Federation {
    /// Gossip did not reach every peer: for a while nothing is gossiped, and peers are told of what lately was. Later
    /// each is told that there is more, and by a sync finds what then is still missing.
    pub(super) fn on_gossip_lost(&mut self) {
        let was_gossiping = self.is_gossiping();
        self.gossip_from = self.now.plus_ms(GOSSIP_PAUSE_MS);
        let later = self.now.plus_ms(GROWN_AFTER_LOSS_MS);
        for state in self.peers.values_mut().filter(|state| state.is_connected()) {
            state.untold.grow(later);
        }
        if was_gossiping {
            self.report(Event::GossipPaused);
            self.tell_of_gossiped();
        }
    }

    /// Tells every peer of what was gossiped lately.
    pub(super) fn tell_of_gossiped(&mut self) {
        let recent = std::mem::take(&mut self.fresh.gossiped);
        let since = |moment: Instant| self.now.ms_since(moment) < GOSSIP_RECENT_MS;
        let recent: Vec<_> = recent.into_iter().filter(|(moment, _)| since(*moment)).collect();
        recent.into_iter().for_each(|(_, item)| self.tell_of_item(item, self.settings.node));
    }

    /// Remembers what is gossiped, until it is sure to have gone out.
    pub(super) fn note_gossiped(&mut self, item: AdmissionId) {
        if self.fresh.gossiped.len() >= FRESH_ITEMS_MAX {
            self.fresh.gossiped.pop_front();
        }
        self.fresh.gossiped.push_back((self.now, item));
    }

    fn is_gossiping(&self) -> bool {
        self.gossip_from <= self.now
    }

    /// Whether the links carry a document of so many bytes as gossip, over and above what they were given lately.
    pub(super) fn may_pass_gossip(&mut self, document_bytes: usize) -> bool {
        const RATE: Rate = Rate { per_second: FAR_GOSSIP_BYTES_PER_SECOND, burst: FAR_GOSSIP_BYTES_BURST };
        let gossiped = document_bytes.min(GOSSIP_DOCUMENT_BYTES_MAX) as u64;
        self.is_gossiping() && (!self.is_remote() || self.gossip_afar.take_many(self.now, RATE, gossiped))
    }

    /// Tells every peer but `except` that a sync is worth its while.
    pub(super) fn tell_of_growth(&mut self, except: NodeId) {
        let now = self.now;
        for (peer, state) in &mut self.peers {
            if *peer != except && state.is_connected() {
                state.untold.grow(now);
            }
        }
    }

    /// Tells every peer but `except` that this node holds an item.
    pub(super) fn tell_of_item(&mut self, item: AdmissionId, except: NodeId) {
        for (_, state) in self.peers.iter_mut().filter(|(peer, state)| **peer != except && state.is_connected()) {
            state.untold.add(item);
        }
    }

    /// Tells few peers, drawn by chance, of an item that is nowhere else yet. They tell the others, who fetch it there, so
    /// that the links of this node carry the document a few times only.
    pub(super) fn tell_first(&mut self, item: AdmissionId) {
        let mut connected = self.connected();
        if connected.is_empty() {
            return;
        }
        if self.fresh.waiting.len() + self.fresh.fetched.len() >= FRESH_ITEMS_MAX {
            return self.tell_of_growth(self.settings.node);
        }
        for _ in 0..FIRST_TOLD.min(connected.len()) {
            let first = connected.swap_remove(self.chance.below(connected.len()));
            if let Some(state) = self.peers.get_mut(&first) {
                state.untold.add(item);
            }
        }
        self.fresh.items.insert(item);
        self.fresh.waiting.push_back((self.now.plus_ms(TELL_AGAIN_MS), item));
    }

    /// Another peer is told of what nobody fetched, and all are told of what one has had for a while.
    fn tell_again(&mut self) {
        while let Some(item) = pop_due(&mut self.fresh.waiting, self.now) {
            if self.fresh.items.remove(&item) {
                self.tell_first(item);
            } else {
                self.fresh.fetched.push_back((self.now.plus_ms(TELL_ALL_MS), item));
            }
        }
        while let Some(item) = pop_due(&mut self.fresh.fetched, self.now) {
            self.tell_of_item(item, self.settings.node);
        }
    }

    /// Tells what is due; one message to a peer is under way at a time.
    pub(super) fn tend_telling(&mut self) {
        self.tell_again();
        let now = self.now;
        let is_due = |due: Instant| due <= now;
        let due: Vec<_> = self
            .peers
            .iter()
            .filter(|(_, state)| state.untold.wake().is_some_and(is_due))
            .map(|(peer, _)| *peer)
            .collect();
        for peer in due {
            let Some(state) = self.peers.get_mut(&peer) else { continue };
            let message = state.untold.take(state.feature_level.unwrap_or_default());
            let pause_ms = if message == Request::Grown { GROWN_GAP_MS } else { TELL_GAP_MS };
            state.untold.is_telling = true;
            state.untold.due = now.plus_ms(pause_ms);
            self.ask(peer, &message, Purpose::Told);
        }
    }

    pub(super) fn next_telling_wake(&self) -> Option<Instant> {
        let later =
            [&self.fresh.waiting, &self.fresh.fetched].into_iter().filter_map(VecDeque::front).map(|(due, _)| *due);
        self.peers.values().filter_map(|state| state.untold.wake()).chain(later).min()
    }

    /// The peer was told, or did not answer.
    pub(super) fn on_told(&mut self, peer: NodeId, has_answered: bool) {
        let now = self.now;
        if let Some(state) = self.peers.get_mut(&peer) {
            state.untold.is_telling = false;
            if !has_answered {
                state.untold.grow(now);
            }
        }
    }

    /// A peer holds these: what is lacked of them is fetched, without a reconciliation before. After a failure the next
    /// sync finds them, when its pause is over.
    pub(super) fn on_holding(&mut self, peer: NodeId, items: Vec<AdmissionId>) {
        if let Some(state) = self.peers.get_mut(&peer) {
            state.untold.hear(&items);
        }
        let spoilt = self.peers.get(&peer).map(|state| &state.spoilt);
        let is_spoilt = |id: &AdmissionId| spoilt.is_some_and(|spoilt| spoilt.contains(id));
        let lacked: Vec<_> = items.into_iter().filter(|id| !self.is_settled(id) && !is_spoilt(id)).collect();
        if lacked.is_empty() {
            return;
        }
        let has_failed = self.peers.get(&peer).is_none_or(|state| state.sync.failures > 0);
        if self.session_mut(peer).is_none() && has_failed {
            return;
        }
        if self.session_mut(peer).is_none() && self.may_begin(&peer) {
            let session = Session::of_told(self.next_number(), self.now);
            if let Some(state) = self.peers.get_mut(&peer) {
                state.sync.session = Some(session);
            }
        }
        match self.session_mut(peer) {
            Some(session) if session.need.len() + lacked.len() <= SESSION_ITEMS_MAX => {
                session.summary.needed += lacked.len();
                session.need.extend(lacked);
            }
            _ => self.sync_soon(peer),
        }
    }
}
