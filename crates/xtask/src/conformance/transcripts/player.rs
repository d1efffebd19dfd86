//! Plays a recording against a fresh gateway and compares what comes back.
//!
//! Steps are taken in recorded order. Before the client acts again, everything that the recording
//! shows up to there must have come; within that stretch the lanes of a connection, and the
//! connections, are independent of each other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use smithers_testkit::Socket;
use smithers_testkit::http::{self, Request, Response};

use super::compare::{Comparison, Difference};
use super::connection::{Connection, excerpt};
use super::frame::{Lane, RunEvent};
use super::prepare::Preparations;
use super::recording::{Action, Exchange, HttpRequest, Recording, Step};
use super::rules::{
    CREDENTIALS_WITHHELD, DECISIONS_PUBLISHED_FIRST, exposed_credentials, is_accepted_decision,
};
use super::timing::{self, StreamStart};
use super::{trees, unpack};

/// Time in which a frame that must not come could still come, after the last step.
const QUIET: Duration = Duration::from_millis(300);

/// The state of one play.
pub(crate) struct Player<'a> {
    address: &'a str,
    recording: &'a Recording,
    comparison: Comparison,
    connections: BTreeMap<String, Connection>,
    /// Present when the recording leaves the start of its streams to timing, by connection.
    starts: Option<BTreeMap<String, StreamStart>>,
    streamed: BTreeMap<String, Vec<Value>>,
    rules: &'a BTreeSet<&'a str>,
}

impl<'a> Player<'a> {
    /// Prepares to play `recording` against the gateway at `address`; `rules` are those that hold for it.
    pub(crate) fn new(
        address: &'a str,
        recording: &'a Recording,
        rules: &'a BTreeSet<&'a str>,
    ) -> Self {
        let mut comparison = Comparison::new(&recording.volatile);
        let is_open = timing::is_left_open(&recording.volatile);
        if is_open {
            comparison.mask("currentSeq");
        }
        // No recording has it; a rule demands it, at whatever time.
        comparison.mask("emittedAtMs");
        Self {
            address,
            recording,
            comparison,
            connections: BTreeMap::new(),
            starts: is_open.then(BTreeMap::new),
            streamed: BTreeMap::new(),
            rules,
        }
    }

    /// Plays every step; the error says at which step the gateway differs, and how.
    pub(crate) async fn play(&mut self, preparations: &Preparations) -> Result<()> {
        let mut pending: Vec<&Step> = Vec::new();
        let mut last = None;
        for step in &self.recording.steps {
            let is_passive = matches!(
                step.action,
                Action::Receive { .. } | Action::Closed { .. } | Action::Note
            );
            let is_prepared = last != Some(step.index)
                && preparations
                    .before(&self.recording.number, step.index)
                    .count()
                    > 0;
            if !is_passive || is_prepared {
                self.await_all(std::mem::take(&mut pending)).await?;
            }
            if last != Some(step.index) {
                for preparation in preparations.before(&self.recording.number, step.index) {
                    preparation
                        .carry_out(self.address)
                        .await
                        .with_context(|| format!("before step {}", step.index))?;
                }
            }
            last = Some(step.index);
            match is_passive {
                true => pending.push(step),
                false => self
                    .act(step)
                    .await
                    .with_context(|| format!("step {}", step.index))?,
            }
        }
        self.await_all(pending).await?;
        self.finish().await
    }

    async fn act(&mut self, step: &Step) -> Result<()> {
        match &step.action {
            Action::Open { on, path, headers } => {
                let socket = Socket::open(self.address, path, headers).await?;
                let prefix = format!("{on}: ");
                let omitted = self
                    .recording
                    .omitted_frames
                    .iter()
                    .filter_map(|entry| entry.strip_prefix(&prefix));
                self.connections.insert(
                    on.clone(),
                    Connection::new(socket, omitted.map(str::to_owned).collect()),
                );
                Ok(())
            }
            Action::Send { on, text } => self.connection(on)?.socket.send_text(text.clone()).await,
            Action::SendBinary { on, text } => {
                self.connection(on)?
                    .socket
                    .send_binary(text.clone().into_bytes())
                    .await
            }
            Action::Close { on } => self.connection(on)?.socket.close().await,
            Action::Http(exchange) => self.exchange(exchange).await,
            Action::Upgrade { request, status } => self.refused_upgrade(request, *status).await,
            Action::Unplayable(kind) => bail!("steps of kind `{kind}` cannot be played yet"),
            Action::Receive { .. } | Action::Closed { .. } | Action::Note => Ok(()),
        }
    }

    /// Awaits the expectations of one stretch: main lanes first, since their answers name the streams.
    async fn await_all(&mut self, steps: Vec<&Step>) -> Result<()> {
        let is_main = |step: &&&Step| match &step.action {
            Action::Receive { frame, .. } => Lane::of(frame) == Lane::Main,
            _ => false,
        };
        let (main, rest): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(is_main);
        for step in main.into_iter().chain(rest) {
            self.await_one(step)
                .await
                .with_context(|| format!("step {}", step.index))?;
        }
        Ok(())
    }

    async fn await_one(&mut self, step: &Step) -> Result<()> {
        match &step.action {
            Action::Receive { on, frame } => self.receive(on, frame).await,
            Action::Closed { on, code, reason } => {
                let connection = self
                    .connections
                    .remove(on)
                    .with_context(|| format!("{on} is not open"))?;
                let closed = connection.socket.closed().await?;
                ensure!(
                    (closed.code, &closed.reason) == (*code, reason),
                    "{on}: expected the end {code} `{reason}`, got {} `{}`",
                    closed.code,
                    closed.reason
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn receive(&mut self, on: &str, expected: &Value) -> Result<()> {
        let lane = self.actual_lane(expected)?;
        let actual = match trees::is_event(expected) {
            true => self.next_tree(on, &lane, expected).await,
            false => self.next(on, &lane, expected).await,
        };
        let actual = actual.with_context(|| format!("expected {}", excerpt(expected)))?;
        self.refuse_credentials(&actual)?;
        if matches!(lane, Lane::Stream(_)) {
            let streamed = self.streamed.entry(on.to_owned()).or_default();
            streamed.push(actual.clone());
        }
        let wanted = numbered_like(expected, &actual, self.starts.is_some());
        let differences = self.comparison.differences(&wanted, &actual);
        report(&differences, || format!("{on}: {}", excerpt(&actual)))
    }

    /// Returns the frame that stands where `expected` is due.
    async fn next(&mut self, on: &str, lane: &Lane, expected: &Value) -> Result<Value> {
        if self.rules.contains(DECISIONS_PUBLISHED_FIRST) && is_accepted_decision(expected) {
            let id = expected["id"].as_str().unwrap_or_default();
            return self.connection(on)?.answer(id).await;
        }
        loop {
            let actual = self.connection(on)?.next(lane).await?;
            let Some(starts) = self.starts.as_mut() else {
                return Ok(actual);
            };
            let start = starts.entry(on.to_owned()).or_default();
            let is_early =
                *lane == Lane::Main && expected["type"] == "res" && actual["type"] == "event";
            if !(is_early && start.accept_plain(&actual)) {
                start.note_answer(&actual);
                return Ok(actual);
            }
        }
    }

    /// Returns what the frames up to the one that `expected` tells of add up to.
    async fn next_tree(&mut self, on: &str, lane: &Lane, expected: &Value) -> Result<Value> {
        let mut tree = trees::Folded::default();
        loop {
            let frame = self.connection(on)?.next(lane).await?;
            tree.add(&frame)?;
            if trees::seq(&frame) >= trees::seq(expected) {
                return Ok(trees::spoken_of(expected, tree.shown(&frame)?));
            }
        }
    }

    /// Returns the lane in which `expected` will come, under the stream id that the gateway gave.
    fn actual_lane(&self, expected: &Value) -> Result<Lane> {
        let bound = |id: String| {
            let known = self.comparison.stream(&id).map(str::to_owned);
            known.with_context(|| format!("stream {id} was not announced"))
        };
        Ok(match Lane::of(expected) {
            Lane::Stream(id) => Lane::Stream(bound(id)?),
            Lane::Heartbeat(id) => Lane::Heartbeat(bound(id)?),
            other => other,
        })
    }

    async fn exchange(&mut self, exchange: &Exchange) -> Result<()> {
        let response = http::exchange(self.address, &request(&exchange.request)).await?;
        let shown = || format!("{} {}", exchange.request.method, exchange.request.path);
        let body = if exchange.body.is_string() {
            text_of(&response)
        } else {
            unpack::json_texts(&json_of(&response)?)
        };
        self.refuse_credentials(&body)?;
        let mut differences = head_differences(exchange, &response);
        differences.extend(self.comparison.differences(&exchange.body, &body));
        report(&differences, shown)
    }

    async fn refused_upgrade(&mut self, recorded: &HttpRequest, status: u16) -> Result<()> {
        let mut request = request(recorded);
        let handshake = [
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        request
            .headers
            .extend(handshake.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let response = http::exchange(self.address, &request).await?;
        ensure!(
            response.status == status,
            "the upgrade was answered {} instead of {status}",
            response.status
        );
        Ok(())
    }

    fn refuse_credentials(&self, received: &Value) -> Result<()> {
        let exposed = if self.rules.contains(CREDENTIALS_WITHHELD) {
            exposed_credentials(received)
        } else {
            Vec::new()
        };
        ensure!(
            exposed.is_empty(),
            "configJson shows the launcher's {}",
            exposed.join(", ")
        );
        Ok(())
    }

    /// Checks that nothing came that was not recorded, and what was left to timing.
    async fn finish(&mut self) -> Result<()> {
        tokio::time::sleep(QUIET).await;
        for (on, connection) in &mut self.connections {
            if let Some(frame) = connection
                .unexpected()
                .await
                .with_context(|| format!("after the last step, {on}"))?
            {
                bail!(
                    "{on}: a frame came that was not expected: {}",
                    excerpt(&frame)
                );
            }
        }
        for (on, start) in self.starts.iter().flatten() {
            let streamed = self.streamed.get(on).map(Vec::as_slice).unwrap_or_default();
            start
                .check(streamed)
                .with_context(|| format!("{on}: the start of the stream"))?;
        }
        Ok(())
    }

    fn connection(&mut self, on: &str) -> Result<&mut Connection> {
        self.connections
            .get_mut(on)
            .with_context(|| format!("{on} is not open"))
    }
}

/// Takes over from `actual` the numbers that are checked elsewhere: the connection's own counting,
/// and, where the start of a stream is left to timing, the version at which an event was replayed.
fn numbered_like(expected: &Value, actual: &Value, is_open: bool) -> Value {
    let mut expected = expected.clone();
    let is_event = expected["type"] == "event";
    if is_event && actual["seq"].is_u64() {
        expected["seq"] = actual["seq"].clone();
    }
    let is_streamed = RunEvent::of(&expected).is_some_and(|event| event.seq.is_some());
    if (is_open && is_streamed || trees::is_event(&expected)) && actual["stateVersion"].is_u64() {
        expected["stateVersion"] = actual["stateVersion"].clone();
    }
    expected
}

fn request(recorded: &HttpRequest) -> Request {
    Request {
        method: recorded.method.clone(),
        path: recorded.path.clone(),
        headers: recorded.headers.clone(),
        body: recorded.body.clone().map(String::into_bytes),
    }
}

fn head_differences(exchange: &Exchange, response: &Response) -> Vec<Difference> {
    let mut differences = Vec::new();
    if response.status != exchange.status {
        let (expected, actual) = (exchange.status.to_string(), response.status.to_string());
        differences.push(Difference {
            path: "status".into(),
            expected,
            actual,
        });
    }
    for (name, value) in &exchange.headers {
        let actual = response.header(name).unwrap_or("nothing");
        if actual != value {
            let path = format!("header {name}");
            differences.push(Difference {
                path,
                expected: value.clone(),
                actual: actual.to_owned(),
            });
        }
    }
    differences
}

fn text_of(response: &Response) -> Value {
    Value::String(String::from_utf8_lossy(&response.body).into_owned())
}

fn json_of(response: &Response) -> Result<Value> {
    if response.body.is_empty() {
        Ok(Value::Null)
    } else {
        response.json()
    }
}

fn report(differences: &[Difference], what: impl Fn() -> String) -> Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = differences
        .iter()
        .map(|difference| format!("\n      {difference}"))
        .collect();
    bail!("{} differs:{}", what(), lines.concat())
}
