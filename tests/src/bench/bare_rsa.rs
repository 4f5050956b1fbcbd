//! `openssl speed`: what the bare RSA verification costs.

use std::process::Command;

use anyhow::{Context as _, ensure};

/// User CPU of one bare RSA-2048 verification in µs.
pub(super) fn rsa_2048_verification_us() -> anyhow::Result<f64> {
    let output = Command::new("openssl").args(["speed", "-seconds", "1", "rsa2048"]).output();
    let output = output.context("cannot start openssl")?;
    ensure!(output.status.success(), "openssl speed failed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let per_second = parse(&text).with_context(|| format!("openssl speed says something new: {text}"))?;
    Ok(1e6 / per_second)
}

/// Verifications per second: the fourth number of the result's line.
fn parse(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("rsa 2048 bits"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_verification_is_the_last_number() {
        let text = "                  sign    verify    sign/s verify/s\n\
                    rsa 2048 bits 0.000590s 0.000017s   1695.0  57913.0\n";
        assert_eq!(parse(text), Some(57913.0));
    }
}
