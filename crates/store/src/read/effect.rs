//! Reading effects.

use smithers_model::effect::{EffectNote, ToolCall};
use smithers_model::{RunId, Timestamp};

use super::ReadResult;

/// Reads the journal of effects on the world outside.
pub trait EffectReader {
    /// Lists the effects of a run that are under way or must not be had again, by node id, iteration, attempt and
    /// number. One that is archived is not among them.
    fn open_effects(&self, run: &RunId) -> ReadResult<Vec<EffectNote>>;

    /// Lists the calls of the attempts of a run that started later than `after`, the newest first. Bounded by the size
    /// of one run.
    fn effects_after(&self, run: &RunId, after: Timestamp) -> ReadResult<Vec<ToolCall>>;

    /// Counts the calls of a run that time travel has put aside.
    fn archived_effects(&self, run: &RunId) -> ReadResult<u64>;
}
