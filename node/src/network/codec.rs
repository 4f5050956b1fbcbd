//! Frames of the sync protocol on a stream: a length of four bytes, big-endian, and as many bytes.

use std::io;

use futures::prelude::*;
use libp2p::StreamProtocol;
use proto::bounds::{REQUEST_FRAME_BYTES_MAX, RESPONSE_FRAME_BYTES_MAX};

/// Reads and writes frames; what they mean is decided by `proto::wire`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FrameCodec;

impl libp2p::request_response::Codec for FrameCodec {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_frame(io, REQUEST_FRAME_BYTES_MAX).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_frame(io, RESPONSE_FRAME_BYTES_MAX).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, frame: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &frame).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, frame: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &frame).await
    }
}

async fn read_frame<T: AsyncRead + Unpin + Send>(io: &mut T, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    io.read_exact(&mut length).await?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > bytes_max {
        let message = format!("a frame of {length} bytes is longer than {bytes_max}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    // The buffer grows with what arrives, so that a claimed length alone costs nothing.
    let mut frame = Vec::new();
    let claimed = u64::try_from(length).unwrap_or(u64::MAX);
    futures::AsyncReadExt::take(io, claimed).read_to_end(&mut frame).await?;
    if frame.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(frame)
}

async fn write_frame<T: AsyncWrite + Unpin + Send>(io: &mut T, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    io.write_all(&length.to_be_bytes()).await?;
    io.write_all(frame).await?;
    io.close().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use futures::io::Cursor;

    #[test]
    fn a_frame_survives_the_stream() {
        let mut stream = Vec::new();
        block_on(write_frame(&mut stream, b"hello")).expect("a vector takes all");
        assert_eq!(block_on(read_frame(&mut Cursor::new(stream), 5)).expect("whole"), b"hello");
    }

    #[test]
    fn a_frame_past_its_bound_or_cut_short_is_refused() {
        let mut long = Cursor::new([0, 0, 0, 6, 1, 2, 3, 4, 5, 6]);
        assert_eq!(block_on(read_frame(&mut long, 5)).expect_err("too long").kind(), io::ErrorKind::InvalidData);
        let mut short = Cursor::new([0, 0, 0, 5, 1, 2]);
        assert_eq!(block_on(read_frame(&mut short, 5)).expect_err("cut").kind(), io::ErrorKind::UnexpectedEof);
    }
}
