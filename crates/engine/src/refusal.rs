//! Facts that cannot be: why, in the words of gateway-protocol 10 and 11.

use smithers_model::approval::ApprovalStatus;
use smithers_model::run::RunStatus;
use smithers_model::{NodeId, NodeKey, RunId};

/// Why a fact was not taken. A refused fact has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The approval has its decision; the second of two racing decisions always gets this.
    #[error("Approval for {node} has already been decided")]
    AlreadyDecided {
        /// Whose approval.
        node: NodeId,
        /// What was decided.
        status: ApprovalStatus,
    },
    /// `allowedUsers` does not name the decider.
    #[error("User is not allowed to decide this approval")]
    UserNotAllowed,
    /// The decider holds none of `allowedScopes`.
    #[error("Connection is missing required approval scope")]
    ScopeMissing,
    /// The decider is not the owner, nor the fallback owner of an approval that has escalated.
    #[error("User is not an owner of this approval")]
    NotAnOwner,
    /// The decider launched the run, or cannot be told from the launcher.
    #[error("The launcher of a run cannot decide this approval")]
    SelfApproval,
    /// Whoever decides has read another request than the one that stands.
    #[error("Approval for {node} asks something else than what was decided; read it again")]
    AnotherQuestion {
        /// Whose approval.
        node: NodeId,
        /// Digest of the request that stands; none where an older version asked.
        asked: Option<String>,
    },
    /// Several people have to say yes, and whoever answers is nobody in particular.
    #[error("This approval counts people: a yes needs a token with a user id")]
    VoterUnknown,
    /// Several people have to say yes, and the decider has said something before.
    #[error("User has already voted on this approval")]
    AlreadyVoted,
    /// The answer does not fit what is asked.
    #[error("{message}")]
    InvalidDecision {
        /// What is wrong with it.
        message: String,
    },
    /// Nobody is asked about this node, or it does not exist.
    #[error("Node {node} is not waiting for approval.")]
    NotWaiting {
        /// Which node.
        node: NodeId,
    },
    /// The run keeps as many signals as it may that no node has taken.
    #[error(
        "the run keeps {} signals that nothing has taken; no more are kept",
        crate::inbox::MOST_UNTAKEN
    )]
    InboxFull,
    /// The run is over.
    #[error("Run is not currently active")]
    NotActive {
        /// How it ended.
        status: RunStatus,
    },
    /// Only a run that executes can be paused.
    #[error("Run is not currently executing")]
    NotExecuting {
        /// Its status.
        status: RunStatus,
    },
    /// The workflow is not the one that the run went on with last.
    #[error(
        "the workflow has changed since run `{run}` last went on (module {} then, {} now); \
         accept the change, or serve the module of then",
        short(.was), short(.is)
    )]
    WorkflowChanged {
        /// The run.
        run: RunId,
        /// Hash of the module graph then.
        was: String,
        /// Hash of the one that is served.
        is: String,
    },
    /// The run executes; what is under way cannot be reset.
    #[error("Run is currently executing")]
    Executing,
    /// The run has no such node.
    #[error("Node not found: {node}")]
    UnknownNode {
        /// Which.
        node: NodeKey,
    },
    /// The node has come to nothing that could be undone.
    #[error("Node {node} has not been tried yet: there is nothing to retry")]
    NothingToRetry {
        /// Which.
        node: NodeKey,
    },
    /// The loop around the node is in a later iteration.
    #[error(
        "Node {node} is of an iteration that its loop has left: only the newest one can be retried"
    )]
    LoopWentOn {
        /// Which.
        node: NodeKey,
    },
    /// The run has no such frame.
    #[error("frameNo must be between 0 and {newest}.")]
    FrameOutOfRange {
        /// The newest one.
        newest: u64,
    },
    /// The history of the run cannot be read, so that it cannot be taken back.
    #[error("the history of the run is damaged: {reason}")]
    HistoryDamaged {
        /// What is wrong with it.
        reason: String,
    },
    /// The run was cancelled before; asking again is harmless.
    #[error("Run is already cancelled")]
    AlreadyCancelled,
    /// A result for an attempt that was never made.
    #[error("attempt {attempt} of `{node}` was never started")]
    UnknownAttempt {
        /// Of which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
    },
    /// The fact does not belong to where the run stands.
    #[error("{fact} cannot happen now: {reason}")]
    Illegal {
        /// Name of the fact.
        fact: &'static str,
        /// What stands against it.
        reason: &'static str,
    },
}

/// As much of a hash as tells it from others for people.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
