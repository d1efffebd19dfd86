//! Results that were kept and are not what they were: nobody takes them.

use rusqlite::Connection;
use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, PATIENCE, get, launch, scratch, start, wait_for};

const MODULE: &str = "
    import { Task, Workflow, createSmithers } from 'smithers-orchestrator';
    import { z } from 'zod';
    const { smithers, outputs } = createSmithers({ made: z.object({ by: z.string() }) });
    const kept = smithers((ctx) => (
      <Workflow name=\"kept\">
        <Task id=\"make\" output={outputs.made} cache={{ version: 1 }}>{() => ({ by: ctx.runId })}</Task>
      </Workflow>
    ));
    export function register(gateway) { gateway.register('kept', kept); }";

fn serving() -> Scratch {
    let mut scratch = scratch();
    let module = scratch.path("kept.tsx");
    std::fs::write(&module, MODULE).unwrap();
    scratch.set("SMITHERS_GATEWAY_MODULE", module.to_str().unwrap());
    scratch
}

/// Runs the workflow as `run` and returns which run has made its result.
async fn made_by(gateway: &Gateway, run: &str) -> Value {
    launch(gateway, "kept", run, json!({})).await;
    wait_for(gateway, run, "finished").await;
    let params = json!({ "runId": run, "nodeId": "make", "iteration": 0 });
    let answer = gateway.expect(OPERATOR, "getNodeOutput", params).await;
    answer.unwrap()["row"]["by"].take()
}

/// Changes what is kept behind the back of a gateway that has stopped.
fn damage(scratch: &Scratch, payload: &str) {
    let database = Connection::open(scratch.database()).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    let sql = "UPDATE _smithers_cache SET payload_json = ?1";
    assert_eq!(database.execute(sql, [payload]).unwrap(), 1);
}

#[tokio::test]
async fn cached_results_are_checked_on_every_hit() {
    let scratch = serving();
    let gateway = start(&scratch).await;
    assert_eq!(made_by(&gateway, "r1").await, "r1");
    assert_eq!(made_by(&gateway, "r2").await, "r1");
    gateway.stop().await.unwrap();
    // What does not fit the table, what is no JSON, and what has been good all the time.
    for (payload, run, maker) in [
        (r#"{"by":7}"#, "r3", "r3"),
        (r#"{"other":"x"}"#, "r4", "r4"),
        ("not JSON", "r5", "r5"),
        (r#"{"by":"r1"}"#, "r6", "r1"),
    ] {
        damage(&scratch, payload);
        let gateway = start(&scratch).await;
        assert_eq!(made_by(&gateway, run).await, maker, "{payload}");
        let metrics = get(&gateway, Some(OPERATOR), "/metrics").await;
        let text = String::from_utf8(metrics.body).unwrap();
        let hit = text
            .lines()
            .any(|line| line.starts_with("smithers_cache_hits_total 1"));
        assert_eq!(hit, maker != run, "{payload}");
        gateway.stop().await.unwrap();
    }
}
