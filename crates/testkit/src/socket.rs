//! A WebSocket client that keeps every frame it ever saw, in order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Time for a frame that must come.
const FRAME_DEADLINE: Duration = Duration::from_secs(15);

type Wire = WebSocketStream<TcpStream>;

/// How a connection ended, as a browser would report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// 1005 for a close frame without a code, 1006 for an end without a close frame.
    pub code: u16,
    /// Reason text, often empty.
    pub reason: String,
}

/// What a connection has received so far.
#[derive(Debug, Default)]
struct Inbox {
    frames: Vec<Value>,
    closed: Option<Closed>,
}

#[derive(Debug, Default)]
struct Log {
    inbox: Mutex<Inbox>,
    arrived: Notify,
}

impl Log {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, change: impl FnOnce(&mut Inbox)) {
        change(&mut self.inbox());
        self.arrived.notify_waiters();
    }
}

/// An open WebSocket with its log of frames. Dropping it drops the connection without a close frame.
#[derive(Debug)]
pub struct Socket {
    sink: SplitSink<Wire, Message>,
    log: Arc<Log>,
    reader: JoinHandle<()>,
    read: usize,
    requests: u64,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Socket {
    /// Opens a WebSocket on `path` with additional upgrade headers.
    ///
    /// # Errors
    ///
    /// Fails when the upgrade is refused; the message holds the status.
    pub async fn open(address: &str, path: &str, headers: &[(String, String)]) -> Result<Self> {
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .context("bad WebSocket address")?;
        for (name, value) in headers {
            let name: HeaderName = name
                .parse()
                .with_context(|| format!("bad header name `{name}`"))?;
            request.headers_mut().insert(
                name,
                HeaderValue::from_str(value).context("bad header value")?,
            );
        }
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("failed to connect to {address}"))?;
        let (wire, _) = client_async(request, stream)
            .await
            .context("the WebSocket upgrade failed")?;
        let (sink, source) = wire.split();
        let log = Arc::new(Log::default());
        let reader = tokio::spawn(read_all(source, Arc::clone(&log)));
        Ok(Self {
            sink,
            log,
            reader,
            read: 0,
            requests: 0,
        })
    }

    /// Sends the `connect` request with `token` and waits for hello, which is returned.
    ///
    /// # Errors
    ///
    /// Fails when the gateway refuses or does not answer.
    pub async fn connect(&mut self, token: &str, subscribe: Option<&[&str]>) -> Result<Value> {
        let mut params = json!({
            "minProtocol": 1,
            "maxProtocol": 1,
            "client": { "id": "testkit", "version": "1.0.0", "platform": "test" },
            "auth": { "token": token },
        });
        if let Some(runs) = subscribe {
            params["subscribe"] = json!(runs);
        }
        self.request("connect", params).await
    }

    /// Sends a request and returns the payload of its response; frames that come before stay in the log.
    ///
    /// # Errors
    ///
    /// Fails when the gateway refuses, closes, or does not answer in time.
    pub async fn request(&mut self, method: &str, params: Value) -> Result<Value> {
        self.requests += 1;
        let id = format!("{method}-{}", self.requests);
        self.send(&json!({ "type": "req", "id": id, "method": method, "params": params }))
            .await?;
        let response = self
            .find(&format!("the response to {method}"), |frame| {
                frame["type"] == "res" && frame["id"] == id.as_str()
            })
            .await?;
        if response["ok"] != true {
            bail!("{method} was refused: {}", response["error"]);
        }
        Ok(response["payload"].clone())
    }

    /// Sends a frame as JSON text.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn send(&mut self, frame: &Value) -> Result<()> {
        self.send_text(frame.to_string()).await
    }

    /// Sends any text message.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn send_text(&mut self, text: String) -> Result<()> {
        self.sink
            .send(Message::text(text))
            .await
            .context("failed to send a text message")
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.sink
            .send(Message::binary(bytes))
            .await
            .context("failed to send a binary message")
    }

    /// Sends a close frame without a code, as a browser's `close()` does.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn close(&mut self) -> Result<()> {
        self.sink
            .send(Message::Close(None))
            .await
            .context("failed to send a close frame")
    }

    /// Returns the next frame that was not taken yet, waiting for it.
    ///
    /// # Errors
    ///
    /// Fails when the connection closes first or nothing comes in time.
    pub async fn next(&mut self) -> Result<Value> {
        let position = self.read;
        let frame = self
            .wait("the next frame", |inbox| {
                inbox.frames.get(position).cloned()
            })
            .await?;
        self.read += 1;
        Ok(frame)
    }

    /// Returns the frames that arrived and were not taken yet, without waiting.
    pub fn take_arrived(&mut self) -> Vec<Value> {
        let frames = self.log.inbox().frames[self.read..].to_vec();
        self.read += frames.len();
        frames
    }

    /// Waits until a frame satisfies `wanted` and returns the first such frame, whether or not it was taken.
    ///
    /// # Errors
    ///
    /// Fails when the connection closes first or nothing comes in time; the message names `what`.
    pub async fn find(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        self.wait(what, |inbox| {
            inbox.frames.iter().find(|frame| wanted(frame)).cloned()
        })
        .await
    }

    /// Waits for the end of the connection.
    ///
    /// # Errors
    ///
    /// Fails when it stays open for fifteen seconds.
    pub async fn closed(&self) -> Result<Closed> {
        self.wait("the end of the connection", |inbox| inbox.closed.clone())
            .await
    }

    async fn wait<T>(&self, what: &str, look: impl Fn(&Inbox) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + FRAME_DEADLINE;
        loop {
            let arrived = self.log.arrived.notified();
            {
                let inbox = self.log.inbox();
                if let Some(value) = look(&inbox) {
                    return Ok(value);
                }
                if let Some(closed) = &inbox.closed {
                    bail!(
                        "the connection ended ({} `{}`) before {what}",
                        closed.code,
                        closed.reason
                    );
                }
            }
            if timeout_at(deadline, arrived).await.is_err() {
                bail!("waited {} s in vain for {what}", FRAME_DEADLINE.as_secs());
            }
        }
    }
}

async fn read_all(mut source: SplitStream<Wire>, log: Arc<Log>) {
    let mut closed = Closed {
        code: 1006,
        reason: String::new(),
    };
    while let Some(Ok(message)) = source.next().await {
        match message {
            Message::Text(text) => {
                let frame =
                    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.to_string()));
                log.record(|inbox| inbox.frames.push(frame));
            }
            Message::Close(frame) => closed = describe(frame),
            _ => {}
        }
    }
    log.record(|inbox| inbox.closed = Some(closed));
}

fn describe(frame: Option<CloseFrame>) -> Closed {
    match frame {
        Some(frame) => Closed {
            code: frame.code.into(),
            reason: frame.reason.to_string(),
        },
        None => Closed {
            code: 1005,
            reason: String::new(),
        },
    }
}
