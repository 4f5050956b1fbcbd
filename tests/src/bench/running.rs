//! Nodes to measure: real processes with the disk graph and the usual settings.

use std::path::Path;

use anyhow::Context as _;
use node::client::Client;
use node::demo::process::NodeProcess;
use node::demo::site::Site;
use tempfile::TempDir;

/// A started node and a client of it.
pub(super) struct Running {
    pub(super) process: NodeProcess,
    pub(super) client: Client,
}

impl Running {
    /// Starts the node of `site`.
    pub(super) fn start(site: &Site, program: &Path) -> anyhow::Result<Self> {
        let process = site.start(program, &[]).with_context(|| format!("{} does not start", site.name()))?;
        let client = Client::new(&process.ready().http)?;
        Ok(Self { process, client })
    }
}

/// A folder for nodes, removed in the end; on the disk that temporary files are on.
pub(super) fn folder() -> anyhow::Result<TempDir> {
    tempfile::Builder::new().prefix("marketplace-bench-").tempdir().context("no temporary folder")
}
