//! Approvals that are given without a person, over restarts, with what they rest on in the trail.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, count, database, launch, refusal, scratch, start, wait_for};

fn trusting() -> Scratch {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/trust.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

/// Launches a run that asks, and answers.
async fn decide(gateway: &Gateway, run: &str, approved: bool) {
    launch(gateway, "trusted", run, json!({})).await;
    wait_for(gateway, run, "waiting-approval").await;
    let answer = json!({ "runId": run, "nodeId": "approve", "approved": approved });
    gateway
        .expect(OPERATOR, "submitApproval", answer)
        .await
        .unwrap();
    let end = if approved { "finished" } else { "failed" };
    wait_for(gateway, run, end).await;
}

/// The particulars of the only approval in the trail that no person gave.
fn trail(scratch: &Scratch) -> Value {
    let text: String = database(scratch)
        .query_row(
            "SELECT detail_json FROM _smithers_audit WHERE kind = 'approval' AND outcome = 'auto-approved'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn after_two_approvals_in_a_row_nobody_is_asked_until_somebody_says_no() {
    let scratch = trusting();
    let gateway = start(&scratch).await;
    decide(&gateway, "first", true).await;
    decide(&gateway, "second", true).await;
    gateway.kill9().await.unwrap();

    let gateway = start(&scratch).await;
    launch(&gateway, "trusted", "third", json!({})).await;
    wait_for(&gateway, "third", "finished").await;
    let row = gateway.expect(
        OPERATOR,
        "getNodeOutput",
        json!({ "runId": "third", "nodeId": "approve", "iteration": 0 }),
    );
    let row = row.await.unwrap()["row"].clone();
    assert_eq!(row["decidedBy"], "smithers:auto", "{row}");
    assert_eq!(row["note"], "Auto-approved");
    let stored =
        "SELECT count(*) FROM _smithers_approvals WHERE run_id = 'third' AND auto_approved = 1";
    assert_eq!(count(&scratch, stored), 1);
    let told = "SELECT count(*) FROM _smithers_events WHERE run_id = 'third' AND type = 'ApprovalAutoApproved'
                    AND stream_seq IS NOT NULL";
    assert_eq!(count(&scratch, told), 1);
    let rests_on = &trail(&scratch)["restsOn"];
    assert_eq!(rests_on["approvals"], 2, "{rests_on}");
    assert_eq!(rests_on["newest"][0]["runId"], "second", "{rests_on}");
    assert_eq!(rests_on["newest"][1]["decidedBy"], "user:op", "{rests_on}");

    launch(&gateway, "trusted", "risky", json!({ "risky": true })).await;
    wait_for(&gateway, "risky", "waiting-approval").await;
    let rows = gateway.expect(OPERATOR, "listApprovals", json!({})).await;
    let expected = json!({ "after": 2, "audit": true, "revertOnMet": true });
    assert_eq!(rows.unwrap()[0]["autoApprove"], expected);
    let no = json!({ "runId": "risky", "nodeId": "approve", "approved": false });
    gateway
        .expect(OPERATOR, "submitApproval", no)
        .await
        .unwrap();
    wait_for(&gateway, "risky", "failed").await;

    decide(&gateway, "after-the-no", true).await;
    decide(&gateway, "once-more", true).await;
    launch(&gateway, "trusted", "trusted-again", json!({})).await;
    wait_for(&gateway, "trusted-again", "finished").await;
}

#[tokio::test]
async fn what_nobody_was_asked_cannot_be_decided_afterwards() {
    let scratch = trusting();
    let gateway = start(&scratch).await;
    decide(&gateway, "first", true).await;
    decide(&gateway, "second", true).await;
    launch(&gateway, "trusted", "third", json!({})).await;
    wait_for(&gateway, "third", "finished").await;
    let late = json!({ "runId": "third", "nodeId": "approve", "approved": false });
    let refused = refusal(&gateway, OPERATOR, "submitApproval", late).await;
    assert_eq!(refused.code, "AlreadyDecided");
}
