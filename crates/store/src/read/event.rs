//! Reading the log.

use smithers_model::RunId;
use smithers_model::event::StoredEvent;

use super::ReadResult;

/// Reads events.
pub trait EventReader {
    /// Lists events of a run that clients see, with stream numbers above `after_stream_seq`; 0 begins at the first.
    fn visible_events(
        &self,
        run: &RunId,
        after_stream_seq: u64,
        limit: usize,
    ) -> ReadResult<Vec<StoredEvent>>;

    /// Lists all events of a run with numbers above `after_seq`; `None` begins at the first.
    fn events(
        &self,
        run: &RunId,
        after_seq: Option<u64>,
        limit: usize,
    ) -> ReadResult<Vec<StoredEvent>>;

    /// Lists what calls of agents have used in a run, in order; one event for each call.
    fn token_usage(&self, run: &RunId) -> ReadResult<Vec<StoredEvent>>;

    /// Returns how many tokens calls of agents have read and written in a run.
    fn tokens(&self, run: &RunId) -> ReadResult<u64>;

    /// Returns the newest event of a run.
    fn newest_event(&self, run: &RunId) -> ReadResult<Option<StoredEvent>>;

    /// Returns the gateway's version counter: the `state_version` of the newest visible event, 0 before any.
    fn state_version(&self) -> ReadResult<u64>;
}
