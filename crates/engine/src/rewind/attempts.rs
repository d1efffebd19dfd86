//! Attempts of a rewind: later ones go, those under way at the frame were cut off.

use smithers_model::NodeKey;
use smithers_model::Timestamp;
use smithers_model::history::AttemptMark;
use smithers_model::node::{AttemptRow, AttemptState, NodeState};
use smithers_model::rewind::{Past, RewindRequest};
use smithers_model::step::RowChange;

use super::state_again;
use crate::state::RunState;

/// Attempts that had not begun.
pub(crate) fn gone(past: &Past) -> Vec<(NodeKey, u32)> {
    let keys = past.attempts.iter();
    let keys = keys.map(|row| (row.node.clone(), row.attempt));
    keys.filter(|key| !past.snapshot.attempts.contains_key(key))
        .collect()
}

impl RunState {
    pub(super) fn restore_attempts(&mut self, request: &RewindRequest, now: Timestamp) {
        let past = &request.past;
        for row in &past.attempts {
            let key = (row.node.clone(), row.attempt);
            if let Some(mark) = past.snapshot.attempts.get(&key) {
                let restored = restored(row, mark, past, now);
                // What is as the history has it adds nothing to it, and what is not must be in it.
                if restored.state != mark.state {
                    self.open.put_attempt(restored);
                } else if restored != *row {
                    self.open.change(RowChange::PutAttempt(restored));
                }
            }
        }
    }
}

/// The attempt as it goes on.
pub(crate) fn restored(
    row: &AttemptRow,
    mark: &AttemptMark,
    past: &Past,
    now: Timestamp,
) -> AttemptRow {
    let node = past.snapshot.nodes.get(&row.node);
    let state = node.map(|node| state_again(&row.node, node, past));
    let is_newest = node.is_some_and(|node| node.last_attempt == row.attempt);
    let waits = matches!(
        state,
        Some(NodeState::WaitingEvent | NodeState::WaitingTimer)
    );
    match mark.state {
        AttemptState::WaitingEvent | AttemptState::WaitingTimer if waits && is_newest => {
            AttemptRow {
                state: mark.state,
                finished_at: None,
                error: None,
                retry_at: None,
                ..row.clone()
            }
        }
        AttemptState::InProgress | AttemptState::WaitingEvent | AttemptState::WaitingTimer => {
            AttemptRow {
                state: AttemptState::Cancelled,
                finished_at: row.finished_at.or(Some(now)),
                error: None,
                retry_at: None,
                ..row.clone()
            }
        }
        ended => AttemptRow {
            state: ended,
            retry_at: mark.retry_at.filter(|_| is_newest),
            ..row.clone()
        },
    }
}
