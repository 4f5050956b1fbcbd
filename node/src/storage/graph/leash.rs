//! Holds a query, wherever it is evaluated: whoever has a clone can end it, or let others go before it.

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, setpriority_process};
use rustix::thread::gettid;

use super::pool::{Process, Reaped};
use crate::bounds::QUERY_LONG_PRIORITY;

/// Holds a query, before it has begun, too.
#[derive(Clone, Default)]
pub(super) struct Leash(Arc<Held>);

#[derive(Default)]
struct Held {
    state: Mutex<State>,
    /// The same as the state says, to be asked for at each step.
    is_ended: AtomicBool,
}

#[derive(Default)]
struct State {
    runs: Runs,
    length: Length,
}

/// How long a query has taken so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Length {
    #[default]
    Short,
    /// Whatever ran it has a lower priority now, which cannot be undone.
    Long,
}

#[derive(Default)]
enum Runs {
    /// It has not begun, or is done.
    #[default]
    Nowhere,
    /// On a thread of the node.
    Here(Used, Pid),
    InProcess(Used, Reaped),
    /// The query is not to go on; its process, where it had one, was ended.
    Ended {
        _process: Option<Reaped>,
    },
}

/// The processor time that what runs the query had used before.
struct Used(Duration);

impl Used {
    /// By the 14th and 15th field of its statistics (Linux, `proc_pid_stat(5)`); a thread has them as a process does.
    fn by(runner: Pid) -> Option<Duration> {
        let statistics = std::fs::read_to_string(format!("/proc/{}/stat", runner.as_raw_nonzero())).ok()?;
        let (_, fields) = statistics.rsplit_once(") ")?;
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap_or(0)).sum();
        Some(Duration::from_millis(ticks * 1000 / clock_ticks_per_second()))
    }

    fn from(runner: Pid) -> Self {
        Self(Self::by(runner).unwrap_or_default())
    }

    fn since(&self, runner: Pid) -> Option<Duration> {
        Some(Self::by(runner)?.saturating_sub(self.0))
    }
}

impl Leash {
    /// Whether the query is not to go on.
    pub(super) fn is_ended(&self) -> bool {
        self.0.is_ended.load(Ordering::Relaxed)
    }

    /// Has this thread run the query for as long as `work` takes, and says how long that was.
    pub(super) fn here<T>(&self, work: impl FnOnce() -> T) -> (T, Length) {
        let thread = gettid();
        self.change(|runs| if let Runs::Nowhere = runs { Runs::Here(Used::from(thread), thread) } else { runs });
        let done = work();
        self.change(|runs| if let Runs::Here(..) = runs { Runs::Nowhere } else { runs });
        (done, self.state().length)
    }

    /// Takes a process for the query and gives the line to it; none where the query is not to begin any more.
    pub(super) fn attach(&self, process: Process) -> Option<UnixStream> {
        let mut state = self.state();
        if matches!(state.runs, Runs::Ended { .. }) {
            return None;
        }
        state.runs = Runs::InProcess(Used::from(process.child.id()), process.child);
        if state.length == Length::Long {
            state.lower_priority();
        }
        Some(process.stream)
    }

    /// Gives the process back; none where it was ended.
    pub(super) fn detach(&self, stream: UnixStream) -> Option<Process> {
        let mut state = self.state();
        match std::mem::take(&mut state.runs) {
            Runs::InProcess(_, child) => Some(Process { child, stream, is_spent: state.length == Length::Long }),
            other => {
                state.runs = other;
                None
            }
        }
    }

    /// Ends the query. Its process is killed, and waited for where the query is looked after.
    pub(super) fn end(&self) {
        self.0.is_ended.store(true, Ordering::Relaxed);
        self.change(|runs| match runs {
            Runs::InProcess(_, mut child) => {
                child.kill();
                Runs::Ended { _process: Some(child) }
            }
            Runs::Nowhere | Runs::Here(..) => Runs::Ended { _process: None },
            ended @ Runs::Ended { .. } => ended,
        });
    }

    /// Lets shorter queries go before this one.
    pub(super) fn yield_to_others(&self) {
        let mut state = self.state();
        state.length = Length::Long;
        state.lower_priority();
    }

    /// The processor time that the query has used where it runs; none where the machine does not tell.
    pub(super) fn used(&self) -> Option<Duration> {
        match &self.state().runs {
            Runs::Here(used, thread) => used.since(*thread),
            Runs::InProcess(used, child) => used.since(child.id()),
            Runs::Nowhere | Runs::Ended { .. } => Some(Duration::ZERO),
        }
    }

    fn change(&self, change: impl FnOnce(Runs) -> Runs) {
        let mut state = self.state();
        state.runs = change(std::mem::take(&mut state.runs));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lower_priority(&self) {
        // Linux counts a thread as a process where priorities are concerned (setpriority(2)).
        let runner = match &self.runs {
            Runs::Here(_, thread) => *thread,
            Runs::InProcess(_, child) => child.id(),
            Runs::Nowhere | Runs::Ended { .. } => return,
        };
        if let Err(error) = setpriority_process(Some(runner), QUERY_LONG_PRIORITY) {
            tracing::warn!(%error, "a long query keeps its priority");
        }
    }
}
