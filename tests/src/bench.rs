//! Benchmarks: figures of this machine beside those of a peer, measured in the same session.
//!
//! They are run by `scripts/bench` and say ratios; no test depends on a time.

mod bare_rsa;
mod certificates;
mod documents;
mod durability;
mod federation;
mod http;
mod join;
mod machine;
mod reconcile;
mod report;
mod running;
mod uploads;
mod verify;
mod xmlsec1;

use std::path::Path;

use node::clock::Clock;

pub use machine::facts;
pub use report::Report;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// User CPU of one verification.
    Verify,
    /// Durable uploads over HTTP.
    Uploads,
    /// A node that starts empty beside one that is full.
    Join {
        /// How many entries it fetches.
        entries: usize,
    },
    /// Reconciliation, and ten nodes: how fast an upload is everywhere, and what idling costs.
    Federation {
        /// How many entries the idle nodes hold.
        entries: usize,
    },
    /// REST and SPARQL on a large registry.
    Http {
        /// How many current entries it has; nine times as many are superseded.
        entries: usize,
    },
}

/// Current entries of the large registry where nothing else is said.
const CURRENT_ENTRIES: usize = 50_000;
/// Entries that a joining node fetches where nothing else is said.
const JOIN_ENTRIES: usize = 20_000;
/// Entries that an idle federation holds where nothing else is said.
const IDLE_ENTRIES: usize = 2_000;

impl Suite {
    /// Every suite, with as many entries as are asked for.
    #[must_use]
    pub fn all(entries: Option<usize>) -> [Self; 5] {
        let join = Self::Join { entries: entries.unwrap_or(JOIN_ENTRIES) };
        let federation = Self::Federation { entries: entries.unwrap_or(IDLE_ENTRIES) };
        let http = Self::Http { entries: entries.unwrap_or(CURRENT_ENTRIES) };
        [Self::Verify, Self::Uploads, join, federation, http]
    }

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Uploads => "uploads",
            Self::Join { .. } => "join",
            Self::Federation { .. } => "federation",
            Self::Http { .. } => "http",
        }
    }

    /// Measures with node processes of `program`.
    pub fn measure(self, program: &Path, clock: &Clock) -> anyhow::Result<Report> {
        match self {
            Self::Verify => verify::measure(clock),
            Self::Uploads => uploads::measure(program, clock),
            Self::Join { entries } => join::measure(program, clock, entries),
            Self::Federation { entries } => federation::measure(program, clock, entries),
            Self::Http { entries } => http::measure(program, clock, entries),
        }
    }
}
