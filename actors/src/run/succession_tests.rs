//! Runs that continue as new: chains of them, what they carry, and what others see of it.

use std::sync::Arc;

use smithers_model::run::RunStatus;
use smithers_model::signal::SignalAddress;
use smithers_model::step::ChildTie;
use smithers_model::workflow::Workflow;
use smithers_model::{NodeKey, RawJson};
use smithers_script::{HostOptions, ScriptHost};
use smithers_store::{Backend, MemoryStore};

use crate::run::Retry;
use crate::testing::{Bench, launch, somebody};

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
        <Task id="last" output={outputs.out}>{() => ({ n: ctx.input.__smithersContinuation.payload.count })}</Task>
      </Sequence>
    </Workflow>
  );
});
"#;

/// A parent whose one task is a chain of runs, each of which sleeps a moment.
const BELOW: &str = r#"/** @jsxImportSource smithers-orchestrator */
import { ContinueAsNew, Loop, Sequence, Subflow, Task, Timer, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ step: z.object({ n: z.number() }), output: z.object({ n: z.number() }) });
let failures = FAILURES;
const work = (n) => {
  if (n === 9 && failures-- > 0) throw new Error("not yet");
  return { n };
};
const child = smithers((ctx) => (
  <Workflow name="child">
    <Sequence>
      <Loop id="l" until={(ctx.latest("step", "step")?.n ?? 0) >= 10} maxIterations={99} continueAsNewEvery={3}>
        <Sequence>
          <Timer id="rest" duration="PAUSE" />
          <Task id="step" output={outputs.step} retries={0}>{() => work(ctx.iteration + 1)}</Task>
        </Sequence>
      </Loop>
      <Task id="sum" output={outputs.output}>{() => ({ n: ctx.outputs.step.length })}</Task>
    </Sequence>
  </Workflow>
));
export default smithers(() => (
  <Workflow name="parent">
    <Subflow id="sub" workflow={child} input={{}} output={outputs.output} retries={RETRIES} />
  </Workflow>
));
"#;

/// Each run hears one word.
const LISTENING: &str = r#"/** @jsxImportSource smithers-orchestrator */
import { Loop, WaitForEvent, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const word = z.object({ n: z.number() });
const { smithers, outputs } = createSmithers({ heard: word });
export default smithers(() => (
  <Workflow name="listening">
    <Loop id="l" until={false} maxIterations={9} continueAsNewEvery={1}>
      <WaitForEvent id="word" event="word" output={outputs.heard} outputSchema={word} />
    </Loop>
  </Workflow>
));
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
    bench.wait_for("r1:next:101", RunStatus::Finished).await;
    assert_eq!(
        rows(&bench, "r1:next:101"),
        [r#"first {"n":1}"#, r#"last {"n":100}"#]
    );
    let reader = bench.store.reader().unwrap();
    let mut ended = (2..101).map(|no| {
        reader
            .run(&format!("r1:next:{no}").as_str().into())
            .unwrap()
            .unwrap()
    });
    assert!(ended.all(|row| row.status == RunStatus::Continued));
    assert!(reader.run(&"r1:next:102".into()).unwrap().is_none());
    let told = bench.events("r1");
    let last = told.last().unwrap();
    assert_eq!(last.type_name, "RunContinuedAsNew");
    let payload = last.payload.value();
    assert_eq!(payload["newRunId"], "r1:next:2");
    assert_eq!(payload["ancestryDepth"], 2);
}

/// The parent of a chain, launched as `r1`.
async fn above(pause: &str, failures: &str, retries: &str) -> (ScriptHost, Bench) {
    let source = BELOW.replace("PAUSE", pause);
    let source = source.replace("FAILURES", failures);
    let (host, workflow) = load(&source.replace("RETRIES", retries));
    let key = workflow.definition().key.clone();
    let bench = Bench::of(MemoryStore::default(), vec![workflow]);
    bench.runs.launch(launch(key.as_str(), "r1")).await.unwrap();
    (host, bench)
}

#[actix_rt::test]
async fn the_parent_of_a_child_that_goes_on_gets_what_the_last_run_of_the_chain_gives() {
    let (_host, bench) = above("1ms", "0", "0").await;
    bench.wait_for("r1", RunStatus::Finished).await;
    let rows = rows(&bench, "r1");
    assert_eq!(rows, [r#"sub {"n":10}"#]);
    let reader = bench.store.reader().unwrap();
    let last = reader.last_of_chain(&"r1:child:sub:0".into()).unwrap();
    let last = reader.run(&last.unwrap()).unwrap().unwrap();
    assert_eq!(last.run_id.as_str(), "r1:child:sub:0:next:4");
    assert_eq!(last.parent, Some("r1".into()));
    assert_eq!(last.tie, Some(ChildTie::Taken));
    let told = bench.story("r1");
    assert_eq!(told.matches("NodeStarted sub").count(), 1, "{told}");
}

#[actix_rt::test]
async fn a_retry_of_the_parents_task_goes_on_with_the_last_run_of_the_chain() {
    let (_host, bench) = above("1ms", "1", "1").await;
    bench.wait_for("r1", RunStatus::Finished).await;
    let story = bench.story("r1:child:sub:0:next:3");
    assert_eq!(story.matches("RunFailed").count(), 1, "{story}");
    let reader = bench.store.reader().unwrap();
    let last = reader.last_of_chain(&"r1:child:sub:0".into()).unwrap();
    assert_eq!(last.unwrap().as_str(), "r1:child:sub:0:next:4");
}

#[actix_rt::test]
async fn a_task_that_is_done_again_begins_its_chain_from_the_start_under_further_ids() {
    let (_host, bench) = above("1ms", "0", "0").await;
    bench.wait_for("r1", RunStatus::Finished).await;
    let retry = Retry {
        node: NodeKey::new("sub", 0),
        dependents: true,
        accept_change: false,
        actor: somebody(),
    };
    let again = bench.runs.retry_task(&"r1".into(), retry).await.unwrap();
    assert_eq!(again, [NodeKey::new("sub", 0)]);
    bench
        .wait_for("r1:child:sub:0:next:7", RunStatus::Finished)
        .await;
    bench.wait_for("r1", RunStatus::Finished).await;
    assert_eq!(
        rows(&bench, "r1"),
        [r#"sub {"n":10}"#],
        "none of the old rows is among them"
    );
    let reader = bench.store.reader().unwrap();
    let fourth = reader.load_run(&"r1:child:sub:0:next:4".into()).unwrap();
    let fourth = fourth.unwrap();
    assert_eq!(fourth.continuation, None, "it was told nothing");
    assert_eq!(fourth.row.status, RunStatus::Continued);
}

#[actix_rt::test]
async fn a_cancelled_parent_ends_the_chain_below_it_wherever_it_stands() {
    let (_host, bench) = above("20ms", "0", "0").await;
    bench
        .wait_for("r1:child:sub:0:next:2", RunStatus::WaitingTimer)
        .await;
    bench.runs.cancel(&"r1".into(), somebody()).await.unwrap();
    bench.wait_for("r1", RunStatus::Cancelled).await;
    bench.wait_until_closed().await;
    let reader = bench.store.reader().unwrap();
    assert!(reader.active_runs(9).unwrap().is_empty());
    assert!(reader.unwanted_children(None, 9).unwrap().is_empty());
}

#[actix_rt::test]
async fn a_signal_to_a_run_that_has_gone_on_reaches_the_one_that_goes_on() {
    let (_host, workflow) = load(LISTENING);
    let key = workflow.definition().key.clone();
    let bench = Bench::of(MemoryStore::default(), vec![workflow]);
    bench.runs.launch(launch(key.as_str(), "r1")).await.unwrap();
    for (n, next) in [(1, "r1:next:2"), (2, "r1:next:3")] {
        let payload = RawJson::of(&serde_json::json!({ "n": n }));
        let address = SignalAddress {
            signal_name: "word".into(),
            correlation_id: None,
        };
        let first = "r1".into();
        let kept = bench.runs.signal(&first, address, payload, somebody());
        assert_eq!(kept.await.unwrap().seq, 0);
        bench.wait_for(next, RunStatus::WaitingEvent).await;
    }
    assert_eq!(
        rows(&bench, "r1:next:3"),
        [r#"word {"n":1}"#, r#"word {"n":2}"#]
    );
}
