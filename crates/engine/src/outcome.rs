//! Results of attempts: what success, failure and loss of an attempt change (workflow-model 8.2, 8.5).

use std::sync::Arc;

use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::frame::Trigger;
use smithers_model::node::AttemptState;
use smithers_model::output::OutputRow;
use smithers_model::planted::{Bug, planted};
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::lifecycle::{TaskFact, TaskStatus};
use crate::output;
use crate::quota;
use crate::refusal::Refusal;
use crate::retry;
use crate::state::RunState;

/// Whether a result belongs to the attempt under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It does.
    Current,
    /// Another attempt has replaced it, or it ended before.
    Late,
}

impl RunState {
    /// The body of an attempt gave an output.
    pub(crate) fn task_succeeded(
        &mut self,
        node: &NodeKey,
        attempt: u32,
        output: &RawJson,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match self.arrival(node, attempt)? {
            Arrival::Current => self.succeed(node, output, now),
            Arrival::Late => self.drop_late(node, attempt),
        }
        Ok(())
    }

    /// The body of an attempt failed.
    pub(crate) fn task_failed(
        &mut self,
        node: &NodeKey,
        attempt: u32,
        error: ErrorInfo,
        retryable: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match self.arrival(node, attempt)? {
            Arrival::Current => self.fail_attempt(node, error, retryable, now),
            Arrival::Late => self.drop_late(node, attempt),
        }
        Ok(())
    }

    /// The runtime of an attempt was lost. Its session went with it, so the next attempt needs a new frame.
    pub(crate) fn attempt_lost(
        &mut self,
        node: &NodeKey,
        attempt: u32,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match self.arrival(node, attempt)? {
            Arrival::Current => {
                self.interrupt(node, now);
                if self.renders.is_empty() {
                    self.renders.push_back(None);
                }
            }
            Arrival::Late => self.drop_late(node, attempt),
        }
        Ok(())
    }

    /// Tells whether `attempt` is the one under way.
    pub(crate) fn arrival(&self, node: &NodeKey, attempt: u32) -> Result<Arrival, Refusal> {
        self.must_be_active()?;
        let known = self.nodes.get(node);
        match known.map(|known| (known.status, known.last_attempt)) {
            Some((TaskStatus::Running { attempt: current }, _))
                if current == attempt || planted(Bug::LateResultAccepted) =>
            {
                self.must_be_taken_up()
            }
            Some((TaskStatus::Finished, _)) if planted(Bug::DuplicateResultAccepted) => {
                Ok(Arrival::Current)
            }
            Some((_, last)) if (1..=last).contains(&attempt) => Ok(Arrival::Late),
            _ => Err(Refusal::UnknownAttempt {
                node: node.clone(),
                attempt,
            }),
        }
    }

    /// What was under way when the run was read back has no owner; taking the run up cuts it off.
    fn must_be_taken_up(&self) -> Result<Arrival, Refusal> {
        let illegal = Refusal::Illegal {
            fact: "a result",
            reason: "the run was not taken up",
        };
        self.frame.as_ref().map(|_| Arrival::Current).ok_or(illegal)
    }

    pub(crate) fn drop_late(&mut self, node: &NodeKey, attempt: u32) {
        self.open.event(Event::LateResultDropped {
            node: node.clone(),
            attempt,
        });
    }

    /// Cancels the attempt under way; the node may start again, and the attempt does not count.
    pub(crate) fn interrupt(&mut self, node: &NodeKey, now: Timestamp) {
        self.running.remove(node);
        self.move_node(node, TaskFact::Interrupted, now);
        self.put_attempt(node, AttemptState::Cancelled);
    }

    /// Ends the attempt under way with `output`, when that fits the table of its task.
    pub(crate) fn succeed(&mut self, node: &NodeKey, output: &RawJson, now: Timestamp) {
        let table = self.nodes[node].output_table.clone();
        match output::stored_form(&self.definition, node, &table, output) {
            Ok(payload) => self.store_output(node, table, payload, now),
            Err(error) => self.fail_attempt(node, error, false, now),
        }
    }

    fn store_output(&mut self, node: &NodeKey, table: String, payload: RawJson, now: Timestamp) {
        self.open.weigh(payload.as_str().len());
        let row = Arc::new(OutputRow {
            table,
            node: node.clone(),
            payload,
        });
        self.rows.push(Arc::clone(&row));
        self.row_was_stored(&row);
        self.open.change(RowChange::PutOutput(row));
        self.running.remove(node);
        self.take_child(node);
        self.move_node(node, TaskFact::Succeeded, now);
        let attempt = self.put_attempt(node, AttemptState::Finished);
        self.keep_result(node, attempt, now);
        if !self.nodes[node].is_silent {
            self.open.event(Event::NodeFinished {
                node: node.clone(),
                attempt,
            });
        }
        self.begin_scorings(node, attempt, now);
        self.renders.push_back(Some(Trigger::task_finished(node)));
    }

    /// Ends the attempt under way with `error`; another one follows when the policy allows it.
    pub(crate) fn fail_attempt(
        &mut self,
        node: &NodeKey,
        error: ErrorInfo,
        retryable: bool,
        now: Timestamp,
    ) {
        if quota::is_exceeded(&error) && self.is_mounted(node) {
            return self.throttle(node, error, now);
        }
        self.take_child(node);
        let may_retry = retryable && retry::may_help(&error);
        let retry_at = self.count_failure(node, &error, may_retry, now);
        self.running.remove(node);
        self.move_node(node, TaskFact::AttemptFailed { retry_at }, now);
        let attempt = self.put_attempt(node, AttemptState::Failed);
        self.record_silence(node, attempt, &error);
        self.open.event(Event::NodeFailed {
            node: node.clone(),
            attempt,
            error,
        });
        match retry_at {
            Some(due) => self.announce_retry(node, attempt + 1, due, now),
            None => self.fail_node(node, now),
        }
    }

    /// Counts the failure and returns when the next attempt is due, if there is one. A task that is not
    /// mounted any more has no policy and no body to call.
    fn count_failure(
        &mut self,
        key: &NodeKey,
        error: &ErrorInfo,
        may_retry: bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let node = self.nodes.get_mut(key)?;
        node.failures = node.failures.saturating_add(1);
        node.error = Some(error.clone());
        let policy = self.frame.as_ref()?.find(key)?.retry;
        let delay = retry::delay_after(policy, node.failures)?;
        may_retry.then(|| now.plus(delay))
    }

    fn announce_retry(&mut self, node: &NodeKey, attempt: u32, due: Timestamp, now: Timestamp) {
        self.open.event(Event::NodeRetrying {
            node: node.clone(),
            attempt,
        });
        if due > now {
            self.open.command(Command::WakeAt(due));
        }
    }

    /// No attempt is left: the run fails with the node, or goes on when that is allowed or the node is gone.
    pub(crate) fn fail_node(&mut self, node: &NodeKey, now: Timestamp) {
        let frame = self.frame.as_ref();
        let handled = frame
            .and_then(|frame| frame.find(node))
            .is_none_or(|task| task.continue_on_fail || task.quarantine);
        if handled || self.is_guarded(node) || self.is_ending() {
            self.renders.push_back(Some(Trigger::task_finished(node)));
        } else {
            self.fail_by(node, now);
        }
    }

    /// A due time has come. Approvals and waits whose time is over are dealt with, retries that are due start; the owner
    /// is asked back for what is due later.
    pub(crate) fn time_reached(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.must_be_active()?;
        if self.run.ends_at().is_some_and(|due| due <= now) {
            self.end_undoing(now);
            return Ok(());
        }
        self.lapse_approvals(now);
        self.end_due_waits(now);
        self.wake_at_next_due(now);
        Ok(())
    }

    /// The store refused the last step; the state was read back without it.
    pub(crate) fn step_refused(&mut self, error: ErrorInfo, now: Timestamp) -> Result<(), Refusal> {
        self.must_be_active()?;
        self.fail(error, now);
        Ok(())
    }
}
