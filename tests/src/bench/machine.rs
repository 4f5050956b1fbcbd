//! What Linux says of the machine and of processes (proc(5)).

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

use super::bare_rsa;

/// The resolution of the CPU times in `/proc`, the same on every Linux that Rust runs on (`getconf CLK_TCK`).
pub(super) const TICKS_PER_SECOND: u64 = 100;

/// The processor, its cores, its speed just now, which neighbours on one host change by half, and the load before.
pub fn facts() -> anyhow::Result<String> {
    let cpus = read("/proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().context("the number of cores is unknown")?;
    let load = read("/proc/loadavg")?;
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let load = load.join(" ");
    let rsa_us = bare_rsa::rsa_2048_verification_us()?;
    Ok(format!(
        "machine: {cores} cores, {model}; load average before: {load}; openssl verifies RSA-2048 in {rsa_us:.1} µs"
    ))
}

/// User CPU of this thread.
pub(super) fn user_cpu_of_thread() -> anyhow::Result<Duration> {
    ticks("/proc/thread-self/stat", Field::User)
}

/// User CPU of the processes that this one started and awaited.
pub(super) fn user_cpu_of_children() -> anyhow::Result<Duration> {
    ticks("/proc/self/stat", Field::UserOfChildren)
}

/// User CPU of another process.
pub(super) fn user_cpu_of(process: u32) -> anyhow::Result<Duration> {
    ticks(&format!("/proc/{process}/stat"), Field::User)
}

/// CPU of another process, its own and the system's for it.
pub(super) fn cpu_of(process: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{process}/stat");
    Ok(ticks(&path, Field::User)? + ticks(&path, Field::System)?)
}

/// Memory of another process that is resident, and the most that ever was, in MiB.
pub(super) fn resident_mebibytes_of(process: u32) -> anyhow::Result<(u64, u64)> {
    let status = read(&format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes / 1024)
    };
    field("VmRSS:").zip(field("VmHWM:")).context("the status of the process has no sizes")
}

/// Fields by their place after the command's name.
#[derive(Clone, Copy)]
enum Field {
    User = 11,
    System = 12,
    UserOfChildren = 13,
}

fn ticks(path: &str, field: Field) -> anyhow::Result<Duration> {
    parse_ticks(&read(path)?, field).with_context(|| format!("{path} is not as proc(5) says"))
}

fn parse_ticks(stat: &str, field: Field) -> Option<Duration> {
    // The command's name is in parentheses and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 = fields.split_whitespace().nth(field as usize)?.parse().ok()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_times_are_found_after_a_name_with_parentheses() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 200 0 0 150 20 33 4 20 0 1 0 12345";
        assert_eq!(parse_ticks(stat, Field::User), Some(Duration::from_millis(1500)));
        assert_eq!(parse_ticks(stat, Field::System), Some(Duration::from_millis(200)));
        assert_eq!(parse_ticks(stat, Field::UserOfChildren), Some(Duration::from_millis(330)));
    }
}
