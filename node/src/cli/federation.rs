//! `marketplace federation`: what all sites of a federation share.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::output::{self, Output};
use super::{Global, Verdict};
use crate::identity;

mod roster;

/// Commands on the federation.
#[derive(Debug, Subcommand)]
pub(super) enum Federation {
    /// Write, sign, show and apply the federation's list of members
    #[command(subcommand)]
    Roster(roster::Roster),
    /// Make keys that sign rosters
    #[command(subcommand)]
    Key(Key),
}

/// Commands on keys.
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Make a key to sign rosters with; a node's own key can sign them, too
    Create(Create),
}

/// Options of `federation key create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  marketplace federation key create operator.key
Keep the file away from any node, and give the printed identity to every site for its roster_keys.")]
pub(super) struct Create {
    /// The file to write, which only you can read
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Made {
    key: String,
    file: PathBuf,
}

impl Federation {
    pub(super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        match self {
            Self::Roster(roster) => roster.run(global, output),
            Self::Key(Key::Create(create)) => create.run(output),
        }
    }
}

impl Create {
    fn run(self, output: Output) -> anyhow::Result<Verdict> {
        let key = identity::create_file(&self.file)?;
        let made = Made { key: key.node_id().to_string(), file: self.file };
        let text = || output::pairs(&[("key", made.key.clone()), ("file", made.file.display().to_string())]);
        output.result(text, &made)?;
        output.note(&format!("Every site names it in [federation]: roster_keys = [\"{}\"]", made.key));
        Ok(Verdict::Yes)
    }
}
