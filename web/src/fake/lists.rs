//! Lists of the registry in memory.

use crate::registry::{Column, ColumnFilter, Cursor, ListFilter, Matching, Order, Page, Status, Summary};

use super::now;

fn matches(summary: &Summary, filter: &ListFilter) -> bool {
    let is_expired = summary.valid.is_some_and(|valid| valid <= now());
    let has_status = match filter.status {
        Status::Valid => summary.deprecated.is_none() && !is_expired,
        Status::Expired => summary.deprecated.is_none() && is_expired,
        Status::Deprecated => summary.deprecated.is_some(),
        Status::All => true,
    };
    has_status
        && filter.image.is_none_or(|image| image == summary.at.image)
        && filter.email.as_ref().is_none_or(|email| *email == summary.at.email)
        && filter.created.is_none_or(|created| created == summary.at.created)
        && filter.since.is_none_or(|since| summary.at.created > since)
        && filter.standing.is_none_or(|standing| standing == summary.standing)
        && filter.place.is_none_or(|place| place.holds(&summary.locations))
        && filter.at.is_none_or(|at| summary.at.created <= at)
        && filter.columns.iter().all(|column| holds(summary, column))
        && filter.search.iter().all(|term| searched(summary).contains(&term.to_lowercase()))
}

fn holds(summary: &Summary, filter: &ColumnFilter) -> bool {
    let key = filter.column.key(summary);
    match filter.matching {
        Matching::Whole => key == filter.text,
        Matching::Part => key.contains(&filter.text),
    }
}

fn searched(summary: &Summary) -> String {
    let texts =
        [&summary.title, &summary.description, &summary.os, &summary.os_version, &summary.os_arch, &summary.kind];
    let texts = texts.into_iter().flatten().chain(&summary.tags).map(String::as_str);
    texts.chain([summary.at.email.as_str()]).collect::<Vec<_>>().join("\n").to_lowercase()
}

fn place(summary: &Summary, sort: Column) -> Cursor {
    Cursor { key: sort.key(summary), created: summary.at.created, entry: summary.entry }
}

/// A page of what the filter matches, in its order.
pub(super) fn page(mut items: Vec<Summary>, filter: &ListFilter) -> Page {
    let compare = |a: &Cursor, b: &Cursor| {
        let ascending = (&a.key, a.created, a.entry).cmp(&(&b.key, b.created, b.entry));
        if filter.order == Order::Ascending { ascending } else { ascending.reverse() }
    };
    let place = |summary: &Summary| place(summary, filter.sort);
    items.retain(|summary| matches(summary, filter));
    items.sort_by(|a, b| compare(&place(a), &place(b)));
    let total = items.len() as u64;
    items.retain(|summary| filter.after.as_ref().is_none_or(|after| compare(&place(summary), after).is_gt()));
    items.drain(..filter.skipped.min(items.len()));
    let next = (items.len() > filter.limit).then(|| items.get(filter.limit - 1).map(place)).flatten();
    items.truncate(filter.limit);
    Page { total, items, next }
}
