//! Every bound of the face, each with its reason.

use std::time::Duration;

/// Entries of a list where the request does not say how many.
pub(crate) const LIST_LIMIT_DEFAULT: usize = 100;

/// Most entries of one list page; the registry reads no more than its page.
pub(crate) const LIST_LIMIT_MAX: usize = 1000;

/// Documents that a streamed list holds in memory at once: 16 of 256 KiB are 4 MiB.
pub(crate) const LIST_BATCH: usize = 16;

/// Newest entries on the home page.
pub(crate) const HOME_NEWEST: usize = 10;

/// Entries in the timeline of a page.
pub(crate) const TIMELINE_MAX: usize = 200;

/// Longest SPARQL query in bytes; the longest of the catalogue's are 2 KB.
pub(crate) const QUERY_BYTES_MAX: usize = 64 * 1024;

/// Rows that the result page of a query shows; the other formats give all.
pub(crate) const QUERY_ROWS_SHOWN_MAX: usize = 1000;

/// Bytes of a graph that the result page of a query shows; the other formats give all.
pub(crate) const QUERY_TEXT_SHOWN_BYTES_MAX: usize = 256 * 1024;

/// Media ranges that are read of an `Accept`; browsers send fewer than ten.
pub(crate) const ACCEPT_RANGES_MAX: usize = 32;

/// What a multipart body may have beside the document: boundaries, headers and small fields.
pub(crate) const MULTIPART_OVERHEAD_BYTES_MAX: usize = 16 * 1024;

/// Parts of a multipart body that are looked at for a file.
pub(crate) const MULTIPART_PARTS_MAX: usize = 16;

/// When a client that met a full queue may come again.
pub(crate) const RETRY_AFTER_S: u32 = 2;

/// When an uploader may come again whose endorser has mails to answer first.
pub(crate) const CONFIRMATION_RETRY_AFTER_S: u32 = 3_600;

/// Body of a form that only posts; what is in it is not read.
pub(crate) const ACTION_BYTES_MAX: usize = 4 * 1024;

/// Deepest nesting of blank nodes that the page of an entry shows.
pub(crate) const FIELD_DEPTH_MAX: usize = 8;

/// Rows that the page of an entry shows; blank nodes that are reached by many paths could multiply them.
pub(crate) const FIELDS_MAX: usize = 2000;

/// Connections at once; each holds some tens of kilobytes and a file descriptor.
pub(crate) const CONNECTIONS_MAX: usize = 1024;

/// Requests of one HTTP/2 connection at once.
pub(crate) const STREAMS_PER_CONNECTION_MAX: u32 = 64;

/// Time in which a connection must send the headers of its next request, or give its place to another.
pub(crate) const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);

/// Pause after the machine could not accept a connection.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Time that requests have to end when the node stops.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Characters of a column by which lists sort and compare; what names have in common is shorter.
pub(crate) const COLUMN_KEY_CHARACTERS_MAX: usize = 64;

/// Terms of one search; each is looked up.
pub(crate) const SEARCH_TERMS_MAX: usize = 8;

/// Characters of one term of a search.
pub(crate) const SEARCH_TERM_CHARACTERS_MAX: usize = 64;

/// Bytes of the key in a cursor: as many characters as a column is sorted by, of four bytes, or an address.
pub(crate) const CURSOR_KEY_BYTES_MAX: usize = 320;

/// Images that the page of an image shows as replaced, replacing or versions.
pub(crate) const RELATED_MAX: usize = 100;
