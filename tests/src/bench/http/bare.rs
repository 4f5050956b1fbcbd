//! The bare `oxigraph` server of the PyPI package, over a copy of the node's own graph.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use node::clock::Stopwatch;

/// Where scripts/bench has installed it.
const PROGRAM: &str = "BARE_OXIGRAPH";
const START_MAX: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A running server; it is ended when this is dropped.
pub(super) struct Bare {
    child: Child,
    base: String,
}

impl Bare {
    pub(super) fn start(graph: &Path) -> anyhow::Result<Self> {
        let program = std::env::var(PROGRAM).with_context(|| format!("{PROGRAM} is not set; scripts/bench sets it"))?;
        // The port is free now; another program would have to take it in this very moment.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).context("no free port")?;
        let mut command = Command::new(program);
        command.arg("serve-read-only").arg("--location").arg(graph).args(["--bind", &address.to_string()]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("oxigraph does not start")?;
        let bare = Self { child, base: format!("http://{address}") };
        let stopwatch = Stopwatch::start();
        while std::net::TcpStream::connect(address).is_err() {
            ensure!(stopwatch.elapsed() < START_MAX, "oxigraph does not listen at {address}");
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(bare)
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It fails where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
