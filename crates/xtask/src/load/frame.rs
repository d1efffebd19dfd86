//! What the load needs of a frame, read without parsing it: millions of them are counted on the cores of the gateway.

/// A frame of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// An event of a run.
    Event(RunEvent<'a>),
    /// Another event of the socket: a tick, a heartbeat, a challenge.
    Notice {
        /// Name of the event.
        name: &'a str,
        /// Number of the event on its socket.
        socket_seq: u64,
    },
    /// An answer, to be parsed by whoever waits for it.
    Response,
}

/// An event of a run, plain or on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunEvent<'a> {
    /// Name, such as `node.finished`.
    pub(crate) name: &'a str,
    /// The run.
    pub(crate) run: &'a str,
    /// Number in the stream of the run; plain events carry none.
    pub(crate) seq: Option<u64>,
    /// Number of the event on its socket.
    pub(crate) socket_seq: u64,
    /// When the event happened, in milliseconds; plain events do not say.
    pub(crate) emitted_at_ms: Option<u64>,
}

const EVENT: &str = "{\"type\":\"event\",\"event\":\"";
const STREAMED: &str = "run.event";
const RUN: &str = "\"runId\":\"";
const NAME: &str = ",\"event\":\"";
const SEQ: &str = ",\"seq\":";
const EMITTED: &str = ",\"emittedAtMs\":";
/// Names of plain events that belong to a run.
const OF_RUNS: [&str; 4] = ["node.", "run.", "approval.", "task."];
/// Names that begin like events of runs and are notices of the stream.
const NOTICES: [&str; 3] = ["run.heartbeat", "run.gap_resync", "run.error"];

impl<'a> Frame<'a> {
    /// Reads a frame as the gateway writes it; `None` when it is not written so.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let Some(rest) = text.strip_prefix(EVENT) else {
            return text
                .starts_with("{\"type\":\"res\"")
                .then_some(Self::Response);
        };
        let name = until_quote(rest)?;
        let (body, socket_seq) = split_number(rest, SEQ)?;
        if name == STREAMED {
            return streamed(body, socket_seq);
        }
        let is_of_run = OF_RUNS.iter().any(|start| name.starts_with(start));
        if !is_of_run || NOTICES.contains(&name) {
            return Some(Self::Notice { name, socket_seq });
        }
        Some(Self::Event(RunEvent {
            name,
            run: after(body, RUN)?,
            seq: None,
            socket_seq,
            emitted_at_ms: None,
        }))
    }
}

fn streamed(body: &str, socket_seq: u64) -> Option<Frame<'_>> {
    let from_run = &body[body.find(RUN)?..];
    let (_, seq) = split_number(from_run, SEQ)?;
    Some(Frame::Event(RunEvent {
        name: after(from_run, NAME)?,
        run: after(from_run, RUN)?,
        seq: Some(seq),
        socket_seq,
        emitted_at_ms: split_number(from_run, EMITTED).map(|(_, at)| at),
    }))
}

fn until_quote(text: &str) -> Option<&str> {
    Some(&text[..text.find('"')?])
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    until_quote(&text[text.find(mark)? + mark.len()..])
}

/// Splits at the last `mark` and reads the number behind it.
fn split_number<'a>(text: &'a str, mark: &str) -> Option<(&'a str, u64)> {
    let at = text.rfind(mark)?;
    let digits = &text[at + mark.len()..];
    let end = digits
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(digits.len());
    Some((&text[..at], digits[..end].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_streamed_event_are_read() {
        let text = r#"{"type":"event","event":"run.event","payload":{"streamId":"a-1","apiVersion":"v1","type":"RunEvent","runId":"r1","event":"node.started","payload":{"runId":"r1","nodeId":"t,\"seq\":9"},"seq":12,"stateVersion":40,"emittedAtMs":1700},"seq":7,"stateVersion":41,"apiVersion":"v1"}"#;
        let event = RunEvent {
            name: "node.started",
            run: "r1",
            seq: Some(12),
            socket_seq: 7,
            emitted_at_ms: Some(1700),
        };
        assert_eq!(Frame::read(text), Some(Frame::Event(event)));
    }

    #[test]
    fn plain_events_notices_and_answers_are_told_apart() {
        let plain = r#"{"type":"event","event":"node.started","payload":{"runId":"r1","nodeId":"t"},"seq":3,"stateVersion":41,"apiVersion":"v1"}"#;
        let Some(Frame::Event(event)) = Frame::read(plain) else {
            panic!("{plain}");
        };
        assert_eq!((event.run, event.seq, event.socket_seq), ("r1", None, 3));
        let tick = r#"{"type":"event","event":"tick","payload":{"ts":1},"seq":4,"stateVersion":41,"apiVersion":"v1"}"#;
        let notice = Frame::Notice {
            name: "tick",
            socket_seq: 4,
        };
        assert_eq!(Frame::read(tick), Some(notice));
        assert_eq!(
            Frame::read(r#"{"type":"res","id":"a"}"#),
            Some(Frame::Response)
        );
        assert_eq!(Frame::read("{}"), None);
    }
}
