//! `cargo xtask conformance probes`: the probe modules, unmodified, against the built binary.

mod compare;
mod database;
mod scheduling;
mod script;
mod stage;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use self::compare::{LOCK_PROVES_DEATH, Outcome, RUNS_ARE_SHORT, WAITS_ACT};
use self::database::Database;
use self::script::{Plan, Script};
use self::stage::Stage;
use super::better::Better;
use super::report::{Report, with_log};
use crate::clients;
use crate::project::Project;

/// Table of the run's result, when a module has one.
const RESULT_TABLE: &str = "output";

/// Folders of probes: what the public engine does, and what this one does beyond it.
const RECORDED: &str = "tests/conformance/probes";
const OURS: &str = "tests/conformance/probes/ours";

/// How long a run at least took when it was recorded, where that makes a difference.
const RECORDED_RUN: Duration = Duration::from_millis(700);

/// Runs the probes in `only` (all when empty). With `write`, those of this project write down what comes of them
/// instead of comparing it.
pub(crate) async fn run(
    project: &Project,
    binary: &Path,
    only: &BTreeSet<String>,
    write: bool,
) -> Result<Report> {
    let better = Better::read(&project.path("tests/conformance/better.toml"))?;
    clients::install(project)?;
    let mut report = Report::new("probes");
    for module in chosen(project, only)? {
        let name = name_of(&module);
        let is_ours = module.parent() == Some(&*project.path(OURS));
        if write && is_ours {
            report.case(&name, record(project, binary, &module)).await;
        } else {
            report
                .case(&name, play(project, binary, &module, &better))
                .await;
        }
    }
    Ok(report)
}

/// Names of the probes that this project adds to the recorded ones.
pub(crate) fn ours(project: &Project) -> Result<Vec<String>> {
    let modules = modules(&project.path(OURS))?;
    Ok(modules.iter().map(|module| name_of(module)).collect())
}

/// Plays a probe and writes down what came of it, to be read by whoever adds it.
async fn record(project: &Project, binary: &Path, module: &Path) -> Result<()> {
    let Plan { steps, show } = Script::plan_of(module)?;
    let mut stage = Stage::set(binary, module, &clients::node_modules(project)).await?;
    let mut results = Vec::new();
    for step in &steps {
        let result = stage.act(step).await;
        let result = with_log(result, &stage.log_tail())?;
        results.push(json!({ "op": step["op"], "result": result }));
    }
    let database = stage.database()?;
    let ids = database.run_ids()?;
    let shown = show.as_ref().unwrap_or(&ids);
    let runs = shown.iter().map(|id| database.recording(id));
    let runs = runs.collect::<Result<Vec<_>>>()?;
    let mut expected = json!({ "probe": name_of(module), "steps": results, "runs": runs });
    if show.is_some() {
        expected["runCount"] = ids.len().into();
    }
    let text = serde_json::to_string_pretty(&expected)? + "\n";
    let file = module.with_extension("expected.json");
    std::fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))
}

async fn play(project: &Project, binary: &Path, module: &Path, better: &Better) -> Result<()> {
    let name = &*name_of(module);
    let script = Script::read(module, &module.with_extension("expected.json"))?;
    let rules = better.for_probe(name);
    let unknown = rules.iter().find(|rule| !compare::RULES.contains(*rule));
    ensure!(
        unknown.is_none(),
        "better.toml names the unknown rule `{}`",
        unknown.unwrap_or(&"")
    );
    let mut stage = Stage::set(binary, module, &clients::node_modules(project)).await?;
    let played = compare_all(&mut stage, &script, &rules).await;
    with_log(played, &stage.log_tail())
}

async fn compare_all(stage: &mut Stage, script: &Script, rules: &BTreeSet<&str>) -> Result<()> {
    let mut found = Vec::new();
    for (position, step) in script.steps.iter().enumerate() {
        if position > 0 && rules.contains(RUNS_ARE_SHORT) {
            tokio::time::sleep(RECORDED_RUN).await;
        }
        let mut got = stage
            .act(&step.literal)
            .await
            .with_context(|| format!("step {position} {}", step.literal))?;
        add_output(stage, &step.literal, &step.result, &mut got)?;
        if got != expected_result(&step.result, rules)
            && !ended_earlier(script, position, &got, rules)
        {
            found.push(format!(
                "step {position} {}: expected {}, got {got}",
                step.literal, step.result
            ));
        }
    }
    let database = stage.database()?;
    let ids = database.run_ids()?;
    let expected = script.run_count.unwrap_or(script.runs.len());
    if ids.len() != expected {
        found.push(format!("expected {expected} runs, got {}", ids.len()));
    }
    let shown: Vec<String> = match script.run_count {
        Some(_) => script.runs.iter().map(id_of).collect(),
        None => ids,
    };
    for (id, recorded) in shown.iter().zip(&script.runs) {
        found.extend(run_differences(&database, id, recorded, rules)?);
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!(
        "{} differences:\n      {}",
        found.len(),
        found.join("\n      ")
    )
}

/// A resume that was refused while the killed owner might have been alive goes through, since the lock proves it dead.
fn expected_result(recorded: &Value, rules: &BTreeSet<&str>) -> Value {
    let is_refused = recorded["errorCode"] == "RUN_STILL_RUNNING";
    if is_refused && rules.contains(LOCK_PROVES_DEATH) {
        json!({ "status": "finished" })
    } else {
        recorded.clone()
    }
}

/// Once every signal has been sent, a run whose waits find them ends by itself: later results are that of its end.
fn ended_earlier(script: &Script, position: usize, got: &Value, rules: &BTreeSet<&str>) -> bool {
    let is_signal = |step: &script::Step| step.literal["op"] == "signal";
    let last_signal = script.steps.iter().rposition(is_signal);
    let end = script.runs.first().map(|run| &run["status"]);
    rules.contains(WAITS_ACT)
        && last_signal.is_some_and(|last| last < position)
        && end.is_some_and(|end| got["status"] == *end)
}

fn id_of(recorded: &Value) -> String {
    recorded["runId"].as_str().unwrap_or_default().to_owned()
}

fn run_differences(
    database: &Database,
    id: &str,
    recorded: &Value,
    rules: &BTreeSet<&str>,
) -> Result<Vec<String>> {
    let tables: Vec<&str> = recorded["outputs"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    let actual = database.run(id, &tables)?;
    let events = database.events(id)?;
    let found = compare::differences(
        &Outcome {
            recorded,
            actual: &actual,
            events: &events,
        },
        rules,
    );
    Ok(found
        .into_iter()
        .map(|line| format!("{id}: {line}"))
        .collect())
}

/// Adds the rows of the result table to the result of a finished run, where the recording shows them.
fn add_output(stage: &Stage, step: &Value, recorded: &Value, got: &mut Value) -> Result<()> {
    if !recorded["output"].is_array() || !got["status"].is_string() {
        return Ok(());
    }
    let run = step["runId"].as_str().unwrap_or("r1");
    let rows = stage.database()?.user_rows(RESULT_TABLE, run)?;
    got["output"] = rows.iter().map(|row| result_row(run, row)).collect();
    Ok(())
}

/// Spells a stored row as a run's result has it: camel case, the run's id first, whole numbers whole.
fn result_row(run: &str, row: &Value) -> Value {
    let mut fields = Map::from_iter([("runId".to_owned(), json!(run))]);
    for (column, value) in row.as_object().into_iter().flatten() {
        let whole = value
            .as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and below 10^15, as checked above"
        )]
        let value = whole.map_or_else(|| value.clone(), |number| json!(number as i64));
        fields.insert(camel_case(column), value);
    }
    fields.into()
}

fn camel_case(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let head = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &head.into_iter().chain(letters).collect::<String>()
    })
}

/// The modules of the probes in `only`, all when empty.
fn chosen(project: &Project, only: &BTreeSet<String>) -> Result<Vec<PathBuf>> {
    let mut known = modules(&project.path(RECORDED))?;
    known.extend(modules(&project.path(OURS))?);
    let names: BTreeSet<String> = known.iter().map(|module| name_of(module)).collect();
    let missing: Vec<&String> = only.difference(&names).collect();
    ensure!(missing.is_empty(), "there is no probe {missing:?}");
    known.retain(|module| only.is_empty() || only.contains(&name_of(module)));
    Ok(known)
}

/// The modules in `folder`, by name.
fn modules(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("failed to list {}", folder.display()))?;
    let files = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut modules: Vec<PathBuf> = files
        .filter(|file| file.extension().is_some_and(|kind| kind == "tsx"))
        .collect();
    modules.sort();
    Ok(modules)
}

fn name_of(module: &Path) -> String {
    let stem = module.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_row_is_spelled_as_a_result() {
        let row = json!({ "node_id": "sum", "iteration": 0, "total_sum": 13.0, "ratio": 0.5 });
        let expected =
            json!({ "runId": "r1", "nodeId": "sum", "iteration": 0, "totalSum": 13, "ratio": 0.5 });
        assert_eq!(result_row("r1", &row), expected);
    }

    #[test]
    fn every_probe_has_a_script_that_can_be_read() {
        let project = Project::find().unwrap();
        for module in chosen(&project, &BTreeSet::new()).unwrap() {
            Script::read(&module, &module.with_extension("expected.json")).unwrap();
        }
    }
}
