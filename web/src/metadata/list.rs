//! `GET /metadata`: lists as XML of the signed documents, as JSON and as a page.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use proto::entry::EntryId;
use proto::standing::Standing;
use serde::Serialize;

use super::datatables;
use crate::asked::Asked;
use crate::bounds::LIST_BATCH;
use crate::filter;
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{Column, ListFilter, Order, Page, Registry, RegistryError};
use crate::router::Face;
use crate::summary::{Item, Row};
use crate::{tags, urls};

const OFFERED: [Media; 3] = [Media::Xml, Media::Json, Media::Html];

/// Answers a list that the path and the parameters narrow.
pub(crate) async fn show<R: Registry>(
    State(face): State<Face<R>>,
    Path(arguments): Path<Vec<String>>,
    asked: Asked,
) -> Result<Response, Problem> {
    if datatables::is_asked(&asked.parameters) {
        return datatables::answer(&face, &arguments, &asked).await;
    }
    if let (Some(tag), [email]) = (asked.parameters.first("tag"), arguments.as_slice())
        && let Ok(email) = email.parse()
    {
        return tags::answer(&face, &asked, email, tag).await;
    }
    let filter = datatables::narrow(filter::read(&arguments, &asked.parameters)?, &asked.parameters)?;
    answer(&face, &asked, filter).await
}

/// Whether a list can be asked for so: a URI, and after a line feed the media types that are accepted.
///
/// It is read as the route reads it, and nothing is looked up: what strangers send can be tried without a registry.
#[must_use]
pub fn is_list_request(request: &[u8]) -> bool {
    let end = request.iter().position(|byte| *byte == b'\n').unwrap_or(request.len());
    let (uri, accept) = request.split_at(end);
    let Ok(uri) = Uri::try_from(uri) else { return false };
    let accept = HeaderValue::from_bytes(accept.strip_prefix(b"\n").unwrap_or_default());
    let headers: HeaderMap = accept.into_iter().map(|value| (header::ACCEPT, value)).collect();
    let asked = Asked::of(&uri, &headers, String::new());
    let arguments: Vec<String> = uri.path().split('/').skip(2).map(str::to_owned).collect();
    if datatables::is_asked(&asked.parameters) {
        return datatables::read(&arguments, &asked.parameters).is_ok();
    }
    let filter = filter::read(&arguments, &asked.parameters);
    let filter = filter.and_then(|filter| datatables::narrow(filter, &asked.parameters));
    asked.choose(&OFFERED).is_ok() && filter.is_ok()
}

/// Answers the list that `filter` describes.
async fn answer<R: Registry>(face: &Face<R>, asked: &Asked, filter: ListFilter) -> Result<Response, Problem> {
    let media = asked.choose(&OFFERED)?;
    let page = face.registry.list(filter.clone()).await?;
    let next = page.next.clone().map(|after| {
        let next = ListFilter { after: Some(after), ..filter.clone() };
        in_same_media(urls::list(&next), asked)
    });
    let mut response = match media {
        Media::Html => html(face, &filter, &page, next.as_deref())?,
        Media::Json => json(face, asked, &page, next.as_deref()),
        _ => xml(face, &page).await?,
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(next.and_then(|next| asked.link_to_next(&next)).map(|link| (header::LINK, link)));
    Ok(response)
}

/// The address, asking for the representation that the client named.
pub(crate) fn in_same_media(address: String, asked: &Asked) -> String {
    match asked.parameters.first("media") {
        Some(media) => format!("{address}&media={}", urls::encode(media)),
        None => address,
    }
}

#[derive(Serialize)]
struct List<'a> {
    total: u64,
    items: Vec<Item<'a>>,
    next: Option<String>,
}

/// A page as JSON.
pub(crate) fn json<R: Registry>(face: &Face<R>, asked: &Asked, page: &Page, next: Option<&str>) -> Response {
    let now = face.registry.now().timestamp();
    let items = page.items.iter().map(|summary| Item::of(summary, asked, now)).collect();
    let next = next.map(|next| asked.absolute(next));
    axum::Json(List { total: page.total, items, next }).into_response()
}

/// The first batch is read before the answer begins, so that a registry that cannot answer gives an error status;
/// where a later one fails the connection breaks, and no valid-looking part is left.
async fn xml<R: Registry>(face: &Face<R>, page: &Page) -> Result<Response, Problem> {
    if page.items.is_empty() {
        return Err(Problem::not_found("no metadata matching query found"));
    }
    let mut batches = page.items.chunks(LIST_BATCH).map(|batch| batch.iter().map(|item| item.entry).collect());
    let first = batch(&face.registry, batches.next().unwrap_or_default()).await?;
    let later = batches.collect::<Vec<Vec<EntryId>>>();
    let registry = face.registry.clone();
    let later = stream::iter(later).then(move |entries| {
        let registry = registry.clone();
        async move { batch(&registry, entries).await }
    });
    let whole = stream::iter([Ok(Bytes::from_static(XML_START)), Ok(first)])
        .chain(later)
        .chain(stream::iter([Ok(Bytes::from_static(XML_END))]));
    let content_type = [(header::CONTENT_TYPE, Media::Xml.content_type())];
    Ok((StatusCode::OK, content_type, Body::from_stream(whole)).into_response())
}

const XML_START: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata>\n";
const XML_END: &[u8] = b"</metadata>\n";

async fn batch<R: Registry>(registry: &R, entries: Vec<EntryId>) -> Result<Bytes, RegistryError> {
    let documents = registry.documents(entries).await?;
    let mut joined = Vec::with_capacity(documents.iter().map(|document| document.len() + 1).sum());
    for document in &documents {
        joined.extend_from_slice(without_declaration(document));
        joined.push(b'\n');
    }
    Ok(joined.into())
}

/// A document may stand inside another without its byte order mark and XML declaration.
fn without_declaration(document: &[u8]) -> &[u8] {
    let document = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
    let is_declared = document.starts_with(b"<?xml") && document.get(5).is_some_and(u8::is_ascii_whitespace);
    let end = is_declared.then(|| document.windows(2).position(|pair| pair == b"?>")).flatten();
    end.and_then(|end| document.get(end + 2..)).unwrap_or(document).trim_ascii()
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    frame: Frame<'a>,
    filter: &'a ListFilter,
    status: &'static str,
    standings: [Standing; 4],
    columns: [Column; 10],
    search: String,
    total: u64,
    rows: Vec<Row<'a>>,
    next: Option<&'a str>,
}

impl ListPage<'_> {
    /// What the column must be, where it must be something.
    fn wanted(&self, column: &str) -> &str {
        let asked = self.filter.columns.iter().find(|one| one.column.name() == column);
        asked.map_or("", |one| one.text.as_str())
    }

    fn is_at(&self, place: &str) -> bool {
        self.filter.place.is_some_and(|asked| asked.name() == place)
    }
}

fn html<R: Registry>(
    face: &Face<R>,
    filter: &ListFilter,
    page: &Page,
    next: Option<&str>,
) -> Result<Response, Problem> {
    let now = face.registry.now().timestamp();
    page::html(&ListPage {
        frame: Frame::new(&face.settings, "Metadata", Section::Metadata),
        filter,
        status: urls::status(filter.status),
        standings: [Standing::Certified, Standing::Confirmed, Standing::Bare, Standing::Contested],
        columns: Column::ALL,
        search: filter.search.join(" "),
        total: page.total,
        rows: page.items.iter().map(|summary| Row::of(summary, now)).collect(),
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_in_a_list_has_no_declaration() {
        let cases: [(&[u8], &[u8]); 5] = [
            (b"<?xml version=\"1.0\"?>\n<a/>\n", b"<a/>"),
            (b"\xEF\xBB\xBF<?xml version='1.0'?><a/>", b"<a/>"),
            (b"<a/>", b"<a/>"),
            (b"<?xml-stylesheet a?><a/>", b"<?xml-stylesheet a?><a/>"),
            (b"<?xml unfinished", b"<?xml unfinished"),
        ];
        for (document, expected) in cases {
            assert_eq!(without_declaration(document), expected);
        }
    }
}
