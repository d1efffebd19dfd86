//! Measures frames: `cargo run --release -p smithers-script --example render_cost`.
//!
//! Prints microseconds per frame, rendered and decoded into a tree, as the owner of a run sees it. Each frame
//! has one row more than the one before, so nothing is rendered from the same facts twice.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::output::OutputRow;
use smithers_model::workflow::{RenderInput, Workflow};
use smithers_model::{NodeKey, RunId};
use smithers_script::{HostOptions, ScriptHost};

/// What every module begins with.
const HEAD: &str = r#"/** @jsxImportSource smithers-orchestrator */
import { createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { Workflow, Task, Parallel, Sequence, smithers, outputs } = createSmithers({ row: z.object({ n: z.number() }) });
const numbers = (ctx) => Array.from({ length: ctx.input.tasks }, (_, n) => n);
"#;

/// Workflows by name.
const SHAPES: [(&str, &str); 4] = [
    (
        "flat, static",
        r#"<Workflow name="w">{numbers(ctx).map((n) => <Task id={"t" + n} output={outputs.row}>{{ n }}</Task>)}</Workflow>"#,
    ),
    (
        "flat, compute",
        r#"<Workflow name="w">{numbers(ctx).map((n) => <Task id={"t" + n} output={outputs.row}>{() => ({ n })}</Task>)}</Workflow>"#,
    ),
    (
        "nested components, static",
        r#"<Workflow name="w"><Parallel>{numbers(ctx).map((n) => <Stage key={n} n={n} />)}</Parallel></Workflow>"#,
    ),
    (
        "nested components that read",
        r#"<Workflow name="w"><Parallel>{numbers(ctx).map((n) => <Reading key={n} n={n} ctx={ctx} />)}</Parallel></Workflow>"#,
    ),
];

/// Components of the nested shapes.
const COMPONENTS: &str = r#"
const Leaf = ({ n, value }) => <Task id={"t" + n} output={outputs.row}>{{ n: value }}</Task>;
const Stage = ({ n }) => <Sequence><Leaf n={n} value={n} /></Sequence>;
const Reading = ({ n, ctx }) => {
  const before = ctx.outputMaybe(outputs.row, { nodeId: "t" + (n - 1) });
  return <Sequence><Leaf n={n} value={before === undefined ? 0 : before.n} /></Sequence>;
};
"#;

const SIZES: [usize; 3] = [10, 100, 1_000];

#[expect(
    clippy::print_stdout,
    reason = "the numbers are what this program is for"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    println!(
        "{:30} {:>8} {:>10} {:>10}",
        "us per frame", "tasks", "median", "best"
    );
    for (name, shape) in SHAPES {
        let host = ScriptHost::start(HostOptions::default())?;
        let workflow = load(&host, shape)?;
        for tasks in SIZES {
            let mut times = runtime
                .block_on(frames(&workflow, tasks))
                .map_err(|error| error.message)?;
            times.sort_unstable_by(f64::total_cmp);
            let (median, best) = (times[times.len() / 2], times[0]);
            println!("{name:30} {tasks:>8} {median:>10.1} {best:>10.1}");
        }
    }
    Ok(())
}

fn load(host: &ScriptHost, shape: &str) -> Result<Arc<dyn Workflow>, Box<dyn Error>> {
    let mut source = HEAD.to_owned();
    write!(
        source,
        "{COMPONENTS}\nexport default smithers((ctx) => ({shape}));"
    )?;
    let folder = tempfile::tempdir()?;
    let entry = folder.path().join("gateway.tsx");
    std::fs::write(&entry, source)?;
    let mut module = host.load(&entry)?;
    Ok(module.workflows.remove(0))
}

/// Renders frames of a run of `tasks` tasks and returns the time of each, microseconds.
async fn frames(workflow: &Arc<dyn Workflow>, tasks: usize) -> Result<Vec<f64>, ErrorInfo> {
    let count = (40_000 / tasks).clamp(60, 1_000);
    let run_id = RunId::from("measured");
    let mut session = workflow.open(&run_id);
    let mut times = Vec::with_capacity(count);
    for frame in 0..count {
        let input = RenderInput {
            run_id: run_id.clone(),
            input: RawJson::of(&serde_json::json!({ "tasks": tasks })),
            auth: None,
            continuation: None,
            iteration: 0,
            iterations: BTreeMap::new(),
            patches: Default::default(),
            stale: Vec::new(),
            new_rows: new_row(frame, tasks),
        };
        let start = Instant::now();
        session.render(input).await?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    // The first frames open the session and fill what later ones reuse.
    Ok(times.split_off(count / 4))
}

/// Row of one task; frames beyond the last task bring none.
fn new_row(frame: usize, tasks: usize) -> Vec<Arc<OutputRow>> {
    if frame == 0 || frame > tasks / 2 {
        return Vec::new();
    }
    vec![Arc::new(OutputRow {
        table: "row".into(),
        node: NodeKey::new(format!("t{}", frame - 1).as_str(), 0),
        payload: RawJson::of(&serde_json::json!({ "n": frame - 1 })),
    })]
}
