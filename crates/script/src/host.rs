//! The script host: threads, and the modules loaded on them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use smithers_model::workflow::Workflow;

use crate::error::{LoadError, Place};
use crate::options::{HostOptions, Isolation};
use crate::thread::{Control, Slot, Thread, Watchdog, WorkerOptions};
use crate::workflow::ScriptWorkflow;

/// Runs workflow modules. Dropping it stops its threads; workflows that are still held then fail
/// with a lost runtime.
#[derive(Debug)]
pub struct ScriptHost {
    options: HostOptions,
    threads: Vec<Arc<Thread>>,
    /// Modules loaded so far; spreads them over the threads.
    modules: AtomicUsize,
    watchdog: Option<Watchdog>,
}

/// A module whose workflows can run.
#[derive(Clone)]
pub struct LoadedModule {
    /// What the module registered, in its order.
    pub workflows: Vec<Arc<dyn Workflow>>,
    /// What its operator should know: accepted options that have no effect here.
    pub warnings: Vec<String>,
    /// Options of the gateways that the module constructed, as JSON; functions are left out.
    pub gateway_options: Option<serde_json::Value>,
    /// Where a file of the author's own may keep state between calls: then every frame of its runs is rendered.
    pub keeps_state: Option<Place>,
    /// Every path that, if it changed, could make another module of it, those that are missing included.
    pub looked_at: Arc<[PathBuf]>,
}

/// Reading and transforming a large graph takes this much longer than evaluating it may.
const READING: Duration = Duration::from_secs(60);

/// How long a shutdown waits for a thread that is at work.
const PATIENCE: Duration = Duration::from_secs(2);

impl ScriptHost {
    /// Starts the threads. Fails when the system has none to give.
    pub fn start(options: HostOptions) -> io::Result<Self> {
        let worker = WorkerOptions {
            limits: Arc::new(options.limits.clone()),
            env: serde_json::to_string(&options.visible_env())?.into(),
        };
        let threads = (0..options.threads.max(1))
            .map(|index| Thread::start(index, worker.clone()))
            .collect::<io::Result<Vec<_>>>()?;
        let watchdog = Some(Watchdog::start(threads.clone())?);
        Ok(Self {
            options,
            threads,
            modules: AtomicUsize::new(0),
            watchdog,
        })
    }

    /// Reads, transforms and evaluates the module whose entry file is `entry`. Blocks until that is
    /// done; the error names the place in the author's source.
    pub fn load(&self, entry: &Path) -> Result<LoadedModule, LoadError> {
        let number = self.modules.fetch_add(1, Ordering::Relaxed);
        let thread = &self.threads[number % self.threads.len()];
        let (reply, answer) = mpsc::channel();
        thread.tell(Control::Load {
            entry: entry.to_owned(),
            reply,
        });
        let patience = READING + self.options.limits.load;
        let (graph, registration) = answer.recv_timeout(patience).unwrap_or_else(|_| {
            let shown = entry.display().to_string();
            Err(LoadError::new(
                shown,
                "the script thread was lost while loading",
            ))
        })?;
        let first = Slot::new(Arc::clone(&graph), Arc::clone(thread));
        thread.tell(Control::Adopt {
            slot: first.id,
            graph: Arc::clone(&graph),
        });
        let others = (1..self.runtimes()).map(|at| {
            let thread = &self.threads[(number + at) % self.threads.len()];
            Slot::new(Arc::clone(&graph), Arc::clone(thread))
        });
        let slots: Arc<[Arc<Slot>]> = std::iter::once(Arc::clone(&first)).chain(others).collect();
        let workflows = ScriptWorkflow::all(
            registration.workflows,
            registration.parts,
            slots,
            self.options.isolation,
        );
        Ok(LoadedModule {
            workflows,
            warnings: registration.warnings,
            gateway_options: registration.gateway_options,
            keeps_state: graph.state_of_author().cloned(),
            looked_at: Arc::clone(&graph.looked_at),
        })
    }

    fn runtimes(&self) -> usize {
        match self.options.isolation {
            Isolation::Module => self.options.runtimes_per_module.max(1),
            Isolation::Run => 1,
        }
    }

    /// Stops the threads. Calls under way end with a lost runtime; a thread that is stuck is left behind.
    pub fn shutdown(&mut self) {
        drop(self.watchdog.take());
        let joins: Vec<_> = self
            .threads
            .iter()
            .map(|thread| (thread, thread.stop()))
            .collect();
        let deadline = Instant::now() + PATIENCE;
        for (thread, join) in joins {
            let Some(join) = join else { continue };
            while !join.is_finished() && !thread.is_stuck() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
            }
            if join.is_finished() {
                let _ = join.join();
            }
        }
    }
}

impl Drop for ScriptHost {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl std::fmt::Debug for LoadedModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<_> = self
            .workflows
            .iter()
            .map(|workflow| &workflow.definition().key)
            .collect();
        f.debug_struct("LoadedModule")
            .field("workflows", &keys)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}
