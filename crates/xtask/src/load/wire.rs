//! A WebSocket on loopback, as thin as it can be: the client shares its cores with the gateway that it measures.
//!
//! It checks what RFC 6455 says of the gateway's frames and knows nothing of what is in them.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes that are read at a time; a longer frame makes the buffer of its socket grow.
const READ_BYTES: usize = 16 * 1024;
/// A key as RFC 6455 asks for; the answer to it is the server's affair.
const KEY: &str = "c21pdGhlcnMtbG9hZC0wMQ==";
/// Bit that ends a message.
const FIN: u8 = 0x80;
/// Bit that says that a frame of a client is masked.
const MASKED: u8 = 0x80;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// An open socket.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What of the buffer is filled and not taken yet.
    filled: std::ops::Range<usize>,
}

/// A frame in the buffer: its kind and where its bytes are.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    kind: u8,
    head: usize,
    length: usize,
}

impl Wire {
    /// Connects and upgrades.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .context("failed to connect")?;
        stream.set_nodelay(true)?;
        let mut wire = Self {
            stream,
            buffer: vec![0; READ_BYTES],
            filled: 0..0,
        };
        let head = format!(
            "GET / HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-key: {KEY}\r\nsec-websocket-version: 13\r\n\r\n"
        );
        wire.stream.write_all(head.as_bytes()).await?;
        wire.upgraded().await?;
        Ok(wire)
    }

    async fn upgraded(&mut self) -> Result<()> {
        loop {
            let seen = &self.buffer[self.filled.clone()];
            if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&seen[..end]).into_owned();
                ensure!(
                    head.starts_with("HTTP/1.1 101"),
                    "the upgrade failed: {head}"
                );
                self.filled.start += end + 4;
                return Ok(());
            }
            self.read_more().await?;
        }
    }

    /// Sends one text frame.
    pub(crate) async fn send(&mut self, text: &str) -> Result<()> {
        self.write(TEXT, text.as_bytes()).await
    }

    /// Returns the text of the next frame; pings are answered on the way.
    ///
    /// # Errors
    /// Fails when the gateway closes the connection or sends anything but whole text frames.
    pub(crate) async fn next(&mut self) -> Result<&str> {
        loop {
            let Some(Found { kind, head, length }) = find(&self.buffer[self.filled.clone()])?
            else {
                self.read_more().await?;
                continue;
            };
            let start = self.filled.start + head;
            self.filled.start = start + length;
            match kind {
                TEXT => return Ok(std::str::from_utf8(&self.buffer[start..start + length])?),
                PING => {
                    let payload = self.buffer[start..start + length].to_vec();
                    self.write(PONG, &payload).await?;
                }
                PONG => {}
                CLOSE => {
                    let said = &self.buffer[start..start + length];
                    bail!(
                        "the gateway closed the socket: {}",
                        String::from_utf8_lossy(said)
                    );
                }
                other => bail!("a frame of kind {other}"),
            }
        }
    }

    /// Writes a frame, masked with zeros: the bytes stay as they are.
    async fn write(&mut self, kind: u8, payload: &[u8]) -> Result<()> {
        let mut frame = vec![FIN | kind];
        match payload.len() {
            length @ 0..126 => frame.push(MASKED | u8::try_from(length)?),
            length => {
                frame.push(MASKED | 126);
                frame.extend(u16::try_from(length)?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        Ok(self.stream.write_all(&frame).await?)
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.filled.is_empty() {
            self.filled = 0..0;
        } else if self.filled.end == self.buffer.len() {
            self.make_room();
        }
        let read = self.stream.read(&mut self.buffer[self.filled.end..]).await;
        let read = read.context("failed to read from the socket")?;
        ensure!(read > 0, "the gateway ended the connection");
        self.filled.end += read;
        Ok(())
    }

    fn make_room(&mut self) {
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        if self.buffer.len() - self.filled.end < READ_BYTES / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }
}

/// Finds a whole frame at the start of `bytes`.
fn find(bytes: &[u8]) -> Result<Option<Found>> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    ensure!(
        first & FIN != 0 && second & MASKED == 0,
        "a frame that a server must not send"
    );
    let (head, length) = match (second, rest) {
        (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            let length = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            (10, usize::try_from(length)?)
        }
        (126 | 127, _) => return Ok(None),
        (length, _) => (2, usize::from(*length)),
    };
    let kind = first & 0x0F;
    Ok((bytes.len() - head >= length).then_some(Found { kind, head, length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_found_when_all_of_it_is_there() {
        let mut bytes = vec![0x81, 126, 0, 200];
        bytes.extend([b'a'; 199]);
        assert_eq!(find(&bytes).unwrap(), None);
        bytes.push(b'a');
        let found = Found {
            kind: TEXT,
            head: 4,
            length: 200,
        };
        assert_eq!(find(&bytes).unwrap(), Some(found));
        assert_eq!(find(&bytes[..3]).unwrap(), None);
        assert_eq!(find(&[0x89, 0, 7]).unwrap().unwrap().kind, PING);
    }

    #[test]
    fn a_masked_or_a_cut_message_is_not_taken() {
        assert!(find(&[0x81, 0x80, 0, 0, 0, 0]).is_err());
        assert!(find(&[0x01, 0]).is_err());
    }
}
