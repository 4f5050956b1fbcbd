//! The operator's side of the control socket.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::{Answer, Request, path};
use crate::bounds;
use crate::events::Event;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No node listens in this data folder.
    #[error("no node is running with the data folder {0}")]
    NotRunning(PathBuf),
    /// The socket cannot be used; permissions, or a node that does not answer.
    #[error("cannot talk to the node at {path}: {error}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The answer is of another version.
    #[error("the node at {path} gives an answer that this version does not read: {error}")]
    Answer {
        /// The socket.
        path: PathBuf,
        /// What is wrong with it.
        error: serde_json::Error,
    },
}

/// Asks the node of a data folder.
pub fn ask(data_dir: &Path, request: &Request) -> Result<Answer, AskError> {
    let path = path(data_dir);
    let line = exchange(&path, request).map_err(|error| socket_error(data_dir, &path, error))?;
    serde_json::from_slice(&line).map_err(|error| AskError::Answer { path: path.clone(), error })
}

/// Hands every event of a running node to `tell`, until the node stops or `tell` fails.
pub fn follow(
    data_dir: &Path,
    after: Option<u64>,
    mut tell: impl FnMut(&Event) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let path = path(data_dir);
    let failed = |error| socket_error(data_dir, &path, error);
    let stream = send(&path, &Request::FollowEvents { after }).map_err(failed)?;
    // Nothing may happen for days.
    stream.set_read_timeout(None).map_err(failed)?;
    let mut reading = BufReader::new(stream);
    while let Some(line) = read_line(&mut reading).map_err(failed)? {
        match serde_json::from_slice(&line).map_err(|error| AskError::Answer { path: path.clone(), error })? {
            Answer::Event { event } => tell(&event)?,
            Answer::Refused { reason } => anyhow::bail!("the node tells no events: {reason}"),
            other => anyhow::bail!("the node answers {other:?} when asked for events"),
        }
    }
    Ok(())
}

fn socket_error(data_dir: &Path, path: &Path, error: io::Error) -> AskError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NotRunning(data_dir.to_owned()),
        _ => AskError::Socket { path: path.to_owned(), error },
    }
}

fn exchange(path: &Path, request: &Request) -> io::Result<Vec<u8>> {
    let mut reading = BufReader::new(send(path, request)?);
    read_line(&mut reading)?.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "it ended without an answer"))
}

fn send(path: &Path, request: &Request) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(bounds::CONTROL_TIMEOUT))?;
    stream.set_write_timeout(Some(bounds::CONTROL_TIMEOUT))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    Ok(stream)
}

/// A whole line without its end; none where the node has ended.
fn read_line(reading: &mut BufReader<UnixStream>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = u64::try_from(bounds::CONTROL_ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
    reading.take(limit).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}
