//! The behaviour probes, unmodified, step by step.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use smithers_model::approval::{ApprovalMode, OnDeny};
use smithers_model::tree::{Kind, TaskBody};
use smithers_model::workflow::Workflow;
use smithers_script::{HostOptions, ScriptHost};

use crate::driver::{Run, host, only, repository, wait};

fn probe(host: &ScriptHost, name: &str) -> Arc<dyn Workflow> {
    only(
        host.load(&repository(&format!("tests/conformance/probes/{name}.tsx")))
            .unwrap(),
    )
}

#[test]
fn sequence_skipif() {
    let host = host();
    let workflow = probe(&host, "sequence-skipif");
    assert_eq!(workflow.definition().key.as_str(), "sequence-skipif");
    assert_eq!(
        workflow.definition().result_table.as_deref(),
        Some("output")
    );
    let mut run = Run::start(&workflow, "r1", r#"{"base": 10}"#);
    assert_eq!(run.tree.workflow_name(), Some("probe-sequence"));
    assert_eq!(run.tasks(), ["one", "[two]", "three", "sum"]);
    assert_eq!(run.finish("one"), json!({"label": "one", "n": 10}));
    assert_eq!(run.task("one").body, TaskBody::Static(None));
    assert_eq!(run.finish("three"), json!({"label": "three", "n": 3}));
    assert_eq!(run.finish("sum"), json!({"total": 13}));
}

#[test]
fn parallel_limit() {
    let host = host();
    let workflow = probe(&host, "parallel-limit");
    let mut run = Run::start(&workflow, "r1", "{}");
    let limit = run
        .tree
        .elements()
        .iter()
        .find_map(|element| match &element.kind {
            Kind::Parallel(spec) => spec.max_concurrency,
            _ => None,
        });
    assert_eq!(limit, Some(2));
    // Two at once, on one thread: the waits of the bodies overlap.
    let (b, c) = (run.call("b"), run.call("c"));
    let (b, c) = wait(async { tokio::join!(b, c) });
    assert_eq!(b.unwrap().value(), json!({"id": "b"}));
    assert_eq!(c.unwrap().value(), json!({"id": "c"}));
    // The report reads the module's own variable, which all runs of the module share.
    let mut other = Run::start(&workflow, "r2", "{}");
    assert_eq!(other.finish("report"), json!({"peak": 2, "count": 4}));
}

#[test]
fn approval_approve() {
    let host = host();
    let mut run = Run::start(&probe(&host, "approval-approve"), "r1", "{}");
    assert_eq!(run.tasks(), ["before", "gate", "pick", "gated"]);
    run.finish("before");

    let gate = run.task("gate").approval.clone().unwrap();
    assert_eq!(run.task("gate").body, TaskBody::Decision);
    assert_eq!(gate.request.mode, ApprovalMode::Decision);
    assert_eq!(gate.request.title, "Ship?");
    assert_eq!(gate.request.summary.as_deref(), Some("v1"));
    assert_eq!(
        gate.request.metadata.unwrap().value(),
        json!({"risk": "low"})
    );
    assert_eq!(gate.request.allowed_scopes, ["approve:ship"]);
    run.store(
        "gate",
        r#"{"approved": true, "note": null, "decidedBy": "user:probe", "decidedAt": null}"#,
    );

    let pick = run.task("pick").approval.clone().unwrap().request;
    assert_eq!(pick.mode, ApprovalMode::Select);
    let options: Vec<_> = pick
        .options
        .iter()
        .map(|option| (option.key.as_str(), option.label.as_str()))
        .collect();
    assert_eq!(options, [("eu", "EU"), ("us", "US")]);
    run.store("pick", r#"{"selected": "us", "notes": "closer"}"#);

    let gated = run.task("gated");
    let approval = gated.approval.clone().unwrap().request;
    assert_eq!(
        (approval.mode, approval.title.as_str()),
        (ApprovalMode::Gate, "Plain gate")
    );
    assert_eq!(gated.label.as_deref(), Some("Plain gate"));
    assert_eq!(run.finish("gated"), json!({"v": "after-us"}));
}

#[test]
fn approval_deny_skip() {
    let host = host();
    let mut run = Run::start(&probe(&host, "approval-deny-skip"), "r1", "{}");
    assert_eq!(run.tasks(), ["auto", "gate", "tail"]);
    let open =
        json!({"approved": true, "note": "auto-approved", "decidedBy": null, "decidedAt": null});
    assert_eq!(run.finish("auto"), open);
    assert_eq!(
        run.task("gate").approval.clone().unwrap().on_deny,
        OnDeny::Skip
    );
    run.store(
        "gate",
        r#"{"approved": false, "note": "too risky", "decidedBy": "user:probe", "decidedAt": null}"#,
    );
    assert_eq!(run.tasks(), ["auto", "gate", "tail"]);
    assert_eq!(run.finish("tail"), json!({"v": "false"}));
}

#[test]
fn kill9_resume() {
    let slow = HostOptions {
        module_env: vec!["PROBE_*".into()],
        env: [("PROBE_SLOW".to_owned(), "1".to_owned())].into(),
        ..HostOptions::default()
    };
    let host = ScriptHost::start(slow).unwrap();
    let workflow = probe(&host, "kill9-resume");
    let mut run = Run::start(&workflow, "r1", "{}");
    run.finish("first");
    let long = run.call("long");
    let ended = wait(async { tokio::time::timeout(Duration::from_millis(200), long).await });
    assert!(ended.is_err(), "with PROBE_SLOW the task takes a minute");
    drop((run, workflow, host));

    let host = crate::driver::host();
    let mut run = Run::start(&probe(&host, "kill9-resume"), "r1", "{}");
    run.store("first", r#"{"v": "first"}"#);
    assert_eq!(run.finish("long"), json!({"v": "long"}));
    assert_eq!(run.finish("last"), json!({"v": "last"}));
}

#[test]
fn every_probe_renders_tasks() {
    let host = host();
    for name in [
        "agent-structured",
        "branch-reactive",
        "cache",
        "deps-needs",
        "loop-until",
        "retries-backoff",
        "saga-compensate",
        "signal-correlation",
        "subflow",
        "timer",
    ] {
        let run = Run::start(&probe(&host, name), "r1", "{}");
        assert!(!run.tasks().is_empty(), "{name}");
    }
}
