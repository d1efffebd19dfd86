//! `smithers runs events --follow`: every number once, through lost connections, with gaps told and Ctrl-C clean.

use std::process::Stdio;

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

use crate::support::{Operator, PATIENCE, approve, command, launch, scratch, start, wait_for};

/// A command that follows a run.
struct Following {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Following {
    fn start(scratch: &Scratch, run: &str, more: &[&str]) -> Self {
        let arguments = [
            &["runs", "events", run, "--follow", "--format", "jsonl"],
            more,
        ]
        .concat();
        let mut child = command(scratch, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next event.
    async fn next(&mut self) -> Option<Value> {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("an event comes").unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// The numbers up to the event `name`.
    async fn numbers_until(&mut self, name: &str) -> Vec<u64> {
        let mut numbers = Vec::new();
        while let Some(event) = self.next().await {
            numbers.push(event["seq"].as_u64().unwrap());
            if event["event"] == name {
                break;
            }
        }
        numbers
    }

    /// Interrupts it as a terminal does.
    fn press_ctrl_c(&self) {
        let id = self.child.id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end; returns the exit code and what was said beside the data.
    async fn end(self) -> (Option<i32>, String) {
        let ended = timeout(PATIENCE, self.child.wait_with_output()).await;
        let ended = ended.expect("it ends by itself").unwrap();
        (
            ended.status.code(),
            String::from_utf8(ended.stderr).unwrap(),
        )
    }
}

/// Starts the gateway again where it was, so that clients find it.
async fn restart(scratch: &mut Scratch, gateway: Gateway) -> Gateway {
    let port = gateway.address().rsplit(':').next().unwrap().to_owned();
    scratch.set("PORT", port);
    gateway.kill9().await.unwrap();
    start(scratch).await
}

#[tokio::test]
async fn a_follower_goes_on_after_a_lost_connection_without_hole_or_double() {
    let Operator {
        gateway,
        mut scratch,
    } = Operator::start().await;
    launch(&gateway, "gate", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let mut following = Following::start(&scratch, "r1", &[]);
    let mut numbers = following.numbers_until("node.waiting_approval").await;

    let gateway = restart(&mut scratch, gateway).await;
    approve(&gateway, "r1").await.unwrap();
    numbers.extend(following.numbers_until("run.completed").await);
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let (code, said) = following.end().await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("trying again after event"), "{said}");
}

#[tokio::test]
async fn ctrl_c_says_where_to_go_on() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "gate", "r1", json!({})).await;
    let mut following = Following::start(&operator.scratch, "r1", &[]);
    let last = following.numbers_until("node.waiting_approval").await.pop();
    following.press_ctrl_c();
    let (code, said) = following.end().await;
    assert_eq!(code, Some(130), "{said}");
    let again = format!("runs events r1 --follow --after-seq {}", last.unwrap());
    assert!(
        said.contains("INTERRUPTED") && said.contains(&again),
        "{said}"
    );
}

#[tokio::test]
async fn ctrl_c_ends_the_wait_for_a_gateway_that_is_away() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "gate", "r1", json!({})).await;
    let mut following = Following::start(&operator.scratch, "r1", &[]);
    following.numbers_until("node.waiting_approval").await;
    operator.gateway.kill9().await.unwrap();
    following.press_ctrl_c();
    let (code, said) = following.end().await;
    assert_eq!(code, Some(130), "{said}");
}

#[tokio::test]
async fn numbers_that_are_no_longer_kept_are_told_and_not_invented() {
    let mut scratch = scratch();
    scratch.set("SMITHERS_GATEWAY_EVENT_WINDOW", "2");
    let operator = Operator::with(scratch).await;
    launch(&operator.gateway, "chain", "r1", json!({})).await;
    wait_for(&operator.gateway, "r1", "finished").await;
    let ended = operator
        .run(&["runs", "events", "r1", "--format", "jsonl"])
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let items: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(items[0]["event"], "run.gap_resync");
    assert_eq!(items[0]["fromSeq"], 1);
    assert_eq!(items[0]["snapshot"]["status"], "finished");
    let lost = items[0]["toSeq"].as_u64().unwrap();
    assert_eq!(items[1]["seq"], lost + 1);
    assert_eq!(items.len(), 3, "{items:?}");
    let note = format!("events 1 to {lost} are no longer kept");
    assert!(ended.stderr.contains(&note), "{ended:?}");
}

#[tokio::test]
async fn following_a_run_that_has_ended_ends_too() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "chain", "r1", json!({})).await;
    wait_for(&operator.gateway, "r1", "finished").await;
    let all = operator.text(&["runs", "events", "r1", "--follow"]).await;
    let last = all.lines().count().to_string();
    let none = operator
        .text(&["runs", "events", "r1", "--follow", "--after-seq", &last])
        .await;
    assert_eq!(none, "");
    let error = operator
        .error(&["runs", "events", "r1", "--after-seq", "99999"])
        .await;
    assert_eq!(error["code"], "SeqOutOfRange", "{error}");
    let error = operator
        .error(&["runs", "events", "nope", "--follow"])
        .await;
    assert_eq!(error["code"], "NOT_FOUND", "{error}");
}

#[tokio::test]
async fn a_revoked_token_ends_the_follower_with_what_to_do() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "gate", "r1", json!({})).await;
    let mut following = Following::start(&operator.scratch, "r1", &[]);
    following.numbers_until("node.waiting_approval").await;
    operator.scratch.write_tokens(&json!({})).unwrap();
    let (code, said) = following.end().await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("UNAUTHORIZED"), "{said}");
}
