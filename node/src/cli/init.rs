//! `marketplace init`: a commented configuration and the node's identity.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use super::output::Output;
use super::{Global, Verdict};
use crate::config::{self, Config, EXAMPLE};
use crate::files::{self, Readers};
use crate::identity;

/// Options of `init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  marketplace init --config /srv/marketplace/marketplace.toml
Send the printed peer id and addresses to the operators of your peers; they add them with
  marketplace peer add ADDRESS/p2p/PEER_ID")]
pub(super) struct Init {}

#[derive(Serialize)]
struct Made {
    peer_id: String,
    config: PathBuf,
    data_dir: PathBuf,
    addresses: Vec<String>,
}

impl Init {
    pub(super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let path = global.config.clone().unwrap_or_else(|| config::FILE_NAME.into());
        if path.exists() {
            bail!("{} exists already and is not overwritten", path.display());
        }
        // The file is written last: what is in place then is complete, and a failed init can be repeated.
        let text = text(global.data_dir.as_deref())?;
        let parsed = config::parse(&text).expect("the example is a good configuration, whatever its data folder");
        let config = parsed.at(&path);
        let key = identity::load_or_create(&config.node.data_dir)?;
        write(&path, &text)?;
        let made = Made {
            peer_id: key.node_id().to_string(),
            addresses: addresses(&config, &key.node_id().to_string()),
            config: path,
            data_dir: config.node.data_dir,
        };
        output.result(|| describe(&made), &made)?;
        output.note("Start the node with: marketplace serve");
        Ok(Verdict::Yes)
    }
}

/// The example, with the data folder that an option gives.
fn text(data_dir: Option<&Path>) -> anyhow::Result<String> {
    let Some(data_dir) = data_dir else { return Ok(EXAMPLE.to_owned()) };
    // The option counts from the current folder, the file's value from the file.
    let absolute = std::path::absolute(data_dir).context("the current folder cannot be found")?;
    let name = absolute.to_str().context("the name of the data folder is not UTF-8")?;
    let mut document: toml_edit::DocumentMut = EXAMPLE.parse().expect("the example is TOML");
    let mut value = toml_edit::Value::from(name);
    if let Some(default) = document["node"]["data_dir"].as_value() {
        *value.decor_mut() = default.decor().clone();
    }
    document["node"]["data_dir"] = toml_edit::Item::Value(value);
    Ok(document.to_string())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    files::create(path, text.as_bytes(), Readers::Everyone).with_context(|| format!("cannot write {}", path.display()))
}

/// Where peers reach the node: what the operator says, else where it listens, for the operator to fill in the host.
fn addresses(config: &Config, peer_id: &str) -> Vec<String> {
    let federation = &config.federation;
    let known = if federation.external.is_empty() { &federation.listen } else { &federation.external };
    known
        .iter()
        .map(|address| format!("{}/p2p/{peer_id}", address.replace("/ip4/0.0.0.0/", "/dns4/THIS_HOST/")))
        .collect()
}

fn describe(made: &Made) -> String {
    let pairs = [
        ("peer id", made.peer_id.clone()),
        ("config", made.config.display().to_string()),
        ("data", made.data_dir.display().to_string()),
    ];
    let addresses = made.addresses.iter().map(|address| ("address", address.clone()));
    super::output::pairs(&pairs.into_iter().chain(addresses).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::output::Format;
    use super::*;

    fn global(folder: &Path, data_dir: Option<PathBuf>) -> Global {
        Global { config: Some(folder.join("etc/marketplace.toml")), data_dir, format: Format::Text, quiet: true }
    }

    #[test]
    fn a_node_is_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let global = global(folder.path(), None);
        let output = Output::new(Format::Json, true);
        assert_eq!(Init {}.run(&global, output).expect("it is made"), Verdict::Yes);
        let config = global.configuration(config::Overrides::default()).expect("it is good");
        assert_eq!(config.node.data_dir, folder.path().join("etc/marketplace-data"));
        assert!(identity::load(&config.node.data_dir).is_ok());
        let again = Init {}.run(&global, output).expect_err("it is there").to_string();
        assert!(again.contains("is not overwritten"), "{again}");
    }

    #[test]
    fn a_given_data_folder_is_written_into_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().join("a \"data\" folder");
        let global = global(folder.path(), Some(data_dir.clone()));
        Init {}.run(&global, Output::new(Format::Json, true)).expect("it is made");
        let config = config::load(global.config.as_deref()).expect("it is good");
        assert_eq!(config.node.data_dir, data_dir);
    }
}
