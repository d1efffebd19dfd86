//! What tasks write, from their bodies to the log of their run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::report::{OutputStream, Reporter};
use smithers_model::run::RunStatus;
use smithers_model::step::Launch;
use smithers_store::MemoryStore;

use crate::testing::{Bench, launch, somebody, workflow};

const PATIENCE: Duration = Duration::from_secs(10);

/// What `node` wrote to its stdout, joined.
fn written(bench: &Bench, node: &str) -> String {
    let events = bench.events("r1");
    let outputs = events
        .iter()
        .filter(|event| event.type_name == "NodeOutput");
    let own = outputs.filter_map(|event| {
        let payload = event.payload.value();
        let is_own = payload["nodeId"] == node && payload["stream"] == "stdout";
        is_own.then(|| payload["text"].as_str().unwrap().to_owned())
    });
    own.collect()
}

async fn until(wanted: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !wanted() {
        assert!(Instant::now() < deadline, "it does not come about");
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
}

fn say(reporter: &Reporter, text: &str) {
    reporter.output(OutputStream::Stdout, text);
}

#[actix::test]
async fn what_a_task_wrote_is_in_the_log_before_its_end_and_complete() {
    let talkative = workflow("talk", |ui| {
        ui.task("a").compute_reporting(|reporter| {
            Box::pin(async move {
                say(&reporter, "one\ntwo\n");
                reporter.output(OutputStream::Stderr, "careful\n");
                say(&reporter, "no line");
                Ok(json!({"ok": true, "n": 1}))
            })
        });
        ui.task("b").value(&json!({"ok": true, "n": 2}));
    });
    let bench = Bench::start(MemoryStore::default(), vec![talkative]);
    bench.runs.launch(launch("talk", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    assert_eq!(written(&bench, "a"), "one\ntwo\nno line");
    let story = bench.story("r1");
    assert!(
        story.contains("NodeStarted a #1\nNodeOutput a #1\nNodeOutput a #1\nNodeFinished a #1"),
        "{story}"
    );
}

#[actix::test]
async fn what_a_task_writes_is_seen_while_it_runs() {
    let patient = workflow("patient", |ui| {
        ui.task("a").compute_reporting(|reporter| {
            say(&reporter, "begun\n");
            Box::pin(std::future::pending())
        });
    });
    let bench = Bench::start(MemoryStore::default(), vec![patient]);
    bench.runs.launch(launch("patient", "r1")).await.unwrap();
    until(|| written(&bench, "a") == "begun\n").await;
    let visible = bench.events("r1").into_iter();
    let newest = visible.last().unwrap();
    assert_eq!(newest.type_name, "NodeOutput");
    assert!(newest.stream_seq.is_some() && newest.state_version.is_some());
}

#[actix::test]
async fn a_crowd_that_writes_all_the_time_costs_few_events_and_commits() {
    const TASKS: usize = 50;
    const LINES: usize = 100;
    let crowd = workflow("crowd", |ui| {
        ui.parallel(0, |ui| {
            for n in 0..TASKS {
                ui.task(&format!("t{n}")).compute_reporting(|reporter| {
                    Box::pin(async move {
                        for line in 0..LINES {
                            say(&reporter, &format!("line {line}\n"));
                            actix_rt::time::sleep(Duration::from_millis(5)).await;
                        }
                        Ok(json!({"ok": true, "n": 1}))
                    })
                });
            }
        });
    });
    let bench = Bench::start(MemoryStore::default(), vec![crowd]);
    let begun = Instant::now();
    let mut wide = launch("crowd", "r1");
    wide.config.max_concurrency = Some(TASKS as u32);
    bench.runs.launch(wide).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    let elapsed = begun.elapsed().as_millis();
    let expected: String = (0..LINES).map(|line| format!("line {line}\n")).collect();
    for n in 0..TASKS {
        assert_eq!(written(&bench, &format!("t{n}")), expected);
    }
    let events = bench.events("r1").into_iter();
    let outputs = events.filter(|event| event.type_name == "NodeOutput");
    // Besides those of the pauses: the first look, and what is left at the end of each task.
    let outputs = outputs.count() as u128;
    let most = elapsed / 6 + 3 * TASKS as u128;
    assert!(outputs <= most, "{outputs} events, at most {most}");
    let steps = u128::from(bench.writer.stats().steps);
    let most = elapsed / 50 + 2 * TASKS as u128 + 10;
    assert!(steps <= most, "{steps} commits, at most {most}");
}

#[actix::test]
async fn an_attempt_keeps_its_limit_and_says_that_there_was_more() {
    let verbose = workflow("verbose", |ui| {
        ui.task("a").compute_reporting(|reporter| {
            Box::pin(async move {
                for n in 0..10_000 {
                    say(&reporter, &format!("line {n}\n"));
                }
                Ok(json!({"ok": true, "n": 1}))
            })
        });
    });
    let bench = Bench::start(MemoryStore::default(), vec![verbose]);
    let limited = |bytes: u64| {
        let mut launch: Launch = launch("verbose", "r1");
        launch.config.max_output_bytes = bytes;
        launch
    };
    bench.runs.launch(limited(20_000)).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    let text = written(&bench, "a");
    let (kept, note) = text.split_at(20_000);
    assert_eq!(note, "\n[truncated: more than 20000 bytes]\n");
    let all: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
    assert!(all.starts_with(kept));
    let events = bench.events("r1");
    let outputs: Vec<_> = events
        .iter()
        .filter(|event| event.type_name == "NodeOutput")
        .map(|event| event.payload.value())
        .collect();
    assert_eq!(outputs.len(), 4, "three pieces and the note");
    assert_eq!(outputs[3]["truncated"], true);
    assert!(outputs[0].get("truncated").is_none());
}

#[actix::test]
async fn a_task_that_was_cut_off_or_replaced_is_not_heard_any_more() {
    let calls = Arc::new(AtomicUsize::new(0));
    let first: Arc<parking_lot::Mutex<Option<Reporter>>> = Arc::default();
    let kept = first.clone();
    let flaky = workflow("flaky", move |ui| {
        let (calls, kept) = (calls.clone(), kept.clone());
        ui.task("a")
            .retries(1, Duration::ZERO)
            .compute_reporting(move |reporter| {
                let call = calls.fetch_add(1, Ordering::SeqCst);
                let kept = kept.clone();
                Box::pin(async move {
                    if call == 0 {
                        *kept.lock() = Some(reporter);
                        return Err(ErrorInfo::thrown("Error", "not yet"));
                    }
                    say(&reporter, "second\n");
                    std::future::pending().await
                })
            });
    });
    let bench = Bench::start(MemoryStore::default(), vec![flaky]);
    bench.runs.launch(launch("flaky", "r1")).await.unwrap();
    until(|| !written(&bench, "a").is_empty()).await;
    let late = first.lock().take().unwrap();
    say(&late, "first, late\n");
    bench.runs.cancel(&"r1".into(), somebody()).await.unwrap();
    bench.wait_until_closed().await;
    say(&late, "later\n");
    assert_eq!(written(&bench, "a"), "second\n");
}
