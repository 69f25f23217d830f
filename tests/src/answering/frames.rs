//! Messages that are whole, however they arrive.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// The length of the message that these bytes begin with, if it can be told yet.
pub(super) type Length = fn(&[u8]) -> Option<usize>;

/// One side of a connection.
pub(super) struct Side {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    buffer: Vec<u8>,
    pub(super) length: Length,
}

impl Side {
    pub(super) fn new(stream: TcpStream, length: Length) -> Self {
        let (from, to) = stream.into_split();
        Self {
            from,
            to,
            buffer: Vec::new(),
            length,
        }
    }

    /// The next message. Nothing is lost when this is dropped.
    pub(super) async fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let length = (self.length)(&self.buffer);
            if let Some(length) = length.filter(|length| *length <= self.buffer.len()) {
                let rest = self.buffer.split_off(length);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Says nothing more, and hears the other side out: it would lose what it was told if it were cut off.
    pub(super) async fn finish(mut self) -> io::Result<()> {
        self.to.shutdown().await?;
        loop {
            self.buffer.clear();
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Ok(());
            }
        }
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.to.write_all(message).await
    }
}

/// A big-endian number at the head of some bytes.
pub(super) fn be_u32(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.first_chunk::<4>()?;
    usize::try_from(u32::from_be_bytes(*bytes)).ok()
}
