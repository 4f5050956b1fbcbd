//! Every bound of the domain and the protocol, each with its reason.

/// Largest document in bytes that any door accepts; the real ones are 5 KB, and 256 KiB verify in a few milliseconds.
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// Deepest nesting of elements; recursion over a tree is bounded by it.
pub const XML_DEPTH_MAX: usize = 64;

/// Most attributes and namespace declarations of one element; their duplicate check is quadratic.
pub const XML_ATTRIBUTES_MAX: usize = 64;

/// Most namespace declarations in scope at one place; every name is looked up among them. Real documents have ten.
pub const XML_BINDINGS_MAX: usize = 128;

/// Longest namespace in bytes; each name of the tree carries its own copy, and an exclusive canonical form may too.
pub const XML_NAMESPACE_BYTES_MAX: usize = 256;

/// Most elements, attributes, texts, comments and instructions of a document; real ones have about 100. It bounds what
/// the worst document costs to some 10 MB and 15 ms (`proto/tests/cost.rs`).
pub const XML_NODES_MAX: usize = 8 * 1024;

/// Most bytes of all terms of a document's triples together; namespaces, bases and subjects stand once in a document
/// and again in each triple. [`XML_NODES_MAX`] properties of ordinary names make about 750 KiB.
pub const RDF_TERMS_BYTES_MAX: usize = 1024 * 1024;

/// Most prefixes that an exclusive canonicalisation may list; each costs a look-up per element.
pub const XML_PREFIX_LIST_MAX: usize = 32;

/// Largest certificate in bytes; real ones have 1 to 2 KB, and the cache holds many.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// Most decoded certificates that are kept; decoding one costs more than verifying a document.
pub const CERTIFICATES_CACHED_MAX: usize = 1024;

/// Most certificates in one signature, the signer's included; grid chains have three or four.
pub const CERTIFICATE_CHAIN_MAX: usize = 8;

/// Most files that trust anchors are read from; an IGTF directory has about a thousand.
pub const ANCHOR_FILES_MAX: usize = 8 * 1024;

/// Most bytes of one file with trust anchors or revocations; the largest lists of the grid have 2 MB.
pub const ANCHOR_FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most bytes of all files with trust anchors and revocations; they are held at once while they are read.
pub const ANCHOR_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Most authorities that are trusted; the grid has a hundred, browsers some two hundred, and reading one takes OpenSSL
/// 3.0 some milliseconds.
pub const ANCHORS_MAX: usize = 1024;

/// Most entries of all revocation lists together; each is some 100 bytes in memory.
pub const REVOCATIONS_MAX: usize = 256 * 1024;

/// Most rules of `signing_policy` and `namespaces` files together; the grid has some 500.
pub const NAME_RULES_MAX: usize = 4 * 1024;

/// Largest regular expression of a `namespaces` file in bytes when it is compiled; a long name takes some thousands.
pub const REGEX_BYTES_MAX: usize = 64 * 1024;

/// Most signatures of certificates that are verified in search of one signer's chains; they bound what certificates
/// that a stranger adds to a signature can cost.
pub const CHAIN_SIGNATURES_MAX: usize = 16;

/// Most chains of one signer that are looked at; renewed and cross-signed authorities make two or three.
pub const CHAINS_PER_SIGNER_MAX: usize = 4;

/// Most signers whose chains are kept; the search for one costs more than verifying a document.
pub const CHAINS_CACHED_MAX: usize = 4 * 1024;

/// How long in seconds a revocation list counts after the moment at which the next one was due; a week lets an
/// operator repair the download of lists before chains are refused.
pub const CRL_OVERDUE_SECONDS_MAX: i64 = 7 * 86_400;

/// Largest RSA modulus in bits; verification costs the square of it, and nobody uses more.
pub const RSA_BITS_MAX: u32 = 8192;

/// Longest public exponent in bits of an RSA key that a stranger brings; 65537 has 17, and verification costs as many
/// squarings as it has bits.
pub const RSA_EXPONENT_BITS_MAX: i32 = 32;

/// Largest elliptic curve in bits that a stranger brings; P-521 is the largest in use.
pub const CURVE_BITS_MAX: u32 = 521;

/// Largest DSA modulus in bits; FIPS 186-4 ends there.
pub const DSA_BITS_MAX: u32 = 3072;

/// Largest document in bytes that is gossiped whole; larger ones are announced and pulled, because gossipsub refuses
/// messages above 64 KiB at the sender only.
pub const GOSSIP_DOCUMENT_BYTES_MAX: usize = 32 * 1024;

/// Largest gossip frame in bytes: the greatest gossiped document, its admission and a few length bytes, with room to
/// spare below gossipsub's 64 KiB.
pub const GOSSIP_FRAME_BYTES_MAX: usize = 40 * 1024;

/// Size in bytes that a reconciliation frame is cut at: 2,000 identities. Without it a peer could ask for all of them
/// with one empty list; larger frames save rounds but verify slower than they travel.
pub const RECONCILE_FRAME_BYTES_MAX: usize = 64 * 1024;

/// Most ranges of a reconciliation frame that are read. A frame of [`RECONCILE_FRAME_BYTES_MAX`] of ours has at most
/// 3,449 fingerprints, and short ranges only answer such; a stranger's could have 21,000, each of which is looked up.
pub const RECONCILE_RANGES_MAX: usize = 12 * 1024;

/// Most items that one round names as lacked by the responder; five bytes of his can say that he has nothing at all.
pub const RECONCILE_HAVE_MAX: usize = 64 * 1024;

/// Most items of one fetch; 256 documents of the usual 5 KB fill one response.
pub const FETCH_ITEMS_MAX: usize = 256;

/// Batches of one session that are under way at once, so that what a peer tells of meanwhile does not wait.
pub const BATCHES_MAX: usize = 2;

/// Items of the smallest batch that is fetched where a peer has more; 40 KB of the usual size.
pub const BATCH_ITEMS_MIN: usize = 8;

/// Items of the first batch that is fetched of a peer.
pub const BATCH_ITEMS_FIRST: usize = 16;

/// Of the items that are to be fetched, the first so many are drawn from: nodes that lack the same fetch different ones,
/// and the oldest does not wait for ever.
pub const BATCH_DRAWN_FROM: usize = 64;

/// Time in ms that a batch shall take: smaller ones follow where it takes longer, larger ones where it takes less than half.
pub const BATCH_MS_WANTED: u64 = 500;

/// Most bytes of documents and admissions in one response; at least one document of the greatest size fits.
pub const FETCH_BYTES_MAX: usize = 1024 * 1024;

/// Largest request frame in bytes: a reconciliation frame and its header (a fetch is 8 KiB).
pub const REQUEST_FRAME_BYTES_MAX: usize = RECONCILE_FRAME_BYTES_MAX + 64;

/// Largest response frame in bytes: a full batch of envelopes with their length bytes.
pub const RESPONSE_FRAME_BYTES_MAX: usize = FETCH_BYTES_MAX + FETCH_ITEMS_MAX * 8 + 64;

/// Most rounds of one reconciliation; 20,000 differences in 1,000,000 took 148. A peer that has
/// more is asked again in a new session, and one that never ends is dropped here.
pub const RECONCILE_ROUNDS_MAX: u32 = 512;

/// Most missing items that one session collects before it fetches; the next session finds the rest.
pub const SESSION_ITEMS_MAX: usize = 20_000;

/// Sessions that run at once; each may hold one batch in memory.
pub const SESSIONS_MAX: usize = 8;

/// Sessions with unlisted peers that run at once: slow strangers never take the places of listed peers.
pub const STRANGER_SESSIONS_MAX: usize = SESSIONS_MAX / 2;

/// Longest time in ms that a session may take, so that a slow peer does not hold its place for ever.
pub const SESSION_MS_MAX: u64 = 10 * 60 * 1000;

/// Envelopes that may be in verification at once, with those that were asked for; 4,096 of 5 KB are 20 MB.
pub const INTAKES_MAX: usize = 4096;

/// Bytes of the documents of one session that are in verification, above which nothing more is asked for: some 1,100 of
/// the usual size, twice what the ledger commits together; [`SESSIONS_MAX`] sessions hold 40 MiB, and their last batches.
pub const SESSION_INTAKE_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Intakes above which gossip is ignored: half is kept for sync, which repairs what gossip lost.
pub const GOSSIP_INTAKES_MAX: usize = INTAKES_MAX / 2;

/// Announced documents that are pulled at once; each may have the greatest size.
pub const ANNOUNCED_MAX: usize = 32;

/// Of these, the documents that one peer announced: what it never sends leaves room for what others announce.
pub const ANNOUNCED_PER_PEER_MAX: usize = ANNOUNCED_MAX / 4;

/// Requests of one peer that are being served at once.
pub const SERVED_PER_PEER_MAX: usize = 4;

/// Requests of all peers that are being served at once; each may hold a whole response in memory.
pub const SERVED_MAX: usize = 32;

/// Of these, the requests of unlisted peers: strangers never keep listed peers from being served.
pub const STRANGERS_SERVED_MAX: usize = SERVED_MAX / 2;

/// Time in ms after which a request counts as failed; a full response takes 8 s at 1 Mbit/s.
pub const REQUEST_MS_MAX: u64 = 20_000;

/// Time in ms after which a dial counts as failed.
pub const DIAL_MS_MAX: u64 = 15_000;

/// Dials that run at once, so that a long list of dead peers does not use up sockets.
pub const DIALS_MAX: usize = 16;

/// First pause in ms after a failure; it doubles with each further one.
pub const BACKOFF_MS_MIN: u64 = 1_000;

/// Longest pause in ms after failures; a site that comes back is found within five minutes.
pub const BACKOFF_MS_MAX: u64 = 5 * 60 * 1000;

/// Shortest pause in ms between two sessions with one peer, whatever it says of its growth.
pub const SYNC_GAP_MS_MIN: u64 = 250;

/// Most items that one message tells a peer of; 8 KB. What is more is found by a sync.
pub const HOLDING_ITEMS_MAX: usize = 256;

/// Items of which a node remembers that a peer told them, so that it is not told of them: what 50 uploads a second make
/// in 20 s.
pub const KNOWN_ITEMS_MAX: usize = 1_024;

/// Time in ms after which what was admitted counts as settled: gossip and telling have brought it, or have failed.
pub const SETTLED_AFTER_MS: u64 = 10_000;

/// Time in ms for which a node remembers what it gossiped: messages that find no room are dropped, and known to be, sooner.
pub const GOSSIP_RECENT_MS: u64 = 5_000;

/// Time in ms after lost gossip until peers are told that a sync is worth their while; what is told until then is fetched.
pub const GROWN_AFTER_LOSS_MS: u64 = 5_000;

/// Shortest pause in ms between two such messages to one peer, in which what is new gathers.
pub const TELL_GAP_MS: u64 = 50;

/// Own items at once of which one peer was told and the others were not yet; what is more is found by a sync.
pub const FRESH_ITEMS_MAX: usize = 1_024;

/// Peers that are first told of an upload: two, so that it does not wait for one whose link loses what it asks.
pub const FIRST_TOLD: usize = 2;

/// Time in ms after which another peer is told of an item that nobody has fetched.
pub const TELL_AGAIN_MS: u64 = 1_500;

/// Time in ms after which all peers are told of an item that one of them had fetched, in case that one did not.
pub const TELL_ALL_MS: u64 = 10_000;

/// Shortest pause in ms after a peer was told that a sync is worth its while.
pub const GROWN_GAP_MS: u64 = 1_000;

/// Round trip in ms from which on a peer is far: a connection that loses one packet in twenty carries less than 100 KB/s.
pub const FAR_ROUND_TRIP_MS: u64 = 75;

/// Bytes of documents gossiped in a second, over a long time, while most peers are far; of others they are told.
pub const FAR_GOSSIP_BYTES_PER_SECOND: u64 = 8 * 1024;

/// Bytes of documents gossiped at once while most peers are far: some uploads, and nothing that fills a link for long.
pub const FAR_GOSSIP_BYTES_BURST: u64 = 40 * 1024;

/// Time in ms for which a node tells what it holds and gossips nothing, after gossip was lost: the links cannot carry it.
pub const GOSSIP_PAUSE_MS: u64 = 5 * 60 * 1000;

/// Silence in ms after which a peer's next gossip is taken as a sign that earlier gossip was lost.
pub const SILENCE_MS_MIN: u64 = 60_000;

/// Faults after which a peer is expelled: an attacker is out within ten bad messages.
pub const FAULTS_MAX: u32 = 10;

/// Time in ms in which one fault is forgiven, so that rare damage does not add up over months.
pub const FAULT_FORGIVEN_MS: u64 = 10 * 60 * 1000;

/// Time in ms for which an expelled peer is refused.
pub const EXPULSION_MS: u64 = 60 * 60 * 1000;

/// Unlisted peers that an open node knows at once: connected, expelled, or with faults that are not forgiven yet.
pub const STRANGERS_MAX: usize = 256;

/// Items of one peer that proved bad and are not asked of it again while it is connected; above it the peer was
/// expelled long ago unless its faults are spread over days.
pub const SPOILT_PER_PEER_MAX: usize = 1024;

/// Refusals that are remembered in memory (32 bytes each); above it a refused item is fetched again at each sync.
pub const REFUSALS_MAX: usize = 1_000_000;

/// Largest roster in bytes, envelope and signatures included; 1,000 members of 250 bytes.
pub const ROSTER_BYTES_MAX: usize = 512 * 1024;

/// Most members of a roster, former ones included.
pub const ROSTER_MEMBERS_MAX: usize = 1024;

/// Most addresses of one member in a roster; each may be dialled in turn.
pub const ROSTER_ADDRESSES_MAX: usize = 8;

/// Most signatures of a roster; federations have a handful of operators, and each signature is verified.
pub const ROSTER_SIGNATURES_MAX: usize = 32;

/// Longest text of a roster in bytes: a name, a URL, an address.
pub const ROSTER_TEXT_BYTES_MAX: usize = 256;

/// Members known by the roster alone that a node keeps connections to; all of them in small federations. Each node
/// dials the next ones of the order of identities, which makes a ring that many may leave without parting it.
pub const ROSTER_LINKS: usize = 8;

/// Pause in ms between two questions for a newer roster to one peer; a change is told at once.
pub const ROSTER_INTERVAL_MS: u64 = 10 * 60 * 1000;

/// Addresses that are remembered of one peer beside those it was listed with; machines have a few networks.
pub const ADDRESSES_LEARNED_MAX: usize = 8;

/// Longest address in bytes; those of DNS names have 253 and some for the protocols.
pub const ADDRESS_BYTES_MAX: usize = 320;

/// Requests of one peer in a second, over a long time; a sync at full speed makes some tens.
pub const REQUESTS_PER_SECOND: u64 = 200;

/// Requests of one peer at once; a reconciliation in small steps makes some hundreds.
pub const REQUESTS_BURST: u64 = 1_000;

/// Gossip messages of one peer in a second, over a long time; more than a node verifies.
pub const GOSSIP_PER_SECOND: u64 = 2_000;

/// Gossip messages of one peer at once; what ten sites upload in bursts.
pub const GOSSIP_BURST: u64 = 4_000;
