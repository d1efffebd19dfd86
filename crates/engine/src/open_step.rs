//! The step under construction: what one move of the run has changed so far, and when it is big enough.

use std::collections::BTreeMap;

use smithers_model::NodeKey;
use smithers_model::command::Command;
use smithers_model::event::Event;
use smithers_model::node::{AttemptRow, NodeRow};
use smithers_model::step::{RowChange, RunUpdate, Step};

use crate::history::History;

/// Most transitions of one step (DESIGN 4).
const MAX_TRANSITIONS: usize = 64;
/// Most bytes of one step (DESIGN 4), estimated.
const MAX_BYTES: usize = 256 * 1024;
/// Estimate for an event or a row without large fields.
const SMALL: usize = 128;

/// Collects a step. A row that changes several times in a step is written once, as it is at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenStep {
    step: Step,
    history: History,
    nodes: BTreeMap<NodeKey, usize>,
    attempts: BTreeMap<(NodeKey, u32), usize>,
    run: Option<usize>,
    transitions: usize,
    bytes: usize,
}

impl OpenStep {
    /// Adds an event.
    pub(crate) fn event(&mut self, event: Event) {
        self.step.events.push(event);
        self.bytes += SMALL;
    }

    /// Counts a move of a node or a frame.
    pub(crate) fn transition(&mut self) {
        self.transitions += 1;
    }

    /// Counts bytes beyond the estimate for a small row.
    pub(crate) fn weigh(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Adds a change that has no earlier version in the step.
    pub(crate) fn change(&mut self, change: RowChange) -> usize {
        self.history.note(&change);
        self.step.changes.push(change);
        self.bytes += SMALL;
        self.step.changes.len() - 1
    }

    /// Puts the newest state of a node.
    pub(crate) fn put_node(&mut self, row: NodeRow) {
        self.history.node(&row);
        match self.nodes.get(&row.node) {
            Some(&index) => self.step.changes[index] = RowChange::PutNode(row),
            None => {
                let node = row.node.clone();
                let index = self.change(RowChange::PutNode(row));
                self.nodes.insert(node, index);
            }
        }
    }

    /// Puts the newest state of an attempt.
    pub(crate) fn put_attempt(&mut self, row: AttemptRow) {
        self.history.attempt(&row);
        let key = (row.node.clone(), row.attempt);
        match self.attempts.get(&key) {
            Some(&index) => self.step.changes[index] = RowChange::PutAttempt(row),
            None => {
                let index = self.change(RowChange::PutAttempt(row));
                self.attempts.insert(key, index);
            }
        }
    }

    /// Changes values of the run row.
    pub(crate) fn update_run(&mut self, change: impl FnOnce(&mut RunUpdate)) {
        let index = match self.run {
            Some(index) => index,
            None => self.change(RowChange::UpdateRun(RunUpdate::default())),
        };
        self.run = Some(index);
        if let RowChange::UpdateRun(update) = &mut self.step.changes[index] {
            change(update);
        }
    }

    /// Asks for something after the commit.
    pub(crate) fn command(&mut self, command: Command) {
        self.step.commands.push(command);
    }

    /// Asks for the end of an attempt under way; one that this very step started is not started instead.
    /// Comes before the attempt's last row.
    pub(crate) fn abort(&mut self, node: &NodeKey, attempt: u32) {
        let asked = self.step.commands.len();
        self.step
            .commands
            .retain(|command| !starts(command, node, attempt));
        let started_here = self.step.commands.len() < asked;
        if !started_here {
            self.command(Command::AbortTask {
                node: node.clone(),
                attempt,
            });
        }
    }

    /// Takes back a wish to park that this very step has uttered.
    pub(crate) fn unpark(&mut self) {
        self.step
            .commands
            .retain(|command| *command != Command::Park);
    }

    /// Returns true when the step starts a task. Its callback belongs to the newest frame, so the next
    /// frame is rendered only after the task was started.
    pub(crate) fn starts_a_task(&self) -> bool {
        self.step
            .commands
            .iter()
            .any(|command| matches!(command, Command::StartTask { .. }))
    }

    /// Returns true when the step changes something.
    pub(crate) fn has_changes(&self) -> bool {
        !(self.step.changes.is_empty() && self.step.events.is_empty())
    }

    /// Returns true when the step is to be committed before the run goes on.
    pub(crate) fn is_full(&self) -> bool {
        self.transitions >= MAX_TRANSITIONS || self.bytes >= MAX_BYTES
    }

    /// Ends the step.
    pub(crate) fn take(&mut self) -> Step {
        let mut ended = std::mem::take(self);
        ended.step.changes.extend(ended.history.take());
        ended.step
    }
}

fn starts(command: &Command, node: &NodeKey, attempt: u32) -> bool {
    matches!(command, Command::StartTask { node: n, attempt: a, .. } if n == node && *a == attempt)
}
