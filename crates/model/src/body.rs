//! What a task does.

use crate::error::ErrorInfo;
use crate::json::RawJson;
use crate::wait::{EventSpec, TimerSpec};

/// What a task does when it is dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskBody {
    /// Stores a value that the tree holds. `None`: not needed, its row exists already.
    Static(Option<Result<RawJson, ErrorInfo>>),
    /// Calls a function of the frame: the index in the frame's table of callbacks.
    Compute(u32),
    /// Stores the decision of its approval.
    Decision,
    /// Calls a function of the frame with the answer to its approval.
    Answer(u32),
    /// Waits for a point in time. It has no output.
    Timer(TimerSpec),
    /// Waits for a signal and stores it.
    Event(Box<EventSpec>),
    /// Starts a run of another workflow and stores its result.
    Child(Box<ChildSpec>),
}

/// The run that a task starts (workflow-model 13.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSpec {
    /// Its workflow: position among those of the module.
    pub part: u32,
    /// Its input, not yet validated.
    pub input: RawJson,
}

impl TaskBody {
    /// The function of the frame that is called when the task is dispatched: its index in the table of callbacks.
    pub fn callback(&self) -> Option<u32> {
        match self {
            Self::Compute(callback) | Self::Answer(callback) => Some(*callback),
            Self::Event(spec) => spec.callback,
            Self::Static(_) | Self::Decision | Self::Timer(_) | Self::Child(_) => None,
        }
    }
}
