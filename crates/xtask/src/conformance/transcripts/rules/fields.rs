//! Rules about single fields of what the gateway sends.

use serde_json::Value;

use crate::conformance::transcripts::compare::{SHA256, WITHHELD};
use crate::conformance::transcripts::recording::{Action, Step};

/// Replaces every recorded stack by the demand that none is shown.
pub(super) fn stacks_withheld(steps: &mut [Step]) -> usize {
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
pub(super) fn count_credentials(steps: &mut [Step]) -> usize {
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

/// Demands the hash of the module graph where the recorded gateway knew none.
pub(super) fn revision_known(steps: &mut [Step]) -> usize {
    let mut changes = 0;
    for value in answers(steps) {
        visit(value, &mut |key, field| {
            if key == "workflowHash" && field.is_null() {
                *field = SHA256.into();
                changes += 1;
            }
        });
    }
    changes
}

/// Demands the time of the event in every frame of a stream.
pub(super) fn time_in_stream(steps: &mut [Step]) -> usize {
    let mut changes = 0;
    for frame in answers(steps).filter(|frame| frame["event"] == "run.event") {
        frame["payload"]["emittedAtMs"] = 0.into();
        changes += 1;
    }
    changes
}

/// Demands what led to each frame where the recorded gateway names its renderer; the recorded frames are those of a chain
/// of two tasks. Each frame names a whole tree.
pub(super) fn frames_tell_why(steps: &mut [Step]) -> usize {
    answers(steps).map(explain_frames).sum()
}

fn explain_frames(value: &mut Value) -> usize {
    let inside: usize = match value {
        Value::Array(items) => items.iter_mut().map(explain_frames).sum(),
        Value::Object(fields) => fields.values_mut().map(explain_frames).sum(),
        _ => 0,
    };
    if value["note"] != "react-driver" {
        return inside;
    }
    value["note"] = match value["frameNo"].as_u64() {
        Some(1) => Value::Null,
        Some(2 | 3) => "task-finished".into(),
        _ => "stability-check".into(),
    };
    value["encoding"] = "keyframe".into();
    inside + 1
}

/// What attempts say of their tasks, beside what only they know.
const OF_TASKS: [&str; 3] = ["kind", "label", "outputTable"];

/// Reduces what every attempt repeats of its task to what identifies it.
pub(super) fn attempts_are_lean(steps: &mut [Step]) -> usize {
    let mut changes = 0;
    for value in answers(steps) {
        visit(value, &mut |key, field| {
            if key == "metaJson"
                && let Some(told) = field["$json"].as_object_mut()
            {
                told.retain(|name, _| OF_TASKS.contains(&name.as_str()));
                changes += 1;
            }
        });
    }
    changes
}

/// Demands the digest of what is asked in every row of an approval.
pub(super) fn requests_digested(steps: &mut [Step]) -> usize {
    answers(steps).map(digest_rows).sum()
}

fn digest_rows(value: &mut Value) -> usize {
    let is_row = value["requestTitle"].is_string();
    let inside: usize = match value {
        Value::Array(items) => items.iter_mut().map(digest_rows).sum(),
        Value::Object(fields) => fields.values_mut().map(digest_rows).sum(),
        _ => 0,
    };
    if is_row {
        value["requestDigest"] = SHA256.into();
    }
    inside + usize::from(is_row)
}

/// Answers a refused request with its own id where that can be read, over sockets and HTTP alike.
pub(super) fn invalid_frame_id(steps: &mut [Step]) -> usize {
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
            Action::Http(exchange) if exchange.body["ok"] == false => {
                let own = exchange.request.body.as_deref().and_then(readable_id);
                if let Some(id) = own.filter(|id| exchange.body["id"] != id.as_str()) {
                    exchange.body["id"] = id.into();
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
