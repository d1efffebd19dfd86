//! Reading what is still to be done between parents and children.

use smithers_model::RunId;

use super::ReadResult;

/// Reads child runs by what is to be done about them; one indexed read however many runs there are.
pub trait ChildReader {
    /// Lists child runs that have ended while their parent still waits for them, in the order of ids, from the one
    /// after `after`.
    fn ended_children(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>>;

    /// Lists the children of a run that have not ended, in the order of ids.
    fn live_children(&self, run: &RunId, limit: usize) -> ReadResult<Vec<RunId>>;

    /// Lists child runs that go on although their parent has ended, in the order of ids, from the one after `after`.
    fn unwanted_children(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>>;
}
