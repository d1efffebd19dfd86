//! The rule that a run keeps its numbers: after its end, and over restarts.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::request_of;
use crate::conformance::transcripts::numbers;
use crate::conformance::transcripts::recording::{Action, Step};

/// Restores the numbering of runs that the recorded gateway forgot.
pub(super) fn numbering_survives(steps: &mut Vec<Step>) -> Result<usize> {
    let mut changes = 0;
    let mut position = 0;
    while position < steps.len() {
        let seen = steps[..position].to_vec();
        let index = steps[position].index;
        if let Action::Receive { on, frame } = &mut steps[position].action {
            if let Some(run) = forgotten_stream(&seen, on, frame) {
                let events = frames_of(&seen, &run);
                let after = frame["payload"]["afterSeq"].as_u64();
                frame["payload"]["currentSeq"] = events.len().into();
                let replay =
                    after.map_or_else(Vec::new, |after| replay(&events, after, frame, &run));
                let on = on.clone();
                let frames = replay.into_iter();
                let added = frames.map(|frame| Step {
                    index,
                    action: Action::Receive {
                        on: on.clone(),
                        frame,
                    },
                });
                steps.splice(position + 1..position + 1, added);
                changes += 1;
            } else if let Some((run, after)) = forgotten_range(&seen, on, frame) {
                let known = frames_of(&seen, &run).len() as u64;
                ensure!(
                    after > known,
                    "step {index}: a replay after {after} is not expressed by this rule"
                );
                frame["error"]["message"] =
                    format!("afterSeq {after} is newer than current seq {known}").into();
                changes += 1;
            }
        }
        position += 1;
    }
    Ok(changes)
}

/// Returns the run of an accepted stream whose known events were forgotten.
fn forgotten_stream(seen: &[Step], on: &str, frame: &Value) -> Option<String> {
    let (run, _) = stream_request(seen, on, frame)?;
    let is_forgotten = frame["payload"]["currentSeq"] == 0 && !frames_of(seen, &run).is_empty();
    is_forgotten.then_some(run)
}

/// Returns the run and `afterSeq` of a stream that was refused because its events were forgotten.
fn forgotten_range(seen: &[Step], on: &str, frame: &Value) -> Option<(String, u64)> {
    let (run, after) = stream_request(seen, on, frame)?;
    let message = frame["error"]["message"].as_str()?;
    let is_forgotten =
        message.ends_with("newer than current seq 0") && !frames_of(seen, &run).is_empty();
    Some((run, after?)).filter(|_| is_forgotten)
}

/// Returns run and `afterSeq` of the stream request that `frame` answers.
fn stream_request(seen: &[Step], on: &str, frame: &Value) -> Option<(String, Option<u64>)> {
    let id = frame["id"].as_str()?;
    let mut requests = seen.iter().rev().filter_map(request_of);
    let (_, request) = requests.find(|(sender, request)| *sender == on && request["id"] == id)?;
    let run = request["params"]["runId"].as_str()?.to_owned();
    (request["method"] == "streamRunEvents").then(|| (run, request["params"]["afterSeq"].as_u64()))
}

/// Returns name and payload of each event of `run`, in order.
fn frames_of(seen: &[Step], run: &str) -> Vec<(String, Value, u64)> {
    let mut events: Vec<(String, Value, u64)> = Vec::new();
    for event in seen
        .iter()
        .filter_map(numbers::event_of)
        .filter(|event| event.run == run)
    {
        if !events.iter().any(|known| known.2 == event.state_version) {
            events.push((
                event.name.to_owned(),
                event.payload.clone(),
                event.state_version,
            ));
        }
    }
    events
}

fn replay(events: &[(String, Value, u64)], after: u64, answer: &Value, run: &str) -> Vec<Value> {
    let current = events.iter().map(|event| event.2).max().unwrap_or_default();
    let numbered = (1_u64..).zip(events).filter(|(seq, _)| *seq > after);
    numbered
        .map(|(seq, (name, payload, state_version))| {
            json!({ "type": "event", "event": "run.event", "seq": 0, "stateVersion": current, "apiVersion": "v1",
                "payload": { "streamId": answer["payload"]["streamId"], "apiVersion": "v1", "type": "RunEvent",
                    "runId": run, "event": name, "payload": payload, "seq": seq, "stateVersion": state_version } })
        })
        .collect()
}
