//! The processes that evaluate queries: started ahead, given out one query each at a time, and ended when they must be.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, setpriority_process};

use crate::bounds::{QUERY_IDLE_PROCESSES_MAX, QUERY_LONG_PRIORITY};

/// The program whose processes evaluate queries: it calls [`answer_queries`](super::answer_queries).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProgram {
    /// Where it lies.
    pub path: PathBuf,
    /// What tells it to answer queries.
    pub arguments: Vec<OsString>,
}

impl QueryProgram {
    /// The running program, even where its file was replaced by a newer one.
    pub fn this() -> io::Result<Self> {
        let running = Path::new("/proc/self/exe");
        let path = if running.exists() { running.to_owned() } else { std::env::current_exe()? };
        Ok(Self { path, arguments: vec![OsString::from(Self::COMMAND)] })
    }

    /// The command of the command line that calls [`answer_queries`](super::answer_queries).
    pub const COMMAND: &'static str = "answer-queries";
}

const SIGABRT: i32 = 6;
const SIGBUS: i32 = 7;
const SIGSEGV: i32 = 11;

/// Processes that wait for queries.
pub(super) struct Pool {
    program: QueryProgram,
    idle: Mutex<Vec<Process>>,
}

/// A process and the line to it; it is ended when it is dropped.
pub(super) struct Process {
    child: Reaped,
    stream: UnixStream,
    /// Its priority was lowered, which cannot be undone.
    is_spent: bool,
}

/// How a process ended that was not told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It came to the limit of its memory, or of its stack.
    Aborted,
    /// By another's hand, or because it had grown.
    Otherwise,
}

/// A child that is ended and waited for when it is dropped.
struct Reaped(Child);

/// Holds the process of a query: whoever has a clone can end it, before it has begun, too.
#[derive(Clone, Default)]
pub(super) struct Leash(Arc<Mutex<State>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Short,
    Long,
}

/// A process at a query.
struct Running {
    child: Reaped,
    length: Length,
    /// The processor time that it had used before.
    used_before: Duration,
}

#[derive(Default)]
enum State {
    /// The query has no process yet, or no longer.
    #[default]
    Free,
    Running(Running),
    /// The query is not to go on; its process, where it had one, was ended.
    Ended {
        _process: Option<Reaped>,
    },
}

impl Pool {
    /// A pool with one process that waits.
    pub(super) fn start(program: QueryProgram) -> io::Result<Self> {
        let first = Process::start(&program)?;
        Ok(Self { program, idle: Mutex::new(vec![first]) })
    }

    /// A process that waits for a query.
    pub(super) fn take(&self) -> io::Result<Process> {
        let idle = self.idle().pop();
        idle.map_or_else(|| Process::start(&self.program), Ok)
    }

    pub(super) fn give_back(&self, process: Process) {
        if process.is_spent {
            drop(process);
            return self.refill();
        }
        let mut idle = self.idle();
        if idle.len() < QUERY_IDLE_PROCESSES_MAX {
            idle.push(process);
        }
    }

    /// Starts a process in the place of one that was ended, so that the next query need not wait for it.
    pub(super) fn refill(&self) {
        if self.idle().is_empty() {
            match Process::start(&self.program) {
                Ok(process) => self.give_back(process),
                Err(error) => tracing::error!(%error, "a process for queries cannot be started"),
            }
        }
    }

    pub(super) fn close(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    fn start(program: &QueryProgram) -> io::Result<Self> {
        let (stream, line) = UnixStream::pair()?;
        let child = Command::new(&program.path)
            .args(&program.arguments)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(line)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child: Reaped(child), stream, is_spent: false })
    }

    /// Waits for a process whose line has ended, or ends it where the line alone has.
    pub(super) fn end(mut self) -> Ended {
        // How a process ended that already has is not changed by it.
        let _ = self.child.0.kill();
        match self.child.0.wait() {
            Ok(status) if matches!(status.signal(), Some(SIGABRT | SIGSEGV | SIGBUS)) => Ended::Aborted,
            Ok(_) | Err(_) => Ended::Otherwise,
        }
    }
}

impl Reaped {
    /// The processor time of the process, by the 14th and 15th field of its statistics (Linux, `proc_pid_stat(5)`).
    fn used(&self) -> Option<Duration> {
        let statistics = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).ok()?;
        let (_, fields) = statistics.rsplit_once(") ")?;
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap_or(0)).sum();
        Some(Duration::from_millis(ticks * 1000 / clock_ticks_per_second()))
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        // It fails where the process has ended by itself.
        let _ = self.0.kill();
        if let Err(error) = self.0.wait() {
            tracing::error!(%error, "a process for queries was not waited for");
        }
    }
}

impl Leash {
    /// Takes a process for the query and gives the line to it; none where the query is not to begin any more.
    pub(super) fn attach(&self, process: Process) -> Option<UnixStream> {
        let mut state = self.state();
        if matches!(*state, State::Ended { .. }) {
            return None;
        }
        let Process { child, stream, .. } = process;
        let used_before = child.used().unwrap_or_default();
        *state = State::Running(Running { child, length: Length::Short, used_before });
        Some(stream)
    }

    /// Gives the process back; none where it was ended.
    pub(super) fn detach(&self, stream: UnixStream) -> Option<Process> {
        match std::mem::take(&mut *self.state()) {
            State::Running(Running { child, length, .. }) => {
                Some(Process { child, stream, is_spent: length == Length::Long })
            }
            State::Free | State::Ended { .. } => None,
        }
    }

    /// Ends the query. Its process is killed, and waited for where the query is looked after.
    pub(super) fn end(&self) {
        let mut state = self.state();
        *state = match std::mem::take(&mut *state) {
            State::Running(mut running) => {
                // It fails where the process has ended by itself.
                let _ = running.child.0.kill();
                State::Ended { _process: Some(running.child) }
            }
            State::Free => State::Ended { _process: None },
            ended @ State::Ended { .. } => ended,
        };
    }

    /// Lets shorter queries go before this one.
    pub(super) fn yield_to_others(&self) {
        if let State::Running(running) = &mut *self.state() {
            running.length = Length::Long;
            if let Err(error) = setpriority_process(Some(Pid::from_child(&running.child.0)), QUERY_LONG_PRIORITY) {
                tracing::warn!(%error, "a long query keeps its priority");
            }
        }
    }

    /// The processor time that the query has used in its process; none where the machine does not tell.
    pub(super) fn used(&self) -> Option<Duration> {
        match &*self.state() {
            State::Running(running) => Some(running.child.used()?.saturating_sub(running.used_before)),
            State::Free | State::Ended { .. } => Some(Duration::ZERO),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
