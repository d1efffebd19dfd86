//! Runs of subflows: the parent's side starts or finds a child, the child's side tells its parent when it has moved.
//!
//! **Invariant.** A notice carries nothing: the parent reads the rows of the child, so one that is lost or doubled does
//! no harm, and the sweep of the scheduler makes up for it.

mod look;
mod standing;
#[cfg(test)]
mod tests;

use std::time::Duration;

use actix::prelude::*;
use smithers_model::audit::Channel;
use smithers_model::fact::Fact;
use smithers_model::run::{Actor as Person, RunConfig, RunRow, RunStatus, SubflowOf};
use smithers_model::tree::ChildSpec;
use smithers_model::{NodeKey, RunId};
use tokio::sync::oneshot;

use self::look::Look;
use self::standing::Seen;
use super::messages::RunRequest;
use super::{Phase, RunActor};
use crate::registry::Redeliver;

/// Pause before a child is looked for again when the database could not answer.
const PAUSE: Duration = Duration::from_millis(200);

/// Who ends the children of a run that has ended.
pub(crate) fn parent_as_person() -> Person {
    Person {
        user_id: Some(Person::PARENT.into()),
        role: "system".into(),
        channel: Channel::Gateway,
        ..Person::default()
    }
}

/// What a child run is in its parent; none of a run that has none.
pub(crate) fn subflow_of(row: &RunRow) -> Option<SubflowOf> {
    row.tie.as_ref()?;
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
        self.searches += 1;
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

    /// Ends a child, or the run that goes on in its place, without waiting for it.
    pub(super) fn cancel_child(&self, child: RunId) {
        let (backend, registry) = (self.services.backend.clone(), self.registry.clone());
        let first = child.clone();
        let newest = crate::reading::off_arbiter(move || backend.reader()?.last_of_chain(&first));
        // Nobody waits for the answer; a request that gets lost is made again by the sweep.
        actix_rt::spawn(async move {
            let newest = newest.await.ok().and_then(Result::ok).flatten();
            let (receipt, _) = oneshot::channel();
            registry.do_send(Redeliver {
                run_id: newest.unwrap_or(child),
                request: RunRequest::Cancel {
                    actor: Box::new(parent_as_person()),
                    receipt,
                },
            });
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
        if status == RunStatus::Continued {
            // The run that goes on in its place tells.
            return;
        }
        if let Some(SubflowOf {
            parent_run_id,
            node,
            ..
        }) = subflow_of(run.engine.row())
        {
            let child = run.engine.row().first_of_chain().clone();
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
        self.searches -= 1;
        if life != self.life {
            return;
        }
        let fact = match seen {
            // Who wants to take the run back may have waited for this.
            Seen::GoesOn => return self.advance(ctx),
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
        };
        self.facts.push_back(fact);
        self.advance(ctx);
    }
}
