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

/// Requests of one HTTP/2 connection at once.
pub(crate) const STREAMS_PER_CONNECTION_MAX: u32 = 64;

/// Pause after the machine could not accept a connection.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Time that requests have to end when the node stops.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Proxies in a row that are looked through for the client; sites have one or two.
pub(crate) const PROXIES_IN_A_ROW_MAX: usize = 8;

/// Longest name of a request that a proxy may give; a UUID has 36.
pub(crate) const REQUEST_ID_CHARACTERS_MAX: usize = 64;

/// Answers that get a tag of their own: a page of 1000 entries as JSON has about half of it.
pub(crate) const TAGGED_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Networks, and keys of endorsers, whose rates are held; each takes about 60 bytes.
pub(crate) const RATED_MAX: usize = 65_536;

/// How much of a minute's allowance may be used at once.
pub(crate) const RATE_BURST_MS: u64 = 10_000;

/// Changes of one page of the feed where the request does not say how many, and most of them.
pub(crate) const CHANGES_LIMIT_DEFAULT: usize = 100;

/// Most changes of one page of the feed; each is an entry that is read.
pub(crate) const CHANGES_LIMIT_MAX: usize = 500;

/// Changes that a follower is sent at once; a slow one holds no more.
pub(crate) const CHANGES_BATCH: usize = 64;

/// Longest time that a request may wait for the next change; proxies give up after a minute.
pub(crate) const CHANGES_WAIT_S_MAX: u64 = 30;

/// Pause after which a follower is told that the node is still there.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Longest host with its port; a name has at most 253 bytes (RFC 1035 section 2.3.4).
pub(crate) const AUTHORITY_BYTES_MAX: usize = 260;

/// Characters of a column by which lists sort and compare; what names have in common is shorter.
pub(crate) const COLUMN_KEY_CHARACTERS_MAX: usize = 64;

/// Terms of one search; each is looked up.
pub(crate) const SEARCH_TERMS_MAX: usize = 8;

/// Characters of one term of a search.
pub(crate) const SEARCH_TERM_CHARACTERS_MAX: usize = 64;

/// Bytes of the key in a cursor: as many characters as a column is sorted by, of four bytes, or an address.
pub(crate) const CURSOR_KEY_BYTES_MAX: usize = 320;

/// Days of an endorser's history where the request does not say how many, as in the original.
pub(crate) const RANGE_DAYS_DEFAULT: u32 = 30;

/// Images that the page of an image shows as replaced, replacing or versions.
pub(crate) const RELATED_MAX: usize = 100;

/// Largest answer that is kept while it stays the same; the usual pages of lists have a tenth of it.
pub(crate) const ANSWER_KEPT_BYTES_MAX: usize = 1024 * 1024;

/// Answers that are kept while they stay the same.
pub(crate) const ANSWERS_KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;
