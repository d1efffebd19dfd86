//! A client, at the other end of an outbox.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::DEADLINE;
use crate::outbox::{Incoming, Outbox, ReadGate};

/// What a client reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Frame {
    Text(Value),
    Close(u16, String),
    Ping,
    /// The socket ended.
    End,
}

impl Frame {
    pub(crate) fn json(self) -> Value {
        match self {
            Frame::Text(value) => value,
            other => panic!("no text: {other:?}"),
        }
    }
}

pub(crate) struct Peer {
    pub(crate) outbox: Outbox,
    pub(crate) gate: ReadGate,
    to: mpsc::UnboundedSender<Incoming>,
    wire: VecDeque<u8>,
    calls: u32,
}

impl Peer {
    pub(crate) fn new(outbox: Outbox, gate: ReadGate) -> (Self, Inbox) {
        let (to, from) = mpsc::unbounded_channel();
        let inbox = Inbox {
            from,
            gate: gate.clone(),
            outbox: outbox.clone(),
        };
        (
            Self {
                outbox,
                gate,
                to,
                wire: VecDeque::new(),
                calls: 0,
            },
            inbox,
        )
    }

    /// Sends a text message.
    pub(crate) fn send_raw(&self, text: &str) {
        // A session that has ended does not listen any more.
        let _ = self.to.send(Incoming::Text(text.to_owned()));
    }

    /// Sends a request and returns its id.
    pub(crate) fn send(&mut self, method: &str, params: Value) -> String {
        self.calls += 1;
        let id = format!("{method}-{}", self.calls);
        let frame = json!({"type": "req", "id": id, "method": method, "params": params});
        self.send_raw(&frame.to_string());
        id
    }

    /// Calls a method; events that come before the answer are lost.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        loop {
            let frame = self.next().await.json();
            if frame["id"] == id.as_str() {
                return frame;
            }
        }
    }

    pub(crate) async fn connect(&mut self, token: &str, runs: Option<&[&str]>) -> Value {
        let mut params = json!({
            "minProtocol": 1, "maxProtocol": 1, "client": {"id": "test"}, "auth": {"token": token},
        });
        if let Some(runs) = runs {
            params["subscribe"] = json!(runs);
        }
        self.call("connect", params).await
    }

    /// Opens a stream and returns its id.
    pub(crate) async fn stream(&mut self, run: &str, after: Option<u64>) -> String {
        let mut params = json!({"runId": run});
        if let Some(after) = after {
            params["afterSeq"] = json!(after);
        }
        let answer = self.call("streamRunEvents", params).await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer["payload"]["streamId"].as_str().unwrap().to_owned()
    }

    /// Returns the next frame, waiting for it.
    pub(crate) async fn next(&mut self) -> Frame {
        let wait = poll_fn(|cx| self.poll_frame(cx, 32 * 1024));
        actix_rt::time::timeout(DEADLINE, wait)
            .await
            .expect("a frame in time")
    }

    /// Returns the next event with this name, dropping what comes before.
    pub(crate) async fn next_event(&mut self, name: &str) -> Value {
        loop {
            let frame = self.next().await.json();
            if frame["event"] == name {
                return frame;
            }
        }
    }

    /// Reads one chunk of at most `max` bytes if there is one, and drops what it holds. A slow
    /// reader does this now and then.
    pub(crate) fn frames_of_one_chunk(&mut self, max: usize) -> Vec<Frame> {
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(Some(chunk)) = self.outbox.poll_drain(&mut cx, max) {
            self.wire.extend(chunk);
        }
        std::iter::from_fn(|| self.take_frame()).collect()
    }

    /// Returns everything that can be read now.
    pub(crate) fn ready(&mut self) -> Vec<Frame> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut frames = Vec::new();
        while let Poll::Ready(frame) = self.poll_frame(&mut cx, 32 * 1024) {
            let ended = frame == Frame::End;
            frames.push(frame);
            if ended {
                break;
            }
        }
        frames
    }

    /// Returns the stream numbers of the `run.event` frames that can be read now.
    pub(crate) fn ready_seqs(&mut self) -> Vec<u64> {
        self.ready()
            .into_iter()
            .filter_map(|frame| run_event_seq(&frame))
            .collect()
    }

    /// Drops the connection without a word.
    pub(crate) fn vanish(self) {
        self.outbox.mark_gone();
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>, max: usize) -> Poll<Frame> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Poll::Ready(frame);
            }
            match ready!(self.outbox.poll_drain(cx, max)) {
                Some(chunk) => self.wire.extend(chunk),
                None => return Poll::Ready(Frame::End),
            }
        }
    }

    fn take_frame(&mut self) -> Option<Frame> {
        let wire = self.wire.make_contiguous();
        let (header, len) = match wire {
            [_, 127, rest @ ..] if rest.len() >= 8 => (
                10,
                u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize,
            ),
            [_, 126, rest @ ..] if rest.len() >= 2 => {
                (4, usize::from(u16::from_be_bytes([rest[0], rest[1]])))
            }
            [_, 126 | 127, ..] | [] | [_] => return None,
            [_, len, ..] => (2, usize::from(*len)),
        };
        if wire.len() < header + len {
            return None;
        }
        let frame: Vec<u8> = self.wire.drain(..header + len).collect();
        let payload = &frame[header..];
        Some(match frame[0] & 0x0F {
            1 => Frame::Text(serde_json::from_slice(payload).unwrap()),
            8 => close(payload),
            9 => Frame::Ping,
            other => panic!("opcode {other}"),
        })
    }
}

/// Returns the stream number that a `run.event` frame carries.
pub(crate) fn run_event_seq(frame: &Frame) -> Option<u64> {
    match frame {
        Frame::Text(value) if value["event"] == "run.event" => value["payload"]["seq"].as_u64(),
        _ => None,
    }
}

fn close(payload: &[u8]) -> Frame {
    match payload {
        [high, low, reason @ ..] => {
            let reason = String::from_utf8(reason.to_vec()).unwrap();
            Frame::Close(u16::from_be_bytes([*high, *low]), reason)
        }
        _ => Frame::Close(1005, String::new()),
    }
}

/// What the session reads, held back by the gate as the transport does it.
pub(crate) struct Inbox {
    from: mpsc::UnboundedReceiver<Incoming>,
    gate: ReadGate,
    outbox: Outbox,
}

impl Stream for Inbox {
    type Item = Incoming;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        if !self.outbox.is_open() {
            return Poll::Ready(None);
        }
        ready!(self.gate.poll_open(cx));
        let message = ready!(self.from.poll_recv(cx));
        if message.is_some() {
            self.gate.hand_out();
            self.gate.heard(std::time::Instant::now());
        }
        Poll::Ready(message)
    }
}
