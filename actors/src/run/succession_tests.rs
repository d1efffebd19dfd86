//! Runs that continue as new: chains of them, what they carry, and what others see of it.

use std::sync::Arc;

use smithers_model::run::RunStatus;
use smithers_model::workflow::Workflow;
use smithers_script::{HostOptions, ScriptHost};
use smithers_store::{Backend, MemoryStore};

use crate::testing::{Bench, launch};

const COUNTING: &str = r#"/** @jsxImportSource smithers-orchestrator */
import { ContinueAsNew, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }) });
let begun = 0;
export default smithers((ctx) => {
  const count = ctx.continuation?.payload.count ?? 0;
  return (
    <Workflow name="w">
      <Sequence>
        <Task id="first" output={outputs.out}>{() => ({ n: ++begun })}</Task>
        {count < LINKS && <ContinueAsNew state={{ count: count + 1 }} />}
        <Task id="last" output={outputs.out}>{() => ({ n: count })}</Task>
      </Sequence>
    </Workflow>
  );
});
"#;

fn load(source: &str) -> (ScriptHost, Arc<dyn Workflow>) {
    let host = ScriptHost::start(HostOptions::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let entry = folder.path().join("gateway.tsx");
    std::fs::write(&entry, source).unwrap();
    let mut module = host.load(&entry).unwrap();
    (host, module.workflows.remove(0))
}

fn rows(bench: &Bench, run: &str) -> Vec<String> {
    let rows = bench.store.reader().unwrap().outputs(&run.into()).unwrap();
    let line = |row: &smithers_model::output::OutputRow| {
        format!("{} {}", row.node.node_id, row.payload.as_str())
    };
    rows.iter().map(line).collect()
}

#[actix_rt::test]
async fn a_chain_carries_its_state_and_its_rows_to_the_last_run() {
    let (_host, workflow) = load(&COUNTING.replace("LINKS", "100"));
    let key = workflow.definition().key.clone();
    let bench = Bench::of(MemoryStore::default(), vec![workflow]);
    bench.runs.launch(launch(key.as_str(), "r1")).await.unwrap();
    bench.wait_for("r1.101", RunStatus::Finished).await;
    assert_eq!(
        rows(&bench, "r1.101"),
        [r#"first {"n":1}"#, r#"last {"n":100}"#]
    );
    let reader = bench.store.reader().unwrap();
    let mut ended = (2..101).map(|no| {
        reader
            .run(&format!("r1.{no}").as_str().into())
            .unwrap()
            .unwrap()
    });
    assert!(ended.all(|row| row.status == RunStatus::Continued));
    assert!(reader.run(&"r1.102".into()).unwrap().is_none());
    let told = bench.events("r1");
    let last = told.last().unwrap();
    assert_eq!(last.type_name, "RunContinuedAsNew");
    let payload = last.payload.value();
    assert_eq!(payload["newRunId"], "r1.2");
    assert_eq!(payload["ancestryDepth"], 2);
}

#[actix_rt::test]
async fn a_run_whose_next_id_is_taken_fails_and_says_so() {
    let (_host, workflow) = load(&COUNTING.replace("LINKS", "1"));
    let key = workflow.definition().key.clone();
    let bench = Bench::of(MemoryStore::default(), vec![workflow]);
    bench
        .runs
        .launch(launch(key.as_str(), "r1.2"))
        .await
        .unwrap();
    bench.wait_for("r1.2.2", RunStatus::Finished).await;
    bench.runs.launch(launch(key.as_str(), "r1")).await.unwrap();
    let row = bench.wait_for("r1", RunStatus::Failed).await;
    assert_eq!(row.error.unwrap().code.as_deref(), Some("DB_WRITE_FAILED"));
}
