//! Reading event frames: which kind a frame is, and which stored event it carries.

use serde_json::Value;

/// The order in which frames of one connection must come is kept within a lane; lanes are independent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// Responses and plain events.
    Main,
    /// Everything a stream of a run delivers; replayed frames may come before or after the response.
    Stream(String),
    /// The heartbeats of a stream, whose number is a matter of time.
    Heartbeat(String),
    /// Ticks, likewise.
    Tick,
}

impl Lane {
    /// Returns the lane of `frame`, named by the stream id in the frame.
    pub(crate) fn of(frame: &Value) -> Self {
        let stream = || {
            frame["payload"]["streamId"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        match event_name(frame) {
            Some(
                "run.event" | "run.gap_resync" | "run.error" | "devtools.event" | "devtools.error",
            ) => Self::Stream(stream()),
            Some("run.heartbeat") => Self::Heartbeat(stream()),
            Some("tick") => Self::Tick,
            _ => Self::Main,
        }
    }

    /// True for lanes in which more frames may come than were recorded.
    pub(crate) fn is_timed(&self) -> bool {
        matches!(self, Self::Heartbeat(_) | Self::Tick)
    }
}

/// Returns the name of an event frame.
pub(crate) fn event_name(frame: &Value) -> Option<&str> {
    if frame["type"] == "event" {
        frame["event"].as_str()
    } else {
        None
    }
}

/// A stored event of a run, as a plain broadcast or inside a stream shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunEvent<'a> {
    pub(crate) run: &'a str,
    pub(crate) name: &'a str,
    pub(crate) payload: &'a Value,
    /// The number of the event itself, also when it is replayed later.
    pub(crate) state_version: u64,
    /// Known only inside a stream.
    pub(crate) seq: Option<u64>,
}

impl<'a> RunEvent<'a> {
    /// Returns the event that `frame` carries, if it carries one.
    pub(crate) fn of(frame: &'a Value) -> Option<Self> {
        let name = event_name(frame)?;
        let is_stream = name == "run.event";
        let carrier = if is_stream { &frame["payload"] } else { frame };
        if !is_stream
            && (name.starts_with("run.")
                && name != "run.completed"
                && name != "run.time_travel_jumped")
        {
            return None;
        }
        Some(Self {
            run: carrier["payload"]["runId"].as_str()?,
            name: carrier["event"].as_str()?,
            payload: &carrier["payload"],
            state_version: carrier["stateVersion"].as_u64()?,
            seq: if is_stream {
                carrier["seq"].as_u64()
            } else {
                None
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_and_streamed_frames_show_the_same_event() {
        let plain = json!({ "type": "event", "event": "node.started", "seq": 5, "stateVersion": 4,
            "payload": { "runId": "r", "nodeId": "a" } });
        let streamed = json!({ "type": "event", "event": "run.event", "seq": 9, "stateVersion": 8,
            "payload": { "streamId": "s", "runId": "r", "event": "node.started", "seq": 4, "stateVersion": 4,
                "payload": { "runId": "r", "nodeId": "a" } } });
        let (left, right) = (
            RunEvent::of(&plain).unwrap(),
            RunEvent::of(&streamed).unwrap(),
        );
        assert_eq!(
            (left.name, left.payload, left.state_version),
            (right.name, right.payload, right.state_version)
        );
        assert_eq!((left.seq, right.seq), (None, Some(4)));
        assert_eq!(Lane::of(&streamed), Lane::Stream("s".into()));
    }

    #[test]
    fn heartbeats_resyncs_and_challenges_carry_no_event() {
        for name in [
            "run.heartbeat",
            "run.gap_resync",
            "connect.challenge",
            "tick",
        ] {
            let frame = json!({ "type": "event", "event": name, "payload": { "runId": "r" }, "stateVersion": 1 });
            let carries = RunEvent::of(&frame).is_some();
            assert_eq!(
                carries,
                name == "connect.challenge" || name == "tick",
                "{name}"
            );
        }
        assert_eq!(
            RunEvent::of(
                &json!({ "type": "event", "event": "tick", "payload": { "ts": 1 }, "stateVersion": 1 })
            ),
            None
        );
    }
}
