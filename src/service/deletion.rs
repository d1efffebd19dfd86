//! `deleteRun` and `holdRun`.

use smithers_actors::deletion::{Cause, DeletionError, Doomed};
use smithers_actors::session::Caller;
use smithers_model::RunId;
use smithers_model::deletion::{HoldOrder, RunCounts, Tombstone};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{DeleteRun, HoldRun, Params};
use smithers_protocol::view::{DeletedRun, DeletionAnswer, HoldAnswer};
use smithers_store::DeletionRefusal;
use smithers_store::writer::TaskError;

use super::{Service, encode, error};

impl Service {
    /// Deletes a run that has ended, or says what would go. The answer means that the deletion is durable.
    pub(super) async fn delete_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = DeleteRun::read(params)?;
        let (run, children) = (RunId::from(request.run_id.as_str()), request.with_children);
        let deletions = self.deletions.clone();
        if request.dry_run {
            let plan = apart(move || deletions.plan(&run, children)).await?;
            return answer(&request, plan.iter().map(planned).collect());
        }
        let cause = Cause {
            at: self.clock.now(),
            actor: caller.actor(),
            reason: request.reason.clone(),
        };
        let left = apart(move || deletions.delete(&run, children, &cause)).await?;
        answer(&request, left.iter().map(deleted).collect())
    }

    /// Keeps a run from being deleted, or releases it.
    pub(super) async fn hold_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = HoldRun::read(params)?;
        let order = HoldOrder {
            run_id: RunId::from(request.run_id.as_str()),
            hold: request.hold,
            at: self.clock.now(),
            actor: caller.actor(),
            reason: request.reason.unwrap_or_default(),
        };
        let deletions = self.deletions.clone();
        let hold = apart(move || deletions.hold(order)).await?;
        encode(&HoldAnswer {
            run_id: &request.run_id,
            held: hold.is_some(),
            reason: hold.as_ref().map(|hold| hold.reason.as_str()),
            held_by: hold.as_ref().and_then(|hold| hold.held_by.as_deref()),
            held_at_ms: hold.as_ref().map(|hold| hold.held_at.0),
        })
    }
}

/// Runs blocking work away from the HTTP worker's thread, to its end even when the client is gone.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DeletionError> + Send + 'static,
) -> Result<T, RpcError> {
    match actix_web::rt::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(of_deletion),
        Err(panic) => {
            tracing::error!(error = %panic, "a deletion panicked");
            Err(RpcError::internal())
        }
    }
}

fn of_deletion(failed: DeletionError) -> RpcError {
    match failed {
        DeletionError::Refused { run, refusal } => of_refusal(run.as_str(), refusal),
        DeletionError::TooMany(_) => RpcError::invalid_request(failed.to_string()),
        DeletionError::Write(TaskError::Degraded | TaskError::Unknown(_)) => {
            RpcError::unavailable(failed.to_string())
        }
        DeletionError::Read(source) => error::of_read(source),
    }
}

fn of_refusal(run: &str, refusal: DeletionRefusal) -> RpcError {
    match refusal {
        DeletionRefusal::NotFound(_) => RpcError::run_not_found(run),
        DeletionRefusal::Active(status) => RpcError::run_active(run, status.as_str()),
        DeletionRefusal::Held(hold) => {
            RpcError::run_held(run, &hold.reason, hold.held_by.as_deref())
        }
        DeletionRefusal::HasChildren(children) => {
            let children: Vec<String> = children.iter().map(ToString::to_string).collect();
            RpcError::run_has_children(run, &children)
        }
        DeletionRefusal::Grown => RpcError::unavailable("The run changed meanwhile; try again"),
        DeletionRefusal::Constraint(message) => {
            tracing::error!(run.id = %run, message, "a rule of the database forbids a deletion");
            RpcError::new(
                ErrorCode::Conflict,
                format!("A rule of the database forbids the deletion of run {run}"),
            )
        }
    }
}

fn answer(request: &DeleteRun, runs: Vec<DeletedRun<'_>>) -> Result<Payload, RpcError> {
    encode(&DeletionAnswer {
        run_id: &request.run_id,
        dry_run: request.dry_run,
        runs,
    })
}

fn planned(doomed: &Doomed) -> DeletedRun<'_> {
    let row = &doomed.row;
    let (workflow, status) = (row.workflow_key.as_str(), row.status.as_str());
    shown(row.run_id.as_str(), workflow, status, doomed.counts)
}

fn deleted(left: &Tombstone) -> DeletedRun<'_> {
    let (workflow, status) = (left.workflow_key.as_str(), left.status.as_str());
    DeletedRun {
        events_sha256: Some(&left.events_sha256),
        ..shown(left.run_id.as_str(), workflow, status, left.counts)
    }
}

fn shown<'a>(
    run_id: &'a str,
    workflow: &'a str,
    status: &'a str,
    counts: RunCounts,
) -> DeletedRun<'a> {
    DeletedRun {
        run_id,
        workflow,
        status,
        events: counts.events,
        nodes: counts.nodes,
        attempts: counts.attempts,
        frames: counts.frames,
        outputs: counts.outputs,
        approvals: counts.approvals,
        events_sha256: None,
    }
}
