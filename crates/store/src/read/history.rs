//! Reading the history of a run, and the trail of rewinds.

use smithers_model::history::{Snapshot, StoredDelta};
use smithers_model::output::OutputRow;
use smithers_model::rewind::{Branch, TimeTravelRow};
use smithers_model::{NodeKey, RunId, Timestamp};

use super::ReadResult;

/// A snapshot, with the delta in which its frame was stored when there is one.
pub type StoredSnapshot = (Snapshot, Option<StoredDelta>);

/// Reads histories. What adds up deltas costs as much as the run has changed until then.
pub trait HistoryReader {
    /// Returns the state of a run when frame `frame_no` was stored; none when there is no such frame, or the history
    /// of the run does not reach back to its beginning.
    ///
    /// # Errors
    /// Also when the history is not what was stored.
    fn snapshot(&self, run: &RunId, frame_no: u64) -> ReadResult<Option<StoredSnapshot>>;

    /// Lists which rows a run has given, with their places in the order of completion.
    fn output_places(&self, run: &RunId) -> ReadResult<Vec<(u64, String, NodeKey)>>;

    /// Returns a row that has left its table, by its place.
    fn undone_output(&self, run: &RunId, place: u64) -> ReadResult<Option<OutputRow>>;

    /// Counts the tries of a run that `caller` has made since `since`, but those that were rejected.
    fn rewind_tries(&self, run: &RunId, caller: &str, since: Timestamp) -> ReadResult<u64>;

    /// Lists the newest tries of a run, the newest first.
    fn rewinds(&self, run: &RunId, limit: usize) -> ReadResult<Vec<TimeTravelRow>>;

    /// Returns of which run a run is a copy.
    fn branch(&self, run: &RunId) -> ReadResult<Option<Branch>>;

    /// Lists the copies of a run, at most `limit`, by frame.
    fn branches_of(&self, run: &RunId, limit: usize) -> ReadResult<Vec<Branch>>;

    /// Lists tries that are under way, at most `limit`.
    fn open_rewinds(&self, limit: usize) -> ReadResult<Vec<TimeTravelRow>>;
}
