//! What happens to peers, as the network reports it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proto::federation;
use proto::node_id::NodeId;
use tokio::sync::{mpsc, watch};

use super::{Events, Happening};
use crate::bounds;
use crate::clock::Clock;
use crate::registry::Identity;

/// Takes what the network reports and never waits: what finds no room is counted, and told as missed.
#[derive(Debug, Clone)]
pub struct Reports {
    sender: mpsc::Sender<federation::Event>,
    lost: Arc<AtomicU64>,
}

/// The other end of [`Reports`].
#[derive(Debug)]
pub(crate) struct Reported {
    receiver: mpsc::Receiver<federation::Event>,
    lost: Arc<AtomicU64>,
}

/// A way from the network to those who follow events.
pub(crate) fn reports() -> (Reports, Reported) {
    let (sender, receiver) = mpsc::channel(bounds::REPORTS_WAITING_MAX);
    let lost = Arc::new(AtomicU64::new(0));
    (Reports { sender, lost: Arc::clone(&lost) }, Reported { receiver, lost })
}

impl Reports {
    pub(crate) fn send(&self, event: federation::Event) {
        if is_told(&event) && self.sender.try_send(event).is_err() {
            self.lost.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Tells of what the network reports, until it has stopped.
pub(crate) async fn follow(mut reported: Reported, identity: watch::Receiver<Identity>, clock: Clock, events: Events) {
    while let Some(report) = reported.receiver.recv().await {
        let name =
            |peer: &NodeId| identity.borrow().peers.get(peer).map(|known| known.name.clone()).unwrap_or_default();
        if let Some(happening) = happening(report, name) {
            events.tell(clock.now(), happening);
        }
        let count = reported.lost.swap(0, Ordering::SeqCst);
        if count > 0 {
            events.tell(clock.now(), Happening::Missed { count });
        }
    }
}

/// Arrivals are told from the ledger, and a roster when it is in force; syncs that finish are routine.
const fn is_told(report: &federation::Event) -> bool {
    use federation::Event;
    !matches!(
        report,
        Event::EntryArrived { .. }
            | Event::SyncFinished { .. }
            | Event::GossipDropped { .. }
            | Event::RosterArrived { .. }
    )
}

fn happening(report: federation::Event, name: impl Fn(&NodeId) -> String) -> Option<Happening> {
    use federation::Event;
    Some(match report {
        Event::PeerUp { peer } => Happening::PeerUp { peer: peer.to_string(), name: name(&peer) },
        Event::PeerDown { peer } => Happening::PeerDown { peer: peer.to_string(), name: name(&peer) },
        Event::SyncFailed { peer, failure } => {
            Happening::SyncFailed { peer: peer.to_string(), name: name(&peer), reason: failure.to_string() }
        }
        Event::PeerFaulted { peer, fault } => {
            Happening::PeerFaulted { peer: peer.to_string(), name: name(&peer), fault: fault.to_string() }
        }
        Event::ItemRefused { item, reason } => Happening::EntryRefused { item: item.to_string(), reason },
        Event::RosterRefused { peer, refusal } => {
            Happening::RosterRefused { peer: peer.to_string(), reason: refusal.to_string() }
        }
        Event::GossipPaused => Happening::GossipPaused,
        Event::EntryArrived { .. }
        | Event::SyncFinished { .. }
        | Event::GossipDropped { .. }
        | Event::RosterArrived { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_told_with_its_name() {
        let peer = NodeId::from_public_key([7; 32]);
        let told = happening(federation::Event::PeerUp { peer }, |_| "site B".to_owned());
        assert_eq!(told, Some(Happening::PeerUp { peer: peer.to_string(), name: "site B".to_owned() }));
    }

    #[tokio::test]
    async fn what_finds_no_room_is_told_as_missed() {
        let (reports, reported) = reports();
        let peer = NodeId::from_public_key([7; 32]);
        for _ in 0..bounds::REPORTS_WAITING_MAX + 3 {
            reports.send(federation::Event::PeerUp { peer });
        }
        reports.send(federation::Event::GossipDropped { from: peer });
        drop(reports);
        let events = Events::default();
        let mut told = events.follow();
        let (_sender, identity) = watch::channel(Identity {
            node: peer,
            name: String::new(),
            public_url: None,
            federation: String::new(),
            peers: std::collections::BTreeMap::new(),
            roster: None,
        });
        follow(reported, identity, Clock::system(), events).await;
        assert!(matches!(told.recv().await.expect("told").happening, Happening::PeerUp { .. }));
        assert_eq!(told.recv().await.expect("told").happening, Happening::Missed { count: 3 });
    }
}
