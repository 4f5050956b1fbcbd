//! Datagrams between one node that dials and one that is dialled.

use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use super::lane::Lane;
use super::{PIECE_BYTES_MAX, Passage, Shared, Way};

/// Listens at `near`; says where.
pub(super) async fn listen(near: SocketAddr, shared: Shared, tasks: &mut JoinSet<()>) -> io::Result<SocketAddr> {
    let listening = UdpSocket::bind(near).await?;
    let onward = UdpSocket::bind(near).await?;
    onward.connect(shared.target).await?;
    let address = listening.local_addr()?;
    tasks.spawn(carry(listening, onward, shared));
    Ok(address)
}

async fn carry(listening: UdpSocket, onward: UdpSocket, shared: Shared) {
    let mut changes = shared.state.clone();
    let (mut out, mut back) = (Lane::new(Way::Out), Lane::new(Way::Back));
    // The one who dialled; nodes dial from where they listen, so that it stays who it is.
    let mut dialler = None;
    let (mut first, mut second) = (vec![0; PIECE_BYTES_MAX], vec![0; PIECE_BYTES_MAX]);
    loop {
        // Errors of sockets say that a node is down for now: what is sent to it is lost.
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
                if shared.state.borrow().passage == Passage::Cut {
                    out.lose_all(&shared);
                    back.lose_all(&shared);
                }
            }
            () = out.due(&shared) => {
                if let Some(bytes) = out.hand_out(&shared) {
                    let _ = onward.send(&bytes).await;
                }
            }
            () = back.due(&shared) => {
                if let (Some(bytes), Some(dialler)) = (back.hand_out(&shared), dialler) {
                    let _ = listening.send_to(&bytes, dialler).await;
                }
            }
            received = listening.recv_from(&mut first) => {
                if let Ok((length, from)) = received {
                    dialler = Some(from);
                    out.take_datagram(&first[..length], &shared);
                }
            }
            received = onward.recv(&mut second) => {
                if let Ok(length) = received {
                    back.take_datagram(&second[..length], &shared);
                }
            }
        }
    }
}
