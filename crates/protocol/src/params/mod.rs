//! Parameters of the served methods: what is read from a request, in which order it is checked, and with which words it
//! is refused.
//!
//! Fields that a method does not know are ignored, unless said otherwise. A field that is `null` counts as absent unless said otherwise.

mod approvals;
mod connect;
mod cron;
mod deletion;
mod devtools;
mod fields;
mod ids;
mod inside;
mod inspect;
mod launch;
mod nodes;
mod rewind;
mod runs;
mod scores;
mod signals;
mod stream;
mod travel;

pub use approvals::{ListApprovals, SubmitApproval};
pub use connect::Connect;
pub use cron::{CronCreate, CronDelete, CronList, CronRun};
pub use deletion::{DeleteRun, HoldRun};
pub use devtools::{After, GetDevToolsSnapshot, StreamDevTools};
pub use ids::{check_node_id, check_run_id};
pub use inside::{GetAttempt, GetFrame, ListAttempts, ListFrames};
pub use inspect::{GetNodeDiff, GetRunDiff, ListRunDescendants, WhatHappened};
pub use launch::{LaunchRun, StartedBy};
pub use nodes::{GetNodeOutput, ListNodeStates};
pub use rewind::RewindRun;
pub use runs::{
    CancelRun, GetRun, ListRunTokenUsage, ListRuns, ListWorkflows, PauseRun, RerunRun, ResumeRun,
    RetryTask,
};
pub use scores::{
    GetScoreDetail, ListScores, ListScoresForRuns, MOST_PAGED, MOST_RUNS, ScoreSource,
};
pub use signals::SubmitSignal;
pub use stream::{StreamRunEvents, check_after_seq};
pub use travel::{DiffRuns, ForkRun, Timeline};

/// Parameters as an object.
pub type Params = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod tests;
