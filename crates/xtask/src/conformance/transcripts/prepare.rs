//! The ground that recordings leave out, from `tests/conformance/prepare.toml`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use smithers_testkit::{rpc, wait};

/// Token that launches what the recordings do not show.
const LAUNCHER: &str = "operator-token";
/// Time for the prepared run to reach its state.
const STATE_DEADLINE: Duration = Duration::from_secs(20);

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preparations {
    #[serde(default)]
    prepare: Vec<Preparation>,
}

/// What happens before one step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preparation {
    file: String,
    before: usize,
    #[serde(rename = "why")]
    _why: String,
    launch: Option<Launch>,
    until_state_version: Option<u64>,
    /// Number of approvals that must wait.
    until_waiting: Option<usize>,
    /// What some run must have come to.
    until_run: Option<Milestone>,
    pause_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Milestone {
    workflow: String,
    status: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Launch {
    workflow: String,
    input: Value,
    run_id: String,
}

impl Preparations {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("failed to understand {}", path.display()))
    }

    /// Returns what has to happen before step `index` of the recording `number`.
    pub(crate) fn before<'a>(
        &'a self,
        number: &'a str,
        index: usize,
    ) -> impl Iterator<Item = &'a Preparation> {
        self.prepare
            .iter()
            .filter(move |entry| entry.file == number && entry.before == index)
    }
}

impl Preparation {
    /// Does it, against the gateway at `address`.
    pub(crate) async fn carry_out(&self, address: &str) -> Result<()> {
        if let Some(launch) = &self.launch {
            let options = json!({ "runId": launch.run_id });
            let params =
                json!({ "workflow": launch.workflow, "input": launch.input, "options": options });
            let launched = rpc::expect(address, LAUNCHER, "launchRun", &params).await;
            launched.context("failed to prepare a run")?;
        }
        if let Some(version) = self.until_state_version {
            wait::until(
                &format!("state version {version}"),
                STATE_DEADLINE,
                || async move {
                    let health = rpc::expect(address, LAUNCHER, "health", &json!({})).await?;
                    Ok((health["stateVersion"] == version).then_some(()))
                },
            )
            .await?;
        }
        if let Some(waiting) = self.until_waiting {
            wait::until(
                &format!("{waiting} approvals to wait"),
                STATE_DEADLINE,
                || async move {
                    let rows = rpc::expect(address, LAUNCHER, "listApprovals", &json!({})).await?;
                    Ok((rows.as_array().map(Vec::len) == Some(waiting)).then_some(()))
                },
            )
            .await?;
        }
        if let Some(milestone) = &self.until_run {
            milestone.reached(address).await?;
        }
        if let Some(pause_ms) = self.pause_ms {
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        }
        Ok(())
    }
}

impl Milestone {
    /// Waits until there is a run of the workflow with the status.
    async fn reached(&self, address: &str) -> Result<()> {
        let Self { workflow, status } = self;
        let what = format!("a run of {workflow} to be {status}");
        wait::until(&what, STATE_DEADLINE, || async move {
            let rows = rpc::expect(address, LAUNCHER, "listRuns", &json!({})).await?;
            let is_there = |row: &Value| {
                row["workflowKey"] == workflow.as_str() && row["status"] == status.as_str()
            };
            let is_reached = rows
                .as_array()
                .is_some_and(|rows| rows.iter().any(is_there));
            Ok(is_reached.then_some(()))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preparations_are_found_by_file_and_step() {
        let text = "[[prepare]]\nfile = \"14\"\nbefore = 0\nwhy = \"w\"\npause_ms = 5\nlaunch = { workflow = \"a\", input = { n = 4 }, run_id = \"r\" }";
        let preparations: Preparations = toml::from_str(text).unwrap();
        let found: Vec<&Preparation> = preparations.before("14", 0).collect();
        assert_eq!(found[0].launch.as_ref().unwrap().input["n"], 4);
        assert_eq!(
            preparations.before("14", 1).count() + preparations.before("15", 0).count(),
            0
        );
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(
            toml::from_str::<Preparations>(
                "[[prepare]]\nfile = \"1\"\nbefore = 0\nwhy = \"w\"\nsleep = 1"
            )
            .is_err()
        );
    }
}
