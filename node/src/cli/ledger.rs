//! `marketplace ledger`: verifies, rebuilds and fills what the node holds.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::output::Output;
use super::{Global, Verdict};
use crate::clock::Clock;
use crate::config::Overrides;
use crate::maintenance::{self, ImportReport, VerifyReport};

/// Commands on the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum Ledger {
    /// Verify every document and admission again, and the files that hold them
    Verify,
    /// Make the graph anew from the ledger
    Rebuild,
    /// Take documents in from files and folders of XML
    Import(Import),
}

/// Options of `ledger import`.
#[derive(Debug, Args)]
#[command(after_help = "\
The documents are verified as uploads are, but for their age; a second import finds what the first has taken.

Example:
  marketplace ledger import /srv/old-marketplace/metadata")]
pub(super) struct Import {
    /// Files, and folders that are searched for .xml files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

impl Ledger {
    pub(super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let config = global.configuration(Overrides::default())?;
        match self {
            Self::Verify => {
                let report = maintenance::verify(&config)?;
                output.result(|| describe_verify(&report), &report)?;
                Ok(if report.faults.is_empty() { Verdict::Yes } else { Verdict::No })
            }
            Self::Rebuild => {
                let report = maintenance::rebuild(&config)?;
                output.result(|| format!("the graph is rebuilt from {} entries", report.entries), &report)?;
                Ok(Verdict::Yes)
            }
            Self::Import(import) => {
                let report = maintenance::import(&config, &Clock::system(), &import.paths)?;
                output.result(|| describe_import(&report), &report)?;
                Ok(if report.refused.is_empty() { Verdict::Yes } else { Verdict::No })
            }
        }
    }
}

fn describe_verify(report: &VerifyReport) -> String {
    let (entries, admissions, faults) = (report.entries, report.admissions, report.faults.len());
    let summary = format!("{entries} entries with {admissions} admissions, {faults} faults");
    report.faults.iter().cloned().chain([summary]).collect::<Vec<_>>().join("\n")
}

fn describe_import(report: &ImportReport) -> String {
    let (created, held, refused) = (report.created, report.already_held, report.refused.len());
    let summary = format!("{created} taken, {held} already held, {refused} refused");
    let reason = |refusal: &maintenance::ImportRefusal| format!("{}: {}", refusal.path, refusal.reason);
    report.refused.iter().map(reason).chain([summary]).collect::<Vec<_>>().join("\n")
}
