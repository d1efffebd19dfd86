//! Messages of the run actor. Requests come from the edge and the scheduler, the rest from its own helpers.

use std::sync::Arc;

use actix::prelude::*;
use smithers_model::approval::Decision;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Revival;
use smithers_model::rewind::{EffectBoundary, TimeTravelRow};
use smithers_model::run::Actor as Person;
use smithers_model::signal::SignalAddress;
use smithers_model::step::Launch;
use smithers_model::tree::Tree;
use smithers_model::workflow::{CallError, Workflow};
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};
use smithers_store::writer::StepOutcome;
use tokio::sync::oneshot;

use super::error::RunError;

/// The workflow that validated the input of a launch: the run begins with it though another has its key by then.
pub struct CheckedBy(pub Arc<dyn Workflow>);

impl std::fmt::Debug for CheckedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CheckedBy")
            .field(&self.0.definition().key)
            .finish()
    }
}

/// Answered once the request is durable, or refused.
pub type Receipt<T = ()> = oneshot::Sender<Result<T, RunError>>;

/// Carries out a request. A run that is about to close hands it back to the registry, so none is lost.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Deliver(pub RunRequest);

/// What can be asked of a run.
#[derive(Debug)]
pub enum RunRequest {
    /// Creates the run. Refused when its id is taken; a known idempotency key answers the run it made.
    Launch {
        /// What was checked at the edge.
        launch: Box<Launch>,
        /// What validated it; without it, the workflow that has the key now.
        checked_by: Option<CheckedBy>,
        /// Answered with the id of the run once it is durable.
        receipt: Receipt<RunId>,
    },
    /// Goes on with whatever is to be done. Idempotent; answered once the run is open.
    TakeUp {
        /// Present when somebody asked.
        receipt: Option<Receipt>,
    },
    /// Looks at what has become due. Idempotent.
    CheckDue,
    /// Looks at the run of a subflow, which has ended, parked or gone on. Idempotent.
    ChildMoved {
        /// The task that stands for it.
        node: NodeKey,
        /// Which run.
        child: RunId,
    },
    /// Goes on as [`TakeUp`](Self::TakeUp) does, because a person asks. Ends a pause.
    Resume {
        /// Who asks.
        actor: Box<Person>,
        /// It may go on with a workflow that has changed since.
        accept_change: bool,
        /// Answered once the request is durable.
        receipt: Receipt,
    },
    /// Decides an approval. The first decision wins.
    Decide {
        /// What is decided by whom.
        verdict: Box<Verdict>,
        /// Answered once the decision is durable.
        receipt: Receipt,
    },
    /// Has a task of a run at rest done again.
    RetryTask {
        /// Which task, for whom.
        retry: Box<Retry>,
        /// Answered with what is reset once that is durable.
        receipt: Receipt<Vec<NodeKey>>,
    },
    /// Takes the run back to a frame and lets it go on from there.
    Rewind {
        /// To which frame, for whom.
        order: Box<RewindOrder>,
        /// Answered with what went once that is durable.
        receipt: Receipt<Rewinding>,
    },
    /// A rewind of the run was cut off with the process that tried it.
    RewindInterrupted {
        /// The row of the try.
        row: Box<TimeTravelRow>,
    },
    /// Lets a child go on that has ended, because its parent needs it again.
    Revive {
        /// From where.
        from: Revival,
        /// Answered once it is durable.
        receipt: Receipt,
    },
    /// Stops the run where it is: what is under way ends, nothing else starts.
    Pause {
        /// Who asks.
        actor: Box<Person>,
        /// Answered once the wish is durable; the run may still be ending what is under way.
        receipt: Receipt,
    },
    /// Keeps a signal; who waits for it goes on.
    Signal {
        /// What came from whom.
        message: Box<SignalMessage>,
        /// Answered once it is durable.
        receipt: Receipt<SignalKept>,
    },
    /// Ends the run.
    Cancel {
        /// Who asks.
        actor: Box<Person>,
        /// Answered once the end is durable.
        receipt: Receipt,
    },
}

/// A signal with the person who sends it.
#[derive(Debug)]
pub struct SignalMessage {
    /// Whom it is for.
    pub address: SignalAddress,
    /// What it tells.
    pub payload: RawJson,
    /// Who sends it.
    pub actor: Person,
}

/// A signal as a run keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalKept {
    /// Its number among the signals of the run, from 0.
    pub seq: u64,
    /// When it came.
    pub received_at: Timestamp,
}

/// A decision with the node it is for and the person who gives it.
#[derive(Debug)]
pub struct Verdict {
    /// The node that waits.
    pub node: NodeKey,
    /// The answer.
    pub decision: Decision,
    /// Who gives it.
    pub actor: Person,
}

/// A task to be done again.
#[derive(Debug)]
pub struct Retry {
    /// Which task.
    pub node: NodeKey,
    /// What came after it is done again too.
    pub dependents: bool,
    /// It may be done again with a workflow that has changed since.
    pub accept_change: bool,
    /// Who asks.
    pub actor: Person,
}

/// A run to be taken back.
#[derive(Clone, Debug)]
pub struct RewindOrder {
    /// To which frame; 0 is its beginning.
    pub frame_no: u64,
    /// Who asks.
    pub actor: Person,
    /// It may go on with a workflow that has changed since.
    pub accept_change: bool,
    /// Effects that cannot be taken back do not stand in the way.
    pub force: bool,
    /// None is taken back.
    pub no_revert: bool,
    /// Names the try in its trail.
    pub op: String,
    /// When it was asked for.
    pub begun_at: Timestamp,
}

/// What a rewind took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewinding {
    /// The newest frame until then.
    pub from_frame_no: u64,
    /// Frames that are gone.
    pub deleted_frames: u64,
    /// Attempts that are gone.
    pub deleted_attempts: u64,
    /// Attempts that are gone and of which it was known what they had changed in files.
    pub forgotten_changes: u64,
    /// Worktrees whose files were brought back.
    pub worktrees_back: u64,
    /// What those attempts had done outside.
    pub boundary: EffectBoundary,
}

impl RunRequest {
    /// Tells the requester that nothing was done.
    pub(crate) fn refuse(self, error: RunError) {
        match self {
            Self::Launch { receipt, .. } => drop(receipt.send(Err(error))),
            Self::RetryTask { receipt, .. } => drop(receipt.send(Err(error))),
            Self::Rewind { receipt, .. } => drop(receipt.send(Err(error))),
            Self::Signal { receipt, .. } => drop(receipt.send(Err(error))),
            Self::TakeUp {
                receipt: Some(receipt),
            }
            | Self::Resume { receipt, .. }
            | Self::Decide { receipt, .. }
            | Self::Revive { receipt, .. }
            | Self::Pause { receipt, .. }
            | Self::Cancel { receipt, .. } => drop(receipt.send(Err(error))),
            Self::TakeUp { receipt: None }
            | Self::CheckDue
            | Self::RewindInterrupted { .. }
            | Self::ChildMoved { .. } => {}
        }
    }
}

/// The frame that was asked for has come, or failed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct FrameRendered {
    /// Life of the in-memory state that asked.
    pub(super) life: u64,
    pub(super) result: Result<Tree, ErrorInfo>,
}

/// The body of an attempt has ended.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub(super) struct TaskEnded {
    /// Life of the in-memory state that dispatched it.
    pub(super) life: u64,
    /// Number of the session that was called.
    pub(super) session: u64,
    pub(super) node: NodeKey,
    pub(super) attempt: u32,
    pub(super) result: Result<RawJson, CallError>,
    /// The commit that keeps the files around it.
    pub(super) files: Option<String>,
}

/// The writer has answered.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct StepSettled {
    /// Life of the in-memory state that submitted it.
    pub(super) life: u64,
    pub(super) outcome: StepOutcome,
}

/// The database is being reopened: drop the state, it may not match what was stored. Requests under way
/// are answered as unknown.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Forget;

/// The registry has taken this run off its map; no request comes after this message.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Stop;
