//! Rules about launches that the recorded gateway takes and then drops, or takes over the rows of another run.

use serde_json::{Value, json};

use crate::conformance::transcripts::numbers;
use crate::conformance::transcripts::recording::{Action, Exchange, Step};

/// Demands that a launch whose input breaks the schema is refused, and leaves no event of a run that never was.
pub(super) fn bad_input_refused(steps: &mut Vec<Step>) -> usize {
    let mut changes = 0;
    for run in lost_runs(steps, "launchRun") {
        take_out_events(steps, &run, 0);
        let Some(launch) = calls(steps, "launchRun").find(|call| names(call, &run)) else {
            continue;
        };
        refuse(launch, 400, "INVALID_INPUT", INPUT_REFUSED);
        changes += 1;
    }
    changes
}

/// What a refused input is told; the issue follows.
const INPUT_REFUSED: &str =
    "the input does not fit its schema: n: Invalid input: expected number, received string";

/// Demands that a run that is launched once more has the input of the first, and comes to the same.
pub(super) fn reruns_work(steps: &mut Vec<Step>) -> usize {
    let mut changes = 0;
    for run in lost_runs(steps, "runs.rerun") {
        let Some(first) = calls(steps, "runs.rerun").find_map(|call| rerun_of(call, &run)) else {
            continue;
        };
        let story = payloads_of(steps, &first);
        let Some((place, _)) = numbers::events_of(steps, &run).pop() else {
            continue;
        };
        let (end, before) = story.split_last().expect("a run that was shown has events");
        for (name, payload) in before {
            let (place, _) = numbers::events_of(steps, &run)
                .pop()
                .expect("its end is shown");
            numbers::insert(steps, &place, name, &of_run(payload, &run));
        }
        end_as(steps, &run, &of_run(&end.1, &run));
        // What getRun says of it is that of the first run in all that matters; the launch is asserted above.
        steps.retain(|step| !asks_about(step, "getRun", &run));
        changes += usize::from(place.run == run);
    }
    changes
}

/// Demands that the id of a run that has ended is not used again.
pub(super) fn ids_used_once(steps: &mut Vec<Step>) -> usize {
    let mut changes = 0;
    for (run, workflow) in taken_over(steps) {
        let first_end = numbers::events_of(steps, &run);
        let first_end = first_end
            .iter()
            .position(|(_, name)| name == "run.completed");
        take_out_events(steps, &run, first_end.map_or(0, |end| end + 1));
        let launch = calls(steps, "launchRun").filter(|call| names(call, &run));
        if let Some(second) = launch.last() {
            refuse(
                second,
                409,
                "CONFLICT",
                &format!("Run {run} already exists"),
            );
        }
        for asked in calls(steps, "getRun").filter(|call| names(call, &run)) {
            let record = &mut asked.body["payload"];
            record["workflowName"] = workflow.clone().into();
            record["summary"] = json!({ "finished": record["summary"]["finished"] });
        }
        changes += 1;
    }
    changes
}

/// Runs that `method` is said to have launched and that getRun does not know.
fn lost_runs(steps: &mut [Step], method: &str) -> Vec<String> {
    let launched: Vec<String> = calls(steps, method)
        .filter_map(|call| call.body["payload"]["runId"].as_str().map(str::to_owned))
        .collect();
    let unknown: Vec<String> = calls(steps, "getRun")
        .filter(|call| call.status == 404)
        .filter_map(|call| asked_run(call))
        .collect();
    launched
        .into_iter()
        .filter(|run| unknown.contains(run))
        .collect()
}

/// Runs whose id a second launch took, with the workflow of the first.
fn taken_over(steps: &mut [Step]) -> Vec<(String, String)> {
    let mut launched: Vec<(String, String)> = Vec::new();
    let mut taken = Vec::new();
    for call in calls(steps, "launchRun").filter(|call| call.status == 200) {
        let payload = &call.body["payload"];
        let text = |field: &str| payload[field].as_str().unwrap_or_default().to_owned();
        let (run, workflow) = (text("runId"), text("workflow"));
        match launched.iter().find(|(known, _)| *known == run) {
            Some(first) => taken.push(first.clone()),
            None => launched.push((run, workflow)),
        }
    }
    taken
}

/// Takes out the events of a run from the one at `from` on.
fn take_out_events(steps: &mut Vec<Step>, run: &str, from: usize) {
    while let Some((place, _)) = numbers::events_of(steps, run).get(from).cloned() {
        numbers::remove(steps, &place);
    }
}

/// Name and payload of each event of a run, in order.
fn payloads_of(steps: &[Step], run: &str) -> Vec<(String, Value)> {
    let shown = steps.iter().filter_map(|step| match &step.action {
        Action::Receive { frame, .. } if frame["payload"]["runId"] == run => Some(frame),
        _ => None,
    });
    shown
        .filter_map(|frame| {
            Some((
                frame["event"].as_str()?.to_owned(),
                frame["payload"].clone(),
            ))
        })
        .collect()
}

fn of_run(payload: &Value, run: &str) -> Value {
    let mut payload = payload.clone();
    payload["runId"] = run.into();
    payload
}

/// Sets the payload of the end of a run.
fn end_as(steps: &mut [Step], run: &str, payload: &Value) {
    for step in steps {
        if let Action::Receive { frame, .. } = &mut step.action
            && frame["event"] == "run.completed"
            && frame["payload"]["runId"] == run
        {
            frame["payload"] = payload.clone();
        }
    }
}

fn refuse(call: &mut Exchange, status: u16, code: &str, message: &str) {
    call.status = status;
    let id = call.body["id"].clone();
    call.body = json!({ "type": "res", "id": id, "ok": false, "apiVersion": "v1",
        "error": { "version": "v1", "code": code, "message": message } });
}

fn calls<'a>(steps: &'a mut [Step], method: &'a str) -> impl Iterator<Item = &'a mut Exchange> {
    steps
        .iter_mut()
        .filter_map(move |step| match &mut step.action {
            Action::Http(call) if is_call(call, method) => Some(&mut **call),
            _ => None,
        })
}

fn is_call(call: &Exchange, method: &str) -> bool {
    call.request.path.rsplit('/').next() == Some(method)
}

fn asks_about(step: &Step, method: &str, run: &str) -> bool {
    matches!(&step.action, Action::Http(call) if is_call(call, method) && names(call, run))
}

/// Whether a call is about a run, or launches it.
fn names(call: &Exchange, run: &str) -> bool {
    asked_run(call).is_some_and(|asked| asked == run)
}

fn asked_run(call: &Exchange) -> Option<String> {
    let asked: Value = serde_json::from_str(call.request.body.as_deref()?).ok()?;
    let run = asked["runId"]
        .as_str()
        .or(asked["options"]["runId"].as_str());
    run.map(str::to_owned)
}

/// The run that a call launches once more as `run`.
fn rerun_of(call: &Exchange, run: &str) -> Option<String> {
    let asked: Value = serde_json::from_str(call.request.body.as_deref()?).ok()?;
    (asked["newRunId"] == run).then(|| asked["runId"].as_str().map(str::to_owned))?
}
