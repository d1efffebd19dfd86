//! Reading what matters for the deletion of runs.

use smithers_model::deletion::{Hold, RunCounts, Tombstone};
use smithers_model::{RunId, Timestamp};

use super::ReadResult;

/// Reads holds, tombstones, and which runs are to go.
pub trait DeletionReader {
    /// Returns whether there is such a run; cheaper than reading its row.
    fn run_exists(&self, run: &RunId) -> ReadResult<bool>;

    /// Counts the rows of a run; all zero when there is no such run.
    fn run_counts(&self, run: &RunId) -> ReadResult<RunCounts>;

    /// Returns the hold on a run.
    fn hold(&self, run: &RunId) -> ReadResult<Option<Hold>>;

    /// Returns what is left of a deleted run.
    fn tombstone(&self, run: &RunId) -> ReadResult<Option<Tombstone>>;

    /// Lists the runs that `run` has started, by id.
    fn children(&self, run: &RunId, limit: usize) -> ReadResult<Vec<RunId>>;

    /// Lists runs that ended before `end` and that nobody holds, those that ended first before others.
    fn ended_before(&self, end: Timestamp, limit: usize) -> ReadResult<Vec<RunId>>;

    /// Lists runs whose deletion has begun and is not finished, by id.
    fn unfinished_deletions(&self, limit: usize) -> ReadResult<Vec<RunId>>;
}
