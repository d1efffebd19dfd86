//! A peer that plays the gateway's side of a recording, so that the player itself can be tested.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::compare::{SHA256, WITHHELD};
use super::recording::{Action, Exchange, Recording};

/// What is still to be played.
#[derive(Debug)]
struct Script {
    connections: VecDeque<Vec<Action>>,
    exchanges: VecDeque<Exchange>,
}

/// Starts the peer of `recording` and returns its address.
pub(super) async fn start(recording: &Recording) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("failed to listen")?;
    let address = listener.local_addr().context("no address")?.to_string();
    let script = Arc::new(Mutex::new(Script::of(recording)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&script)));
        }
    });
    Ok(address)
}

impl Script {
    fn of(recording: &Recording) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let mut connections: Vec<Vec<Action>> = Vec::new();
        let mut exchanges = VecDeque::new();
        for step in &recording.steps {
            match &step.action {
                Action::Http(exchange) => exchanges.push_back((**exchange).clone()),
                Action::Open { on, .. } => {
                    names.push(on);
                    connections.push(Vec::new());
                }
                Action::Send { on, .. }
                | Action::SendBinary { on, .. }
                | Action::Receive { on, .. }
                | Action::Closed { on, .. } => {
                    let position = names
                        .iter()
                        .rposition(|name| name == on)
                        .expect("a connection is opened first");
                    connections[position].push(step.action.clone());
                }
                _ => {}
            }
        }
        Self {
            connections: connections.into(),
            exchanges,
        }
    }
}

async fn serve(stream: TcpStream, script: Arc<Mutex<Script>>) -> Result<()> {
    let mut start = [0; 1024];
    let length = stream.peek(&mut start).await?;
    let is_upgrade = String::from_utf8_lossy(&start[..length])
        .to_ascii_lowercase()
        .contains("upgrade: websocket");
    if is_upgrade {
        let actions = script
            .lock()
            .expect("no test panics with the lock")
            .connections
            .pop_front();
        return converse(stream, actions.unwrap_or_default()).await;
    }
    answer(stream, &script).await
}

/// Plays one connection, then answers whatever is asked with an empty payload.
async fn converse(stream: TcpStream, actions: Vec<Action>) -> Result<()> {
    let mut socket = accept_async(stream).await?;
    let mut seq = 0;
    for action in actions {
        match action {
            Action::Receive { mut frame, .. } => {
                if frame["type"] == "event" {
                    seq += 1;
                    frame["seq"] = seq.into();
                }
                socket
                    .send(Message::text(packed(&frame).to_string()))
                    .await?;
            }
            Action::Closed { code, reason, .. } if code != 1005 => {
                socket
                    .close(Some(CloseFrame {
                        code: code.into(),
                        reason: reason.into(),
                    }))
                    .await?;
            }
            _ => {
                socket.next().await;
            }
        }
    }
    while let Some(Ok(Message::Text(text))) = socket.next().await {
        let request: Value = serde_json::from_str(&text)?;
        let response = json!({ "type": "res", "id": request["id"], "ok": true, "payload": {} });
        socket.send(Message::text(response.to_string())).await?;
    }
    Ok(())
}

/// Answers the recorded exchange, or, for a request of the preparation, with a payload that suits it.
async fn answer(mut stream: TcpStream, script: &Mutex<Script>) -> Result<()> {
    let mut request = vec![0; 65536];
    let length = stream.read(&mut request).await?;
    let head = String::from_utf8_lossy(&request[..length]).into_owned();
    let recorded = {
        let mut script = script.lock().expect("no test panics with the lock");
        let is_next = script.exchanges.front().is_some_and(|exchange| {
            head.contains(&exchange.request.path) && is_from(exchange, &head)
        });
        if is_next {
            script.exchanges.pop_front()
        } else {
            None
        }
    };
    let (status, headers, body) = match recorded {
        Some(exchange) => (
            exchange.status,
            exchange.headers,
            packed(&exchange.body).to_string(),
        ),
        None => (
            200,
            Vec::new(),
            json!({ "ok": true, "payload": { "stateVersion": 14 } }).to_string(),
        ),
    };
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    Ok(())
}

fn is_from(exchange: &Exchange, head: &str) -> bool {
    exchange
        .request
        .headers
        .iter()
        .filter(|(name, _)| name == "x-request-id")
        .all(|(_, id)| head.contains(id))
}

/// Puts JSON texts back together; a withheld stack is left out.
fn packed(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(packed).collect(),
        Value::Object(fields) => match fields.get("$json") {
            Some(inner) => packed(inner).to_string().into(),
            None => fields.iter().filter_map(packed_field).collect(),
        },
        other => other.clone(),
    }
}

/// Shows a field as a gateway that keeps every rule would.
fn packed_field((key, field): (&String, &Value)) -> Option<(String, Value)> {
    let shown = match field {
        Value::String(text) if text == WITHHELD => return None,
        Value::String(text) if text == SHA256 => "0a".repeat(32).into(),
        Value::Object(auth) if key == "auth" && auth.contains_key("triggeredBy") => json!({}),
        other => packed(other),
    };
    Some((key.clone(), shown))
}
