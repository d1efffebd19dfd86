//! Every composite run to its end, on a usual and on an odd path.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Example, Run};
use crate::support::OPERATOR;

/// The module with a workflow for each composite.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/composites")
}

async fn served() -> Example {
    Example::serve_from(&folder(), "panel").await
}

impl Example {
    /// Launches a composite on the path `mode`.
    async fn begin(&self, workflow: &str, mode: &str) -> Run<'_> {
        self.launch_of(workflow, json!({ "mode": mode })).await
    }

    /// Runs a composite to its end on the path `mode`.
    async fn run_of(&self, workflow: &str, mode: &str) -> Run<'_> {
        let run = self.begin(workflow, mode).await;
        run.finishes().await;
        run
    }
}

impl Run<'_> {
    /// Whether the run knows `node` in `iteration`.
    async fn knows(&self, node: &str, iteration: u32) -> bool {
        let params = json!({ "runId": self.run_id });
        let states = self.gateway.expect(OPERATOR, "listNodeStates", params);
        let states = states.await.unwrap();
        let mut rows = states.as_array().unwrap().iter();
        rows.any(|row| row["nodeId"] == node && row["iteration"] == iteration)
    }
}

fn text_of(row: &Value, field: &str) -> String {
    row[field]
        .as_str()
        .unwrap_or_else(|| panic!("{row}"))
        .to_owned()
}

#[tokio::test]
async fn a_panel_tells_its_moderator_what_each_said_and_who_failed() {
    let example = served().await;
    let run = example.run_of("panel", "plain").await;
    assert_eq!(run.output("p-judge").await["text"], "yes");
    assert_eq!(run.output("p-judge-2").await["text"], "no");
    assert_eq!(run.output("p-panelist-2").await["text"], "Shall we?");
    let verdict = run.output("p-moderator").await;
    assert_eq!(verdict["winner"], "yes");
    let prompt = text_of(&verdict, "prompt");
    for part in [
        "Shall we?",
        "\"no\"",
        "judge (sceptic)",
        "vote",
        "At least 2 of the 3",
    ] {
        assert!(prompt.contains(part), "{part} is not in {prompt}");
    }
    let odd = example.run_of("panel", "odd").await;
    let prompt = text_of(&odd.output("p-moderator").await, "prompt");
    assert!(
        prompt.contains("judge (sceptic) gave no answer"),
        "{prompt}"
    );
}

#[tokio::test]
async fn a_debate_hears_the_other_side_from_the_second_round_on() {
    let example = served().await;
    let run = example.run_of("debate", "plain").await;
    assert_eq!(run.output("debate-proposer").await["text"], "for 0");
    let second = run.output_in("debate-proposer", 1).await;
    assert_eq!(second["text"], "for 1 heard");
    assert_eq!(run.output("debate-judge").await["winner"], "proposer");
    let short = example.run_of("debate", "odd").await;
    assert!(!short.knows("debate-proposer", 1).await);
    assert_eq!(short.output("debate-judge").await["winner"], "opponent");
}

#[tokio::test]
async fn a_check_suite_judges_by_its_strategy() {
    let example = served().await;
    for (mode, passed, count, total) in [
        ("plain", true, 2, 2),
        ("broken", false, 1, 2),
        ("majority", false, 1, 2),
        ("odd", true, 1, 3),
    ] {
        let run = example.run_of("checkSuite", mode).await;
        let verdict = run.output("cs-verdict").await;
        assert_eq!(verdict["passed"], passed, "{mode}: {verdict}");
        assert_eq!(verdict["passCount"], count, "{mode}: {verdict}");
        assert_eq!(verdict["total"], total, "{mode}: {verdict}");
    }
}

#[tokio::test]
async fn a_check_runs_a_command_without_the_environment_of_the_gateway() {
    let example = served().await;
    let run = example.run_of("commands", "plain").await;
    let good = run.output("checksuite-ok").await;
    let out = format!("out\n{}\n", folder().display());
    assert_eq!(good["stdout"], out);
    assert_eq!(good["stderr"], "err\n");
    assert_eq!(
        (&good["exitCode"], &good["passed"]),
        (&json!(0), &json!(true))
    );
    let bad = run.output("checksuite-bad").await;
    assert_eq!((&bad["exitCode"], &bad["ok"]), (&json!(3), &json!(false)));
    let verdict = run.output("checksuite-verdict").await;
    assert_eq!(verdict["passed"], false, "half is no majority");
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended_with_its_children() {
    let example = served().await;
    let run = example.run_of("commands", "odd").await;
    let slow = run.output("checksuite-slow").await;
    assert_eq!(slow["timedOut"], true, "{slow}");
    assert_eq!(slow["signal"], "SIGTERM", "{slow}");
    let child = text_of(&slow, "stdout");
    assert!(!is_alive(child.trim()), "{child} still runs");
}

/// Whether a process runs; one that nobody has looked at since its end does not.
fn is_alive(process: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn items_go_to_the_agent_of_their_category() {
    let example = served().await;
    let run = example.run_of("classify", "plain").await;
    let routed = text_of(&run.output("desk-route-a").await, "text");
    assert!(
        routed.contains("crash") && routed.contains("bug"),
        "{routed}"
    );
    assert!(!run.output("desk-route-a-2").await.is_null());
    assert_eq!(run.output("desk-route-b").await["text"], "thanks");
    let odd = example.run_of("classify", "odd").await;
    assert_eq!(odd.state_of("desk-route-b").await, None);
}

#[tokio::test]
async fn a_decision_table_takes_the_first_match_or_all() {
    let example = served().await;
    for (mode, expected) in [
        ("plain", vec!["otherwise"]),
        ("odd", vec!["one"]),
        ("other", vec!["two"]),
        ("all", vec!["two", "three"]),
    ] {
        let run = example.run_of("decisionTable", mode).await;
        for rule in ["one", "two", "three", "otherwise"] {
            let is_there = run.state_of(rule).await.is_some();
            assert_eq!(is_there, expected.contains(&rule), "{mode}: {rule}");
        }
    }
}

#[tokio::test]
async fn an_escalation_stops_at_the_level_that_could_do_it_or_asks_a_person() {
    let example = served().await;
    let run = example.run_of("escalation", "plain").await;
    let check = run.output("escalation-check-0").await;
    assert_eq!(
        check,
        json!({ "escalated": false, "fromLevel": 0, "toLevel": 0 })
    );
    assert_eq!(run.state_of("escalation-level-1").await, None);
    for mode in ["second", "failing"] {
        let run = example.run_of("escalation", mode).await;
        assert_eq!(run.output("escalation-level-1").await["by"], "second");
        assert_eq!(run.output("escalation-check-0").await["toLevel"], 1);
        assert_eq!(run.state_of("escalation-level-2").await, None, "{mode}");
    }
    let all = example.begin("escalation", "nobody").await;
    let no = json!({ "approved": false });
    all.decide("escalation-human-fallback", no).await;
    all.finishes().await;
    assert_eq!(all.output("escalation-check-2").await["toLevel"], 3);
    let answer = all.output("escalation-human-fallback").await;
    assert_eq!(answer["approved"], false);
    assert_eq!(all.output("after").await["text"], "after");
}

#[tokio::test]
async fn a_sidecar_works_beside_and_may_fail() {
    let example = served().await;
    let run = example.run_of("sidecar", "plain").await;
    assert_eq!(run.output("s").await["text"], "big");
    assert_eq!(run.output("s-sidecar").await["text"], "small");
    let odd = example.run_of("sidecar", "odd").await;
    assert_eq!(odd.output("s").await["text"], "big");
    assert_eq!(odd.state_of("s-sidecar").await.as_deref(), Some("failed"));
}

#[tokio::test]
async fn a_review_loop_hands_the_review_back_until_it_is_approved() {
    let example = served().await;
    let run = example.run_of("reviewLoop", "plain").await;
    assert_eq!(run.output("rl-produce").await["text"], "long text");
    assert_eq!(run.output_in("rl-produce", 1).await["text"], "short");
    assert!(!run.knows("rl-produce", 2).await);
    let strict = example.begin("reviewLoop", "odd").await;
    let error = strict.fails().await;
    assert!(error.contains("RALPH_MAX_REACHED"), "{error}");
}

#[tokio::test]
async fn an_optimizer_stops_at_the_score_or_after_its_rounds() {
    let example = served().await;
    let run = example.run_of("optimizer", "plain").await;
    let second = run.output_in("optimizer-evaluate", 2).await;
    assert_eq!(second["score"], 2);
    assert!(!run.knows("optimizer-generate", 3).await);
    let odd = example.run_of("optimizer", "odd").await;
    assert_eq!(odd.output_in("optimizer-evaluate", 3).await["score"], -3);
}

#[tokio::test]
async fn a_supervisor_reviews_its_workers_until_all_is_done() {
    let example = served().await;
    let run = example.run_of("supervisor", "plain").await;
    let coder = run.output_in("team-worker-coder", 1).await;
    assert_eq!(coder["text"], "planned 1");
    assert!(!run.knows("team-worker-coder", 2).await);
    let summary = text_of(&run.output("team-final").await, "text");
    assert!(
        summary.contains("planned 1") && summary.contains("tested"),
        "{summary}"
    );
    let odd = example.run_of("supervisor", "odd").await;
    assert_eq!(
        odd.output("team-review").await["retriable"],
        json!(["tester"])
    );
}

#[tokio::test]
async fn fixers_take_turns_until_the_verifier_is_content() {
    let example = served().await;
    let run = example.run_of("scanFixVerify", "plain").await;
    for (id, by, issue) in [
        ("sfv-fix-0", "one", "a"),
        ("sfv-fix-1", "two", "b"),
        ("sfv-fix-2", "one", "c"),
    ] {
        assert_eq!(
            run.output(id).await,
            json!({ "by": by, "issue": issue }),
            "{id}"
        );
    }
    assert_eq!(run.output_in("sfv-fix-0", 1).await["issue"], "c");
    assert!(!run.knows("sfv-fix-1", 1).await);
    let prompt = text_of(&run.output("sfv-verify").await, "prompt");
    assert!(prompt.contains("\"issue\": \"b\""), "{prompt}");
    assert!(!run.output("sfv-report").await.is_null());
    let odd = example.run_of("scanFixVerify", "odd").await;
    assert_eq!(odd.output("sfv-verify").await["resolved"], true);
    assert_eq!(odd.state_of("sfv-fix-0").await, None);
}

#[tokio::test]
async fn a_poller_pauses_between_its_checks_and_fails_in_the_end() {
    let example = served().await;
    let run = example.run_of("poller", "plain").await;
    assert_eq!(run.output_in("poll-check", 1).await["satisfied"], false);
    assert_eq!(run.output_in("poll-check", 2).await["satisfied"], true);
    let odd = example.begin("poller", "odd").await;
    let error = odd.fails().await;
    assert!(error.contains("RALPH_MAX_REACHED"), "{error}");
}

#[tokio::test]
async fn a_drift_detector_tells_when_things_differ_from_the_baseline() {
    let example = served().await;
    let run = example.run_of("drift", "plain").await;
    let compared = text_of(&run.output("drift-compare").await, "significance");
    assert!(
        compared.contains("\"before\"") && compared.contains("\"now\""),
        "{compared}"
    );
    assert_eq!(run.output("alert").await["text"], "drifted");
    let polled = example.run_of("drift", "odd").await;
    assert_eq!(polled.output("drift-baseline").await["text"], "fetched");
    assert!(!polled.knows("alert", 0).await);
    assert_eq!(polled.output_in("alert", 1).await["text"], "drifted");
}

#[tokio::test]
async fn a_kanban_takes_tickets_through_its_columns_and_counts_what_came_through() {
    let example = served().await;
    let run = example.run_of("kanban", "plain").await;
    assert_eq!(run.output("k-ship-2").await["text"], "ship two");
    let built = text_of(&run.output("k-build-1").await, "text");
    assert!(
        built.contains("\"one\"") && built.contains("\"todo\""),
        "{built}"
    );
    let board = json!({ "total": 2, "completed": 2, "items": ["1", "2"] });
    assert_eq!(run.output("k-complete").await, board);
    let odd = example.run_of("kanban", "odd").await;
    assert_eq!(odd.state_of("k-build-2").await.as_deref(), Some("failed"));
    assert_eq!(odd.output("k-complete").await["completed"], 2);
}

#[tokio::test]
async fn a_monitor_acts_on_what_it_finds_and_asks_a_person() {
    let example = served().await;
    let run = example.run_of("monitor", "plain").await;
    assert!(!run.knows("m-hot", 0).await);
    let acted = text_of(&run.output_in("m-hot", 1).await, "text");
    assert!(
        acted.contains("Cool it.") && acted.contains("hot"),
        "{acted}"
    );
    let odd = example.begin("monitor", "odd").await;
    let answer = json!({ "approved": true, "iteration": 2, "decision": { "text": "called" } });
    odd.decide("m-escalate-fire", answer).await;
    odd.finishes().await;
    assert_eq!(odd.output_in("m-escalate-fire", 2).await["text"], "called");
}

#[tokio::test]
async fn a_gate_is_open_or_asks() {
    let example = served().await;
    let open = example.run_of("gate", "plain").await.output("g").await;
    assert_eq!(open["note"], "auto-approved");
    let closed = example.begin("gate", "odd").await;
    closed.decide("g", json!({ "approved": false })).await;
    closed.finishes().await;
    assert_eq!(closed.output("g").await["approved"], false);
}

#[tokio::test]
async fn what_is_gathered_is_put_together() {
    let example = served().await;
    let run = example.run_of("gather", "plain").await;
    let mail = text_of(&run.output("g-gather-mail").await, "text");
    assert!(
        mail.contains("About tea.") && mail.contains("\"mail\""),
        "{mail}"
    );
    let whole = text_of(&run.output("g-synthesize").await, "text");
    assert!(whole.contains("from the web"), "{whole}");
    let odd = example.run_of("gather", "odd").await;
    let whole = text_of(&odd.output("g-synthesize").await, "text");
    assert!(
        whole.contains("given") && whole.contains("\"mail\" gave nothing"),
        "{whole}"
    );
}

#[tokio::test]
async fn a_pipeline_hands_on_what_each_stage_made() {
    let example = served().await;
    let run = example.run_of("pipeline", "plain").await;
    let edited = text_of(&run.output("edit").await, "text");
    assert!(
        edited.contains("\"rough\"") && edited.contains("Edit"),
        "{edited}"
    );
    let published = text_of(&run.output("publish").await, "text");
    assert!(published.contains("rough"), "{published}");
    let odd = example.begin("pipeline", "odd").await;
    let error = odd.fails().await;
    assert!(error.contains("edit"), "{error}");
    assert!(!odd.knows("publish", 0).await);
}

#[tokio::test]
async fn a_risky_step_of_a_runbook_needs_permission() {
    let example = served().await;
    let run = example.begin("runbook", "plain").await;
    run.asks("runbook-drop-approval").await;
    assert!(run.output("runbook-drop").await.is_null());
    let yes = json!({ "approved": true });
    run.decide("runbook-drop-approval", yes).await;
    run.finishes().await;
    assert_eq!(run.output("runbook-drop").await["text"], "dropped");
    let no = json!({ "approved": false });
    let denied = example.begin("runbook", "plain").await;
    denied.decide("runbook-drop-approval", no.clone()).await;
    denied.ends("failed").await;
    let skipped = example.begin("runbook", "odd").await;
    skipped.decide("runbook-drop-approval", no).await;
    skipped.finishes().await;
    assert_eq!(
        skipped.state_of("runbook-drop").await.as_deref(),
        Some("skipped")
    );
    assert!(!skipped.output("runbook-tell").await.is_null());
}

#[tokio::test]
async fn super_smithers_changes_nothing_in_a_rehearsal() {
    let example = served().await;
    let run = example.run_of("superSmithers", "plain").await;
    let report = text_of(&run.output("super-smithers-report").await, "text");
    assert!(
        report.contains("Rename a to b.") && report.contains("src/**"),
        "{report}"
    );
    assert!(!run.output("super-smithers-apply").await.is_null());
    let dry = example.run_of("superSmithers", "odd").await;
    assert_eq!(dry.state_of("super-smithers-apply").await, None);
}
