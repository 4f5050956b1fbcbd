//! Streams of bytes between one node that dials and one that is dialled.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::lane::Lane;
use super::{PIECE_BYTES_MAX, Passage, STREAMS_MAX, Shared, Way};

/// Listens at `near`; says where.
pub(super) async fn listen(near: SocketAddr, shared: Shared, tasks: &mut JoinSet<()>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(near).await?;
    let address = listener.local_addr()?;
    tasks.spawn(accept(listener, shared));
    Ok(address)
}

async fn accept(listener: TcpListener, shared: Shared) {
    let mut streams = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = streams.join_next() => continue,
        };
        // One that is not taken is closed, which the node that dials sees at once.
        let is_cut = shared.state.borrow().passage == Passage::Cut;
        if let (Ok((near, _)), false, true) = (accepted, is_cut, streams.len() < STREAMS_MAX) {
            streams.spawn(carry(near, shared.clone()));
        }
    }
}

/// Carries both ways until both have ended or the link is cut.
async fn carry(near: TcpStream, shared: Shared) {
    let Ok(far) = TcpStream::connect(shared.target).await else { return };
    if near.set_nodelay(true).and_then(|()| far.set_nodelay(true)).is_err() {
        return;
    }
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    let mut state = shared.state.clone();
    tokio::select! {
        _ = state.wait_for(|state| state.passage == Passage::Cut) => (),
        _ = async {
            tokio::join!(
                carry_one_way(near_read, far_write, Way::Out, shared.clone()),
                carry_one_way(far_read, near_write, Way::Back, shared.clone()),
            )
        } => (),
    }
}

async fn carry_one_way(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way, shared: Shared) {
    let mut changes = shared.state.clone();
    let mut lane = Lane::new(way);
    let mut piece = vec![0; PIECE_BYTES_MAX];
    let mut has_ended = false;
    while !(has_ended && lane.is_empty()) {
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = lane.due(&shared) => {
                let bytes = lane.hand_out(&shared).unwrap_or_default();
                if to.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            read = from.read(&mut piece), if !has_ended && lane.has_room() => match read {
                Ok(length @ 1..) => lane.take_piece(&piece[..length], &shared),
                _ => has_ended = true,
            },
        }
    }
    // An error says that the other side has closed it already.
    let _ = to.shutdown().await;
}
