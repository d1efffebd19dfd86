//! Taking an event out of a recording, or putting one in: every number behind it moves.
//!
//! Three numberings are kept consistent: `stateVersion` of the gateway, `seq` of the run's stream
//! (with `currentSeq`, `fromSeq` and `toSeq`), and the frames themselves.
//! The outer `seq` of a connection is checked by counting and needs no care here.

use serde_json::Value;

use super::frame::RunEvent;
use super::recording::{Action, Step};

/// Fields that hold a number of a run's stream, beside the run's id.
const STREAM_NUMBERS: [&str; 4] = ["seq", "currentSeq", "fromSeq", "toSeq"];

/// A place in the numbering: an event of `run` with its two numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) run: String,
    pub(crate) state_version: u64,
    pub(crate) seq: u64,
}

/// Takes the event at `place` out; everything behind it moves down by one.
pub(crate) fn remove(steps: &mut Vec<Step>, place: &Place) {
    steps.retain(|step| !carries(step, place));
    shift(steps, place, -1);
}

/// Makes room for one event at `place`; what was there, and everything behind, moves up by one.
/// A frame for the new event is added before each frame that shows the event which was there.
pub(crate) fn insert(steps: &mut Vec<Step>, place: &Place, name: &str, payload: &Value) {
    let copies: Vec<Step> = steps
        .iter()
        .filter(|step| carries(step, place))
        .cloned()
        .collect();
    let positions: Vec<usize> = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| carries(step, place))
        .map(|(position, _)| position)
        .collect();
    shift(steps, place, 1);
    for (position, mut copy) in positions.into_iter().zip(copies).rev() {
        if let Action::Receive { frame, .. } = &mut copy.action {
            let carrier = if frame["event"] == "run.event" {
                &mut frame["payload"]
            } else {
                frame
            };
            carrier["event"] = name.into();
            carrier["payload"] = payload.clone();
        }
        steps.insert(position, copy);
    }
}

/// Returns the places of the events of `run`, in order, each with the name of its event.
pub(crate) fn events_of(steps: &[Step], run: &str) -> Vec<(Place, String)> {
    let mut events: Vec<(u64, Option<u64>, String)> = Vec::new();
    for event in steps
        .iter()
        .filter_map(event_of)
        .filter(|event| event.run == run)
    {
        match events
            .iter_mut()
            .find(|known| known.0 == event.state_version)
        {
            Some(known) => known.1 = known.1.or(event.seq),
            None => events.push((event.state_version, event.seq, event.name.to_owned())),
        }
    }
    events.sort_by_key(|event| event.0);
    // Where no stream shows the number, the recording shows the run from its first event.
    let numbered = events.into_iter().zip(1..);
    numbered
        .map(|((state_version, seq, name), rank)| {
            (
                Place {
                    run: run.to_owned(),
                    state_version,
                    seq: seq.unwrap_or(rank),
                },
                name,
            )
        })
        .collect()
}

/// Returns the ids of all runs that show events, in the order of their first event.
pub(crate) fn runs(steps: &[Step]) -> Vec<String> {
    let mut runs: Vec<String> = Vec::new();
    for event in steps.iter().filter_map(event_of) {
        if !runs.iter().any(|run| run == event.run) {
            runs.push(event.run.to_owned());
        }
    }
    runs
}

/// Returns the event that a received frame carries.
pub(crate) fn event_of(step: &Step) -> Option<RunEvent<'_>> {
    match &step.action {
        Action::Receive { frame, .. } => RunEvent::of(frame),
        _ => None,
    }
}

fn carries(step: &Step, place: &Place) -> bool {
    event_of(step)
        .is_some_and(|event| event.run == place.run && event.state_version == place.state_version)
}

fn shift(steps: &mut [Step], place: &Place, by: i64) {
    for step in steps {
        match &mut step.action {
            Action::Receive { frame, .. } => {
                let outer_seq = frame.get("seq").cloned();
                shift_value(frame, place, by);
                if let Some(outer_seq) = outer_seq {
                    frame["seq"] = outer_seq;
                }
            }
            Action::Http(exchange) => shift_value(&mut exchange.body, place, by),
            _ => {}
        }
    }
}

fn shift_value(value: &mut Value, place: &Place, by: i64) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| shift_value(item, place, by)),
        Value::Object(fields) => {
            let is_of_run = fields.get("runId").and_then(Value::as_str) == Some(&place.run);
            for (key, field) in fields {
                match key.as_str() {
                    "stateVersion" => shift_number(field, place.state_version, by),
                    key if is_of_run && STREAM_NUMBERS.contains(&key) => {
                        shift_number(field, place.seq, by)
                    }
                    _ => shift_value(field, place, by),
                }
            }
        }
        _ => {}
    }
}

fn shift_number(value: &mut Value, from: u64, by: i64) {
    if let Some(number) = value.as_u64().filter(|number| *number >= from) {
        *value = number.saturating_add_signed(by).into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(index: usize, name: &str, state_version: u64) -> Step {
        let frame = json!({ "type": "event", "event": name, "payload": { "runId": "r" },
            "seq": index, "stateVersion": state_version });
        Step {
            index,
            action: Action::Receive {
                on: "a".into(),
                frame,
            },
        }
    }

    fn streamed(index: usize, name: &str, seq: u64, state_version: u64) -> Step {
        let inner = json!({ "streamId": "s", "runId": "r", "event": name, "payload": { "runId": "r" },
            "seq": seq, "stateVersion": state_version });
        let frame = json!({ "type": "event", "event": "run.event", "payload": inner, "seq": index, "stateVersion": 9 });
        Step {
            index,
            action: Action::Receive {
                on: "a".into(),
                frame,
            },
        }
    }

    fn summary(steps: &[Step]) -> Vec<(String, u64, Option<u64>)> {
        let events = steps.iter().filter_map(event_of);
        events
            .map(|event| (event.name.to_owned(), event.state_version, event.seq))
            .collect()
    }

    #[test]
    fn what_stands_behind_a_removed_event_moves_down() {
        let mut steps = vec![
            plain(2, "node.finished", 1),
            plain(3, "run.completed", 2),
            plain(4, "node.pending", 3),
        ];
        remove(
            &mut steps,
            &Place {
                run: "r".into(),
                state_version: 2,
                seq: 2,
            },
        );
        assert_eq!(
            summary(&steps),
            [
                ("node.finished".into(), 1, None),
                ("node.pending".into(), 2, None)
            ]
        );
    }

    #[test]
    fn numbers_of_the_run_in_answers_and_resyncs_move_too() {
        let answer = json!({ "type": "res", "payload": { "runId": "r", "currentSeq": 7, "fromSeq": 1, "toSeq": 4 } });
        let other = json!({ "type": "res", "payload": { "runId": "q", "currentSeq": 7, "stateVersion": 5 } });
        let receive = |frame| Step {
            index: 0,
            action: Action::Receive {
                on: "a".into(),
                frame,
            },
        };
        let mut steps = vec![
            receive(answer),
            receive(other),
            streamed(3, "node.pending", 5, 8),
        ];
        remove(
            &mut steps,
            &Place {
                run: "r".into(),
                state_version: 4,
                seq: 4,
            },
        );
        let frames: Vec<&Value> = steps
            .iter()
            .map(|step| match &step.action {
                Action::Receive { frame, .. } => frame,
                other => panic!("unexpected {other:?}"),
            })
            .collect();
        assert_eq!(
            frames[0]["payload"],
            json!({ "runId": "r", "currentSeq": 6, "fromSeq": 1, "toSeq": 3 })
        );
        assert_eq!(
            frames[1]["payload"],
            json!({ "runId": "q", "currentSeq": 7, "stateVersion": 4 })
        );
        assert_eq!(frames[2]["payload"]["seq"], 4);
        assert_eq!(
            frames[2]["seq"], 3,
            "the outer number belongs to the connection"
        );
    }

    #[test]
    fn an_inserted_event_takes_the_place_on_every_connection_that_sees_its_follower() {
        let mut steps = vec![
            plain(2, "node.waiting", 1),
            plain(3, "node.started", 2),
            streamed(4, "node.started", 2, 2),
        ];
        insert(
            &mut steps,
            &Place {
                run: "r".into(),
                state_version: 2,
                seq: 2,
            },
            "approval.decided",
            &json!({ "runId": "r" }),
        );
        let expected = [
            ("node.waiting".into(), 1, None),
            ("approval.decided".into(), 2, None),
            ("node.started".into(), 3, None),
            ("approval.decided".into(), 2, Some(2)),
            ("node.started".into(), 3, Some(3)),
        ];
        assert_eq!(summary(&steps), expected);
    }

    #[test]
    fn places_are_found_from_plain_events_by_rank_and_from_streams_by_number() {
        let steps = vec![plain(2, "a", 5), plain(3, "b", 7), streamed(4, "c", 4, 9)];
        let seqs: Vec<u64> = events_of(&steps, "r")
            .into_iter()
            .map(|(place, _)| place.seq)
            .collect();
        assert_eq!(seqs, [1, 2, 4]);
        assert_eq!(runs(&steps), ["r"]);
    }
}
