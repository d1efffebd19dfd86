//! The thread while the disk is full, slow, or well.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;

use serde_json::{Value, json};
use smithers_model::Timestamp;

use super::*;
use crate::access_log::Particulars;

const RULES: Rules = Rules {
    max_bytes: 1 << 20,
    keep_days: 30,
};

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_795_348_800_000)
    }
}

fn line(request_id: &str) -> Line {
    Line {
        time: Still.now().to_iso(),
        transport: "http",
        request_id: request_id.into(),
        connection_id: None,
        remote: Some([192, 0, 2, 1].into()),
        method: Some("GET"),
        path: Some("/v1/runs/r1".into()),
        route: Some("/v1/runs/{run}".into()),
        rpc_method: None,
        status: 200,
        outcome: Some("ok"),
        duration_ms: 1.5,
        bytes: 7,
        particulars: Particulars::default(),
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let parsed = text.lines().map(|line| serde_json::from_str(line).unwrap());
    parsed.collect()
}

struct Place {
    _folder: tempfile::TempDir,
    log: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    Place {
        _folder: folder,
        log,
    }
}

fn scribe(file: RotatingFile) -> Scribe {
    Scribe {
        file,
        clock: Arc::new(Still),
        missing: Arc::default(),
        batch_bytes: BATCH_BYTES,
        batch: Vec::new(),
        lines: 0,
        is_failing: false,
    }
}

#[test]
fn a_line_has_every_member_and_neither_path_nor_bearer() {
    let place = place();
    let writer = Writer::start(&place.log, RULES, Arc::new(Still)).unwrap();
    writer.write(line(&format!("smithers_{}", "aB3-_".repeat(9))));
    writer.close();
    assert_eq!(
        lines(&place.log),
        [json!({
            "time": "2026-11-22T12:00:00.000Z", "transport": "http", "requestId": "[REDACTED:bearer]",
            "connectionId": null, "remote": "192.0.2.1", "method": "GET", "route": "/v1/runs/{run}",
            "rpcMethod": null, "status": 200, "outcome": "ok", "durationMs": 1.5, "bytes": 7,
            "tokenId": null, "userId": null, "runId": null,
        })]
    );
}

#[test]
fn a_full_disk_costs_lines_and_nothing_else_and_the_log_says_how_many_are_missing() {
    let place = place();
    let mut scribe = scribe(RotatingFile::on_a_full_disk(&place.log, RULES));
    for round in 0..3 {
        scribe.add(&line(&format!("lost-{round}")));
        scribe.add(&line(&format!("lost-too-{round}")));
        scribe.flush();
    }
    assert!(scribe.is_failing);
    assert_eq!(scribe.missing.load(Ordering::Relaxed), 6);
    scribe.reopen();
    scribe.add(&line("kept"));
    scribe.flush();
    assert!(!scribe.is_failing);
    let lines = lines(&place.log);
    assert_eq!(lines[0]["requestId"], "kept");
    assert_eq!(lines[1]["missing"], 6);
    assert_eq!(lines.len(), 2);
    assert_eq!(scribe.missing.load(Ordering::Relaxed), 0);
}

#[test]
fn a_worker_never_waits_for_a_disk_that_hangs() {
    let (queue, stuck) = sync_channel(2);
    let missing = Arc::default();
    let writer = Writer { queue, missing };
    for n in 0..5 {
        writer.write(line(&n.to_string()));
    }
    writer.reopen();
    assert_eq!(writer.missing.load(Ordering::Relaxed), 3);
    assert_eq!(stuck.try_iter().count(), 2);
}

#[test]
fn a_long_queue_is_written_in_order_and_in_parts() {
    let place = place();
    let rules = Rules {
        max_bytes: 4_096,
        ..RULES
    };
    let writer = Writer::start(&place.log, rules, Arc::new(Still)).unwrap();
    for n in 0..100 {
        writer.write(line(&n.to_string()));
    }
    writer.close();
    let folder = place.log.parent().unwrap();
    let mut parts: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| *path != place.log)
        .collect();
    assert!(parts.len() > 3, "{parts:?}");
    parts.sort();
    parts.push(place.log.clone());
    for part in &parts {
        assert!(fs::metadata(part).unwrap().len() <= rules.max_bytes);
    }
    let ids = parts.iter().flat_map(|part| lines(part));
    let ids: Vec<u32> = ids
        .map(|line| line["requestId"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
}
