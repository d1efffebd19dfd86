//! The module and the runtimes that execute it.

use std::fmt;
use std::path::PathBuf;

use smithers_engine::{CONCURRENCY_CEILING, ChangedWorkflow};

use super::key::key;
use super::module_env::ModuleEnv;
use super::reader::{Fallback, Reader};
use super::sources::WORKSPACE_DIR;

/// The module and the runtimes that execute it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The module that registers workflows.
    pub module: PathBuf,
    /// Variables of the environment that modules may read.
    pub module_env: ModuleEnv,
    /// Threads that execute runs.
    pub run_threads: usize,
    /// Tasks of one run in flight at most, when neither its launch nor its workflow says more.
    pub concurrency_ceiling: u32,
    /// Whether the module is loaded again when one of its files changes.
    pub watch: bool,
    /// What becomes of a run whose module has changed since it last went on.
    pub on_change: OnChange,
    /// Threads that execute scripts.
    pub script_threads: usize,
    /// Runtimes of one module graph.
    pub runtimes: usize,
    /// Commands that the tasks of one runtime may run at a time; 0 allows none.
    pub commands: usize,
    /// Whether runs share a runtime.
    pub isolation: ScriptIsolation,
}

/// What becomes of a run whose module has changed since it last went on, as the configuration says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnChange(pub ChangedWorkflow);

impl fmt::Display for OnChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.0 {
            ChangedWorkflow::Hold => "hold",
            ChangedWorkflow::Accept => "accept",
        })
    }
}

/// Whether runs share a runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptIsolation {
    /// Runs of a module share its runtimes and the state of its top level.
    Module,
    /// Every run has a runtime of its own.
    Run,
}

impl fmt::Display for ScriptIsolation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            ScriptIsolation::Module => "module",
            ScriptIsolation::Run => "run",
        })
    }
}

impl Script {
    pub(super) fn read(reader: &mut Reader<'_>) -> Script {
        reader.section("script", "The module and the runtimes that execute it.");
        let cores = reader.surroundings().cores;
        let isolations = [
            ("module", ScriptIsolation::Module),
            ("run", ScriptIsolation::Run),
        ];
        let watch = reader.flag(
            key(
                "script.watch",
                "SMITHERS_MODULE_WATCH",
                "Whether the module is loaded again when one of its files changes; a hangup signal does it always.",
            ),
            false,
        );
        Script {
            module: module(reader),
            module_env: ModuleEnv::read(reader),
            watch,
            on_change: on_change(reader, watch),
            run_threads: reader.number(
                key(
                    "script.run_threads",
                    "SMITHERS_RUN_THREADS",
                    "Threads that execute runs.",
                ),
                cores.clamp(1, 2),
                1..=64,
            ),
            concurrency_ceiling: reader.number(
                key(
                    "script.concurrency_ceiling",
                    "SMITHERS_AUTO_MAX_CONCURRENCY_CEILING",
                    "Tasks of one run in flight at most, when neither its launch nor a limit in its workflow says more.",
                ),
                CONCURRENCY_CEILING,
                4..=1024,
            ),
            script_threads: reader.number(
                key(
                    "script.script_threads",
                    "SMITHERS_SCRIPT_THREADS",
                    "Threads that execute scripts.",
                ),
                cores.clamp(1, 8),
                1..=64,
            ),
            runtimes: reader.number(
                key(
                    "script.runtimes",
                    "SMITHERS_SCRIPT_RUNTIMES",
                    "Runtimes of one module graph.",
                ),
                1,
                1..=64,
            ),
            commands: reader.number(
                key(
                    "script.commands",
                    "SMITHERS_MODULE_COMMANDS",
                    "Commands that the tasks of one runtime may run at a time, in a shell, with the rights of the gateway; 0 allows none.",
                ),
                0,
                0..=64,
            ),
            isolation: reader.word(
                key(
                    "script.isolation",
                    "SMITHERS_SCRIPT_ISOLATION",
                    "Whether runs of a module share its runtimes, or every run has one of its own.",
                ),
                ScriptIsolation::Module,
                &isolations,
            ),
        }
    }
}

/// Who watches a module edits it, and wants to see what comes of that.
fn on_change(reader: &mut Reader<'_>, watch: bool) -> OnChange {
    let (hold, accept) = (
        OnChange(ChangedWorkflow::Hold),
        OnChange(ChangedWorkflow::Accept),
    );
    reader.word(
        key(
            "script.workflow_change",
            "SMITHERS_WORKFLOW_CHANGE",
            "What becomes of a run whose module has changed since it last went on: it is held until somebody accepts the change, or it goes on with the new one. The default is accept when the module is watched.",
        ),
        if watch { accept } else { hold },
        &[("hold", hold), ("accept", accept)],
    )
}

fn module(reader: &mut Reader<'_>) -> PathBuf {
    let usual = format!("{WORKSPACE_DIR}/gateway.mjs");
    let fallback = if reader.surroundings().has_workspace_dir {
        Fallback {
            value: usual.clone(),
            reason: None,
        }
    } else {
        Fallback {
            value: "./gateway.mjs".into(),
            reason: Some("there is no /workspace".into()),
        }
    };
    let key = key(
        "script.module",
        "SMITHERS_GATEWAY_MODULE",
        "The module that registers workflows.",
    );
    reader.text_or(key, "a path", &usual, fallback).into()
}
