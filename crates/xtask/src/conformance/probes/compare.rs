//! Compares what a probe left with what was recorded, as `probes/README.md` asks.
//!
//! Without a rule everything must match, the order of all events and the number of frames
//! included. A rule of `better.toml` replaces one part by the better behaviour, and asserts that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Rule: a resume does not dispatch finished tasks again.
pub(crate) const KEEPS_FINISHED_WORK: &str = "resume-keeps-finished-work";
/// Rule: the next start resumes the runs of a killed process at once.
pub(crate) const LOCK_PROVES_DEATH: &str = "lock-proves-owner-dead";
/// Rule: a loop that is done is stored as done.
pub(crate) const STORES_DONE_LOOPS: &str = "loops-are-stored-done";
/// Rule: all tasks that can start are started before the first of them ends.
pub(crate) const STARTS_TOGETHER: &str = "runnable-tasks-start-together";
/// Rule: waits are durable and visible at once, also beside running work, and act by themselves.
pub(crate) const WAITS_ACT: &str = "waits-act-by-themselves";
/// Rule: the log says where a result was taken from.
pub(crate) const TELLS_HITS: &str = "cache-hits-are-told";
/// Rule: a run takes a small part of the time that it took when it was recorded.
pub(crate) const RUNS_ARE_SHORT: &str = "runs-are-short";
/// Every rule.
pub(crate) const RULES: [&str; 7] = [
    RUNS_ARE_SHORT,
    TELLS_HITS,
    KEEPS_FINISHED_WORK,
    LOCK_PROVES_DEATH,
    STORES_DONE_LOOPS,
    STARTS_TOGETHER,
    WAITS_ACT,
];
/// Events that a resume of the recorded engine adds.
const RESUME_EVENTS: [&str; 2] = ["RunStarted", "FrameCommitted"];

/// What was recorded and what came, for one run.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub(crate) recorded: &'a Value,
    /// As [`super::database::Database::run`] reads it.
    pub(crate) actual: &'a Value,
    pub(crate) events: &'a [Value],
}

/// Returns the differences, each as a line.
pub(crate) fn differences(outcome: &Outcome<'_>, rules: &BTreeSet<&str>) -> Vec<String> {
    let keeps_work = rules.contains(KEEPS_FINISHED_WORK);
    let (recorded, actual) = (outcome.recorded, outcome.actual);
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: &Value, got: &Value| {
        if normal(expected) != normal(got) {
            found.push(format!("{what}: expected {expected}, got {got}"));
        }
    };
    for field in ["runId", "parentRunId", "workflow", "status"] {
        compare(field, &recorded[field], &actual["head"][field]);
    }
    let nodes = if keeps_work {
        with_last_attempts(recorded)
    } else {
        recorded["nodes"].clone()
    };
    compare_rows("node", &nodes, &actual["nodes"], &mut compare);
    compare_rows(
        "attempt",
        &recorded["attempts"],
        &actual["attempts"],
        &mut compare,
    );
    compare_rows(
        "approval",
        &recorded["approvals"],
        &actual["approvals"],
        &mut compare,
    );
    let mut loops = recorded["loops"].clone();
    if rules.contains(STORES_DONE_LOOPS) {
        for row in loops.as_array_mut().into_iter().flatten() {
            row["done"] = json!(1);
        }
    }
    compare_rows("loop", &loops, &actual["loops"], &mut compare);
    for (table, rows) in recorded["outputs"].as_object().into_iter().flatten() {
        compare_rows(
            &format!("row of `{table}`"),
            rows,
            &actual["outputs"][table],
            &mut compare,
        );
    }
    compare_rows(
        "tool call",
        &recorded["toolCalls"],
        &actual["toolCalls"],
        &mut compare,
    );
    let (hits, told) = split_hits(outcome.events);
    let events = match rules.contains(TELLS_HITS) {
        true => &*told,
        false => outcome.events,
    };
    if rules.contains(TELLS_HITS) {
        compare(
            "nodes with a hit in the log",
            &cached_nodes(&recorded["attempts"]),
            &hits.into(),
        );
    }
    let recorded_events: Vec<Value> = recorded["events"].as_array().cloned().unwrap_or_default();
    if keeps_work {
        let theirs = without_resume_events(&recorded_events);
        let ours = without_resume_events(events);
        let order = if rules.contains(WAITS_ACT) {
            let (theirs, ours) = (without_parking(&theirs), without_parking(&ours));
            compare("events of each node", &by_node(&theirs), &by_node(&ours));
            None
        } else {
            order_difference(&theirs, &ours)
        };
        found.extend(resume_differences(&recorded_events, events));
        found.extend(order);
    } else {
        compare("number of frames", &recorded["frames"], &actual["frames"]);
        if rules.contains(STARTS_TOGETHER) {
            compare(
                "events of each node",
                &by_node(&recorded_events),
                &by_node(events),
            );
        } else {
            found.extend(order_difference(&recorded_events, events));
        }
    }
    found
}

/// Tells the nodes whose hits are told from all other events.
fn split_hits(events: &[Value]) -> (Vec<Value>, Vec<Value>) {
    let (hits, others): (Vec<Value>, Vec<Value>) = events
        .iter()
        .cloned()
        .partition(|event| event["type"] == "CacheHit");
    let mut nodes: Vec<Value> = hits.iter().map(|hit| hit["node"].clone()).collect();
    nodes.sort_by_key(Value::to_string);
    (nodes, others)
}

fn cached_nodes(attempts: &Value) -> Value {
    let attempts = attempts.as_array().into_iter().flatten();
    let cached = attempts.filter(|attempt| attempt["cached"] == true);
    cached.map(|attempt| attempt["node"].clone()).collect()
}

fn compare_rows(
    what: &str,
    expected: &Value,
    got: &Value,
    compare: &mut impl FnMut(&str, &Value, &Value),
) {
    let empty = Vec::new();
    let (expected, got) = (
        expected.as_array().unwrap_or(&empty),
        got.as_array().unwrap_or(&empty),
    );
    for position in 0..expected.len().max(got.len()) {
        let row = |rows: &[Value]| rows.get(position).cloned().unwrap_or(Value::Null);
        compare(&format!("{what} {position}"), &row(expected), &row(got));
    }
}

/// Fills in the last attempts that the recorded engine lost by resuming.
fn with_last_attempts(recorded: &Value) -> Value {
    let attempts = recorded["attempts"].as_array().cloned().unwrap_or_default();
    let last = |node: &Value| {
        let own = attempts
            .iter()
            .filter(|row| row["node"] == node["node"] && row["iteration"] == node["iteration"]);
        own.filter_map(|row| row["attempt"].as_u64()).max()
    };
    let mut nodes = recorded["nodes"].as_array().cloned().unwrap_or_default();
    for node in nodes
        .iter_mut()
        .filter(|node| node["lastAttempt"].is_null())
    {
        node["lastAttempt"] = json!(last(node));
    }
    nodes.into()
}

/// Events of each node in their order, and what led to frames in any order.
fn by_node(events: &[Value]) -> Value {
    let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in events {
        let line = match event["type"].as_str() {
            Some("FrameCommitted") => format!("frame {}", event["trigger"]),
            Some(name) if name.starts_with("Timer") => format!("{} 0", event["timerId"]),
            _ => format!("{} {}", event["node"], event["iteration"]),
        };
        let mut event = event.clone();
        if let Some(fields) = event.as_object_mut() {
            fields.remove("frameNo");
        }
        lines.entry(line).or_default().push(event);
    }
    json!(lines)
}

/// Events but those of parking: a run that goes on by itself parks less often than one that is resumed by hand.
fn without_parking(events: &[Value]) -> Vec<Value> {
    let parks = |event: &&Value| event["type"] == "RunStatusChanged";
    events
        .iter()
        .filter(|event| !parks(event))
        .cloned()
        .collect()
}

fn without_resume_events(events: &[Value]) -> Vec<Value> {
    events
        .iter()
        .filter(|event| !RESUME_EVENTS.iter().any(|name| event["type"] == *name))
        .cloned()
        .collect()
}

/// Says where the resumes cost more than recorded, or the run does not begin with its start.
fn resume_differences(recorded: &[Value], actual: &[Value]) -> Vec<String> {
    let count =
        |events: &[Value], name: &str| events.iter().filter(|event| event["type"] == name).count();
    let mut found = Vec::new();
    for name in RESUME_EVENTS {
        let (most, got) = (count(recorded, name), count(actual, name));
        if got == 0 || got > most {
            found.push(format!("{name}: expected 1 to {most}, got {got}"));
        }
    }
    if actual
        .first()
        .is_none_or(|event| event["type"] != "RunStarted")
    {
        found.push("the run does not begin with RunStarted".to_owned());
    }
    let frames = actual.iter().filter_map(|event| event["frameNo"].as_u64());
    if !frames.eq(1..=count(actual, "FrameCommitted") as u64) {
        found.push("the frames are not numbered 1, 2, 3, …".to_owned());
    }
    found
}

fn order_difference(recorded: &[Value], actual: &[Value]) -> Option<String> {
    let length = recorded.len().max(actual.len());
    let position =
        (0..length).find(|at| recorded.get(*at).map(normal) != actual.get(*at).map(normal))?;
    let shown = |events: &[Value]| {
        let window = events.iter().skip(position.saturating_sub(1)).take(4);
        window.map(Value::to_string).collect::<Vec<_>>().join(" ")
    };
    Some(format!(
        "event {position} and around it: expected {}\n        got {}",
        shown(recorded),
        shown(actual)
    ))
}

/// Brings spellings together that mean the same: whole numbers, times, absent and null fields.
fn normal(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::String(text) if is_iso_time(text) => "<iso-time>".into(),
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(fields) => {
            let present = fields.iter().filter(|(_, field)| !field.is_null());
            let mut fields: Vec<(String, Value)> = present
                .map(|(key, field)| (key.clone(), normal(field)))
                .collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            fields.into_iter().collect()
        }
        other => other.clone(),
    }
}

fn is_iso_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    shape == "0000-00-00T00:00:00.000Z" || shape == "0000-00-00T00:00:00Z"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, node: &str) -> Value {
        json!({ "type": name, "node": node, "iteration": 0 })
    }

    fn frame(number: u64) -> Value {
        json!({ "type": "FrameCommitted", "frameNo": number })
    }

    fn started() -> Value {
        json!({ "type": "RunStarted" })
    }

    fn recorded(events: &[Value], nodes: Value) -> Value {
        json!({ "runId": "r1", "workflow": "w", "status": "finished", "events": events, "frames": 1,
            "nodes": nodes, "attempts": [{ "node": "a", "iteration": 0, "attempt": 1, "state": "finished" }],
            "outputs": { "step": [{ "node_id": "a", "iteration": 0, "n": 10, "at": "<iso-time>" }] } })
    }

    fn actual(last_attempt: Value) -> Value {
        json!({ "head": { "runId": "r1", "parentRunId": null, "workflow": "w", "status": "finished" }, "frames": 1,
            "nodes": [{ "node": "a", "iteration": 0, "lastAttempt": last_attempt }],
            "attempts": [{ "node": "a", "iteration": 0, "attempt": 1, "state": "finished" }], "approvals": [],
            "outputs": { "step": [{ "node_id": "a", "iteration": 0, "n": 10.0, "at": "2026-11-22T16:01:10.225Z" }] } })
    }

    fn check(
        recorded: &Value,
        actual: &Value,
        events: &[Value],
        rules: &[&'static str],
    ) -> Vec<String> {
        differences(
            &Outcome {
                recorded,
                actual,
                events,
            },
            &rules.iter().copied().collect(),
        )
    }

    #[test]
    fn numbers_and_times_match_by_meaning() {
        let nodes = json!([{ "node": "a", "iteration": 0, "lastAttempt": 1 }]);
        let events = [started(), frame(1)];
        assert_eq!(
            check(&recorded(&events, nodes), &actual(json!(1)), &events, &[]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn another_order_of_events_is_a_difference() {
        let nodes = json!([{ "node": "a", "iteration": 0, "lastAttempt": 1 }]);
        let (one, two) = (event("NodePending", "a"), event("NodePending", "b"));
        let found = check(
            &recorded(&[one.clone(), two.clone()], nodes),
            &actual(json!(1)),
            &[two, one],
            &[],
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("event 0"), "{found:?}");
    }

    #[test]
    fn tasks_that_start_together_keep_the_order_of_their_own_events() {
        let nodes = json!([{ "node": "a", "iteration": 0, "lastAttempt": 1 }]);
        let (one, two) = (event("NodeStarted", "a"), event("NodeStarted", "b"));
        let (end, frame_by) = (event("NodeFinished", "a"), frame(1));
        let theirs = [one.clone(), end.clone(), frame_by.clone(), two.clone()];
        let recorded = recorded(&theirs, nodes);
        let rules = [STARTS_TOGETHER];
        let ours = [one.clone(), two.clone(), end.clone(), frame_by.clone()];
        assert_eq!(
            check(&recorded, &actual(json!(1)), &ours, &rules),
            Vec::<String>::new()
        );
        let backwards = [end, two, one, frame_by];
        let found = check(&recorded, &actual(json!(1)), &backwards, &rules);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn waits_that_act_may_come_earlier_and_park_less_often() {
        let nodes = json!([{ "node": "a", "iteration": 0, "lastAttempt": 1 }]);
        let parked = json!({ "type": "RunStatusChanged", "status": "waiting-timer" });
        let created = json!({ "type": "TimerCreated", "timerId": "t" });
        let fired = json!({ "type": "TimerFired", "timerId": "t" });
        let (begin, end) = (event("NodeStarted", "a"), event("NodeFinished", "a"));
        let theirs = [
            started(),
            frame(1),
            begin.clone(),
            end.clone(),
            created.clone(),
            parked.clone(),
            parked.clone(),
            fired.clone(),
        ];
        let recorded = recorded(&theirs, nodes);
        let rules = [KEEPS_FINISHED_WORK, WAITS_ACT];
        let ours = [
            started(),
            frame(1),
            created.clone(),
            begin.clone(),
            end.clone(),
            parked,
            fired.clone(),
        ];
        let found = check(&recorded, &actual(json!(1)), &ours, &rules);
        assert_eq!(found, Vec::<String>::new());
        let backwards = [started(), frame(1), begin, end, fired, created];
        let found = check(&recorded, &actual(json!(1)), &backwards, &rules);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_kept_last_attempt_and_fewer_frames_are_asserted_by_the_rule() {
        let nodes = json!([{ "node": "a", "iteration": 0, "lastAttempt": null }]);
        let theirs = [
            started(),
            frame(1),
            event("NodeFinished", "a"),
            started(),
            frame(2),
            frame(3),
        ];
        let ours = [started(), frame(1), event("NodeFinished", "a"), frame(2)];
        let recorded = recorded(&theirs, nodes);
        assert_eq!(
            check(&recorded, &actual(json!(1)), &ours, &[KEEPS_FINISHED_WORK]),
            Vec::<String>::new()
        );
        assert!(
            !check(
                &recorded,
                &actual(Value::Null),
                &ours,
                &[KEEPS_FINISHED_WORK]
            )
            .is_empty()
        );
        assert!(!check(&recorded, &actual(json!(1)), &ours, &[]).is_empty());
    }

    #[test]
    fn more_frames_than_recorded_or_a_gap_in_them_are_differences() {
        assert_eq!(
            resume_differences(&[started(), frame(1)], &[started(), frame(1), frame(2)]).len(),
            1
        );
        assert_eq!(
            resume_differences(
                &[started(), frame(1), frame(2)],
                &[started(), frame(1), frame(3)]
            )
            .len(),
            1
        );
    }

    #[test]
    fn a_missing_row_is_a_difference() {
        let nodes = json!([{ "node": "a", "iteration": 0, "lastAttempt": 1 }]);
        let mut actual = actual(json!(1));
        actual["outputs"]["step"] = json!([]);
        let found = check(&recorded(&[], nodes), &actual, &[], &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("row of `step` 0"), "{found:?}");
    }
}
