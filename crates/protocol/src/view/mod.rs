//! What answers and events show, with the keys in the order in which clients know them.
//!
//! Views borrow from what they show; they are made from stored rows at the edge and serialised at once. Texts ending in
//! `At` are ISO-8601, numbers ending in `Ms` are milliseconds since 1970.

mod answer;
mod approval;
mod cron;
mod deletion;
mod devtools;
mod event;
mod gateway;
mod inside;
mod node;
mod rewind;
mod run;
mod run_state;
mod score;
mod tokens;

pub use answer::{
    CancelAnswer, DecisionAnswer, LaunchAnswer, PauseAnswer, ResumeAnswer, RetryAnswer,
    SignalAnswer, StreamAnswer,
};
pub use approval::{ApprovalRow, AutoApproveRow, OptionRow, VoteRow};
pub use cron::{CronDeleted, CronRow};
pub use deletion::{DeletedRun, DeletionAnswer, HoldAnswer};
pub use devtools::{
    TreeDelta, TreeEvent, TreeSnapshot, TreeStreamAnswer, TreeStreamEvent, TreeStreamFailure,
};
pub use event::{BroadcastEvent, Jump};
pub use gateway::{
    Health, Hello, HelloAuth, HelloPolicy, HelloSnapshot, Identity, WorkflowSummary,
};
pub use inside::{AttemptRow, FrameRow};
pub use node::{NodeError, NodeOutput, NodeStateRow, OutputField, OutputSchema};
pub use rewind::{BoundaryEffect, EffectBoundary, RewindAnswer};
pub use run::{FailedChildren, GapSnapshot, RunColumns, RunRecord, RunRow};
pub use run_state::{Blocked, BlockedRun, RunState, Unhealthy};
pub use score::{NamedScoreRow, ScoreDetail, ScoreRow, ScoresAnswer};
pub use tokens::{TokenUsageAnswer, TokenUsageEvent, TokenUsageRow};

#[cfg(test)]
mod tests;
