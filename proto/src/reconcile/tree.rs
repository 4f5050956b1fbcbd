//! An ordered set of which every part is counted and summed, and whose copies are free.
//!
//! It is a B+-tree: keys lie in leaves, branches cache the number and the sum of the keys below them. Nodes are shared
//! between copies; a change copies the nodes on its path that another tree holds, and no others.

use std::iter::successors;
use std::ops::Range;
use std::slice;
use std::sync::Arc;

use super::sum::Sum;

/// Most keys of a leaf. Small leaves are copied fast, large ones waste little: 64 items are 2.5 KiB.
const LEAF_MAX: usize = 64;
/// Most branches of a node; four levels hold a million items.
const BRANCHES_MAX: usize = 32;
/// Room that a full leaf gains: leaves hold no more memory than they need.
const LEAF_GROWTH: usize = 8;

/// What a tree orders.
pub(super) trait Key: Copy + Ord {
    /// What the key adds to the sums.
    fn summand(&self) -> Sum;
}

#[derive(Debug, Clone)]
pub(super) struct Tree<K> {
    root: Branch<K>,
}

/// A part of a tree.
#[derive(Debug, Clone)]
struct Branch<K> {
    /// No key of the part is less; `None` for the empty tree.
    least: Option<K>,
    count: usize,
    sum: Sum,
    node: Arc<Node<K>>,
}

/// Every node but the root has at least half as many entries as it may have; all leaves are equally deep.
#[derive(Debug, Clone)]
enum Node<K> {
    Leaf(Vec<K>),
    Inner(Vec<Branch<K>>),
}

/// The keys of a range of positions, in order.
pub(super) struct Keys<'a, K> {
    /// What is left of the nodes on the path to the leaf.
    path: Vec<slice::Iter<'a, Branch<K>>>,
    leaf: slice::Iter<'a, K>,
    left: usize,
}

impl<K: Key> Default for Tree<K> {
    fn default() -> Self {
        Self { root: Branch::of(Node::Leaf(Vec::new())) }
    }
}

impl<K: Key> Tree<K> {
    /// The tree of keys that are in order, each once.
    pub(super) fn of_ordered(keys: &[K]) -> Self {
        let parts = |count: usize, most: usize| {
            let parts = count.div_ceil(most).max(1);
            (0..parts).map(move |part| part * count / parts..(part + 1) * count / parts)
        };
        let mut level: Vec<_> =
            parts(keys.len(), LEAF_MAX).map(|part| Branch::of(Node::Leaf(keys[part].to_vec()))).collect();
        while level.len() > 1 {
            level =
                parts(level.len(), BRANCHES_MAX).map(|part| Branch::of(Node::Inner(level[part].to_vec()))).collect();
        }
        Self { root: level.pop().expect("no keys make one empty leaf") }
    }

    /// How many keys there are.
    pub(super) const fn len(&self) -> usize {
        self.root.count
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.at(self.rank(key)).is_some_and(|found| found == *key)
    }

    /// How many keys are less.
    pub(super) fn rank(&self, key: &K) -> usize {
        let (mut node, mut before) = (&self.root.node, 0);
        loop {
            visit();
            match &**node {
                Node::Leaf(keys) => return before + keys.partition_point(|other| other < key),
                Node::Inner(branches) => {
                    let at = position_of(branches, key);
                    before += branches[..at].iter().map(|branch| branch.count).sum::<usize>();
                    node = &branches[at].node;
                }
            }
        }
    }

    /// The key at a position; `None` past the last.
    pub(super) fn at(&self, index: usize) -> Option<K> {
        self.range(index..index.saturating_add(1)).next()
    }

    /// The sum of the keys before a position.
    pub(super) fn sum_before(&self, index: usize) -> Sum {
        if index >= self.len() {
            return self.root.sum;
        }
        let (mut node, mut left, mut sum) = (&self.root.node, index, Sum::default());
        loop {
            visit();
            match &**node {
                Node::Leaf(keys) => return keys[..left].iter().fold(sum, |sum, key| sum.plus(key.summand())),
                Node::Inner(branches) => {
                    let (passed, branch) = seek(branches, &mut left);
                    sum = passed.iter().fold(sum, |sum, branch| sum.plus(branch.sum));
                    node = &branch.node;
                }
            }
        }
    }

    /// The keys at these positions, as far as there are any.
    pub(super) fn range(&self, positions: Range<usize>) -> Keys<'_, K> {
        let positions = positions.start..positions.end.min(self.len());
        let mut keys = Keys { path: Vec::new(), leaf: [].iter(), left: positions.len() };
        if keys.left > 0 {
            keys.descend(&self.root.node, positions.start);
        }
        keys
    }

    /// Adds a key; whether it was not there.
    pub(super) fn insert(&mut self, key: K) -> bool {
        if self.contains(&key) {
            return false;
        }
        if let Some(sibling) = self.root.insert(key) {
            self.root = Branch::of(Node::Inner(vec![self.root.clone(), sibling]));
        }
        true
    }

    /// Takes a key away; whether it was there.
    pub(super) fn remove(&mut self, key: &K) -> bool {
        if !self.contains(key) {
            return false;
        }
        self.root.remove(key);
        if let Node::Inner(branches) = &*self.root.node
            && let [only] = &branches[..]
        {
            self.root = only.clone();
        }
        true
    }
}

impl<K: Key> Branch<K> {
    fn of(node: Node<K>) -> Self {
        let (least, count, sum) = match &node {
            Node::Leaf(keys) => {
                let sum = keys.iter().fold(Sum::default(), |sum, key| sum.plus(key.summand()));
                (keys.first().copied(), keys.len(), sum)
            }
            Node::Inner(branches) => {
                let sum = branches.iter().fold(Sum::default(), |sum, branch| sum.plus(branch.sum));
                let least = branches.first().and_then(|branch| branch.least);
                (least, branches.iter().map(|branch| branch.count).sum(), sum)
            }
        };
        Self { least, count, sum, node: Arc::new(node) }
    }

    /// Adds a key that is not there; gives what no longer fits.
    fn insert(&mut self, key: K) -> Option<Self> {
        visit();
        self.least = Some(self.least.map_or(key, |least| least.min(key)));
        self.count += 1;
        self.sum = self.sum.plus(key.summand());
        let node = Arc::make_mut(&mut self.node);
        match node {
            Node::Leaf(keys) => {
                if keys.len() == keys.capacity() {
                    keys.reserve_exact(LEAF_GROWTH);
                }
                keys.insert(keys.partition_point(|other| *other < key), key);
            }
            Node::Inner(branches) => {
                let at = position_of(branches, &key);
                if let Some(sibling) = branches[at].insert(key) {
                    branches.insert(at + 1, sibling);
                }
            }
        }
        self.split()
    }

    /// Takes a key away that is there.
    fn remove(&mut self, key: &K) {
        visit();
        self.count -= 1;
        self.sum = self.sum.minus(key.summand());
        match Arc::make_mut(&mut self.node) {
            Node::Leaf(keys) => {
                keys.remove(keys.partition_point(|other| other < key));
            }
            Node::Inner(branches) => {
                let at = position_of(branches, key);
                branches[at].remove(key);
                if branches[at].node.is_scant() && branches.len() > 1 {
                    mend(branches, at.saturating_sub(1));
                }
            }
        }
    }

    /// Halves a node that became too large; gives the second half.
    fn split(&mut self) -> Option<Self> {
        let second = match Arc::make_mut(&mut self.node) {
            Node::Leaf(keys) if keys.len() > LEAF_MAX => {
                let second = keys.split_off(keys.len() / 2);
                keys.shrink_to_fit();
                Node::Leaf(second)
            }
            Node::Inner(branches) if branches.len() > BRANCHES_MAX => {
                Node::Inner(branches.split_off(branches.len() / 2))
            }
            Node::Leaf(_) | Node::Inner(_) => return None,
        };
        let second = Self::of(second);
        self.count -= second.count;
        self.sum = self.sum.minus(second.sum);
        Some(second)
    }

    /// Takes over all keys of the next part; gives what does not fit.
    fn absorb(&mut self, next: &Self) -> Option<Self> {
        visit();
        self.count += next.count;
        self.sum = self.sum.plus(next.sum);
        match (Arc::make_mut(&mut self.node), &*next.node) {
            (Node::Leaf(keys), Node::Leaf(more)) => keys.extend_from_slice(more),
            (Node::Inner(branches), Node::Inner(more)) => branches.extend_from_slice(more),
            (Node::Leaf(_), Node::Inner(_)) | (Node::Inner(_), Node::Leaf(_)) => {
                unreachable!("all leaves are equally deep")
            }
        }
        self.split()
    }
}

impl<K> Node<K> {
    const fn is_scant(&self) -> bool {
        match self {
            Self::Leaf(keys) => keys.len() < LEAF_MAX / 2,
            Self::Inner(branches) => branches.len() < BRANCHES_MAX / 2,
        }
    }
}

/// Brings two neighbours, one of which has too little, back to what a node shall have.
fn mend<K: Key>(branches: &mut Vec<Branch<K>>, first: usize) {
    let second = branches.remove(first + 1);
    if let Some(rest) = branches[first].absorb(&second) {
        branches.insert(first + 1, rest);
    }
}

/// The branch that holds the key if any does.
fn position_of<K: Key>(branches: &[Branch<K>], key: &K) -> usize {
    branches.partition_point(|branch| branch.least.is_some_and(|least| least <= *key)).saturating_sub(1)
}

/// The branch that holds the position, and those before it; the position is counted on from the branch's first.
fn seek<'a, K>(branches: &'a [Branch<K>], position: &mut usize) -> (&'a [Branch<K>], &'a Branch<K>) {
    let mut at = 0;
    while branches[at].count <= *position {
        *position -= branches[at].count;
        at += 1;
    }
    (&branches[..at], &branches[at])
}

impl<'a, K> Keys<'a, K> {
    /// Goes down to the leaf that holds the position.
    fn descend(&mut self, top: &'a Node<K>, mut position: usize) {
        let path = &mut self.path;
        let leaves = successors(Some(top), |node| match node {
            Node::Leaf(_) => None,
            Node::Inner(branches) => {
                let (passed, branch) = seek(branches, &mut position);
                path.push(branches[passed.len() + 1..].iter());
                Some(&*branch.node)
            }
        });
        if let Some(Node::Leaf(keys)) = leaves.inspect(|_| visit()).last() {
            self.leaf = keys[position..].iter();
        }
    }
}

impl<K: Copy> Iterator for Keys<'_, K> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        self.left = self.left.checked_sub(1)?;
        if self.leaf.as_slice().is_empty() {
            let next = loop {
                match self.path.last_mut()?.next() {
                    Some(branch) => break branch,
                    None => self.path.pop(),
                };
            };
            self.descend(&next.node, 0);
        }
        visit();
        self.leaf.next().copied()
    }
}

#[cfg(test)]
thread_local! {
    static VISITS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts a node that was looked at, or a key that was given out; tests bound the cost of everything by it.
fn visit() {
    #[cfg(test)]
    VISITS.with(|visits| visits.set(visits.get() + 1));
}

/// How many visits the work took.
#[cfg(test)]
pub(super) fn visits<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = VISITS.get();
    let made = work();
    (made, VISITS.get() - before)
}

#[cfg(test)]
impl<K: Key + std::fmt::Debug> Tree<K> {
    /// Checks what the types do not hold.
    pub(super) fn check(&self) {
        let mut depths = Vec::new();
        self.root.check(true, 0, &mut depths);
        depths.dedup();
        assert_eq!(depths.len(), 1, "leaves lie at {depths:?}");
        let keys: Vec<_> = self.range(0..self.len()).collect();
        assert!(keys.is_sorted_by(|one, next| one < next), "{keys:?}");
    }
}

#[cfg(test)]
impl<K: Key + std::fmt::Debug> Branch<K> {
    fn check(&self, is_root: bool, depth: usize, depths: &mut Vec<usize>) {
        let fresh = Self::of((*self.node).clone());
        assert_eq!((fresh.count, fresh.sum), (self.count, self.sum));
        assert!(self.least <= fresh.least);
        assert!(is_root || !self.node.is_scant());
        match &*self.node {
            Node::Leaf(keys) => {
                assert!(keys.len() <= LEAF_MAX);
                depths.push(depth);
            }
            Node::Inner(branches) => {
                assert!((2..=BRANCHES_MAX).contains(&branches.len()));
                for pair in branches.windows(2) {
                    assert!(pair[0].least < pair[1].least);
                }
                branches.iter().for_each(|branch| branch.check(false, depth + 1, depths));
            }
        }
    }
}
