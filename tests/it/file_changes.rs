//! What tasks change in the files of their worktrees: told, too large to be told, and undone by a rewind.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::repository::{git, project, shown};
use crate::support::{
    OPERATOR, Operator, count, get, launch, refusal, scratch, until_true, wait_for,
};

const MODULE: &str = "
    import { existsSync } from 'node:fs';
    import { Approval, Sequence, Task, Workflow, Worktree, approvalDecisionSchema, createSmithers, getTaskRuntime } from 'smithers-orchestrator';
    import { z } from 'zod';
    const { smithers, outputs } = createSmithers({ done: z.object({ word: z.string() }), decision: approvalDecisionSchema });
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
    const until = (word) => async () => {
      const { rootDir } = getTaskRuntime();
      while (!existsSync(`${rootDir}/${word}`)) await sleep(20);
      return { word };
    };
    const working = smithers((ctx) => (
      <Workflow name=\"working\">
        <Sequence>
          <Worktree id=\"tree\" path=\"trees/tree\" branch=\"topic\">
            <Sequence>
              <Task id=\"one\" output={outputs.done}>{until('one.done')}</Task>
              <Approval id=\"ask\" output={outputs.decision} request={{ title: 'Well?' }} />
              <Task id=\"two\" output={outputs.done}>{until('two.done')}</Task>
            </Sequence>
          </Worktree>
          <Approval id=\"again\" output={outputs.decision} request={{ title: 'And now?' }} />
          <Task id=\"outside\" output={outputs.done}>{() => ({ word: 'outside' })}</Task>
        </Sequence>
      </Workflow>
    ));
    export function register(gateway) { gateway.register('working', working); }";

/// A run in a worktree of a repository, and somebody who works there in place of its tasks.
struct Site {
    operator: Operator,
    tree: PathBuf,
}

impl Site {
    async fn new() -> Self {
        let mut scratch = scratch();
        let tree = project(&mut scratch, MODULE, "one\n").join("trees/tree");
        let operator = Operator::with(scratch).await;
        launch(&operator.gateway, "working", "r1", json!({})).await;
        Self { operator, tree }
    }

    /// Does the work of a task once it has begun.
    async fn work(&self, task: &str, work: impl FnOnce(&Path)) {
        let begun = format!(
            "SELECT count(*) FROM _smithers_attempts WHERE node_id = '{task}' AND state = 'in-progress'"
        );
        until_true("the task", || async {
            count(&self.operator.scratch, &begun) == 1
        })
        .await;
        work(&self.tree);
        fs::write(self.tree.join(format!("{task}.done")), "").unwrap();
    }

    async fn decide(&self, node: &str) {
        wait_for(&self.operator.gateway, "r1", "waiting-approval").await;
        let params = json!({ "runId": "r1", "nodeId": node, "approved": true });
        self.call("submitApproval", params).await;
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.operator.gateway.expect(OPERATOR, method, params).await;
        answer.unwrap()
    }

    async fn refused(&self, method: &str, params: Value) -> String {
        refusal(&self.operator.gateway, OPERATOR, method, params)
            .await
            .code
    }

    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.tree.join(file)).ok()
    }
}

fn of_node(node: &str) -> Value {
    json!({ "runId": "r1", "nodeId": node, "iteration": 0 })
}

/// Files and what has become of them.
fn told(bundle: &Value) -> Vec<String> {
    let patches = bundle["patches"].as_array().unwrap().iter();
    let told = patches.map(|patch| {
        let [operation, path] = ["operation", "path"].map(|name| patch[name].as_str().unwrap());
        format!("{operation} {path}")
    });
    told.collect()
}

#[tokio::test]
async fn changes_of_files_are_told_of_an_attempt_and_of_its_run() {
    let site = Site::new().await;
    site.work("one", |tree| {
        fs::write(tree.join("a.txt"), "two\n").unwrap();
        fs::write(tree.join("new.bin"), [0, 1, 2]).unwrap();
    })
    .await;
    wait_for(&site.operator.gateway, "r1", "waiting-approval").await;
    let bundle = site.call("getNodeDiff", of_node("one")).await;
    assert_eq!(
        told(&bundle),
        ["modify a.txt", "add new.bin", "add one.done"]
    );
    assert!(
        bundle["patches"][0]["diff"]
            .as_str()
            .unwrap()
            .contains("-one\n+two\n"),
        "{bundle}"
    );
    assert_eq!(bundle["patches"][1]["binaryContent"], "AAEC");
    let attempt = json!({ "runId": "r1", "nodeId": "one", "iteration": 0, "attempt": 1 });
    let attempt = site.call("attempts.get", attempt).await;
    assert_eq!(attempt["jjCwd"], shown(&site.tree));
    assert_eq!(attempt["jjPointer"].as_str().unwrap().len(), 40);
    assert_eq!(
        site.refused("getRunDiff", json!({ "runId": "r1" })).await,
        "VcsError"
    );
    site.decide("ask").await;
    site.work("two", |tree| {
        fs::remove_file(tree.join("a.txt")).unwrap();
        fs::remove_file(tree.join("new.bin")).unwrap();
        git(tree, &["add", "--all"]);
        git(tree, &["commit", "--quiet", "--message", "work"]);
    })
    .await;
    site.decide("again").await;
    wait_for(&site.operator.gateway, "r1", "finished").await;
    let path = "/v1/api/runs/r1/nodes/two/diff";
    let response = get(&site.operator.gateway, Some(OPERATOR), path).await;
    let bundle = response.json().unwrap()["data"].clone();
    assert_eq!(
        told(&bundle),
        ["delete a.txt", "delete new.bin", "add two.done"]
    );
    let bundle = site.call("getRunDiff", json!({ "runId": "r1" })).await;
    assert_eq!(
        told(&bundle),
        ["delete a.txt", "add one.done", "add two.done"]
    );
    assert_eq!(
        site.refused("getNodeDiff", of_node("outside")).await,
        "AttemptNotFinished"
    );

    let operator = &site.operator;
    let patch = operator.text(&["runs", "changes", "r1", "one"]).await;
    assert!(
        patch.starts_with("diff --git a/a.txt b/a.txt") && patch.contains("+two"),
        "{patch}"
    );
    let table = operator.text(&["runs", "changes", "r1", "--stat"]).await;
    let first: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(first, ["a.txt", "delete", "0", "1"]);
}

#[tokio::test]
async fn a_rewind_brings_the_files_of_worktrees_back() {
    let site = Site::new().await;
    site.work("one", |tree| {
        fs::write(tree.join("a.txt"), "two\n").unwrap()
    })
    .await;
    wait_for(&site.operator.gateway, "r1", "waiting-approval").await;
    let frame = count(
        &site.operator.scratch,
        "SELECT max(frame_no) FROM _smithers_frames",
    );
    site.decide("ask").await;
    site.work("two", |tree| {
        fs::write(tree.join("a.txt"), "three\n").unwrap();
        git(tree, &["commit", "--quiet", "--all", "--message", "three"]);
        fs::write(tree.join("later.txt"), "later\n").unwrap();
    })
    .await;
    wait_for(&site.operator.gateway, "r1", "waiting-approval").await;
    let back = json!({ "runId": "r1", "frameNo": frame, "confirm": true });
    let answer = site.call("rewindRun", back).await;
    assert_eq!(
        (&answer["revertedSandboxes"], &answer["invalidatedDiffs"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(site.read("a.txt").as_deref(), Some("two\n"));
    assert_eq!(
        (site.read("later.txt"), site.read("two.done")),
        (None, None)
    );
    assert!(site.read("one.done").is_some());
    // The run goes on from there, and what it changes now is told from there.
    site.decide("ask").await;
    site.work("two", |tree| {
        fs::write(tree.join("b.txt"), "other\n").unwrap()
    })
    .await;
    wait_for(&site.operator.gateway, "r1", "waiting-approval").await;
    let bundle = site.call("getNodeDiff", of_node("two")).await;
    assert_eq!(told(&bundle), ["add b.txt", "add two.done"]);
}

#[tokio::test]
async fn more_than_an_answer_may_hold_is_told_by_its_size() {
    let site = Site::new().await;
    let large = "0123456789abcde\n".repeat((51 << 20) / 16);
    site.work("one", |tree| {
        fs::write(tree.join("large.txt"), large).unwrap()
    })
    .await;
    wait_for(&site.operator.gateway, "r1", "waiting-approval").await;
    assert_eq!(
        site.refused("getNodeDiff", of_node("one")).await,
        "DiffTooLarge"
    );
    site.call("cancelRun", json!({ "runId": "r1" })).await;
    wait_for(&site.operator.gateway, "r1", "cancelled").await;
    let answer = site.call("getRunDiff", json!({ "runId": "r1" })).await;
    assert_eq!(answer["status"], "oversized");
    assert!(
        answer["sizeBytes"].as_u64() > answer["maxBytes"].as_u64(),
        "{answer}"
    );
    let shown = site.operator.run(&["runs", "changes", "r1"]).await;
    assert!(shown.stdout.contains("git diff"), "{shown:?}");
}
