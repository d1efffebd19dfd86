//! Facts: what happened outside a run and moves it.

use std::sync::Arc;

use crate::approval::{Decision, Precedent};
use crate::cache::{CacheFill, CachedResult};
use crate::error::ErrorInfo;
use crate::json::RawJson;
use crate::report::Report;
use crate::rewind::{RewindRequest, TimeTravelRow};
use crate::run::Actor;
use crate::score::{Judgement, ScoringKey};
use crate::signal::SignalAddress;
use crate::tree::Tree;
use crate::wait::WaitKind;
use crate::worktree::WorktreeSpec;
use crate::{NodeKey, RunId};

/// Something that happened outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The run is taken up: after its launch, or by a process that found it running in the store.
    /// Attempts that the store shows in progress were cut off.
    TakenUp,
    /// The frame that was asked for.
    Rendered(Tree),
    /// The frame that was asked for would be the newest one over again, so it was not rendered.
    FrameStands,
    /// The frame that was asked for could not be rendered.
    RenderFailed(ErrorInfo),
    /// The body of an attempt told something. Comes before the result of the attempt, in order.
    TaskReported {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// What it told; cleaned and bounded.
        report: Report,
    },
    /// The body of an attempt gave its output.
    TaskSucceeded {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// Its output; has passed the schema of the task, not yet the columns.
        output: RawJson,
    },
    /// The result of an attempt is to be kept for others. Comes just before the result.
    ResultToKeep {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// What it is kept as.
        fill: Box<CacheFill>,
    },
    /// The files of the worktree of an attempt were kept as they are. Comes just before the result.
    FilesKept {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// The commit that keeps them.
        commit: String,
    },
    /// A result that was kept stands for that of an attempt, whose body is not run.
    CacheHit {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// What was found; good, and fit for the table.
        hit: Box<CachedResult>,
    },
    /// The body of an attempt failed.
    TaskFailed {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// Why.
        error: ErrorInfo,
        /// Another attempt may help.
        retryable: bool,
    },
    /// A scoring has ended. It may come when the run has, too.
    Scored {
        /// Which.
        key: ScoringKey,
        /// What the scorer said, or why it said nothing.
        outcome: Result<Box<Judgement>, ErrorInfo>,
    },
    /// The scorings that the store shows under way were cut off.
    ScoringsCutOff,
    /// The runtime of an attempt was lost through somebody else's fault.
    AttemptLost {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
    },
    /// The run of a subflow stands still until somebody acts in it.
    ChildWaits {
        /// The task that stands for it.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// For what.
        kind: WaitKind,
    },
    /// Something has changed in the run of a subflow: it is to be looked at.
    ChildMoved {
        /// The task that stands for it.
        node: NodeKey,
        /// Which run.
        child: RunId,
    },
    /// The parent of this run, a child that has ended, needs it again.
    Revived {
        /// From where.
        from: Revival,
    },
    /// A due time has come; what is due is found by the clock.
    TimeReached,
    /// Somebody decided an approval.
    ApprovalDecided {
        /// Which node waits.
        node: NodeKey,
        /// The answer.
        decision: Decision,
        /// Who gave it, for the checks of `allowedUsers`, `allowedScopes` and owners.
        actor: Actor,
    },
    /// What people decided about a node in other runs of the workflow, as the engine asked.
    PrecedentsRead {
        /// Which node.
        node: NodeKey,
        /// What they decided, the newest first. None when it could not be read: then a person is asked.
        found: Vec<Precedent>,
    },
    /// The owner made the worktree that the engine asked for, or could not.
    WorktreePrepared {
        /// Which.
        worktree: Arc<WorktreeSpec>,
        /// The commit that keeps its files as they are, if that could be made; or why there is no worktree, and whether
        /// another attempt may help.
        outcome: Result<Option<String>, (ErrorInfo, bool)>,
    },
    /// Somebody sent a signal. It is kept, whatever becomes of the run.
    SignalReceived {
        /// Whom it is for.
        address: SignalAddress,
        /// What it tells.
        payload: RawJson,
        /// Who sent it.
        actor: Actor,
    },
    /// Somebody asked for the run to go on: a paused one does, others do so by themselves.
    ResumeRequested {
        /// Who.
        actor: Actor,
        /// It may go on with a workflow that has changed since.
        accept_change: bool,
    },
    /// Somebody asked for the run to stop where it is: what is under way ends, nothing else starts.
    PauseRequested {
        /// Who.
        actor: Actor,
    },
    /// Somebody asked for a task of a run at rest to be done again.
    RetryRequested {
        /// Which.
        node: NodeKey,
        /// What came after it is done again too.
        dependents: bool,
        /// Who.
        actor: Actor,
        /// It may be done again with a workflow that has changed since.
        accept_change: bool,
    },
    /// Somebody asked for the run to go back to a frame.
    RewindRequested(Box<RewindRequest>),
    /// The process died while it took effects of the run back for a rewind: what is felt outside is not known.
    RewindInterrupted(Box<TimeTravelRow>),
    /// Somebody asked for the end of the run.
    CancelRequested {
        /// Who.
        actor: Actor,
    },
    /// The store refused the last step of this run; the state was read back without it.
    StepRefused(ErrorInfo),
}

/// From where a child run goes on that its parent needs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revival {
    /// What failed or was cut off is done again, the rest stays.
    WhereItStopped,
    /// Everything is done again, with this input.
    FromStart(RawJson),
}
