//! What the proofs do as a client: issue a token, launch the reference workflow, decide its approval.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use smithers_testkit::http::{Request, Response, exchange};
use smithers_testkit::{rpc, wait};
use tokio::time::sleep;

/// Time for a run to get where it must.
const RUN_DEADLINE: Duration = Duration::from_secs(20);
/// Time for a change of the grants to reach the running gateway.
const GRANT_DEADLINE: Duration = Duration::from_secs(3);
/// Pause between two looks whether it has.
const PAUSE: Duration = Duration::from_millis(300);
/// The command line that makes a token; prints it once, as JSON.
pub(super) const ISSUE: [&str; 11] = [
    "token",
    "issue",
    "--scopes",
    "run:read,run:write,approval:submit,observability:read",
    "--ttl",
    "1h",
    "--user-id",
    "user:prove",
    "--reveal-token",
    "--format",
    "json",
];

/// A token and its public id.
#[derive(Debug, Clone, Default)]
pub(super) struct Token {
    /// The secret.
    pub(super) bearer: String,
    /// The id by which it is revoked.
    pub(super) id: String,
}

impl Token {
    /// Takes the token out of what [`ISSUE`] printed.
    pub(super) fn parse(printed: &str) -> Result<Token> {
        let issued: Value = serde_json::from_str(printed).context("no JSON was printed")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(Token {
            bearer: text(&issued["token"]).context("no bearer was printed")?,
            id: text(&issued["grant"]["tokenId"]).context("no id was printed")?,
        })
    }
}

/// Launches the reference workflow as `run` and waits until it asks.
pub(super) async fn launch(address: &str, token: &Token, run: &str) -> Result<()> {
    let launch = json!({
        "workflow": "change-request",
        "input": { "service": "web", "version": "2.0.0" },
        "options": { "runId": run },
    });
    rpc::expect(address, &token.bearer, "launchRun", &launch).await?;
    waits(address, token, run).await
}

/// Waits until `run` waits for its approval.
pub(super) async fn waits(address: &str, token: &Token, run: &str) -> Result<()> {
    wait::until("the approval to be asked for", RUN_DEADLINE, || async {
        let approvals = rpc::expect(address, &token.bearer, "listApprovals", &json!({})).await?;
        let mut approvals = approvals.as_array().into_iter().flatten();
        Ok(approvals
            .any(|approval| approval["runId"] == run)
            .then_some(()))
    })
    .await
}

/// Approves what `run` asks and waits for its report.
pub(super) async fn approve(address: &str, token: &Token, run: &str) -> Result<()> {
    let decision = json!({
        "runId": run, "nodeId": "approve", "iteration": 0, "decision": { "approved": true },
    });
    rpc::expect(address, &token.bearer, "submitApproval", &decision).await?;
    finished(address, token, run).await?;
    let report = json!({ "runId": run, "nodeId": "report", "iteration": 0 });
    let output = rpc::expect(address, &token.bearer, "getNodeOutput", &report).await?;
    ensure!(output["row"]["released"] == true, "the report is {output}");
    Ok(())
}

/// Waits until `run` is finished.
pub(super) async fn finished(address: &str, token: &Token, run: &str) -> Result<()> {
    let run = json!({ "runId": run });
    wait::until("the run to finish", RUN_DEADLINE, || async {
        let row = rpc::expect(address, &token.bearer, "getRun", &run).await?;
        Ok((row["status"] == "finished").then_some(()))
    })
    .await
}

/// Returns the answer to `GET path` with `bearer`.
pub(super) async fn get(address: &str, bearer: &str, path: &str) -> Result<Response> {
    let request = Request {
        method: "GET".into(),
        path: path.into(),
        headers: vec![("authorization".into(), format!("Bearer {bearer}"))],
        body: None,
    };
    exchange(address, &request).await
}

/// Waits until `bearer` is accepted.
pub(super) async fn accepted(address: &str, bearer: &str) -> Result<()> {
    answered(address, bearer, 200).await
}

/// Waits until `bearer` is refused.
pub(super) async fn refused(address: &str, bearer: &str) -> Result<()> {
    answered(address, bearer, 401).await
}

async fn answered(address: &str, bearer: &str, status: u16) -> Result<()> {
    let what = format!("the token to be answered {status}");
    wait::until(&what, GRANT_DEADLINE, || async {
        // Few failures a minute are allowed, and every look may be one.
        sleep(PAUSE).await;
        let answer = get(address, bearer, "/v1/runs").await?;
        Ok((answer.status == status).then_some(()))
    })
    .await
}
