//! A connection that is kept: one request after the other, each answer read whole.

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes that are read at a time.
const READ_BYTES: usize = 64 * 1024;

/// A kept connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to `address`.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .context("failed to connect")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(READ_BYTES),
        })
    }

    /// Sends `request` as it is and returns the body of the answer.
    ///
    /// # Errors
    /// Fails when the connection breaks or the answer is anything but 200 with a length.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the gateway ended the connection");
            if let Some((start, end)) = whole(&self.buffer)? {
                ensure!(end == self.buffer.len(), "bytes came that nobody asked for");
                return Ok(&self.buffer[start..end]);
            }
        }
    }
}

/// Finds the body when all of it is there.
fn whole(answer: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(at) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..at])?;
    ensure!(head.starts_with("HTTP/1.1 200"), "the answer is: {head}");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>())
    });
    let end = at + 4 + length.context("an answer without a length")??;
    Ok((answer.len() >= end).then_some((at + 4, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_taken_when_all_of_it_is_there() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(whole(answer).unwrap(), Some((38, 40)));
        assert_eq!(whole(&answer[..39]).unwrap(), None);
        assert!(whole(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
