//! What the engine costs for each task of a chain and of a fan of static tasks, without rendering and storing:
//! `cargo run --release -p smithers-engine --example decision_cost`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use smithers_engine::{RunState, launch};
use smithers_model::audit::Channel;
use smithers_model::fact::Fact;
use smithers_model::native::{NativeWorkflow, table, text};
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::rows::RunRows;
use smithers_model::run::{Actor, RunAuth, RunConfig};
use smithers_model::step::{Launch, RowChange};
use smithers_model::tree::{
    Kind, ParallelSpec, RetryPolicy, TaskBody, TaskSpec, Tree, TreeBuilder,
};
use smithers_model::workflow::Workflow;
use smithers_model::{Epoch, NodeKey, RawJson, Timestamp};

const NOW: Timestamp = Timestamp(1_000);
const ROUNDS: u32 = 5;

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn main() {
    for (name, kind) in [
        ("chain", Kind::Sequence),
        ("fan", Kind::Parallel(ParallelSpec::default())),
    ] {
        for stands in [true, false] {
            let per_task = |size: u32| {
                let tree = tree_of(&kind, size);
                let best = (0..ROUNDS).map(|_| time_run(&tree, stands)).min();
                best.unwrap_or_default() / size
            };
            let (few, many) = (per_task(100), per_task(1_000));
            let frames = if stands {
                "frames stand"
            } else {
                "every frame is new"
            };
            println!(
                "{name}, {frames}: {few:?} a task of 100, {many:?} a task of 1000, {:.2} times",
                many.as_secs_f64() / few.as_secs_f64()
            );
        }
    }
}

/// The time from taking a run up to its end.
#[expect(clippy::disallowed_methods, reason = "an example that measures")]
fn time_run(tree: &Tree, stands: bool) -> Duration {
    let mut state = launched();
    let begin = Instant::now();
    state.accept(Fact::TakenUp, NOW).expect("the run is new");
    loop {
        while let Some(request) = state.render_request() {
            drop(request);
            drop(state.render_input());
            let fact = match stands && state.has_frame() && !state.calls_before_next_frame() {
                true => Fact::FrameStands,
                false => Fact::Rendered(tree.clone()),
            };
            state.accept(fact, NOW).expect("the frame was asked for");
        }
        if state.take_step().is_empty() {
            break;
        }
        state.continue_step(NOW);
    }
    let took = begin.elapsed();
    assert!(state.status().is_terminal(), "the run has ended");
    took
}

fn launched() -> RunState {
    let step = launch(launch_of(), Epoch(1), NOW);
    let run = step.changes.into_iter().find_map(|change| match change {
        RowChange::InsertRun(run) => Some(run.row),
        _ => None,
    });
    let workflow = NativeWorkflow::new("w", vec![table("output", [text("v")])], |_, _| {});
    let rows = RunRows::of_new(run.expect("a launch inserts its run"));
    let policy = Arc::new(ApprovalPolicy::default());
    RunState::load(rows, workflow.definition().clone(), policy)
}

fn tree_of(kind: &Kind, size: u32) -> Tree {
    let mut tree = TreeBuilder::default();
    tree.open(
        Kind::Workflow { name: "w".into() },
        "smithers:workflow",
        vec![],
    );
    tree.open(kind.clone(), "smithers:group", vec![]);
    for number in 0..size {
        let id = format!("task-{number}");
        let props = vec![("id".to_owned(), id.clone())];
        tree.open(Kind::Task(Box::new(task(&id))), "smithers:task", props);
        tree.close();
    }
    tree.finish()
}

fn task(id: &str) -> TaskSpec {
    TaskSpec {
        node: NodeKey::new(id, 0),
        label: None,
        output_table: "output".into(),
        skip_if: false,
        depends_on: Vec::new(),
        priority: 0,
        body: TaskBody::Static(Some(Ok(RawJson::of(&json!({ "v": id }))))),
        approval: None,
        continue_on_fail: false,
        quarantine: false,
        side_effect: None,
        worktree: None,
        bind: None,
        aspects: None,
        scorers: Vec::new(),
        by_agent: false,
        retry: RetryPolicy::default(),
        cached: false,
    }
}

fn launch_of() -> Launch {
    Launch {
        run_id: "r".into(),
        workflow_key: "w".into(),
        workflow_hash: None,
        system: false,
        input: RawJson::empty_object(),
        config: RunConfig {
            gateway_system: false,
            gateway_workflow_key: "w".into(),
            gateway_triggered_by: "user:op".into(),
            max_concurrency: None,
            root_dir: String::new(),
            allow_network: false,
            max_output_bytes: 200_000,
            tool_timeout_ms: 60_000,
            auth: RunAuth {
                triggered_by: "user:op".into(),
                scopes: Vec::new(),
                role: "operator".into(),
                token_id: None,
                created_at: String::new(),
            },
            subflow: None,
            patches: Default::default(),
            started_by: None,
            rerun_of: None,
        },
        actor: Actor {
            user_id: Some("user:op".into()),
            token_id: None,
            role: "operator".into(),
            scopes: Vec::new(),
            holds_all: true,
            channel: Channel::Http,
        },
        idempotency_key: None,
        firing: None,
        fork: None,
    }
}
