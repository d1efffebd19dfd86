//! A plan as a workflow: its tree is built as workflows in Rust are, its bodies end as the plan says.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use smithers_model::approval::OnDeny;
use smithers_model::cache::CacheRequest;
use smithers_model::error::ErrorInfo;
use smithers_model::native::{Context, NativeWorkflow, TaskBuilder, Ui, boolean, number, table};
use smithers_model::tree::{LoopSpec, OnMaxReached, Tree};
use smithers_model::workflow::{
    BoxFuture, CallError, RenderInput, TaskCall, Workflow, WorkflowDefinition, WorkflowSession,
};
use smithers_model::{NodeKey, RawJson, RunId};

use crate::below;
use crate::interpreter::{LAST, name, node, output};
use crate::ledger::Ledger;
use crate::plan::{End, Leaf, Part, RETRY_MS, Repeat, RunPlan};

/// The workflow of one run.
pub(crate) struct Planned {
    inner: NativeWorkflow,
    plan: Arc<RunPlan>,
    ledger: Arc<Mutex<Ledger>>,
    chances: Chances,
}

/// What the world does to the bodies of tasks.
#[derive(Clone, Copy)]
pub(crate) struct Chances {
    /// Decides how long they take and which are lost.
    pub(crate) seed: u64,
    /// Per cent of the attempts that lose their runtime.
    pub(crate) losses: u32,
    /// Nobody sets the clock.
    pub(crate) is_steady: bool,
}

/// The key of the workflow of run `index`.
pub(crate) fn key(index: usize) -> String {
    format!("w{index}")
}

impl Planned {
    pub(crate) fn new(
        key: &str,
        plan: RunPlan,
        ledger: Arc<Mutex<Ledger>>,
        chances: Chances,
    ) -> Self {
        let plan = Arc::new(plan);
        let tables = vec![
            table("output", [number("n")]),
            table("decision", [boolean("approved")]),
        ];
        let built = plan.clone();
        let inner = NativeWorkflow::new(key, tables, move |ctx, ui| {
            ui.workflow("plan", |ui| {
                build(&built.root, 0, ctx, ui);
                if built.end == End::Badly {
                    ui.task(LAST).compute(unused);
                }
            });
        });
        Self {
            inner,
            plan,
            ledger,
            chances,
        }
    }
}

/// Bodies are called through [`Session::call`].
fn unused() -> BoxFuture<Result<serde_json::Value, ErrorInfo>> {
    Box::pin(async { Ok(json!({})) })
}

/// Builds a part in one pass of the loop around it.
fn build(part: &Part, pass: u32, ctx: &Context, ui: &mut Ui) {
    match part {
        Part::Leaf(number, leaf) => build_leaf(*number, *leaf, ui.task_in(node(*number, pass))),
        Part::Chain(leaves) => ui.parallel(0, |ui| build_chain(leaves, pass, ui)),
        Part::Loop(repeat) => build_loop(repeat, ctx, ui),
        Part::Seq(parts) => {
            ui.sequence(|ui| parts.iter().for_each(|part| build(part, pass, ctx, ui)))
        }
        Part::Par(limit, parts) => {
            ui.parallel(*limit, |ui| {
                parts.iter().for_each(|part| build(part, pass, ctx, ui))
            });
        }
        Part::Saga(saga) => saga.build(pass, ui),
        Part::Try(attempt) => attempt.build(pass, ui),
        Part::Branch(number, first, second) => ui.sequence(|ui| {
            ui.task_in(node(*number, pass)).compute(unused);
            if let Some(row) = ctx.row_in(&node(*number, pass)) {
                let is_first = row["n"].as_f64().is_some_and(|n| n % 2.0 == 0.0);
                build(if is_first { first } else { second }, pass, ctx, ui);
            }
        }),
    }
}

fn build_chain(leaves: &[(u32, Leaf)], pass: u32, ui: &mut Ui) {
    let mut before: Option<String> = None;
    for (number, leaf) in leaves {
        let task = ui.task_in(node(*number, pass));
        let task = match &before {
            None => task,
            Some(id) => task.depends_on(&[id]),
        };
        build_leaf(*number, *leaf, task);
        before = Some(name(*number));
    }
}

fn build_loop(repeat: &Repeat, ctx: &Context, ui: &mut Ui) {
    let id = format!("loop{}", repeat.counter);
    let pass = ctx.pass(&id);
    let counted = ctx.row_in(&node(repeat.counter, pass)).is_some();
    let spec = LoopSpec {
        id: id.as_str().into(),
        until: counted && pass + 1 >= repeat.wanted,
        max_iterations: repeat.most,
        on_max_reached: OnMaxReached::ReturnLast,
        continue_as_new_every: None,
    };
    ui.repeat(spec, |ui| {
        ui.sequence(|ui| {
            let parts = repeat.body.iter();
            parts.for_each(|part| build(part, pass, ctx, ui));
            ui.task_in(node(repeat.counter, pass)).compute(unused);
        });
    });
}

/// Builds the task of a leaf.
pub(crate) fn build_leaf(number: u32, leaf: Leaf, task: TaskBuilder<'_>) {
    match leaf {
        Leaf::Static => task.value(&json!({ "n": output(number) })),
        Leaf::Compute | Leaf::Counts => task.compute(unused),
        Leaf::Kept(_) => task.cached().compute(unused),
        Leaf::Skipped => task.skip_if(true).compute(unused),
        Leaf::Flaky(times) => task
            .retries(times, Duration::from_millis(RETRY_MS))
            .compute(unused),
        Leaf::Fails => task.continue_on_fail().compute(unused),
        Leaf::Asks(_) => task.output("decision").approval("?", OnDeny::Continue),
        Leaf::Waits(wait) => wait.build(number, task),
        Leaf::Runs(_) => task
            .retries(1, Duration::from_millis(RETRY_MS))
            .subflow(number, &json!({})),
        Leaf::Gated(_) => task.needs_approval("?").continue_on_fail().compute(unused),
    }
}

/// The leaf of task `number`; the task of a branch computes.
pub(crate) fn leaf_of(part: &Part, id: &str) -> Option<Leaf> {
    let mut leaves = Vec::new();
    part.leaves(&mut leaves);
    let own = leaves.iter().find(|(number, _)| name(*number) == id)?;
    Some(own.1)
}

impl Workflow for Planned {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        self.inner.definition()
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        self.inner.check_input(input)
    }

    /// The workflow below the task of this number.
    fn part(&self, index: u32) -> Option<Arc<dyn Workflow>> {
        let plan = below::plan_of(&self.plan, &name(index))?;
        let key = self.definition().key.as_str();
        let ledger = self.ledger.clone();
        Some(Arc::new(Self::new(key, plan, ledger, self.chances)))
    }

    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
        Box::new(Session {
            inner: self.inner.open(run_id),
            run_id: run_id.clone(),
            plan: self.plan.clone(),
            ledger: self.ledger.clone(),
            chances: self.chances,
        })
    }
}

struct Session {
    inner: Box<dyn WorkflowSession>,
    run_id: RunId,
    plan: Arc<RunPlan>,
    ledger: Arc<Mutex<Ledger>>,
    chances: Chances,
}

impl Session {
    /// A number that depends on the seed and on what is called, and on nothing else.
    fn chance(&self, call: &TaskCall) -> u64 {
        let id = call
            .node
            .node_id
            .as_str()
            .bytes()
            .map(u64::from)
            .sum::<u64>();
        let id = id + (u64::from(call.node.iteration) << 9);
        let mixed = self.chances.seed ^ (id << 17) ^ (u64::from(call.attempt) << 40);
        mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33
    }

    #[expect(
        clippy::result_large_err,
        reason = "the type of the trait, once for each call"
    )]
    fn result(&self, call: &TaskCall, chance: u64) -> Result<RawJson, CallError> {
        let id = call.node.node_id.as_str();
        if chance % 100 < u64::from(self.chances.losses) && call.attempt < 4 {
            return Err(CallError::RuntimeLost {
                message: "lost".to_owned(),
            });
        }
        let failed = || CallError::Failed {
            error: ErrorInfo::thrown("Error", "boom"),
            retryable: true,
        };
        match leaf_of(&self.plan.root, id) {
            None | Some(Leaf::Fails) => Err(failed()),
            Some(Leaf::Flaky(times)) if call.failures < times => Err(failed()),
            Some(Leaf::Counts) => {
                let pass = call.node.iteration;
                Ok(RawJson::of(&json!({ "n": pass })))
            }
            Some(Leaf::Kept(kept)) => Ok(RawJson::of(&json!({ "n": kept.output() }))),
            Some(_) => {
                let number = id[1..].parse().unwrap_or_default();
                Ok(RawJson::of(&json!({ "n": output(number) })))
            }
        }
    }
}

impl Drop for Session {
    /// Its bodies may go on when their runtime is lost, but nobody can end them any more.
    fn drop(&mut self) {
        let own = self.run_id.to_string();
        let mut ledger = self.ledger.lock();
        ledger.in_flight.retain(|(run, _)| *run != own);
        ledger.shelf.end(|(run, _)| *run == own);
    }
}

/// Notes that a body is under way until it is dropped.
struct UnderWay(Arc<Mutex<Ledger>>, (String, String));

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut ledger = self.0.lock();
        ledger.in_flight.remove(&self.1);
        ledger.shelf.end(|body| *body == self.1);
    }
}

impl WorkflowSession for Session {
    fn render(&mut self, input: RenderInput) -> BoxFuture<Result<Tree, ErrorInfo>> {
        self.inner.render(input)
    }

    fn cache_request(
        &mut self,
        call: &TaskCall,
    ) -> BoxFuture<Result<Option<CacheRequest>, CallError>> {
        let request = match leaf_of(&self.plan.root, call.node.node_id.as_str()) {
            Some(Leaf::Kept(kept)) => Some(kept.request()),
            _ => None,
        };
        Box::pin(async { Ok(request) })
    }

    fn call(&mut self, call: TaskCall) -> BoxFuture<Result<RawJson, CallError>> {
        let chance = self.chance(&call);
        let result = self.result(&call, chance);
        let own = (self.run_id.to_string(), call.node.to_string());
        let ledger = self.ledger.clone();
        if !ledger.lock().in_flight.insert(own.clone()) {
            let twice = format!("two attempts of {} of {} are in flight", own.1, own.0);
            ledger.lock().broken.push(twice);
        }
        if let Some(Leaf::Kept(kept)) = leaf_of(&self.plan.root, call.node.node_id.as_str()) {
            let mut ledger = ledger.lock();
            let begun = ledger
                .shelf
                .begin(kept, own.clone(), self.chances.is_steady);
            ledger.broken.extend(begun.err());
        }
        let under_way = UnderWay(ledger, own);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(chance % 30)).await;
            drop(under_way);
            result
        })
    }

    fn abort(&mut self, node: &NodeKey, attempt: u32) {
        let own = (self.run_id.to_string(), node.to_string());
        // Its result may come all the same, and is late.
        drop(UnderWay(self.ledger.clone(), own));
        self.inner.abort(node, attempt);
    }
}
