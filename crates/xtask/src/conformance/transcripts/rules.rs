//! The rules of `better.toml` that rewrite a recording to the better behaviour.
//!
//! A rule returns in how many places it changed the expectation; zero for a listed file is an error.

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use super::compare::WITHHELD;
use super::numbers::{self, Place};
use super::recording::{Action, Recording, Step};

/// Applies the rule called `name`; returns the number of changes.
pub(crate) fn apply(name: &str, recording: &mut Recording) -> Result<usize> {
    let steps = &mut recording.steps;
    match name {
        "single-run-completed" => Ok(single_run_completed(steps)),
        "approval-decided-event" => Ok(approval_decided_event(steps)),
        "numbering-survives" => numbering_survives(steps),
        "stacks-withheld" => Ok(stacks_withheld(steps)),
        "credentials-withheld" => Ok(count_credentials(steps)),
        "invalid-frame-id" => Ok(invalid_frame_id(steps)),
        other => bail!("better.toml names the unknown rule `{other}`"),
    }
}

/// The order in which rules are applied: later ones rely on the numbers that earlier ones settled.
pub(crate) const ORDER: [&str; 6] = [
    "single-run-completed",
    "approval-decided-event",
    "numbering-survives",
    "stacks-withheld",
    "credentials-withheld",
    "invalid-frame-id",
];

/// Takes out each `run.completed` that follows another one of the same run directly.
fn single_run_completed(steps: &mut Vec<Step>) -> usize {
    let mut changes = 0;
    for run in numbers::runs(steps) {
        while let Some(double) = second_completion(steps, &run) {
            numbers::remove(steps, &double);
            changes += 1;
        }
    }
    changes
}

fn second_completion(steps: &[Step], run: &str) -> Option<Place> {
    let events = numbers::events_of(steps, run);
    let is_completion = |position: usize| events[position].1 == "run.completed";
    (1..events.len())
        .find(|position| is_completion(*position) && is_completion(position - 1))
        .map(|at| events[at].0.clone())
}

/// Puts `approval.decided` before the first event of the run that follows each accepted decision.
fn approval_decided_event(steps: &mut Vec<Step>) -> usize {
    let mut changes = 0;
    let mut position = 0;
    while position < steps.len() {
        if let Some(decided) = accepted_decision(&steps[position]) {
            let run = decided["runId"].as_str().unwrap_or_default();
            let follower = steps[position..]
                .iter()
                .filter_map(numbers::event_of)
                .find(|event| event.run == run);
            if let Some(state_version) = follower.map(|event| event.state_version) {
                let events = numbers::events_of(steps, run);
                let place = events
                    .into_iter()
                    .find(|(place, _)| place.state_version == state_version);
                if let Some((place, _)) = place {
                    numbers::insert(steps, &place, "approval.decided", &decided);
                    changes += 1;
                }
            }
        }
        position += 1;
    }
    changes
}

/// Returns the payload that `approval.decided` must have, when the step accepts a decision.
fn accepted_decision(step: &Step) -> Option<Value> {
    let answer = match &step.action {
        Action::Receive { frame, .. } if frame["type"] == "res" => frame,
        Action::Http(exchange) => &exchange.body,
        _ => return None,
    };
    let payload = &answer["payload"];
    let is_decision =
        answer["ok"] == true && payload["approved"].is_boolean() && payload["nodeId"].is_string();
    is_decision.then(|| {
        json!({ "runId": payload["runId"], "nodeId": payload["nodeId"], "iteration": payload["iteration"],
            "approved": payload["approved"] })
    })
}

/// Restores the numbering of runs that the recorded gateway forgot.
fn numbering_survives(steps: &mut Vec<Step>) -> Result<usize> {
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
    let requests = seen.iter().rev().filter_map(|step| match &step.action {
        Action::Send { on: sender, text } if sender == on => {
            serde_json::from_str::<Value>(text).ok()
        }
        _ => None,
    });
    let request = requests.into_iter().find(|request| request["id"] == id)?;
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

/// Replaces every recorded stack by the demand that none is shown.
fn stacks_withheld(steps: &mut [Step]) -> usize {
    let mut changes = 0;
    for value in answers(steps) {
        visit(value, &mut |key, field| {
            if key == "stack" && field.is_string() {
                *field = WITHHELD.into();
                changes += 1;
            }
        });
    }
    changes
}

/// Counts the places where [`exposed_credentials`] is asked; the expectation itself is masked.
fn count_credentials(steps: &mut [Step]) -> usize {
    let mut places = 0;
    for value in answers(steps) {
        visit(value, &mut |key, field| {
            places += usize::from(key == "configJson" && field.is_object())
        });
    }
    places
}

/// Returns the launcher's credentials that `received` shows inside a `configJson`, by name.
pub(crate) fn exposed_credentials(received: &Value) -> Vec<&'static str> {
    let mut exposed = Vec::new();
    let mut copy = received.clone();
    visit(&mut copy, &mut |key, field| {
        if key == "configJson" {
            let auth = &field["$json"]["auth"];
            exposed.extend(
                ["scopes", "role", "tokenId"]
                    .into_iter()
                    .filter(|name| !auth[name].is_null()),
            );
        }
    });
    exposed
}

/// Answers a refused frame with its own id where that can be read.
fn invalid_frame_id(steps: &mut [Step]) -> usize {
    let mut changes = 0;
    let mut sent: Option<String> = None;
    for step in steps {
        match &mut step.action {
            Action::Send { text, .. } => sent = readable_id(text),
            Action::Receive { frame, .. } if frame["id"] == "invalid" => {
                if let Some(id) = sent.take() {
                    frame["id"] = id.into();
                    changes += 1;
                }
            }
            _ => {}
        }
    }
    changes
}

fn readable_id(text: &str) -> Option<String> {
    const MAX_ID_CHARACTERS: usize = 128;
    let frame: Value = serde_json::from_str(text).ok()?;
    let id = frame["id"].as_str()?;
    (id.chars().count() <= MAX_ID_CHARACTERS).then(|| id.to_owned())
}

fn answers(steps: &mut [Step]) -> impl Iterator<Item = &mut Value> {
    steps.iter_mut().filter_map(|step| match &mut step.action {
        Action::Receive { frame, .. } => Some(frame),
        Action::Http(exchange) => Some(&mut exchange.body),
        _ => None,
    })
}

/// Shows every field to `look`, outer ones first.
fn visit(value: &mut Value, look: &mut impl FnMut(&str, &mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, look)),
        Value::Object(fields) => {
            for (key, field) in fields {
                look(key, field);
                visit(field, look);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
