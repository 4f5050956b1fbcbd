//! `wrk`, which asks for one address again and again over many connections.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

pub(super) const CONNECTIONS: usize = 32;
const SECONDS: usize = 5;

/// What it measured.
pub(super) struct Load {
    pub(super) per_second: f64,
    pub(super) p99: Duration,
}

pub(super) fn load(url: &str) -> anyhow::Result<Load> {
    let arguments = ["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{SECONDS}s"), "--latency", url].map(str::to_owned);
    let output = Command::new("wrk").args(arguments).output().context("cannot start wrk")?;
    ensure!(output.status.success(), "wrk failed at {url}");
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(!text.contains("Non-2xx"), "{url} is not answered: {text}");
    parse(&text).with_context(|| format!("wrk says something new: {text}"))
}

fn parse(text: &str) -> Option<Load> {
    let value = |name: &str| text.lines().find_map(|line| line.trim_start().strip_prefix(name)).map(str::trim);
    Some(Load { per_second: value("Requests/sec:")?.parse().ok()?, p99: duration(value("99%")?)? })
}

fn duration(text: &str) -> Option<Duration> {
    let (number, seconds) = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    Some(Duration::from_secs_f64(number.parse::<f64>().ok()? * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_and_the_tail_are_read() {
        let text = "  Latency Distribution\n     50%  402.00us\n     99%    2.61ms\n  1 requests in 5.00s\n\
                    Requests/sec:  71234.56\nTransfer/sec:     12.00MB\n";
        let load = parse(text).expect("it is read");
        assert_eq!((load.per_second, load.p99), (71234.56, Duration::from_micros(2610)));
    }
}
