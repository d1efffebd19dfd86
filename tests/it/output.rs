//! What tasks write, from their console to those who watch: whole, in order, bounded, without secrets.

use serde_json::{Value, json};
use smithers_testkit::socket::Socket;
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, Operator, READER, count, database, get, launch, log, scratch, start, wait_for,
};

/// A bearer in the form that this product issues.
const BEARER: &str = "smithers_x4Jq9ZtLw2Vb7Nc0Rk5Ym8Hd3Gf6Ps1Ta-Ue_QoBi";

/// A folder for a gateway on the module whose tasks write.
fn talking() -> Scratch {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/talk.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

/// A stream of the run `r1` behind event `after`.
async fn stream(gateway: &Gateway, after: u64) -> Socket {
    let mut socket = gateway.connect(READER, Some(&[])).await.unwrap();
    let params = json!({ "runId": "r1", "afterSeq": after });
    socket.request("streamRunEvents", params).await.unwrap();
    socket
}

/// The next event of a stream: its name, its own payload and its number.
async fn next(socket: &mut Socket) -> (String, Value, u64) {
    loop {
        let mut frame = socket.next().await.unwrap();
        if frame["event"] == "run.event" {
            let mut event = frame["payload"].take();
            let name = event["event"].as_str().unwrap().to_owned();
            let number = event["seq"].as_u64().unwrap();
            return (name, event["payload"].take(), number);
        }
    }
}

/// The events of the run `r1` from its first to its last.
async fn story(gateway: &Gateway) -> Vec<(String, Value, u64)> {
    let mut socket = stream(gateway, 0).await;
    let mut events = Vec::new();
    loop {
        events.push(next(&mut socket).await);
        if events.last().unwrap().0 == "run.completed" {
            return events;
        }
    }
}

/// What was written to a stream, joined.
fn written(events: &[(String, Value, u64)], stream: &str) -> String {
    let outputs = events
        .iter()
        .filter(|(name, payload, _)| name == "task.output" && payload["stream"] == stream);
    outputs
        .map(|(_, payload, _)| payload["output"].as_str().unwrap())
        .collect()
}

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("line {n}\n")).collect()
}

#[tokio::test]
async fn what_a_task_writes_is_streamed_shown_and_counted() {
    let mut scratch = talking();
    scratch.set("SMITHERS_LOG", "info");
    let operator = Operator::with(scratch).await;
    let gateway = &operator.gateway;
    launch(gateway, "talk", "r1", json!({})).await;
    wait_for(gateway, "r1", "finished").await;
    let events = story(gateway).await;
    let names: Vec<&str> = events.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "node.pending",
            "node.started",
            "task.output",
            "task.output",
            "node.finished",
            "run.completed"
        ]
    );
    let (out, err) = ("line 0\nline 1\nline 2\n", "that was all\n");
    let payload = |output: &str, stream: &str| json!({ "runId": "r1", "nodeId": "talk", "output": output, "stream": stream });
    assert_eq!(events[2].1, payload(out, "stdout"));
    assert_eq!(events[3].1, payload(err, "stderr"));

    let shown = operator.text(&["runs", "events", "r1"]).await;
    for line in ["talk | line 0", "talk | line 2", "talk ! that was all"] {
        assert!(shown.contains(line), "no {line:?} in:\n{shown}");
    }
    let metrics = get(gateway, Some(OPERATOR), "/metrics").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    let counted = format!(
        r#"smithers_task_output_bytes_total{{stream="stdout"}} {}"#,
        out.len()
    );
    assert!(metrics.contains(&counted), "{metrics}");
    let log = log(&operator.scratch);
    assert!(log.contains("the module was loaded"), "{log}");
    assert!(!log.contains("line 1"), "output is no log: {log}");
}

#[tokio::test]
async fn a_watcher_who_loses_the_connection_again_and_again_misses_nothing() {
    const LINES: usize = 150;
    let scratch = talking();
    let gateway = start(&scratch).await;
    launch(
        &gateway,
        "talk",
        "r1",
        json!({ "lines": LINES, "pauseMs": 5 }),
    )
    .await;
    let mut seen = Vec::new();
    let mut last = 0;
    'run: loop {
        let mut socket = stream(&gateway, last).await;
        for _ in 0..2 {
            let event = next(&mut socket).await;
            assert_eq!(event.2, last + 1, "no hole and nothing twice");
            last = event.2;
            let is_end = event.0 == "run.completed";
            seen.push(event);
            if is_end {
                break 'run;
            }
        }
    }
    assert_eq!(written(&seen, "stdout"), lines(LINES));
    let outputs = seen.iter().filter(|(name, ..)| name == "task.output");
    assert!(outputs.count() < LINES / 2, "lines are joined");
    assert_eq!(seen, story(&gateway).await);
}

#[tokio::test]
async fn an_attempt_that_writes_too_much_is_cut_and_says_so_once() {
    let scratch = talking();
    let gateway = start(&scratch).await;
    let params = json!({
        "workflow": "talk",
        "input": { "lines": 3_000 },
        "options": { "runId": "r1", "maxOutputBytes": 20_000 },
    });
    gateway.expect(OPERATOR, "launchRun", params).await.unwrap();
    wait_for(&gateway, "r1", "finished").await;
    let events = story(&gateway).await;
    let expected = lines(3_000)[..20_000].to_owned() + "\n[truncated: more than 20000 bytes]\n";
    assert_eq!(written(&events, "stdout"), expected);
    assert_eq!(written(&events, "stderr"), "");
    let longest = events
        .iter()
        .filter_map(|(_, payload, _)| payload["output"].as_str());
    assert!(longest.map(str::len).max() <= Some(8 * 1024));
    let metrics = get(&gateway, Some(OPERATOR), "/metrics").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(
        metrics.contains("smithers_task_output_truncated_total 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_secret_that_is_written_in_two_pieces_reaches_neither_disk_nor_watchers() {
    let scratch = talking();
    let gateway = start(&scratch).await;
    let (head, tail) = BEARER.split_at(BEARER.len() / 2);
    let pieces = json!(["begun\nmy token is ", head, tail, " indeed\nunfinished"]);
    let input = json!({ "pauseMs": 200, "pieces": pieces });
    launch(&gateway, "stammer", "r1", input).await;
    let mut socket = stream(&gateway, 0).await;
    let mut seen = Vec::new();
    while seen
        .last()
        .is_none_or(|(name, ..): &(String, Value, u64)| name != "run.completed")
    {
        seen.push(next(&mut socket).await);
    }
    assert_eq!(
        written(&seen, "stdout"),
        "begun\nmy token is [REDACTED:bearer] indeed\nunfinished"
    );
    let outputs = seen.iter().filter(|(name, ..)| name == "task.output");
    assert_eq!(outputs.count(), 3, "each line as soon as it is whole");
    let sql = "SELECT count(*) FROM _smithers_events WHERE instr(payload_json, ?1) > 0";
    let stored: i64 = database(&scratch)
        .query_row(sql, [tail], |row| row.get(0))
        .unwrap();
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn what_was_seen_survives_a_kill_and_the_next_attempt_begins_anew() {
    let scratch = talking();
    let gateway = start(&scratch).await;
    launch(
        &gateway,
        "talk",
        "r1",
        json!({ "lines": 300, "pauseMs": 5 }),
    )
    .await;
    let mut socket = stream(&gateway, 0).await;
    let mut seen = Vec::new();
    while seen.len() < 6 {
        seen.push(next(&mut socket).await);
    }
    gateway.kill9().await.unwrap();

    let gateway = start(&scratch).await;
    wait_for(&gateway, "r1", "finished").await;
    let events = story(&gateway).await;
    assert_eq!(events[..seen.len()], seen, "with the same numbers");
    let numbers: Vec<u64> = events.iter().map(|(.., number)| *number).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let again = events.iter().rposition(|(name, ..)| name == "node.started");
    let (first, second) = events.split_at(again.unwrap());
    let cut_off = written(first, "stdout");
    assert!(cut_off.len() >= written(&seen, "stdout").len());
    assert!(
        lines(300).starts_with(&cut_off),
        "no line is missing before the end"
    );
    assert_eq!(written(second, "stdout"), lines(300));
}

#[tokio::test]
async fn output_counts_for_the_window_like_any_visible_event() {
    let mut scratch = talking();
    scratch.set("SMITHERS_GATEWAY_EVENT_WINDOW", "10");
    let gateway = start(&scratch).await;
    launch(
        &gateway,
        "talk",
        "r1",
        json!({ "lines": 100, "pauseMs": 10 }),
    )
    .await;
    wait_for(&gateway, "r1", "finished").await;
    let mut socket = gateway.connect(READER, Some(&[])).await.unwrap();
    let params = json!({ "runId": "r1", "afterSeq": 1 });
    socket.request("streamRunEvents", params).await.unwrap();
    let gap = socket
        .find("the gap", |frame| frame["event"] == "run.gap_resync")
        .await;
    let gap = gap.unwrap()["payload"].clone();
    assert_eq!(gap["fromSeq"], 2);
    let newest = count(&scratch, "SELECT max(stream_seq) FROM _smithers_events");
    assert!(newest > 12, "{newest}");
    assert_eq!(gap["toSeq"], newest - 10);
}
