//! Hooks: a program that is started, or an address that is posted to, when something happens.
//!
//! Each hook works through its events one after the other, so that it sees them in order. A hook that is slow or fails
//! delays nobody else; what it does not take in time is told it as missed.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use ureq::Agent;
use ureq::http::header;
use web::PublicUrl;

use crate::bounds;
use crate::clock::Clock;
use crate::events::{Event, Events};

/// What the operator wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// On which events, by their names; on all where it is empty.
    pub events: BTreeSet<String>,
    /// What.
    pub action: Action,
    /// How long it may take.
    pub timeout_ms: u64,
}

/// What a hook does with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Starts a program, given with its arguments; the event is its standard input.
    Command(Vec<String>),
    /// Posts the event to this address, and to no other that it may redirect to.
    Post(PublicUrl),
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
enum HookError {
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
    fn wants(&self, event: &Event) -> bool {
        self.events.is_empty() || self.events.contains(event.happening.name())
    }

    /// Hands every event to the action, in order, until `stop`.
    pub(crate) async fn run(self, events: Events, clock: Clock, stop: CancellationToken) {
        let mut live = events.follow();
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => return,
                received = live.recv() => Events::taken(received, clock.now()),
            };
            let Some(event) = event else { return };
            if self.wants(&event) {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.tell(&event) => (),
                }
            }
        }
    }

    /// Hands one event to the action, and again after a pause where it fails.
    async fn tell(&self, event: &Event) {
        let Ok(json) = serde_json::to_vec(event) else { return };
        for attempt in 1..=bounds::HOOK_ATTEMPTS_MAX {
            match self.act(&json).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(hook = ?self.action, event = event.happening.name(), attempt, %error, "a hook failed")
                }
            }
            if attempt < bounds::HOOK_ATTEMPTS_MAX {
                tokio::time::sleep(bounds::HOOK_PAUSE * attempt).await;
            }
        }
    }

    async fn act(&self, json: &[u8]) -> Result<(), HookError> {
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

#[cfg(test)]
mod tests {
    use proto::timestamp::Instant;

    use super::*;
    use crate::events::Happening;

    fn event(name: &str) -> Event {
        let happening = Happening::PeerUp { peer: "12D3".to_owned(), name: name.to_owned() };
        Event { at: Instant::default().to_string(), change: None, happening }
    }

    fn command(words: &[&str]) -> Hook {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Hook { events: BTreeSet::new(), action: Action::Command(words), timeout_ms: 60_000 }
    }

    #[tokio::test]
    async fn a_program_gets_the_event_as_its_input() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("told");
        let script = format!("cat > {}", file.display());
        command(&["sh", "-c", &script]).tell(&event("site B")).await;
        let told: Event = serde_json::from_slice(&std::fs::read(&file).expect("it was told")).expect("it is JSON");
        assert_eq!(told, event("site B"));
    }

    #[tokio::test]
    async fn a_program_that_fails_says_why() {
        let error = command(&["sh", "-c", "echo no such image >&2; exit 3"]).act(b"{}").await.expect_err("it fails");
        assert!(error.to_string().contains("no such image"), "{error}");
        let error = command(&["/nowhere"]).act(b"{}").await.expect_err("there is none").to_string();
        assert!(error.contains("/nowhere"), "{error}");
    }

    #[tokio::test]
    async fn a_program_that_does_not_read_and_says_much_holds_nobody_up() {
        let says_much = command(&["sh", "-c", "head -c 1000000 /dev/zero >&2"]);
        says_much.act(&vec![b' '; 1_000_000]).await.expect("it ends");
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_cut_off() {
        let endless = Hook { timeout_ms: 50, ..command(&["sleep", "600"]) };
        assert!(matches!(endless.act(b"{}").await, Err(HookError::Slow(50))));
    }

    #[tokio::test]
    async fn a_hook_hears_of_the_events_that_it_names() {
        let hook = Hook { events: ["peer_up".to_owned()].into(), ..command(&["true"]) };
        assert!(hook.wants(&event("a")));
        let other = Event { happening: Happening::Missed { count: 1 }, ..event("a") };
        assert!(!hook.wants(&other));
        assert!(command(&["true"]).wants(&other));
    }

    #[tokio::test]
    async fn an_event_is_posted_and_a_redirect_is_not_followed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url: PublicUrl =
            format!("http://{}/hook", listener.local_addr().expect("an address")).parse().expect("a URL");
        let serving = std::thread::spawn(move || {
            let mut seen = Vec::new();
            for answer in ["204 No Content", "302 Found\r\nLocation: http://127.0.0.1:1/elsewhere"] {
                seen.push(serve_once(&listener, answer));
            }
            seen
        });
        let hook = Hook { action: Action::Post(url), ..command(&[]) };
        hook.act(b"{\"event\":\"peer_up\"}").await.expect("it is taken");
        let error = hook.act(b"{}").await.expect_err("it is not taken").to_string();
        assert!(error.contains("302"), "{error}");
        let seen = serving.join().expect("it served");
        assert!(seen[0].starts_with("POST /hook") && seen[0].ends_with("{\"event\":\"peer_up\"}"), "{}", seen[0]);
    }

    /// Takes one request and gives this answer; the request as it came.
    fn serve_once(listener: &std::net::TcpListener, answer: &str) -> String {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = String::new();
        let mut buffer = [0; 1024];
        while !request.contains("\r\n\r\n") || !request.ends_with('}') {
            let read = stream.read(&mut buffer).expect("a request");
            assert_ne!(read, 0, "the client left: {request}");
            request.push_str(std::str::from_utf8(&buffer[..read]).expect("text"));
        }
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).expect("it is sent");
        request
    }
}
