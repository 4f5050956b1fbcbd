//! The HTTP server: a bounded number of connections, none of which may sit idle before a request or in its answer.

mod places;
mod stalling;
mod tls;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::bounds::{ACCEPT_PAUSE, SHUTDOWN_TIMEOUT, STREAMS_PER_CONNECTION_MAX};
use crate::doors::Doors;
use crate::origin::{Connected, Transport};
use crate::settings::Limits;

use places::{Place, Places};
use stalling::Stalling;
pub use tls::{Tls, TlsError};

/// Serves `router` on `listener` until `stop`, with TLS where there is one; requests that are being answered then have
/// some seconds to end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    doors: Doors,
    tls: Option<Tls>,
    stop: impl Future<Output = ()>,
) {
    let places = Places::new(&doors);
    let server = Arc::new(Server { router, tls, builder: builder(doors.limits()), limits: *doors.limits() });
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else { continue };
        let watcher = connections.watcher();
        let server = Arc::clone(&server);
        tokio::spawn(async move { server.attend(stream, place, watcher).await });
    }
    drop(listener);
    doors.close();
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, connections.shutdown()).await.is_err() {
        tracing::info!("closing connections whose requests did not end in time");
    }
}

/// What every connection is served with.
struct Server {
    router: Router,
    tls: Option<Tls>,
    builder: Builder<TokioExecutor>,
    limits: Limits,
}

impl Server {
    /// Serves one connection to its end. That it breaks is the client's matter; its place is free again either way.
    async fn attend(&self, stream: TcpStream, place: Place, watcher: Watcher) {
        let Some(tls) = &self.tls else {
            return self.speak(stream, Transport::Plain, &place, watcher).await;
        };
        let patience = Duration::from_millis(self.limits.header_ms_max);
        if let Ok(Ok(stream)) = tokio::time::timeout(patience, tls.accept(stream)).await {
            self.speak(stream, Transport::Tls, &place, watcher).await;
        }
    }

    async fn speak<S>(&self, stream: S, transport: Transport, place: &Place, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connected = Connected { peer: place.peer(), transport };
        let service = TowerToHyperService::new(self.router.clone().layer(Extension(connected)));
        let opening = Duration::from_millis(self.limits.header_ms_max);
        let stalling = Duration::from_millis(self.limits.stall_ms_max);
        let io = TokioIo::new(Stalling::new(stream, opening, stalling));
        let _ = watcher.watch(self.builder.serve_connection(io, service)).await;
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let patience = Duration::from_millis(limits.header_ms_max);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(limits.header_bytes_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(patience)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX);
    builder
}

/// The next connection once there is a place for it; the rest wait in the system's own bounded queue.
async fn accept(listener: &TcpListener, places: &Places) -> Option<(TcpStream, Place)> {
    let free = places.free().await?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Without it small answers wait for the client's acknowledgement; an error costs only that.
            let _ = stream.set_nodelay(true);
            places.take(free, peer.ip()).map(|place| (stream, place))
        }
        Err(error) => {
            // Out of file descriptors, mostly: others must end before one can begin.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
