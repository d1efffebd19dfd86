//! The loop of a script thread.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::{Arc, mpsc as std_mpsc};
use std::time::Instant;

use smithers_model::NodeKey;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use tokio::sync::{mpsc, oneshot};

use super::pulse::Pulse;
use super::slot::Slot;
use crate::error::LoadError;
use crate::graph::ModuleGraph;
use crate::options::Limits;
use crate::runtime::{
    CallQuestion, CallStart, Registration, RenderRequest, Rendered, ScoringStart, ScriptRuntime,
};

/// Work that is answered.
pub(crate) enum Request {
    /// Validates the input of a launch.
    CheckInput {
        ticket: u64,
        slot: Arc<Slot>,
        workflow: usize,
        input: RawJson,
        reply: oneshot::Sender<Result<RawJson, ErrorInfo>>,
    },
    /// Renders a frame.
    Render {
        ticket: u64,
        slot: Arc<Slot>,
        render: RenderRequest,
        reply: oneshot::Sender<Result<Rendered, ErrorInfo>>,
    },
    /// Runs the body of a task.
    Call { slot: u64, call: CallStart },
    /// Asks a scorer of a task.
    Score { slot: u64, scoring: ScoringStart },
    /// Asks what the result of a coming call depends on.
    Ask { slot: u64, question: CallQuestion },
}

/// Messages that must not wait for room.
pub(crate) enum Control {
    /// Reads and evaluates a module.
    Load {
        entry: PathBuf,
        reply: std_mpsc::Sender<Result<(Arc<ModuleGraph>, Registration), LoadError>>,
    },
    /// Keeps the runtime that was made by a load.
    Adopt { slot: u64, graph: Arc<ModuleGraph> },
    /// Fires the abort signal of a call.
    Abort {
        slot: u64,
        session: u64,
        node: NodeKey,
        attempt: u32,
    },
    /// Forgets a session.
    Close { slot: u64, session: u64 },
    /// Drops a runtime.
    Drop { slot: u64 },
    /// Ends the thread.
    Stop,
}

/// What every incarnation of a thread is made from.
#[derive(Clone, Debug)]
pub(crate) struct WorkerOptions {
    pub(crate) limits: Arc<Limits>,
    /// Visible environment as a JSON object.
    pub(crate) env: Arc<str>,
}

/// The state of a script thread.
pub(crate) struct Worker {
    options: WorkerOptions,
    pulse: Arc<Pulse>,
    requests: mpsc::Receiver<Request>,
    control: mpsc::UnboundedReceiver<Control>,
    runtimes: HashMap<u64, ScriptRuntime>,
    /// Runtimes that were loaded and not yet given a slot.
    loaded: Vec<(Arc<ModuleGraph>, ScriptRuntime)>,
}

impl Worker {
    pub(crate) fn new(
        options: WorkerOptions,
        pulse: Arc<Pulse>,
        requests: mpsc::Receiver<Request>,
        control: mpsc::UnboundedReceiver<Control>,
    ) -> Self {
        Self {
            options,
            pulse,
            requests,
            control,
            runtimes: HashMap::new(),
            loaded: Vec::new(),
        }
    }

    /// Works until told to stop, or until nobody can ask any more.
    pub(crate) async fn run(mut self) {
        loop {
            self.fire_due();
            let due = self
                .runtimes
                .values()
                .filter_map(ScriptRuntime::next_due)
                .min();
            tokio::select! {
                biased;
                control = self.control.recv() => match control {
                    Some(Control::Stop) | None => break,
                    Some(control) => self.control(control),
                },
                Some(request) = self.requests.recv() => self.request(request),
                () = until(due) => {}
            }
        }
        for (_, runtime) in self.runtimes.drain() {
            runtime.abandon("the script host is shutting down");
        }
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::Load { entry, reply } => {
                let _ = reply.send(self.load(&entry));
            }
            Control::Adopt { slot, graph } => self.adopt(slot, &graph),
            Control::Abort {
                slot,
                session,
                node,
                attempt,
            } => {
                self.on_runtime(slot, |runtime| runtime.abort(session, &node, attempt));
            }
            Control::Close { slot, session } => {
                self.on_runtime(slot, |runtime| runtime.close(session));
            }
            Control::Drop { slot } => drop(self.runtimes.remove(&slot)),
            Control::Stop => {}
        }
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::CheckInput {
                ticket,
                slot,
                workflow,
                input,
                reply,
            } => {
                self.pulse.handling(ticket);
                let checked = self.in_slot(&slot, |runtime| {
                    runtime.check_input(workflow, input.as_str())
                });
                let _ = reply.send(checked.unwrap_or_else(Err));
            }
            Request::Render { render, .. } if render.is_stale() => {}
            Request::Render {
                ticket,
                slot,
                render,
                reply,
            } => {
                self.pulse.handling(ticket);
                let rendered = self.in_slot(&slot, |runtime| runtime.render(&render));
                let _ = reply.send(rendered.unwrap_or_else(Err));
            }
            Request::Ask { slot, question } => {
                self.pulse.handling(question.id);
                if self.runtimes.contains_key(&slot) {
                    self.on_runtime(slot, |runtime| runtime.ask_call(question));
                } else {
                    let _ = question.reply.send(None);
                }
            }
            Request::Score { slot, scoring } => {
                self.pulse.handling(scoring.id);
                if self.runtimes.contains_key(&slot) {
                    self.on_runtime(slot, |runtime| runtime.start_scoring(scoring));
                } else {
                    let _ = scoring.reply.send(None);
                }
            }
            Request::Call { slot, call } => {
                self.pulse.handling(call.id);
                if self.runtimes.contains_key(&slot) {
                    self.on_runtime(slot, |runtime| runtime.start_call(call));
                } else {
                    let _ = call.reply.send(None);
                }
            }
        }
    }

    fn load(
        &mut self,
        entry: &std::path::Path,
    ) -> Result<(Arc<ModuleGraph>, Registration), LoadError> {
        let WorkerOptions { limits, env } = &self.options;
        let graph = Arc::new(ModuleGraph::read(entry, limits)?);
        let (runtime, registration) = ScriptRuntime::load(&graph, limits, env, &self.pulse)
            .map_err(|error| error.after(Arc::clone(&graph.looked_at)))?;
        self.loaded.push((Arc::clone(&graph), runtime));
        Ok((graph, registration))
    }

    fn adopt(&mut self, slot: u64, graph: &Arc<ModuleGraph>) {
        if let Some(at) = self
            .loaded
            .iter()
            .position(|(loaded, _)| Arc::ptr_eq(loaded, graph))
        {
            let (_, runtime) = self.loaded.swap_remove(at);
            self.runtimes.insert(slot, runtime);
        }
    }

    /// Works with the runtime of `slot`, making it first when it was lost.
    fn in_slot<T>(
        &mut self,
        slot: &Slot,
        work: impl FnOnce(&mut ScriptRuntime) -> T,
    ) -> Result<T, ErrorInfo> {
        let WorkerOptions { limits, env } = &self.options;
        let runtime = match self.runtimes.entry(slot.id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let loaded = ScriptRuntime::load(&slot.graph, limits, env, &self.pulse);
                let (runtime, _) = loaded
                    .map_err(|error| ErrorInfo::coded("INTERNAL_ERROR", error.to_string()))?;
                entry.insert(runtime)
            }
        };
        let done = work(runtime);
        self.reap(slot.id);
        Ok(done)
    }

    fn on_runtime(&mut self, slot: u64, work: impl FnOnce(&mut ScriptRuntime)) {
        if let Some(runtime) = self.runtimes.get_mut(&slot) {
            work(runtime);
            self.reap(slot);
        }
    }

    fn fire_due(&mut self) {
        let now = Instant::now();
        let due: Vec<u64> = self
            .runtimes
            .iter()
            .filter(|(_, runtime)| runtime.next_due().is_some_and(|due| due <= now))
            .map(|(slot, _)| *slot)
            .collect();
        for slot in due {
            self.on_runtime(slot, ScriptRuntime::fire_due);
        }
    }

    /// Drops the runtime of `slot` if it must not be used again.
    fn reap(&mut self, slot: u64) {
        let reason = self
            .runtimes
            .get(&slot)
            .and_then(|runtime| runtime.lost().map(str::to_owned));
        if let Some(reason) = reason
            && let Some(runtime) = self.runtimes.remove(&slot)
        {
            tracing::warn!(reason, "a module's runtime was dropped");
            runtime.abandon(&format!("the module's runtime was dropped: {reason}"));
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
