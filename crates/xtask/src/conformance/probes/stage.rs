//! A probe on its stage: module, database and gateway, and what each step of the script does there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use smithers_testkit::rpc::Refusal;
use smithers_testkit::{Gateway, Scratch, wait};

use super::database::Database;

/// Token of the one who decides in the recordings.
const TOKEN: &str = "probe-token";
/// Other people, for steps that say who asks.
const OTHERS: [&str; 2] = ["ben", "carl"];
/// Run of a step that names none.
const DEFAULT_RUN: &str = "r1";
/// Time for a run to end or park; the longest probe works for seven seconds.
pub(super) const SETTLE_DEADLINE: Duration = Duration::from_secs(40);
/// Node states in which nothing more will happen.
const ENDED: [&str; 4] = ["finished", "failed", "skipped", "cancelled"];

fn token_of(name: &str) -> String {
    format!("{name}-token")
}

/// The stage of one probe.
#[derive(Debug)]
pub(crate) struct Stage {
    binary: PathBuf,
    scratch: Scratch,
    gateway: Option<Gateway>,
    workflow: String,
    /// Decided nodes, by run: until they have ended, a parked status is an old one.
    decided: BTreeSet<(String, String)>,
}

impl Stage {
    /// Sets the stage for `module`: an unmodified copy beside `node_modules`.
    pub(crate) async fn set(binary: &Path, module: &Path, node_modules: &Path) -> Result<Self> {
        let grant = |name: &str| json!({ "role": "operator", "scopes": ["*"], "userId": format!("user:{name}") });
        let mut tokens = Map::from_iter([(TOKEN.to_owned(), grant("probe"))]);
        tokens.extend(OTHERS.map(|name| (token_of(name), grant(name))));
        let mut scratch = Scratch::new(&tokens.into())?;
        let name = module.file_name().context("the module has no name")?;
        let copy = scratch.path(&name.to_string_lossy());
        std::fs::copy(module, &copy).context("failed to copy the probe")?;
        std::os::unix::fs::symlink(node_modules, scratch.path("node_modules"))
            .context("failed to link node_modules")?;
        scratch.set("SMITHERS_GATEWAY_MODULE", copy.display().to_string());
        scratch.set("SMITHERS_MODULE_ENV", "PROBE_*");
        scratch.set("PROBE_DB", scratch.database().display().to_string());
        let workflow = module
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut stage = Self {
            binary: binary.to_owned(),
            scratch,
            gateway: None,
            workflow,
            decided: BTreeSet::new(),
        };
        stage.start().await?;
        Ok(stage)
    }

    /// The binary under test.
    pub(super) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Key of the workflow of the probe.
    pub(super) fn workflow(&self) -> &str {
        &self.workflow
    }

    /// Returns a view of the database.
    pub(crate) fn database(&self) -> Result<Database> {
        Database::open(&self.scratch.database())
    }

    /// Returns the end of the gateway's log.
    pub(crate) fn log_tail(&self) -> String {
        self.gateway
            .as_ref()
            .map(Gateway::log_tail)
            .unwrap_or_default()
    }

    /// Does one step and returns its result in the words of the recordings.
    pub(crate) async fn act(&mut self, step: &Value) -> Result<Value> {
        let run = step["runId"].as_str().unwrap_or(DEFAULT_RUN).to_owned();
        match step["op"].as_str().unwrap_or_default() {
            "run" => self.launch_and_wait(&run, step).await,
            "start" => self.launch_only(&run, step).await,
            "wait" if step["status"].is_string() => self.reaches(&run, &step["status"]).await,
            "wait" => self.settled(&run).await,
            "waitEvent" => self.see(&run, step).await,
            "resume" => self.resume(&run).await,
            "approve" => self.decide(&run, step, true).await,
            "deny" => self.decide(&run, step, false).await,
            "signal" => self.signal(&run, step).await,
            "sleep" => {
                tokio::time::sleep(Duration::from_millis(
                    step["ms"].as_u64().unwrap_or_default(),
                ))
                .await;
                Ok(Value::Null)
            }
            "kill9" => self.kill(&run, step).await,
            "rpc" => self.ask(step).await,
            "cli" => self.command(step),
            "cron" => self.schedule(step).await,
            "runs" => self.runs(step).await,
            "restart" => self.restart(step).await,
            other => bail!("steps of kind `{other}` cannot be played yet"),
        }
    }

    async fn start(&mut self) -> Result<()> {
        self.gateway = Some(Gateway::start(&self.binary, &self.scratch).await?);
        Ok(())
    }

    fn gateway(&self) -> Result<&Gateway> {
        self.gateway.as_ref().context("the gateway is not running")
    }

    pub(super) async fn call(&self, method: &str, params: Value) -> Result<Result<Value, Refusal>> {
        self.gateway()?.call(TOKEN, method, params).await
    }

    async fn launch(&self, run: &str, step: &Value) -> Result<Result<Value, Refusal>> {
        let input = if step["input"].is_object() {
            step["input"].clone()
        } else {
            json!({})
        };
        self.call(
            "launchRun",
            json!({ "workflow": self.workflow, "input": input, "options": { "runId": run } }),
        )
        .await
    }

    async fn launch_and_wait(&self, run: &str, step: &Value) -> Result<Value> {
        match self.launch(run, step).await? {
            Ok(_) => self.settled(run).await,
            Err(refusal) => Ok(json!({ "status": "failed", "errorCode": refusal.code })),
        }
    }

    async fn launch_only(&self, run: &str, step: &Value) -> Result<Value> {
        match self.launch(run, step).await? {
            Ok(_) => Ok(Value::Null),
            Err(refusal) => Ok(json!({ "thrown": refusal.code })),
        }
    }

    /// Calls a method and shows the fields of its answer that `show` names. `as` says who asks.
    async fn ask(&self, step: &Value) -> Result<Value> {
        let method = step["method"].as_str().context("a call names its method")?;
        let token = step["as"].as_str().map_or_else(|| TOKEN.into(), token_of);
        let answer = self.gateway()?.call(&token, method, step["params"].clone());
        let shown = match answer.await? {
            Err(refusal) => return Ok(json!({ "thrown": refusal.code })),
            Ok(answer) => answer,
        };
        let names = step["show"].as_array().into_iter().flatten();
        let names = names.filter_map(Value::as_str);
        Ok(names
            .map(|name| (name.to_owned(), shown[name].clone()))
            .collect())
    }

    /// Stops the gateway, and starts it again `downMs` later.
    async fn restart(&mut self, step: &Value) -> Result<Value> {
        if let Some(gateway) = self.gateway.take() {
            gateway.stop().await?;
        }
        let down = step["downMs"].as_u64().unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(down)).await;
        self.start().await?;
        Ok(Value::Null)
    }

    /// Waits until an event of a type, and of a node when one is named, is stored.
    async fn see(&self, run: &str, step: &Value) -> Result<Value> {
        let database = self.database()?;
        let what = format!("{} of {}", step["type"], step["nodeId"]);
        wait::until(&what, SETTLE_DEADLINE, || {
            let is_it = |event: &Value| {
                event["type"] == step["type"]
                    && (step["nodeId"].is_null() || event["node"] == step["nodeId"])
            };
            let events = database.events(run);
            let found = events.map(|events| events.iter().any(is_it).then_some(()));
            async move { found }
        })
        .await?;
        Ok(Value::Null)
    }

    async fn resume(&self, run: &str) -> Result<Value> {
        match self.call("resumeRun", json!({ "runId": run })).await? {
            Ok(_) => self.settled(run).await,
            Err(refusal) => Ok(json!({ "status": "failed", "errorCode": refusal.code })),
        }
    }

    async fn decide(&mut self, run: &str, step: &Value, approved: bool) -> Result<Value> {
        let node = step["nodeId"]
            .as_str()
            .context("a decision names its node")?
            .to_owned();
        let mut params =
            json!({ "runId": run, "nodeId": node, "iteration": 0, "approved": approved });
        if step["note"].is_string() {
            params["note"] = step["note"].clone();
        }
        if step["decision"].is_object() {
            params["decision"] = step["decision"].clone();
        }
        Ok(match self.call("submitApproval", params).await? {
            Ok(_) => {
                self.decided.insert((run.to_owned(), node));
                json!("ok")
            }
            Err(refusal) => json!({ "thrown": refusal.code }),
        })
    }

    async fn signal(&self, run: &str, step: &Value) -> Result<Value> {
        let mut params =
            json!({ "runId": run, "signalName": step["name"], "payload": step["payload"] });
        if step["correlationId"].is_string() {
            params["correlationId"] = step["correlationId"].clone();
        }
        Ok(match self.call("submitSignal", params).await? {
            Ok(answer) => json!({ "seq": answer["seq"] }),
            Err(refusal) => json!({ "thrown": refusal.code }),
        })
    }

    /// Runs the probe in a process with `PROBE_SLOW`, kills it after the named event, starts one without.
    async fn kill(&mut self, run: &str, step: &Value) -> Result<Value> {
        if let Some(gateway) = self.gateway.take() {
            gateway.stop().await?;
        }
        self.scratch.set("PROBE_SLOW", "1");
        self.start().await?;
        if let Err(refusal) = self.launch(run, step).await? {
            bail!(
                "the launch was refused: {} {}",
                refusal.code,
                refusal.message
            );
        }
        let database = self.database()?;
        let what = format!("{} of {}", step["afterType"], step["nodeId"]);
        wait::until(&what, SETTLE_DEADLINE, || {
            let events = database.events(run);
            let is_it = |event: &Value| {
                event["type"] == step["afterType"] && event["node"] == step["nodeId"]
            };
            let found = events.map(|events| events.iter().any(is_it).then_some(()));
            async move { found }
        })
        .await?;
        tokio::time::sleep(Duration::from_millis(
            step["extraMs"].as_u64().unwrap_or_default(),
        ))
        .await;
        self.gateway
            .take()
            .context("the gateway is not running")?
            .kill9()
            .await?;
        self.scratch.unset("PROBE_SLOW");
        self.start().await?;
        Ok(json!("killed"))
    }

    /// Waits until the run has a status.
    async fn reaches(&self, run: &str, status: &Value) -> Result<Value> {
        wait::until(
            &format!("run {run} to be {status}"),
            SETTLE_DEADLINE,
            || async {
                let record = self.call("getRun", json!({ "runId": run })).await?;
                let is_there = record.is_ok_and(|record| record["status"] == *status);
                Ok(is_there.then_some(()))
            },
        )
        .await?;
        Ok(json!({ "status": status }))
    }

    /// Waits until the run has ended or parked and returns its status.
    async fn settled(&self, run: &str) -> Result<Value> {
        let status = wait::until(
            &format!("run {run} to end or park"),
            SETTLE_DEADLINE,
            || self.settled_status(run),
        )
        .await;
        let mut result = json!({ "status": status? });
        let events = self.database()?.events(run)?;
        let finished = events.iter().rfind(|event| event["type"] == "RunFinished");
        for name in ["failedChildren", "failedChildKeys"] {
            if let Some(failed) = finished.and_then(|event| event.get(name)) {
                result[name] = failed.clone();
            }
        }
        Ok(result)
    }

    async fn settled_status(&self, run: &str) -> Result<Option<Value>> {
        let record = self
            .gateway()?
            .expect(TOKEN, "getRun", json!({ "runId": run }))
            .await?;
        let status = record["status"].clone();
        let is_over = ["finished", "failed", "cancelled", "continued"]
            .iter()
            .any(|name| status == *name);
        let is_settled =
            is_over || (status != "running" && self.decisions_took_effect(run).await?);
        Ok(is_settled.then_some(status))
    }

    async fn decisions_took_effect(&self, run: &str) -> Result<bool> {
        let states = self
            .gateway()?
            .expect(TOKEN, "listNodeStates", json!({ "runId": run }))
            .await?;
        let has_ended = |node: &str| {
            let state = states
                .as_array()
                .into_iter()
                .flatten()
                .find(|row| row["nodeId"] == node);
            state.is_some_and(|row| ENDED.iter().any(|name| row["state"] == *name))
        };
        Ok(self
            .decided
            .iter()
            .filter(|(of, _)| of == run)
            .all(|(_, node)| has_ended(node)))
    }
}
