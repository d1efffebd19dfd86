//! Clients that can misbehave: raw HTTP over TCP, and hand-made WebSocket frames.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// No wait in these tests may take longer; none comes near it when the rule works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Polls `condition` until it holds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "still waiting: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A raw connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

/// One response as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

impl Peer {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends `request` and reads its answer.
    pub(crate) async fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.send(request).await;
        self.answer().await
    }

    /// Reads one response with a `content-length`, or only the head of others.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.until_blank_line().await;
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: String::new(),
        };
        let len = answer
            .header("content-length")
            .map_or(0, |len| len.parse().unwrap());
        answer.body = String::from_utf8(self.take(len).await).unwrap();
        answer
    }

    async fn until_blank_line(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.buffer.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(
                self.fill().await > 0,
                "closed inside a head: {:?}",
                self.buffer
            );
        }
    }

    /// Reads exactly `len` bytes.
    pub(crate) async fn take(&mut self, len: usize) -> Vec<u8> {
        while self.buffer.len() < len {
            assert!(
                self.fill().await > 0,
                "closed with {} of {len} bytes",
                self.buffer.len()
            );
        }
        self.buffer.drain(..len).collect()
    }

    async fn fill(&mut self) -> usize {
        let read = self.stream.read_buf(&mut self.buffer);
        timeout(PATIENCE, read)
            .await
            .expect("the server answers in time")
            .unwrap()
    }

    /// Waits for the end of the connection and returns what came before it.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let read = self.stream.read_to_end(&mut self.buffer);
        let ended = timeout(PATIENCE, read)
            .await
            .expect("the server closes in time");
        // A reset is an end as well; the bytes before it have been read.
        let _ = ended;
        std::mem::take(&mut self.buffer)
    }

    /// Opens a WebSocket at `path`.
    pub(crate) async fn upgrade(address: SocketAddr, path: &str) -> Self {
        let mut peer = Self::connect(address).await;
        let answer = peer.ask(upgrade_request(path, "13", "")).await;
        assert_eq!(answer.status, 101, "{}", answer.head);
        peer
    }

    /// Reads one frame of the server: (opcode, payload).
    pub(crate) async fn frame(&mut self) -> (u8, Vec<u8>) {
        let header = self.take(2).await;
        assert_eq!(header[0] & 0xF0, 0x80, "whole and uncompressed");
        let len = match header[1] {
            126 => u64::from(u16::from_be_bytes(self.take(2).await.try_into().unwrap())),
            127 => u64::from_be_bytes(self.take(8).await.try_into().unwrap()),
            short => u64::from(short),
        };
        (header[0] & 0x0F, self.take(len as usize).await)
    }

    /// Reads frames up to the close frame and returns its code and reason.
    pub(crate) async fn close_frame(&mut self) -> (u16, String) {
        loop {
            let (opcode, payload) = self.frame().await;
            if opcode == 8 {
                let (code, reason) = payload.split_at(2);
                let code = u16::from_be_bytes(code.try_into().unwrap());
                return (code, String::from_utf8(reason.to_vec()).unwrap());
            }
        }
    }
}

/// Returns the head of a request without body.
pub(crate) fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: test\r\n\r\n")
}

/// Returns the head of an upgrade with one more header line, or none.
pub(crate) fn upgrade_request(path: &str, version: &str, extra: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: test\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: {version}\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         {extra}\r\n"
    )
}

/// Returns a masked frame; the mask is zero, so the payload stays as it is.
pub(crate) fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame_header(first_byte, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

/// Returns the header alone, with any announced length.
pub(crate) fn frame_header(first_byte: u8, len: u64) -> Vec<u8> {
    let mut bytes = vec![first_byte];
    match len {
        0..=125 => bytes.push(0x80 | len as u8),
        126..=0xFFFF => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&len.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes
}
