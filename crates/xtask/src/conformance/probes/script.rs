//! The script of a probe: what its module says to do, beside what the recording says came of it.
//!
//! The recording leaves out inputs and payloads, so the steps are read from the module itself:
//! the literal behind `export const probe =` is evaluated by node, which the tests need anyway.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::process;

/// Start of the literal in a probe module.
const DECLARATION: &str = "export const probe =";

/// A probe: its steps with the recorded results, and the recorded end state.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) runs: Vec<Value>,
    /// How many runs there are, when not all of them are recorded.
    pub(crate) run_count: Option<usize>,
}

/// What a probe does that has not been recorded, and what is to be recorded of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Value>,
    /// The runs to record; all of them when it is absent.
    pub(crate) show: Option<Vec<String>>,
}

/// One step: the literal of the module and the recorded result.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) literal: Value,
    pub(crate) result: Value,
}

impl Script {
    /// Reads module and recording of a probe.
    pub(crate) fn read(module: &Path, expectation: &Path) -> Result<Self> {
        let source = std::fs::read_to_string(module)
            .with_context(|| format!("failed to read {}", module.display()))?;
        let recorded = std::fs::read_to_string(expectation)
            .with_context(|| format!("failed to read {}", expectation.display()))?;
        let recorded: Value =
            serde_json::from_str(&recorded).context("the expectation is no JSON")?;
        let literals = evaluate(literal_of(&source)?)?;
        Self::join(&literals["steps"], &recorded)
    }

    /// What a probe does that has not been recorded.
    pub(crate) fn plan_of(module: &Path) -> Result<Plan> {
        let source = std::fs::read_to_string(module)
            .with_context(|| format!("failed to read {}", module.display()))?;
        let literal = evaluate(literal_of(&source)?)?;
        serde_json::from_value(literal).context("the module has no steps")
    }

    fn join(literals: &Value, recorded: &Value) -> Result<Self> {
        let literals = literals.as_array().context("the module has no steps")?;
        let results = recorded["steps"]
            .as_array()
            .context("the expectation has no steps")?;
        ensure!(
            literals.len() == results.len(),
            "{} steps, but {} results",
            literals.len(),
            results.len()
        );
        let steps = literals.iter().zip(results).map(|(literal, recorded)| {
            ensure!(
                literal["op"] == recorded["op"],
                "step {} was recorded as {}",
                literal["op"],
                recorded["op"]
            );
            Ok(Step {
                literal: literal.clone(),
                result: recorded["result"].clone(),
            })
        });
        let runs = recorded["runs"]
            .as_array()
            .context("the expectation has no runs")?
            .clone();
        let run_count = recorded["runCount"].as_u64();
        Ok(Self {
            steps: steps.collect::<Result<_>>()?,
            runs,
            run_count: run_count.and_then(|count| usize::try_from(count).ok()),
        })
    }
}

fn literal_of(source: &str) -> Result<&str> {
    let start = source
        .find(DECLARATION)
        .context("the module exports no probe")?
        + DECLARATION.len();
    Ok(source[start..].trim().trim_end_matches(';'))
}

fn evaluate(literal: &str) -> Result<Value> {
    let mut node = Command::new("node");
    node.args([
        "--eval",
        &format!("process.stdout.write(JSON.stringify({literal}))"),
    ]);
    let printed = process::output(node).context("node cannot evaluate the script of the probe")?;
    serde_json::from_str(&printed).context("the script of the probe is no JSON")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_literal_ends_with_the_module() {
        let source = "const a = 1;\nexport const probe = { steps: [{ op: \"run\" }] };\n";
        assert_eq!(literal_of(source).unwrap(), "{ steps: [{ op: \"run\" }] }");
        assert!(literal_of("export default 1").is_err());
    }

    #[test]
    fn steps_carry_the_input_of_the_module_and_the_result_of_the_recording() {
        let recorded =
            json!({ "steps": [{ "op": "run", "result": { "status": "finished" } }], "runs": [] });
        let script = Script::join(
            &json!([{ "op": "run", "input": { "base": 10 } }]),
            &recorded,
        )
        .unwrap();
        assert_eq!(script.steps[0].literal["input"]["base"], 10);
        assert_eq!(script.steps[0].result["status"], "finished");
        assert!(Script::join(&json!([{ "op": "resume" }]), &recorded).is_err());
    }
}
