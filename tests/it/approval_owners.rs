//! Approvals have owners: who may decide when, and what time does to those that nobody answers.

use rusqlite::Connection;
use serde_json::{Value, json};
use smithers::owners::{Fault, judge, recent};
use smithers_model::ownership::ApprovalPolicy;
use smithers_store::{Backend, SqliteOptions, SqliteStore};
use smithers_testkit::rpc::Refusal;
use smithers_testkit::wait::until;
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, Operator, PATIENCE, count, error_of, get, launch, log, refusal, run, scratch_with,
    start, tokens, wait_for,
};

const AN_HOUR: u64 = 3_600_000;

/// Ann, who owns; Bob of the release team; Eve, who may do everything and owns nothing.
fn owners() -> Scratch {
    let approver = ["run:read", "approval:submit"];
    let mut grants = tokens();
    grants["ann"] = json!({ "role": "reviewer", "scopes": approver, "userId": "user:ann" });
    let bob = ["run:read", "approval:submit", "team:release"];
    grants["bob"] = json!({ "role": "reviewer", "scopes": bob, "userId": "user:bob" });
    grants["eve"] = json!({ "role": "admin", "scopes": ["*"], "userId": "user:eve" });
    grants["nobody"] = json!({ "role": "reviewer", "scopes": approver });
    let mut scratch = scratch_with(&grants);
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/owners.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

/// Owned by Ann, and later by the release team.
fn escalating(after_ms: u64) -> Value {
    json!({ "owner": "user:ann", "fallbackOwner": "team:release", "escalateAfterMs": after_ms })
}

async fn waiting(gateway: &Gateway, run: &str, input: Value) {
    launch(gateway, "owned", run, input).await;
    wait_for(gateway, run, "waiting-approval").await;
}

fn answer(run: &str, approved: bool) -> Value {
    json!({ "runId": run, "nodeId": "approve", "approved": approved })
}

async fn decide(gateway: &Gateway, token: &str, run: &str) {
    let decided = gateway.expect(token, "submitApproval", answer(run, true));
    decided.await.unwrap();
}

/// How a decision of `token` is refused.
async fn refused(gateway: &Gateway, token: &str, run: &str) -> Refusal {
    let refused = refusal(gateway, token, "submitApproval", answer(run, true)).await;
    assert_eq!((refused.status, refused.code.as_str()), (403, "FORBIDDEN"));
    refused
}

/// The row of the only approval that waits.
async fn listed(gateway: &Gateway) -> Value {
    let rows = gateway.expect(OPERATOR, "listApprovals", json!({})).await;
    let rows = rows.unwrap();
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");
    rows[0].clone()
}

async fn wait_until_listed_with(gateway: &Gateway, field: &str) -> Value {
    let what = format!("the approval to have {field}");
    let row = until(&what, PATIENCE, || async {
        let row = listed(gateway).await;
        Ok(row[field].is_i64().then_some(row))
    });
    row.await.unwrap()
}

/// Lets time pass for a gateway that is dead: what is due in an hour is due now.
fn pass_an_hour(scratch: &Scratch) {
    let database = Connection::open(scratch.database()).unwrap();
    let sql = "UPDATE _smithers_approvals
               SET escalates_at_ms = escalates_at_ms - ?1, due_at_ms = due_at_ms - ?1";
    assert_eq!(database.execute(sql, [AN_HOUR]).unwrap(), 1);
}

fn rows_of_kind(scratch: &Scratch, kind: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM _smithers_audit WHERE kind = '{kind}'");
    count(scratch, &sql)
}

fn events_of_type(scratch: &Scratch, name: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM _smithers_events WHERE type = '{name}'");
    count(scratch, &sql)
}

#[tokio::test]
async fn approval_paths_have_a_named_owner_and_a_fallback_owner() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    waiting(&gateway, "r1", escalating(AN_HOUR)).await;
    let row = listed(&gateway).await;
    assert_eq!(row["owner"], "user:ann");
    assert_eq!(row["fallbackOwner"], "team:release");
    assert!(row.get("escalatedAtMs").is_none(), "{row}");
    for stranger in ["bob", "eve"] {
        let refused = refused(&gateway, stranger, "r1").await;
        assert_eq!(refused.message, "User is not an owner of this approval");
    }

    gateway.kill9().await.unwrap();
    assert_eq!(events_of_type(&scratch, "ApprovalEscalated"), 0);
    pass_an_hour(&scratch);
    let gateway = start(&scratch).await;
    wait_until_listed_with(&gateway, "escalatedAtMs").await;
    assert_eq!(events_of_type(&scratch, "ApprovalEscalated"), 1);
    assert_eq!(rows_of_kind(&scratch, "approval.escalated"), 1);
    refused(&gateway, "eve", "r1").await;
    decide(&gateway, "bob", "r1").await;
    wait_for(&gateway, "r1", "finished").await;
}

#[tokio::test]
async fn the_owner_decides_before_the_escalation_and_nothing_escalates_any_more() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    waiting(&gateway, "r1", escalating(AN_HOUR)).await;
    decide(&gateway, "ann", "r1").await;
    wait_for(&gateway, "r1", "finished").await;
    let due = "SELECT count(*) FROM _smithers_approvals WHERE due_at_ms IS NOT NULL";
    assert_eq!(count(&scratch, due), 0);
}

#[tokio::test]
async fn an_escalation_comes_at_its_time_and_is_told_to_people() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    waiting(&gateway, "r1", escalating(100)).await;
    wait_until_listed_with(&gateway, "escalatedAtMs").await;
    until("the log to tell of it", PATIENCE, || async {
        let line = "approval escalated to its fallback owner";
        Ok(log(&scratch).contains(line).then_some(()))
    })
    .await
    .unwrap();
    let metrics = get(&gateway, Some(OPERATOR), "/metrics").await;
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(
        text.contains("smithers_approvals_escalated_total 1"),
        "{text}"
    );
    decide(&gateway, "bob", "r1").await;
    wait_for(&gateway, "r1", "finished").await;
}

#[tokio::test]
async fn silence_denies_where_the_author_says_so_and_the_socket_sees_the_denial() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    let socket = gateway.connect(OPERATOR, Some(&["r1"])).await.unwrap();
    let input = json!({ "expiresAfterMs": 100, "onExpire": "deny" });
    launch(&gateway, "owned", "r1", input).await;
    wait_for(&gateway, "r1", "failed").await;
    let is_decision = |frame: &Value| frame["event"] == "approval.decided";
    let decided = socket.find("approval.decided", is_decision).await.unwrap();
    assert_eq!(decided["payload"]["approved"], false);
    let by = "SELECT count(*) FROM _smithers_approval_decisions
              WHERE decided_by = 'system:expiry' AND approved = 0";
    assert_eq!(count(&scratch, by), 1);
    assert_eq!(rows_of_kind(&scratch, "approval.expired"), 1);
    let late = refusal(&gateway, OPERATOR, "submitApproval", answer("r1", true)).await;
    assert_eq!((late.status, late.code.as_str()), (409, "AlreadyDecided"));
}

#[tokio::test]
async fn an_approval_that_expires_without_a_denial_waits_on_and_says_so_once() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    waiting(&gateway, "r1", json!({ "expiresAfterMs": 50 })).await;
    assert!(listed(&gateway).await["expiresAtMs"].is_i64());
    until("the expiry to be recorded", PATIENCE, || async {
        Ok((rows_of_kind(&scratch, "approval.expired") == 1).then_some(()))
    })
    .await
    .unwrap();
    gateway.kill9().await.unwrap();
    let gateway = start(&scratch).await;
    decide(&gateway, "eve", "r1").await;
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(events_of_type(&scratch, "ApprovalExpired"), 1);
}

#[tokio::test]
async fn who_decides_until_when_and_what_then_is_shown() {
    let operator = Operator::with(owners()).await;
    let gateway = &operator.gateway;
    let mut asked = escalating(AN_HOUR);
    asked["expiresAfterMs"] = json!(2 * AN_HOUR);
    asked["onExpire"] = json!("deny");
    asked["forbidSelfApproval"] = json!(true);
    waiting(gateway, "r1", asked).await;
    let row = listed(gateway).await;
    let requested = row["requestedAtMs"].as_u64().unwrap();
    assert_eq!(row["escalatesAtMs"], requested + AN_HOUR);
    assert_eq!(row["expiresAtMs"], requested + 2 * AN_HOUR);
    assert_eq!(
        (&row["onExpire"], &row["forbidSelfApproval"]),
        (&json!("deny"), &json!(true))
    );
    assert_eq!(
        (row.get("escalatedAtMs"), row.get("expiredAtMs")),
        (None, None)
    );

    let page = operator.text(&["approvals", "show", "r1"]).await;
    for said in [
        "user:ann, later team:release",
        "then it is denied",
        "whoever launched the run",
    ] {
        assert!(page.contains(said), "{page}");
    }
}

#[tokio::test]
async fn owners_hold_without_a_gateway_too() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    let forbidden = json!({ "owner": "user:op", "forbidSelfApproval": true });
    waiting(&gateway, "mine", forbidden).await;
    waiting(&gateway, "hers", escalating(AN_HOUR)).await;
    let expiring = json!({ "expiresAfterMs": 50, "onExpire": "deny" });
    launch(&gateway, "owned", "late", expiring).await;
    wait_for(&gateway, "late", "failed").await;
    gateway.stop().await.unwrap();
    let decide = |run_id: &'static str, user: &'static str| {
        let flags = [
            "approvals",
            "approve",
            run_id,
            "approve",
            "--offline",
            "--json",
            "--by",
            user,
        ];
        let scratch = &scratch;
        async move { run(scratch, &flags).await }
    };
    for (run_id, user, code) in [
        ("mine", "user:op", "FORBIDDEN"),
        ("hers", "user:eve", "FORBIDDEN"),
        ("late", "user:ann", "AlreadyDecided"),
    ] {
        let refused = error_of(&decide(run_id, user).await);
        assert_eq!(refused["code"], code, "{run_id}: {refused}");
    }
    assert_eq!(decide("hers", "user:ann").await.code, Some(0));
}

#[tokio::test]
async fn a_workflow_that_would_approve_by_silence_fails_when_it_is_rendered() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    let input = json!({ "expiresAfterMs": 100, "onExpire": "approve" });
    launch(&gateway, "owned", "r1", input).await;
    let record = wait_for(&gateway, "r1", "failed").await;
    let error = record["errorJson"].as_str().unwrap();
    assert!(error.contains("silence is a yes"), "{error}");
}

#[tokio::test]
async fn the_launcher_cannot_decide_when_the_operator_or_the_author_forbids_it() {
    let mut scratch = owners();
    let gateway = start(&scratch).await;
    waiting(&gateway, "by-author", json!({ "forbidSelfApproval": true })).await;
    refused(&gateway, OPERATOR, "by-author").await;
    waiting(&gateway, "by-operator", json!({})).await;
    gateway.stop().await.unwrap();

    scratch.set("SMITHERS_APPROVAL_FORBID_SELF", "1");
    let gateway = start(&scratch).await;
    for run in ["by-author", "by-operator"] {
        for token in [OPERATOR, "nobody"] {
            let refused = refused(&gateway, token, run).await;
            assert!(refused.message.contains("launcher"), "{}", refused.message);
        }
        decide(&gateway, "ann", run).await;
        wait_for(&gateway, run, "finished").await;
    }
}

#[tokio::test]
async fn a_default_owner_is_named_and_restricts_only_when_it_is_enforced() {
    let mut scratch = owners();
    scratch.set("SMITHERS_APPROVAL_DEFAULT_OWNER", "user:ann");
    scratch.set("SMITHERS_APPROVAL_FALLBACK_OWNER", "role:lead");
    let gateway = start(&scratch).await;
    waiting(&gateway, "named", json!({})).await;
    let row = listed(&gateway).await;
    assert_eq!(row["owner"], "user:ann");
    assert_eq!(row["fallbackOwner"], "role:lead");
    decide(&gateway, "eve", "named").await;
    waiting(&gateway, "enforced", json!({})).await;
    gateway.stop().await.unwrap();

    scratch.set("SMITHERS_APPROVAL_ENFORCE_DEFAULT_OWNER", "1");
    let gateway = start(&scratch).await;
    refused(&gateway, "eve", "enforced").await;
    decide(&gateway, "ann", "enforced").await;
    wait_for(&gateway, "enforced", "finished").await;
}

#[tokio::test]
async fn an_approval_without_owners_looks_and_works_as_it_always_did() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    waiting(&gateway, "r1", json!({})).await;
    let row = listed(&gateway).await;
    let fields: Vec<&str> = row
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut recorded = [
        "runId",
        "workflowKey",
        "nodeId",
        "iteration",
        "requestTitle",
        "requestDigest",
        "requestSummary",
        "requestedAtMs",
        "approvalMode",
        "options",
        "allowedScopes",
        "allowedUsers",
        "autoApprove",
    ];
    recorded.sort_unstable();
    let mut fields = fields;
    fields.sort_unstable();
    assert_eq!(fields, recorded);
    decide(&gateway, "nobody", "r1").await;
    wait_for(&gateway, "r1", "finished").await;
}

#[tokio::test]
async fn paths_without_owners_are_found_among_what_waits_and_what_was_asked_lately() {
    let scratch = owners();
    let gateway = start(&scratch).await;
    waiting(&gateway, "owned", escalating(AN_HOUR)).await;
    waiting(&gateway, "alone", json!({ "owner": "user:ann" })).await;
    waiting(&gateway, "past", json!({})).await;
    decide(&gateway, "nobody", "past").await;
    wait_for(&gateway, "past", "finished").await;
    gateway.stop().await.unwrap();

    let store = SqliteStore::open(&SqliteOptions::new(scratch.database())).unwrap();
    let asked = recent(&*store.reader().unwrap(), 10).unwrap();
    let findings = judge(&asked, &ApprovalPolicy::default(), |_| true);
    let found: Vec<_> = findings
        .iter()
        .map(|finding| {
            let run = finding.waiting_run.as_ref().map(ToString::to_string);
            (run, finding.fault.clone())
        })
        .collect();
    assert_eq!(
        found,
        [
            (None, Fault::NoOwner),
            (None, Fault::NoFallbackOwner),
            (Some("alone".to_owned()), Fault::NoFallbackOwner),
        ]
    );
}
