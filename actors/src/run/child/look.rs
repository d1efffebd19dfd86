//! Finding a child: it is started when there is none, and goes on when it has stopped.

use std::sync::Arc;

use actix::prelude::*;
use smithers_model::audit::Channel;
use smithers_model::fact::Revival;
use smithers_model::run::{Actor as Person, RunConfig, SubflowOf};
use smithers_model::step::Launch;
use smithers_model::tree::ChildSpec;
use smithers_model::workflow::Workflow;
use smithers_model::{NodeKey, RawJson, RunId, WorkflowKey};
use smithers_store::Backend;
use tokio::sync::oneshot;

use super::parent_as_person;
use super::standing::{Seen, Stands, refused, stands};
use crate::registry::{Redeliver, RunRegistry};
use crate::run::RunError;
use crate::run::messages::{CheckedBy, Receipt, RunRequest};

/// Most runs above one: a workflow that runs itself needs an end.
const DEEPEST: u32 = 16;

/// What is needed to start a child or to read how it stands.
pub(super) struct Look {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) registry: Addr<RunRegistry>,
    pub(super) workflow: Arc<dyn Workflow>,
    pub(super) parent: RunId,
    pub(super) config: Option<RunConfig>,
    pub(super) key_and_hash: (WorkflowKey, Option<String>),
    pub(super) node: NodeKey,
    pub(super) child: RunId,
}

impl Look {
    /// Starts the child when there is none, lets it go on when it has stopped, and tells how it stands.
    pub(super) async fn find(mut self, spec: Option<ChildSpec>) -> Seen {
        let Some((newest, stands)) = self.stands().await else {
            return Seen::Lost;
        };
        self.child = newest;
        match stands {
            Stands::Seen(seen) => seen,
            Stands::Nowhere => match spec {
                Some(spec) => self.launch(spec).await,
                None => Seen::Lost,
            },
            Stands::Stopped => self.revive(Revival::WhereItStopped).await,
            Stands::Held => self.release().await,
            Stands::Undone(part) => match spec {
                Some(spec) => self.start_again(part, spec).await,
                None => Seen::Lost,
            },
        }
    }

    async fn stands(&self) -> Option<(RunId, Stands)> {
        let (backend, child, workflow) = (
            self.backend.clone(),
            self.child.clone(),
            self.workflow.clone(),
        );
        let looking = move || stands(&*backend, &child, &*workflow);
        match crate::reading::off_arbiter(looking).await {
            Ok(Ok(stands)) => Some(stands),
            Ok(Err(error)) => {
                tracing::warn!(run.id = %self.child, %error, "a child run could not be read");
                None
            }
            Err(_) => None,
        }
    }

    /// Begins the child again, with the input that its task has now.
    async fn start_again(&self, part: Option<u32>, spec: ChildSpec) -> Seen {
        if part != Some(spec.part) {
            let message = "the child run of an earlier attempt runs another workflow";
            return refused("INVALID_INPUT", message);
        }
        match self.input_of(spec).await {
            Ok((_, input)) => self.revive(Revival::FromStart(input)).await,
            Err(seen) => seen,
        }
    }

    /// The workflow of a child and its input, checked and cleaned.
    async fn input_of(&self, spec: ChildSpec) -> Result<(Arc<dyn Workflow>, RawJson), Seen> {
        let Some(workflow) = self.workflow.part(spec.part) else {
            let message = "the module has no such workflow any more";
            return Err(refused("INVALID_INPUT", message));
        };
        let checked = workflow.check_input(spec.input).await;
        let mut input = checked.map_err(|error| Seen::Failed {
            error,
            retryable: false,
        })?;
        self.backend.boundary().input(&self.child, &mut input);
        Ok((workflow, input))
    }

    async fn launch(&self, spec: ChildSpec) -> Seen {
        let Some(parent) = self.config.clone() else {
            return refused(
                "INVALID_INPUT",
                "the configuration of the run cannot be read",
            );
        };
        let depth = 1 + parent.subflow.as_ref().map_or(0, |subflow| subflow.depth);
        if depth > DEEPEST {
            let message = format!(
                "subflows are nested deeper than {DEEPEST}; a workflow that runs itself needs an end"
            );
            return refused("INVALID_INPUT", &message);
        }
        let part = spec.part;
        let (workflow, input) = match self.input_of(spec).await {
            Ok(checked) => checked,
            Err(seen) => return seen,
        };
        let subflow = SubflowOf {
            parent_run_id: self.parent.clone(),
            node: self.node.clone(),
            part,
            depth,
        };
        self.hand_over(workflow, self.described(parent, subflow, input))
            .await
    }

    /// A child is launched for whom its parent was launched for.
    fn described(&self, parent: RunConfig, subflow: SubflowOf, input: RawJson) -> Launch {
        let (workflow_key, workflow_hash) = self.key_and_hash.clone();
        let actor = Person {
            user_id: Some(parent.auth.triggered_by.clone()),
            token_id: parent.auth.token_id.clone(),
            role: parent.auth.role.clone(),
            channel: Channel::Gateway,
            ..Person::default()
        };
        Launch {
            run_id: self.child.clone(),
            workflow_key,
            workflow_hash,
            system: parent.gateway_system,
            input,
            config: RunConfig {
                subflow: Some(subflow),
                ..parent
            },
            actor,
            idempotency_key: None,
            firing: None,
            fork: None,
        }
    }

    async fn hand_over(&self, workflow: Arc<dyn Workflow>, launch: Launch) -> Seen {
        let (receipt, answer) = oneshot::channel();
        self.registry.do_send(Redeliver {
            run_id: self.child.clone(),
            request: RunRequest::Launch {
                launch: Box::new(launch),
                checked_by: Some(CheckedBy(workflow)),
                receipt,
            },
        });
        match answer.await {
            // Another look has started it meanwhile.
            Ok(Ok(_) | Err(RunError::Exists(_))) => Seen::GoesOn,
            Ok(Err(error @ (RunError::Deleted { .. } | RunError::StepRefused(_)))) => {
                refused("WORKFLOW_EXECUTION_FAILED", &error.to_string())
            }
            Ok(Err(_)) | Err(_) => Seen::Lost,
        }
    }

    /// Lets a child go on that has ended. One that ends meanwhile tells so.
    async fn revive(&self, from: Revival) -> Seen {
        self.ask(|receipt| RunRequest::Revive { from, receipt })
            .await
    }

    /// Lets a child go on that was held.
    async fn release(&self) -> Seen {
        self.ask(|receipt| RunRequest::Resume {
            actor: Box::new(parent_as_person()),
            accept_change: true,
            receipt,
        })
        .await
    }

    async fn ask(&self, request: impl FnOnce(Receipt) -> RunRequest) -> Seen {
        let (receipt, answer) = oneshot::channel();
        self.registry.do_send(Redeliver {
            run_id: self.child.clone(),
            request: request(receipt),
        });
        match answer.await {
            Ok(Ok(())) => Seen::GoesOn,
            // It stands otherwise than it did a moment ago.
            Ok(Err(_)) | Err(_) => Seen::Lost,
        }
    }
}
