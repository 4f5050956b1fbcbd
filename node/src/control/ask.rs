//! The operator's side of the control socket.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::{Answer, Request, path};
use crate::bounds;

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
    let socket_error = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NotRunning(data_dir.to_owned()),
        _ => AskError::Socket { path: path.clone(), error },
    };
    let line = exchange(&path, request).map_err(socket_error)?;
    serde_json::from_slice(&line).map_err(|error| AskError::Answer { path: path.clone(), error })
}

fn exchange(path: &Path, request: &Request) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(bounds::CONTROL_TIMEOUT))?;
    stream.set_write_timeout(Some(bounds::CONTROL_TIMEOUT))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = Vec::new();
    let limit = u64::try_from(bounds::CONTROL_ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
    BufReader::new(stream).take(limit).read_until(b'\n', &mut answer)?;
    match answer.pop() {
        Some(b'\n') => Ok(answer),
        _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended without an answer")),
    }
}
