//! How a run comes into memory: created by a launch, or read from its rows.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::prelude::*;
use smithers_engine::RunState;
use smithers_model::RunId;
use smithers_model::fact::Fact;
use smithers_model::native::NativeWorkflow;
use smithers_model::planted::{Bug, planted};
use smithers_model::rows::RunRows;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::step::{ChildTie, Launch, RowChange, Step, StepWrite};
use smithers_model::workflow::Workflow;
use smithers_store::writer::{Refusal as StoreRefusal, StepOutcome};

use super::child::{parent_as_person, subflow_of};
use super::messages::{CheckedBy, Receipt, RunRequest};
use super::numbers::Numbers;
use super::open::OpenRun;
use super::reports::Reports;
use super::{Phase, RunActor, RunError};

/// A run whose creation is being committed.
pub(super) struct Launching {
    row: RunRow,
    workflow: Arc<dyn Workflow>,
    receipt: Receipt<RunId>,
    /// It begins with rows.
    is_copy: bool,
}

/// Rows of a run, or why they could not be read.
#[derive(Message)]
#[rtype(result = "()")]
struct RowsRead {
    life: u64,
    rows: Result<Option<RunRows>, smithers_store::Error>,
    /// Applied first.
    fact: Option<Fact>,
}

impl RunActor {
    /// Handles the first request of this actor.
    pub(super) fn begin(&mut self, request: RunRequest, ctx: &mut Context<Self>) {
        match request {
            RunRequest::Launch {
                launch,
                checked_by,
                receipt,
            } => self.launch(*launch, checked_by, receipt, ctx),
            // It comes before the run is taken up.
            RunRequest::RewindInterrupted { row } => {
                self.reload(Some(Fact::RewindInterrupted(row)), ctx);
            }
            request => {
                self.requests.push_back(request);
                self.reload(None, ctx);
            }
        }
    }

    fn launch(
        &mut self,
        launch: Launch,
        checked_by: Option<CheckedBy>,
        receipt: Receipt<RunId>,
        ctx: &mut Context<Self>,
    ) {
        self.life += 1;
        let key = launch.workflow_key.as_str();
        let workflow = checked_by.map_or_else(
            || self.services.catalogue.get(key),
            |CheckedBy(workflow)| Some(workflow),
        );
        let Some(workflow) = workflow else {
            let workflow = launch.workflow_key.to_string();
            let error = RunError::WorkflowMissing {
                run: self.run_id.clone(),
                workflow,
            };
            drop(receipt.send(Err(error)));
            return self.close();
        };
        let is_copy = launch.fork.is_some();
        let now = self.services.clock.now();
        let Step {
            events, changes, ..
        } = smithers_engine::launch(launch, self.services.epoch, now);
        let mut numbers = Numbers::FIRST;
        let numbered = numbers.number(&self.run_id, &events, now);
        let Some(mut row) = inserted_row(&changes) else {
            return self.close();
        };
        (row.next_seq, row.next_stream_seq) = (numbers.seq, numbers.stream_seq);
        self.phase = Phase::Launching(Box::new(Launching {
            row,
            workflow,
            receipt,
            is_copy,
        }));
        let step = StepWrite {
            run_id: self.run_id.clone(),
            epoch: self.services.epoch,
            expected_seq: Numbers::FIRST.seq,
            expected_stream_seq: Numbers::FIRST.stream_seq,
            events: numbered,
            changes,
        };
        self.submit(step, ctx);
    }

    pub(super) fn launch_settled(&mut self, outcome: StepOutcome, ctx: &mut Context<Self>) {
        match outcome {
            StepOutcome::Committed(_) => self.launched(ctx),
            StepOutcome::Refused(StoreRefusal::LaunchKeyTaken { run_id }) => {
                self.answer_launch(Ok(run_id))
            }
            StepOutcome::Refused(StoreRefusal::RunExists { .. }) => {
                self.refuse_launch(RunError::Exists(self.run_id.clone()));
            }
            StepOutcome::Refused(StoreRefusal::RunDeleted {
                run_id: run,
                deleted_at: at,
            }) => {
                self.refuse_launch(RunError::Deleted { run, at });
            }
            StepOutcome::Refused(StoreRefusal::ScheduleMoved { id }) => {
                self.refuse_launch(RunError::ScheduleMoved(id));
            }
            StepOutcome::Refused(other) => {
                self.refuse_launch(RunError::StepRefused(other.to_string()))
            }
            StepOutcome::Unknown => self.refuse_launch(RunError::OutcomeUnknown),
        }
    }

    fn launched(&mut self, ctx: &mut Context<Self>) {
        let Phase::Launching(launching) = std::mem::replace(&mut self.phase, Phase::Loading) else {
            return;
        };
        let Launching {
            row,
            workflow,
            receipt,
            is_copy,
        } = *launching;
        tracing::info!(run.id = %self.run_id, workflow = %row.workflow_key, "run launched");
        drop(receipt.send(Ok(self.run_id.clone())));
        if is_copy {
            return self.reload(None, ctx);
        }
        let rows = RunRows::of_new(row);
        self.open(rows, workflow, None, ctx);
        self.advance(ctx);
    }

    pub(super) fn refuse_launch(&mut self, error: RunError) {
        self.answer_launch(Err(error));
    }

    fn answer_launch(&mut self, answer: Result<RunId, RunError>) {
        if let Phase::Launching(launching) = std::mem::replace(&mut self.phase, Phase::Loading) {
            drop(launching.receipt.send(answer));
        }
        self.close();
    }

    /// A launch under the id of a run that is open. With the key of the launch that made the run it is that
    /// launch once more, from a client that did not get the answer.
    pub(super) fn launch_again(&self, launch: Launch, receipt: Receipt<RunId>) {
        let Some(key) = launch.idempotency_key else {
            return drop(receipt.send(Err(RunError::Exists(launch.run_id))));
        };
        let backend = self.services.backend.clone();
        let look = move || {
            let made = backend
                .reader()
                .and_then(|reader| reader.launch_by_key(&launch.workflow_key, &key));
            let run = launch.run_id;
            let answer = match made {
                Ok(Some(made)) => Ok(made),
                Ok(None) => Err(RunError::Exists(run)),
                Err(source) => Err(RunError::Read { run, source }),
            };
            drop(receipt.send(answer));
        };
        // The answer goes to the receipt; nothing else waits for the look.
        drop(crate::reading::off_arbiter(look));
    }

    /// Begins a new life from the rows; `fact` is applied before anything that waits.
    pub(super) fn reload(&mut self, fact: Option<Fact>, ctx: &mut Context<Self>) {
        self.life += 1;
        self.phase = Phase::Loading;
        let (backend, run_id, life) = (
            self.services.backend.clone(),
            self.run_id.clone(),
            self.life,
        );
        let address = ctx.address();
        ctx.spawn(
            async move {
                let reading = move || backend.reader()?.load_run(&run_id);
                let rows = match crate::reading::off_arbiter(reading).await {
                    Ok(rows) => rows,
                    Err(gone) => Err(smithers_store::Error::reader_gone(&gone)),
                };
                address.do_send(RowsRead {
                    life,
                    rows: rows.map(|rows| rows.map(forgetful)),
                    fact,
                });
            }
            .into_actor(self),
        );
    }

    fn rows_read(&mut self, rows: RunRows, fact: Option<Fact>, ctx: &mut Context<Self>) {
        let key = rows.row.workflow_key.clone();
        let registered = self.services.catalogue.get(key.as_str());
        let part = subflow_of(&rows.row).map(|subflow| subflow.part);
        let workflow = match part {
            Some(part) => registered.and_then(|registered| registered.part(part)),
            None => registered,
        };
        let Some(workflow) = workflow else {
            tracing::error!(run.id = %self.run_id, workflow = %key, "workflow is not registered");
            return self.end_without_workflow(rows, ctx);
        };
        self.open(rows, workflow, fact, ctx);
        self.advance(ctx);
    }

    /// The store has no such run. A launch that waits makes it; what was asked before that finds nothing.
    fn rows_missing(&mut self, ctx: &mut Context<Self>) {
        let is_launch = |request: &RunRequest| matches!(request, RunRequest::Launch { .. });
        let early = self.requests.iter().take_while(|next| !is_launch(next));
        let from_launch = self.requests.split_off(early.count());
        self.fail_requests(RunError::NotFound);
        self.requests = from_launch;
        match self.requests.pop_front() {
            Some(launch) => self.begin(launch, ctx),
            None => self.close(),
        }
    }

    /// The workflow of this run is not registered any more: all that can be done is to end it, and
    /// to say what became of its scorings.
    fn end_without_workflow(&mut self, rows: RunRows, ctx: &mut Context<Self>) {
        let key = rows.row.workflow_key.clone();
        let (ends, others): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.requests)
            .into_iter()
            .partition(|request| matches!(request, RunRequest::Cancel { .. }));
        self.requests = others;
        self.fail_requests(|run| RunError::WorkflowMissing {
            run,
            workflow: key.to_string(),
        });
        if ends.is_empty() && rows.scorings.is_empty() {
            return self.close();
        }
        self.requests = ends;
        // It is not taken up, and a run that has ended needs no frame: nothing of this is rendered.
        let nothing = NativeWorkflow::new(key.as_str(), vec![], |_, _| {});
        self.open_at_rest(rows, Arc::new(nothing), ctx);
        self.advance(ctx);
    }

    /// A run that the rows show running is taken up before anything else happens to it.
    fn open(
        &mut self,
        rows: RunRows,
        workflow: Arc<dyn Workflow>,
        fact: Option<Fact>,
        ctx: &mut Context<Self>,
    ) {
        let running = rows.row.status == RunStatus::Running;
        let is_asked = rows.row.cancel_requested_at.is_some();
        let is_unwanted = rows.row.tie == Some(ChildTie::Unwanted) && !is_asked;
        self.open_at_rest(rows, workflow, ctx);
        if running && is_unwanted {
            // The end of its parent may have been told to the run before it in a chain.
            let actor = parent_as_person();
            self.facts.push_front(Fact::CancelRequested { actor });
        }
        match fact {
            Some(fact) => self.facts.push_front(fact),
            None if running => self.facts.push_front(Fact::TakenUp),
            None => {}
        }
    }

    fn open_at_rest(
        &mut self,
        rows: RunRows,
        workflow: Arc<dyn Workflow>,
        ctx: &mut Context<Self>,
    ) {
        if !rows.scorings.is_empty() {
            self.facts.push_front(Fact::ScoringsCutOff);
        }
        let numbers = Numbers::of(&rows.row);
        self.told = rows.row.status;
        let policy = self.services.approvals.clone();
        let engine = RunState::load(rows, workflow.definition().clone(), policy)
            .with_ceiling(self.services.concurrency_ceiling)
            .with_changed_workflow(self.services.changed_workflow);
        let boundary = self.services.backend.boundary().clone();
        let reports = Reports::new(ctx.address(), self.run_id.clone(), self.life, boundary);
        self.phase = Phase::Open(Box::new(OpenRun::new(engine, numbers, workflow, reports)));
    }

    fn fail_requests(&mut self, error: impl Fn(RunId) -> RunError) {
        for request in std::mem::take(&mut self.requests) {
            request.refuse(error(self.run_id.clone()));
        }
    }
}

impl Handler<RowsRead> for RunActor {
    type Result = ();

    fn handle(&mut self, message: RowsRead, ctx: &mut Self::Context) {
        if message.life != self.life {
            return;
        }
        match message.rows {
            Ok(Some(rows)) => self.rows_read(rows, message.fact, ctx),
            Ok(None) => self.rows_missing(ctx),
            Err(source) => {
                tracing::error!(run.id = %self.run_id, error = %source, "failed to read a run");
                let text = source.to_string();
                self.fail_requests(|_| RunError::Degraded(text.clone()));
                self.reopen_later("its rows could not be read");
            }
        }
    }
}

fn inserted_row(changes: &[RowChange]) -> Option<RunRow> {
    changes.iter().find_map(|change| match change {
        RowChange::InsertRun(run) => Some(run.row.clone()),
        _ => None,
    })
}

/// The rows, unless a bug that is planted loses some.
fn forgetful(mut rows: RunRows) -> RunRows {
    if planted(Bug::ReloadForgetsOutputs) {
        rows.outputs.clear();
    }
    if planted(Bug::ReloadForgetsApprovals) {
        rows.approvals.clear();
    }
    if planted(Bug::ReloadForgetsAttempts) {
        rows.attempts.clear();
    }
    if planted(Bug::ReloadForgetsSignals) {
        rows.signals.clear();
    }
    if planted(Bug::ReloadForgetsWaits) {
        rows.waits.clear();
    }
    rows
}
