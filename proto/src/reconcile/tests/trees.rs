//! Trees: the same items make the same tree to the outside, however they came together.

use super::*;
use crate::reconcile::tree::Tree;

fn sums(tree: &Tree<Item>) -> Vec<Sum> {
    (0..=tree.len()).map(|index| tree.sum_before(index)).collect()
}

proptest! {
    #[test]
    fn a_tree_does_what_an_ordered_set_does(
        changes in proptest::collection::vec((0_u64..2500, 0_u8..2), 0..9000), moments in 1_u64..200,
    ) {
        let (mut tree, mut model) = (Tree::default(), BTreeSet::new());
        let mut earlier = Vec::new();
        for (turn, (number, change)) in changes.into_iter().enumerate() {
            let item = item(number % moments, number);
            // Long stretches of either change, so that the tree grows and shrinks by levels.
            if (turn / 2000).is_multiple_of(2) == (change == 0 || number % 5 > 0) {
                prop_assert_eq!(tree.insert(item), model.insert(item));
            } else {
                prop_assert_eq!(tree.remove(&item), model.remove(&item));
            }
            if turn.is_multiple_of(1500) {
                earlier.push((tree.clone(), model.clone()));
            }
        }
        earlier.push((tree, model));
        for (tree, model) in earlier {
            tree.check();
            prop_assert_eq!(tree.range(0..usize::MAX).collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            let fresh = Tree::of_ordered(&model.iter().copied().collect::<Vec<_>>());
            fresh.check();
            prop_assert_eq!(sums(&tree), sums(&fresh));
            for (index, item) in model.iter().enumerate().step_by(7) {
                prop_assert_eq!((tree.rank(item), tree.at(index), tree.contains(item)), (index, Some(*item), true));
            }
            prop_assert_eq!(tree.at(model.len()), None);
        }
    }

    #[test]
    fn sets_of_the_same_items_are_the_same_whatever_came_and_went(
        count in 0_u64..4000, passing in 0_u64..4000, moments in 1_u64..5000, seed: u64,
    ) {
        let collected: ItemSet = clashing(0..count, moments).collect();
        let mut order: Vec<_> = clashing(0..count, moments).chain(clashing(50_000..50_000 + passing, moments)).collect();
        order.sort_by_key(|item| mixed(seed ^ start_of(&item.id)));
        let mut grown = ItemSet::default();
        order.iter().for_each(|item| grown.insert(*item));
        order.sort_by_key(|item| mixed(!seed ^ start_of(&item.id)));
        let passing: BTreeSet<_> = (50_000..50_000 + passing).map(id).collect();
        order.iter().filter(|item| passing.contains(&item.id)).for_each(|item| grown.remove(&item.id));
        grown.items.check();
        grown.places.check();
        prop_assert!(grown.iter().eq(collected.iter()));
        prop_assert!(collected.iter().all(|item| grown.contains(&item.id)));
        prop_assert!(!passing.iter().any(|id| grown.contains(id)));
        prop_assert_eq!(grown.start(4096).1, collected.start(4096).1);
        prop_assert_eq!(grown.places.len(), collected.places.len());
    }
}
