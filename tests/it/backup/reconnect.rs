//! Clients reconnect with the last number they saw, whatever became of the database meanwhile.

use serde_json::json;
use smithers_testkit::{Gateway, Scratch};

use super::{back_up, destroy, read_to, restore, stream};
use crate::support::{OPERATOR, approve, launch, refusal, scratch, start, wait_for};

/// Launches runs one after another until it is dropped.
struct Load(tokio::task::JoinHandle<()>);

impl Load {
    fn begin(gateway: &Gateway) -> Self {
        let address = gateway.address().to_owned();
        Self(tokio::spawn(async move {
            loop {
                let launch = json!({ "workflow": "chain", "input": {} });
                // The gateway is killed under it in the end.
                let _ = smithers_testkit::rpc::call(&address, OPERATOR, "launchRun", &launch).await;
            }
        }))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A gateway with the run `r1` at its approval, backed up while other runs are launched, killed, and its database
/// destroyed. `meanwhile` happens between the backup and the death.
async fn disaster(scratch: &Scratch, meanwhile: impl AsyncFnOnce(&Gateway)) -> std::path::PathBuf {
    let gateway = start(scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let backup = {
        let _load = Load::begin(&gateway);
        back_up(scratch).await
    };
    meanwhile(&gateway).await;
    gateway.kill9().await.unwrap();
    destroy(scratch);
    backup
}

#[tokio::test]
async fn clients_reconnect_with_the_last_seen_seq_and_numbers_survive_backup_and_restore() {
    let scratch = scratch();
    let mut seen = Vec::new();
    let backup = disaster(&scratch, async |gateway| {
        let mut socket = stream(gateway, "r1", 0).await;
        seen = read_to(&mut socket, "node.waiting_approval").await;
    })
    .await;
    let last = seen.last().unwrap().0;
    let restored = restore(&scratch, &backup, &[]).await;
    assert_eq!(restored["unknownSince"][0]["runId"], "r1", "{restored}");
    assert_eq!(
        restored["unknownSince"][0]["title"], "Ship it?",
        "{restored}"
    );

    let gateway = start(&scratch).await;
    let mut socket = stream(&gateway, "r1", last).await;
    approve(&gateway, "r1").await.unwrap();
    let rest = read_to(&mut socket, "run.completed").await;
    let numbers: Vec<u64> = rest.iter().map(|(seq, _)| *seq).collect();
    let expected: Vec<u64> = (last + 1..=last + rest.len() as u64).collect();
    assert_eq!(numbers, expected, "no number is missing or given twice");
    let mut from_the_first = stream(&gateway, "r1", 0).await;
    let all = read_to(&mut from_the_first, "run.completed").await;
    assert_eq!(
        all,
        [seen, rest].concat(),
        "what was told before is told again"
    );
}

#[tokio::test]
async fn a_client_that_has_seen_more_than_was_restored_is_told_where_the_run_is() {
    let scratch = scratch();
    let mut seen = 0;
    let backup = disaster(&scratch, async |gateway| {
        approve(gateway, "r1").await.unwrap();
        let mut socket = stream(gateway, "r1", 0).await;
        seen = read_to(&mut socket, "run.completed").await.len() as u64;
    })
    .await;
    restore(&scratch, &backup, &[]).await;

    let gateway = start(&scratch).await;
    let mut socket = gateway.connect(OPERATOR, Some(&[])).await.unwrap();
    let params = json!({ "runId": "r1", "afterSeq": seen });
    let refused = socket.request("streamRunEvents", params).await;
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("SeqOutOfRange"), "{message}");
    let (_, told) = message.split_once("is newer than current seq ").unwrap();
    let digits: String = told.chars().take_while(char::is_ascii_digit).collect();
    let current: u64 = digits.parse().unwrap();
    assert!(current < seen, "{message}");
    // The client takes the record anew and goes on from the number that it was told.
    let mut socket = stream(&gateway, "r1", current).await;
    approve(&gateway, "r1").await.unwrap();
    let rest = read_to(&mut socket, "run.completed").await;
    assert_eq!(rest[0].0, current + 1);
    assert_eq!(
        rest.last().unwrap().0,
        seen,
        "the same run takes the same numbers"
    );
}

#[tokio::test]
async fn runs_that_were_under_way_when_they_were_backed_up_go_on_after_the_restore() {
    let mut scratch = scratch();
    scratch.set("IT_WORK_MS", "60000");
    let gateway = start(&scratch).await;
    launch(&gateway, "slow", "r1", json!({})).await;
    let mut socket = stream(&gateway, "r1", 0).await;
    read_to(&mut socket, "node.finished").await;
    let backup = back_up(&scratch).await;
    gateway.kill9().await.unwrap();
    destroy(&scratch);
    let restored = restore(&scratch, &backup, &[]).await;
    assert_eq!(restored["runsToResume"], 1, "{restored}");
    scratch.set("IT_WORK_MS", "0");
    let gateway = start(&scratch).await;
    wait_for(&gateway, "r1", "finished").await;
}

#[tokio::test]
async fn file_and_log_copied_by_hand_after_a_clean_stop_are_complete() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    let elsewhere = crate::support::scratch();
    for suffix in ["", "-wal", "-shm"] {
        let name = |scratch: &Scratch| format!("{}{suffix}", scratch.database().display());
        let copied = std::fs::copy(name(&scratch), name(&elsewhere));
        assert!(copied.is_ok() || !suffix.is_empty(), "{copied:?}");
    }
    let gateway = start(&elsewhere).await;
    approve(&gateway, "r1").await.unwrap();
    wait_for(&gateway, "r1", "finished").await;
}

#[tokio::test]
async fn a_revocation_made_after_the_backup_is_not_undone_by_the_restore() {
    let scratch = scratch();
    let backup = disaster(&scratch, async |_| {}).await;
    scratch
        .write_tokens(&json!({ OPERATOR: { "role": "operator", "scopes": ["run:read"], "userId": "user:op" } }))
        .unwrap();
    restore(&scratch, &backup, &[]).await;
    let gateway = start(&scratch).await;
    let params = json!({ "runId": "r1", "nodeId": "approve", "approved": true });
    let refused = refusal(&gateway, OPERATOR, "submitApproval", params).await;
    assert_eq!(refused.status, 403, "{refused:?}");
}
