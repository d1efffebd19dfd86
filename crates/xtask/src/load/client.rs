//! An authenticated socket: requests and events, with the order of its events checked.

use std::collections::VecDeque;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::frame::Frame;
use super::wire::Wire;

/// Token of every client of the load.
pub(crate) const TOKEN: &str = "load-token";

/// A connected client.
#[derive(Debug)]
pub(crate) struct Client {
    wire: Wire,
    /// Frames that came while an answer was waited for.
    waiting: VecDeque<String>,
    /// The frame that was handed out last.
    current: String,
    requests: u64,
    /// Number of the last event of the socket.
    last_seq: u64,
}

impl Client {
    /// Connects to `address`; without `subscribe` the client hears of every run.
    pub(crate) async fn connect(address: &str, subscribe: Option<&[&str]>) -> Result<Self> {
        let mut client = Self {
            wire: Wire::open(address).await?,
            waiting: VecDeque::new(),
            current: String::new(),
            requests: 0,
            last_seq: 0,
        };
        let mut params = json!({
            "minProtocol": 1,
            "maxProtocol": 1,
            "client": { "id": "load", "version": "1.0.0", "platform": "test" },
            "auth": { "token": TOKEN },
        });
        if let Some(runs) = subscribe {
            params["subscribe"] = json!(runs);
        }
        client.request("connect", params).await?;
        Ok(client)
    }

    /// Sends a request without waiting for its answer, which carries `id`.
    pub(crate) async fn ask(&mut self, id: &str, method: &str, params: &Value) -> Result<()> {
        let request = json!({ "type": "req", "id": id, "method": method, "params": params });
        self.wire.send(&request.to_string()).await
    }

    /// Sends a request and returns the payload of its answer; events that come before wait.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Result<Value> {
        self.requests += 1;
        let id = format!("request-{}", self.requests);
        self.ask(&id, method, &params).await?;
        loop {
            let text = self.wire.next().await?;
            if let Some(Frame::Response) = Frame::read(text) {
                let (answered, payload) = answer(text)?;
                ensure!(
                    answered == id,
                    "the answer to {answered} came before that to {id}"
                );
                return Ok(payload);
            }
            self.waiting.push_back(text.to_owned());
        }
    }

    /// Returns the next frame that is no answer to [`Client::request`], with its text.
    ///
    /// # Errors
    /// Fails when the numbers of the socket's events do not go on by one.
    pub(crate) async fn next(&mut self) -> Result<(Frame<'_>, &str)> {
        let text: &str = match self.waiting.pop_front() {
            Some(text) => {
                self.current = text;
                &self.current
            }
            None => self.wire.next().await?,
        };
        let frame =
            Frame::read(text).with_context(|| format!("a frame of an unknown shape: {text}"))?;
        let seq = match frame {
            Frame::Event(event) => event.socket_seq,
            Frame::Notice { socket_seq, .. } => socket_seq,
            Frame::Response => return Ok((frame, text)),
        };
        ensure!(
            seq == self.last_seq + 1,
            "event {seq} of a socket came after {}",
            self.last_seq
        );
        self.last_seq = seq;
        if let Frame::Notice {
            name: "run.gap_resync" | "run.error",
            ..
        } = frame
        {
            bail!("a stream lost events: {text}");
        }
        Ok((frame, text))
    }
}

/// Takes an answer apart: the id of its request and its payload.
///
/// # Errors
/// Fails when it is a refusal.
pub(crate) fn answer(text: &str) -> Result<(String, Value)> {
    let mut frame: Value = serde_json::from_str(text).context("an answer is no JSON")?;
    ensure!(frame["ok"] == true, "a request was refused: {text}");
    let id = frame["id"].as_str().unwrap_or_default().to_owned();
    Ok((id, frame["payload"].take()))
}
