//! Approvals that several people have to give, over a crash, for clients and on the command line.

use rusqlite::Connection;
use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, Operator, count, launch, refusal, scratch_with, start, tokens, wait_for,
};

/// Ann, Bob and Eve, who may decide, and a token that names nobody.
fn people() -> Scratch {
    let scopes = ["run:read", "approval:submit"];
    let mut grants = tokens();
    for name in ["ann", "bob", "eve"] {
        let user = format!("user:{name}");
        grants[name] = json!({ "role": "reviewer", "scopes": scopes, "userId": user });
    }
    grants["nobody"] = json!({ "role": "reviewer", "scopes": scopes });
    let mut scratch = scratch_with(&grants);
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/owners.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

async fn waiting(gateway: &Gateway, run: &str, required: u32) {
    launch(
        gateway,
        "owned",
        run,
        json!({ "requiredApprovals": required }),
    )
    .await;
    wait_for(gateway, run, "waiting-approval").await;
}

fn answer(run: &str, approved: bool) -> Value {
    json!({ "runId": run, "nodeId": "approve", "approved": approved })
}

async fn vote(gateway: &Gateway, token: &str, run: &str, approved: bool) {
    let voted = gateway.expect(token, "submitApproval", answer(run, approved));
    voted.await.unwrap();
}

/// Status, code and message of a vote of `token` that is refused.
async fn refused(gateway: &Gateway, token: &str, run: &str) -> (u16, String, String) {
    let refused = refusal(gateway, token, "submitApproval", answer(run, true)).await;
    (refused.status, refused.code, refused.message)
}

fn votes(scratch: &Scratch) -> i64 {
    count(scratch, "SELECT count(*) FROM _smithers_approval_votes")
}

#[tokio::test]
async fn so_many_different_people_have_to_say_yes_also_over_a_crash() {
    let scratch = people();
    let gateway = start(&scratch).await;
    waiting(&gateway, "r1", 2).await;
    vote(&gateway, "ann", "r1", true).await;
    gateway.kill9().await.unwrap();

    let gateway = start(&scratch).await;
    let rows = gateway.expect(OPERATOR, "listApprovals", json!({})).await;
    let row = rows.unwrap()[0].clone();
    assert_eq!(row["requiredApprovals"], 2, "{row}");
    assert_eq!(row["votes"][0]["decidedBy"], "user:ann", "{row}");
    let run = gateway.expect(OPERATOR, "getRun", json!({ "runId": "r1" }));
    let blocked = run.await.unwrap()["runState"]["blocked"].clone();
    assert_eq!(
        (&blocked["approvals"], &blocked["requiredApprovals"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(blocked["votes"], row["votes"]);

    let (status, code, message) = refused(&gateway, "ann", "r1").await;
    assert_eq!((status, code.as_str()), (409, "CONFLICT"));
    assert_eq!(message, "User has already voted on this approval");
    let (status, code, _) = refused(&gateway, "nobody", "r1").await;
    assert_eq!((status, code.as_str()), (403, "FORBIDDEN"));
    assert_eq!(votes(&scratch), 1, "a refused vote has left a row");

    vote(&gateway, "bob", "r1", true).await;
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(votes(&scratch), 2);
    let voted = "SELECT count(*) FROM _smithers_events WHERE type = 'ApprovalVoted'";
    assert_eq!(count(&scratch, voted), 2);
    let trail = "SELECT count(*) FROM _smithers_audit WHERE kind = 'approval' AND outcome IN ('voted', 'approved')";
    assert_eq!(count(&scratch, trail), 2);
    let database = Connection::open(scratch.database()).unwrap();
    for sql in [
        "UPDATE _smithers_approval_votes SET decided_by = 'user:eve'",
        "DELETE FROM _smithers_approval_votes",
    ] {
        assert!(database.execute_batch(sql).is_err(), "{sql}");
    }
}

/// Who voted on the only approval of `run`, as its node tells it.
async fn voters(gateway: &Gateway, run: &str) -> Vec<Value> {
    let nodes = gateway.expect(OPERATOR, "listNodeStates", json!({ "runId": run }));
    let nodes = nodes.await.unwrap();
    let asking = nodes.as_array().unwrap().iter();
    let asking = asking.filter(|node| node["requiredApprovals"] == 2);
    let votes = asking.flat_map(|node| node["votes"].as_array().unwrap());
    votes.map(|vote| vote["decidedBy"].clone()).collect()
}

#[tokio::test]
async fn votes_are_seen_on_the_node_and_among_the_events_also_when_all_is_over() {
    let operator = Operator::with(people()).await;
    let gateway = &operator.gateway;
    waiting(gateway, "r1", 2).await;
    vote(gateway, "ann", "r1", true).await;
    assert_eq!(voters(gateway, "r1").await, ["user:ann"]);
    vote(gateway, "bob", "r1", true).await;
    wait_for(gateway, "r1", "finished").await;
    assert_eq!(voters(gateway, "r1").await, ["user:ann", "user:bob"]);

    let events = operator.text(&["runs", "events", "r1"]).await;
    for said in ["user:ann said yes, 1 of 2", "user:bob said yes, 2 of 2"] {
        assert!(events.contains(said), "{events}");
    }
    let page = operator.text(&["runs", "show", "r1"]).await;
    assert!(page.contains("user:ann: yes, user:bob: yes"), "{page}");
}

#[tokio::test]
async fn a_single_no_ends_the_vote() {
    let scratch = people();
    let gateway = start(&scratch).await;
    waiting(&gateway, "r1", 3).await;
    vote(&gateway, "ann", "r1", true).await;
    vote(&gateway, "bob", "r1", false).await;
    wait_for(&gateway, "r1", "failed").await;
    let (status, code, _) = refused(&gateway, "eve", "r1").await;
    assert_eq!((status, code.as_str()), (409, "AlreadyDecided"));
    assert_eq!(votes(&scratch), 2);
}

#[tokio::test]
async fn the_command_line_tells_a_vote_from_a_decision() {
    let operator = Operator::with(people()).await;
    waiting(&operator.gateway, "r1", 2).await;
    let told = operator.text(&["approvals", "approve", "r1"]).await;
    let counted = "your vote counts: approve of r1 has 1 of 2";
    assert!(told.starts_with(counted), "{told}");
    vote(&operator.gateway, "ann", "r1", true).await;
    wait_for(&operator.gateway, "r1", "finished").await;

    waiting(&operator.gateway, "r2", 2).await;
    vote(&operator.gateway, "ann", "r2", true).await;
    let told = operator.text(&["approvals", "approve", "r2"]).await;
    assert_eq!(told.trim_end(), "approved: approve of r2");
}
