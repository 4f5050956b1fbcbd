//! The log, on standard error; its filter can be changed while the node runs.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::{LogFormat, LogSection};

/// Changes the filter of the running log.
#[derive(Debug, Clone)]
pub struct Logging(reload::Handle<EnvFilter, Registry>);

/// The filter is not one.
#[derive(Debug, thiserror::Error)]
#[error("log filter {filter:?}: {reason}; write for example info or info,node::network=debug")]
pub struct BadFilter {
    filter: String,
    reason: String,
}

/// Starts the log of the process; a second start has no effect on where messages go.
pub fn start_logging(section: &LogSection) -> Result<Logging, BadFilter> {
    let (filter, handle) = reload::Layer::new(parse(&section.filter)?);
    let registry = tracing_subscriber::registry().with(filter);
    let is_terminal = std::io::stderr().is_terminal();
    // It fails only where the process has a log already, as in tests.
    let _ = match section.format {
        LogFormat::Text => registry.with(fmt::layer().with_ansi(is_terminal).with_writer(std::io::stderr)).try_init(),
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init(),
    };
    Ok(Logging(handle))
}

impl Logging {
    /// Works by another filter from now on.
    pub fn change_filter(&self, filter: &str) -> Result<(), BadFilter> {
        let parsed = parse(filter)?;
        self.0.reload(parsed).map_err(|error| BadFilter { filter: filter.to_owned(), reason: error.to_string() })
    }
}

fn parse(filter: &str) -> Result<EnvFilter, BadFilter> {
    EnvFilter::try_new(filter).map_err(|error| BadFilter { filter: filter.to_owned(), reason: error.to_string() })
}
