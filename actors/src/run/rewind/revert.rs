//! Taking effects back: the functions of their authors are called, from a frame of the run as it is, the newest effect
//! first; then the files of worktrees are brought back. The trail says that it is under way before the first of them is called, so that a death in the middle is
//! noticed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use actix::prelude::*;
use serde_json::json;
use smithers_engine::effects::revert_call;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::effect::ToolCall;
use smithers_model::rewind::{EffectBoundary, RewindRequest, RewindResult, TimeTravelRow};
use smithers_model::tree::Tree;
use smithers_model::workflow::{CallError, RenderInput, WorkflowSession};
use smithers_model::{NodeKey, RawJson, RunId};
use smithers_store::writer::WriterHandle;
use smithers_vcs::Worktrees;

use super::past::Known;
use super::{RunError, request};
use crate::run::messages::{Receipt, RewindOrder, Rewinding};
use crate::run::{Phase, RunActor};

/// What became of reverting.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(in crate::run) struct Reverted {
    life: u64,
    request: Box<RewindRequest>,
    receipt: Receipt<Rewinding>,
    /// How many worktrees were brought back.
    outcome: Result<u64, RunError>,
}

/// What is called.
struct Reverting {
    run_id: RunId,
    session: Box<dyn WorkflowSession>,
    input: RenderInput,
    writer: WriterHandle,
    under_way: (TimeTravelRow, AuditRecord),
    effects: Vec<(ToolCall, Option<RawJson>)>,
    worktrees: Arc<Worktrees>,
    /// A commit by the path of each worktree to bring back.
    files: BTreeMap<String, String>,
}

impl RunActor {
    /// Takes effects back, and worktrees, then goes on with the rewind.
    pub(super) fn revert(
        &mut self,
        order: RewindOrder,
        mut past: Known,
        boundary: EffectBoundary,
        receipt: Receipt<Rewinding>,
        ctx: &mut Context<Self>,
    ) {
        self.abort_all();
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        // A session of its own, and a state of its own that it is rendered from: the run itself has not moved.
        let mut shadow = run.engine.clone();
        shadow.session_opened();
        let effects = boundary.revertible.iter();
        let effects = effects.map(|call| (call.clone(), past.rows.get(&call.note.node).cloned()));
        let reverting = Reverting {
            run_id: self.run_id.clone(),
            session: run.workflow.open(&self.run_id),
            input: shadow.render_input(),
            writer: self.services.writer.clone(),
            under_way: under_way(&self.run_id, run.engine.newest_frame(), &order),
            effects: effects.collect(),
            worktrees: Arc::clone(&self.services.worktrees),
            files: std::mem::take(&mut past.files),
        };
        let mut request = Box::new(request(order, past, boundary));
        let (address, life) = (ctx.address(), self.life);
        ctx.spawn(
            async move {
                let outcome = reverting.run(&mut request.reverted).await;
                address.do_send(Reverted {
                    life,
                    request,
                    receipt,
                    outcome,
                });
            }
            .into_actor(self),
        );
    }

    /// What is under way would have effects beside those that are taken back.
    fn abort_all(&mut self) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let in_flight: Vec<(NodeKey, u32)> = run
            .engine
            .in_flight()
            .map(|(node, attempt)| (node.clone(), attempt))
            .collect();
        for (node, attempt) in in_flight {
            self.abort_task(&node, attempt);
        }
    }
}

impl Handler<Reverted> for RunActor {
    type Result = ();

    fn handle(&mut self, message: Reverted, ctx: &mut Self::Context) {
        let Reverted {
            life,
            request,
            receipt,
            outcome,
        } = message;
        if life != self.life {
            // The trail has it as under way, so that the next start finds it.
            return drop(receipt.send(Err(RunError::OutcomeUnknown)));
        }
        match outcome {
            Ok(worktrees) => self.apply_rewind(*request, worktrees, receipt, ctx),
            Err(error) => {
                drop(receipt.send(Err(error)));
                // What was aborted is done again, from the rows.
                self.read_back(ctx);
            }
        }
    }
}

impl Reverting {
    /// Takes everything back; effects that are go into `reverted`. Returns how many worktrees were brought back.
    async fn run(mut self, reverted: &mut Vec<ToolCall>) -> Result<u64, RunError> {
        let (row, audit) = self.under_way.clone();
        let writer = self.writer.clone();
        let record = move || writer.record_rewind(row, audit);
        match crate::reading::off_arbiter(record).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(RunError::Degraded(error.to_string())),
            Err(gone) => return Err(RunError::Degraded(gone.to_string())),
        }
        if !self.effects.is_empty() {
            self.revert_effects(reverted).await?;
        }
        self.bring_files_back(reverted.len()).await
    }

    /// Takes the effects back one by one.
    async fn revert_effects(&mut self, reverted: &mut Vec<ToolCall>) -> Result<(), RunError> {
        let tree = self.session.render(self.input.clone()).await;
        let tree = tree.map_err(|error| failed(reverted, "no frame", &error.message))?;
        for (call, output) in std::mem::take(&mut self.effects) {
            let node = call.note.node.to_string();
            let revert = revert_of(&tree, &call)
                .ok_or_else(|| failed(reverted, &node, "the newest frame has no such task"))?;
            let call_of = revert_call(&self.run_id, &call.note, revert, output.as_ref());
            let outcome = self.session.call(call_of).await;
            outcome.map_err(|error| failed(reverted, &node, message_of(&error)))?;
            reverted.push(ToolCall {
                revert_status: Some("reverted".into()),
                ..call
            });
        }
        Ok(())
    }

    /// Brings the files of worktrees back that are still there. `done` effects were taken back before.
    async fn bring_files_back(&self, done: usize) -> Result<u64, RunError> {
        let mut back = 0;
        for (path, commit) in &self.files {
            let restored = self
                .worktrees
                .restore(&self.run_id, Path::new(path), commit);
            let is_back = restored.await.map_err(|error| RunError::FilesStay {
                path: path.clone(),
                reason: error.to_string(),
                reverted: done + back,
            })?;
            back += usize::from(is_back);
        }
        Ok(back as u64)
    }
}

/// The function that takes an effect back, in the newest frame.
fn revert_of(tree: &Tree, call: &ToolCall) -> Option<u32> {
    let mut tasks = tree.tasks();
    let task = tasks.find(|task| task.node == call.note.node)?;
    task.side_effect?.revert
}

fn message_of(error: &CallError) -> &str {
    match error {
        CallError::Failed { error, .. } => &error.message,
        CallError::RuntimeLost { message } => message,
    }
}

fn failed(reverted: &[ToolCall], node: &str, reason: &str) -> RunError {
    RunError::RevertFailed {
        node: node.to_owned(),
        reason: reason.to_owned(),
        reverted: reverted.len(),
    }
}

fn under_way(run: &RunId, from: u64, order: &RewindOrder) -> (TimeTravelRow, AuditRecord) {
    let row = TimeTravelRow {
        op: order.op.clone(),
        run_id: run.clone(),
        from_frame_no: from,
        to_frame_no: i64::try_from(order.frame_no).unwrap_or(i64::MAX),
        caller: TimeTravelRow::caller(order.actor.user_id.as_deref()),
        at: order.begun_at,
        result: RewindResult::InProgress,
        duration_ms: None,
    };
    let detail = json!({ "fromFrameNo": from, "toFrameNo": order.frame_no });
    let audit = AuditRecord {
        subject: Some(order.op.clone()),
        detail: RawJson::of(&detail),
        ..AuditRecord::by(order.begun_at, &order.actor, kind::REWIND, "in_progress").about(run)
    };
    (row, audit)
}
