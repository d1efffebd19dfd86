//! `launchRun` and `runs.rerun`.

use std::sync::Arc;

use serde_json::Value;
use smithers_actors::session::{Caller, Identity};
use smithers_model::run::{RunAuth, RunConfig, RunRow, StartedBy};
use smithers_model::step::Launch;
use smithers_model::workflow::{Workflow, WorkflowDefinition};
use smithers_model::{RawJson, RunId, Timestamp};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{LaunchRun, Params, RerunRun};
use smithers_protocol::view::LaunchAnswer;

use super::following::Following;
use super::{Service, encode, error};
use crate::metrics::Metrics;

impl Service {
    /// Launches a run. The input is validated before a run exists; the answer means that the run is durable.
    pub(super) async fn launch_run(
        &self,
        caller: &Caller,
        params: Params,
    ) -> Result<Payload, RpcError> {
        self.launch_as(caller, LaunchRun::read(params)?, |_| ())
            .await
    }

    /// Launches a run with the input of another one, of the workflow as it is now.
    pub(super) async fn rerun(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let RerunRun { run_id, new_run_id } = RerunRun::read(params)?;
        let id = RunId::from(run_id.as_str());
        let row = self
            .read_briefly(move |reader| reader.run(&id).map_err(error::of_read))
            .await?
            .ok_or_else(|| RpcError::no_such_run(&run_id))?;
        if row.tie.is_some() {
            return Err(RpcError::rerun_of_child());
        }
        let request = again(&row, new_run_id);
        self.launch_as(caller, request, |launch| {
            launch.config.rerun_of = Some(row.run_id)
        })
        .await
    }

    /// As [`launch_run`](Self::launch_run), of a request that was read; `complete` adds what it does not say.
    pub(super) async fn launch_as(
        &self,
        caller: &Caller,
        request: LaunchRun,
        complete: impl FnOnce(&mut Launch),
    ) -> Result<Payload, RpcError> {
        let workflow = self
            .catalogue
            .get(&request.workflow)
            .ok_or_else(|| RpcError::unknown_workflow(&request.workflow))?;
        if let Some(run_id) = &request.run_id {
            self.refuse_known_run(run_id, &request).await?;
        }
        let given = RawJson::of(&Value::Object(request.input.clone()));
        self.refuse_secrets(&request, &given)?;
        let mut input = workflow
            .check_input(given)
            .await
            .map_err(|refused| RpcError::invalid_input(refused.message))?;
        // The run begins with what its row will say.
        let run_id = RunId::from(request.run_id.as_deref().unwrap_or_default());
        self.backend.boundary().input(&run_id, &mut input);
        let mut launch = self.launch(caller, &request, workflow.definition(), input);
        complete(&mut launch);
        let run_id = self.hand_over(caller, launch, workflow.clone()).await?;
        let system = workflow.definition().system;
        encode(&LaunchAnswer {
            run_id: run_id.as_str(),
            workflow: &request.workflow,
            system,
        })
    }

    /// Refuses what would store a secret for good, or lose the secret that somebody counts on.
    fn refuse_secrets(&self, request: &LaunchRun, input: &RawJson) -> Result<(), RpcError> {
        let boundary = self.backend.boundary();
        let names = [
            ("options.runId", request.run_id.as_deref()),
            ("options.idempotencyKey", request.idempotency_key.as_deref()),
        ];
        let in_name = names.into_iter().find_map(|(field, name)| {
            let holds_secret = boundary.is_secret_name(name?);
            holds_secret.then(|| (field.to_owned(), "name"))
        });
        let in_input = || {
            let found = boundary.secrets_in_input(input).into_iter().next();
            found.map(|found| (found.path, found.rule))
        };
        let Some((field, rule)) = in_name.or_else(in_input) else {
            return Ok(());
        };
        tracing::warn!(workflow = %request.workflow, field, rule, "a launch was refused because it holds a secret");
        Metrics.secret_refused();
        Err(RpcError::secret_in_payload(&field, rule))
    }

    /// Hands the launch to the runs. A socket follows the run before it exists, so that it misses nothing.
    async fn hand_over(
        &self,
        caller: &Caller,
        launch: Launch,
        workflow: Arc<dyn Workflow>,
    ) -> Result<RunId, RpcError> {
        let asked = launch.run_id.clone();
        let following = Following::begin(caller, &asked);
        let launched = self.runs.launch_of(launch, workflow).await;
        match (&launched, &caller.connection) {
            (Ok(known), Some(connection)) if *known != asked => {
                following.take_back();
                connection.follow(known);
            }
            _ => following.settle(&launched),
        }
        launched.map_err(|refused| error::of_run(refused, asked.as_str(), None))
    }

    /// Refuses an id that is taken before the input is looked at; the commit checks again.
    /// A launch with an idempotency key may name the run that it made.
    async fn refuse_known_run(&self, run_id: &str, request: &LaunchRun) -> Result<(), RpcError> {
        if request.idempotency_key.is_some() {
            return Ok(());
        }
        let id = RunId::from(run_id);
        let known = self
            .read_briefly(move |reader| reader.run(&id).map_err(error::of_read))
            .await?;
        match known {
            None => Ok(()),
            Some(row) if row.status.is_terminal() => Err(RpcError::run_exists(run_id)),
            Some(_) => Err(RpcError::run_already_active(run_id)),
        }
    }

    fn launch(
        &self,
        caller: &Caller,
        request: &LaunchRun,
        definition: &WorkflowDefinition,
        input: RawJson,
    ) -> Launch {
        let now = self.clock.now();
        Launch {
            run_id: request
                .run_id
                .as_deref()
                .map_or_else(RunId::random, RunId::from),
            workflow_key: definition.key.clone(),
            workflow_hash: (!definition.revision.hash.is_empty())
                .then(|| definition.revision.hash.clone()),
            system: definition.system,
            input,
            config: self.config(&caller.identity, request, definition, now),
            actor: caller.actor(),
            idempotency_key: request.idempotency_key.clone(),
            firing: None,
            fork: None,
        }
    }

    fn config(
        &self,
        caller: &Identity,
        request: &LaunchRun,
        definition: &WorkflowDefinition,
        now: Timestamp,
    ) -> RunConfig {
        let auth = RunAuth {
            triggered_by: caller.user_id.clone().unwrap_or_else(|| "gateway".into()),
            scopes: caller.grants.written().to_vec(),
            role: caller.role.clone(),
            token_id: caller.token_id.clone(),
            created_at: now.to_iso(),
        };
        let usual = RunConfig::new(definition, &self.root_dir, auth);
        RunConfig {
            max_concurrency: request
                .max_concurrency
                .map(|cap| u32::try_from(cap).unwrap_or(u32::MAX)),
            allow_network: request.allow_network.unwrap_or(usual.allow_network),
            max_output_bytes: request.max_output_bytes.unwrap_or(usual.max_output_bytes),
            tool_timeout_ms: request.tool_timeout_ms.unwrap_or(usual.tool_timeout_ms),
            started_by: request.started_by.as_ref().map(|started_by| StartedBy {
                harness: started_by.harness.clone(),
                session_id: started_by.session_id.clone(),
                prompt: started_by.prompt.clone(),
                detected: started_by.detected,
            }),
            ..usual
        }
    }
}

/// A launch like that of `row`: the same workflow, input and options.
pub(super) fn again(row: &RunRow, new_run_id: Option<String>) -> LaunchRun {
    // A damaged configuration (only possible in stored data) reads as one without options.
    let config: Option<RunConfig> = serde_json::from_str(row.config.as_str()).ok();
    let config = config.as_ref();
    let input = match row.input.value() {
        Value::Object(input) => input,
        _ => Params::new(),
    };
    LaunchRun {
        workflow: row.workflow_key.to_string(),
        input,
        run_id: new_run_id,
        idempotency_key: None,
        max_concurrency: config
            .and_then(|config| config.max_concurrency)
            .map(u64::from),
        allow_network: config.map(|config| config.allow_network),
        max_output_bytes: config.map(|config| config.max_output_bytes),
        tool_timeout_ms: config.map(|config| config.tool_timeout_ms),
        started_by: None,
    }
}
