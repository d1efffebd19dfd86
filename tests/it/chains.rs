//! Runs that continue as new, as clients see them: over kills, through any id of the chain, on the command line.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, Operator, scratch, start, wait_for, webhook};

/// A workflow each of whose runs hears one word, and the last of which sums up.
fn listening() -> Scratch {
    let mut scratch = scratch();
    let module = "
        import { Loop, Sequence, Task, WaitForEvent, Workflow, createSmithers } from 'smithers-orchestrator';
        import { z } from 'zod';
        const word = z.object({ n: z.number() });
        const { smithers, outputs } = createSmithers({ heard: word, sum: word });
        const listening = smithers((ctx) => (
          <Workflow name=\"listening\">
            <Sequence>
              <Loop id=\"l\" until={ctx.outputs.heard.length >= 3} maxIterations={9} continueAsNewEvery={1}>
                <WaitForEvent id=\"word\" event=\"word\" output={outputs.heard} outputSchema={word} />
              </Loop>
              <Task id=\"sum\" output={outputs.sum}>
                {() => ({ n: ctx.outputs.heard.reduce((sum, row) => sum + row.n, 0) })}
              </Task>
            </Sequence>
          </Workflow>
        ));
        export function register(gateway) {
          gateway.register('listening', listening, {
            webhook: { secret: 'a-secret-of-the-webhook-2604', signal: { name: 'word', runIdPath: 'run' } },
          });
        }";
    std::fs::write(scratch.path("chain.tsx"), module).unwrap();
    let module = scratch.path("chain.tsx").display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

async fn ask(gateway: &Gateway, method: &str, params: Value) -> Value {
    gateway.expect(OPERATOR, method, params).await.unwrap()
}

/// Launches run `r1` of the chain, which waits for its first word.
async fn launched(gateway: &Gateway) {
    let params = json!({ "workflow": "listening", "options": { "runId": "r1" } });
    ask(gateway, "launchRun", params).await;
    wait_for(gateway, "r1", "waiting-event").await;
}

/// Waits until `next` goes on in place of `run`, and waits for its word.
async fn goes_on(gateway: &Gateway, run: &str, next: &str) {
    wait_for(gateway, run, "continued").await;
    wait_for(gateway, next, "waiting-event").await;
}

async fn tell(gateway: &Gateway, run: &str, n: u32) -> Value {
    let signal = json!({ "runId": run, "signalName": "word", "payload": { "n": n } });
    ask(gateway, "submitSignal", signal).await
}

#[tokio::test]
async fn a_chain_goes_on_over_kills_and_hears_what_was_sent_to_its_first_run() {
    let scratch = listening();
    let mut gateway = start(&scratch).await;
    launched(&gateway).await;
    for (n, run, next) in [(1, "r1", "r1:next:2"), (2, "r1:next:2", "r1:next:3")] {
        tell(&gateway, "r1", n).await;
        gateway.kill9().await.unwrap();
        gateway = start(&scratch).await;
        goes_on(&gateway, run, next).await;
    }
    let kept = tell(&gateway, "r1:next:2", 3).await;
    assert_eq!(kept["runId"], "r1:next:3", "the answer names who has it");
    wait_for(&gateway, "r1:next:3", "finished").await;
    let sum = json!({ "runId": "r1:next:3", "nodeId": "sum", "iteration": 0 });
    assert_eq!(ask(&gateway, "getNodeOutput", sum).await["row"]["n"], 6);
    let first = ask(&gateway, "getRun", json!({ "runId": "r1" })).await;
    assert_eq!(first["nextRunId"], "r1:next:2");
    assert_eq!(first["runState"]["state"], "succeeded");
    let running = ask(
        &gateway,
        "listRuns",
        json!({ "filter": { "status": "running" } }),
    )
    .await;
    let ids = running.as_array().unwrap().iter();
    let ids: Vec<&str> = ids.filter_map(|run| run["runId"].as_str()).collect();
    assert_eq!(ids, ["r1:next:2", "r1"], "they go on, as others");
}

#[tokio::test]
async fn the_command_line_follows_a_chain_to_its_end() {
    let operator = Operator::with(listening()).await;
    let gateway = &operator.gateway;
    launched(gateway).await;
    for (n, run, next) in [(1, "r1", "r1:next:2"), (2, "r1:next:2", "r1:next:3")] {
        let data = json!({ "n": n }).to_string();
        operator
            .text(&["runs", "signal", "r1", "word", "--data", &data])
            .await;
        goes_on(gateway, run, next).await;
    }
    let shown = operator.text(&["runs", "show", "r1:next:2"]).await;
    assert!(
        shown.contains("after") && shown.contains("r1:next:3"),
        "{shown}"
    );
    let events = operator.text(&["runs", "events", "r1"]).await;
    assert!(events.contains("goes on as r1:next:2"), "{events}");
}

#[tokio::test]
async fn a_webhook_that_names_the_first_run_of_a_chain_reaches_the_one_that_waits() {
    let scratch = listening();
    let gateway = start(&scratch).await;
    launched(&gateway).await;
    tell(&gateway, "r1", 1).await;
    goes_on(&gateway, "r1", "r1:next:2").await;
    let body = json!({ "run": "r1", "n": 2 }).to_string();
    let signature = webhook::signature("a-secret-of-the-webhook-2604", &body);
    let headers = [("x-hub-signature-256", &*signature)];
    let (_, answer) = webhook::post(&gateway, "listening", &body, &headers).await;
    assert_eq!(answer["matchedRunIds"], json!(["r1:next:2"]), "{answer}");
    goes_on(&gateway, "r1:next:2", "r1:next:3").await;
}
