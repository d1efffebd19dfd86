//! Taking effects back: the functions of their authors are called, from a frame of the run as it is, the newest effect
//! first. The trail says that it is under way before the first of them is called, so that a death in the middle is
//! noticed.

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
    failure: Option<RunError>,
}

/// What is called.
struct Reverting {
    run_id: RunId,
    session: Box<dyn WorkflowSession>,
    input: RenderInput,
    writer: WriterHandle,
    under_way: (TimeTravelRow, AuditRecord),
    effects: Vec<(ToolCall, Option<RawJson>)>,
}

impl RunActor {
    /// Takes effects back, then goes on with the rewind.
    pub(super) fn revert(
        &mut self,
        order: RewindOrder,
        past: Known,
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
        };
        let mut request = Box::new(request(order, past, boundary));
        let (address, life) = (ctx.address(), self.life);
        ctx.spawn(
            async move {
                let failure = reverting.run(&mut request.reverted).await.err();
                address.do_send(Reverted {
                    life,
                    request,
                    receipt,
                    failure,
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
            failure,
        } = message;
        if life != self.life {
            // The trail has it as under way, so that the next start finds it.
            return drop(receipt.send(Err(RunError::OutcomeUnknown)));
        }
        match failure {
            None => self.apply_rewind(*request, receipt, ctx),
            Some(error) => {
                drop(receipt.send(Err(error)));
                // What was aborted is done again, from the rows.
                self.read_back(ctx);
            }
        }
    }
}

impl Reverting {
    /// Takes the effects back one by one; those that are go into `reverted`.
    async fn run(mut self, reverted: &mut Vec<ToolCall>) -> Result<(), RunError> {
        let (row, audit) = self.under_way.clone();
        let writer = self.writer.clone();
        let record = move || writer.record_rewind(row, audit);
        match crate::reading::off_arbiter(record).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(RunError::Degraded(error.to_string())),
            Err(gone) => return Err(RunError::Degraded(gone.to_string())),
        }
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
