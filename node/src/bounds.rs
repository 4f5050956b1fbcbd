//! Every bound of the program, each with its reason.

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
