//! The processes that evaluate queries: started ahead, given out one query each at a time, and ended when they must be.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Pid;

use crate::bounds::QUERY_IDLE_PROCESSES_MAX;

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
    pub(super) child: Reaped,
    pub(super) stream: UnixStream,
    /// Its priority was lowered, which cannot be undone.
    pub(super) is_spent: bool,
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
pub(super) struct Reaped(Child);

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
        self.child.kill();
        match self.child.0.wait() {
            Ok(status) if matches!(status.signal(), Some(SIGABRT | SIGSEGV | SIGBUS)) => Ended::Aborted,
            Ok(_) | Err(_) => Ended::Otherwise,
        }
    }
}

impl Reaped {
    pub(super) fn id(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(super) fn kill(&mut self) {
        // It fails where the process has ended by itself.
        let _ = self.0.kill();
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        self.kill();
        if let Err(error) = self.0.wait() {
            tracing::error!(%error, "a process for queries was not waited for");
        }
    }
}
