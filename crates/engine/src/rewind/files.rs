//! Worktrees of a rewind: each goes back to what it was before the attempts in it that are undone.

use std::collections::BTreeMap;

use smithers_model::node::{AttemptRow, AttemptState};
use smithers_model::rewind::Past;
use smithers_model::worktree::KeptFiles;

/// The commit that keeps what a worktree is to be, by the path of the worktree. Those in which nothing is undone are not
/// among them.
///
/// That is what the last attempt has left which had ended at the frame; without one, what the first of those that are
/// undone has found.
pub fn files_back(past: &Past) -> BTreeMap<String, String> {
    let mut attempts: Vec<(&AttemptRow, &KeptFiles)> = past
        .attempts
        .iter()
        .filter_map(|row| Some((row, row.files.as_ref()?)))
        .collect();
    attempts.sort_by_key(|(row, _)| (row.started_at, row.finished_at));
    let undone = attempts.iter().filter(|(row, _)| !had_ended(past, row));
    let mut back = BTreeMap::new();
    for (_, files) in undone {
        let base = || files.base.clone();
        back.entry(files.path.clone()).or_insert_with(base);
    }
    let mut kept: Vec<_> = attempts
        .iter()
        .filter(|(row, _)| had_ended(past, row))
        .collect();
    kept.sort_by_key(|(row, _)| row.finished_at);
    for (_, files) in kept {
        if let (Some(commit), Some(end)) = (back.get_mut(&files.path), &files.end) {
            commit.clone_from(end);
        }
    }
    back
}

/// Whether the frame knows what came of an attempt.
fn had_ended(past: &Past, row: &AttemptRow) -> bool {
    let mark = past.snapshot.attempts.get(&(row.node.clone(), row.attempt));
    mark.is_some_and(|mark| mark.state != AttemptState::InProgress)
}
