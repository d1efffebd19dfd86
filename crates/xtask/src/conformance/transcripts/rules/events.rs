//! Rules about which events a connection receives.

use serde_json::{Value, json};

use super::request_of;
use crate::conformance::transcripts::numbers::{self, Place};
use crate::conformance::transcripts::recording::{Action, Step};

/// Takes out each `run.completed` that follows another one of the same run directly.
pub(super) fn single_run_completed(steps: &mut Vec<Step>) -> usize {
    let mut changes = 0;
    for run in numbers::runs(steps) {
        while let Some(double) = second_completion(steps, &run) {
            numbers::remove(steps, &double);
            changes += 1;
        }
    }
    changes
}

/// Takes the second `run.completed` of a run out that ended before the recording began: its number is the newest one
/// that the first connection is told.
pub(super) fn completed_once_before(steps: &mut Vec<Step>) -> usize {
    let told = steps.iter().find_map(|step| match &step.action {
        Action::Receive { frame, .. } => frame["payload"]["snapshot"]["stateVersion"].as_u64(),
        _ => None,
    });
    let run = numbers::runs(steps).into_iter().next();
    let (Some(state_version @ 1..), Some(run)) = (told, run) else {
        return 0;
    };
    let seq = state_version;
    let place = Place {
        run,
        state_version,
        seq,
    };
    numbers::remove(steps, &place);
    1
}

fn second_completion(steps: &[Step], run: &str) -> Option<Place> {
    let events = numbers::events_of(steps, run);
    let is_completion = |position: usize| events[position].1 == "run.completed";
    (1..events.len())
        .find(|position| is_completion(*position) && is_completion(position - 1))
        .map(|at| events[at].0.clone())
}

/// Puts `approval.decided` before the first event of the run that follows each accepted decision.
pub(super) fn approval_decided_event(steps: &mut Vec<Step>) -> usize {
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
    is_accepted_decision(answer).then(|| {
        json!({ "runId": payload["runId"], "nodeId": payload["nodeId"],
            "iteration": payload["iteration"], "approved": payload["approved"] })
    })
}

/// True for the answer to an accepted `submitApproval`.
pub(crate) fn is_accepted_decision(answer: &Value) -> bool {
    let payload = &answer["payload"];
    answer["ok"] == true && payload["approved"].is_boolean() && payload["nodeId"].is_string()
}

/// Tells of the end of a parked run that was cancelled: its open questions are denied, then it is over. Both come
/// before the next event of any run.
pub(super) fn parked_cancel_is_told(steps: &mut Vec<Step>) -> usize {
    let mut changes = 0;
    for position in 0..steps.len() {
        let Some(run) = accepted_cancel(&steps[position]) else {
            continue;
        };
        let later = || steps[position..].iter().filter_map(numbers::event_of);
        let is_told = later().any(|event| event.run == run);
        let Some(next) = later().next().filter(|_| !is_told) else {
            continue;
        };
        let place = |run: &str| Place {
            run: run.to_owned(),
            state_version: next.state_version,
            seq: u64::MAX,
        };
        let (before, own) = (place(next.run), place(&run));
        let asked = questions(&steps[..position], &run);
        let over = json!({ "runId": run, "status": "cancelled" });
        numbers::insert(steps, &before, "run.completed", &over);
        for question in asked.into_iter().rev() {
            numbers::insert(steps, &own, "approval.decided", &question);
        }
        changes += 1;
    }
    changes
}

/// Returns the run that the step cancels, when it is the first to do so.
fn accepted_cancel(step: &Step) -> Option<String> {
    let Action::Http(exchange) = &step.action else {
        return None;
    };
    let payload = &exchange.body["payload"];
    let won = payload["won"] == true && payload["status"] == "cancelled";
    won.then(|| payload["runId"].as_str().map(str::to_owned))?
}

/// Returns the denials of what `run` had asked, in order.
fn questions(steps: &[Step], run: &str) -> Vec<Value> {
    let asked = |step: &Step| match &step.action {
        Action::Receive { frame, .. }
            if frame["event"] == "approval.requested" && frame["payload"]["runId"] == run =>
        {
            let mut denial = frame["payload"].clone();
            denial["approved"] = false.into();
            Some(denial)
        }
        _ => None,
    };
    steps.iter().filter_map(asked).collect()
}

/// Counts the decisions made over a socket, whose answers may come after what they cause.
pub(super) fn count_decisions(steps: &[Step]) -> usize {
    let is_one = |step: &&Step| matches!(&step.action, Action::Receive { frame, .. } if is_accepted_decision(frame));
    steps.iter().filter(is_one).count()
}

/// Gives a connection that asked for every run also the events that it lost by launching one.
pub(super) fn launch_keeps_everything(steps: &mut Vec<Step>) -> usize {
    let launchers: Vec<String> = steps
        .iter()
        .filter_map(|step| unfiltered_launcher(steps, step))
        .collect();
    let mut changes = 0;
    for on in launchers {
        let mut position = 0;
        while position < steps.len() {
            if let Some(copy) = missed_event(steps, position, &on) {
                steps.insert(position + 1, copy);
                changes += 1;
            }
            position += 1;
        }
    }
    changes
}

/// Returns the connection of a launch over a socket that connected without `subscribe`.
fn unfiltered_launcher(steps: &[Step], step: &Step) -> Option<String> {
    let (on, request) = request_of(step)?;
    let is_unfiltered = |other: &Step| {
        request_of(other).is_some_and(|(sender, request)| {
            sender == on
                && request["method"] == "connect"
                && request["params"]["subscribe"].is_null()
        })
    };
    let is_launch = request["method"] == "launchRun";
    (is_launch && steps.iter().any(is_unfiltered)).then(|| on.to_owned())
}

/// Returns the plain event at `position` as `on` should have received it too.
fn missed_event(steps: &[Step], position: usize, on: &str) -> Option<Step> {
    let step = &steps[position];
    let event = numbers::event_of(step)?;
    let shows_it = |other: &Step| {
        let is_here =
            matches!(&other.action, Action::Receive { on: receiver, .. } if receiver == on);
        let shown = numbers::event_of(other).map(|other| other.state_version);
        is_here && shown == Some(event.state_version)
    };
    let Action::Receive { frame, .. } = &step.action else {
        return None;
    };
    let is_missed = event.seq.is_none() && !steps.iter().any(shows_it);
    is_missed.then(|| Step {
        index: step.index,
        action: Action::Receive {
            on: on.to_owned(),
            frame: frame.clone(),
        },
    })
}
