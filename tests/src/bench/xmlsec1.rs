//! xmlsec1, the reference implementation in C, as the peer of our verification.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::machine::user_cpu_of_children;

/// Verifications of one run: some two seconds, that is 0.5 % of what a tick of the CPU times can resolve.
const REPEAT: u32 = 5_000;

/// User CPU of one verification of the document at `path` in µs, without the start of the process.
pub(super) fn verification_us(path: &Path) -> anyhow::Result<f64> {
    let start_us = run_us(path, 1)?;
    let all_us = run_us(path, REPEAT)?;
    Ok((all_us - start_us) / f64::from(REPEAT - 1))
}

fn run_us(path: &Path, repeat: u32) -> anyhow::Result<f64> {
    let before = user_cpu_of_children()?;
    let arguments = ["--verify", "--insecure", "--enabled-key-data", "x509", "--repeat", &repeat.to_string()];
    let output = Command::new("xmlsec1").args(arguments).arg(path).output().context("cannot start xmlsec1")?;
    ensure!(output.status.success(), "xmlsec1 refuses the document: {}", String::from_utf8_lossy(&output.stderr));
    Ok((user_cpu_of_children()? - before).as_secs_f64() * 1e6)
}
