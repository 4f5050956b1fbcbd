//! The node's side of the control socket: few connections, short lines, a time for each.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Answer, Handler, Refused, Request, follow, path};
use crate::bounds;
use crate::network::Connected;

/// A bound control socket; its file goes when this is dropped.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
}

/// Why the node cannot listen for its operator.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another node answers there.
    #[error("a node is running already with the data folder of {0}")]
    InUse(PathBuf),
    /// The machine does not let it.
    #[error("cannot listen on {path}: {error}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system said; a path may have about 100 bytes.
        error: io::Error,
    },
}

/// Listens in a data folder; the socket of a node that has died is replaced, that of one that lives is not.
pub async fn listen(data_dir: &Path) -> Result<Listener, ListenError> {
    let path = path(data_dir);
    if UnixStream::connect(&path).await.is_ok() {
        return Err(ListenError::InUse(path));
    }
    let listener = bind(&path).map_err(|error| ListenError::Socket { path: path.clone(), error })?;
    Ok(Listener { listener, path })
}

/// The socket takes its name once it is the owner's alone, so that nobody slips in before.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let unnamed = path.with_extension("new");
    match std::fs::remove_file(&unnamed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => (),
    }
    let listener = UnixListener::bind(&unnamed)?;
    std::fs::set_permissions(&unnamed, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&unnamed, path)?;
    Ok(listener)
}

impl Drop for Listener {
    fn drop(&mut self) {
        // What stays is replaced by the next node.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Answers operators until `stop` is cancelled; it ends when the answers under way are given.
pub async fn serve<H: Handler>(listener: Listener, handler: H, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(bounds::CONTROL_CONNECTIONS_MAX));
    let followers = Arc::new(Semaphore::new(bounds::EVENT_FOLLOWERS_MAX));
    let connections = TaskTracker::new();
    loop {
        let accept = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (handler, followers, stop) = (handler.clone(), Arc::clone(&followers), stop.clone());
                connections.spawn(async move {
                    converse(stream, &handler, &followers, &stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "an operator's connection was not accepted");
                // Out of descriptors, accepting fails at once and again; others need the time to give some back.
                tokio::time::sleep(bounds::CONTROL_ACCEPT_PAUSE).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
}

/// Answers request after request of one operator.
async fn converse<H: Handler>(stream: UnixStream, handler: &H, followers: &Arc<Semaphore>, stop: &CancellationToken) {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    loop {
        let line = tokio::select! {
            () = stop.cancelled() => return,
            line = timeout(bounds::CONTROL_TIMEOUT, read_line(&mut reading)) => line,
        };
        let Ok(Ok(Some(line))) = line else { return };
        let answer = match serde_json::from_slice::<Request>(&line) {
            Ok(Request::FollowEvents { after }) => match Arc::clone(followers).try_acquire_owned() {
                Ok(_place) => return follow::tell(handler, after, (&mut reading, &mut writing), stop).await,
                Err(_) => Answer::Refused { reason: format!("{} follow already", bounds::EVENT_FOLLOWERS_MAX) },
            },
            Ok(request) => answer(handler, request).await,
            Err(error) => Answer::Refused { reason: format!("this is not a request of this version: {error}") },
        };
        if !matches!(timeout(bounds::CONTROL_TIMEOUT, write_line(&mut writing, &answer)).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// A line without its end; none where the operator has left or the line is too long.
async fn read_line(reading: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = u64::try_from(bounds::CONTROL_REQUEST_BYTES_MAX).unwrap_or(u64::MAX);
    reading.take(limit).read_until(b'\n', &mut line).await?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

pub(super) async fn write_line(writing: &mut OwnedWriteHalf, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    writing.write_all(&line).await
}

async fn answer<H: Handler>(handler: &H, request: Request) -> Answer {
    let answered = match request {
        Request::Status => handler.status().await.map(|status| Answer::Status { status: Box::new(status) }),
        Request::ListPeers => handler.list_peers().await.map(|peers| Answer::Peers { peers }),
        Request::AddPeer { peer } => handler.add_peer(peer.into()).await.map(|()| Answer::Done),
        Request::RemovePeer { id } => handler.remove_peer(id).await.map(|()| Answer::Done),
        // It is answered where the conversation is, for it does not end.
        Request::FollowEvents { .. } => Err(Refused("events are followed on a connection of their own".to_owned())),
        Request::PingPeer { id } => handler.ping_peer(id).await.map(|pinged| Answer::Pinged {
            address: pinged.address,
            is_new: pinged.connected == Connected::Now,
            round_trip_us: u64::try_from(pinged.round_trip.as_micros()).unwrap_or(u64::MAX),
        }),
        Request::ListRefused { after } => {
            handler.list_refused(after).await.map(|refusals| Answer::Refusals { refusals })
        }
        Request::FindRefused { identity } => {
            handler.find_refused(identity).await.map(|refusals| Answer::Refusals { refusals })
        }
        Request::RetryRefused { identity } => {
            handler.retry_refused(identity).await.map(|outcomes| Answer::Retried { outcomes })
        }
        Request::ApplyRoster { envelope } => handler.apply_roster(envelope).await.map(|()| Answer::Done),
    };
    answered.unwrap_or_else(|Refused(reason)| Answer::Refused { reason })
}

#[cfg(test)]
mod tests {
    use proto::node_id::NodeId;

    use proto::digest::Sha256Digest;
    use proto::timestamp::Instant;
    use tokio::sync::broadcast;

    use super::super::{AskError, PeerReport, RefusedReport, StatusReport, ask};
    use super::*;
    use crate::config::PeerEntry;
    use crate::events::{Event, Events, Happening};
    use crate::network::Pinged;

    #[derive(Clone, Default)]
    struct Fixed(Events);

    fn withdrawn(change: u64) -> Event {
        let happening = Happening::EntryWithdrawn { entry: change.to_string() };
        Event { at: String::new(), change: Some(change), happening }
    }

    impl Handler for Fixed {
        async fn status(&self) -> Result<StatusReport, Refused> {
            Ok(StatusReport { name: "a".to_owned(), ..StatusReport::default() })
        }

        async fn list_peers(&self) -> Result<Vec<PeerReport>, Refused> {
            Ok(Vec::new())
        }

        async fn add_peer(&self, peer: PeerEntry) -> Result<(), Refused> {
            Err(Refused(format!("{} is this node", peer.id)))
        }

        async fn remove_peer(&self, _: NodeId) -> Result<(), Refused> {
            Ok(())
        }

        async fn ping_peer(&self, _: NodeId) -> Result<Pinged, Refused> {
            Err(Refused("it is not reached".to_owned()))
        }

        async fn list_refused(&self, _: u64) -> Result<Vec<RefusedReport>, Refused> {
            Ok(Vec::new())
        }

        async fn find_refused(&self, _: Sha256Digest) -> Result<Vec<RefusedReport>, Refused> {
            Ok(Vec::new())
        }

        async fn retry_refused(&self, _: Option<String>) -> Result<Vec<String>, Refused> {
            Ok(Vec::new())
        }

        fn now(&self) -> Instant {
            Instant::default()
        }

        fn follow_events(&self) -> broadcast::Receiver<Arc<Event>> {
            self.0.follow()
        }

        async fn events_after(&self, change: u64) -> Result<Vec<Event>, Refused> {
            Ok((change + 1..=3).map(withdrawn).collect())
        }

        async fn apply_roster(&self, _: String) -> Result<(), Refused> {
            Ok(())
        }
    }

    struct Running {
        folder: tempfile::TempDir,
        events: Events,
        stop: CancellationToken,
        task: tokio::task::JoinHandle<()>,
    }

    async fn start() -> Running {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = listen(folder.path()).await.expect("the socket is free");
        let stop = CancellationToken::new();
        let events = Events::default();
        let task = tokio::spawn(serve(listener, Fixed(events.clone()), stop.clone()));
        Running { folder, events, stop, task }
    }

    async fn asked(running: &Running, request: Request) -> Answer {
        let data_dir = running.folder.path().to_owned();
        let ask = tokio::task::spawn_blocking(move || ask(&data_dir, &request));
        ask.await.expect("it does not panic").expect("it is answered")
    }

    #[tokio::test]
    async fn a_running_node_answers_its_operator() {
        let running = start().await;
        let Answer::Status { status } = asked(&running, Request::Status).await else { panic!("no status") };
        assert_eq!(status.name, "a");
        let id = NodeId::from_public_key([7; 32]);
        assert_eq!(asked(&running, Request::RemovePeer { id }).await, Answer::Done);
        let refused = asked(&running, Request::AddPeer { peer: (&PeerEntry::member(id, Vec::new())).into() }).await;
        assert_eq!(refused, Answer::Refused { reason: format!("{id} is this node") });
    }

    #[tokio::test]
    async fn who_follows_is_told_what_happened_before_and_what_happens_then_until_the_node_stops() {
        let running = start().await;
        let data_dir = running.folder.path().to_owned();
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let following = tokio::task::spawn_blocking(move || {
            super::super::follow(&data_dir, Some(1), |event| Ok(told.send(event.clone())?))
        });
        for change in [2, 3] {
            assert_eq!(heard.recv().await, Some(withdrawn(change)));
        }
        let happening = Happening::PeerUp { peer: "12D3".to_owned(), name: String::new() };
        running.events.tell(Instant::default(), happening.clone());
        assert_eq!(heard.recv().await.map(|event| event.happening), Some(happening));
        running.stop.cancel();
        following.await.expect("no panics").expect("it ends in order");
    }

    #[tokio::test]
    async fn the_socket_is_the_owners_alone_and_goes_with_the_node() {
        let running = start().await;
        let path = path(running.folder.path());
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        running.stop.cancel();
        running.task.await.expect("it ends");
        assert!(!path.exists());
        assert!(matches!(ask(running.folder.path(), &Request::Status), Err(AskError::NotRunning(_))));
    }

    #[tokio::test]
    async fn a_second_node_does_not_take_the_socket() {
        let running = start().await;
        assert!(matches!(listen(running.folder.path()).await, Err(ListenError::InUse(_))));
    }

    #[tokio::test]
    async fn the_socket_of_a_dead_node_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        // The standard listener leaves its file behind, as a killed node does.
        drop(std::os::unix::net::UnixListener::bind(path(folder.path())).expect("it binds"));
        assert!(path(folder.path()).exists());
        assert!(matches!(ask(folder.path(), &Request::Status), Err(AskError::NotRunning(_))));
        listen(folder.path()).await.expect("nobody answers there");
    }

    #[tokio::test]
    async fn a_line_that_is_no_request_is_refused_and_one_too_long_ends_the_conversation() {
        let running = start().await;
        let mut stream = UnixStream::connect(path(running.folder.path())).await.expect("it listens");
        stream.write_all(b"{\"request\":\"format_disk\"}\n").await.expect("it is sent");
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        lines.read_line(&mut line).await.expect("it is answered");
        assert!(line.contains("refused"), "{line}");
        let long = vec![b' '; bounds::CONTROL_REQUEST_BYTES_MAX + 1];
        // The node may close before it has taken all.
        let _ = lines.get_mut().write_all(&long).await;
        let ended = lines.read_line(&mut line).await;
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
}
