//! One connection of a recording: its socket, and what came over it, sorted into lanes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use smithers_testkit::Socket;

use super::frame::{Lane, event_name};
use super::unpack;

/// Id of the request whose answer proves that everything sent before it has arrived.
const FENCE: &str = "conformance-fence";

/// A live connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: Socket,
    lanes: BTreeMap<Lane, VecDeque<Value>>,
    omitted: BTreeSet<String>,
    events: u64,
}

impl Connection {
    /// Wraps an open socket; events named in `omitted` are left out, as in the recording.
    pub(crate) fn new(socket: Socket, omitted: BTreeSet<String>) -> Self {
        Self {
            socket,
            lanes: BTreeMap::new(),
            omitted,
            events: 0,
        }
    }

    /// Returns the next frame of `lane`, waiting for it.
    pub(crate) async fn next(&mut self, lane: &Lane) -> Result<Value> {
        loop {
            if let Some(frame) = self.lanes.get_mut(lane).and_then(VecDeque::pop_front) {
                return Ok(frame);
            }
            match self.socket.next().await {
                Ok(frame) => self.sort(frame)?,
                Err(error) => bail!("{error:#}{}", self.waiting_summary()),
            }
        }
    }

    /// Returns the response to the request `id`, waiting for it; frames that come before it stay in their order.
    pub(crate) async fn answer(&mut self, id: &str) -> Result<Value> {
        loop {
            let main = self.lanes.entry(Lane::Main).or_default();
            let position = main.iter().position(|frame| frame["id"] == id);
            if let Some(frame) = position.and_then(|position| main.remove(position)) {
                return Ok(frame);
            }
            let frame = self.socket.next().await?;
            self.sort(frame)?;
        }
    }

    /// Returns a frame that came and was not asked for, leaving ticks and heartbeats aside.
    ///
    /// Everything sent before is brought in by one more request first.
    pub(crate) async fn unexpected(&mut self) -> Result<Option<Value>> {
        self.socket
            .send(&json!({ "type": "req", "id": FENCE, "method": "health" }))
            .await?;
        let frame = self.next(&Lane::Main).await?;
        if frame["id"] != FENCE {
            return Ok(Some(frame));
        }
        let left = self.lanes.iter().filter(|(lane, _)| !lane.is_timed());
        Ok(left.flat_map(|(_, frames)| frames).next().cloned())
    }

    /// Sorts a frame into its lane, and checks that the events of the connection are numbered without a hole.
    fn sort(&mut self, frame: Value) -> Result<()> {
        let frame = unpack::json_texts(&frame);
        if frame["type"] == "event" {
            self.events += 1;
            let expected = self.events;
            ensure!(
                frame["seq"] == expected,
                "frame {expected} of the connection has another number: {frame}"
            );
        }
        if event_name(&frame)
            .is_some_and(|name| self.omitted.contains(name) && !Lane::of(&frame).is_timed())
        {
            return Ok(());
        }
        self.lanes
            .entry(Lane::of(&frame))
            .or_default()
            .push_back(frame);
        Ok(())
    }

    fn waiting_summary(&self) -> String {
        let frames = self
            .lanes
            .iter()
            .filter(|(lane, _)| !lane.is_timed())
            .flat_map(|(_, frames)| frames);
        frames
            .map(|frame| format!("\n      came instead: {}", excerpt(frame)))
            .collect()
    }
}

/// Returns the start of a frame, enough to recognise it.
pub(crate) fn excerpt(frame: &Value) -> String {
    const CHARACTERS: usize = 300;
    frame.to_string().chars().take(CHARACTERS).collect()
}
