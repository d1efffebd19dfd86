//! Tasks in git worktrees: where they work, over kills, beside other runs, and what is left afterwards.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::repository::{project, shown};
use crate::support::{OPERATOR, count, launch, scratch, start, until_true, wait_for};

const MODULE: &str = "
    import { existsSync, readFileSync } from 'node:fs';
    import { Task, Workflow, Worktree, createSmithers, getTaskRuntime } from 'smithers-orchestrator';
    import { z } from 'zod';
    const { smithers, outputs } = createSmithers({ seen: z.object({ at: z.string(), text: z.string(), told: z.string().nullable() }) });
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
    const working = smithers((ctx) => (
      <Workflow name=\"working\">
        <Worktree id=\"tree\" path={ctx.input.path} branch={ctx.input.branch}>
          <Task id=\"look\" output={outputs.seen}>{async () => {
            const { rootDir } = getTaskRuntime();
            while (ctx.input.waits && !existsSync(`${rootDir}/go.txt`)) await sleep(20);
            return { at: rootDir, text: readFileSync(`${rootDir}/a.txt`, 'utf8'), told: ctx.worktreePath('tree') ?? null };
          }}</Task>
        </Worktree>
      </Workflow>
    ));
    export function register(gateway) { gateway.register('working', working); }";

/// A repository `project` with the module, and a gateway that may run git below the scratch folder.
struct Place {
    scratch: Scratch,
    project: PathBuf,
}

fn place() -> Place {
    let mut scratch = scratch();
    let project = project(&mut scratch, MODULE, "one");
    Place { scratch, project }
}

async fn seen(gateway: &Gateway, run: &str) -> Value {
    let params = json!({ "runId": run, "nodeId": "look", "iteration": 0 });
    let answer = gateway.expect(OPERATOR, "getNodeOutput", params).await;
    answer.unwrap()["row"].take()
}

async fn error_of(gateway: &Gateway, run: &str) -> Value {
    wait_for(gateway, run, "failed").await;
    let params = json!({ "runId": run, "nodeId": "look", "iteration": 0 });
    let answer = gateway.expect(OPERATOR, "getNodeOutput", params).await;
    answer.unwrap()["error"].take()
}

#[tokio::test]
async fn a_task_works_in_its_worktree_which_goes_when_nothing_would_be_lost() {
    let place = place();
    let gateway = start(&place.scratch).await;
    let input = json!({ "path": "trees/one", "branch": "topic" });
    launch(&gateway, "working", "r1", input).await;
    wait_for(&gateway, "r1", "finished").await;
    let tree = place.project.join("trees/one");
    let expected = json!({ "at": shown(&tree), "text": "one", "told": shown(&tree) });
    assert_eq!(seen(&gateway, "r1").await, expected);
    until_true("the worktree to be removed", || async { !tree.exists() }).await;
}

#[tokio::test]
async fn after_kill_9_the_next_attempt_works_in_the_same_worktree_and_changes_keep_it() {
    let place = place();
    let gateway = start(&place.scratch).await;
    let input = json!({ "path": "trees/one", "branch": "topic", "waits": true });
    launch(&gateway, "working", "r1", input).await;
    let tree = place.project.join("trees/one");
    until_true("the task to start", || async {
        count(&place.scratch, "SELECT count(*) FROM _smithers_attempts") == 1
    })
    .await;
    fs::write(tree.join("a.txt"), "two").unwrap();
    gateway.kill9().await.unwrap();

    let gateway = start(&place.scratch).await;
    until_true("the next attempt", || async {
        count(&place.scratch, "SELECT count(*) FROM _smithers_attempts") == 2
    })
    .await;
    fs::write(tree.join("go.txt"), "").unwrap();
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(seen(&gateway, "r1").await["text"], "two");
    gateway.stop().await.unwrap();
    assert!(tree.join("go.txt").exists());
}

#[tokio::test]
async fn two_runs_do_not_share_a_path_or_a_branch() {
    let place = place();
    let gateway = start(&place.scratch).await;
    let input = json!({ "path": "trees/one", "branch": "topic", "waits": true });
    launch(&gateway, "working", "r1", input).await;
    let tree = place.project.join("trees/one");
    until_true("the worktree", || async { tree.join("a.txt").exists() }).await;
    for (run, path, branch) in [("r2", "trees/one", "other"), ("r3", "trees/two", "topic")] {
        launch(
            &gateway,
            "working",
            run,
            json!({ "path": path, "branch": branch }),
        )
        .await;
        let error = error_of(&gateway, run).await;
        assert_eq!(error["code"], "WORKTREE_CREATE_FAILED");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.ends_with("is in use by smithers run r1"),
            "{message}"
        );
    }
    fs::write(tree.join("go.txt"), "").unwrap();
    wait_for(&gateway, "r1", "finished").await;
}

#[tokio::test]
async fn without_folders_for_worktrees_and_outside_of_them_a_task_fails_and_says_what_to_set() {
    let mut place = place();
    let gateway = start(&place.scratch).await;
    launch(
        &gateway,
        "working",
        "r1",
        json!({ "path": "/var/tmp/elsewhere" }),
    )
    .await;
    assert_eq!(
        error_of(&gateway, "r1").await["code"],
        "WORKTREE_CREATE_FAILED"
    );
    gateway.stop().await.unwrap();
    place.scratch.unset("SMITHERS_WORKTREE_ROOTS");
    let gateway = start(&place.scratch).await;
    launch(&gateway, "working", "r2", json!({ "path": "trees/one" })).await;
    let error = error_of(&gateway, "r2").await;
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("SMITHERS_WORKTREE_ROOTS"),
        "{error}"
    );
    assert!(!place.project.join("trees").exists());
}

#[tokio::test]
async fn a_worktree_without_a_path_is_an_error_of_the_workflow() {
    let place = place();
    let gateway = start(&place.scratch).await;
    launch(&gateway, "working", "r1", json!({ "path": " " })).await;
    let record = wait_for(&gateway, "r1", "failed").await;
    assert!(
        record.to_string().contains("WORKTREE_EMPTY_PATH"),
        "{record}"
    );
}
