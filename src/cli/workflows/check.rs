//! `smithers workflows check`: loads a module as a gateway would, renders a first frame of each of its
//! workflows, and serves nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use smithers_actors::schedules;
use smithers_model::workflow::{Workflow, WorkflowDefinition};

use super::hint::{Hint, hints};
use super::rehearsal::{Rehearsal, rehearse};
use crate::cli::config::FileArg;
use crate::cli::error::CliError;
use crate::cli::input::InputArgs;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note, warn};
use crate::cli::start_error;
use crate::gateway::{Extras, Modules, StartError};

const EXAMPLES: &str = "\
Examples:
  smithers workflows check gateway.tsx
  smithers workflows check gateway.tsx --workflow release --input '{\"version\": \"1.2.3\"}'
  smithers workflows check --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CheckArgs {
    /// File of the module; without it that of the configuration.
    module: Option<PathBuf>,
    /// Only the workflow with this key.
    #[arg(long, value_name = "KEY")]
    workflow: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    file: FileArg,
}

/// A workflow and how its first frame came out.
struct Checked {
    definition: Arc<WorkflowDefinition>,
    rehearsal: Rehearsal,
}

pub(super) fn run(args: &CheckArgs, output: &Output) -> anyhow::Result<()> {
    let module = args.module.as_ref().map(|path| path.display().to_string());
    let flags: BTreeMap<_, _> = module
        .map(|module| ("SMITHERS_GATEWAY_MODULE", module))
        .into_iter()
        .collect();
    let config = args.file.read(flags)?;
    let mut modules = Modules::load(&config, Extras::default()).map_err(refused)?;
    let definitions = modules.catalogue().definitions();
    schedules::check(&definitions, moment::now())
        .map_err(|wrong| start_error::explained(wrong.into()))?;
    let chosen = chosen(&modules, args.workflow.as_deref())?;
    let checked = rehearse_all(&chosen, args)?;
    for warning in modules.warnings() {
        warn(warning);
    }
    let hints = hints(&modules);
    modules.shutdown();
    output.print_table(&rows(&checked, &hints), || table(&checked))?;
    for hint in &hints {
        note(&format!("hint: {}", hint.to_text()));
    }
    tell(&checked)
}

/// The workflows to look at.
fn chosen(modules: &Modules, key: Option<&str>) -> anyhow::Result<Vec<Arc<dyn Workflow>>> {
    let catalogue = modules.catalogue();
    let definitions = catalogue.definitions().into_iter();
    let chosen: Vec<_> = definitions
        .filter(|definition| key.is_none_or(|key| definition.key.as_str() == key))
        .filter_map(|definition| catalogue.get(definition.key.as_str()))
        .collect();
    match (key, chosen.is_empty()) {
        (Some(key), true) => {
            let message = format!("the module registers no workflow `{key}`");
            Err(CliError::usage(message).into())
        }
        _ => Ok(chosen),
    }
}

fn rehearse_all(workflows: &[Arc<dyn Workflow>], args: &CheckArgs) -> anyhow::Result<Vec<Checked>> {
    let input = args.input.read()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to start a runtime")?;
    let mut checked = Vec::new();
    for workflow in workflows {
        checked.push(Checked {
            definition: Arc::clone(workflow.definition()),
            rehearsal: runtime.block_on(rehearse(workflow, input.as_ref())),
        });
    }
    Ok(checked)
}

fn rows(checked: &[Checked], hints: &[Hint]) -> Vec<Value> {
    let row = |checked: &Checked| {
        let Checked {
            definition,
            rehearsal,
        } = checked;
        json!({
            "key": definition.key.as_str(),
            "readableName": definition.readable_name,
            "description": definition.description,
            "system": definition.system,
            "hash": definition.revision.hash,
            "outputs": outputs(definition),
            "input": rehearsal.input,
            "tasks": rehearsal.tasks,
            "problem": rehearsal.problem,
            "warnings": rehearsal.warnings,
            "hints": hints,
        })
    };
    checked.iter().map(row).collect()
}

fn table(checked: &[Checked]) -> Table {
    let mut table = Table::new(["workflow", "name", "outputs", "first frame"]);
    for Checked {
        definition,
        rehearsal,
    } in checked
    {
        let tasks = rehearsal.tasks.len();
        let frame = match (&rehearsal.problem, tasks) {
            (Some(_), _) => Cell::new("failed", Paint::Red),
            (None, 1) => Cell::new("1 task", Paint::Green),
            (None, tasks) => Cell::new(format!("{tasks} tasks"), Paint::Green),
        };
        table.row([
            definition.key.as_str().into(),
            definition
                .readable_name
                .as_deref()
                .unwrap_or_default()
                .into(),
            Cell::new(outputs(definition).join(", "), Paint::Dim),
            frame,
        ]);
    }
    table
}

fn outputs(definition: &WorkflowDefinition) -> Vec<&str> {
    definition
        .outputs
        .iter()
        .map(|table| table.key.as_str())
        .collect()
}

/// Tells what was found besides the rows; fails when a workflow cannot run.
fn tell(checked: &[Checked]) -> anyhow::Result<()> {
    if checked.is_empty() {
        warn("the module registers no workflow");
    }
    let mut problems = Vec::new();
    for Checked {
        definition,
        rehearsal,
    } in checked
    {
        for warning in &rehearsal.warnings {
            warn(&format!("{}: {warning}", definition.key));
        }
        if let Some(problem) = &rehearsal.problem {
            problems.push(format!("{}: {}", definition.key, problem.to_text()));
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(CliError::new("WORKFLOW_BROKEN", problems.join("\n")).into()),
    }
}

/// The error of a module names the place in its source; others are told as they are.
fn refused(error: StartError) -> anyhow::Error {
    match error {
        StartError::Module(error) => CliError::new("MODULE_BROKEN", error.to_string()).into(),
        other => other.into(),
    }
}
