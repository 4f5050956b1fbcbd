//! What happens to peers, as the network reports it.

use proto::federation;
use proto::node_id::NodeId;
use tokio::sync::{mpsc, watch};

use super::{Events, Happening};
use crate::clock::Clock;
use crate::registry::Identity;

/// Tells of what the network reports, until it has stopped.
pub(crate) async fn follow(
    mut reports: mpsc::Receiver<federation::Event>,
    identity: watch::Receiver<Identity>,
    clock: Clock,
    events: Events,
) {
    while let Some(report) = reports.recv().await {
        let name =
            |peer: &NodeId| identity.borrow().peers.get(peer).map(|known| known.name.clone()).unwrap_or_default();
        if let Some(happening) = happening(report, name) {
            events.tell(clock.now(), happening);
        }
    }
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
        // Arrivals are told from the ledger, and a roster when it is in force; syncs that finish are routine.
        Event::EntryArrived { .. }
        | Event::SyncFinished { .. }
        | Event::GossipDropped { .. }
        | Event::GossipPaused
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
}
