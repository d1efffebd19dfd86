//! Writing to memory: a step is checked whole, then applied whole.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use smithers_model::audit::{AuditRecord, Deployment, StoredDeployment};
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder};
use smithers_model::delivery::Delivery;
use smithers_model::event::{NumberedEvent, StoredEvent};
use smithers_model::output::OutputRow;
use smithers_model::rewind::TimeTravelRow;
use smithers_model::schedule::ScheduleOrder;
use smithers_model::step::{ChildTie, Committed, RowChange, StepWrite};
use smithers_model::workflow::{ModuleRevision, WorkflowDefinition};
use smithers_model::{RawJson, RunId, Timestamp};

use super::state::{Output, Run, State};
use crate::audit_chain;
use crate::backend::Transactions;
use crate::boundary::Boundary;
use crate::cache::CacheSweep;
use crate::commit::{CommittedStep, Refusal};
use crate::deletion::{Deletion, DeletionRefusal};
use crate::error::CommitError;
use crate::precheck;
use crate::schema::{Cell, SchemaError};
use crate::start::{self, Before};

/// What stands in place of the newest migration: there are none.
const DATABASE_HEAD: &str = "memory";

/// Cells of the output rows of a step, in the order of its changes.
type EncodedRows = Vec<HashMap<String, Cell>>;

pub(super) struct MemoryTransactions {
    pub(super) state: Arc<RwLock<State>>,
    pub(super) boundary: Boundary,
}

/// Cleans the trees of a step that are not stored yet.
fn clean_new_trees(boundary: &Boundary, state: &State, step: &mut StepWrite) {
    for change in &mut step.changes {
        if let RowChange::PutFrame { tree, .. } = change
            && !state.trees.contains_key(&tree.hash)
            && let Some(clean) = boundary.tree(&step.run_id, tree)
        {
            *tree = Arc::new(clean);
        }
    }
}

impl Transactions for MemoryTransactions {
    fn commit(
        &mut self,
        steps: Vec<StepWrite>,
    ) -> Result<Vec<Result<CommittedStep, Refusal>>, CommitError> {
        let mut state = self.state.write();
        let commit = |mut step| {
            self.boundary.names(&step)?;
            self.boundary.step(&mut step);
            clean_new_trees(&self.boundary, &state, &mut step);
            state.commit(step)
        };
        Ok(steps.into_iter().map(commit).collect())
    }

    fn define_outputs(
        &mut self,
        workflows: &[Arc<WorkflowDefinition>],
    ) -> Result<Result<(), SchemaError>, CommitError> {
        let mut state = self.state.write();
        Ok(state
            .schema
            .with(workflows)
            .map(|schema| state.schema = schema))
    }

    fn register_module(&mut self, revision: &ModuleRevision) -> Result<(), CommitError> {
        let mut state = self.state.write();
        state
            .modules
            .entry(revision.hash.clone())
            .or_insert_with(|| {
                let clean = self.boundary.module(revision);
                clean.unwrap_or_else(|| revision.clone())
            });
        Ok(())
    }

    fn record_deployment(&mut self, deployment: &Deployment) -> Result<(), CommitError> {
        let mut state = self.state.write();
        let before = state.deployments.last().map(|stored| Before {
            stored: stored.clone(),
            alive_at: None,
        });
        for record in start::records(deployment, DATABASE_HEAD, before.as_ref()) {
            state.append_audit(record);
        }
        state.deployments.push(StoredDeployment {
            deployment: deployment.clone(),
            database_head: DATABASE_HEAD.into(),
            stopped_at: None,
        });
        Ok(())
    }

    fn record_stop(&mut self, at: Timestamp) -> Result<(), CommitError> {
        let mut state = self.state.write();
        let running = state.deployments.last_mut();
        let Some(running) = running.filter(|stored| stored.stopped_at.is_none()) else {
            return Ok(());
        };
        running.stopped_at = Some(at);
        let record = start::stopped(&running.deployment.id, at);
        state.append_audit(record);
        Ok(())
    }

    fn delete_run(
        &mut self,
        order: &DeletionOrder,
    ) -> Result<Result<Deletion, DeletionRefusal>, CommitError> {
        let order = self.boundary.deletion(order);
        Ok(self.state.write().delete(&order))
    }

    fn continue_deletion(
        &mut self,
        _: &RunId,
    ) -> Result<Result<bool, DeletionRefusal>, CommitError> {
        Ok(Ok(true))
    }

    fn hold_run(
        &mut self,
        order: &HoldOrder,
    ) -> Result<Result<Option<Hold>, DeletionRefusal>, CommitError> {
        let order = self.boundary.hold(order);
        Ok(self.state.write().hold(&order))
    }

    fn change_schedule(&mut self, order: &ScheduleOrder) -> Result<bool, CommitError> {
        let order = self.boundary.schedule(order);
        Ok(self.state.write().change_schedule(order))
    }

    fn keep_delivery(&mut self, delivery: &Delivery, forget: u32) -> Result<(), CommitError> {
        let delivery = self.boundary.delivery(delivery);
        self.state.write().keep_delivery(delivery, forget);
        Ok(())
    }

    fn record_rewind(
        &mut self,
        row: &TimeTravelRow,
        audit: &AuditRecord,
    ) -> Result<(), CommitError> {
        let mut record = audit.clone();
        self.boundary.audit(&mut record);
        let mut state = self.state.write();
        state.record_rewind(row.clone());
        state.append_audit(record);
        Ok(())
    }

    fn sweep_cache(&mut self, sweep: &CacheSweep) -> Result<u64, CommitError> {
        Ok(self.state.write().sweep_cache(sweep))
    }

    fn append_audit(&mut self, records: Vec<AuditRecord>) -> Result<(), CommitError> {
        let mut state = self.state.write();
        for mut record in records {
            self.boundary.audit(&mut record);
            state.append_audit(record);
        }
        Ok(())
    }

    fn release_pages(&mut self, _: u32) -> Result<u64, CommitError> {
        Ok(0)
    }

    fn verify(&mut self) -> Result<(), CommitError> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), CommitError> {
        Ok(())
    }
}

impl State {
    fn commit(&mut self, step: StepWrite) -> Result<CommittedStep, Refusal> {
        let Ok(checked) = precheck::check(&step, self);
        let head = checked?;
        let rows = self.encode(&step)?;
        let StepWrite {
            run_id,
            events,
            changes,
            ..
        } = step;
        self.insert_run(&changes);
        let mut rows = rows.into_iter();
        if let Some(run) = self.runs.get_mut(&run_id) {
            run.past.first_clock = run.outputs_completed;
        }
        for change in changes {
            self.apply(&run_id, change, &mut rows);
        }
        let numbers = Committed {
            first_position: self.last_position + 1,
            first_state_version: self.state_version + 1,
        };
        let events = self.number(&run_id, events);
        let run = self.runs.get_mut(&run_id).expect("the check found the run");
        run.advance(head, &events);
        Ok(CommittedStep {
            run_id,
            numbers,
            events,
        })
    }

    /// Refuses what tables would refuse, before anything is applied.
    fn encode(&self, step: &StepWrite) -> Result<EncodedRows, Refusal> {
        let mut rows = Vec::new();
        let mut frames = Vec::new();
        for change in &step.changes {
            match change {
                RowChange::PutOutput(row) => rows.push(self.encode_row(row)?),
                RowChange::PutFrame { frame, .. } => {
                    let stored = self.runs.get(&step.run_id);
                    let known = stored.is_some_and(|run| run.frames.contains_key(&frame.frame_no));
                    if known || frames.contains(&frame.frame_no) {
                        let number = frame.frame_no;
                        return Err(Refusal::constraint(format!(
                            "frame {number} exists already"
                        )));
                    }
                    frames.push(frame.frame_no);
                }
                _ => {}
            }
        }
        Ok(rows)
    }

    pub(super) fn encode_row(&self, row: &OutputRow) -> Result<HashMap<String, Cell>, Refusal> {
        let table = self.schema.expect_table(&row.table)?;
        let cells = table.encode(&row.payload)?;
        let names = table.columns.iter().map(|column| column.name.clone());
        Ok(names.zip(cells).collect())
    }

    fn insert_run(&mut self, changes: &[RowChange]) {
        for change in changes {
            let RowChange::InsertRun(new) = change else {
                continue;
            };
            if let Some(key) = &new.idempotency_key {
                let key = (new.row.workflow_key.clone(), key.clone());
                self.launches.insert(key, new.row.run_id.clone());
            }
            let mut run = Run::new(new.row.clone());
            let parent = new.row.parent.as_ref().filter(|_| new.row.tie.is_some());
            run.row.tie = parent.map(|parent| self.tie_to(parent));
            self.runs.insert(new.row.run_id.clone(), run);
        }
    }

    /// The tie of a child that begins now: one whose parent has ended meanwhile is unwanted from the beginning.
    fn tie_to(&self, parent: &RunId) -> ChildTie {
        let goes_on = |run: &Run| run.row.finished_at.is_none();
        match self.runs.get(parent).is_some_and(goes_on) {
            true => ChildTie::Awaited,
            false => ChildTie::Unwanted,
        }
    }

    fn let_child_go(&mut self, parent: &RunId, child: &RunId, tie: ChildTie) {
        let last = self.last_of_chain(child);
        let child = self.runs.get_mut(last.as_ref().unwrap_or(child));
        if let Some(child) = child.filter(|child| child.row.parent.as_ref() == Some(parent)) {
            child.row.tie = Some(tie);
        }
    }

    fn reattach(&mut self, run_id: &RunId, input: Option<RawJson>) {
        let row = self.runs.get(run_id).map(|run| &run.row);
        let parent = row.and_then(|row| row.parent.clone());
        let tie = parent.map(|parent| self.tie_to(&parent));
        if let Some(run) = self.runs.get_mut(run_id) {
            run.row.tie = tie;
            run.row.input = input.unwrap_or_else(|| run.row.input.clone());
        }
    }

    fn apply(
        &mut self,
        run_id: &RunId,
        change: RowChange,
        rows: &mut impl Iterator<Item = HashMap<String, Cell>>,
    ) {
        let run = self.runs.get_mut(run_id).expect("the check found the run");
        match change {
            RowChange::InsertRun(_) => {}
            RowChange::ContinueAs(next) => {
                let mut successor = Run::new(next.row);
                successor.continuation = Some(next.told);
                if next.keeps_rows {
                    successor.outputs = run.outputs.clone();
                }
                successor.outputs_completed = run.outputs_completed;
                successor.past.first_clock = run.outputs_completed;
                successor.past.keep(next.baseline.bytes);
                let loops = next.loops.into_iter();
                successor.loops = loops.map(|row| (row.id.clone(), row)).collect();
                let signals = next.signals.into_iter();
                successor.signals = signals.map(|signal| (signal.seq, signal)).collect();
                successor.row.tie = run.row.tie;
                run.row.tie = run.row.tie.map(|_| ChildTie::Taken);
                let id = successor.row.run_id.clone();
                self.runs.insert(id, successor);
            }
            RowChange::ForgetContinuation => run.continuation = None,
            RowChange::UpdateRun(update) => run.update(update),
            RowChange::PutNode(node) => drop(run.nodes.insert(node.node.clone(), node)),
            RowChange::PutAttempt(attempt) => run.put_attempt(attempt),
            RowChange::PutLoop(row) => drop(run.loops.insert(row.id.clone(), row)),
            RowChange::PutOutput(row) => {
                run.outputs_completed += 1;
                let output = Output {
                    completed: run.outputs_completed,
                    cells: rows.next().expect("every row was encoded"),
                };
                run.outputs
                    .insert((row.table.clone(), row.node.clone()), output);
            }
            RowChange::PutCache(row) => drop(self.cache.insert(row.key.clone(), *row)),
            RowChange::TouchCache { key, at } => self.touch_cache(&key, at),
            RowChange::RequestApproval(approval) => run.request(*approval),
            RowChange::CastVote { node, vote } => {
                run.change_approval(&node, |approval| {
                    if vote.request_digest == approval.request_digest {
                        approval.votes.push(vote);
                    }
                });
            }
            RowChange::DecideApproval { node, decision } => {
                run.change_approval(&node, |approval| approval.decision = Some(decision));
            }
            RowChange::PutCustody { node, custody } => {
                run.change_approval(&node, |approval| approval.custody = custody);
            }
            RowChange::BeginWait(wait) => run.begin_wait(wait),
            RowChange::AddSignal(signal) => drop(run.signals.insert(signal.seq, *signal)),
            RowChange::TakeSignal { seq, node } => {
                if let Some(signal) = run.signals.get_mut(&seq) {
                    signal.taken_by = Some(node);
                }
            }
            RowChange::PutToolCall(call) => run.put_tool_call(*call),
            RowChange::EndToolCalls(ended) => run.end_tool_calls(&ended),
            RowChange::ArchiveToolCalls(archival) => run.archive_tool_calls(&archival),
            RowChange::BeginScoring(scoring) => run.begin_scoring(*scoring),
            RowChange::EndScoring { key, score } => {
                run.end_scoring(&key, score.map(|score| *score));
            }
            RowChange::EndWait(node) => drop(run.waits.remove(&node)),
            RowChange::PutFrame { frame, tree } => {
                run.frames.insert(frame.frame_no, frame);
                self.trees.entry(tree.hash.clone()).or_insert(tree);
            }
            RowChange::ForgetResults { node, table } => self.forget_results(run_id, &node, table),
            RowChange::WithdrawApproval { node } => {
                let withdrawn = run.approvals.remove_entry(&node);
                run.withdrawn.extend(withdrawn);
                run.lapses.remove(&node);
            }
            RowChange::HoldDueTimes(held) => run.hold_due_times(held),
            RowChange::LetChildGo { child, tie } => self.let_child_go(run_id, &child, tie),
            RowChange::FireSchedule { firing, at } => self.fire(run_id, &firing, at),
            RowChange::Reattach { input } => self.reattach(run_id, input),
            RowChange::KeepDelta(delta) => run.past.keep(delta.bytes),
            RowChange::PutBranch(branch) => self.branches.push(branch),
            RowChange::Rewind(rewound) => self.rewind(run_id, *rewound),
            RowChange::TimeTravel(row) => self.record_rewind(row),
            RowChange::Audit(record) => self.append_audit(record),
        }
    }

    pub(super) fn append_audit(&mut self, record: AuditRecord) {
        let last = self.audit.last();
        let (seq, prev) = last.map_or((1, audit_chain::GENESIS), |row| (row.seq + 1, &row.hash));
        self.audit.push(audit_chain::link(seq, record, prev));
    }

    fn number(&mut self, run_id: &RunId, events: Vec<NumberedEvent>) -> Vec<StoredEvent> {
        let number = |event: NumberedEvent| {
            self.last_position += 1;
            self.state_version += u64::from(event.stream_seq.is_some());
            StoredEvent {
                position: self.last_position,
                run_id: run_id.clone(),
                seq: event.seq,
                stream_seq: event.stream_seq,
                state_version: event.stream_seq.map(|_| self.state_version),
                at: event.at,
                type_name: event.type_name.to_owned(),
                payload: event.payload,
            }
        };
        events.into_iter().map(number).collect()
    }
}
