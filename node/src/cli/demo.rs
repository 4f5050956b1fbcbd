//! `marketplace demo`: a federation of real node processes on this machine.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use super::Verdict;
use crate::demo::{self, Ending};

/// Options of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Everything is in a temporary folder that goes with the demonstration, and on loopback.

Examples:
  marketplace demo            stays up for a look around, until Ctrl-C
  marketplace demo --exit     ends after the checks with status 0 or 1")]
pub(super) struct Demo {
    /// How many nodes, in a line
    #[arg(long, value_name = "NUMBER", default_value_t = 3, env = "MARKETPLACE_NODES", hide_env = true)]
    nodes: usize,
    /// End after the checks
    #[arg(
        long,
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new(),
        env = "MARKETPLACE_EXIT",
        hide_env = true
    )]
    exit: bool,
    /// Only write the folders of sites that are started elsewhere, each on its host
    #[arg(long, value_name = "DIR", requires = "host", env = "MARKETPLACE_PREPARE", hide_env = true)]
    prepare: Option<PathBuf>,
    /// The name of a host that is prepared (repeatable)
    #[arg(
        long,
        value_name = "NAME",
        requires = "prepare",
        value_delimiter = ',',
        env = "MARKETPLACE_HOST",
        hide_env = true
    )]
    host: Vec<String>,
}

impl Demo {
    pub(super) fn run(self) -> anyhow::Result<Verdict> {
        if let Some(folder) = self.prepare {
            demo::prepare(&folder, &self.host)?;
            return Ok(Verdict::Yes);
        }
        let ending = if self.exit { Ending::AfterChecks } else { Ending::OnInterrupt };
        match demo::run(self.nodes, ending)? {
            demo::Verdict::Passed => Ok(Verdict::Yes),
            demo::Verdict::Failed => Ok(Verdict::No),
        }
    }
}
