//! Reading frames and trees.

use smithers_model::RunId;
use smithers_model::frame::{FrameRow, TreeContent};

use super::ReadResult;

/// Reads frames.
pub trait FrameReader {
    /// Returns frame `frame_no` of a run.
    fn frame(&self, run: &RunId, frame_no: u64) -> ReadResult<Option<FrameRow>>;

    /// Lists frames of a run after `after`, the newest first, at most `limit`.
    fn frames(&self, run: &RunId, after: u64, limit: usize) -> ReadResult<Vec<FrameRow>>;

    /// Returns the newest frame of a run.
    fn latest_frame(&self, run: &RunId) -> ReadResult<Option<FrameRow>>;

    /// Returns the tree with this hash.
    fn tree(&self, hash: &str) -> ReadResult<Option<TreeContent>>;
}
