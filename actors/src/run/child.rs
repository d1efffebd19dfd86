//! Runs of subflows: the parent's side starts or finds a child, the child's side tells its parent when it has moved.
//!
//! **Invariant.** A notice carries nothing: the parent reads the rows of the child, so one that is lost or doubled does
//! no harm, and the sweep of the scheduler makes up for it.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use smithers_model::audit::Channel;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::run::{Actor as Person, RunConfig, RunRow, RunStatus, SubflowOf};
use smithers_model::step::Launch;
use smithers_model::tree::ChildSpec;
use smithers_model::wait::WaitKind;
use smithers_model::workflow::{Workflow, WorkflowDefinition};
use smithers_model::{NodeKey, RawJson, RunId};
use smithers_store::Backend;
use tokio::sync::oneshot;

use super::messages::{CheckedBy, RunRequest};
use super::{Phase, RunActor, RunError};
use crate::registry::{Redeliver, RunRegistry};

/// Most runs above one: a workflow that runs itself needs an end.
const DEEPEST: u32 = 16;
/// Pause before a child is looked for again when the database could not answer.
const PAUSE: Duration = Duration::from_millis(200);

/// Who ends the children of a run that has ended.
pub(crate) fn parent_as_person() -> Person {
    Person {
        user_id: Some("smithers:parent".into()),
        role: "system".into(),
        channel: Channel::Gateway,
        ..Person::default()
    }
}

/// What a child run is in its parent; none of a run that has none.
pub(crate) fn subflow_of(row: &RunRow) -> Option<SubflowOf> {
    row.parent.as_ref()?;
    let config: RunConfig = serde_json::from_str(row.config.as_str()).ok()?;
    config.subflow
}

/// A child to be started or found.
pub(super) struct ChildSearch {
    pub(super) node: NodeKey,
    pub(super) attempt: u32,
    pub(super) child: RunId,
    pub(super) spec: Option<Box<ChildSpec>>,
}

/// How a child stands.
#[derive(Debug)]
enum Seen {
    /// It has given its result.
    Ended(RawJson),
    /// It has failed, or cannot be started.
    Failed { error: ErrorInfo, retryable: bool },
    /// It waits for something outside.
    Waits(WaitKind),
    /// It goes on, and tells when it moves.
    GoesOn,
    /// It does not exist and could not be started; it is to be tried again.
    Lost,
}

/// A child was looked at.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct ChildSeen {
    life: u64,
    node: NodeKey,
    attempt: u32,
    seen: Seen,
}

impl RunActor {
    /// Starts the child, or looks at it when it exists. How it stands comes back as a fact.
    pub(super) fn find_child(&mut self, search: ChildSearch, ctx: &mut Context<Self>) {
        let Phase::Open(run) = &self.phase else {
            return;
        };
        let ChildSearch {
            node,
            attempt,
            child,
            spec,
        } = search;
        let row = run.engine.row();
        let look = Look {
            backend: self.services.backend.clone(),
            registry: self.registry.clone(),
            workflow: run.workflow.clone(),
            parent: self.run_id.clone(),
            config: serde_json::from_str(row.config.as_str()).ok(),
            key_and_hash: (row.workflow_key.clone(), row.workflow_hash.clone()),
            node: node.clone(),
            child,
        };
        let (address, life) = (ctx.address(), self.life);
        ctx.spawn(
            async move {
                let seen = look.find(spec.map(|spec| *spec)).await;
                if matches!(seen, Seen::Lost) {
                    actix_rt::time::sleep(PAUSE).await;
                }
                address.do_send(ChildSeen {
                    life,
                    node,
                    attempt,
                    seen,
                });
            }
            .into_actor(self),
        );
    }

    /// Ends a child, without waiting for it.
    pub(super) fn cancel_child(&self, child: RunId) {
        // Nobody waits for the answer; a request that gets lost is made again by the sweep.
        let (receipt, _) = oneshot::channel();
        self.registry.do_send(Redeliver {
            run_id: child,
            request: RunRequest::Cancel {
                actor: Box::new(parent_as_person()),
                receipt,
            },
        });
    }

    /// Tells the parent of this run, if it has one, that its committed status is another than before.
    pub(super) fn tell_parent(&mut self) {
        let Phase::Open(run) = &self.phase else {
            return;
        };
        let status = run.engine.status();
        if self.told == status {
            return;
        }
        self.told = status;
        if let Some(SubflowOf {
            parent_run_id,
            node,
            ..
        }) = subflow_of(run.engine.row())
        {
            let child = self.run_id.clone();
            self.registry.do_send(Redeliver {
                run_id: parent_run_id,
                request: RunRequest::ChildMoved { node, child },
            });
        }
    }
}

impl Handler<ChildSeen> for RunActor {
    type Result = ();

    fn handle(&mut self, message: ChildSeen, ctx: &mut Self::Context) {
        let ChildSeen {
            life,
            node,
            attempt,
            seen,
        } = message;
        if life != self.life {
            return;
        }
        self.facts.push_back(match seen {
            Seen::GoesOn => return,
            Seen::Ended(output) => Fact::TaskSucceeded {
                node,
                attempt,
                output,
            },
            Seen::Failed { error, retryable } => Fact::TaskFailed {
                node,
                attempt,
                error,
                retryable,
            },
            Seen::Waits(kind) => Fact::ChildWaits {
                node,
                attempt,
                kind,
            },
            Seen::Lost => Fact::AttemptLost { node, attempt },
        });
        self.advance(ctx);
    }
}

/// What is needed to start a child or to read how it stands.
struct Look {
    backend: Arc<dyn Backend>,
    registry: Addr<RunRegistry>,
    workflow: Arc<dyn Workflow>,
    parent: RunId,
    config: Option<RunConfig>,
    key_and_hash: (smithers_model::WorkflowKey, Option<String>),
    node: NodeKey,
    child: RunId,
}

impl Look {
    async fn find(&self, spec: Option<ChildSpec>) -> Seen {
        let (backend, child, workflow) = (
            self.backend.clone(),
            self.child.clone(),
            self.workflow.clone(),
        );
        let looking = move || stands(&*backend, &child, &*workflow);
        match crate::reading::off_arbiter(looking).await {
            Ok(Ok(Some(seen))) => seen,
            Ok(Ok(None)) => match spec {
                Some(spec) => self.launch(spec).await,
                None => Seen::Lost,
            },
            Ok(Err(error)) => {
                tracing::warn!(run.id = %self.child, %error, "a child run could not be read");
                Seen::Lost
            }
            Err(_) => Seen::Lost,
        }
    }

    async fn launch(&self, spec: ChildSpec) -> Seen {
        let Some(workflow) = self.workflow.part(spec.part) else {
            return refused("INVALID_INPUT", "the module has no such workflow any more");
        };
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
        let mut input = match workflow.check_input(spec.input).await {
            Ok(input) => input,
            Err(error) => {
                return Seen::Failed {
                    error,
                    retryable: false,
                };
            }
        };
        self.backend.boundary().input(&self.child, &mut input);
        let subflow = SubflowOf {
            parent_run_id: self.parent.clone(),
            node: self.node.clone(),
            part: spec.part,
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
}

fn refused(code: &str, message: &str) -> Seen {
    Seen::Failed {
        error: ErrorInfo::coded(code, message.to_owned()),
        retryable: false,
    }
}

/// Reads how a child stands; none when it does not exist.
fn stands(
    backend: &dyn Backend,
    child: &RunId,
    workflow: &dyn Workflow,
) -> Result<Option<Seen>, smithers_store::Error> {
    let reader = backend.reader()?;
    let Some(row) = reader.run(child)? else {
        return Ok(None);
    };
    Ok(Some(match row.status {
        RunStatus::Running => Seen::GoesOn,
        RunStatus::WaitingApproval => Seen::Waits(WaitKind::Approval),
        RunStatus::WaitingTimer => Seen::Waits(WaitKind::Timer),
        RunStatus::WaitingQuota => Seen::Waits(WaitKind::Quota),
        RunStatus::WaitingEvent | RunStatus::Paused => Seen::Waits(WaitKind::Event),
        RunStatus::Failed | RunStatus::Cancelled => failure(&row),
        RunStatus::Finished => {
            let part = subflow_of(&row).and_then(|subflow| workflow.part(subflow.part));
            let table = part.and_then(|part| result_table(part.definition()));
            let outputs = match &table {
                Some(_) => reader.outputs(child)?,
                None => Vec::new(),
            };
            let rows = outputs
                .into_iter()
                .filter(|row| Some(&row.table) == table.as_ref());
            Seen::Ended(value(rows.map(|row| row.payload).collect()))
        }
    }))
}

fn result_table(definition: &WorkflowDefinition) -> Option<String> {
    definition.result_table.clone()
}

/// The value of a child: nothing, its one row, or all of them.
fn value(rows: Vec<RawJson>) -> RawJson {
    match rows.as_slice() {
        [] => RawJson::of(&()),
        [row] => row.clone(),
        rows => {
            let texts: Vec<&str> = rows.iter().map(RawJson::as_str).collect();
            RawJson::trusted(format!("[{}]", texts.join(",")))
        }
    }
}

fn failure(row: &RunRow) -> Seen {
    let (what, retryable) = match row.status {
        RunStatus::Cancelled => ("was cancelled", false),
        _ => ("failed", true),
    };
    let message = format!("Child run {} {what}", row.run_id);
    let mut error = ErrorInfo::coded("WORKFLOW_EXECUTION_FAILED", message);
    error.cause = row.error.clone().map(Box::new);
    Seen::Failed { error, retryable }
}
