//! One step inside the open transaction: checked whole, then its rows.

use parking_lot::RwLockReadGuard;
use rusqlite::Connection;
use smithers_model::RunId;
use smithers_model::step::{Committed, RowChange, StepWrite};

use super::current::SqliteCurrent;
use super::output::EncodedRow;
use super::{
    approval, audit, cache, child, due, effect, event, frame, history, loops, node, output, rewind,
    run, schedule, score, signal, succession, wait,
};
use crate::boundary::Boundary;
use crate::commit::{CommittedStep, Refusal, RunHead};
use crate::error::CommitError;
use crate::precheck;
use crate::schema::Schema;
use crate::sqlite::fault::{Trouble, sort, storage};
use crate::sqlite::gateway::Counters;

/// A pass over a batch.
pub(super) struct Writing<'a> {
    pub(super) conn: &'a Connection,
    pub(super) schema: RwLockReadGuard<'a, Schema>,
    pub(super) deployment: Option<&'a str>,
    pub(super) boundary: &'a Boundary,
    /// Where the log ends.
    pub(super) counters: Counters,
}

/// What is known of a step before it writes.
pub(super) struct Checked {
    head: RunHead,
    rows: Vec<EncodedRow>,
}

impl Writing<'_> {
    /// Decides whether the step may be applied; only reads.
    pub(super) fn check(&self, step: &StepWrite) -> Result<Result<Checked, Refusal>, CommitError> {
        if let Err(refusal) = self.boundary.names(step) {
            return Ok(Err(refusal));
        }
        let current = SqliteCurrent(self.conn);
        let head = match precheck::check(step, &current).map_err(storage)? {
            Ok(head) => head,
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(output::encode(step, &self.schema).map(|rows| Checked { head, rows }))
    }

    /// Writes the rows of a checked step and numbers its events.
    pub(super) fn apply(
        &mut self,
        step: &StepWrite,
        checked: Checked,
    ) -> Result<CommittedStep, Trouble> {
        let numbers = Committed {
            first_position: self.counters.last_position + 1,
            first_state_version: self.counters.state_version + 1,
        };
        self.write(step, checked).map_err(sort)?;
        let events = event::insert(self.conn, step, &mut self.counters).map_err(sort)?;
        Ok(CommittedStep {
            run_id: step.run_id.clone(),
            numbers,
            events,
        })
    }

    fn write(&mut self, step: &StepWrite, checked: Checked) -> rusqlite::Result<()> {
        let Checked { head, rows } = checked;
        // The head comes first, as all other rows refer to its run.
        let clock = match precheck::new_run(step) {
            Some(new) => {
                run::insert(self.conn, new, self.deployment)?;
                run::insert_input(self.conn, &new.row, &self.schema)?;
                run::insert_head(self.conn, step, head, &new.row, rows.len())?
            }
            None => run::advance_head(self.conn, step, head, rows.len())?,
        };
        let mut rows = rows.into_iter().zip(clock..);
        for change in &step.changes {
            if let RowChange::KeepDelta(delta) = change {
                history::keep(self.conn, &step.run_id, delta, clock)?;
            }
            self.change(&step.run_id, change, &mut rows)?;
        }
        Ok(())
    }

    fn change(
        &mut self,
        run_id: &RunId,
        change: &RowChange,
        rows: &mut impl Iterator<Item = (EncodedRow, u64)>,
    ) -> rusqlite::Result<()> {
        let conn = self.conn;
        match change {
            // They come before and beside the others.
            RowChange::InsertRun(_) | RowChange::KeepDelta(_) => Ok(()),
            RowChange::PutBranch(branch) => rewind::put_branch(conn, branch),
            RowChange::Rewind(rewound) => rewind::apply(conn, run_id, rewound, &self.schema),
            RowChange::TimeTravel(row) => rewind::record(conn, row),
            RowChange::ContinueAs(next) => {
                succession::begin(conn, run_id, next, &self.schema, self.deployment)
            }
            RowChange::ForgetContinuation => succession::forget(conn, run_id),
            RowChange::UpdateRun(update) => run::update(conn, run_id, update),
            RowChange::PutNode(row) => node::put(conn, run_id, row),
            RowChange::PutAttempt(row) => node::put_attempt(conn, run_id, row),
            RowChange::PutLoop(row) => loops::put(conn, run_id, row),
            RowChange::PutOutput(row) => {
                let (encoded, clock) = rows.next().expect("every row was encoded");
                output::put(conn, run_id, row, &encoded, clock)
            }
            RowChange::PutCache(row) => cache::put(conn, row),
            RowChange::TouchCache { key, at } => cache::touch(conn, key, *at),
            RowChange::RequestApproval(row) => approval::request(conn, run_id, row),
            RowChange::CastVote { node, vote } => approval::vote(conn, run_id, node, vote),
            RowChange::DecideApproval { node, decision } => {
                approval::decide(conn, run_id, node, decision)
            }
            RowChange::PutCustody { node, custody } => {
                approval::put_custody(conn, run_id, node, custody)
            }
            RowChange::BeginWait(row) => wait::begin(conn, run_id, row),
            RowChange::EndWait(node) => wait::end(conn, run_id, node),
            RowChange::PutToolCall(call) => effect::put(conn, run_id, call),
            RowChange::EndToolCalls(ended) => effect::end(conn, run_id, ended),
            RowChange::ArchiveToolCalls(archival) => effect::archive(conn, run_id, archival),
            RowChange::BeginScoring(scoring) => score::begin(conn, run_id, scoring),
            RowChange::EndScoring { key, score } => score::end(conn, run_id, key, score.as_deref()),
            RowChange::AddSignal(row) => signal::add(conn, run_id, row),
            RowChange::TakeSignal { seq, node } => signal::take(conn, run_id, *seq, node),
            RowChange::PutFrame { frame, tree } => {
                frame::put_tree(conn, self.boundary, run_id, tree)?;
                frame::put(conn, run_id, frame)
            }
            RowChange::ForgetResults { node, table } => {
                node::cancel_failed(conn, run_id, node)?;
                output::forget(conn, run_id, node, self.schema.table(table))
            }
            RowChange::WithdrawApproval { node } => approval::withdraw(conn, run_id, node),
            RowChange::HoldDueTimes(held) => due::hold(conn, run_id, *held),
            RowChange::LetChildGo { child, tie } => child::let_go(conn, run_id, child, *tie),
            RowChange::FireSchedule { firing, at } => schedule::fire(conn, run_id, firing, *at),
            RowChange::Reattach { input } => child::reattach(conn, run_id, input.as_ref()),
            RowChange::Audit(record) => audit::append(conn, record),
        }
    }
}
