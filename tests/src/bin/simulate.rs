//! Plays seeds of the simulator on all cores: `simulate COUNT [FIRST]`; called by scripts/simulate.
//!
//! The status is 1 where a seed fails; the least of those that failed is shown with the end of its history.

use std::num::NonZero;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Context as _;
use node::clock::Stopwatch;
use tests::simulator::{Failure, simulate};

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().context("usage: simulate COUNT [FIRST]")?.parse().context("COUNT is a number")?;
    let first: u64 = arguments.next().map_or(Ok(0), |text| text.parse()).context("FIRST is a number")?;
    let stopwatch = Stopwatch::start();
    let outcome = play(first..first.saturating_add(count));
    let seconds = stopwatch.elapsed().as_secs_f64();
    Ok(match outcome {
        Ok(events) => {
            say(&format!("{count} seeds from {first} hold: {events} events in {seconds:.1} s"));
            ExitCode::SUCCESS
        }
        Err(failure) => {
            say(&format!("{failure}"));
            say(&format!("again: SIM_SEED={} cargo nextest run -p tests seeds_can_be_replayed", failure.seed));
            ExitCode::FAILURE
        }
    })
}

/// Plays the seeds in order, shared out one by one; the number of events, or the failure of the least seed.
fn play(seeds: Range<u64>) -> Result<u64, Failure> {
    let (next, events, has_failed) = (AtomicU64::new(seeds.start), AtomicU64::new(0), AtomicBool::new(false));
    let failures = Mutex::new(Vec::new());
    let play_on = || {
        while !has_failed.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return;
            }
            match simulate([seed]) {
                Ok(more) => {
                    events.fetch_add(more, Ordering::Relaxed);
                }
                Err(failure) => {
                    has_failed.store(true, Ordering::Relaxed);
                    failures.lock().expect("nothing panics while it is held").push(failure);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(play_on);
        }
    });
    // Lesser seeds than the first that failed were begun before it, and are played to their end.
    let failures = failures.into_inner().expect("nothing panics while it is held");
    failures.into_iter().min_by_key(|failure| failure.seed).map_or(Ok(events.into_inner()), Err)
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}
