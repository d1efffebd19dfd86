//! Sessions of runs inside a runtime: rows fed, frames rendered.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rquickjs::{Function, Object, Value};
use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::output::OutputRow;
use smithers_model::patch::Patches;
use smithers_model::tree::Tree;
use smithers_model::{Iteration, NodeId, RunId};

use super::ScriptRuntime;
use super::engine::Drained;
use super::exception::Halt;
use super::shared::Work;
use super::walk::{Memory, Tools, WalkError, read_tree};
use crate::ground::{Footing, Read};

/// All rows of a run so far; grows between frames.
pub(crate) type SharedRows = Arc<Mutex<Vec<Arc<OutputRow>>>>;

/// Rows that a body sees.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) rows: SharedRows,
    /// How many of them, from the first.
    pub(crate) count: usize,
}

/// What a frame is rendered from.
#[derive(Clone, Debug)]
pub(crate) struct RenderRequest {
    /// Names the session, unique in the process.
    pub(crate) session: u64,
    /// Index of the workflow in the module.
    pub(crate) workflow: usize,
    pub(crate) run_id: RunId,
    pub(crate) input: RawJson,
    pub(crate) auth: Option<RawJson>,
    pub(crate) continuation: Option<RawJson>,
    pub(crate) iteration: Iteration,
    pub(crate) iterations: BTreeMap<String, Iteration>,
    pub(crate) patches: Patches,
    pub(crate) stale: Vec<NodeId>,
    pub(crate) rows: SharedRows,
    /// Dead once the session is dropped.
    pub(crate) alive: Weak<()>,
}

impl RenderRequest {
    /// Whether nobody wants this frame any more. Its session has been closed: it must not be opened again.
    pub(crate) fn is_stale(&self) -> bool {
        self.alive.strong_count() == 0
    }
}

/// A frame, and what it rests on.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) tree: Tree,
    /// Reads of rows that no frame of the session before it has made.
    pub(crate) reads: Vec<Read>,
    /// None when it may rest on more than what it was rendered from.
    pub(crate) footing: Option<Footing>,
}

/// What the runtime remembers of a session.
#[derive(Debug)]
pub(super) struct SessionState {
    pub(super) run_id: RunId,
    /// How many rows it has been given.
    rows: usize,
    /// What its frames have in common.
    memory: Memory,
}

/// What a frame knows of patches, as JSON; none when there is nothing to know.
fn patches_of(patches: &Patches) -> Option<String> {
    let is_known = patches.is_new || !patches.decided.is_empty();
    let text = || json!({ "isNew": patches.is_new, "decided": patches.decided }).to_string();
    is_known.then(text)
}

/// `tree` with what its rendering decided about patches, as `endFrame` says it.
fn decided(tree: Tree, met: Option<String>) -> Tree {
    match met {
        None => tree,
        Some(met) => tree.deciding(serde_json::from_str(&met).expect("endFrame gives pairs")),
    }
}

impl ScriptRuntime {
    /// Whether session `session` is open.
    fn knows(&self, session: u64) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Renders the next frame of a session, opening it first when needed.
    pub(crate) fn render(&mut self, request: &RenderRequest) -> Result<Rendered, ErrorInfo> {
        let work = Rc::new(Work {
            run_id: Some(request.run_id.clone()),
            ..Work::default()
        });
        self.engine.shared.touched.set(self.graph.may_keep_state());
        let rendered = self
            .try_render(&work, request)
            .map(|(tree, reads)| Rendered {
                tree,
                reads,
                footing: self.engine.footing(),
            });
        self.after(&work);
        rendered.map_err(|halt| self.error_of(halt, "WORKFLOW_RENDER_FAILED", self.limits.render))
    }

    fn try_render(
        &mut self,
        work: &Rc<Work>,
        request: &RenderRequest,
    ) -> Result<(Tree, Vec<Read>), Halt> {
        self.open(work, request)?;
        self.feed_rows(work, request.session, &request.rows)?;
        let iterations = RawJson::of(&request.iterations);
        let patches = patches_of(&request.patches);
        let stale = (!request.stale.is_empty()).then(|| RawJson::of(&request.stale));
        let Some(SessionState { memory, .. }) = self.sessions.get_mut(&request.session) else {
            unreachable!("it was opened above");
        };
        self.engine.with(work, self.limits.render, |ctx, host| {
            let describe = |value| self.engine.describe(value, host);
            let arguments = (
                request.session as f64,
                request.iteration,
                iterations.as_str(),
                patches,
                stale.as_ref().map(RawJson::as_str),
            );
            let walked = host
                .get::<_, Function<'_>>("beginFrame")
                .and_then(|begin| begin.call::<_, Vec<Value<'_>>>(arguments))
                .map_err(WalkError::from)
                .and_then(|frame| {
                    let [root, fibers, plain, context, trail, changed] =
                        <[_; 6]>::try_from(frame).expect("beginFrame says six things");
                    let tools = Tools {
                        ctx,
                        host,
                        names: &self.engine.names,
                        guard: &self.engine.guard,
                        shared: &self.engine.shared,
                        describe: &describe,
                        fibers,
                        plain,
                        context,
                        trail,
                        changed: changed.get()?,
                        passes: (request.iteration, &request.iterations),
                    };
                    read_tree(tools, root, memory)
                })
                .and_then(|tree| {
                    let end = host.get::<_, Function<'_>>("endFrame")?;
                    let met: Option<String> = end.call(())?;
                    Ok((decided(tree, met), fresh_reads(host, request.session)?))
                });
            walked.map_err(|error| self.engine.give_up_frame(ctx, host, error))
        })
    }

    fn open(&mut self, work: &Rc<Work>, request: &RenderRequest) -> Result<(), Halt> {
        if self.knows(request.session) {
            return Ok(());
        }
        let auth = request.auth.as_ref().map_or("null", RawJson::as_str);
        let continuation = request.continuation.as_ref();
        let continuation = continuation.map_or("null", RawJson::as_str);
        let index = request.workflow as u32;
        let arguments = (
            request.session as f64,
            index,
            request.run_id.as_str(),
            request.input.as_str(),
            auth,
            continuation,
        );
        self.engine
            .call::<_, ()>(work, self.limits.render, "openSession", arguments)?;
        let state = SessionState {
            run_id: request.run_id.clone(),
            rows: 0,
            memory: Memory::default(),
        };
        self.sessions.insert(request.session, state);
        Ok(())
    }

    /// Gives a session the rows that it has not been given yet.
    pub(super) fn feed_rows(
        &mut self,
        work: &Rc<Work>,
        session: u64,
        rows: &SharedRows,
    ) -> Result<(), Halt> {
        let Some(state) = self.sessions.get_mut(&session) else {
            return Ok(());
        };
        let fresh: Vec<Arc<OutputRow>> = rows.lock().iter().skip(state.rows).cloned().collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let session = session as f64;
        let SessionState {
            rows: fed, memory, ..
        } = state;
        self.engine.with(work, self.limits.render, |ctx, host| {
            let mut feed = || -> rquickjs::Result<()> {
                let add: Function<'_> = host.get("addRow")?;
                for row in &fresh {
                    let id = row.node.node_id.as_str();
                    add.call::<_, ()>((
                        session,
                        row.table.as_str(),
                        id,
                        row.node.iteration,
                        row.payload.as_str(),
                    ))?;
                    memory.add_row(row);
                    *fed += 1;
                }
                Ok(())
            };
            feed().map_err(|error| self.engine.halted(ctx, error, host))
        })
    }

    /// Forgets a session. Its calls go on in the background and are ignored.
    pub(crate) fn close(&mut self, session: u64) {
        let Some(state) = self.sessions.remove(&session) else {
            return;
        };
        self.calls.retain(|_, call| call.session != session);
        let work = Rc::new(Work {
            run_id: Some(state.run_id),
            ..Work::default()
        });
        let closed =
            self.engine
                .call::<_, ()>(&work, self.limits.slice, "closeSession", (session as f64,));
        if let Err(halt) = closed {
            self.error_of(halt, "TASK_TIMEOUT", self.limits.slice);
        }
        self.after(&work);
    }

    /// Runs the jobs that `work` left behind, answers the calls that ended, and looks at the heap.
    pub(super) fn after(&mut self, work: &Rc<Work>) {
        let drained = self.engine.drain(work, self.limits.slice);
        self.answer_settled();
        match drained {
            Drained::Empty => {}
            Drained::Stopped => self.blame(work),
            Drained::Endless => {
                self.lose("a chain of promises had no end");
                self.blame(work);
            }
        }
        if self.engine.shared.heap_suspected.take() && self.engine.heap_is_full() {
            self.exhaust(work);
        }
    }
}

/// Takes the reads of rows that the newest frame of a session was the first to make.
fn fresh_reads(host: &Object<'_>, session: u64) -> rquickjs::Result<Vec<Read>> {
    let take: Function<'_> = host.get("takeReads")?;
    let flat: Option<Vec<String>> = take.call((session as f64,))?;
    let mut names = flat.unwrap_or_default().into_iter();
    let pairs = std::iter::from_fn(|| Some((names.next()?, names.next()?)));
    Ok(pairs.collect())
}
