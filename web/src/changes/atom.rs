//! The changes as a feed for readers of news (RFC 4287).

use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::Page;
use crate::asked::Asked;
use crate::media::Media;
use crate::registry::{Change, ChangeKind, Registry};
use crate::router::Face;
use crate::summary;
use crate::text::escape_xml;
use crate::urls;

/// Answers with a page as a feed.
pub(super) fn answer<R: Registry>(face: &Face<R>, asked: &Asked, page: &Page) -> Response {
    let newest = page.changes.iter().map(|change| change.at).max().unwrap_or_else(|| face.registry.now());
    let (own, home) = (asked.absolute("/changes"), asked.absolute("/"));
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{own}</id>\n<title>Marketplace changes</title>\n<updated>{newest}</updated>\n\
         <author><name>Marketplace</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{own}?media=atom\"/>\n\
         <link rel=\"alternate\" href=\"{home}\"/>\n",
        own = escape_xml(&own),
        home = escape_xml(&home),
    );
    if let Some(next) = page.next(asked) {
        feed.push_str(&format!("<link rel=\"next\" href=\"{}\"/>\n", escape_xml(&next)));
    }
    page.changes.iter().for_each(|change| feed.push_str(&entry(change, asked)));
    feed.push_str("</feed>\n");
    ([(header::CONTENT_TYPE, Media::Atom.content_type())], feed).into_response()
}

fn entry(change: &Change, asked: &Asked) -> String {
    let url = asked.absolute(&urls::entry(change.entry));
    let what = change.summary.as_ref().map_or_else(|| change.entry.to_string(), summary::title);
    let title = match change.kind {
        ChangeKind::Admitted => what,
        ChangeKind::Superseded => format!("{what} (superseded)"),
        ChangeKind::Moved => format!("{what} (stands otherwise)"),
        ChangeKind::Withdrawn => format!("{what} (withdrawn)"),
    };
    let (author, about) = match &change.summary {
        Some(summary) => (summary.at.email.as_str(), summary.description.as_deref().unwrap_or_default()),
        None => ("", ""),
    };
    let author =
        if author.is_empty() { String::new() } else { format!("<author><name>{}</name></author>", escape_xml(author)) };
    format!(
        "<entry><id>{own}?change={number}</id><title>{title}</title><updated>{at}</updated>{author}\
         <link rel=\"alternate\" href=\"{own}\"/><summary>{about}</summary></entry>\n",
        own = escape_xml(&url),
        number = change.number,
        title = escape_xml(&title),
        at = change.at,
        about = escape_xml(about),
    )
}
