//! Random modules are the same runs whether or not their frames stand: same rows, same events, same number of frames.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use smithers_model::run::RunStatus;
use smithers_model::workflow::Workflow;
use smithers_script::{HostOptions, ScriptHost};
use smithers_store::{Backend, MemoryStore};

use super::{Standing, Watched};
use crate::testing::{Bench, launch};

/// How many random modules are played.
const CASES: u32 = 48;

/// A part of a random module, one after the other. Numbers name earlier or later tasks.
#[derive(Clone, Debug)]
enum Piece {
    /// A value.
    Fixed,
    /// A value made of a row that the frame reads, if it is there.
    ReadsInFrame(usize),
    /// A function of all rows.
    Sums,
    /// A function of all rows that looks after a pause.
    SumsLate(u64),
    /// A function that is given the row of the task before.
    Given,
    /// Mounted once a row is there.
    Behind(usize),
    /// A function that looks after a pause, beside a chain of functions.
    Beside(u64, usize),
    /// A component with a memo around a function.
    Remembers,
    /// Passes of a function that counts them.
    Repeated(usize),
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        Just(Piece::Fixed),
        (0..12_usize).prop_map(Piece::ReadsInFrame),
        Just(Piece::Sums),
        (0..3_u64).prop_map(Piece::SumsLate),
        Just(Piece::Given),
        (0..12_usize).prop_map(Piece::Behind),
        (0..6_u64, 1..4_usize).prop_map(|(ms, length)| Piece::Beside(ms, length)),
        Just(Piece::Remembers),
        (1..4_usize).prop_map(Piece::Repeated),
    ]
}

const HEAD: &str = r#"/** @jsxImportSource smithers-orchestrator */
import { Loop, Parallel, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { useMemo } from "react";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }) });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const sum = (ctx) => ({ n: ctx.outputs.out.reduce((total, row) => (total + row.n) % 100003, ctx.outputs.out.length) });
const seen = (ctx, id) => ctx.outputMaybe(outputs.out, { nodeId: id })?.n ?? -1;
const Remembering = ({ id, ctx }) => {
  const base = useMemo(() => id.length, [id]);
  return <Task id={id} output={outputs.out}>{() => ({ n: base + ctx.outputs.out.length })}</Task>;
};
"#;

/// The source of a module with `pieces` one after the other.
fn module(pieces: &[Piece]) -> String {
    let mut source = HEAD.to_owned();
    source.push_str("export default smithers((ctx) => (<Workflow name=\"w\"><Sequence>\n");
    for (at, piece) in pieces.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &pieces[before]);
        let is_there =
            before.is_some_and(|piece| !matches!(piece, Piece::Behind(_) | Piece::Repeated(_)));
        let piece = match piece {
            Piece::Given if !is_there => &Piece::Sums,
            // What is mounted before a task that has ended would look at what runs beside it.
            Piece::Behind(other) if *other >= at => &Piece::Fixed,
            piece => piece,
        };
        source.push_str(&element(at, piece));
        source.push('\n');
    }
    source.push_str("</Sequence></Workflow>));\n");
    source
}

fn element(at: usize, piece: &Piece) -> String {
    let task = |id: &str, body: &str| {
        format!("<Task id=\"{id}\" output={{outputs.out}}>{{{body}}}</Task>")
    };
    let id = format!("t{at}");
    let late = |ms: &u64| format!("async () => {{ await pause({ms}); return sum(ctx); }}");
    match piece {
        Piece::Fixed => task(&id, &format!("{{ n: {at} }}")),
        Piece::ReadsInFrame(other) => task(&id, &format!("{{ n: seen(ctx, \"t{other}\") }}")),
        Piece::Sums => task(&id, "() => sum(ctx)"),
        Piece::SumsLate(ms) => task(&id, &late(ms)),
        Piece::Given => format!(
            "<Task id=\"{id}\" output={{outputs.out}} needs={{{{ before: \"t{}\" }}}} \
             deps={{{{ before: outputs.out }}}}>{{({{ before }}) => ({{ n: before.n + 1 }})}}</Task>",
            at - 1
        ),
        Piece::Behind(other) => {
            let mounted = task(&id, "() => sum(ctx)");
            format!("{{seen(ctx, \"t{other}\") >= 0 ? {mounted} : null}}")
        }
        Piece::Beside(ms, length) => {
            let mut chain = String::new();
            for link in 0..*length {
                let before = link
                    .checked_sub(1)
                    .map_or(id.clone(), |n| format!("{id}c{n}"));
                let body = format!("() => ({{ n: seen(ctx, \"{before}\") + 1 }})");
                let _ = write!(chain, "{}", task(&format!("{id}c{link}"), &body));
            }
            // The chain's first link must not look at the one beside it, which may have ended.
            let chain = chain.replace(&format!("seen(ctx, \"{id}\")"), "0");
            let beside = task(&id, &late(ms));
            format!("<Parallel>{beside}<Sequence>{chain}</Sequence></Parallel>")
        }
        Piece::Remembers => format!("<Remembering id=\"{id}\" ctx={{ctx}} />"),
        Piece::Repeated(passes) => format!(
            "<Loop id=\"l{at}\" maxIterations={{5}} \
             until={{ctx.iterationCount(outputs.out, \"{id}\") >= {passes}}}>{}</Loop>",
            task(
                &id,
                "() => ({ n: ctx.iterationCount(outputs.out, \"t0\") + ctx.iteration })"
            )
        ),
    }
}

/// What came of a run: each output by task and pass, how many frames, how many renders.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    outputs: Vec<String>,
    frames: usize,
}

async fn played(workflow: &Arc<dyn Workflow>, standing: Standing) -> (Outcome, usize) {
    let watched = Watched::new(Arc::clone(workflow), standing);
    let renders = watched.renders();
    let key = workflow.definition().key.clone();
    let bench = Bench::of(MemoryStore::default(), vec![Arc::new(watched)]);
    bench.runs.launch(launch(key.as_str(), "r1")).await.unwrap();
    let row = bench.wait("r1", |row| row.status.is_terminal()).await;
    assert_eq!(row.status, RunStatus::Finished, "{:?}", row.error);
    let events = bench.events("r1");
    let frames = events
        .iter()
        .filter(|event| event.type_name == "FrameCommitted");
    let outcome = Outcome {
        outputs: outputs(&bench),
        frames: frames.count(),
    };
    (outcome, renders.load(Ordering::SeqCst))
}

/// The rows of run `r1`, sorted.
fn outputs(bench: &Bench) -> Vec<String> {
    let rows = bench.store.reader().unwrap().outputs(&"r1".into()).unwrap();
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| format!("{:?} {}", row.node, row.payload.as_str()))
        .collect();
    lines.sort();
    lines
}

fn load(host: &ScriptHost, folder: &Path, source: &str) -> Arc<dyn Workflow> {
    let entry = folder.join("gateway.tsx");
    std::fs::write(&entry, source).unwrap();
    let mut module = host.load(&entry).unwrap();
    module.workflows.remove(0)
}

#[test]
fn a_random_module_is_the_same_run_whether_or_not_its_frames_stand() {
    let host = ScriptHost::start(HostOptions::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let saved = AtomicUsize::new(0);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let modules = prop::collection::vec(piece(), 1..12);
    let outcome = runner.run(&modules, |pieces| {
        let source = module(&pieces);
        let workflow = load(&host, folder.path(), &source);
        let system = actix_rt::System::new();
        let (rendered, all) = system.block_on(played(&workflow, Standing::Never));
        let (stood, some) = system.block_on(played(&workflow, Standing::AsItSays));
        prop_assert_eq!(&rendered, &stood, "{}", source);
        prop_assert!(some <= all);
        saved.fetch_add(all - some, Ordering::SeqCst);
        Ok(())
    });
    outcome.unwrap();
    assert!(saved.into_inner() > 0, "no frame has stood");
}
