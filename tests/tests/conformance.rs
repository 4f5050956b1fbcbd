//! The original's interface, statement by statement, at real nodes whose clock starts in its time.
//!
//! A row names the statement of the original's reference that it holds, section 1.1 to 1.10; where ours does otherwise, the
//! row says so. Rows of the reference that are about the original's replication (S37 to S40) have no row here.

mod conformance {
    pub(crate) mod row;
    pub(crate) mod world;

    mod actions;
    mod addresses;
    mod authorities;
    mod cases;
    mod datatables;
    mod endorsers;
    mod entries;
    mod global;
    mod lists;
    mod queries;
    mod routes;
    mod settings;
    mod uploads;
}
