//! What a commit gives back: numbers and events, or why a step was refused.

use smithers_model::approval::ApprovalStatus;
use smithers_model::event::StoredEvent;
use smithers_model::step::Committed;
use smithers_model::{Epoch, NodeKey, RunId, ScheduleId, Timestamp};

/// A step that is durable, with the numbers that the store gave to its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedStep {
    /// The run.
    pub run_id: RunId,
    /// Numbers of the first event; where the next one would begin if the step has none.
    pub numbers: Committed,
    /// The events as stored, in order; redacted.
    pub events: Vec<StoredEvent>,
}

/// What the store holds about the numbers of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunHead {
    /// Generation that wrote last.
    pub epoch: Epoch,
    /// Number of the next event, from 0.
    pub next_seq: u64,
    /// Stream number of the next visible event, from 1.
    pub next_stream_seq: u64,
}

/// Why a step was left out of its batch. Nothing of it is stored; the rest of the batch is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The run has moved on, is owned by a newer process or does not exist.
    #[error("the step does not continue run `{run_id}` as stored ({held:?})")]
    Fenced {
        /// The run.
        run_id: RunId,
        /// What the store holds; none when there is no such run.
        held: Option<RunHead>,
    },
    /// A new run has the id of an old one.
    #[error("run `{run_id}` exists already")]
    RunExists {
        /// The run.
        run_id: RunId,
    },
    /// A new run has the id of a deleted one.
    #[error("run `{run_id}` was deleted; its id is not used again")]
    RunDeleted {
        /// The run.
        run_id: RunId,
        /// When it was deleted.
        deleted_at: Timestamp,
    },
    /// The workflow was launched with this idempotency key before.
    #[error("the launch was made before, as run `{run_id}`")]
    LaunchKeyTaken {
        /// The run of that launch.
        run_id: RunId,
    },
    /// The approval has its decision.
    #[error("`{node}` is already {}", status.as_str())]
    AlreadyDecided {
        /// The node that waited.
        node: NodeKey,
        /// What was decided.
        status: ApprovalStatus,
    },
    /// The firing of the schedule was made or left out meanwhile, or the schedule is gone.
    #[error("schedule `{id}` has moved on or is gone")]
    ScheduleMoved {
        /// The schedule.
        id: ScheduleId,
    },
    /// A row does not fit: a broken rule of a table, a value of the wrong type, an unknown table.
    #[error("{message}")]
    Constraint {
        /// Text of the storage.
        message: String,
    },
}

impl Refusal {
    pub(crate) fn constraint(message: impl Into<String>) -> Self {
        Self::Constraint {
            message: message.into(),
        }
    }
}
