//! Changes of a workflow that its older runs do not take part in.

use serde_json::json;
use smithers_testkit::Scratch;

use crate::support::{approve, count, launch, scratch, start, wait_for};

/// A module that asks and then says a word, which `word` makes.
fn write(scratch: &Scratch, word: &str) {
    let module = format!(
        "import {{ Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers, usePatched }} from 'smithers-orchestrator';
         import {{ z }} from 'zod';
         const {{ smithers, outputs }} = createSmithers({{ said: z.object({{ word: z.string() }}), decided: approvalDecisionSchema }});
         export default smithers(() => {{
           const word = {word};
           return <Workflow name=\"say\"><Sequence>
             <Approval id=\"approve\" output={{outputs.decided}} request={{{{ title: 'Say it?' }}}} />
             <Task id=\"say\" output={{outputs.said}}>{{{{ word }}}}</Task>
           </Sequence></Workflow>;
         }});"
    );
    std::fs::write(scratch.path("say.tsx"), module).unwrap();
}

/// How often `run` said `word`.
fn said(scratch: &Scratch, run: &str, word: &str) -> i64 {
    let sql = "SELECT count(*) FROM said";
    count(
        scratch,
        &format!("{sql} WHERE run_id = '{run}' AND word = '{word}'"),
    )
}

/// How often the log of `run` says that a patch was met, and decided so.
fn recorded(scratch: &Scratch, run: &str, patched: bool) -> i64 {
    let sql = "SELECT count(*) FROM _smithers_events WHERE type = 'WorkflowPatchRecorded'";
    let payload = "payload_json ->> '$.patchId' = 'louder'";
    count(
        scratch,
        &format!(
            "{sql} AND run_id = '{run}' AND {payload} AND payload_json ->> '$.patched' = {patched}"
        ),
    )
}

#[tokio::test]
async fn a_run_that_began_before_a_patch_never_takes_part_and_one_that_met_it_at_first_always_does()
{
    let mut scratch = scratch();
    write(&scratch, "'hello'");
    let module = scratch.path("say.tsx").display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_WORKFLOW_CHANGE", "accept");
    let gateway = start(&scratch).await;
    launch(&gateway, "say", "old", json!({})).await;
    wait_for(&gateway, "old", "waiting-approval").await;
    gateway.stop().await.unwrap();

    write(&scratch, "usePatched('louder') ? 'HELLO' : 'hello'");
    let gateway = start(&scratch).await;
    launch(&gateway, "say", "new", json!({})).await;
    wait_for(&gateway, "new", "waiting-approval").await;
    gateway.kill9().await.unwrap();

    let gateway = start(&scratch).await;
    for (run, patched, word) in [("old", false, "hello"), ("new", true, "HELLO")] {
        approve(&gateway, run).await.unwrap();
        wait_for(&gateway, run, "finished").await;
        assert_eq!(said(&scratch, run, word), 1, "{run}");
        assert_eq!(recorded(&scratch, run, patched), 1, "{run}");
        assert_eq!(recorded(&scratch, run, !patched), 0, "{run}");
    }
    let sql = "SELECT count(*) FROM _smithers_runs WHERE config_json ->> '$.patches.louder' = 1 AND run_id = 'new'";
    assert_eq!(count(&scratch, sql), 1, "it is on record");
}
