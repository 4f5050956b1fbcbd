//! The places of connections: so many in all, and so many for one network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::doors::{Doors, Limit, Network};

/// The places of connections.
pub(super) struct Places {
    all: Arc<Semaphore>,
    /// No more networks than there are places.
    by_network: Arc<Mutex<BTreeMap<Network, usize>>>,
    doors: Doors,
}

/// A place that is taken, and free again when this is dropped.
pub(super) struct Place {
    peer: IpAddr,
    by_network: Arc<Mutex<BTreeMap<Network, usize>>>,
    doors: Doors,
    _place: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(doors: &Doors) -> Self {
        let all = Arc::new(Semaphore::new(doors.limits().connections_max));
        Self { all, by_network: Arc::default(), doors: doors.clone() }
    }

    /// A place for whoever comes next; none where the server ends.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Gives the place to `peer`, unless its network has as many as it may have. Programs of this machine, and the
    /// proxies that others come through, have as many as there are.
    pub(super) fn take(&self, place: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let is_counted = !peer.is_loopback() && !self.doors.is_proxy(peer);
        let mut by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = by_network.entry(Network::of(peer)).or_default();
        if is_counted && *taken >= self.doors.limits().connections_of_address_max {
            self.doors.metrics().refused(Limit::ConnectionsOfAddress);
            return None;
        }
        *taken += 1;
        self.doors.metrics().connections.inc();
        Some(Place { peer, by_network: Arc::clone(&self.by_network), doors: self.doors.clone(), _place: place })
    }
}

impl Place {
    /// Who has it.
    pub(super) const fn peer(&self) -> IpAddr {
        self.peer
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.doors.metrics().connections.dec();
        let network = Network::of(self.peer);
        let mut by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        match by_network.get_mut(&network) {
            Some(taken) if *taken > 1 => *taken -= 1,
            _ => drop(by_network.remove(&network)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Limits, Settings};

    #[tokio::test]
    async fn one_network_has_no_more_places_than_it_may() {
        let limits = Limits { connections_of_address_max: 2, ..Limits::default() };
        let places = Places::new(&Doors::new(&Settings { limits, ..Settings::default() }));
        let address = |text: &str| text.parse().expect("the test's address is good");
        let take = async |peer: &str| places.take(places.free().await.expect("the server runs"), address(peer));
        let first = take("192.0.2.1").await;
        let second = take("192.0.2.1").await;
        assert!(first.is_some() && second.is_some() && take("192.0.2.1").await.is_none());
        assert!(take("192.0.2.2").await.is_some());
        drop(first);
        assert!(take("192.0.2.1").await.is_some());
        assert!(places.by_network.lock().expect("nobody panicked").len() == 1);
        drop(second);
        assert!(places.by_network.lock().expect("nobody panicked").is_empty());
    }
}
