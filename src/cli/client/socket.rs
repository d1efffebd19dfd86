//! A WebSocket to a gateway: the handshake, requests, and the events between the answers.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tungstenite::handshake::HandshakeError;
use tungstenite::{Message, WebSocket};

use super::{Client, ClientError, Refusal};

/// Longest silence of a healthy gateway is its heartbeat; this much is added to twice of it.
const SLACK: Duration = Duration::from_secs(5);
/// Most events that are kept while an answer is waited for.
const MAX_WAITING_EVENTS: usize = 100_000;

/// A socket that has been greeted.
pub(in crate::cli) struct Socket<'a> {
    client: &'a Client,
    frames: WebSocket<Stream>,
    /// Events that came before the answer that was waited for.
    waiting: VecDeque<Event>,
}

/// An event as the gateway sent it.
#[derive(Debug)]
pub(in crate::cli) struct Event {
    /// Its name, such as `run.event`.
    pub(in crate::cli) name: String,
    /// What it says.
    pub(in crate::cli) payload: Value,
}

impl Client {
    /// Opens a socket that hears of `run` only.
    pub(in crate::cli) fn open(&self, run: &str) -> Result<Socket<'_>, ClientError> {
        let stream = self.connect()?;
        let handshake = tungstenite::client(self.address.socket(), stream);
        let (frames, _) = handshake.map_err(|error| self.handshake_failed(error))?;
        let mut socket = Socket {
            client: self,
            frames,
            waiting: VecDeque::new(),
        };
        let hello = socket.call("connect", &self.greeting(run))?;
        let heartbeat = hello["policy"]["heartbeatMs"].as_u64().unwrap_or_default();
        socket.expect_life(Duration::from_millis(heartbeat));
        Ok(socket)
    }

    fn greeting(&self, run: &str) -> Value {
        let client =
            json!({"id": "smithers-cli", "version": env!("CARGO_PKG_VERSION"), "platform": "cli"});
        let mut greeting =
            json!({"minProtocol": 1, "maxProtocol": 1, "client": client, "subscribe": [run]});
        if let Some(credential) = &self.credential {
            greeting["auth"] = json!({"token": credential.bearer.expose_secret()});
        }
        greeting
    }

    fn connect(&self) -> Result<Stream, ClientError> {
        let (host, port) = (self.address.host(), self.address.port());
        let addresses = (host, port)
            .to_socket_addrs()
            .map_err(|error| self.io_failed(error))?;
        let mut failure = io::Error::other("the host has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, self.patience) {
                Ok(stream) => return self.secure(stream),
                Err(error) => failure = error,
            }
        }
        Err(self.io_failed(failure))
    }

    fn secure(&self, stream: TcpStream) -> Result<Stream, ClientError> {
        let patience = Some(self.patience);
        stream
            .set_read_timeout(patience)
            .and_then(|()| stream.set_write_timeout(patience))
            .map_err(|error| self.io_failed(error))?;
        if !self.address.is_encrypted() {
            return Ok(Stream::Plain(stream));
        }
        let secured = self.trust.for_sockets().and_then(|config| {
            let name = ServerName::try_from(self.address.host().to_owned())
                .map_err(|_| rustls::Error::General("the host is no server name".into()))?;
            ClientConnection::new(Arc::clone(&config), name)
        });
        let connection = secured.map_err(|source| ClientError::Tls {
            address: self.address.to_string(),
            source: source.into(),
        })?;
        Ok(Stream::Tls(Box::new(StreamOwned::new(connection, stream))))
    }

    fn handshake_failed<R: tungstenite::handshake::HandshakeRole>(
        &self,
        error: HandshakeError<R>,
    ) -> ClientError {
        match error {
            // The stream blocks, so an interruption is its timeout.
            HandshakeError::Interrupted(_) => self.io_failed(io::ErrorKind::TimedOut.into()),
            HandshakeError::Failure(error) => self.socket_failed(error),
        }
    }

    fn socket_failed(&self, error: tungstenite::Error) -> ClientError {
        let address = self.address.to_string();
        match error {
            tungstenite::Error::Io(source) => self.io_failed(source),
            tungstenite::Error::Http(answer) if answer.status() == 503 => Refusal {
                code: "CONNECTION_LIMIT".into(),
                message: "The gateway accepts no more connections".into(),
                required_scope: None,
                retry_after: None,
                token_origin: None,
            }
            .into(),
            tungstenite::Error::Http(answer) => match answer.status().as_u16() {
                status @ (502 | 504) => ClientError::BehindProxy { address, status },
                status => self.not_a_gateway(format!("it answers a WebSocket with HTTP {status}")),
            },
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
                let how = "it was closed".to_owned();
                ClientError::Lost { address, how }
            }
            error => ClientError::Lost {
                address,
                how: error.to_string(),
            },
        }
    }
}

impl Socket<'_> {
    /// Calls a method; events that come before its answer are kept. The method is the id of the request.
    pub(in crate::cli) fn call(
        &mut self,
        method: &str,
        params: &Value,
    ) -> Result<Value, ClientError> {
        let frame = json!({"type": "req", "id": method, "method": method, "params": params});
        self.frames
            .send(Message::text(frame.to_string()))
            .map_err(|error| self.client.socket_failed(error))?;
        loop {
            let mut frame = self.read()?;
            match frame["type"].as_str() {
                Some("res") if frame["ok"] == true => return Ok(frame["payload"].take()),
                Some("res") => {
                    let origin = self.client.token_origin();
                    return Err(Refusal::read(&frame["error"], origin).into());
                }
                _ if self.waiting.len() < MAX_WAITING_EVENTS => {
                    self.waiting.extend(Event::read(frame));
                }
                _ => {
                    return Err(self
                        .client
                        .not_a_gateway("it answers with events only".into()));
                }
            }
        }
    }

    /// Waits for the next event.
    pub(in crate::cli) fn event(&mut self) -> Result<Event, ClientError> {
        if let Some(event) = self.waiting.pop_front() {
            return Ok(event);
        }
        loop {
            if let Some(event) = Event::read(self.read()?) {
                return Ok(event);
            }
        }
    }

    /// The connection below, for somebody who has to close it while this waits.
    pub(in crate::cli) fn connection(&self) -> io::Result<TcpStream> {
        self.frames.get_ref().connection().try_clone()
    }

    /// Takes longer silence than the gateway's heartbeat allows for the end of the connection.
    fn expect_life(&self, heartbeat: Duration) {
        let silence = self.client.patience.max(2 * heartbeat + SLACK);
        // Without the deadline a dead connection is noticed by the system, later.
        let _ = self
            .frames
            .get_ref()
            .connection()
            .set_read_timeout(Some(silence));
    }

    fn read(&mut self) -> Result<Value, ClientError> {
        loop {
            let message = self.frames.read();
            match message.map_err(|error| self.client.socket_failed(error))? {
                Message::Text(text) => {
                    return serde_json::from_str(&text)
                        .map_err(|_| self.client.not_a_gateway("it sends no JSON".into()));
                }
                Message::Close(frame) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (frame.code.into(), frame.reason.to_string())
                    });
                    return Err(self.closed(code, &reason));
                }
                _ => {}
            }
        }
    }

    /// The gateway closes with 4001 when the token has ended; every other end can pass.
    fn closed(&self, code: u16, reason: &str) -> ClientError {
        if code == 4001 {
            let error = json!({"code": "UNAUTHORIZED", "message": reason});
            return Refusal::read(&error, self.client.token_origin()).into();
        }
        ClientError::Lost {
            address: self.client.address(),
            how: match reason {
                "" => format!("the gateway closed it ({code})"),
                reason => format!("the gateway closed it: {reason}"),
            },
        }
    }
}

impl Event {
    fn read(mut frame: Value) -> Option<Self> {
        let name = frame["event"].as_str()?.to_owned();
        Some(Self {
            name,
            payload: frame["payload"].take(),
        })
    }
}

/// A connection, encrypted or not.
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn connection(&self) -> &TcpStream {
        match self {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => &stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}
