//! Why a request to a run was not carried out.

use smithers_engine::Refusal;
use smithers_model::rewind::EffectBoundary;
use smithers_model::{RunId, ScheduleId, Timestamp};

/// What the requester of a decision, cancel, resume or launch is told.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store has no such run.
    #[error("run not found: {0}")]
    NotFound(RunId),
    /// The id is taken by another run, live or ended.
    #[error("run {0} exists already")]
    Exists(RunId),
    /// The id was that of a run that has been deleted.
    #[error("run {run} was deleted; its id is not used again")]
    Deleted {
        /// The run.
        run: RunId,
        /// When it was deleted.
        at: Timestamp,
    },
    /// The firing of the schedule was made or left out before, or the schedule is gone; no run was made.
    #[error("schedule `{0}` has moved on or is gone")]
    ScheduleMoved(ScheduleId),
    /// The run's module does not register its workflow any more.
    #[error("workflow `{workflow}` of run `{run}` is not registered")]
    WorkflowMissing {
        /// The run.
        run: RunId,
        /// Key it was launched with.
        workflow: String,
    },
    /// The state of the run does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Effects outside stand in the way of a rewind.
    #[error("{} effects after the frame cannot be taken back", .0.blocking.len())]
    EffectsBlock(Box<EffectBoundary>),
    /// An effect could not be taken back; the run was not rewound.
    #[error("the effect of `{node}` could not be taken back: {reason}")]
    RevertFailed {
        /// Whose effect.
        node: String,
        /// Why.
        reason: String,
        /// How many effects were taken back before.
        reverted: usize,
    },
    /// The files of a worktree could not be brought back; the run was not rewound.
    #[error("the files of `{path}` could not be brought back: {reason}")]
    FilesStay {
        /// Which worktree.
        path: String,
        /// Why.
        reason: String,
        /// How many effects and worktrees were taken back before.
        reverted: usize,
    },
    /// The store refused the step; nothing of it was kept.
    #[error("the change was refused by the database: {0}")]
    StepRefused(String),
    /// Too much is waiting in front of this run; nothing was changed, try again.
    #[error("run `{0}` is busy; nothing was changed, try again")]
    Busy(RunId),
    /// The database does not take writes at the moment; nothing was changed, try again.
    #[error("the database does not accept writes: {0}")]
    Degraded(String),
    /// The database failed while it committed; whether the change was kept shows when it is read back.
    #[error("the outcome of the change is not known; read it back once the gateway has recovered")]
    OutcomeUnknown,
    /// The stored rows cannot be read.
    #[error("failed to read run `{run}`")]
    Read {
        /// The run.
        run: RunId,
        /// What the store says.
        #[source]
        source: smithers_store::Error,
    },
}
