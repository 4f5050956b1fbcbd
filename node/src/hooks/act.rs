//! Doing what a hook says: starting a program, posting to an address.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;
use ureq::Agent;
use ureq::http::header;
use web::PublicUrl;

use super::{Action, Hook};
use crate::bounds;

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum HookError {
    #[error("cannot start {program}: {error}")]
    Start { program: String, error: std::io::Error },
    #[error("cannot talk to the program: {0}")]
    Pipe(#[from] std::io::Error),
    #[error("the program ended with {status}: {said}")]
    Status { status: std::process::ExitStatus, said: String },
    #[error("{0}")]
    Post(String),
    #[error("it took longer than {0} ms")]
    Slow(u64),
}

impl Hook {
    pub(super) async fn act(&self, json: &[u8]) -> Result<(), HookError> {
        let acting = async {
            match &self.action {
                Action::Command(words) => start(words, json).await,
                Action::Post(url) => post(url.clone(), json.to_vec(), Duration::from_millis(self.timeout_ms)).await,
            }
        };
        timeout(Duration::from_millis(self.timeout_ms), acting).await.unwrap_or(Err(HookError::Slow(self.timeout_ms)))
    }
}

/// Starts a program with the event as its input; it is killed where nobody waits for it any more.
async fn start(words: &[String], json: &[u8]) -> Result<(), HookError> {
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| HookError::Start { program: program.clone(), error })?;
    let stdin = child.stdin.take();
    let stderr = child.stderr.take();
    let telling = async {
        if let Some(mut stdin) = stdin {
            // A program may end without reading all.
            let _ = stdin.write_all(json).await;
            let _ = stdin.write_all(b"\n").await;
        }
    };
    let listening = async {
        let mut said = Vec::new();
        if let Some(stderr) = stderr {
            let mut stderr = stderr.take(bounds::HOOK_ERROR_BYTES_MAX);
            stderr.read_to_end(&mut said).await?;
            // What is beyond is read and dropped, so that the program is not held up.
            tokio::io::copy(stderr.get_mut(), &mut tokio::io::sink()).await?;
        }
        Ok::<_, std::io::Error>(said)
    };
    let ((), said) = tokio::join!(telling, listening);
    let status = child.wait().await?;
    if status.success() {
        return Ok(());
    }
    Err(HookError::Status { status, said: String::from_utf8_lossy(&said?).trim().to_owned() })
}

async fn post(url: PublicUrl, json: Vec<u8>, limit: Duration) -> Result<(), HookError> {
    let posting = tokio::task::spawn_blocking(move || {
        let config = Agent::config_builder()
            .timeout_global(Some(limit))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("marketplace/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent: Agent = config.new_agent();
        let sent = agent.post(url.as_str()).header(header::CONTENT_TYPE, "application/json").send(&json);
        match sent.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Ok(()),
            Ok(status) => Err(format!("{} answers {status}", url.as_str())),
            Err(error) => Err(format!("{}: {error}", url.as_str())),
        }
    });
    posting.await.unwrap_or_else(|error| Err(error.to_string())).map_err(HookError::Post)
}
