//! Every bound of the program, each with its reason; those of the domain and the protocol are in `proto::bounds`.

use std::time::Duration;

// The network.

/// How long a connection without any stream is kept; peers are kept busy by pings and gossip.
pub const CONNECTION_IDLE: Duration = Duration::from_secs(60);

/// Pings measure round trips for the status and find dead connections.
pub const PING_INTERVAL: Duration = Duration::from_secs(15);

/// How long a connection may take until both sides are known, dialling included: a silent one keeps its place no longer.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(5);

/// Handshakes at once; strangers hold nothing else before they are known.
pub const CONNECTIONS_PENDING_MAX: u32 = 32;

/// Incoming connections at once; a federation has tens of sites.
pub const CONNECTIONS_INCOMING_MAX: u32 = 256;

/// Connections with one peer at once: both may dial, over two transports.
pub const CONNECTIONS_PER_PEER_MAX: u32 = 4;

/// The part of the machine's memory from which on the node takes no more connections.
pub const MEMORY_SHARE_MAX: f64 = 0.9;

/// Peers that are pinged at once.
pub const PINGS_MAX: usize = 16;

/// How long an answer to a ping is waited for; less than [`CONTROL_TIMEOUT`], so that the operator is told of the silence.
pub const PING_WAIT: Duration = Duration::from_secs(8);

/// Addresses that wait to be written into the address book.
pub const ADDRESSES_WAITING_MAX: usize = 64;

/// Time for one request with its response; the state machine gives up a little before.
pub const SYNC_REQUEST_TIMEOUT: Duration = Duration::from_millis(proto::bounds::REQUEST_MS_MAX + 1_000);

/// Requests of one connection at once, so that their frames stay within some megabytes.
pub const SYNC_STREAMS_MAX: usize = 16;

/// Largest gossip message on the wire: the frame and gossipsub's own fields.
pub const GOSSIP_TRANSMIT_BYTES_MAX: usize = proto::bounds::GOSSIP_FRAME_BYTES_MAX + 1_024;

/// How long a message is known again; the default of one minute lets slow copies circulate twice.
pub const GOSSIP_DUPLICATES_KEPT: Duration = Duration::from_secs(10 * 60);

/// Gossip messages that wait for the link to one peer; what finds no room there the peer is told of and fetches.
pub const GOSSIP_QUEUE_MAX: usize = 256;

/// How long a gossip message waits for the link to a peer: less than fetching it takes.
pub const GOSSIP_WAITING_MAX: Duration = Duration::from_millis(300);

/// Bytes on their way in one stream of a QUIC connection. A stream holds as many back where the link is slow, and gossip
/// behind them is late without being noticed; a batch at 100 ms of round trip comes at 640 KB/s.
pub const QUIC_STREAM_BYTES_MAX: u32 = 64 * 1024;

/// Bytes on their way in all streams of a QUIC connection: some batches at once.
pub const QUIC_CONNECTION_BYTES_MAX: u32 = 1024 * 1024;

/// Pause between two rounds of mesh upkeep, at which gossip that found no room is told of.
pub const GOSSIP_HEARTBEAT: Duration = Duration::from_millis(350);

/// Rounds for which a message can be asked for again.
pub const GOSSIP_HISTORY: usize = 10;

/// Rounds in which peers outside of the mesh are told of a message.
pub const GOSSIP_HISTORY_TOLD: usize = 6;

/// Time in which the machine must say where it listens.
pub const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Commands of the node that wait for the network task; uploads wait when it is full.
pub const NETWORK_COMMANDS_MAX: usize = 256;

/// Outcomes that wait for the network task; as many as intakes may run at once.
pub const FINISHED_MAX: usize = proto::bounds::INTAKES_MAX;

/// Newer rosters that wait to be kept; there is rarely one.
pub const ROSTERS_WAITING_MAX: usize = 4;

/// Longest text that is kept of a peer's version or of a failed dial.
pub const PEER_TEXT_CHARACTERS_MAX: usize = 300;

/// Longest pause of the network task, so that a clock that jumps is noticed.
pub const WAKE_MAX: Duration = Duration::from_secs(5);

/// Shortest pause of the network task, so that an overdue deadline does not spin.
pub const WAKE_MIN: Duration = Duration::from_millis(1);

// Intake.

/// Bytes of the answer to one query, which is held whole: it is complete or an error, never a part.
pub const QUERY_ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Uploads that may wait for verification at once, unless configured; each may hold a document of the greatest size.
pub const UPLOADS_WAITING_MAX: usize = 256;

/// The most that `max_uploads` may be set to: of 256 KiB each they hold 1 GiB.
pub const UPLOADS_WAITING_MOST: usize = 4096;

/// How often trust anchors and revocation lists are read again; the grid's are fetched every six hours.
pub const ANCHORS_READ_EVERY: Duration = Duration::from_secs(10 * 60);

// Storage.

/// Commands that wait for the ledger's writer; one batch being committed and one being collected.
pub const LEDGER_QUEUE_MAX: usize = 2 * LEDGER_BATCH_MAX;

/// Commands in one commit of the ledger; the sync of the disk is shared by them, the oldest waits for the newest.
pub const LEDGER_BATCH_MAX: usize = 512;

/// Full batches after which the texts of their entries are indexed at the latest: searches find 8,192 entries later than
/// lists while a node takes over a registry.
pub const FULL_BATCHES_MAX: usize = 16;

/// Memory for pages of the ledger that its writer keeps: a new entry is put into many indexes, each at another place.
pub const LEDGER_CACHE_KIB: i64 = 64 * 1024;

/// Pages of 8 KiB that gather in the ledger's log before they are moved to its file: 32 MB, so that a page that many
/// commits touch is moved once.
pub const LEDGER_WAL_PAGES: i64 = 4_000;

/// Read connections of the ledger; lists are short and a machine has few cores.
pub const LEDGER_READERS_MAX: usize = 4;

/// Prepared statements kept by one connection; more than the ledger has.
pub const LEDGER_STATEMENTS_MAX: usize = 96;

/// E-mail addresses whose fold the writer keeps; an address is some hundred bytes, and one that is not kept is read again.
pub const LEDGER_ADDRESSES_MAX: usize = 16_384;

/// Addresses that one commit judges anew after a change of settings, so that other writers wait for milliseconds only.
pub const REEVALUATED_ADDRESSES_MAX: i64 = 64;

/// Entries after which such a commit ends; only an endorser with more is placed at once.
pub const REEVALUATED_ENTRIES_MAX: usize = 1_000;

/// Superseded entries that an explanation names; more are in the timeline.
pub const EXPLAINED_SUPERSEDED_MAX: usize = 100;

/// Refusals that are read at once when they are tried again; each may have a document of the greatest size.
pub const REFUSALS_TRIED_MAX: usize = 64;

/// Refusals that are told at once; each may be told with its document.
pub const REFUSALS_TOLD_MAX: usize = 10;

/// Refused documents of strangers that are remembered, the oldest forgotten first; 50 MB of the usual size. What was
/// held here and is refused now is not counted: it is bounded by what was held.
pub const REFUSALS_MAX: usize = 10_000;

/// Lists of which it is kept how many entries they have, while nothing changes.
pub const LIST_TOTALS_KEPT: usize = 64;

/// Entries that one page of a list shows at most.
pub const LIST_PAGE_MAX: usize = 1000;
// The configuration and the operators' commands.

/// Largest configuration file; ten thousand pinned keys take a megabyte.
pub const CONFIG_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most listed peers; a federation has tens of sites, and each is dialled.
pub const PEERS_MAX: usize = 1_000;

/// Longest name of a node, a peer or a federation; the last is a part of protocol names of at most 140 characters.
pub const NAME_CHARACTERS_MAX: usize = 64;

/// Longest name of a host (RFC 1035 section 2.3.4).
pub const HOST_CHARACTERS_MAX: usize = 253;

/// The least that `max_document_bytes` may be set to; the smallest signed documents are 3 KB.
pub const DOCUMENT_BYTES_MAX_LEAST: usize = 4 * 1024;

/// The most that `max_rows` may be set to; an answer is held in memory until it is complete.
pub const QUERY_ROWS_MOST: usize = 1_000_000;

/// The most that `max_concurrent` may be set to; each query may grow by 256 MB.
pub const QUERIES_MOST: usize = 64;

/// Largest password or key file of an endorser that is read.
pub const SECRET_FILE_BYTES_MAX: usize = 1024 * 1024;

// The operators' control socket.

/// Longest request line; the longest request holds a roster as a text of JSON.
pub const CONTROL_REQUEST_BYTES_MAX: usize = 2 * proto::bounds::ROSTER_BYTES_MAX;

/// Longest answer line; a status of [`PEERS_MAX`] peers takes half a megabyte.
pub const CONTROL_ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Operators at once; more wait in the socket's queue.
pub const CONTROL_CONNECTIONS_MAX: usize = 16;

/// Time for a request to arrive, and for an answer to be taken; an operator who stalls frees the place.
pub const CONTROL_TIMEOUT: Duration = Duration::from_secs(10);

/// Operators and programs that follow events at once; the other places stay free for questions.
pub const EVENT_FOLLOWERS_MAX: usize = 8;

/// Events that wait for who follows them; an event is some 500 bytes.
pub const EVENTS_KEPT: usize = 1024;

/// Changes of the ledger that are read at once to be told.
pub const EVENTS_AT_ONCE: usize = 128;

/// Pause before changes are looked at again that could not be read.
pub const EVENTS_AGAIN: Duration = Duration::from_secs(1);

/// Most hooks; each keeps a place among the events.
pub const HOOKS_MAX: usize = 16;

/// How often an event that is told once is handed to a hook that fails.
pub const HOOK_ATTEMPTS_MAX: u32 = 3;

/// How often what happened to an entry is handed to a hook that fails: for a day, by the pauses between.
pub const HOOK_ENTRY_ATTEMPTS_MAX: u32 = 300;

/// Pause after a hook failed; it doubles with each failure.
pub const HOOK_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause after a hook failed.
pub const HOOK_PAUSE_MAX: Duration = Duration::from_secs(300);

/// Most changes that a hook passed over and would pass over again after a restart.
pub const HOOK_PASSED_MAX: u64 = 1000;

/// What is kept of what a failing program says.
pub const HOOK_ERROR_BYTES_MAX: u64 = 1024;

/// Reports of the network that wait to be told.
pub const REPORTS_WAITING_MAX: usize = 512;

/// Pause after a connection could not be accepted.
pub const CONTROL_ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Pause between two readings of `status --watch`.
pub const STATUS_WATCH_PAUSE: Duration = Duration::from_secs(2);

// The HTTP client.

/// Time to reach a node, after which the next one is tried.
pub const CLIENT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for a whole exchange with a node; an upload may wait for a full intake.
pub const CLIENT_TIMEOUT: Duration = Duration::from_secs(60);

/// Largest answer that is read; a list of a thousand entries takes a megabyte.
pub const CLIENT_ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Most entries that `metadata show` fetches for one image; the newest are shown.
pub const SHOWN_ENTRIES_MAX: usize = 100;

/// Changes that the graph reads from the ledger at once; what is loaded of them in bulk takes some 150 MB meanwhile.
pub const GRAPH_CHANGES_MAX: usize = 3_000;

/// Bytes of documents that the graph reads from the ledger at once; [`GRAPH_CHANGES_MAX`] of the usual size fit.
pub const GRAPH_READ_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Entries from which on the graph is bulk-loaded: three times as fast, but readers see it in steps of as many entries.
pub const GRAPH_BULK_MIN: usize = 250;

/// Changes from which on the graph lets more of them gather for a bulk load; an upload alone never makes as many.
pub const GRAPH_BURST_MIN: u64 = 50;

/// How long changes gather where nobody waits for them and fewer than [`GRAPH_BURST_MIN`] have come meanwhile.
pub const GRAPH_GATHERING_STEP: Duration = Duration::from_millis(300);

/// Such steps while as many keep coming. Larger loads are fewer files, which the store then merges less often.
pub const GRAPH_GATHERING_STEPS_MAX: usize = 20;

/// The priority of bulk loads, as `nice` counts it: while a node takes over a registry, the ledger goes before them.
pub const GRAPH_LOAD_PRIORITY: i32 = 5;

/// The priority at which the graph's store merges its files; what it has not merged costs queries little.
pub const GRAPH_MERGE_PRIORITY: i32 = 10;

/// Positions that bulk loads leave in the graph before they are removed.
pub const GRAPH_MARKS_MAX: usize = 64;

/// Longest query in bytes; those people write have some hundred.
pub const QUERY_TEXT_BYTES_MAX: usize = 64 * 1024;

/// Deepest nesting of brackets in a query; the parser is recursive, and 2,200 groups overflow a stack of 8 MiB.
pub const QUERY_NESTING_MAX: usize = 64;

/// Longest run of unary operators in a query; each is a level of nesting for the parser.
pub const QUERY_UNARY_RUN_MAX: usize = 16;

/// Default graphs and named graphs that a request may name.
pub const QUERY_GRAPHS_MAX: usize = 64;

/// Longest query in bytes that the node itself reads; the portal's have some hundred.
pub const QUERY_HERE_TEXT_BYTES_MAX: usize = 8 * 1024;

/// Deepest nesting of brackets of such a query.
pub const QUERY_HERE_NESTING_MAX: usize = 12;

/// Operators of such a query.
pub const QUERY_HERE_OPERATORS_MAX: usize = 96;

/// Triple patterns of such a query; the order of their joins is found in a millisecond.
pub const QUERY_HERE_PATTERNS_MAX: usize = 24;

/// Parts of its expressions; each may be asked for each row.
pub const QUERY_HERE_EXPRESSIONS_MAX: usize = 128;

/// Rows that one row of the store may become without another being read, such as by VALUES.
pub const QUERY_HERE_ROWS_PER_STEP_MAX: usize = 256;

/// Triples in the template of such a query.
pub const QUERY_HERE_TEMPLATE_MAX: usize = 16;

/// Longest text that such a query looks for by REGEX.
pub const QUERY_HERE_REGEX_CHARACTERS_MAX: usize = 64;

/// Memory of the rows that such a query may keep, to sort or to group them; beyond it a process takes over.
pub const QUERY_HERE_KEPT_BYTES_MAX: u64 = 96 * 1024 * 1024;

/// Bytes of one value of a kept row: 40 for the term, twice while a list grows.
pub const QUERY_HERE_VALUE_BYTES: u64 = 80;

/// Time that such a query may sort without being stopped, by the estimates that follow.
pub const QUERY_HERE_SORT_NS_MAX: u64 = 150_000_000;

/// Time of one comparison of two keys that are in the row itself: numbers, dates, short texts.
pub const QUERY_HERE_COMPARISON_NS: u64 = 60;

/// Time of one comparison of two keys of which the texts are looked up.
pub const QUERY_HERE_LOOKED_UP_COMPARISON_NS: u64 = 2_500;

/// Bytes from which on a text is not in the row itself.
pub const QUERY_HERE_SHORT_TEXT_BYTES: usize = 16;

/// Stack of the threads of such queries.
pub const QUERY_HERE_STACK_BYTES: usize = 16 * 1024 * 1024;

/// Operators of a query: groups, filters, unions, arithmetic, steps of paths. The optimizer takes time by the square of
/// a chain's length and cannot be stopped: 1,000 filters take 0.3 s, 32,000 additions more than 10 s.
pub const QUERY_OPERATORS_MAX: usize = 512;

/// Triple patterns of a query. The order of their joins is found in time by the cube of their number, and it cannot be
/// stopped: 64 take 0.3 s, 256 more than 3 s.
pub const QUERY_PATTERNS_MAX: usize = 100;

/// Stack of a query's thread in its process; hardly used, but for texts that are one chain of operators.
pub const QUERY_STACK_BYTES: usize = 64 * 1024 * 1024;

/// Memory that a query's process may take beyond its start. With the stack and the answer that the node gathers, a query
/// takes less than 256 MB.
pub const QUERY_MEMORY_BYTES_MAX: u64 = 144 * 1024 * 1024;

/// Memory that a query's process may keep for the next query; with more it is replaced.
pub const QUERY_MEMORY_KEPT_BYTES: u64 = 32 * 1024 * 1024;

/// How long a query counts as short; a catalogue's queries take a tenth of it.
pub const QUERY_SHORT: Duration = Duration::from_millis(100);

/// How many times as long a query may stay among the short ones that has not had as much of a processor.
pub const QUERY_SHORT_STEPS_MAX: u32 = 20;

/// Places for short queries, for each of those for long ones: as many hostile clients again find no place for theirs.
pub const QUERIES_SHORT_PER_LONG: usize = 2;

/// The priority of long queries, as `nice` counts it: whatever is short goes before them.
pub const QUERY_LONG_PRIORITY: i32 = 10;

/// How often a query is begun: the store in memory changes beneath it, or its process ends by another's hand.
pub const QUERY_ATTEMPTS_MAX: usize = 4;

/// Processes that wait for queries; each takes some megabytes.
pub const QUERY_IDLE_PROCESSES_MAX: usize = 4;

/// Largest message between the node and a query's process; the largest carries a quad of the longest literals.
pub const QUERY_MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Longest term that is looked for in the store; no document may be as long, and queries can make longer ones.
pub const QUERY_TERM_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of quads after which a batch for a query's process is sent.
pub const QUERY_BATCH_BYTES_MAX: usize = 64 * 1024;

/// Quads of the first batch of a pattern; most patterns of a join have one or two.
pub const QUERY_BATCH_QUADS_LEAST: usize = 16;

/// Quads of the following batches.
pub const QUERY_BATCH_QUADS_MAX: usize = 1024;

/// Patterns that one query reads at once; each of its hundred triple patterns may be read in a few graphs.
pub const QUERY_CURSORS_MAX: usize = 8_192;

/// Bytes of an answer that a query's process sends at once.
pub const QUERY_PART_BYTES: usize = 256 * 1024;

/// How long a query waits for one of those that run to end.
pub const QUERY_WAIT: Duration = Duration::from_millis(500);

/// How long a stop waits for queries that were ended.
pub const QUERY_END_WAIT: Duration = Duration::from_secs(1);

// Mail and confirmations.

/// Mails that wait to be sent; twice as many as entries may await their confirmation.
pub const MAIL_QUEUE_MAX: usize = 8_192;

/// Longest mail; a reminder of [`REMINDER_ENTRIES_MAX`] entries takes 60 KB.
pub const MAIL_BODY_BYTES_MAX: usize = 128 * 1024;

/// How long a mail is tried; what a relay does not take in three days it does not take.
pub const MAIL_AGE_MS_MAX: u64 = 3 * 86_400_000;

/// Pause after the first failed attempt; each further one doubles it.
pub const MAIL_RETRY_MS_MIN: u64 = 30_000;

/// Longest pause between two attempts; a relay that comes back is noticed the same day.
pub const MAIL_RETRY_MS_MAX: u64 = 4 * 3_600_000;

/// Pause of the whole queue after the relay did not let itself be talked to, so that it is not dialled for each mail.
pub const MAIL_RELAY_PAUSE_MS: u64 = 30_000;

/// Mails that are read from the queue at once.
pub const MAIL_BATCH_MAX: usize = 32;

/// Time to reach the relay.
pub const MAIL_CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Time for one mail from the greeting to its receipt; relays that scan mails take their time (RFC 5321 section 4.5.3.2).
pub const MAIL_SEND_TIMEOUT: Duration = Duration::from_secs(120);

/// Time to say goodbye to the relay; the mail is taken by then.
pub const MAIL_QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Time that a mail under way has to end when the node stops; one that is given up is sent again.
pub const MAIL_STOP_WAIT: Duration = Duration::from_secs(5);

/// Longest pause of the delivery, so that a clock that jumps is noticed.
pub const MAIL_WAKE_MAX: Duration = Duration::from_secs(60);

/// How long what became of a mail is remembered, for the status and so that none is sent twice.
pub const MAIL_KEPT_MS: u64 = 30 * 86_400_000;

/// Mails of the past that are remembered; the oldest are forgotten first.
pub const MAIL_KEPT_MAX: usize = 10_000;

/// Longest error of a relay that is kept.
pub const MAIL_ERROR_CHARACTERS_MAX: usize = 300;

/// How long an entry awaits its confirmation; people are away for some days.
pub const PENDING_MS_MAX: u64 = 7 * 86_400_000;

/// Entries that may await the confirmation of one address: whoever forges documents in its name fills its mailbox.
pub const PENDING_PER_ADDRESS_MAX: usize = 8;

/// Entries that may await their confirmation in all.
pub const PENDING_MAX: usize = 4_096;

/// Bytes of documents that may await their confirmation in all; documents of the usual size do not reach it.
pub const PENDING_BYTES_MAX: usize = 128 * 1024 * 1024;

/// How soon the same document, uploaded again, has its mail sent again.
pub const CONFIRMATION_AGAIN_MS: u64 = 3_600_000;

/// Mails about one entry that awaits its confirmation; who did not get three does not get a fourth.
pub const CONFIRMATIONS_PER_ENTRY_MAX: usize = 3;

/// Confirmation mails to one address within a day, whatever became of the entries.
pub const CONFIRMATIONS_PER_ADDRESS_MAX: usize = 32;

/// The day of [`CONFIRMATIONS_PER_ADDRESS_MAX`].
pub const CONFIRMATIONS_MS: u64 = 86_400_000;

/// Pause between two rounds of housekeeping: what expired is removed, and who is due is reminded.
pub const HOUSEKEEPING_PAUSE: Duration = Duration::from_secs(3_600);

/// How often an endorser is reminded of what it endorses (docs/original.md 11).
pub const REMINDER_MS: u64 = 30 * 86_400_000;

/// How long before the end of its validity an entry is spoken of (docs/original.md 11).
pub const EXPIRY_NOTICE_MS: u64 = 3 * 86_400_000;

/// Entries in one reminder; the rest are counted.
pub const REMINDER_ENTRIES_MAX: usize = 200;

/// Endorsers or entries that one step of the reminders reads at once.
pub const REMINDER_BATCH_MAX: usize = 64;

/// Most connections, and followers of the changes, that the operator may allow; each takes a file descriptor.
pub const CONNECTIONS_MOST: usize = 65_536;

/// Most requests of one address in a minute that the operator may name; beyond it no limit is meant.
pub const RATE_PER_MINUTE_MOST: usize = 10_000_000;

/// Characters of an entry's texts in which lists search: a search sees titles, names and the start of descriptions, and
/// a document of the largest size takes no more of the index than this.
pub const SEARCHED_CHARACTERS_MAX: usize = 4096;

/// Steps of SQLite's machine that a list may take, about two seconds of a core: enough to go along an index of two
/// million entries, or to look for a word in the texts of half a million.
pub const LIST_STEPS_MAX: u32 = 60_000_000;

/// Steps of SQLite's machine between two looks at how many are left.
pub const LEDGER_STEPS_AT_ONCE: u32 = 100_000;

/// Newest entries with a tag among which the image is looked for that stands under it.
pub const TAGGED_ENTRIES_MAX: usize = 10_000;

/// Other images that one entry names.
pub const RELATIONS_MAX: usize = 32;

/// What is read at most of what is said by an image of others, and by others of it.
pub const RELATED_PER_IMAGE_MAX: usize = 256;
