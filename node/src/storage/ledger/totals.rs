//! How many entries lists have in all, counted once while nothing changes: of a page no more is read than the page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::timestamp::Timestamp;
use web::registry::{Cursor, ListFilter};

use crate::bounds::LIST_TOTALS_KEPT;

/// The totals of the lists that were asked for last; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedTotals(Arc<Mutex<Totals>>);

impl SharedTotals {
    /// The total of a list, whatever page of it is asked for.
    pub(super) fn get(&self, filter: &ListFilter, now: Timestamp, commits: u64) -> Option<u64> {
        self.locked().get(filter, now, commits)
    }

    /// Keeps a total that was counted after so many commits.
    pub(super) fn keep(&self, filter: &ListFilter, now: Timestamp, commits: u64, total: u64) {
        self.locked().keep(filter, now, commits, total);
    }

    /// Totals are whole between any two of their calls, so a thread that panicked has left nothing half done.
    fn locked(&self) -> MutexGuard<'_, Totals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The totals as of one second and one commit.
#[derive(Debug, Default)]
struct Totals {
    as_of: Option<(Timestamp, u64)>,
    kept: VecDeque<(ListFilter, u64)>,
}

impl Totals {
    fn get(&self, filter: &ListFilter, now: Timestamp, commits: u64) -> Option<u64> {
        let whole = whole(filter);
        let is_known = self.as_of == Some((now, commits));
        self.kept.iter().find(|(kept, _)| is_known && *kept == whole).map(|(_, total)| *total)
    }

    fn keep(&mut self, filter: &ListFilter, now: Timestamp, commits: u64, total: u64) {
        if self.as_of != Some((now, commits)) {
            self.as_of = Some((now, commits));
            self.kept.clear();
        }
        let whole = whole(filter);
        if self.kept.iter().any(|(kept, _)| *kept == whole) {
            return;
        }
        if self.kept.len() == LIST_TOTALS_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((whole, total));
    }
}

/// All pages of a list.
fn whole(filter: &ListFilter) -> ListFilter {
    let (limit, after, skipped) = (0, None::<Cursor>, 0);
    ListFilter { limit, after, skipped, ..filter.clone() }
}

#[cfg(test)]
mod tests {
    use web::registry::Status;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds).expect("a moment")
    }

    #[test]
    fn a_total_is_that_of_every_page_until_something_changes_or_a_second_passes() {
        let mut totals = Totals::default();
        let page = |skipped| ListFilter { skipped, limit: 10, ..ListFilter::default() };
        totals.keep(&page(0), at(1), 7, 42);
        assert_eq!(totals.get(&page(10), at(1), 7), Some(42));
        assert_eq!(totals.get(&ListFilter { status: Status::All, ..page(0) }, at(1), 7), None);
        assert_eq!(totals.get(&page(0), at(2), 7), None);
        assert_eq!(totals.get(&page(0), at(1), 8), None);
        totals.keep(&page(0), at(1), 8, 43);
        assert_eq!(totals.get(&page(0), at(1), 8), Some(43));
    }

    #[test]
    fn the_oldest_total_makes_room() {
        let mut totals = Totals::default();
        let of = |number: usize| ListFilter { search: vec![number.to_string()], ..ListFilter::default() };
        for number in 0..=LIST_TOTALS_KEPT {
            totals.keep(&of(number), at(1), 0, 0);
        }
        assert_eq!((totals.kept.len(), totals.get(&of(0), at(1), 0)), (LIST_TOTALS_KEPT, None));
        assert_eq!(totals.get(&of(LIST_TOTALS_KEPT), at(1), 0), Some(0));
    }
}
