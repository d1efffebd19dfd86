//! Reading what is due.

use smithers_model::{RunId, Timestamp};

use super::ReadResult;

/// Reads due times: of the newest attempt of a node, of an approval that waits, and of other waits, in runs that have
/// not ended.
pub trait DueReader {
    /// Returns the earliest due time of all runs that is later than `after`; one indexed read however many
    /// runs are parked.
    fn next_due(&self, after: Timestamp) -> ReadResult<Option<Timestamp>>;

    /// Lists runs in which something is due at `now`, the most overdue first, each once.
    fn due_runs(&self, now: Timestamp, limit: usize) -> ReadResult<Vec<RunId>>;
}
