//! Launching runs that no caller asks for: the firings of schedules, and what comes in by other ways than a method.

use std::sync::Arc;

use smithers_model::audit::Channel;
use smithers_model::error::ErrorInfo;
use smithers_model::redact::Finding;
use smithers_model::run::{Actor as Person, RunAuth, RunConfig};
use smithers_model::schedule::Firing;
use smithers_model::step::Launch;
use smithers_model::time::Clock;
use smithers_model::workflow::Workflow;
use smithers_model::{RawJson, RunId};
use smithers_store::Backend;

use crate::catalogue::Catalogue;
use crate::registry::Runs;
use crate::run::RunError;

/// Role of a launcher that is no person.
const SYSTEM_ROLE: &str = "system";
/// Its scopes: what it launches is what the module and those who may write schedules have set up.
const SYSTEM_SCOPES: &str = "*";

/// Who acts when the gateway does so itself: `name`, such as `cron:gateway`, who may do anything.
pub fn system_person(name: String, channel: Channel) -> Person {
    Person {
        user_id: Some(name),
        role: SYSTEM_ROLE.into(),
        scopes: vec![SYSTEM_SCOPES.into()],
        holds_all: true,
        channel,
        ..Person::default()
    }
}

/// A run that is to be launched by the gateway itself.
#[derive(Debug)]
pub struct SystemLaunch {
    /// Key of the workflow.
    pub workflow: String,
    /// Id of the run to be.
    pub run_id: RunId,
    /// Before it is validated.
    pub input: RawJson,
    /// Who is recorded as the launcher, such as `cron:gateway`.
    pub triggered_by: String,
    /// By what way it comes.
    pub channel: Channel,
    /// A second launch of the workflow with the same key is the same launch.
    pub idempotency_key: Option<String>,
    /// The schedule whose firing it is.
    pub firing: Option<Firing>,
}

/// Why nothing was launched.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// No workflow is registered under this key.
    #[error("workflow \"{0}\" is not registered")]
    UnknownWorkflow(String),
    /// The input does not fit the workflow.
    #[error("{}", .0.message)]
    Input(ErrorInfo),
    /// The input holds a secret, which would be stored for good.
    #[error("the input holds a secret ({}) at {}", .0.rule, .0.path)]
    Secret(Finding),
    /// The run was not made.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Launches runs for the gateway itself. Cheap to clone.
#[derive(Clone)]
pub struct Launcher {
    /// Takes the launch.
    pub runs: Runs,
    /// Cleans the input.
    pub backend: Arc<dyn Backend>,
    /// Knows the workflow.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Folder of the module; what a run records as its root.
    pub root_dir: Arc<str>,
}

impl Launcher {
    /// Launches a run. Returns its id and its workflow once it is durable.
    ///
    /// # Errors
    /// The workflow is not registered, refuses the input, or the run cannot be made.
    pub async fn launch(
        &self,
        order: SystemLaunch,
    ) -> Result<(RunId, Arc<dyn Workflow>), LaunchError> {
        let workflow = self.catalogue.get(&order.workflow);
        let workflow =
            workflow.ok_or_else(|| LaunchError::UnknownWorkflow(order.workflow.clone()))?;
        let boundary = self.backend.boundary();
        if let Some(found) = boundary.secrets_in_input(&order.input).into_iter().next() {
            return Err(LaunchError::Secret(found));
        }
        let checked = workflow.check_input(order.input.clone()).await;
        let mut input = checked.map_err(LaunchError::Input)?;
        boundary.input(&order.run_id, &mut input);
        let launch = self.launch_of(order, input, &*workflow);
        let run_id = self.runs.launch_of(launch, workflow.clone()).await?;
        Ok((run_id, workflow))
    }

    fn launch_of(&self, order: SystemLaunch, input: RawJson, workflow: &dyn Workflow) -> Launch {
        let definition = workflow.definition();
        let auth = RunAuth {
            triggered_by: order.triggered_by.clone(),
            scopes: vec![SYSTEM_SCOPES.into()],
            role: SYSTEM_ROLE.into(),
            token_id: None,
            created_at: self.clock.now().to_iso(),
        };
        let actor = system_person(order.triggered_by, order.channel);
        Launch {
            run_id: order.run_id,
            workflow_key: definition.key.clone(),
            workflow_hash: (!definition.revision.hash.is_empty())
                .then(|| definition.revision.hash.clone()),
            system: definition.system,
            input,
            config: RunConfig::new(definition, &self.root_dir, auth),
            actor,
            idempotency_key: order.idempotency_key,
            firing: order.firing,
            fork: None,
        }
    }
}
