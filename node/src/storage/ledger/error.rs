//! Why the ledger did not do what it was asked.

use proto::trust::PolicyRefusal;
use proto::view::Stale;
use rusqlite::ErrorCode;

/// The ledger failed; never the fault of who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The file was written by a newer program; the operator's to solve.
    #[error("the ledger has schema version {found}, this program reads up to version {known}; run a newer program")]
    NewerSchema {
        /// The version of the file.
        found: u32,
        /// The version of this program.
        known: u32,
    },
    /// The file was written before the first release; the operator's to solve.
    #[error(
        "the ledger has schema version {found}, this program reads version {known} only; move the data folder away, \
         start with a new one and fetch the entries again from the peers, or bring them in by marketplace ledger import"
    )]
    OlderSchema {
        /// The version of the file.
        found: u32,
        /// The version of this program.
        known: u32,
    },
    /// SQLite failed; the machine's fault.
    #[error("the ledger failed: {0}")]
    Machine(String),
    /// A stored value is not what this program writes; the machine's fault.
    #[error("the ledger holds what cannot be read: {0}")]
    Corrupt(String),
    /// A read went on for longer than it may; to be asked for less.
    #[error("more would be read than a list may read")]
    TooMuch,
    /// The ledger was closed.
    #[error("the ledger is closed")]
    Closed,
}

/// Why an entry was not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// Local policy refuses it; nobody's fault.
    #[error(transparent)]
    Refused(#[from] PolicyRefusal),
    /// It is older than what its endorser already said; the uploader's to solve.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Corrupt(error.to_string()),
            // Nothing else interrupts.
            _ if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Self::TooMuch,
            _ => Self::Machine(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for AdmitError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error.into())
    }
}
