//! The addresses of resources, without the base path.

use std::fmt::{Display, Write as _};

use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;

use crate::metadata::datatables;
use crate::registry::{Column, Coordinates, Cursor, ListFilter, Matching, Status};

/// The address of the entry at these coordinates.
pub(crate) fn coordinates(at: &Coordinates) -> String {
    format!("/metadata/{}/{}/{}", at.image, encode(at.email.as_str()), at.created)
}

/// The address of an image.
pub(crate) fn image(image: ImageIdentifier) -> String {
    format!("/images/{image}")
}

/// The address of what stands under a tag of an endorser.
pub(crate) fn tag(email: &str, tag: &str) -> String {
    format!("/tag/{}/{}", encode(email), encode(tag))
}

/// The address of an endorser's tags.
pub(crate) fn tags(email: &str) -> String {
    format!("/endorsers/{}/tags", encode(email))
}

/// The exact address of an entry.
pub(crate) fn entry(entry: EntryId) -> String {
    format!("/entries/{entry}")
}

/// The address of the page of a list that `filter` describes, but for what only the DataTables form can ask for.
pub(crate) fn list(filter: &ListFilter) -> String {
    let columns = filter.columns.iter().map(|one| match one.matching {
        Matching::Whole => (one.column.name().to_owned(), one.text.clone()),
        Matching::Part => (datatables::searched_by(one.column), one.text.clone()),
    });
    let usual = filter.sort.usual_order();
    let pairs = [
        ("identifier", filter.image.map(|image| image.to_string())),
        ("email", filter.email.as_ref().map(ToString::to_string)),
        ("created", filter.created.map(|created| created.to_string())),
        ("status", Some(status(filter.status).to_owned())),
        ("standing", filter.standing.map(|standing| standing.to_string())),
        ("location", filter.place.map(|place| place.name().to_owned())),
        ("search", Some(filter.search.join(" ")).filter(|search| !search.is_empty())),
        ("at", filter.at.map(|at| at.to_string())),
        ("sort", (filter.sort != Column::Created).then(|| filter.sort.to_string())),
        ("order", (filter.order != usual).then(|| filter.order.to_string())),
        ("limit", Some(filter.limit.to_string())),
        ("after", filter.after.as_ref().map(cursor)),
    ];
    let present = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    format!("/metadata?{}", joined(columns.chain(present)))
}

/// The address of the page of what an endorser said in so many days that `filter` describes.
pub(crate) fn history(email: &str, filter: &ListFilter, days: u32) -> String {
    let whole = [
        ("range", days.to_string()),
        ("status", status(filter.status).to_owned()),
        ("limit", filter.limit.to_string()),
    ];
    let optional = [
        ("standing", filter.standing.map(|standing| standing.to_string())),
        ("after", filter.after.as_ref().map(cursor)),
    ];
    let present = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
    format!("/endorsers/{}?{}", encode(email), joined(whole.into_iter().chain(present)))
}

fn joined<N: Display>(pairs: impl Iterator<Item = (N, String)>) -> String {
    pairs.map(|(name, value)| format!("{name}={}", encode(&value))).collect::<Vec<_>>().join("&")
}

/// The value of `?status=`.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Valid => "valid",
        Status::Expired => "expired",
        Status::Deprecated => "deprecated",
        Status::All => "all",
    }
}

/// The value of `?after=`.
pub(crate) fn cursor(cursor: &Cursor) -> String {
    let key = if cursor.key.is_empty() { String::new() } else { format!("_{}", cursor.key) };
    format!("{}_{}{key}", cursor.created, cursor.entry)
}

/// The text of one segment of a path or one value of a query, percent-encoded (RFC 3986 section 2.1).
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string succeeds");
        }
    }
    encoded
}

/// The link that a value of foreign metadata may become: only where following it fetches and does not act.
pub(crate) fn safe_link(value: &str) -> Option<&str> {
    let scheme = value.split_once("://")?.0.to_ascii_lowercase();
    ["http", "https", "ftp"].contains(&scheme.as_str()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_with_a_meaning_in_urls_is_encoded() {
        assert_eq!(encode("a%b+c/d?e#f&g=h\"i é"), "a%25b%2Bc%2Fd%3Fe%23f%26g%3Dh%22i%20%C3%A9");
        assert_eq!(encode("jane@example.org"), "jane@example.org");
    }

    #[test]
    fn only_links_that_fetch_are_links() {
        for good in ["http://a/b", "https://a", "ftp://a", "HTTP://a"] {
            assert_eq!(safe_link(good), Some(good));
        }
        for bad in
            ["javascript:alert(1)", "javascript://a%0Aalert(1)", "data:text/html,x", "pdisk:a", "//a", " http://a"]
        {
            assert_eq!(safe_link(bad), None, "{bad}");
        }
    }
}
