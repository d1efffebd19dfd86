//! The rewriting rules, each on the smallest recording that shows it.

use serde_json::json;

use super::super::compare::{SHA256, WITHHELD};
use super::*;

fn recording(steps: Value) -> Recording {
    Recording::parse(&json!({ "name": "99-test", "steps": steps })).unwrap()
}

fn event(name: &str, state_version: u64, more: Value) -> Value {
    let mut payload = json!({ "runId": "r" });
    for (key, value) in more.as_object().unwrap() {
        payload[key] = value.clone();
    }
    json!({ "on": "a", "recv": { "type": "event", "event": name, "payload": payload, "seq": 1,
        "stateVersion": state_version, "apiVersion": "v1" } })
}

fn frames(recording: &Recording) -> Vec<&Value> {
    let frame = |step: &'_ Step| match &step.action {
        Action::Receive { frame, .. } => Some(frame.clone()),
        _ => None,
    };
    recording
        .steps
        .iter()
        .filter(|step| frame(step).is_some())
        .map(|step| match &step.action {
            Action::Receive { frame, .. } => frame,
            _ => unreachable!("filtered above"),
        })
        .collect()
}

fn names(recording: &Recording) -> Vec<(String, u64)> {
    let text = |frame: &Value| frame["event"].as_str().unwrap_or("res").to_owned();
    frames(recording)
        .iter()
        .map(|frame| (text(frame), frame["stateVersion"].as_u64().unwrap_or(0)))
        .collect()
}

#[test]
fn every_row_of_an_approval_has_to_have_a_digest() {
    let rows = json!([{ "requestTitle": "Ship?" }, { "title": "no approval" }]);
    let mut recording = recording(json!([event("x", 1, json!({ "approvals": rows }))]));
    assert_eq!(apply("requests-digested", &mut recording).unwrap(), 1);
    let shown = &frames(&recording)[0]["payload"]["approvals"];
    let digested = json!({ "requestTitle": "Ship?", "requestDigest": SHA256 });
    assert_eq!(shown, &json!([digested, { "title": "no approval" }]));
}

#[test]
fn the_second_completion_of_a_run_goes_and_later_numbers_move_down() {
    let mut recording = recording(json!([
        event("run.completed", 1, json!({})),
        event("run.completed", 2, json!({})),
        event("node.pending", 3, json!({ "runId": "q" })),
    ]));
    assert_eq!(apply("single-run-completed", &mut recording).unwrap(), 1);
    assert_eq!(
        names(&recording),
        [
            ("run.completed".to_owned(), 1),
            ("node.pending".to_owned(), 2)
        ]
    );
}

#[test]
fn a_run_that_was_started_again_keeps_both_of_its_ends() {
    let mut recording = recording(json!([
        event("run.completed", 1, json!({})),
        event("node.started", 2, json!({})),
        event("run.completed", 3, json!({})),
    ]));
    assert_eq!(apply("single-run-completed", &mut recording).unwrap(), 0);
}

#[test]
fn a_decision_is_announced_before_what_it_causes() {
    let mut recording = recording(json!([
        event("node.waiting_approval", 1, json!({})),
        { "on": "a", "recv": { "type": "res", "id": "x", "ok": true,
            "payload": { "runId": "r", "nodeId": "gate", "iteration": 0, "approved": false } } },
        event("run.completed", 2, json!({ "status": "failed" })),
    ]));
    assert_eq!(apply("approval-decided-event", &mut recording).unwrap(), 1);
    let frames = frames(&recording);
    assert_eq!(frames[2]["event"], "approval.decided");
    assert_eq!(
        frames[2]["payload"],
        json!({ "runId": "r", "nodeId": "gate", "iteration": 0, "approved": false })
    );
    assert_eq!(
        (&frames[2]["stateVersion"], &frames[3]["stateVersion"]),
        (&json!(2), &json!(3))
    );
}

#[test]
fn a_refused_decision_is_not_announced() {
    let mut recording = recording(json!([
        { "on": "a", "recv": { "type": "res", "id": "x", "ok": false, "error": { "code": "AlreadyDecided" } } },
        event("run.completed", 1, json!({})),
    ]));
    assert_eq!(apply("approval-decided-event", &mut recording).unwrap(), 0);
}

#[test]
fn a_forgotten_run_is_replayed_and_its_true_number_told() {
    let request = |id: &str, after: u64| {
        json!({ "on": "a", "send": { "type": "req", "id": id, "method": "streamRunEvents",
            "params": { "runId": "r", "afterSeq": after } } })
    };
    let mut recording = recording(json!([
        event("node.pending", 1, json!({})),
        event("run.completed", 2, json!({})),
        request("s1", 1),
        { "on": "a", "recv": { "type": "res", "id": "s1", "ok": true,
            "payload": { "streamId": "x", "runId": "r", "afterSeq": 1, "currentSeq": 0 } } },
        request("s2", 5),
        { "on": "a", "recv": { "type": "res", "id": "s2", "ok": false,
            "error": { "code": "SeqOutOfRange", "message": "afterSeq 5 is newer than current seq 0" } } },
    ]));
    assert_eq!(apply("numbering-survives", &mut recording).unwrap(), 2);
    let frames = frames(&recording);
    assert_eq!(frames[2]["payload"]["currentSeq"], 2);
    assert_eq!(frames[3]["payload"]["event"], "run.completed");
    assert_eq!(
        (&frames[3]["payload"]["seq"], &frames[3]["stateVersion"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        frames[4]["error"]["message"],
        "afterSeq 5 is newer than current seq 2"
    );
}

#[test]
fn stacks_go_also_inside_json_texts() {
    let mut recording = recording(json!([
        { "on": "a", "recv": { "type": "res", "payload": { "errorJson": "{\"stack\":\"at x\",\"name\":\"E\"}" } } },
    ]));
    assert_eq!(apply("stacks-withheld", &mut recording).unwrap(), 1);
    assert_eq!(
        frames(&recording)[0]["payload"]["errorJson"]["$json"]["stack"],
        WITHHELD
    );
}

#[test]
fn shown_credentials_are_named() {
    let config =
        |auth: Value| json!({ "payload": { "configJson": { "$json": { "auth": auth } } } });
    assert_eq!(
        exposed_credentials(&config(json!({ "triggeredBy": "u" }))),
        Vec::<&str>::new()
    );
    assert_eq!(
        exposed_credentials(&config(json!({ "role": "operator", "tokenId": "1" }))),
        ["role", "tokenId"]
    );
}

#[test]
fn a_refused_frame_keeps_its_id_when_that_can_be_read() {
    let refusal = json!({ "on": "a", "recv": { "type": "res", "id": "invalid", "ok": false } });
    let mut recording = recording(json!([
        { "on": "a", "sendRaw": "{\"type\":\"req\",\"id\":\"good\",\"method\":\"Bad\"}" }, refusal,
        { "on": "a", "sendRaw": "{bad" }, refusal,
        { "on": "a", "sendRaw": format!("{{\"id\":\"{}\"}}", "i".repeat(129)) }, refusal,
    ]));
    assert_eq!(apply("invalid-frame-id", &mut recording).unwrap(), 1);
    let ids: Vec<&Value> = frames(&recording)
        .iter()
        .map(|frame| &frame["id"])
        .collect();
    assert_eq!(ids, ["good", "invalid", "invalid"]);
}

#[test]
fn a_launch_takes_nothing_from_a_connection_that_asked_for_everything() {
    let send = |on: &str, method: &str, params: Value| json!({ "on": on, "send": { "id": "c", "method": method, "params": params } });
    let other = json!({ "on": "b", "recv": { "type": "event", "event": "node.pending",
        "payload": { "runId": "q" }, "seq": 1, "stateVersion": 2 } });
    let mut recording = recording(json!([
        send("a", "connect", json!({})),
        send("b", "connect", json!({})),
        send("c", "connect", json!({ "subscribe": ["r"] })),
        send("a", "launchRun", json!({})),
        send("c", "launchRun", json!({})),
        event("node.pending", 1, json!({})),
        other,
    ]));
    assert_eq!(apply("launch-keeps-everything", &mut recording).unwrap(), 1);
    let Action::Receive { on, frame } = &recording.steps.last().unwrap().action else {
        panic!("the copy follows the original");
    };
    assert_eq!(
        (on.as_str(), &frame["payload"]["runId"]),
        ("a", &json!("q"))
    );
}

#[test]
fn a_known_revision_is_demanded() {
    let runs = json!([{ "workflowHash": null }, { "workflowHash": "x" }]);
    let mut recording =
        recording(json!([{ "on": "a", "recv": { "type": "res", "payload": { "runs": runs } } }]));
    assert_eq!(apply("revision-known", &mut recording).unwrap(), 1);
    assert_eq!(
        frames(&recording)[0]["payload"]["runs"][0]["workflowHash"],
        SHA256
    );
}

#[test]
fn a_refused_exchange_keeps_the_id_of_its_body() {
    let exchange = |body: Value, id: &str| {
        json!({ "http": { "request": { "method": "POST", "path": "/rpc", "body": body },
            "response": { "status": 400, "body": { "type": "res", "id": id, "ok": false } } } })
    };
    let mut recording = recording(json!([
        exchange(json!({ "id": "own" }), "header"),
        exchange(json!({ "id": "own" }), "own"),
        exchange(json!("{bad"), "header"),
    ]));
    assert_eq!(apply("invalid-frame-id", &mut recording).unwrap(), 1);
    assert!(
        matches!(&recording.steps[0].action, Action::Http(exchange) if exchange.body["id"] == "own")
    );
}

#[test]
fn an_unknown_rule_is_refused() {
    assert!(apply("no-such-rule", &mut recording(json!([]))).is_err());
}

fn call(method: &str, asked: Value, status: u16, answer: Value) -> Value {
    let request = json!({ "method": "POST", "path": format!("/v1/rpc/{method}"), "headers": {}, "body": asked });
    json!({ "http": { "request": request, "response": { "status": status, "headers": {}, "body": answer } } })
}

#[test]
fn a_launch_that_came_to_nothing_is_refused_and_its_event_goes() {
    let asked = json!({ "workflow": "w", "options": { "runId": "bad" } });
    let taken = json!({ "type": "res", "id": "1", "ok": true, "payload": { "runId": "bad" } });
    let mut recording = recording(json!([
        call("launchRun", asked, 200, taken),
        event(
            "run.completed",
            1,
            json!({ "runId": "bad", "status": "failed" })
        ),
        call("getRun", json!({ "runId": "bad" }), 404, json!({})),
        event("node.pending", 2, json!({ "runId": "q" })),
    ]));
    assert_eq!(apply("bad-input-refused", &mut recording).unwrap(), 1);
    assert_eq!(names(&recording), [("node.pending".to_owned(), 1)]);
    let Action::Http(launch) = &recording.steps[0].action else {
        panic!("the launch stays");
    };
    assert_eq!(
        (launch.status, &launch.body["error"]["code"]),
        (400, &json!("INVALID_INPUT"))
    );
}

#[test]
fn a_run_that_is_launched_once_more_has_the_events_of_the_first() {
    let asked = json!({ "runId": "r", "newRunId": "again" });
    let taken = json!({ "type": "res", "id": "1", "ok": true, "payload": { "runId": "again" } });
    let mut recording = recording(json!([
        event("node.pending", 1, json!({ "nodeId": "a" })),
        event("run.completed", 2, json!({ "status": "finished" })),
        call("runs.rerun", asked, 200, taken),
        event(
            "run.completed",
            3,
            json!({ "runId": "again", "status": "failed" })
        ),
        call("getRun", json!({ "runId": "again" }), 404, json!({})),
    ]));
    assert_eq!(apply("reruns-work", &mut recording).unwrap(), 1);
    let again: Vec<Value> = frames(&recording)[2..]
        .iter()
        .map(|frame| frame["payload"].clone())
        .collect();
    assert_eq!(
        again,
        [
            json!({ "runId": "again", "nodeId": "a" }),
            json!({ "runId": "again", "status": "finished" })
        ]
    );
}

#[test]
fn an_id_that_is_taken_is_refused_and_the_first_run_stays_as_it_was() {
    let asked = |workflow: &str| json!({ "workflow": workflow, "options": { "runId": "r" } });
    let taken = |workflow: &str| json!({ "type": "res", "id": "1", "ok": true, "payload": { "runId": "r", "workflow": workflow } });
    let mixed = json!({ "payload": { "runId": "r", "workflowName": "second", "summary": { "finished": 1, "in-progress": 2 } } });
    let mut recording = recording(json!([
        call("launchRun", asked("first"), 200, taken("first")),
        event("run.completed", 1, json!({})),
        call("launchRun", asked("second"), 200, taken("second")),
        event("node.pending", 2, json!({})),
        call("getRun", json!({ "runId": "r" }), 200, mixed),
    ]));
    assert_eq!(apply("ids-used-once", &mut recording).unwrap(), 1);
    assert_eq!(names(&recording), [("run.completed".to_owned(), 1)]);
    let calls: Vec<_> = recording
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Http(call) => Some((call.status, call.body["payload"].clone())),
            _ => None,
        })
        .collect();
    assert_eq!((calls[0].0, calls[1].0), (200, 409));
    assert_eq!(calls[2].1["workflowName"], "first");
    assert_eq!(calls[2].1["summary"], json!({ "finished": 1 }));
}
