//! How often each of many may do something: a bucket each that fills evenly (the generic cell rate algorithm).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use proto::timestamp::Instant;

use crate::bounds::{RATE_BURST_MS, RATED_MAX};

/// Where somebody comes from: an address of IPv4, or the /64 of one of IPv6, which one customer has as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Network(IpAddr);

/// How often each of many may do something; those whose bucket is full are forgotten.
#[derive(Debug)]
pub struct Rates<K>(Mutex<Held<K>>);

#[derive(Debug)]
struct Held<K> {
    /// When the bucket of each is full again, in microseconds.
    full_at_us: BTreeMap<K, u64>,
    cleaned_us: u64,
}

const MINUTE_US: u64 = 60_000_000;

impl Network {
    /// The network of an address.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(IpAddr::V6((u128::from(address) >> 64 << 64).into())),
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

impl<K> Default for Rates<K> {
    fn default() -> Self {
        Self(Mutex::new(Held { full_at_us: BTreeMap::new(), cleaned_us: 0 }))
    }
}

impl<K: Ord> Rates<K> {
    /// Counts one of at most `per_minute`, or of any number where that is 0; where it was too soon, in how many seconds it
    /// is not.
    pub fn take(&self, key: K, per_minute: u32, now: Instant) -> Result<(), u32> {
        if per_minute == 0 {
            return Ok(());
        }
        let now_us = now.unix_ms().saturating_mul(1_000);
        let each_us = MINUTE_US / u64::from(per_minute);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.clean(now_us);
        if held.full_at_us.len() >= RATED_MAX && !held.full_at_us.contains_key(&key) {
            return Err(1);
        }
        let full_at_us = held.full_at_us.get(&key).copied().unwrap_or_default().max(now_us);
        let burst_us = (RATE_BURST_MS * 1_000).max(each_us);
        let wait_us = full_at_us.saturating_add(each_us).saturating_sub(now_us.saturating_add(burst_us));
        if wait_us > 0 {
            return Err(u32::try_from(wait_us.div_ceil(1_000_000)).unwrap_or(u32::MAX));
        }
        held.full_at_us.insert(key, full_at_us.saturating_add(each_us));
        Ok(())
    }
}

impl<K: Ord> Held<K> {
    /// Forgets those whose bucket is full, once a second at most and only where many are held.
    fn clean(&mut self, now_us: u64) {
        let is_due = now_us.abs_diff(self.cleaned_us) >= 1_000_000;
        if is_due && self.full_at_us.len() >= RATED_MAX / 2 {
            self.full_at_us.retain(|_, full_at_us| *full_at_us > now_us);
            self.cleaned_us = now_us;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::of(text.parse().expect("the test's address is good"))
    }

    /// Rates with one limit.
    struct Paced(Rates<Network>, u32);

    impl Paced {
        fn take(&self, network: Network, now: Instant) -> Result<(), u32> {
            self.0.take(network, self.1, now)
        }
    }

    fn at(ms: u64) -> Instant {
        Instant::from_unix_ms(1_000_000 + ms)
    }

    #[test]
    fn a_burst_passes_and_then_one_each_interval() {
        let rates = Paced(Rates::default(), 60);
        let passed = (0..100).filter(|_| rates.take(network("192.0.2.1"), at(0)).is_ok()).count();
        assert_eq!(passed as u64, RATE_BURST_MS / 1_000);
        assert_eq!(rates.take(network("192.0.2.1"), at(0)), Err(1));
        assert_eq!(rates.take(network("192.0.2.1"), at(1_000)), Ok(()));
        assert_eq!(rates.take(network("192.0.2.1"), at(1_500)), Err(1));
    }

    #[test]
    fn networks_are_counted_apart_and_those_of_ipv6_by_their_64_bits() {
        let rates = Paced(Rates::default(), 1);
        assert_eq!(rates.take(network("192.0.2.1"), at(0)), Ok(()));
        assert_eq!(rates.take(network("192.0.2.1"), at(0)), Err(60));
        assert_eq!(rates.take(network("192.0.2.2"), at(0)), Ok(()));
        assert_eq!(rates.take(network("2001:db8::1"), at(0)), Ok(()));
        assert!(rates.take(network("2001:db8::2"), at(0)).is_err());
        assert_eq!(rates.take(network("2001:db8:0:1::1"), at(0)), Ok(()));
    }

    #[test]
    fn the_networks_that_are_held_are_bounded_and_forgotten() {
        let rates = Paced(Rates::default(), 60);
        let address = |number: u32| Network(IpAddr::V4(number.into()));
        let most = u32::try_from(RATED_MAX).expect("the bound is small");
        for number in 0..most {
            assert_eq!(rates.take(address(number), at(0)), Ok(()));
        }
        assert!(rates.take(address(most), at(0)).is_err());
        assert_eq!(rates.take(address(most), at(2_000)), Ok(()));
    }

    #[test]
    fn no_limit_counts_nothing() {
        let rates = Paced(Rates::default(), 0);
        assert!((0..1_000).all(|_| rates.take(network("192.0.2.1"), at(0)).is_ok()));
    }
}
