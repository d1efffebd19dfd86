//! `smithers runs`, `workflows` and `health` against a gateway.

use serde_json::{Value, json};

use crate::support::{Operator, launch, run, scratch, wait_for};

/// The words of each line, for tables whose widths do not matter.
fn words(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[tokio::test]
async fn runs_are_listed_newest_first_with_stable_columns() {
    let operator = Operator::start().await;
    assert_eq!(operator.run(&["runs", "list"]).await.stderr, "no runs\n");
    launch(&operator.gateway, "chain", "r1", json!({})).await;
    wait_for(&operator.gateway, "r1", "finished").await;
    launch(&operator.gateway, "gate", "r2", json!({})).await;
    wait_for(&operator.gateway, "r2", "waiting-approval").await;

    let table = operator.text(&["runs", "list"]).await;
    let lines = words(&table);
    assert_eq!(lines[0], ["RUN", "WORKFLOW", "STATUS", "CREATED", "TOOK"]);
    assert_eq!(lines[1][..3], ["r2", "gate", "waiting-approval"], "{table}");
    assert_eq!(lines[2][..3], ["r1", "chain", "finished"], "{table}");
    assert_eq!(lines.len(), 3, "{table}");

    let rows = operator
        .json(&["runs", "list", "--status", "finished"])
        .await;
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    assert_eq!(rows[0]["runId"], "r1");
    assert!(rows[0]["createdAtMs"].is_u64(), "{rows}");
    let rows = operator
        .json(&["runs", "list", "--workflow", "gate", "--limit", "5"])
        .await;
    assert_eq!(rows[0]["runId"], "r2", "{rows}");
    let page = operator
        .run(&["runs", "list", "--limit", "1", "--offset", "1"])
        .await;
    assert!(page.stdout.contains("r1") && page.stderr.contains("--offset 2"));
}

#[tokio::test]
async fn a_status_that_no_run_can_have_is_wrong_usage() {
    let ended = run(&scratch(), &["runs", "list", "--status", "done"]).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.stderr.contains("waiting-approval"), "{ended:?}");
}

#[tokio::test]
async fn a_run_is_shown_with_its_nodes_and_why_it_failed() {
    let operator = Operator::start().await;
    let launched = operator
        .text(&[
            "runs",
            "launch",
            "failing",
            "--run-id",
            "r1",
            "--input",
            r#"{"text":"now"}"#,
        ])
        .await;
    assert_eq!(launched, "launched r1\n");
    wait_for(&operator.gateway, "r1", "failed").await;

    let page = operator.text(&["runs", "show", "r1"]).await;
    let lines = words(&page);
    assert_eq!(lines[0], ["run", "r1"]);
    assert_eq!(lines[2], ["status", "failed"]);
    assert!(page.contains("launched by  user:op"), "{page}");
    assert!(page.contains("Task failed: boom [SESSION_ERROR]"), "{page}");
    assert!(page.contains("because"), "{page}");
    let node = lines.iter().find(|line| line.first() == Some(&"boom"));
    assert_eq!(node.unwrap()[1..3], ["failed", "1"], "{page}");
    assert!(page.contains("Error: boom now"), "{page}");
    assert!(!page.contains("gateway.tsx"), "no stack: {page}");

    let data = operator.json(&["runs", "show", "r1"]).await;
    assert_eq!(data["run"]["status"], "failed");
    assert_eq!(data["nodes"][0]["error"]["message"], "boom now");
    assert_eq!(data["approvals"], json!([]));
}

#[tokio::test]
async fn an_input_comes_from_an_argument_a_file_or_standard_input_and_is_an_object() {
    let operator = Operator::start().await;
    let file = operator.scratch.path("input.json");
    std::fs::write(&file, r#"{"text":"from a file"}"#).unwrap();
    let file = file.to_str().unwrap();
    let launch = ["runs", "launch", "echo"];
    let from_file = [&launch[..], &["--input-file", file, "--run-id", "r1"]].concat();
    assert_eq!(operator.json(&from_file).await["runId"], "r1");
    wait_for(&operator.gateway, "r1", "finished").await;
    let output = json!({"runId": "r1", "nodeId": "echo", "iteration": 0});
    let output = operator
        .gateway
        .expect(crate::support::OPERATOR, "getNodeOutput", output)
        .await
        .unwrap();
    assert_eq!(output["row"]["text"], "from a file");

    for wrong in ["[1]", "{", "7"] {
        let error = operator
            .error(&[&launch[..], &["--input", wrong]].concat())
            .await;
        assert_eq!(error["code"], "INVALID_INPUT", "{error}");
    }
    // Standard input is empty here.
    let error = operator
        .error(&[&launch[..], &["--input-file", "-"]].concat())
        .await;
    assert_eq!(error["code"], "INVALID_INPUT", "{error}");
    let rows = operator.json(&["runs", "list"]).await;
    assert_eq!(
        rows.as_array().unwrap().len(),
        1,
        "nothing else was launched"
    );
}

#[tokio::test]
async fn a_launch_that_follows_prints_the_events_and_fails_when_the_run_does() {
    let operator = Operator::start().await;
    let follow = |workflow: &'static str| {
        let operator = &operator;
        async move {
            let arguments = ["runs", "launch", workflow, "--follow", "--format", "jsonl"];
            operator.run(&arguments).await
        }
    };
    let ended = follow("chain").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let events: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let numbers: Vec<u64> = events
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(events.last().unwrap()["event"], "run.completed");

    let ended = follow("failing").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("RUN_NOT_FINISHED"), "{ended:?}");
}

#[tokio::test]
async fn a_run_is_cancelled_once_and_has_then_ended() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "gate", "r1", json!({})).await;
    wait_for(&operator.gateway, "r1", "waiting-approval").await;
    assert_eq!(
        operator.text(&["runs", "cancel", "r1"]).await,
        "r1 is cancelled\n"
    );
    assert_eq!(
        operator.text(&["runs", "cancel", "r1"]).await,
        "r1 was cancelled before\n"
    );
    let resumed = operator.json(&["runs", "resume", "r1"]).await;
    assert_eq!(resumed["status"], "already_terminal");
    let error = operator.error(&["runs", "cancel", "nope"]).await;
    assert_eq!(error["code"], "RunNotFound", "{error}");
}

#[tokio::test]
async fn the_workflows_of_a_gateway_are_listed() {
    let operator = Operator::start().await;
    let table = operator.text(&["workflows", "list"]).await;
    assert_eq!(words(&table)[0][..2], ["WORKFLOW", "NAME"]);
    assert!(words(&table).contains(&vec!["chain"]), "{table}");
    let rows = operator.json(&["workflows", "list"]).await;
    assert!(
        rows.as_array()
            .unwrap()
            .iter()
            .any(|row| row["key"] == "gate")
    );
}

#[tokio::test]
async fn a_module_is_checked_without_a_gateway() {
    let scratch = scratch();
    let module = scratch.environment()["SMITHERS_GATEWAY_MODULE"].clone();
    let ended = run(&scratch, &["workflows", "check", &module, "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let rows: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(rows.as_array().unwrap().len() >= 9, "{rows}");
    assert!(
        rows.as_array()
            .unwrap()
            .iter()
            .any(|row| row["tasks"] != json!([])),
        "{rows}"
    );
    assert!(!scratch.database().exists(), "nothing is stored");

    let broken = scratch.path("broken.tsx");
    std::fs::write(&broken, "const a = 1;\nconst b = ;\n").unwrap();
    let ended = run(&scratch, &["workflows", "check", broken.to_str().unwrap()]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("[MODULE_BROKEN]"), "{ended:?}");
    assert!(ended.stderr.contains("> 2 | const b = ;"), "{ended:?}");
}

/// A workflow that fails for some inputs, with a component that comes later.
const PICKY: &str = "\
import { Sandbox, Task, Workflow, createSmithers } from 'smithers-orchestrator';
import { z } from 'zod';
const { smithers, outputs } = createSmithers({ input: z.object({ n: z.number() }), out: z.object({ n: z.number() }) });
const words = (n: number) => {
  if (n > 1) throw new Error('too many');
  return ['a', 'b'].slice(0, n + 1);
};
export default smithers((ctx) => (
  <Workflow name=\"picky\">
    {words(ctx.input.n).map((id) => <Task key={id} id={id} output={outputs.out}>{{ n: 1 }}</Task>)}
    <Sandbox id=\"s\" output={outputs.out}/>
  </Workflow>
));
";

#[tokio::test]
async fn a_check_renders_a_first_frame_and_shows_where_it_fails() {
    let scratch = scratch();
    let module = scratch.path("picky.tsx");
    std::fs::write(&module, PICKY).unwrap();
    let module = module.to_str().unwrap();
    let check = ["workflows", "check", module];

    let ended = run(&scratch, &check).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("2 tasks"), "{ended:?}");
    assert!(ended.stderr.contains("`Sandbox` cannot run"), "{ended:?}");

    let ended = run(
        &scratch,
        &[&check[..], &["--input", r#"{"n": 2}"#]].concat(),
    )
    .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("[WORKFLOW_BROKEN]"), "{ended:?}");
    assert!(ended.stderr.contains("at picky.tsx:5:"), "{ended:?}");
    assert!(
        ended.stderr.contains("> 5 |   if (n > 1) throw"),
        "{ended:?}"
    );

    let ended = run(&scratch, &[&check[..], &["--input", "{}"]].concat()).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("does not fit its schema"),
        "{ended:?}"
    );
}

/// A workflow whose frames all have to be rendered.
const COUNTING: &str = "\
import { Task, Workflow, createSmithers } from 'smithers-orchestrator';
import { z } from 'zod';
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }) });
let calls = 0;
const next = () => ({ n: ++calls });
export default smithers(() => <Workflow name=\"counting\"><Task id=\"a\" output={outputs.out}>{next}</Task></Workflow>);
";

#[tokio::test]
async fn a_check_hints_at_state_that_makes_every_frame_render() {
    let scratch = scratch();
    let module = scratch.path("counting.tsx");
    std::fs::write(&module, COUNTING).unwrap();
    let check = ["workflows", "check", module.to_str().unwrap()];

    let ended = run(&scratch, &check).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("hint: every frame"), "{ended:?}");
    assert!(ended.stderr.contains("at counting.tsx:5:"), "{ended:?}");
    assert!(ended.stderr.contains("> 5 | const next"), "{ended:?}");

    let ended = run(&scratch, &[&check[..], &["--json"]].concat()).await;
    let rows: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(rows[0]["hints"][0]["place"], "counting.tsx:5:28");

    std::fs::write(&module, COUNTING.replace("++calls", "calls + 1")).unwrap();
    let ended = run(&scratch, &check).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("hint"), "{ended:?}");
}

#[tokio::test]
async fn health_tells_more_to_those_with_a_token() {
    let mut operator = Operator::start().await;
    let page = operator.text(&["health"]).await;
    assert!(page.contains("state          ok"), "{page}");
    assert!(page.contains("process"), "{page}");
    operator.scratch.unset("SMITHERS_API_KEY");
    let health = operator.json(&["health"]).await;
    assert_eq!(health["ok"], true);
    assert_eq!(health["identity"]["pid"], Value::Null);
}

#[tokio::test]
async fn what_nodes_have_stored_is_printed_bare_or_as_a_table() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "chain", "r1", json!({})).await;
    wait_for(&operator.gateway, "r1", "finished").await;
    let table = operator.text(&["runs", "output", "r1"]).await;
    let lines = words(&table);
    assert_eq!(lines[0], ["NODE", "STATE", "OUTPUT"]);
    assert_eq!(lines[2], ["step-2", "finished", "{\"n\":2}"], "{table}");
    let row = operator.json(&["runs", "output", "r1", "step-2"]).await;
    assert_eq!(row, json!({ "n": 2 }));
    let text = operator.text(&["runs", "output", "r1", "step-2"]).await;
    assert_eq!(words(&text), [["n", "2"]]);

    launch(&operator.gateway, "gate", "r2", json!({})).await;
    wait_for(&operator.gateway, "r2", "waiting-approval").await;
    let waiting = operator.run(&["runs", "output", "r2", "approve"]).await;
    assert_eq!(waiting.code, Some(1), "{waiting:?}");
    assert!(
        waiting.stderr.contains("has stored nothing yet"),
        "{waiting:?}"
    );
    let unknown = operator.run(&["runs", "output", "r2", "nobody"]).await;
    assert!(unknown.stderr.contains("NodeNotFound"), "{unknown:?}");
}
