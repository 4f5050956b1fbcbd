//! Writes what the fuzz targets start from into a folder: `corpus FOLDER`; called by scripts/fuzz.

use anyhow::Context as _;
use node::clock::Clock;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).context("usage: corpus FOLDER")?;
    tests::corpus::write(folder.as_ref(), Clock::system().now())
}
