//! What the tests share: a gateway on the fixture module, its tokens, and ways to look at it.

mod operator;
pub(crate) mod repository;
pub(crate) mod vault;
pub(crate) mod webhook;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Result;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use smithers_testkit::http::{Request, Response, exchange};
use smithers_testkit::rpc::Refusal;
use smithers_testkit::wait::until;
use smithers_testkit::{Gateway, Scratch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

pub(crate) use operator::{Operator, error_of};

/// Token that may do everything.
pub(crate) const OPERATOR: &str = "operator-token";
/// Token that may read runs.
pub(crate) const READER: &str = "read-token";
/// Longest wait for a state; none comes near it when the rule works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The binary under test.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_smithers"))
}

/// A token store with the usual two.
pub(crate) fn tokens() -> Value {
    json!({
        OPERATOR: { "role": "operator", "scopes": ["*"], "userId": "user:op" },
        READER: { "role": "viewer", "scopes": ["run:read"], "userId": "user:reader" },
    })
}

/// A folder for a gateway that serves the fixture module with three HTTP workers.
pub(crate) fn scratch() -> Scratch {
    scratch_with(&tokens())
}

/// As [`scratch`], with a token store of its own.
pub(crate) fn scratch_with(tokens: &Value) -> Scratch {
    let mut scratch = Scratch::new(tokens).unwrap();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/gateway.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_MODULE_ENV", "IT_WORK_MS");
    scratch.set("SMITHERS_GATEWAY_WORKERS", "3");
    scratch
}

/// Starts the gateway.
pub(crate) async fn start(scratch: &Scratch) -> Gateway {
    Gateway::start(binary(), scratch).await.unwrap()
}

/// Launches `workflow` as `run`.
pub(crate) async fn launch(gateway: &Gateway, workflow: &str, run: &str, input: Value) {
    let params = json!({ "workflow": workflow, "input": input, "options": { "runId": run } });
    let answer = gateway.expect(OPERATOR, "launchRun", params).await;
    assert_eq!(answer.unwrap()["runId"], run);
}

/// Calls a method that must be refused.
pub(crate) async fn refusal(
    gateway: &Gateway,
    token: &str,
    method: &str,
    params: Value,
) -> Refusal {
    let answer = gateway.call(token, method, params.clone()).await.unwrap();
    answer.expect_err(&format!("{method} {params} must be refused"))
}

/// Decides the approval of a run of the workflow `gate`.
pub(crate) async fn approve(gateway: &Gateway, run: &str) -> Result<Value> {
    let params = json!({ "runId": run, "nodeId": "approve", "approved": true });
    gateway.expect(OPERATOR, "submitApproval", params).await
}

/// Waits until a run has `status` and returns its record.
pub(crate) async fn wait_for(gateway: &Gateway, run: &str, status: &str) -> Value {
    let what = format!("{run} to be {status}");
    let record = until(&what, PATIENCE, || async {
        let record = gateway
            .expect(OPERATOR, "getRun", json!({ "runId": run }))
            .await?;
        Ok((record["status"] == status).then_some(record))
    });
    record.await.unwrap()
}

/// Waits until `look` says yes.
pub(crate) async fn until_true<F, Fut>(what: &str, look: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = bool>,
{
    let seen = until(what, PATIENCE, || async { Ok(look().await.then_some(())) });
    seen.await.unwrap();
}

/// Sends `GET path`, with a bearer when there is one.
pub(crate) async fn get(gateway: &Gateway, token: Option<&str>, path: &str) -> Response {
    send(gateway, "GET", path, token, None).await
}

/// Sends a request, with a bearer and a body when there are any.
pub(crate) async fn send(
    gateway: &Gateway,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&str>,
) -> Response {
    let bearer = token.map(|token| ("authorization".to_owned(), format!("Bearer {token}")));
    let request = Request {
        method: method.into(),
        path: path.into(),
        headers: bearer.into_iter().collect(),
        body: body.map(|body| body.as_bytes().to_vec()),
    };
    exchange(gateway.address(), &request).await.unwrap()
}

/// Sends bytes as they are and returns what comes back until the gateway closes.
pub(crate) async fn raw(gateway: &Gateway, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // A reset after the answer is how some refusals end.
    drop(read.expect("the gateway ends the connection"));
    String::from_utf8_lossy(&answer).into_owned()
}

/// Opens the database of a gateway to look into it.
pub(crate) fn database(scratch: &Scratch) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(scratch.database(), flags).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    database
}

/// Returns the one number that `sql` selects.
pub(crate) fn count(scratch: &Scratch, sql: &str) -> i64 {
    database(scratch)
        .query_row(sql, [], |row| row.get(0))
        .unwrap()
}

/// Everything that the gateway has written to its log.
pub(crate) fn log(scratch: &Scratch) -> String {
    std::fs::read_to_string(scratch.path("gateway.log")).unwrap()
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary with `arguments` in the environment of `scratch`.
pub(crate) fn command(scratch: &Scratch, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .env_clear()
        .envs(scratch.environment())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs the binary with `arguments` in the environment of `scratch` until it ends by itself.
pub(crate) async fn run(scratch: &Scratch, arguments: &[&str]) -> Ended {
    let child = command(scratch, arguments).output();
    let output = tokio::time::timeout(PATIENCE, child).await;
    let output = output.expect("the process ends by itself").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
