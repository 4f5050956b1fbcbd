//! The ledger's claims over hand-made entries.

mod admissions;
mod explain;
mod history;
mod lists;
mod make;
mod order;
mod pending;
mod plans;
mod reminders;
mod trust;
mod versions;
