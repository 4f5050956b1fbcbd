//! Plays seeds of the simulator on all cores: `simulate COUNT [FIRST]`; called by scripts/simulate.
//!
//! The status is 1 where a seed fails; the least of those that failed is shown with the end of its history. Progress
//! goes to the standard error: one line that is drawn again on a terminal, else a line each tenth.

use std::io::{IsTerminal as _, Write as _};
use std::num::NonZero;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::Context as _;
use node::clock::Stopwatch;
use tests::simulator::{Failure, Tally, simulate};

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().context("usage: simulate COUNT [FIRST]")?.parse().context("COUNT is a number")?;
    let first: u64 = arguments.next().map_or(Ok(0), |text| text.parse()).context("FIRST is a number")?;
    let stopwatch = Stopwatch::start();
    let outcome = play(first..first.saturating_add(count));
    let seconds = stopwatch.elapsed().as_secs_f64();
    Ok(match outcome {
        Ok(Tally { runs, events, slowest }) => {
            let rate = events as f64 / seconds;
            say(&format!(
                "{count} seeds from {first} hold: {runs} runs, {events} events in {seconds:.1} s ({rate:.0}/s)"
            ));
            for (kind, (unrest_ms, seed)) in slowest {
                say(&format!("slowest {kind}: at rest {unrest_ms} ms after the last trouble, seed {seed}"));
            }
            ExitCode::SUCCESS
        }
        Err(failure) => {
            say(&format!("{failure}"));
            say(&format!("again: SIM_SEED={} cargo nextest run -p tests seeds_can_be_replayed", failure.seed));
            ExitCode::FAILURE
        }
    })
}

/// What the threads share.
struct Progress {
    seeds: Range<u64>,
    next: u64,
    played: u64,
    tally: Tally,
    failures: Vec<Failure>,
}

/// Plays the seeds in order, shared out one by one; what came of them, or the failure of the least seed.
fn play(seeds: Range<u64>) -> Result<Tally, Failure> {
    let progress =
        Mutex::new(Progress { next: seeds.start, seeds, played: 0, tally: Tally::default(), failures: Vec::new() });
    let lock = || progress.lock().expect("nothing panics while it is held");
    let take_seed = || lock().take_seed();
    let play_on = || {
        while let Some(seed) = take_seed() {
            let outcome = simulate([seed]);
            lock().count(outcome);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(play_on);
        }
    });
    // Lesser seeds than the first that failed were begun before it, and are played to their end.
    let Progress { tally, failures, .. } = progress.into_inner().expect("nothing panics while it is held");
    failures.into_iter().min_by_key(|failure| failure.seed).map_or(Ok(tally), Err)
}

impl Progress {
    /// The next seed, unless one has failed.
    fn take_seed(&mut self) -> Option<u64> {
        let seed = self.next;
        self.next += 1;
        (self.seeds.contains(&seed) && self.failures.is_empty()).then_some(seed)
    }

    fn count(&mut self, outcome: Result<Tally, Failure>) {
        match outcome {
            Ok(tally) => self.tally.add(&tally),
            Err(failure) => self.failures.push(failure),
        }
        self.played += 1;
        self.show();
    }

    fn show(&self) {
        let (played, all, events) = (self.played, self.seeds.end - self.seeds.start, self.tally.events);
        let mut stderr = std::io::stderr().lock();
        let is_tenth = played * 10 / all != (played - 1) * 10 / all;
        // Progress that cannot be shown stops nothing.
        let _ = match stderr.is_terminal() {
            true if played == all => writeln!(stderr, "\r{played} of {all} seeds, {events} events"),
            true => write!(stderr, "\r{played} of {all} seeds, {events} events").and_then(|()| stderr.flush()),
            false if is_tenth => writeln!(stderr, "{played} of {all} seeds, {events} events"),
            false => Ok(()),
        };
    }
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}
