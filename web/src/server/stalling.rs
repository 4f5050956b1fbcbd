//! A connection that is given up when its other end does not begin, or takes no bytes for long.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A connection that fails where nothing says in time which version of HTTP it speaks, and once a write has waited for
/// too long. The server's own limit on the time of headers begins only when the version is known.
pub(super) struct Stalling<S> {
    stream: S,
    /// How many bytes of [`PREFACE`] were read, and the moment by which it must be known whether all will be.
    opening: Option<(usize, Pin<Box<Sleep>>)>,
    patience: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

/// What HTTP/2 begins with (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl<S> Stalling<S> {
    pub(super) fn new(stream: S, opening: Duration, patience: Duration) -> Self {
        Self { stream, opening: Some((0, Box::pin(sleep(opening)))), patience, waiting: None }
    }

    /// Notes what was read; the version is known where it is other than the preface, or all of it.
    fn note(&mut self, read: &[u8]) {
        let Some((seen, _)) = &mut self.opening else { return };
        let expected = PREFACE.get(*seen..).unwrap_or_default();
        let is_preface = expected.starts_with(read);
        *seen += read.len();
        if !is_preface || *seen >= PREFACE.len() {
            self.opening = None;
        }
    }

    fn watched<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no bytes")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stalling<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if read.is_ready() {
            this.note(buffer.filled().get(before..).unwrap_or_default());
            return read;
        }
        if let Some((_, deadline)) = &mut this.opening {
            ready!(deadline.as_mut().poll(context));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not begin")));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stalling<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.watched(written, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.watched(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.watched(flushed, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let closed = Pin::new(&mut this.stream).poll_shutdown(context);
        this.watched(closed, context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);
    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (near, _far) = duplex(16);
        let error = Stalling::new(near, LONG, SHORT).write_all(&[0; 64]).await;
        assert_eq!(error.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
    }

    #[tokio::test]
    async fn a_client_that_takes_its_bytes_is_not() {
        let (near, mut far) = duplex(16);
        let reader = tokio::spawn(async move { far.read_exact(&mut [0; 64]).await.map(drop) });
        Stalling::new(near, LONG, LONG).write_all(&[0; 64]).await.expect("all is taken");
        reader.await.expect("it ends").expect("it reads all");
    }

    #[tokio::test]
    async fn a_client_that_begins_and_stops_is_given_up() {
        for begun in [&b""[..], b"P", b"PRI * HTTP/2.0"] {
            let (near, mut far) = duplex(64);
            far.write_all(begun).await.expect("there is room");
            let error = Stalling::new(near, SHORT, LONG).read_to_end(&mut Vec::new()).await;
            assert_eq!(error.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
        }
    }

    #[tokio::test]
    async fn a_client_whose_version_is_known_may_wait() {
        for begun in [&b"PU"[..], PREFACE] {
            let (near, mut far) = duplex(64);
            far.write_all(begun).await.expect("there is room");
            let mut stream = Stalling::new(near, LONG, LONG);
            stream.read_exact(&mut vec![0; begun.len()]).await.expect("it was sent");
            assert!(stream.opening.is_none());
        }
    }
}
