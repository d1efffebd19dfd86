//! What was acknowledged is read through every connection, whichever worker serves it.

use futures_util::future::join_all;
use serde_json::{Value, json};
use smithers_testkit::{Gateway, Socket};

use crate::support::{OPERATOR, approve, get, launch, scratch, start, wait_for};

/// Sockets that read; with three workers each worker has several.
const READERS: usize = 9;
/// Rounds of each test; a stale read shows in some of them only.
const ROUNDS: usize = 12;

/// Readers on connections of their own, opened before anything happened.
struct Readers(Vec<Socket>);

impl Readers {
    async fn connect(gateway: &Gateway) -> Self {
        let sockets = (0..READERS).map(|_| gateway.connect(OPERATOR, Some(&[])));
        Self(
            join_all(sockets)
                .await
                .into_iter()
                .map(Result::unwrap)
                .collect(),
        )
    }

    /// Asks all at once and returns the answers.
    async fn ask(&mut self, method: &str, params: Value) -> Vec<Value> {
        let requests = self
            .0
            .iter_mut()
            .map(|socket| socket.request(method, params.clone()));
        join_all(requests)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect()
    }

    async fn all(&mut self, method: &str, params: Value, holds: impl Fn(&Value) -> bool) {
        for (reader, answer) in self.ask(method, params).await.iter().enumerate() {
            assert!(holds(answer), "{method} through reader {reader}: {answer}");
        }
    }

    /// Numbers that streams of the run would begin with.
    async fn current_seqs(&mut self, run: &str) -> Vec<u64> {
        let answers = self.ask("streamRunEvents", json!({ "runId": run })).await;
        answers
            .iter()
            .map(|answer| answer["currentSeq"].as_u64().unwrap())
            .collect()
    }
}

/// A gateway on which readers may open streams as often as they like.
async fn start_for_streams() -> (smithers_testkit::Scratch, Gateway) {
    let mut scratch = scratch();
    for cap in ["GLOBAL", "PER_USER", "PER_CONNECTION", "PER_RUN"] {
        scratch.set(&format!("SMITHERS_GATEWAY_STREAMS_{cap}"), "10000");
    }
    let gateway = start(&scratch).await;
    (scratch, gateway)
}

fn of_run<'a>(list: &'a Value, run: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|row| row["runId"] == run)
}

fn approvals_of(run: &str) -> Value {
    json!({ "filter": { "runId": run } })
}

#[tokio::test]
async fn an_acknowledged_launch_is_read_through_every_other_connection() {
    let (_scratch, gateway) = start_for_streams().await;
    let mut readers = Readers::connect(&gateway).await;
    for round in 0..ROUNDS {
        let run = format!("launch-{round}");
        launch(&gateway, "slow", &run, json!({})).await;
        readers
            .all("getRun", json!({ "runId": run }), |record| {
                record["runId"] == run.as_str()
            })
            .await;
        readers
            .all("listRuns", json!({}), |runs| of_run(runs, &run).is_some())
            .await;
        assert_eq!(readers.current_seqs(&run).await.len(), READERS);
        let over_http = get(&gateway, Some(OPERATOR), &format!("/v1/runs/{run}")).await;
        assert_eq!(over_http.status, 200);
    }
}

#[tokio::test]
async fn an_acknowledged_decision_is_read_through_every_other_connection() {
    let (_scratch, gateway) = start_for_streams().await;
    let mut readers = Readers::connect(&gateway).await;
    for round in 0..ROUNDS {
        let run = format!("decide-{round}");
        launch(&gateway, "gate", &run, json!({})).await;
        wait_for(&gateway, &run, "waiting-approval").await;
        readers
            .all("listApprovals", approvals_of(&run), |list| {
                of_run(list, &run).is_some()
            })
            .await;
        let before = readers.current_seqs(&run).await[0];
        approve(&gateway, &run).await.unwrap();
        readers
            .all("listApprovals", approvals_of(&run), |list| {
                list == &json!([])
            })
            .await;
        readers
            .all("getRun", json!({ "runId": run }), |record| {
                record["status"] != "waiting-approval"
            })
            .await;
        let after = readers.current_seqs(&run).await;
        assert!(
            after.iter().all(|seq| *seq > before),
            "{after:?} after {before}"
        );
    }
}

#[tokio::test]
async fn an_acknowledged_cancel_is_read_through_every_other_connection() {
    let (_scratch, gateway) = start_for_streams().await;
    let mut readers = Readers::connect(&gateway).await;
    for round in 0..ROUNDS {
        let run = format!("cancel-{round}");
        launch(&gateway, "gate", &run, json!({})).await;
        wait_for(&gateway, &run, "waiting-approval").await;
        let before = readers.current_seqs(&run).await[0];
        gateway
            .expect(OPERATOR, "cancelRun", json!({ "runId": run }))
            .await
            .unwrap();
        readers
            .all("getRun", json!({ "runId": run }), |record| {
                record["status"] == "cancelled"
            })
            .await;
        let cancelled = json!({ "filter": { "status": "cancelled" } });
        readers
            .all("listRuns", cancelled, |runs| of_run(runs, &run).is_some())
            .await;
        readers
            .all("listApprovals", approvals_of(&run), |list| {
                list == &json!([])
            })
            .await;
        let after = readers.current_seqs(&run).await;
        assert!(
            after.iter().all(|seq| *seq > before),
            "{after:?} after {before}"
        );
    }
}

#[tokio::test]
async fn an_output_whose_end_was_told_is_read_through_every_other_connection() {
    let (_scratch, gateway) = start_for_streams().await;
    let mut readers = Readers::connect(&gateway).await;
    let watcher = gateway.connect(OPERATOR, None).await.unwrap();
    for round in 0..ROUNDS {
        let run = format!("output-{round}");
        launch(&gateway, "slow", &run, json!({})).await;
        let ended = |frame: &Value| {
            frame["event"] == "node.finished"
                && frame["payload"]["runId"] == run.as_str()
                && frame["payload"]["nodeId"] == "work"
        };
        watcher.find("the end of the task", ended).await.unwrap();
        let params = json!({ "runId": run, "nodeId": "work", "iteration": 0 });
        let produced = |answer: &Value| answer["status"] == "produced" && answer["row"]["n"] == 2;
        readers.all("getNodeOutput", params, produced).await;
    }
}
