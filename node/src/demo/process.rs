//! A node as a process of its own: started, awaited until it is ready, ended with its owner.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde::Deserialize;

/// A running node; it is killed when this is dropped.
#[derive(Debug)]
pub struct NodeProcess {
    child: Child,
    ready: Ready,
    // Kept open: a node whose standard output is closed could fail when it writes.
    _stdout: BufReader<ChildStdout>,
}

/// What a node prints when it answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Ready {
    /// The base of its HTTP interface.
    pub http: String,
    /// Where peers reach it.
    pub p2p: Vec<String>,
    /// Its identity.
    pub peer_id: String,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The machine did not start the program.
    #[error("cannot start {program}: {reason}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It ended, or said something else, before it was ready.
    #[error("the node did not become ready; its log is {log}:\n{tail}")]
    NotReady {
        /// Where its messages are.
        log: PathBuf,
        /// The last of them.
        tail: String,
    },
}

/// Longest ready line: a few addresses.
const READY_LINE_BYTES_MAX: u64 = 64 * 1024;
const LOG_LINES_SHOWN: usize = 10;

impl NodeProcess {
    /// Starts `program` with `arguments` and waits until it says that it is ready; its messages go to `log`.
    pub fn start(program: &Path, arguments: &[String], log: &Path) -> Result<Self, StartError> {
        let spawn_error =
            |error: std::io::Error| StartError::Spawn { program: program.to_owned(), reason: error.to_string() };
        let messages = std::fs::OpenOptions::new().create(true).append(true).open(log).map_err(spawn_error)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(messages)
            .spawn()
            .map_err(spawn_error)?;
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let mut line = String::new();
        let read = stdout.by_ref().take(READY_LINE_BYTES_MAX).read_line(&mut line);
        match read.ok().and_then(|_| serde_json::from_str(&line).ok()) {
            Some(ready) => Ok(Self { child, ready, _stdout: stdout }),
            None => {
                end(&mut child);
                Err(StartError::NotReady { log: log.to_owned(), tail: tail(log) })
            }
        }
    }

    /// What it printed when it was ready.
    #[must_use]
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would end it.
    pub fn kill(mut self) {
        end(&mut self.child);
    }

    /// Asks it to stop and waits until it has; whether it ended with status 0.
    pub fn stop(mut self) -> bool {
        // The standard library sends no other signal than KILL.
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        if asked.is_ok_and(|status| status.success()) {
            return self.child.wait().is_ok_and(|status| status.success());
        }
        end(&mut self.child);
        false
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // An error says that it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
