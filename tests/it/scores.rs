//! Scores of results: given beside the run, listed, and gone with what they are about.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, Operator, READER, count, get, launch, refusal, scratch as plain_scratch, start,
    until_true, wait_for,
};

fn scratch() -> Scratch {
    let mut scratch = plain_scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/scores.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

async fn scores(gateway: &Gateway, run: &str) -> Vec<Value> {
    let params = json!({ "runId": run });
    let rows = gateway.expect(OPERATOR, "listScores", params).await;
    rows.unwrap().as_array().unwrap().clone()
}

/// Waits until a run has `number` scores.
async fn wait_for_scores(gateway: &Gateway, run: &str, number: usize) -> Vec<Value> {
    until_true("the scores", || async {
        scores(gateway, run).await.len() >= number
    })
    .await;
    scores(gateway, run).await
}

fn events(scratch: &Scratch, run: &str, kind: &str) -> i64 {
    count(
        scratch,
        &format!(
            "SELECT count(*) FROM _smithers_events WHERE run_id = '{run}' AND type = '{kind}'"
        ),
    )
}

async fn decide(gateway: &Gateway, run: &str, node: &str) {
    let params = json!({ "runId": run, "nodeId": node, "approved": true });
    let decided = gateway.expect(OPERATOR, "submitApproval", params).await;
    decided.unwrap();
}

fn told(rows: &[Value]) -> Vec<String> {
    let told = rows.iter().map(|row| {
        let [node, scorer] = ["nodeId", "scorerId"].map(|field| row[field].as_str().unwrap());
        format!("{node} {scorer} {}", row["score"])
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}

#[tokio::test]
async fn results_are_scored_beside_the_run_and_a_scorer_that_fails_harms_nobody() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "graded", "r1", json!({ "word": "w" })).await;
    wait_for(&gateway, "r1", "finished").await;
    let rows = wait_for_scores(&gateway, "r1", 3).await;
    assert_eq!(
        told(&rows),
        ["right exact 1.0", "wrong exact 0.0", "wrong late 0.5"]
    );
    let first = &rows[0];
    assert_eq!(first["reason"], "it said yes");
    assert_eq!(
        (&first["attempt"], &first["source"]),
        (&json!(1), &json!("live"))
    );
    assert_eq!(first["scorerName"], "Exact match");
    assert!(
        first["latencyMs"].is_u64() && first["durationMs"].is_u64(),
        "{first}"
    );
    assert!(first.get("scoreId").is_none(), "as the contract has it");
    let of = |kind| events(&scratch, "r1", kind);
    assert_eq!(
        (
            of("ScorerStarted"),
            of("ScorerFinished"),
            of("ScorerFailed")
        ),
        (4, 3, 1)
    );
    let open = "SELECT count(*) FROM _smithers_scorers WHERE score IS NULL";
    assert_eq!(count(&scratch, open), 0);
}

#[tokio::test]
async fn scores_are_read_over_every_surface_by_who_may() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    for run in ["r1", "r2"] {
        launch(&gateway, "graded", run, json!({ "word": "w" })).await;
        wait_for_scores(&gateway, run, 3).await;
    }
    let params =
        json!({ "runIds": ["r1", "r2"], "scorerId": "exact", "order": "scoredAtDesc", "limit": 3 });
    let answer = gateway.expect(OPERATOR, "listScoresForRuns", params).await;
    let answer = answer.unwrap();
    assert_eq!(answer["total"], 4);
    let rows = answer["rows"].as_array().unwrap();
    let runs: Vec<&Value> = rows.iter().map(|row| &row["runId"]).collect();
    assert_eq!(runs, ["r2", "r2", "r1"]);

    let compared = "/v1/api/scores/compare?runId=r1&runId=r2&nodeId=right&limit=1&offset=1";
    let response = get(&gateway, Some(OPERATOR), compared).await;
    let body = response.json().unwrap();
    assert_eq!(
        (
            &body["data"]["total"],
            body["data"]["rows"].as_array().unwrap().len()
        ),
        (&json!(2), 1)
    );
    let response = get(
        &gateway,
        Some(OPERATOR),
        "/v1/api/scores?runId=r1&nodeId=wrong",
    )
    .await;
    assert_eq!(
        response.json().unwrap()["data"].as_array().unwrap().len(),
        2
    );

    let wrong = rows.iter().find(|row| row["nodeId"] == "wrong").unwrap();
    let (run, id) = (
        wrong["runId"].as_str().unwrap(),
        wrong["scoreId"].as_str().unwrap(),
    );
    let response = get(
        &gateway,
        Some(OPERATOR),
        &format!("/v1/api/scores/{run}/{id}"),
    )
    .await;
    let detail = response.json().unwrap()["data"].clone();
    assert_eq!(detail["input"], json!({ "word": "no" }));
    assert_eq!(detail["output"], json!({ "word": "no" }));
    assert_eq!(
        (&detail["groundTruth"], &detail["context"]),
        (&json!("yes"), &json!({ "asked": "w" }))
    );

    let refused = refusal(
        &gateway,
        OPERATOR,
        "listScores",
        json!({ "runId": "nobody" }),
    )
    .await;
    assert_eq!(refused.code, "NOT_FOUND");
    let missing = json!({ "runIds": ["r1", "nobody"] });
    let refused = refusal(&gateway, OPERATOR, "listScoresForRuns", missing).await;
    assert_eq!(refused.code, "RunNotFound");
    let missing = json!({ "runId": "r1", "scoreId": "x" });
    let refused = refusal(&gateway, OPERATOR, "getScoreDetail", missing).await;
    assert_eq!(refused.code, "ScoreNotFound");
    let refused = refusal(&gateway, READER, "listScores", json!({ "runId": "r1" })).await;
    assert_eq!(refused.code, "FORBIDDEN");
}

#[tokio::test]
async fn the_command_line_shows_scores_of_runs_and_one_with_what_it_is_about() {
    let operator = Operator::with(scratch()).await;
    launch(&operator.gateway, "graded", "r1", json!({ "word": "w" })).await;
    wait_for_scores(&operator.gateway, "r1", 3).await;
    let shown = operator
        .run(&["runs", "scores", "r1", "--limit", "2"])
        .await;
    let words = ["SCORER", "Exact match", "1.00", "it said yes"];
    assert!(
        words.iter().all(|word| shown.stdout.contains(word)),
        "{shown:?}"
    );
    assert!(
        shown
            .stderr
            .contains("2 of 3 scores; go on with --offset 2"),
        "{shown:?}"
    );
    let rows = operator
        .json(&["runs", "scores", "r1", "--node", "right"])
        .await;
    let id = rows["rows"][0]["scoreId"].as_str().unwrap();
    let shown = operator
        .text(&["runs", "scores", "r1", "--score", id])
        .await;
    assert!(
        shown.contains("it said yes") && shown.contains("ground truth"),
        "{shown}"
    );
    let missing = operator
        .error(&["runs", "scores", "r1", "--score", "nobody"])
        .await;
    assert_eq!(missing["code"], "ScoreNotFound", "{missing}");
}

#[tokio::test]
async fn a_run_that_waits_is_scored_all_the_same_and_a_rewind_takes_later_scores_away() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "asked", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let frame = count(
        &scratch,
        "SELECT max(frame_no) FROM _smithers_frames WHERE run_id = 'r1'",
    );
    assert_eq!(
        told(&wait_for_scores(&gateway, "r1", 1).await),
        ["before late 0.5"]
    );
    decide(&gateway, "r1", "ask").await;
    let rows = wait_for_scores(&gateway, "r1", 2).await;
    assert_eq!(told(&rows), ["after exact 0.0", "before late 0.5"]);
    wait_for(&gateway, "r1", "waiting-approval").await;
    let back = json!({ "runId": "r1", "frameNo": frame, "confirm": true });
    gateway.expect(OPERATOR, "rewindRun", back).await.unwrap();
    assert_eq!(told(&scores(&gateway, "r1").await), ["before late 0.5"]);
    // The attempt has its number again, and is scored again.
    decide(&gateway, "r1", "ask").await;
    wait_for_scores(&gateway, "r1", 2).await;
}

#[tokio::test]
async fn scorers_that_a_crash_cuts_off_are_told_at_the_next_start() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "waiting", "over", json!({})).await;
    launch(&gateway, "waiting", "parked", json!({ "word": "ask" })).await;
    wait_for(&gateway, "over", "finished").await;
    wait_for(&gateway, "parked", "waiting-approval").await;
    for run in ["over", "parked"] {
        wait_for_scores(&gateway, run, 1).await;
        assert_eq!(events(&scratch, run, "ScorerFailed"), 0);
    }
    gateway.kill9().await.unwrap();
    let gateway = start(&scratch).await;
    for run in ["over", "parked"] {
        let is_told = || async { events(&scratch, run, "ScorerFailed") == 1 };
        until_true("the failure", is_told).await;
        assert_eq!(told(&scores(&gateway, run).await), ["one exact 0.0"]);
    }
    // Both are as they were, and go on.
    wait_for(&gateway, "over", "finished").await;
    decide(&gateway, "parked", "ask").await;
    wait_for(&gateway, "parked", "finished").await;
    let deleted = json!({ "runId": "over", "reason": "tidy" });
    gateway
        .expect(OPERATOR, "deleteRun", deleted)
        .await
        .unwrap();
    let left = "SELECT count(*) FROM _smithers_scorers WHERE run_id = 'over'";
    until_true("the deletion", || async { count(&scratch, left) == 0 }).await;
}

#[tokio::test]
async fn a_child_whose_scorer_is_at_work_goes_on_when_its_parent_needs_it_again() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "parent", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let child = "r1:child:sub:0";
    assert_eq!(events(&scratch, child, "RunFailed"), 1);
    assert_eq!(
        events(&scratch, child, "ScorerFailed"),
        1,
        "it was cut off, and says so"
    );
}
