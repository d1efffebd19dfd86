//! Real merges, one after another: branches that were changed side by side in worktrees are merged one at a time, and one that
//! conflicts is told and does not hold up the others.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::support::repository::{git, project};
use crate::support::{OPERATOR, launch, scratch, start, until_true, wait_for};

/// The branches change the same line, but `side` adds a file. The lock shows whether two merges run at once.
const MODULE: &str = r#"
    import { CheckSuite, Parallel, Sequence, Workflow, Worktree, createSmithers } from 'smithers-orchestrator';
    import { z } from 'zod';
    const { smithers, outputs } = createSmithers({
      check: z.object({ passed: z.boolean(), exitCode: z.number().nullable(), stdout: z.string(), stderr: z.string() }),
      verdict: z.object({ passed: z.boolean(), passCount: z.number(), total: z.number() }),
    });
    const git = 'git -c user.name=ann -c user.email=ann@example.org';
    const changes = { one: 'echo one > a.txt', side: 'echo side > side.txt', two: 'echo two > a.txt' };
    const names = Object.keys(changes);
    const suite = (id, command) => (
      <CheckSuite key={id} id={id} checks={{ run: { command } }} checkOutput={outputs.check} verdictOutput={outputs.verdict} />
    );
    const merging = smithers(() => (
      <Workflow name="merging">
        <Sequence>
          <Parallel>
            {names.map((name) => (
              <Worktree key={name} id={name} path={`trees/${name}`} branch={name}>
                {suite(`edit-${name}`, `${changes[name]} && git add --all && ${git} commit --quiet --message ${name}`)}
              </Worktree>
            ))}
          </Parallel>
          <Parallel subtreeConcurrency={1}>
            {names.map((name) => suite(`merge-${name}`,
              `mkdir merging || exit 9; sleep 0.1; ${git} merge --quiet --no-edit ${name}; done=$?; test $done = 0 || git merge --abort; rmdir merging; exit $done`))}
          </Parallel>
        </Sequence>
      </Workflow>
    ));
    export function register(gateway) { gateway.register('merging', merging); }"#;

#[tokio::test]
async fn merges_come_one_at_a_time_and_a_conflict_is_told_and_passed_over() {
    let mut scratch = scratch();
    let project = project(&mut scratch, MODULE, "zero\n");
    fs::write(project.join(".gitignore"), "trees\nmerging\nflow.tsx\n").unwrap();
    git(&project, &["add", ".gitignore"]);
    git(&project, &["commit", "--quiet", "--message", "ignore"]);
    scratch.set("SMITHERS_MODULE_COMMANDS", "4");
    let gateway = start(&scratch).await;

    launch(&gateway, "merging", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;

    let mut merges = BTreeMap::new();
    for name in ["one", "side", "two"] {
        let node = format!("merge-{name}-run");
        let params = json!({ "runId": "r1", "nodeId": node, "iteration": 0 });
        let answer = gateway.expect(OPERATOR, "getNodeOutput", params).await;
        merges.insert(name, answer.unwrap()["row"].take());
    }
    let exit = |name: &str| merges[name]["exitCode"].clone();
    let passed: Vec<&str> = merges
        .iter()
        .filter(|(_, row)| row["passed"] == true)
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(passed, ["one", "side"], "{merges:?}");
    assert_eq!(
        exit("two"),
        1,
        "a conflict, not a second merge at the same time"
    );
    let told = merges["two"]["stdout"].as_str().unwrap();
    assert!(told.contains("CONFLICT"), "{told}");
    assert_eq!(fs::read_to_string(project.join("a.txt")).unwrap(), "one\n");
    assert!(project.join("side.txt").exists());
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    let verdict = json!({ "runId": "r1", "nodeId": "merge-two-verdict", "iteration": 0 });
    let verdict = gateway.expect(OPERATOR, "getNodeOutput", verdict).await;
    assert_eq!(verdict.unwrap()["row"]["passed"], Value::Bool(false));
    // What is merged needs its worktree no more; what is not merged is kept on its branch.
    until_true("the worktrees to go", || async {
        !project.join("trees/one").exists()
    })
    .await;
    let branches = git(&project, &["branch", "--list", "two"]);
    assert!(branches.contains("two"), "{branches}");
}
