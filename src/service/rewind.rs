//! `rewindRun`: somebody takes a run back to a frame (gateway-protocol 10.1, workflow-model 14.2).
//!
//! The checks come in the order of the contract. Each try from the point on where the run is known leaves a row in the
//! trail, also one that is refused; those that were let through count for the limit.

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::rt::{self, task::spawn_blocking};
use parking_lot::Mutex;
use serde_json::json;
use smithers_actors::run::{RewindOrder, Rewinding, RunError};
use smithers_actors::session::Caller;
use smithers_engine::Refusal;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::effect::ToolCall;
use smithers_model::rewind::EffectBoundary as Boundary;
use smithers_model::rewind::{MOST_TRIES, RewindResult, TRIES_WITHIN_MS, TimeTravelRow};
use smithers_model::run::{Actor, RunConfig, RunRow};
use smithers_model::{RawJson, RunId, Timestamp};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{Params, RewindRun};
use smithers_protocol::view::{BoundaryEffect, EffectBoundary, RewindAnswer};

use super::following::Following;
use super::{Service, encode, error};

/// Trees of runs in which a rewind is under way. The process owns its database alone, so this is all there is.
#[derive(Clone, Debug, Default)]
pub struct RewindDesk(Arc<Mutex<HashSet<String>>>);

/// The right to rewind runs of one tree, until it is dropped.
struct Lease {
    desk: RewindDesk,
    tree: String,
}

impl RewindDesk {
    fn lease(&self, run: &RunId) -> Option<Lease> {
        // Ids of children begin with that of their parent.
        let tree = run.as_str().split(":child:").next().unwrap_or_default();
        let is_free = self.0.lock().insert(tree.to_owned());
        is_free.then(|| Lease {
            desk: self.clone(),
            tree: tree.to_owned(),
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.desk.0.lock().remove(&self.tree);
    }
}

/// A try, as its trail has it.
struct Try {
    row: TimeTravelRow,
    actor: Actor,
}

impl Service {
    pub(super) async fn rewind_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = RewindRun::read(params)?;
        let id = RunId::from(request.run_id.as_str());
        let Some(run) = self.row_of(&id).await? else {
            return Err(RpcError::run_not_found(&request.run_id));
        };
        let attempt = self.begin_try(caller, &request, &run);
        if !may_rewind(&attempt.actor, &run) {
            let refusal = not_permitted();
            return Err(self.refused(attempt, RewindResult::Failed, refusal).await);
        }
        let frame_no = request.check()?;
        let Some(lease) = self.rewinds.lease(&id) else {
            return Err(self.refused(attempt, RewindResult::Rejected, busy()).await);
        };
        if self.tries_of(&attempt.row).await? >= MOST_TRIES {
            let refusal = too_many();
            return Err(self.refused(attempt, RewindResult::Rejected, refusal).await);
        }
        let following = Following::begin(caller, &id);
        let order = RewindOrder {
            frame_no: u64::from(frame_no),
            actor: attempt.actor.clone(),
            accept_change: request.accept_workflow_change,
            force: request.force,
            no_revert: request.no_revert,
            op: attempt.row.op.clone(),
            begun_at: attempt.row.at,
        };
        // A caller who goes takes neither the lease nor the row of the trail along.
        let carried_out = rt::spawn(self.clone().go_back(attempt, order, lease)).await;
        let rewound = carried_out.unwrap_or_else(|panic| {
            tracing::error!(error = %panic, "a rewind panicked");
            Err(RpcError::internal())
        });
        match &rewound {
            Ok(_) => following.keep(),
            Err(_) => following.take_back(),
        }
        encode(&rewound?)
    }

    /// Rewinds the run, and records what came of it where the run itself does not.
    async fn go_back(
        self,
        attempt: Try,
        order: RewindOrder,
        lease: Lease,
    ) -> Result<RewindAnswer, RpcError> {
        let _lease = lease;
        let (run_id, frame_no) = (attempt.row.run_id.clone(), order.frame_no);
        let refused = match self.runs.rewind(&run_id, order).await {
            Ok(done) => return Ok(self.answer(&attempt, frame_no, &done)),
            Err(refused) => refused,
        };
        let result = match &refused {
            // Whether its row is stored is as unknown as the rewind itself.
            RunError::OutcomeUnknown => return Err(error::of_run(refused, run_id.as_str(), None)),
            RunError::RevertFailed { reverted: 1.., .. }
            | RunError::FilesStay { reverted: 1.., .. } => RewindResult::Partial,
            _ => RewindResult::Failed,
        };
        let refusal = of_rewind(refused, run_id.as_str());
        Err(self.refused(attempt, result, refusal).await)
    }

    fn answer(&self, attempt: &Try, frame_no: u64, done: &Rewinding) -> RewindAnswer {
        RewindAnswer {
            deleted_frames: done.deleted_frames,
            deleted_attempts: done.deleted_attempts,
            reverted_sandboxes: done.worktrees_back,
            invalidated_diffs: done.forgotten_changes,
            duration_ms: self.since(attempt.row.at),
            effect_boundary: boundary_view(&done.boundary),
            ..RewindAnswer::done(frame_no)
        }
    }

    async fn row_of(&self, run_id: &RunId) -> Result<Option<RunRow>, RpcError> {
        let id = run_id.clone();
        self.read_briefly(move |reader| reader.run(&id).map_err(error::of_read))
            .await
    }

    fn begin_try(&self, caller: &Caller, request: &RewindRun, run: &RunRow) -> Try {
        let actor = caller.actor();
        let row = TimeTravelRow {
            op: uuid::Uuid::now_v7().to_string(),
            run_id: run.run_id.clone(),
            from_frame_no: run.next_frame_no.saturating_sub(1),
            to_frame_no: request.frame_in_trail(),
            caller: TimeTravelRow::caller(actor.user_id.as_deref()),
            at: self.clock.now(),
            result: RewindResult::InProgress,
            duration_ms: None,
        };
        Try { row, actor }
    }

    /// How often the caller has tried within the hour.
    async fn tries_of(&self, row: &TimeTravelRow) -> Result<u64, RpcError> {
        let (run, caller) = (row.run_id.clone(), row.caller.clone());
        let within = i64::try_from(TRIES_WITHIN_MS).unwrap_or(i64::MAX);
        let since = Timestamp(row.at.0.saturating_sub(within));
        let tries = move |reader: &dyn smithers_store::Reader| {
            let tries = reader.rewind_tries(&run, &caller, since);
            tries.map_err(error::of_read)
        };
        self.read_briefly(tries).await
    }

    /// Records a try that came to nothing, and returns what the caller is told.
    async fn refused(&self, attempt: Try, result: RewindResult, told: RpcError) -> RpcError {
        let Try { mut row, actor } = attempt;
        row.result = result;
        row.duration_ms = Some(self.since(row.at));
        let detail = json!({
            "fromFrameNo": row.from_frame_no,
            "toFrameNo": row.to_frame_no,
            "code": told.code().as_str(),
        });
        let record = AuditRecord {
            subject: Some(row.op.clone()),
            detail: RawJson::of(&detail),
            ..AuditRecord::by(self.clock.now(), &actor, kind::REWIND, result.as_str())
                .about(&row.run_id)
        };
        let writer = self.writer.clone();
        let recorded = spawn_blocking(move || writer.record_rewind(row, record)).await;
        match recorded {
            Ok(Ok(())) => told,
            Ok(Err(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a rewind that was refused could not be recorded"
                );
                RpcError::unavailable("The refusal could not be recorded; try again")
            }
            Err(panic) => {
                tracing::error!(error = %panic, "recording a rewind panicked");
                RpcError::internal()
            }
        }
    }

    fn since(&self, begun: Timestamp) -> u64 {
        let took = self.clock.now().0.saturating_sub(begun.0);
        u64::try_from(took).unwrap_or(0)
    }
}

/// Administrators may, and who launched the run.
fn may_rewind(actor: &Actor, run: &RunRow) -> bool {
    let launcher = || {
        let config: RunConfig = serde_json::from_str(run.config.as_str()).ok()?;
        Some(config.auth.triggered_by)
    };
    let is_launcher = |user: &String| launcher().as_ref() == Some(user);
    actor.role.eq_ignore_ascii_case("admin") || actor.user_id.as_ref().is_some_and(is_launcher)
}

fn not_permitted() -> RpcError {
    RpcError::new(
        ErrorCode::NotPermitted,
        "Only the launcher of a run or an admin can rewind it.",
    )
}

fn busy() -> RpcError {
    RpcError::new(
        ErrorCode::Busy,
        "Another rewind of this run, or of one of its parents or children, is under way.",
    )
}

fn too_many() -> RpcError {
    RpcError::new(
        ErrorCode::RateLimited,
        format!("A run can be rewound {MOST_TRIES} times an hour by one caller."),
    )
}

fn of_rewind(refused: RunError, run_id: &str) -> RpcError {
    match refused {
        RunError::Refused(Refusal::NotActive { .. }) => RpcError::new(
            ErrorCode::RewindFailed,
            "The run has continued as a new one; that is the one to rewind.",
        ),
        other => error::of_run(other, run_id, None),
    }
}

fn boundary_view(boundary: &Boundary) -> EffectBoundary {
    let list = |calls: &[ToolCall]| calls.iter().map(effect_view).collect();
    EffectBoundary {
        blocking: list(&boundary.blocking),
        revertible: list(&boundary.revertible),
        warnings: list(&boundary.warnings),
    }
}

fn effect_view(call: &ToolCall) -> BoundaryEffect {
    let note = &call.note;
    BoundaryEffect {
        node_id: note.node.node_id.to_string(),
        iteration: note.node.iteration,
        attempt: note.attempt,
        tool_name: note.tool_name.clone(),
        status: note.status.as_str().to_owned(),
    }
}
