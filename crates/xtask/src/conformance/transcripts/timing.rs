//! What the recordings leave to timing: how many events a run has made when its stream is registered.
//!
//! Events before that point reach a subscribed connection plain, and again by replay when the
//! stream asked from the beginning. However the point falls, this must hold:
//! the plain ones are the first of the run, no more of them than `currentSeq` says,
//! and the stream delivers every event after `afterSeq` exactly once.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::frame::RunEvent;

/// Start of the volatile sentences that leave this point to timing.
const SENTENCE: &str = "which of the first events are plain";

/// Whether, and what of it was seen on one connection.
#[derive(Debug, Default)]
pub(crate) struct StreamStart {
    plain: Vec<Value>,
    current_seq: Option<u64>,
}

/// True when the recording leaves the start of its streams to timing.
pub(crate) fn is_left_open(volatile: &[String]) -> bool {
    volatile.iter().any(|entry| entry.contains(SENTENCE))
}

impl StreamStart {
    /// Takes a plain event that came while a stream was expected; false when the frame is none.
    pub(crate) fn accept_plain(&mut self, frame: &Value) -> bool {
        let is_event = RunEvent::of(frame).is_some_and(|event| event.seq.is_none());
        if is_event {
            self.plain.push(frame.clone());
        }
        is_event
    }

    /// Remembers what the answer to `streamRunEvents` said.
    pub(crate) fn note_answer(&mut self, frame: &Value) {
        self.current_seq = frame["payload"]["currentSeq"].as_u64().or(self.current_seq);
    }

    /// Checks the plain events against those of the stream, in the order of the stream.
    pub(crate) fn check(&self, streamed: &[Value]) -> Result<()> {
        let current = self.current_seq.unwrap_or_default();
        ensure!(
            self.plain.len() as u64 <= current,
            "{} plain events, but currentSeq {current}",
            self.plain.len()
        );
        let events: Vec<RunEvent<'_>> = streamed.iter().filter_map(RunEvent::of).collect();
        for (seq, frame) in (1..).zip(&self.plain) {
            let plain = RunEvent::of(frame).expect("only events are accepted as plain");
            let same = events
                .iter()
                .find(|event| event.seq == Some(seq))
                .is_some_and(|event| {
                    (event.name, event.payload, event.state_version)
                        == (plain.name, plain.payload, plain.state_version)
                });
            let is_before_the_stream = events.first().is_some_and(|first| first.seq > Some(seq));
            ensure!(
                same || is_before_the_stream,
                "plain event {seq} differs from the stream's: {frame}"
            );
        }
        for event in &events {
            let outer = streamed
                .iter()
                .find(|frame| RunEvent::of(frame).is_some_and(|other| other.seq == event.seq));
            let outer = outer
                .and_then(|frame| frame["stateVersion"].as_u64())
                .unwrap_or_default();
            ensure!(
                outer >= event.state_version,
                "event {:?} is older than itself: outer {outer}",
                event.seq
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(name: &str, state_version: u64) -> Value {
        json!({ "type": "event", "event": name, "payload": { "runId": "r" }, "stateVersion": state_version, "seq": 1 })
    }

    fn streamed(name: &str, seq: u64, outer: u64) -> Value {
        json!({ "type": "event", "event": "run.event", "stateVersion": outer, "seq": 1,
            "payload": { "event": name, "payload": { "runId": "r" }, "seq": seq, "stateVersion": seq } })
    }

    fn start(plain_events: &[Value], current_seq: u64) -> StreamStart {
        let mut start = StreamStart::default();
        start.note_answer(&json!({ "payload": { "currentSeq": current_seq } }));
        for frame in plain_events {
            assert!(start.accept_plain(frame));
        }
        start
    }

    #[test]
    fn plain_events_are_the_first_ones_of_the_stream() {
        let stream = [
            streamed("a", 1, 2),
            streamed("b", 2, 2),
            streamed("c", 3, 3),
        ];
        start(&[plain("a", 1), plain("b", 2)], 2)
            .check(&stream)
            .unwrap();
        start(&[], 0).check(&stream).unwrap();
        assert!(start(&[plain("b", 1)], 1).check(&stream).is_err());
    }

    #[test]
    fn no_more_plain_events_than_the_answer_says() {
        let stream = [streamed("a", 1, 1)];
        assert!(start(&[plain("a", 1)], 0).check(&stream).is_err());
    }

    #[test]
    fn a_frame_is_never_older_than_its_event() {
        assert!(start(&[], 3).check(&[streamed("c", 3, 2)]).is_err());
    }

    #[test]
    fn the_sentence_opens_the_start() {
        assert!(is_left_open(&[
            "ts".into(),
            "currentSeq and which of the first events are plain".into()
        ]));
        assert!(!is_left_open(&[
            "outer seq (heartbeats are left out)".into()
        ]));
    }
}
