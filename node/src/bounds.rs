//! Every bound of the program, each with its reason; those of the domain and the protocol are in `proto::bounds`.

use std::time::Duration;

// The network.

/// How long a connection without any stream is kept; peers are kept busy by pings and gossip.
pub const CONNECTION_IDLE: Duration = Duration::from_secs(60);

/// Pings measure round trips for the status and find dead connections.
pub const PING_INTERVAL: Duration = Duration::from_secs(15);

/// Handshakes at once; strangers hold nothing else before they are known.
pub const CONNECTIONS_PENDING_MAX: u32 = 32;

/// Incoming connections at once; a federation has tens of sites.
pub const CONNECTIONS_INCOMING_MAX: u32 = 256;

/// Connections with one peer at once: both may dial, over two transports.
pub const CONNECTIONS_PER_PEER_MAX: u32 = 4;

/// Time for one request with its response; the state machine gives up a little before.
pub const SYNC_REQUEST_TIMEOUT: Duration = Duration::from_millis(proto::bounds::REQUEST_MS_MAX + 1_000);

/// Requests of one connection at once, so that their frames stay within some megabytes.
pub const SYNC_STREAMS_MAX: usize = 16;

/// Largest gossip message on the wire: the frame and gossipsub's own fields.
pub const GOSSIP_TRANSMIT_BYTES_MAX: usize = proto::bounds::GOSSIP_FRAME_BYTES_MAX + 1_024;

/// How long a message is known again; the default of one minute lets slow copies circulate twice.
pub const GOSSIP_DUPLICATES_KEPT: Duration = Duration::from_secs(10 * 60);

/// Pause between two rounds of mesh upkeep.
pub const GOSSIP_HEARTBEAT: Duration = Duration::from_millis(700);

/// Time in which the machine must say where it listens.
pub const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Commands of the node that wait for the network task; uploads wait when it is full.
pub const NETWORK_COMMANDS_MAX: usize = 256;

/// Outcomes that wait for the network task; as many as intakes may run at once.
pub const FINISHED_MAX: usize = proto::bounds::INTAKES_MAX;

/// Longest pause of the network task, so that a clock that jumps is noticed.
pub const WAKE_MAX: Duration = Duration::from_secs(5);

/// Shortest pause of the network task, so that an overdue deadline does not spin.
pub const WAKE_MIN: Duration = Duration::from_millis(1);

// Intake.

/// Uploads that may wait for verification at once; each may hold a document of the greatest size.
pub const UPLOADS_WAITING_MAX: usize = 256;

// Storage.

/// Commands that wait for the ledger's writer; one batch being committed and one being collected.
pub const LEDGER_QUEUE_MAX: usize = 512;

/// Commands in one commit of the ledger; the sync of the disk is shared by them, the oldest waits for the newest.
pub const LEDGER_BATCH_MAX: usize = 256;

/// Read connections of the ledger; lists are short and a machine has few cores.
pub const LEDGER_READERS_MAX: usize = 4;

/// Prepared statements kept by one connection; more than the ledger has.
pub const LEDGER_STATEMENTS_MAX: usize = 96;

/// E-mail addresses whose fold the writer keeps; an address is some hundred bytes, and one that is not kept is read again.
pub const LEDGER_ADDRESSES_MAX: usize = 16_384;

/// Refused documents that are remembered, the oldest forgotten first; 50 MB of documents of the usual size.
pub const REFUSALS_MAX: usize = 10_000;

/// Entries that one page of a list shows at most.
pub const LIST_PAGE_MAX: usize = 1000;
