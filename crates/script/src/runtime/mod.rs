//! One JavaScript runtime with a module loaded in it: sessions of runs, calls, timers.
//!
//! Lives on one script thread and never blocks longer than its limits. What a run starts (a render,
//! a call, the jobs and timers that follow) is charged to that run: whoever meets a limit fails,
//! and only an exhausted heap or an endless chain of jobs costs the runtime itself.

mod ask;
mod calls;
mod commands;
mod commonjs;
mod console;
mod describe;
mod engine;
mod exception;
mod files;
mod guard;
mod loader;
mod native;
mod scoring;
mod sessions;
mod shared;
mod timers;
mod urls;
mod wait;
mod walk;

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::workflow::WorkflowDefinition;

pub(crate) use self::ask::CallQuestion;
use self::calls::PendingCall;
pub(crate) use self::calls::{CallAnswer, CallStart};
use self::describe::{Registered, RegisteredWorkflow};
use self::engine::Engine;
use self::exception::{Halt, map_stacks, null};
pub(crate) use self::scoring::ScoringStart;
use self::sessions::SessionState;
pub(crate) use self::sessions::{RenderRequest, Rendered, Seen, SharedRows};
use self::shared::Work;
use crate::error::LoadError;
use crate::graph::ModuleGraph;
use crate::options::Limits;
use crate::thread::Pulse;

/// A runtime with its module loaded.
pub(crate) struct ScriptRuntime {
    engine: Engine,
    graph: Arc<ModuleGraph>,
    limits: Arc<Limits>,
    sessions: HashMap<u64, SessionState>,
    calls: HashMap<u64, PendingCall>,
    /// Why this runtime must not be used again.
    lost: Option<String>,
}

/// What a module registered.
pub(crate) struct Registration {
    /// Workflows in the order of registration.
    pub(crate) workflows: Vec<WorkflowDefinition>,
    /// Workflows that are not registered, in the order of their making: only subflows run them.
    pub(crate) parts: Vec<WorkflowDefinition>,
    /// Things to tell the operator.
    pub(crate) warnings: Vec<String>,
    /// Options of gateways that the module constructed.
    pub(crate) gateway_options: Option<serde_json::Value>,
}

impl ScriptRuntime {
    /// Makes a runtime and evaluates the module of `graph` in it.
    pub(crate) fn load(
        graph: &Arc<ModuleGraph>,
        limits: &Arc<Limits>,
        env: &str,
        pulse: &Arc<Pulse>,
    ) -> Result<(Self, Registration), LoadError> {
        let failed = |halt| load_error(graph, limits, halt);
        let engine = Engine::new(graph, limits, env, pulse).map_err(failed)?;
        let mut runtime = Self {
            engine,
            graph: Arc::clone(graph),
            limits: Arc::clone(limits),
            sessions: HashMap::new(),
            calls: HashMap::new(),
            lost: None,
        };
        let text = runtime.evaluate().map_err(failed)?;
        let registered: Registered = serde_json::from_str(&text).map_err(|error| {
            let message = format!("what the module registers cannot be described: {error}");
            LoadError::new(&graph.entry, message)
        })?;
        let defined = |workflows: Vec<RegisteredWorkflow>| {
            let workflows = workflows.into_iter();
            workflows
                .map(|workflow| workflow.into_definition(graph))
                .collect()
        };
        let registration = Registration {
            workflows: defined(registered.workflows),
            parts: defined(registered.parts),
            warnings: registered.warnings,
            gateway_options: registered.gateway_options,
        };
        Ok((runtime, registration))
    }

    /// Evaluates the module, waiting for its top-level awaits, and returns what it registers as JSON.
    fn evaluate(&mut self) -> Result<String, Halt> {
        let stem = Path::new(&self.graph.entry).file_stem().unwrap_or_default();
        let arguments = (
            self.graph.entry.as_str(),
            stem.to_string_lossy().into_owned(),
        );
        let deadline = Instant::now() + self.limits.load;
        let promise = self.engine.start_load(arguments, self.limits.load)?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Some(text) = self.engine.load_result(&promise, left)? {
                return Ok(text);
            }
            match self.engine.next_due().filter(|due| *due < deadline) {
                Some(due) => std::thread::sleep(due.saturating_duration_since(Instant::now())),
                None => return Err(Halt::Interrupted),
            }
            while self.fire_next(Instant::now()) {}
        }
    }

    /// Validates the input of a launch of workflow `index` and returns it as it is stored.
    pub(crate) fn check_input(&mut self, index: usize, input: &str) -> Result<RawJson, ErrorInfo> {
        let work = Rc::new(Work::default());
        // No entry that ends a footing: frames rest only on modules whose functions keep no state.
        let checked = self
            .engine
            .check_input(&work, index, input, self.limits.render);
        match checked {
            Ok(text) => Ok(RawJson::trusted(text)),
            Err(halt) => Err(self.error_of(halt, "INVALID_INPUT", self.limits.render)),
        }
    }

    /// Returns when the next timer is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.engine.next_due()
    }

    /// Fires what is due.
    pub(crate) fn fire_due(&mut self) {
        let now = Instant::now();
        while self.lost.is_none() && self.fire_next(now) {}
    }

    /// Takes the reason why this runtime must be dropped, if there is one.
    pub(crate) fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// What a halt means to whoever asked. Limits are reported with `code`.
    fn error_of(&mut self, halt: Halt, code: &str, limit: Duration) -> ErrorInfo {
        match halt {
            Halt::Thrown(info) => map_stacks(*info, &self.graph),
            Halt::Interrupted => {
                let message = format!("stopped after {} ms without an end", limit.as_millis());
                ErrorInfo::coded(code, message)
            }
            Halt::Null => null(),
            Halt::OutOfMemory => {
                self.lose("its heap was exhausted");
                ErrorInfo::coded(code, self.heap_message())
            }
        }
    }

    fn heap_message(&self) -> String {
        let limit = self.limits.heap_bytes >> 20;
        format!("the heap of the module's runtime is exhausted (limit {limit} MiB)")
    }

    fn lose(&mut self, reason: &str) {
        self.lost.get_or_insert_with(|| reason.to_owned());
    }
}

/// Names the place in the author's source that a failed load points to.
fn load_error(graph: &ModuleGraph, limits: &Limits, halt: Halt) -> LoadError {
    match halt {
        Halt::Thrown(info) => {
            let place = info
                .stack
                .as_deref()
                .and_then(|stack| graph.first_place(stack));
            let module = place
                .as_ref()
                .map_or(graph.entry.as_str(), |place| place.file.as_str());
            let message = match &info.code {
                Some(code) => format!("{code}: {}", info.message),
                None => format!("{}: {}", info.name, info.message),
            };
            LoadError::new(module, message).at(place)
        }
        Halt::Interrupted => {
            let limit = limits.load.as_millis();
            LoadError::new(
                &graph.entry,
                format!("evaluation did not end within {limit} ms"),
            )
        }
        Halt::OutOfMemory | Halt::Null => {
            LoadError::new(&graph.entry, "evaluation exhausted the heap")
        }
    }
}

#[cfg(test)]
mod fuzz;
