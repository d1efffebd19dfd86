//! How the rows of one run change.

use smithers_model::NodeKey;
use smithers_model::approval::Approval;
use smithers_model::event::StoredEvent;
use smithers_model::node::{AttemptRow, AttemptState};
use smithers_model::run::RunRow;
use smithers_model::step::RunUpdate;
use smithers_model::wait::Wait;

use super::state::Run;
use crate::commit::RunHead;

impl Run {
    pub(super) fn advance(&mut self, head: RunHead, events: &[StoredEvent]) {
        let RunRow {
            epoch,
            next_seq,
            next_stream_seq,
            ..
        } = &mut self.row;
        (*epoch, *next_seq, *next_stream_seq) = (head.epoch, head.next_seq, head.next_stream_seq);
        self.events.extend_from_slice(events);
    }

    pub(super) fn update(&mut self, update: RunUpdate) {
        let row = &mut self.row;
        if update.reopened {
            (row.finished_at, row.cancel_requested_at, row.error) = (None, None, None);
        }
        row.status = update.status.unwrap_or(row.status);
        if let Some(name) = update.workflow_name {
            row.workflow_name = name;
        }
        row.workflow_hash = update.workflow_hash.or(row.workflow_hash.take());
        if let Some(config) = update.config {
            row.config = config;
        }
        row.started_at = update.started_at.or(row.started_at);
        row.finished_at = update.finished_at.or(row.finished_at);
        row.cancel_requested_at = update.cancel_requested_at.or(row.cancel_requested_at);
        row.undo_within_ms = update.undo_within_ms.unwrap_or(row.undo_within_ms);
        if let Some(since) = update.pause_requested_at {
            row.pause_requested_at = since;
        }
        row.error = update.error.or(row.error.take());
        row.next_frame_no = update.next_frame_no.unwrap_or(row.next_frame_no);
        if row.status.is_terminal() {
            self.attempts
                .values_mut()
                .for_each(|attempt| attempt.retry_at = None);
            self.held.clear();
            self.lapses.clear();
            self.waits.clear();
        }
    }

    /// A new attempt ends the back-off of those before it.
    pub(super) fn put_attempt(&mut self, attempt: AttemptRow) {
        let earlier = (attempt.node.clone(), 0)..(attempt.node.clone(), attempt.attempt);
        for (_, old) in self.attempts.range_mut(earlier) {
            old.retry_at = None;
        }
        self.held
            .retain(|(node, number)| *node != attempt.node || *number > attempt.attempt);
        self.attempts
            .insert((attempt.node.clone(), attempt.attempt), attempt);
    }

    pub(super) fn begin_wait(&mut self, wait: Wait) {
        self.held_waits.remove(&wait.node);
        self.waits.insert(wait.node.clone(), wait);
    }

    pub(super) fn forget_results(&mut self, node: &NodeKey, table: String) {
        let attempts = (node.clone(), 0)..=(node.clone(), u32::MAX);
        for (key, attempt) in self.attempts.range_mut(attempts) {
            if attempt.state == AttemptState::Failed {
                (attempt.state, attempt.retry_at) = (AttemptState::Cancelled, None);
                self.held.remove(key);
            }
        }
        self.outputs.remove(&(table, node.clone()));
    }

    pub(super) fn hold_due_times(&mut self, held: bool) {
        self.held.clear();
        self.held_waits.clear();
        if held {
            self.held_waits = self.waits.keys().cloned().collect();
            let backing_off = self
                .attempts
                .iter()
                .filter(|(_, attempt)| attempt.retry_at.is_some());
            self.held = backing_off.map(|(key, _)| key.clone()).collect();
        }
    }

    pub(super) fn request(&mut self, approval: Approval) {
        let node = approval.node.clone();
        self.withdrawn.remove(&node);
        self.approvals.insert(node.clone(), approval);
        self.change_approval(&node, |_| ());
    }

    /// Changes an approval, if there is one, and finds when something is to happen with it next.
    pub(super) fn change_approval(&mut self, node: &NodeKey, change: impl FnOnce(&mut Approval)) {
        let Some(approval) = self.approvals.get_mut(node) else {
            return;
        };
        change(approval);
        match approval.next_due() {
            Some(due) => drop(self.lapses.insert(node.clone(), due)),
            None => drop(self.lapses.remove(node)),
        }
    }
}
