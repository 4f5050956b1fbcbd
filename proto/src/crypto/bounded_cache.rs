//! A cache of a bounded number of values that are costly to find, each a pure function of its key.

use std::borrow::Borrow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// At most `bound` values, shared by threads; the oldest goes first.
pub(super) struct BoundedCache<K, V> {
    bound: usize,
    held: Mutex<Held<K, V>>,
}

struct Held<K, V> {
    values: BTreeMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Ord + Clone, V: Clone> BoundedCache<K, V> {
    pub(super) const fn new(bound: usize) -> Self {
        Self { bound, held: Mutex::new(Held { values: BTreeMap::new(), order: VecDeque::new() }) }
    }

    pub(super) fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).values.get(key).cloned()
    }

    pub(super) fn insert(&self, key: K, value: V) {
        let held = &mut *self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.values.insert(key.clone(), value).is_some() {
            return;
        }
        held.order.push_back(key);
        if held.order.len() > self.bound
            && let Some(oldest) = held.order.pop_front()
        {
            held.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_value_leaves_a_full_cache() {
        let cache: BoundedCache<String, u8> = BoundedCache::new(2);
        for (key, value) in [("a", 1), ("b", 2), ("b", 3), ("c", 4)] {
            cache.insert(key.to_owned(), value);
        }
        assert_eq!(["a", "b", "c"].map(|key| cache.find(key)), [None, Some(3), Some(4)]);
    }
}
