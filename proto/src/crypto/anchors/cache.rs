//! What was found of each signer's chains, so that the next document of an endorser costs no search.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::digest::Sha256Digest;

use super::search::Findings;

/// At most `bound` findings; the oldest goes first.
pub(super) struct FindingsCache {
    bound: usize,
    findings: BTreeMap<Sha256Digest, Arc<Findings>>,
    order: VecDeque<Sha256Digest>,
}

impl FindingsCache {
    pub(super) const fn new(bound: usize) -> Self {
        Self { bound, findings: BTreeMap::new(), order: VecDeque::new() }
    }

    pub(super) fn find(&self, key: &Sha256Digest) -> Option<Arc<Findings>> {
        self.findings.get(key).cloned()
    }

    pub(super) fn insert(&mut self, key: Sha256Digest, findings: Arc<Findings>) {
        if self.findings.insert(key, findings).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.bound
            && let Some(oldest) = self.order.pop_front()
        {
            self.findings.remove(&oldest);
        }
    }
}
