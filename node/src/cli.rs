//! The command line: one binary, a file for each command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};

use crate::config::{self, Config, Overrides};
use crate::storage::graph::answer_queries;

pub mod output;

mod certificate;
mod check;
mod demo;
mod events;
mod federation;
mod init;
mod ledger;
mod metadata;
mod password;
mod peer;
mod refused;
mod serve;
mod status;

use output::{Format, Output};

/// A federated registry of signed claims about disk and machine images.
#[derive(Debug, Parser)]
#[command(name = "marketplace", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Every option is also a variable: --data-dir is MARKETPLACE_DATA_DIR. An option comes before its variable, that before \
the configuration file, that before the default.

Status: 0 done; 1 the answer is no (an invalid document, a refused upload, a failed check); 2 it could not be done.

Examples:
  marketplace demo                      a federation on this machine, to look at
  marketplace init && marketplace serve a node of one's own
  marketplace metadata validate a.xml   what a node would say of a document";

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// The configuration [default: ./marketplace.toml, then ~/.config/marketplace/, then /etc/marketplace/]
    #[arg(long, global = true, value_name = "FILE", env = "MARKETPLACE_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// Where the node keeps everything, in place of the configuration's
    #[arg(long, global = true, value_name = "DIR", env = "MARKETPLACE_DATA_DIR", hide_env = true)]
    data_dir: Option<PathBuf>,
    /// How results are written
    #[arg(long, global = true, value_enum, default_value_t, env = "MARKETPLACE_FORMAT", hide_env = true)]
    format: Format,
    /// Only results and errors, no other messages
    #[arg(
        long,
        global = true,
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new(),
        env = "MARKETPLACE_QUIET",
        hide_env = true
    )]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented configuration and the node's identity
    Init(init::Init),
    /// Run a node
    Serve(serve::Serve),
    /// Run a federation of real nodes on this machine and show what it does
    Demo(demo::Demo),
    /// Show what a running node is and holds, and how its peers are
    Status(status::Status),
    /// Follow what happens at a running node: entries, peers, the roster
    Events(events::Events),
    /// List, add and remove peers, of the running node and in the configuration
    #[command(subcommand)]
    Peer(peer::Peer),
    /// List, show and try again what the node refuses by its policy
    #[command(subcommand)]
    Refused(refused::Refused),
    /// Keep the federation's signed list of members
    #[command(subcommand)]
    Federation(federation::Federation),
    /// Check, sign, upload and show documents
    #[command(subcommand)]
    Metadata(metadata::Metadata),
    /// Make keys to sign with
    #[command(subcommand)]
    Certificate(certificate::Certificate),
    /// Look after what the node holds; the node must not be running
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Look after the configuration
    #[command(subcommand)]
    Config(check::ConfigCommand),
    /// Evaluate queries for the node that started this process
    #[command(hide = true)]
    AnswerQueries,
}

/// How a command ended that could be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is done, or the answer is yes.
    Yes,
    /// The answer is no.
    No,
}

/// Runs the command of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run() {
        Ok(Verdict::Yes) => ExitCode::SUCCESS,
        Ok(Verdict::No) => ExitCode::from(1),
        Err(error) => {
            output::print_error(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Warnings alone and plainly, for commands that end soon; a node starts its own log.
fn start_log() {
    let log = tracing_subscriber::fmt().with_max_level(tracing::level_filters::LevelFilter::WARN);
    // It fails only where the process has a log already, as in tests.
    let _ = log.with_writer(std::io::stderr).without_time().with_target(false).try_init();
}

impl Cli {
    fn run(self) -> anyhow::Result<Verdict> {
        if !matches!(self.command, Command::Serve(_)) {
            start_log();
        }
        let global = &self.global;
        let output = Output::new(global.format, global.quiet);
        match self.command {
            Command::Init(init) => init.run(global, output),
            Command::Serve(serve) => serve.run(global),
            Command::Demo(demo) => demo.run(),
            Command::Status(status) => status.run(global, output),
            Command::Events(events) => events.run(global, output),
            Command::Peer(peer) => peer.run(global, output),
            Command::Refused(refused) => refused.run(global, output),
            Command::Federation(federation) => federation.run(global, output),
            Command::Metadata(metadata) => metadata.run(output),
            Command::Certificate(certificate) => certificate.run(output),
            Command::Ledger(ledger) => ledger.run(global, output),
            Command::Config(config) => config.run(global, output),
            Command::AnswerQueries => Ok(answer_queries().map(|()| Verdict::Yes)?),
        }
    }
}

impl Global {
    /// The configuration that counts for the command, with `overrides` and these options over it.
    fn configuration(&self, overrides: Overrides) -> anyhow::Result<Config> {
        let file = self.config_file();
        Ok(config::load(file.as_deref())?.with(self.over(overrides)))
    }

    /// The data folder of the node that a command talks to; what is faulty elsewhere in its configuration does not matter.
    fn data_dir(&self) -> anyhow::Result<PathBuf> {
        match &self.data_dir {
            Some(data_dir) => Ok(data_dir.clone()),
            None => Ok(config::data_dir(self.config_file().as_deref())?),
        }
    }

    /// The file that counts; none where there is none.
    fn config_file(&self) -> Option<PathBuf> {
        config::locate(self.config.as_deref(), std::env::home_dir().as_deref())
    }

    fn over(&self, overrides: Overrides) -> Overrides {
        Overrides { data_dir: self.data_dir.clone(), ..overrides }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_has_a_variable() {
        fn check(command: &clap::Command, path: &str) {
            for argument in command.get_arguments().filter(|argument| argument.get_long().is_some()) {
                let long = argument.get_long().unwrap_or_default();
                if matches!(long, "help" | "version") {
                    continue;
                }
                let variable = argument.get_env().and_then(|name| name.to_str()).unwrap_or_default();
                assert!(variable.starts_with("MARKETPLACE_"), "{path} --{long} has the variable {variable:?}");
            }
            for command in command.get_subcommands() {
                check(command, &format!("{path} {}", command.get_name()));
            }
        }
        check(&Cli::command(), "marketplace");
    }

    #[test]
    fn no_option_takes_a_secret() {
        let parsed = Cli::try_parse_from(["marketplace", "metadata", "sign", "a.xml", "--password", "secret"]);
        assert!(parsed.is_err());
    }
}
