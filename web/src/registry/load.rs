//! How busy a registry is, and the most that it does at once.

/// What a registry does now, and may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Uploads that are being verified and written.
    pub uploads: Used,
    /// Queries that have begun and are not long yet.
    pub short_queries: Used,
    /// Queries that run for longer.
    pub long_queries: Used,
    /// Queries that wait for a place among those that begin.
    pub waiting_queries: u64,
    /// Changes that queries do not show yet.
    pub changes_behind: u64,
    /// Time until the answer of a query is complete.
    pub query_ms_max: u64,
    /// Solutions or triples of an answer.
    pub query_rows_max: u64,
    /// Uploads that one key may sign in a minute; 0 for any number.
    pub uploads_of_endorser_per_minute: u32,
}

/// How many of the places for something are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// So many are.
    pub now: u64,
    /// So many there are.
    pub most: u64,
}
