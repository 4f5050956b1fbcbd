//! The ledger's claims over hand-made entries.

mod admissions;
mod lists;
mod make;
mod order;
mod pending;
mod reminders;
