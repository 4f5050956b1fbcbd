//! What the disk alone does: the peer of durable uploads.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use node::clock::Stopwatch;

const WRITES: u32 = 1_000;

/// Appends of `bytes` bytes to a file in `folder`, each followed by fdatasync, per second.
pub(super) fn synced_writes_per_second(folder: &Path, bytes: usize) -> anyhow::Result<f64> {
    let path = folder.join("synced-writes");
    let mut file = File::create(&path).context("cannot create a file")?;
    let content = vec![b'x'; bytes];
    let stopwatch = Stopwatch::start();
    for _ in 0..WRITES {
        file.write_all(&content).and_then(|()| file.sync_data()).context("cannot write durably")?;
    }
    let elapsed = stopwatch.elapsed();
    std::fs::remove_file(&path).context("cannot remove the file")?;
    Ok(f64::from(WRITES) / elapsed.as_secs_f64())
}
