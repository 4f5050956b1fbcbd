//! `marketplace config check`: what is wrong with the configuration.

use clap::Subcommand;
use serde::Serialize;

use super::output::Output;
use super::{Global, Verdict};
use crate::config::{self, ConfigError};

/// Commands on the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Say what is wrong with it, with line and key
    Check,
}

#[derive(Serialize)]
struct Checked {
    config: Option<String>,
    good: bool,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    line: usize,
    column: usize,
    message: String,
}

impl ConfigCommand {
    pub(super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let Self::Check = self;
        let file = global.config_file();
        let shown = file.as_ref().map(|file| file.display().to_string());
        let (text, findings) = match config::load(file.as_deref()) {
            Ok(_) => (good(shown.as_deref()), Vec::new()),
            Err(error @ ConfigError::File { .. }) => return Err(error.into()),
            Err(error) => {
                let text = error.to_string();
                let ConfigError::Invalid { findings, .. } = error else { return Err(error.into()) };
                (text, findings)
            }
        };
        let good = findings.is_empty();
        let found =
            |finding: config::Finding| Found { line: finding.line, column: finding.column, message: finding.message };
        let checked = Checked { config: shown, good, findings: findings.into_iter().map(found).collect() };
        output.result(|| text, &checked)?;
        Ok(if good { Verdict::Yes } else { Verdict::No })
    }
}

fn good(file: Option<&str>) -> String {
    match file {
        Some(file) => format!("{file} is good"),
        None => "there is no configuration file; the defaults count".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Overrides;

    use super::super::output::Format;
    use super::*;

    fn check(text: &str) -> Verdict {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        std::fs::write(&path, text).expect("it is written");
        let global = Global { config: Some(path), data_dir: None, format: Format::Text, quiet: true };
        ConfigCommand::Check.run(&global, Output::new(Format::Json, true)).expect("it is checked")
    }

    #[test]
    fn a_good_configuration_passes_and_a_faulty_one_does_not() {
        assert_eq!(check("[node]\nname = \"a\"\n"), Verdict::Yes);
        assert_eq!(check("[node]\nnmae = \"a\"\n"), Verdict::No);
    }

    #[test]
    fn a_configuration_that_cannot_be_read_is_no_answer() {
        let global =
            Global { config: Some("/nonexistent.toml".into()), data_dir: None, format: Format::Text, quiet: true };
        assert!(ConfigCommand::Check.run(&global, Output::new(Format::Text, true)).is_err());
        assert!(global.configuration(Overrides::default()).is_err());
    }
}
